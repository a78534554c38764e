//! Stock: what is where, and the ops that change it.
//!
//! Owns the shapes of requests and pages. The rules are the ledger's; what is captured with an op is the core's.

mod history;
mod request;

use std::sync::Arc;

use stocksync_core::Inventory as Core;
use stocksync_core::inventory::ExceptionPage as Found;
use stocksync_ledger as ledger;
use stocksync_schemas::{Cell, SessionId, VariantId};

pub use history::*;
pub use request::*;

use crate::handle::Handle;
use crate::views::Wanted;
use crate::{ActToken, BalanceView, CellRef, CellView, LocationId, PageToken, StocksyncError, views};

/// One page of balances, in order of cells.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BalancePage {
    /// The rows.
    pub rows: Vec<BalanceView>,
    /// Where the next page begins; none on the last.
    pub next: Option<PageToken>,
}

/// Why a cell or record needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ExceptionKind {
    /// Less than nothing is there; closes by the next receipt or count.
    Oversold,
    /// A count and a movement cannot be ordered: look again.
    CountOverlap,
    /// Two people saw different shelves.
    CountConflict,
    /// A session has counted here and was not closed.
    CountOpen,
    /// A number left its range.
    Overflow,
    /// Ops of a device are missing.
    MissingOps,
    /// An op is dated before an exchange of its device that did not state it.
    Backdated,
    /// Two identifiers have the same code: whoever scans it is asked which is meant.
    DuplicateIdentifier,
    /// Two products, or two variants, have the same SKU.
    DuplicateSku,
    /// A change of a record waits for an earlier one that has not arrived.
    RecordWaits,
    /// A change of a record could not be applied.
    RecordRefused,
}

/// A merged fact that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ExceptionView {
    /// The same on every device.
    pub id: String,
    /// Why a person is needed.
    pub kind: ExceptionKind,
    /// Where.
    pub cell: CellView,
}

/// One page of open exceptions, in order of cells.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ExceptionPage {
    /// The rows; those of one cell are never parted.
    pub rows: Vec<ExceptionView>,
    /// Where the next page begins; none on the last.
    pub next: Option<PageToken>,
}

/// Balances, history and the recording of ops. A part of [`Inventory`](crate::Inventory).
#[derive(uniffi::Object)]
pub struct Stock {
    handle: Arc<Handle>,
}

impl Stock {
    pub(crate) fn new(handle: Arc<Handle>) -> Arc<Self> {
        Arc::new(Self { handle })
    }
}

#[uniffi::export]
impl Stock {
    /// Begins an act: what this device knows now is what the person knew. Give the answer to `record` when the act ends.
    /// Nothing is stored.
    ///
    /// # Errors
    /// `StorageCorrupt`, `Internal`.
    pub async fn begin_act(&self) -> Result<ActToken, StocksyncError> {
        self.handle.run(|core| Ok(ActToken(core.begin_act()?))).await
    }

    /// Begins a session of counts on this device; its id goes into the counts and into the op that closes it. Durable when
    /// this returns.
    ///
    /// # Errors
    /// `StorageFull`, `StorageBusy`, `StorageReadOnly`.
    pub async fn begin_session(&self) -> Result<SessionId, StocksyncError> {
        self.handle.run(|core| Ok(core.begin_session()?)).await
    }

