//! Ops as lists show them, with the names of what they are about.

use stocksync_core::inventory::RejectedOp;
use stocksync_core::{Inventory as Core, OpRow};
use stocksync_ledger::Entry;
use stocksync_schemas::{Body, RecordId, ReplicaId, SessionId, UserId, acceptance};

use super::not_a_token;
use crate::views::{Named, Wanted, signed};
use crate::{
    CellView, LocationView, OpReference, PageToken, Quantity, RecordCollection, StocksyncError, Timestamp, VariantView,
};

/// One line of a movement.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MovementLineView {
    /// What moved.
    pub variant: VariantView,
    /// Empty, `10:CODE` or `21:SERIAL`.
    pub lot: String,
    /// How much.
    pub quantity: Quantity,
    /// What the person saw; may be empty.
    pub entered: String,
}

/// What an op says.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum OpDetail {
    /// Goods left one location and arrived at another.
    Movement {
        /// Where they left.
        source: LocationView,
        /// Where they arrived.
        destination: LocationView,
        /// What.
        lines: Vec<MovementLineView>,
        /// Reason code; may be empty.
        reason: String,
        /// Number of the document it belongs to; may be empty.
        document: String,
    },
    /// So much was there.
    Count {
        /// What was counted.
        cell: CellView,
        /// How much was there.
        counted: Quantity,
        /// The expectation that the person was shown.
        expected: Option<Quantity>,
        /// The session it belongs to.
        session: Option<SessionId>,
    },
    /// A session of counts took effect.
    SessionClosed {
        /// Which.
        session: SessionId,
        /// What it counted.
        cells: Vec<CellView>,
        /// The locations that it covered completely.
        complete: Vec<LocationView>,
    },
    /// An earlier op never happened.
    Void {
        /// Which.
        target: OpReference,
        /// Why; may be empty.
        reason: String,
    },
    /// A record was made or changed.
    RecordChanged {
        /// Of which kind; none for a collection that this build does not know.
        collection: Option<RecordCollection>,
        /// Which.
        record: RecordId,
    },
    /// An op of a kind that this build does not know; it is stored and sent on untouched.
    Unknown {
        /// Number of the kind.
        kind: i64,
    },
}

/// One op of the history, own or of others.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OpView {
    /// How other ops name it.
    pub reference: OpReference,
    /// What it says.
    pub detail: OpDetail,
    /// Whether it counts: false once it is voided or rejected.
    pub live: bool,
    /// Its number among the ops of its database.
    pub seq: i64,
    /// Its position in the tenant's log; none while it waits to be sent.
    pub position: Option<i64>,
    /// Wall clock of the device that recorded it.
    pub captured: Timestamp,
    /// Who recorded it; none where nobody was signed in.
    pub user: Option<UserId>,
    /// Whether this database recorded it.
    pub own: bool,
}

/// One page of ops, newest first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OpPage {
    /// The rows.
    pub rows: Vec<OpView>,
    /// Where the next page begins; none on the last.
    pub next: Option<PageToken>,
}

/// An op that the server will not apply.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RejectedView {
    /// The op.
    pub op: OpView,
    /// Registered code of the refusal.
    pub code: String,
    /// For a person.
    pub reason: String,
}

/// One page of rejected ops, newest first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RejectedPage {
    /// The rows.
    pub rows: Vec<RejectedView>,
    /// Where the next page begins; none on the last.
    pub next: Option<PageToken>,
}

pub(super) fn ops(core: &Core, after: Option<&PageToken>, limit: u32) -> Result<OpPage, StocksyncError> {
    let before = after.map(|token| {
        let (position, seq) = token.0.split_once('.').ok_or_else(not_a_token)?;
        Ok::<_, StocksyncError>((position.parse().map_err(|_| not_a_token())?, seq.parse().map_err(|_| not_a_token())?))
    });
    let found = core.ops(before.transpose()?, limit)?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|row| {
        let Entry { op, acceptance, .. } = &row.entry;
        PageToken(format!("{}.{}", signed(acceptance.position), op.lane.seq))
    });
    let named = names(core, found.iter().map(|row| &row.entry))?;
    let rows = found.iter().map(|OpRow { entry, live }| view(&named, core.replica(), entry, *live)).collect();
    Ok(OpPage { rows, next })
}

