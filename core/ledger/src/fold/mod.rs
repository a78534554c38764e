//! From a set of operations to balances (design 5): a cell's balance is a pure function of the set of accepted ops.
//!
//! Owns the rules of liveness, order, anchors, candidates and witnesses. Must never see a table: [`Fold`] names what it
//! needs, the caller loads it and writes what comes out.
//!
//! Two forms of one rule:
//! - [`reference`](mod@reference) folds a whole set naively; it is what tests compare with.
//! - [`Fold`] takes ops as they arrive and touches history only where a count, a close or a void asks for it.
//!
//! Both end in [`evaluate`](mod@evaluate), which folds one cell's whole history into a [`CellState`].

pub mod evaluate;
mod incremental;
mod liveness;
pub mod order;
pub mod reference;
pub mod requests;
pub mod state;
pub mod stepper;
pub mod store;
pub mod voids;

use schemas::{Acceptance, Body, Cell, Close, Op, OpHash, OpRef, SessionId};
use stocksync_schemas as schemas;

pub use evaluate::evaluate;
pub use liveness::void_of;
pub use order::OpStamp;
pub use reference::fold;
pub use requests::{
    CellHistory, CellNeeds, CellWrite, FoldBatch, FoldWrite, HistoryNeed, LivenessChange, LoadedCells, NewOp, Restamp,
    StoredOp,
};
pub use state::{CellState, CellView, StateError};
pub use stepper::{Fold, Step};
pub use store::{FoldStore, fold_into};
pub use voids::{VOID_DEPTH, VoidGraph, VoidOp};

/// An op with its hash and its acceptance: what the fold works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The op.
    pub op: Op,
    /// Its hash, computed once by the caller.
    pub hash: OpHash,
    /// The server's acceptance, or the provisional one.
    pub acceptance: Acceptance,
}

impl Entry {
    /// An entry for `op`, hashing it.
    #[must_use]
    pub fn new(op: Op, acceptance: Acceptance) -> Self {
        let hash = op.hash();
        Self { op, hash, acceptance }
    }

    /// How other ops name this one.
    #[must_use]
    pub fn reference(&self) -> OpRef {
        OpRef { lane: self.op.lane, hash: self.hash }
    }

    /// Where it lies in knowledge and time.
    #[must_use]
    pub fn stamp(&self) -> OpStamp {
        OpStamp::new(self.op.lane, &self.acceptance)
    }
}

/// A movement's effect on one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovementFact {
    /// Whose.
    pub stamp: OpStamp,
    /// Arriving minus leaving, thousandths.
    pub delta: i128,
}

/// A count of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountFact {
    /// Whose.
    pub stamp: OpStamp,
    /// How a close names it.
    pub hash: OpHash,
    /// What was there, thousandths.
    pub counted: i64,
    /// Its session, if any.
    pub session: Option<SessionId>,
}

impl CountFact {
    /// How a close names this count.
    #[must_use]
    pub fn reference(&self) -> OpRef {
        OpRef { lane: self.stamp.lane, hash: self.hash }
    }
}

/// What a close says of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFact {
    /// Whose.
    pub stamp: OpStamp,
    /// Which session.
    pub session: SessionId,
    /// The counts it names for the cell, sorted, each once.
    pub named: Vec<OpRef>,
    /// Whether it covers the cell's location completely.
    pub complete: bool,
}

impl CloseFact {
    /// What `close`, placed at `stamp`, says of `cell`.
    #[must_use]
    pub fn of(cell: &Cell, close: &Close, stamp: OpStamp) -> Self {
        let mut named: Vec<OpRef> =
            close.parts.iter().filter(|part| part.cell == *cell).flat_map(|part| part.counts.iter().copied()).collect();
        named.sort_unstable();
        named.dedup();
        Self { stamp, session: close.session, named, complete: close.complete.contains(&cell.location) }
    }
}

/// The cells an op touches by itself, each with what arrives minus what leaves, thousandths. Counts, closes and what they
/// name appear with a delta of 0; cells that a close covers without naming them do not appear.
#[must_use]
pub fn deltas(body: &Body) -> Vec<(Cell, i128)> {
    let mut touched = std::collections::BTreeMap::<Cell, i128>::new();
    match body {
        Body::Move(movement) => {
            for line in &movement.lines {
                for (location, sign) in [(movement.from, -1), (movement.to, 1)] {
                    let cell = Cell { variant: line.variant, location, lot: line.lot.clone() };
                    *touched.entry(cell).or_default() += sign * i128::from(line.quantity);
                }
            }
        }
        Body::Count(count) => {
            touched.insert(count.cell.clone(), 0);
        }
        Body::Close(close) => touched.extend(close.parts.iter().map(|part| (part.cell.clone(), 0))),
        Body::Void(_) | Body::Record(_) | Body::Opaque(_) => {}
    }
    touched.into_iter().collect()
}

/// Adds what a live op says of `cell` to its history: nothing for a movement or count of other cells. A close always says
/// something, if only that it names no count of the cell.
pub fn add_facts(cell: &Cell, entry: &Entry, history: &mut CellHistory) {
    let stamp = entry.stamp();
    match &entry.op.body {
        Body::Move(_) => {
            let found = deltas(&entry.op.body).into_iter().find(|(touched, _)| touched == cell);
            history.movements.extend(found.map(|(_, delta)| MovementFact { stamp, delta }));
        }
        Body::Count(count) if count.cell == *cell => {
            let (counted, session) = (count.counted, count.session);
            history.counts.push(CountFact { stamp, hash: entry.hash, counted, session });
        }
        Body::Close(close) => history.closes.push(CloseFact::of(cell, close, stamp)),
        _ => {}
    }
}
