//! What scanning reads of projected records and of cells: locations by their code, variants, where a lot is.
//!
//! Owns these queries. Must never decide what a scan means.

use rusqlite::{OptionalExtension, params};
use stocksync_schemas::{Location, RecordId, VariantId};

use super::{Reader, Writer, fixed};
use crate::Error;

/// What a row of `variants` says of how its stock is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariantRow {
    /// Base unit.
    pub unit: String,
    /// Digits after the point that people enter.
    pub decimals: i64,
    /// `none`, `lot` or `serial`; none where the row was projected before the column existed.
    pub tracking: Option<String>,
}

impl Reader<'_> {
    /// The location with this code, and its name.
    pub(crate) fn location_by_code(&self, code: &str) -> Result<Option<(Location, String)>, Error> {
        let sql = "SELECT record, name FROM locations WHERE code = ?1 ORDER BY record LIMIT 1";
        let mut statement = self.0.prepare_cached(sql)?;
        let found = statement
            .query_row([code], |row| Ok((Location(fixed(row.get_ref(0)?.as_blob()?)?), row.get(1)?)))
            .optional()?;
        Ok(found)
    }

    /// The name of a location.
    pub(crate) fn location_name(&self, location: Location) -> Result<Option<String>, Error> {
        let mut statement = self.0.prepare_cached("SELECT name FROM locations WHERE record = ?1")?;
        Ok(statement.query_row([location.0], |row| row.get(0)).optional()?)
    }

    /// The row of a variant; none for one that is deleted, incomplete or not here.
    pub(crate) fn variant_row(&self, variant: VariantId) -> Result<Option<VariantRow>, Error> {
        let mut statement = self.0.prepare_cached("SELECT unit, decimals, tracking FROM variants WHERE record = ?1")?;
        let row = statement.query_row([variant.0], |row| {
            Ok(VariantRow { unit: row.get(0)?, decimals: row.get(1)?, tracking: row.get(2)? })
        });
        Ok(row.optional()?)
    }

    /// Variants whose tracking is not projected, in order after `after`, at most `limit`.
    pub(crate) fn variants_without_tracking(&self, after: RecordId, limit: u32) -> Result<Vec<RecordId>, Error> {
        let sql = "SELECT record FROM variants WHERE tracking IS NULL AND record > ?1 ORDER BY record LIMIT ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows =
            statement.query_map(params![after.0, limit], |row| Ok(RecordId(fixed(row.get_ref(0)?.as_blob()?)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The on hand of a lot, by location.
    pub(crate) fn cells_of_lot(&self, variant: VariantId, lot: &str) -> Result<Vec<(Location, i64)>, Error> {
        let mut statement =
            self.0.prepare_cached("SELECT location, on_hand FROM cells WHERE variant = ?1 AND lot = ?2")?;
        let rows = statement.query_map(params![variant.0, lot], |row| {
            Ok((Location(fixed(row.get_ref(0)?.as_blob()?)?), row.get(1)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writer<'_> {
    /// Sets the tracking of a variant's row.
    pub(crate) fn set_variant_tracking(&self, variant: RecordId, tracking: &str) -> Result<(), Error> {
        let sql = "UPDATE variants SET tracking = ?2 WHERE record = ?1";
        self.connection().prepare_cached(sql)?.execute(params![variant.0, tracking])?;
        Ok(())
    }
}
