//! Lists that an app shows. Owns shapes and the marks between pages; pages are bounded by `schemas::limits::PAGE_ROWS`.

use stocksync_core::inventory::RejectedOp;
use stocksync_core::{Balance, ExceptionRow, Inventory as Core, OpRow};
use stocksync_ledger::CellView;
use stocksync_schemas::{Cell, Kind, ReplicaId, acceptance};

use crate::{CellRef, StocksyncError, capture};

/// One cell's balance.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BalanceView {
    /// Which cell.
    pub cell: CellRef,
    /// What is there, thousandths of the base unit; below zero is shown truthfully.
    pub on_hand: i64,
    /// A count and a movement cannot be ordered: a person looks again.
    pub count_overlap: bool,
    /// Two people saw different shelves: a person looks again.
    pub count_conflict: bool,
    /// A session has counted here and was not closed.
    pub count_open: bool,
    /// The number left its range and says nothing.
    pub overflow: bool,
}

/// Which balances.
#[derive(Debug, Clone, uniffi::Record)]
pub struct BalanceRequest {
    /// Only of this variant.
    pub variant: Option<String>,
    /// Only at this location, by id or virtual name.
    pub location: Option<String>,
    /// `next` of the page before; none is the first page.
    pub after: Option<String>,
    /// Most rows, 1 to 500.
    pub limit: u32,
}

/// One page of balances, in order of cells.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BalancePage {
    /// The rows.
    pub rows: Vec<BalanceView>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// A merged fact that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ExceptionView {
    /// The same on every device.
    pub id: String,
    /// `oversold`, `count_overlap`, `count_conflict`, `count_open`…
    pub kind: String,
    /// Where.
    pub cell: CellRef,
}

/// An act that the server will not apply. It is kept, counts nowhere, and waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RejectedView {
    /// The act.
    pub reference: String,
    /// Its number among the acts of this database.
    pub seq: i64,
    /// Registered code.
    pub code: String,
    /// For a person.
    pub reason: String,
}

/// One act of the history, own or of others.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ActView {
    /// How other acts name it.
    pub reference: String,
    /// `move`, `count`, `close`, `void`, `record`, or `other` for a kind that this build does not know.
    pub kind: String,
    /// Whether it counts: false once it is voided or rejected.
    pub live: bool,
    /// Its number among the acts of its database.
    pub seq: i64,
    /// Its place in the tenant's log; none while it waits to be sent.
    pub position: Option<i64>,
    /// Wall clock of the device that recorded it, ms since 1970.
    pub captured_ms: i64,
    /// Whether this database recorded it.
    pub own: bool,
}

/// One page of acts, newest first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ActPage {
    /// The rows.
    pub rows: Vec<ActView>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// How this database stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StatusView {
    /// Whether it has a credential.
    pub enrolled: bool,
    /// Acts that wait to be sent.
    pub pending: i64,
    /// Acts that the server will not apply and that no person has decided on.
    pub rejected: i64,
    /// Cells with an open exception, at most 500.
    pub exceptions: i64,
    /// Up to where in the tenant's log this database knows everything.
    pub cursor: i64,
    /// Number of the newest own act.
    pub captured_seq: i64,
    /// Wall clock of the oldest act that waits, ms since 1970.
    pub oldest_ms: Option<i64>,
    /// When the newest exchange was, ms since 1970 by the server's clock; none before the first.
    pub synced_ms: Option<i64>,
}

/// Numbers cross as `i64`; none of these comes near its end.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn balances(core: &Core, request: &BalanceRequest) -> Result<BalancePage, StocksyncError> {
    let BalanceRequest { variant, location, after, limit } = request;
    let variant = variant.as_deref().map(|text| capture::id("variant", text)).transpose()?;
    let location = location.as_deref().map(|text| capture::location("location", text)).transpose()?;
    let after = after.as_deref().map(cell_mark).transpose()?;
    let rows = core.balances(variant, location, after.as_ref(), *limit)?;
    let last = rows.last().filter(|_| rows.len() == *limit as usize);
    let next = last.map(|row| format!("{}.{}.{}", row.cell.variant, row.cell.location, row.cell.lot));
    Ok(BalancePage { rows: rows.into_iter().map(Into::into).collect(), next })
}