    /// The sessions that were begun on this device and not closed, the shift's own included. One that a shift lost is closed
    /// by `record`, or stays open for a person to look at.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn open_sessions(&self) -> Result<Vec<SessionId>, StocksyncError> {
        self.handle.run(|core| Ok(core.open_sessions()?)).await
    }

    /// Records an op. It is durable when this returns: only now sound the tone. Without `act` it began and ended now; a
    /// session's closing began when the session did, whatever `act` says. Needs no network.
    ///
    /// # Errors
    /// `InvalidInput` names the field; `NotFound` if the session or the target is not here; `OutboxFull`, `StorageFull`,
    /// `StorageBusy`, `StorageReadOnly`. Nothing is recorded then.
    #[uniffi::method(default(act = None))]
    pub async fn record(&self, op: OpRequest, act: Option<ActToken>) -> Result<RecordedOp, StocksyncError> {
        self.handle.run(move |core| request::record(core, act, op)).await
    }

    /// Voids the newest movement, count or close of this device that still counts. Durable when this returns.
    ///
    /// # Errors
    /// `NotFound` if there is none; else as `record`.
    pub async fn undo(&self) -> Result<RecordedOp, StocksyncError> {
        self.handle.run(|core| request::recorded(core, core.undo()?)).await
    }

    /// The balance of one cell; zero where nothing ever was.
    ///
    /// # Errors
    /// `InvalidInput` for an id of another form.
    pub async fn balance(&self, cell: CellRef) -> Result<BalanceView, StocksyncError> {
        self.handle
            .run(move |core| {
                let cell = Cell::from(cell);
                let state = core.balance(&cell)?;
                Ok(Wanted::of_cells([&cell]).load(core)?.balance(&cell, &state))
            })
            .await
    }

    /// One page of balances in order of cells, those at virtual locations included: of one variant, at one location, or all.
    /// `after` is `next` of the page before; `limit` is 1 to 500.
    ///
    /// # Errors
    /// `InvalidInput`.
    #[uniffi::method(default(variant = None, location = None, after = None, limit = 100))]
    pub async fn balances(
        &self,
        variant: Option<VariantId>,
        location: Option<LocationId>,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<BalancePage, StocksyncError> {
        self.handle
            .run(move |core| {
                let after = after.as_ref().map(cell_of).transpose()?;
                let found = core.balances(variant, location, after.as_ref(), limit)?;
                let next = found.last().filter(|_| found.len() == limit as usize).map(|row| token_of(&row.cell));
                let rows: Vec<_> = found.into_iter().map(|row| (row.cell, row.view)).collect();
                Ok(BalancePage { rows: views::balances(core, &rows)?, next })
            })
            .await
    }

    /// One page of the open exceptions of cells. `after` is `next` of the page before; `limit` is the number of cells, 1 to
    /// 500.
    ///
    /// # Errors
    /// `InvalidInput`.
    #[uniffi::method(default(after = None, limit = 100))]
    pub async fn exceptions(&self, after: Option<PageToken>, limit: u32) -> Result<ExceptionPage, StocksyncError> {
        self.handle.run(move |core| exceptions(core, after.as_ref(), limit)).await
    }

    /// One page of own ops that the server will not apply, newest first. They count nowhere and wait for a person. `after` is
    /// `next` of the page before; `limit` is 1 to 500.
    ///
    /// # Errors
    /// `InvalidInput`.
    #[uniffi::method(default(after = None, limit = 100))]
    pub async fn rejected(&self, after: Option<PageToken>, limit: u32) -> Result<RejectedPage, StocksyncError> {
        self.handle.run(move |core| history::rejected(core, after.as_ref(), limit)).await
    }

    /// One page of ops, own and others', newest first. `after` is `next` of the page before; `limit` is 1 to 500.
    ///
    /// # Errors
    /// `InvalidInput`.
    #[uniffi::method(default(after = None, limit = 100))]
    pub async fn ops(&self, after: Option<PageToken>, limit: u32) -> Result<OpPage, StocksyncError> {
        self.handle.run(move |core| history::ops(core, after.as_ref(), limit)).await
    }
}

fn exceptions(core: &Core, after: Option<&PageToken>, limit: u32) -> Result<ExceptionPage, StocksyncError> {
    let after = after.map(cell_of).transpose()?;
    let Found { rows, next } = core.exceptions_after(after.as_ref(), limit)?;
    let named = Wanted::of_cells(rows.iter().map(|row| &row.cell)).load(core)?;
    let view = |row: &stocksync_core::ExceptionRow| ExceptionView {
        id: stocksync_schemas::ids::to_hex(&row.id),
        kind: row.kind.into(),
        cell: named.cell(&row.cell),
    };
    Ok(ExceptionPage { rows: rows.iter().map(view).collect(), next: next.as_ref().map(token_of) })
}

/// A refusal of a token that no page answered with.
fn not_a_token() -> StocksyncError {
    StocksyncError::invalid("after", "not `next` of a page of this list")
}

fn token_of(cell: &Cell) -> PageToken {
    PageToken(format!("{}.{}.{}", cell.variant, cell.location, cell.lot))
}

fn cell_of(token: &PageToken) -> Result<Cell, StocksyncError> {
    let mut parts = token.0.splitn(3, '.');
    let mut part = || parts.next().ok_or_else(not_a_token);
    Ok(Cell {
        variant: part()?.parse().map_err(|_| not_a_token())?,
        location: part()?.parse().map_err(|_| not_a_token())?,
        lot: part()?.to_owned(),
    })
}

impl From<ledger::ExceptionKind> for ExceptionKind {
    fn from(kind: ledger::ExceptionKind) -> Self {
        match kind {
            ledger::ExceptionKind::Oversold => Self::Oversold,
            ledger::ExceptionKind::CountOverlap => Self::CountOverlap,
            ledger::ExceptionKind::CountConflict => Self::CountConflict,
            ledger::ExceptionKind::CountOpen => Self::CountOpen,
            ledger::ExceptionKind::Overflow => Self::Overflow,
            ledger::ExceptionKind::MissingOps => Self::MissingOps,
            ledger::ExceptionKind::Backdated => Self::Backdated,
            ledger::ExceptionKind::DuplicateIdentifier => Self::DuplicateIdentifier,
            ledger::ExceptionKind::DuplicateSku => Self::DuplicateSku,
            ledger::ExceptionKind::RecordWaits => Self::RecordWaits,
            ledger::ExceptionKind::RecordRefused => Self::RecordRefused,
        }
    }
}
