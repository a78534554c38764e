//! Scans of unknown codes, and the facts that a shift asks the ledger for.

use rusqlite::{OptionalExtension, ToSql, params};
use stocksync_schemas::{Location, VariantId};

use super::{Reader, Writer, fixed};
use crate::Error;
use crate::shift::{HeldScan, Piece};

/// A scan that waits until its code is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// Its number.
    pub number: i64,
    /// Wall clock of the scan, ms.
    pub wall_ms: i64,
    /// What to record. In [`Mode::LookUp`](crate::shift::Mode::LookUp) nothing: what was being done cannot be read any more, only
    /// what was scanned; a person looks, and drops it.
    pub scan: HeldScan,
}

impl Reader<'_> {
    /// How many scans are held.
    pub(crate) fn held_count(&self) -> Result<u64, Error> {
        let count: i64 = self.0.prepare_cached("SELECT count(*) FROM held_scans")?.query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Scans held, oldest first: of one text, or all.
    pub(crate) fn held(&self, text: Option<&str>) -> Result<Vec<HeldRow>, Error> {
        self.held_where(
            "SELECT number, text, gtin, wall_ms, scan FROM held_scans WHERE ?1 IS NULL OR text = ?1 ORDER BY number",
            text,
        )
    }

    /// Scans held of one GTIN, oldest first, whatever lot or serial stands beside it.
    pub(crate) fn held_of_gtin(&self, gtin: &str) -> Result<Vec<HeldRow>, Error> {
        self.held_where(
            "SELECT number, text, gtin, wall_ms, scan FROM held_scans WHERE gtin = ?1 ORDER BY number",
            Some(gtin),
        )
    }

    /// The scan held under a number.
    pub(crate) fn held_scan(&self, number: i64) -> Result<Option<HeldRow>, Error> {
        let sql = "SELECT number, text, gtin, wall_ms, scan FROM held_scans WHERE number = ?1";
        Ok(self.held_where(sql, number)?.pop())
    }

    fn held_where(&self, sql: &str, key: impl ToSql) -> Result<Vec<HeldRow>, Error> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map([key], |row| {
            let json: String = row.get(4)?;
            // What cannot be read any more still says what was scanned, and when.
            let scan = serde_json::from_str(&json);
            let scan = scan.or_else(|_| Ok::<_, rusqlite::Error>(HeldScan::forgotten(row.get(1)?, row.get(2)?)))?;
            Ok(HeldRow { number: row.get(0)?, wall_ms: row.get(3)?, scan })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The place with this code, and its name.
    pub(crate) fn place_of_code(&self, code: &str) -> Result<Option<(Location, String)>, Error> {
        let sql = "SELECT record, name FROM locations WHERE code = ?1 ORDER BY record LIMIT 1";
        let mut statement = self.0.prepare_cached(sql)?;
        let found = statement
            .query_row([code], |row| Ok((Location(fixed(row.get_ref(0)?.as_blob()?)?), row.get(1)?)))
            .optional()?;
        Ok(found)
    }

    /// The name of a place.
    pub(crate) fn place_name(&self, place: Location) -> Result<Option<String>, Error> {
        let mut statement = self.0.prepare_cached("SELECT name FROM locations WHERE record = ?1")?;
        Ok(statement.query_row([place.0], |row| row.get(0)).optional()?)
    }

    /// Where a single piece is.
    pub(crate) fn piece(
        &self,
        variant: VariantId,
        lot: &str,
        (place, target): (Option<Location>, Option<Location>),
    ) -> Result<Piece, Error> {
        let sql = "SELECT location, on_hand FROM cells WHERE variant = ?1 AND lot = ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![variant.0, lot], |row| {
            Ok((Location(fixed(row.get_ref(0)?.as_blob()?)?), row.get::<_, i64>(1)?))
        })?;
        let mut piece = Piece::default();
        for row in rows {
            let (location, on_hand) = row?;
            piece.known = true;
            piece.somewhere |= on_hand > 0 && !location.is_virtual();
            piece.here |= on_hand > 0 && Some(location) == place;
            piece.there |= on_hand > 0 && Some(location) == target;
        }
        Ok(piece)
    }
}

impl Writer<'_> {
    /// Keeps a scan and answers its number.
    pub(crate) fn hold(&self, scan: &HeldScan, wall_ms: i64) -> Result<i64, Error> {
        let text = serde_json::to_string(scan).map_err(|_| Error::Internal("a scan cannot be written"))?;
        let sql = "INSERT INTO held_scans (text, gtin, wall_ms, scan) VALUES (?1, ?2, ?3, ?4)";
        self.connection().prepare_cached(sql)?.execute(params![scan.text, scan.gtin, wall_ms, text])?;
        Ok(self.connection().last_insert_rowid())
    }

    /// A held scan was of so many packs.
    pub(crate) fn hold_times(&self, number: i64, times: u32) -> Result<(), Error> {
        let Some(mut row) = self.read().held_scan(number)? else { return Ok(()) };
        (row.scan.times, row.scan.inside) = (times, None);
        let text = serde_json::to_string(&row.scan).map_err(|_| Error::Internal("a scan cannot be written"))?;
        let sql = "UPDATE held_scans SET scan = ?2 WHERE number = ?1";
        self.connection().prepare_cached(sql)?.execute(params![number, text])?;
        Ok(())
    }

    /// A scan is held no more.
    pub(crate) fn let_go(&self, number: i64) -> Result<(), Error> {
        self.connection().prepare_cached("DELETE FROM held_scans WHERE number = ?1")?.execute([number])?;
        Ok(())
    }
}
