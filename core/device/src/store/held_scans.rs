//! The table of held scans: scans that wait for a person.
//!
//! Owns their rows. Must never read what a row holds: its form is the shift's.

use rusqlite::{OptionalExtension, Row, params};

use super::{Reader, Writer};
use crate::Error;

/// A row of `held_scans`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeldScanRow {
    pub number: i64,
    /// The exact text of the code.
    pub text: String,
    /// GTIN-14, the 13 digits that in-store codes of one item share, or empty.
    pub gtin: String,
    /// Wall clock of the scan, ms.
    pub wall_ms: i64,
    /// The scan in the shift's form, JSON.
    pub scan: String,
}

fn held_scan_row(row: &Row<'_>) -> rusqlite::Result<HeldScanRow> {
    Ok(HeldScanRow {
        number: row.get(0)?,
        text: row.get(1)?,
        gtin: row.get(2)?,
        wall_ms: row.get(3)?,
        scan: row.get(4)?,
    })
}

impl Reader<'_> {
    /// Number of rows.
    pub(crate) fn held_scan_count(&self) -> Result<u64, Error> {
        let count: i64 = self.0.prepare_cached("SELECT count(*) FROM held_scans")?.query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// All rows, oldest first.
    pub(crate) fn held_scans(&self) -> Result<Vec<HeldScanRow>, Error> {
        self.held_scans_where("SELECT number, text, gtin, wall_ms, scan FROM held_scans ORDER BY number", [])
    }

    /// The rows of one text, oldest first.
    pub(crate) fn held_scans_of_text(&self, text: &str) -> Result<Vec<HeldScanRow>, Error> {
        let sql = "SELECT number, text, gtin, wall_ms, scan FROM held_scans WHERE text = ?1 ORDER BY number";
        self.held_scans_where(sql, [text])
    }

    /// The rows of one GTIN, oldest first, whatever lot or serial is beside it.
    pub(crate) fn held_scans_of_gtin(&self, gtin: &str) -> Result<Vec<HeldScanRow>, Error> {
        let sql = "SELECT number, text, gtin, wall_ms, scan FROM held_scans WHERE gtin = ?1 ORDER BY number";
        self.held_scans_where(sql, [gtin])
    }

    /// The row with this number.
    pub(crate) fn held_scan(&self, number: i64) -> Result<Option<HeldScanRow>, Error> {
        let sql = "SELECT number, text, gtin, wall_ms, scan FROM held_scans WHERE number = ?1";
        Ok(self.0.prepare_cached(sql)?.query_row([number], held_scan_row).optional()?)
    }

    fn held_scans_where(&self, sql: &'static str, values: impl rusqlite::Params) -> Result<Vec<HeldScanRow>, Error> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(values, held_scan_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writer<'_> {
    /// Inserts a row and answers its number.
    pub(crate) fn insert_held_scan(&self, text: &str, gtin: &str, wall_ms: i64, scan: &str) -> Result<i64, Error> {
        let sql = "INSERT INTO held_scans (text, gtin, wall_ms, scan) VALUES (?1, ?2, ?3, ?4)";
        self.connection().prepare_cached(sql)?.execute(params![text, gtin, wall_ms, scan])?;
        Ok(self.connection().last_insert_rowid())
    }

    /// Replaces the scan of a row.
    pub(crate) fn update_held_scan(&self, number: i64, scan: &str) -> Result<(), Error> {
        let sql = "UPDATE held_scans SET scan = ?2 WHERE number = ?1";
        self.connection().prepare_cached(sql)?.execute(params![number, scan])?;
        Ok(())
    }

    /// Deletes a row.
    pub(crate) fn delete_held_scan(&self, number: i64) -> Result<(), Error> {
        self.connection().prepare_cached("DELETE FROM held_scans WHERE number = ?1")?.execute([number])?;
        Ok(())
    }
}