pub(super) fn rejected(core: &Core, after: Option<&PageToken>, limit: u32) -> Result<RejectedPage, StocksyncError> {
    let before = after.map(|token| token.0.parse::<u64>().map_err(|_| not_a_token())).transpose()?;
    let found = core.rejected_before(before, limit)?;
    let last = found.last().filter(|_| found.len() == limit as usize);
    let next = last.map(|row| PageToken(row.entry.op.lane.seq.to_string()));
    let named = names(core, found.iter().map(|row| &row.entry))?;
    let rows = found.into_iter().map(|RejectedOp { entry, code, reason }| {
        let op = view(&named, core.replica(), &entry, false);
        RejectedView { op, code, reason }
    });
    Ok(RejectedPage { rows: rows.collect(), next })
}

/// The names of everything that these ops are about.
fn names<'a>(core: &Core, entries: impl Iterator<Item = &'a Entry>) -> Result<Named, StocksyncError> {
    let mut wanted = Wanted::default();
    for entry in entries {
        match &entry.op.body {
            Body::Move(movement) => {
                wanted.locations.extend([movement.from, movement.to]);
                wanted.variants.extend(movement.lines.iter().map(|line| line.variant));
            }
            Body::Count(count) => wanted.cell(&count.cell),
            Body::Close(close) => {
                wanted.locations.extend(&close.complete);
                close.parts.iter().for_each(|part| wanted.cell(&part.cell));
            }
            Body::Void(_) | Body::Record(_) | Body::Opaque(_) => {}
        }
    }
    wanted.load(core)
}

fn view(named: &Named, own: ReplicaId, entry: &Entry, live: bool) -> OpView {
    let op = &entry.op;
    let position = Some(entry.acceptance.position).filter(|position| *position != acceptance::NOT_ACCEPTED);
    OpView {
        reference: entry.reference(),
        detail: detail(named, entry),
        live,
        seq: signed(op.lane.seq),
        position: position.map(signed),
        captured: Timestamp(op.captured.wall_ms),
        user: Some(op.user).filter(|user| *user != UserId::default()),
        own: op.lane.replica == own,
    }
}

fn detail(named: &Named, entry: &Entry) -> OpDetail {
    match &entry.op.body {
        Body::Move(movement) => OpDetail::Movement {
            source: named.location(movement.from),
            destination: named.location(movement.to),
            lines: movement
                .lines
                .iter()
                .map(|line| MovementLineView {
                    variant: named.variant(line.variant),
                    lot: line.lot.clone(),
                    quantity: Quantity(line.quantity),
                    entered: line.entered.clone(),
                })
                .collect(),
            reason: movement.reason.clone(),
            document: movement.reference.clone(),
        },
        Body::Count(count) => OpDetail::Count {
            cell: named.cell(&count.cell),
            counted: Quantity(count.counted),
            expected: count.expected.map(Quantity),
            session: count.session,
        },
        Body::Close(close) => OpDetail::SessionClosed {
            session: close.session,
            cells: close.parts.iter().map(|part| named.cell(&part.cell)).collect(),
            complete: close.complete.iter().map(|location| named.location(*location)).collect(),
        },
        Body::Void(void) => OpDetail::Void { target: void.target, reason: void.reason.clone() },
        Body::Record(change) => {
            OpDetail::RecordChanged { collection: RecordCollection::of_name(&change.collection), record: change.record }
        }
        Body::Opaque(_) => OpDetail::Unknown { kind: i64::from(entry.op.kind.0) },
    }
}