fn cell_mark(text: &str) -> Result<Cell, StocksyncError> {
    let mut parts = text.splitn(3, '.');
    let mut part = || parts.next().ok_or_else(|| StocksyncError::invalid("after", "not `next` of a page"));
    Ok(Cell {
        variant: capture::id("after", part()?)?,
        location: capture::id("after", part()?)?,
        lot: part()?.to_owned(),
    })
}

pub(crate) fn acts(core: &Core, after: Option<&str>, limit: u32) -> Result<ActPage, StocksyncError> {
    let wrong = || StocksyncError::invalid("after", "not `next` of a page");
    let before = after.map(|text| {
        let (position, seq) = text.split_once('.').ok_or_else(wrong)?;
        Ok::<_, StocksyncError>((position.parse().map_err(|_| wrong())?, seq.parse().map_err(|_| wrong())?))
    });
    let rows = core.ops(before.transpose()?, limit)?;
    let last = rows.last().filter(|_| rows.len() == limit as usize);
    let next = last.map(|row| {
        let entry = &row.entry;
        format!("{}.{}", signed(entry.acceptance.position), entry.op.lane.seq)
    });
    let own = core.replica();
    Ok(ActPage { rows: rows.iter().map(|row| ActView::of(row, own)).collect(), next })
}

pub(crate) fn status(core: &Core) -> Result<StatusView, StocksyncError> {
    let enrolled = core.enrolled_device()?.is_some();
    let it = core.status()?;
    Ok(StatusView {
        enrolled,
        pending: signed(it.pending),
        rejected: signed(it.rejected),
        exceptions: signed(it.exceptions),
        cursor: signed(it.cursor.position),
        captured_seq: signed(it.captured_seq),
        oldest_ms: it.oldest_ms,
        synced_ms: it.synced_ms,
    })
}

impl BalanceView {
    pub(crate) fn of(cell: &Cell, view: CellView) -> Self {
        Self {
            cell: cell.into(),
            on_hand: view.on_hand,
            count_overlap: view.count_overlap,
            count_conflict: view.count_conflict,
            count_open: view.count_open,
            overflow: view.overflow,
        }
    }
}

impl From<Balance> for BalanceView {
    fn from(it: Balance) -> Self {
        Self::of(&it.cell, it.view)
    }
}

impl From<ExceptionRow> for ExceptionView {
    fn from(it: ExceptionRow) -> Self {
        Self { id: stocksync_schemas::ids::to_hex(&it.id), kind: it.kind.as_str().to_owned(), cell: (&it.cell).into() }
    }
}

impl From<RejectedOp> for RejectedView {
    fn from(it: RejectedOp) -> Self {
        let RejectedOp { entry, code, reason } = it;
        Self { reference: capture::reference_text(&entry.reference()), seq: signed(entry.op.lane.seq), code, reason }
    }
}

impl ActView {
    fn of(row: &OpRow, own: ReplicaId) -> Self {
        let OpRow { entry, live } = row;
        let position = Some(entry.acceptance.position).filter(|it| *it != acceptance::NOT_ACCEPTED);
        Self {
            reference: capture::reference_text(&entry.reference()),
            kind: kind_name(entry.op.kind).to_owned(),
            live: *live,
            seq: signed(entry.op.lane.seq),
            position: position.map(signed),
            captured_ms: entry.op.captured.wall_ms,
            own: entry.op.lane.replica == own,
        }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::MOVE => "move",
        Kind::COUNT => "count",
        Kind::CLOSE => "close",
        Kind::VOID => "void",
        Kind::RECORD => "record",
        _ => "other",
    }
}
