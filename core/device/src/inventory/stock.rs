//! Reading stock: balances, exceptions and the history of ops, in pages.

use stocksync_ledger::exceptions::{Exception, open_kinds};
use stocksync_ledger::{CellView, Entry};
use stocksync_schemas::{Cell, Lane, Location, OpRef, VariantId, limits};

use crate::store::{Balance, ExceptionRow, OpRow, RejectedRow};
use crate::{Error, Inventory};

/// An op that the server will not apply, and why.
#[derive(Debug, Clone)]
pub struct RejectedOp {
    /// The op.
    pub entry: Entry,
    /// Registered code of the refusal.
    pub code: String,
    /// For a person.
    pub reason: String,
}

/// One page of open exceptions, in order of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionPage {
    /// The rows; those of one cell are never parted.
    pub rows: Vec<ExceptionRow>,
    /// The last cell, where another page may follow.
    pub next: Option<Cell>,
}

impl Inventory {
    /// One page of balances in order of cell, after `after`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a page larger than `limits::PAGE_ROWS`.
    pub fn balances(
        &self,
        variant: Option<VariantId>,
        location: Option<Location>,
        after: Option<&Cell>,
        limit: u32,
    ) -> Result<Vec<Balance>, Error> {
        let limit = page(limit)?;
        self.store.read(|reader| reader.balances(variant, location, after, limit))
    }

    /// What one cell shows.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn balance(&self, cell: &Cell) -> Result<CellView, Error> {
        self.store.read(|reader| reader.view(cell))
    }

    /// Open exceptions, of at most 500 cells.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn exceptions(&self) -> Result<Vec<ExceptionRow>, Error> {
        Ok(self.exceptions_after(None, limits::PAGE_ROWS)?.rows)
    }

    /// One page of open exceptions: those of at most `limit` cells behind `after`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a page larger than `limits::PAGE_ROWS`.
    pub fn exceptions_after(&self, after: Option<&Cell>, limit: u32) -> Result<ExceptionPage, Error> {
        let limit = page(limit)?;
        let cells = self.store.read(|reader| reader.open_cells(after, limit))?;
        let next = cells.last().filter(|_| cells.len() == limit as usize).map(|row| row.cell.clone());
        Ok(ExceptionPage { rows: cells.iter().flat_map(exceptions_of).collect(), next })
    }

    /// Own ops that the server will not apply, newest first, at most 500.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn rejected(&self) -> Result<Vec<RejectedOp>, Error> {
        self.rejected_before(None, limits::PAGE_ROWS)
    }

    /// One page of own ops that the server will not apply, newest first: those before the own seq `before`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a page larger than `limits::PAGE_ROWS`.
    pub fn rejected_before(&self, before: Option<u64>, limit: u32) -> Result<Vec<RejectedOp>, Error> {
        let limit = page(limit)?;
        let rows = self.store.read(|reader| reader.rejected(before, limit))?;
        let view = |RejectedRow { entry, code, reason }| RejectedOp { entry, code, reason };
        Ok(rows.into_iter().map(view).collect())
    }

    /// One page of ops, own and others', newest first. `before` is (position, seq) of the last of the page before, an
    /// unplaced op's position being `i64::MAX`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a page larger than `limits::PAGE_ROWS`.
    pub fn ops(&self, before: Option<(i64, i64)>, limit: u32) -> Result<Vec<OpRow>, Error> {
        let limit = page(limit)?;
        self.store.read(|reader| reader.ops_before(before, limit))
    }

    /// The op in `lane`, if it is on this device.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn op(&self, lane: Lane) -> Result<Option<Entry>, Error> {
        self.store.read(|reader| reader.op(lane))
    }

    /// Whether `reference` names an op that is on this device.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn holds(&self, reference: &OpRef) -> Result<bool, Error> {
        Ok(self.op(reference.lane)?.is_some_and(|entry| entry.hash == reference.hash))
    }
}

/// The limit of a page, if it is one.
fn page(limit: u32) -> Result<u32, Error> {
    if (1..=limits::PAGE_ROWS).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::Invalid { field: "limit", reason: format!("a page holds 1 to {} rows", limits::PAGE_ROWS) })
    }
}

fn exceptions_of(row: &Balance) -> Vec<ExceptionRow> {
    let kinds = open_kinds(&row.cell, &row.view).into_iter();
    let row_of = |kind| ExceptionRow { id: Exception::of_cell(kind, &row.cell).id(), kind, cell: row.cell.clone() };
    kinds.map(row_of).collect()
}
