//! Cells: what each shows, and the state from which its fold goes on.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};
use stocksync_ledger::fold::StateError;
use stocksync_ledger::{CellState, CellView};
use stocksync_schemas::{Cell, Location};

use super::history::cell;
use super::{Reader, Writer};
use crate::Error;

/// The view in the columns `on_hand, moved, flags` from `at` on.
pub(super) fn view(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<CellView> {
    let flags: i64 = row.get(at + 2)?;
    Ok(CellView {
        on_hand: row.get(at)?,
        moved: row.get(at + 1)?,
        overflow: flags & 1 != 0,
        count_overlap: flags & 2 != 0,
        count_conflict: flags & 4 != 0,
        count_open: flags & 8 != 0,
    })
}

fn flags(view: &CellView) -> i64 {
    i64::from(view.overflow)
        | i64::from(view.count_overlap) << 1
        | i64::from(view.count_conflict) << 2
        | i64::from(view.count_open) << 3
}

impl Reader<'_> {
    /// The stored state of a cell. Bytes that cannot be read are no error of the database: the fold evaluates the cell from
    /// its history.
    pub(super) fn state(&self, of: &Cell) -> Result<Option<Result<CellState, StateError>>, Error> {
        let sql = "SELECT state FROM cells WHERE variant = ?1 AND location = ?2 AND lot = ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let bytes: Option<Vec<u8>> =
            statement.query_row(params![of.variant.0, of.location.0, of.lot], |row| row.get(0)).optional()?;
        Ok(bytes.map(|bytes| CellState::decode(&bytes)))
    }

    /// The stored states of all cells of a location.
    pub(super) fn states_at(&self, location: Location) -> Result<BTreeMap<Cell, Result<CellState, StateError>>, Error> {
        let sql = "SELECT variant, location, lot, state FROM cells WHERE location = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement
            .query_map([location.0], |row| Ok((cell(row, 0)?, CellState::decode(row.get_ref(3)?.as_blob()?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What a cell shows.
    pub(crate) fn view(&self, of: &Cell) -> Result<CellView, Error> {
        let sql = "SELECT on_hand, moved, flags FROM cells WHERE variant = ?1 AND location = ?2 AND lot = ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let found = statement.query_row(params![of.variant.0, of.location.0, of.lot], |row| view(row, 0)).optional()?;
        Ok(found.unwrap_or_default())
    }
}

impl Writer<'_> {
    /// Stores the state of a cell and what it shows.
    pub(super) fn upsert_cell(&self, of: &Cell, state: &CellState) -> Result<(), Error> {
        let view = state.view();
        let bytes = state.encode().map_err(|error| Error::Database(error.to_string()))?;
        let sql = "INSERT INTO cells (variant, location, lot, on_hand, moved, flags, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET on_hand = excluded.on_hand, moved = excluded.moved, flags = excluded.flags,
                 state = excluded.state";
        self.connection().prepare_cached(sql)?.execute(params![
            of.variant.0,
            of.location.0,
            of.lot,
            view.on_hand,
            view.moved,
            flags(&view),
            bytes
        ])?;
        Ok(())
    }
}
