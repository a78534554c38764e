//! Pages of what an app shows.

use rusqlite::{OptionalExtension, params};
use stocksync_ledger::{CellView, Entry};
use stocksync_schemas::{Cell, Location, VariantId};

use super::cells::view;
use super::history::cell;
use super::names::full_name;
use super::ops::{ENTRY, entry};
use super::{Reader, fixed};
use crate::Error;

/// A cell and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Which.
    pub cell: Cell,
    /// What it shows.
    pub view: CellView,
}

/// An open exception of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionRow {
    /// The same on every replica.
    pub id: [u8; 32],
    /// Why a person is needed.
    pub kind: stocksync_ledger::ExceptionKind,
    /// Where.
    pub cell: Cell,
}

/// An op as lists show it.
#[derive(Debug, Clone)]
pub struct OpRow {
    /// The op and its acceptance.
    pub entry: Entry,
    /// Whether it counts.
    pub live: bool,
}

/// A variant that a code names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifierRow {
    /// Which.
    pub variant: VariantId,
    /// Its name, with its product's.
    pub name: String,
    /// Scheme of the identifier: `raw`, `gtin`…
    pub scheme: String,
    /// Base units in one scan, numerator.
    pub pack_numerator: i64,
    /// Base units in one scan, denominator.
    pub pack_denominator: i64,
}

/// The key behind which a page begins; all keys are behind the empty one.
fn after_cell(after: Option<&Cell>) -> (Vec<u8>, Vec<u8>, String) {
    after
        .map_or_else(Default::default, |after| (after.variant.0.to_vec(), after.location.0.to_vec(), after.lot.clone()))
}

impl Reader<'_> {
    /// One page of cells in order, after `after`, of a variant or location or of all.
    pub(crate) fn balances(
        &self,
        variant: Option<VariantId>,
        location: Option<Location>,
        after: Option<&Cell>,
        limit: u32,
    ) -> Result<Vec<Balance>, Error> {
        let sql = "SELECT variant, location, lot, on_hand, moved, flags FROM cells
             WHERE (?1 IS NULL OR variant = ?1) AND (?2 IS NULL OR location = ?2)
               AND (variant, location, lot) > (?3, ?4, ?5)
             ORDER BY variant, location, lot LIMIT ?6";
        let (from_variant, from_location, from_lot) = after_cell(after);
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(
            params![variant.map(|it| it.0), location.map(|it| it.0), from_variant, from_location, from_lot, limit],
            |row| Ok(Balance { cell: cell(row, 0)?, view: view(row, 3)? }),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Cells that need a person. Virtual locations (all below x'…ff') may hold any number.
    pub(crate) fn open_cells(&self, after: Option<&Cell>, limit: u32) -> Result<Vec<Balance>, Error> {
        let sql = "SELECT variant, location, lot, on_hand, moved, flags FROM cells
             WHERE (flags <> 0 OR (on_hand < 0 AND location > x'000000000000000000000000000000ff'))
               AND (variant, location, lot) > (?1, ?2, ?3)
             ORDER BY variant, location, lot LIMIT ?4";
        let (variant, location, lot) = after_cell(after);
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![variant, location, lot, limit], |row| {
            Ok(Balance { cell: cell(row, 0)?, view: view(row, 3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One page of ops, newest first: unplaced ones by seq, then the log backwards. `before` is (position, seq) of the last
    /// one of the page before.
    pub(crate) fn ops_before(&self, before: Option<(i64, i64)>, limit: u32) -> Result<Vec<OpRow>, Error> {
        let (position, seq) = before.unwrap_or((i64::MAX, i64::MAX));
        let sql = format!(
            "SELECT {ENTRY}, o.live FROM ops o WHERE (o.position, o.seq) < (?1, ?2)
             ORDER BY o.position DESC, o.seq DESC LIMIT ?3"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement
            .query_map(params![position, seq, limit], |row| Ok(OpRow { entry: entry(row)?, live: row.get(17)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest own op that counts and is not a void or a record change: what undo takes back.
    pub(crate) fn newest_undoable(&self) -> Result<Option<Entry>, Error> {
        let sql = format!(
            "SELECT {ENTRY} FROM ops o WHERE o.replica = (SELECT value FROM meta WHERE key = 'replica')
             AND o.live AND o.kind IN (1, 2, 3) ORDER BY o.seq DESC LIMIT 1"
        );
        Ok(self.0.prepare_cached(&sql)?.query_row([], entry).optional()?)
    }

    /// Variants that a code names, with the scheme it was found by.
    pub(crate) fn identifiers(&self, scheme: &str, value: &str) -> Result<Vec<IdentifierRow>, Error> {
        let sql = "SELECT i.variant, ifnull(v.name, ''), ifnull(p.name, ''), i.scheme, i.pack_numerator, i.pack_denominator
             FROM identifiers i LEFT JOIN variants v ON v.record = i.variant LEFT JOIN products p ON p.record = v.product
             WHERE i.value = ?1 AND (i.scheme = ?2 OR ?2 = '') ORDER BY i.record LIMIT 20";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![value, scheme], |row| {
            let (variant, product): (String, String) = (row.get(1)?, row.get(2)?);
            Ok(IdentifierRow {
                variant: VariantId(fixed(row.get_ref(0)?.as_blob()?)?),
                name: full_name(product, variant),
                scheme: row.get(3)?,
                pack_numerator: row.get(4)?,
                pack_denominator: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The first balances of a variant at real locations, those with stock first.
    pub(crate) fn balances_of(&self, variant: VariantId, limit: u32) -> Result<Vec<Balance>, Error> {
        let sql = "SELECT variant, location, lot, on_hand, moved, flags FROM cells
             WHERE variant = ?1 AND substr(location, 1, 15) <> zeroblob(15)
             ORDER BY on_hand DESC, location, lot LIMIT ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement
            .query_map(params![variant.0, limit], |row| Ok(Balance { cell: cell(row, 0)?, view: view(row, 3)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
