//! Cells: what each shows, and the state from which its fold goes on.

use rusqlite::{OptionalExtension, params};
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
    /// The kept state of a cell; one that cannot be read is as if it were not there and is made again from history.
    pub(crate) fn state(&self, of: &Cell) -> Result<Option<CellState>, Error> {
        let sql = "SELECT state FROM cells WHERE variant = ?1 AND location = ?2 AND lot = ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let bytes: Option<Vec<u8>> =
            statement.query_row(params![of.variant.0, of.location.0, of.lot], |row| row.get(0)).optional()?;
        bytes
            .map(|bytes| CellState::decode(&bytes).map_err(|error| Error::StorageCorrupt(error.to_string())))
            .transpose()
    }

    /// What a cell shows.
    pub(crate) fn view(&self, of: &Cell) -> Result<CellView, Error> {
        let sql = "SELECT on_hand, moved, flags FROM cells WHERE variant = ?1 AND location = ?2 AND lot = ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let found = statement.query_row(params![of.variant.0, of.location.0, of.lot], |row| view(row, 0)).optional()?;
        Ok(found.unwrap_or_default())
    }

    /// The cells of a location.
    pub(crate) fn cells_at(&self, location: Location) -> Result<Vec<Cell>, Error> {
        let mut statement = self
            .0
            .prepare_cached("SELECT variant, location, lot FROM cells WHERE location = ?1 ORDER BY variant, lot")?;
        let rows = statement.query_map([location.0], |row| cell(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Keeps the state of a cell and what it shows.
    pub(crate) fn keep_cell(&self, of: &Cell, state: &CellState) -> Result<CellView, Error> {
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
        Ok(view)
    }

    /// Forgets what every cell shows; it is made again from history.
    pub(crate) fn clear_cells(&self) -> Result<(), Error> {
        self.connection().execute("DELETE FROM cells", [])?;
        Ok(())
    }
}
