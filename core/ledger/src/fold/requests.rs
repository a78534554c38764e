//! What the fold is given, what it asks of a store, and what it has the store write.
//!
//! Owns the shapes alone. Each request says which rows answer it **exactly**: a store that answers with more or less is
//! wrong, and the suite of `stocksync_ledger::testing` says so.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::{Cell, Lane, Location, SessionId};

use super::state::{CellState, StateError};
use super::{CloseFact, CountFact, Entry, MovementFact, OpStamp};
use crate::exceptions::ExceptionKind;

/// What one transaction adds to, and changes among, the ops of a store.
#[derive(Clone, Debug, Default)]
pub struct FoldBatch {
    /// Ops that the store does not hold, in order of arrival (position, then seq).
    pub new: Vec<Entry>,
    /// Ops that the store holds, with a new acceptance: a device's own once the server has accepted them, or once it has
    /// lost them.
    pub accepted: Vec<Entry>,
    /// Lanes of ops that the store holds and that will not be applied. They stay and count nowhere.
    pub rejected: BTreeSet<Lane>,
    /// Lanes of ops that the store holds and loses: a server that lost its tail does not have them any more.
    pub dropped: BTreeSet<Lane>,
    /// Ops that the store holds as opaque bytes and that this build can decode.
    pub decoded: Vec<Entry>,
}

/// An op as a store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOp {
    /// The op with its stored acceptance.
    pub entry: Entry,
    /// It was rejected and counts nowhere.
    pub rejected: bool,
}

/// The cells and sessions that a batch needs, as they were before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellNeeds {
    /// Cells whose state is needed.
    pub cells: BTreeSet<Cell>,
    /// Locations all of whose cells are needed.
    pub whole_locations: BTreeSet<Location>,
    /// Sessions of which only those that have a live close are to be named.
    pub sessions: BTreeSet<SessionId>,
    /// Sessions of which the cells that their live closes name are needed.
    pub session_cells: BTreeSet<SessionId>,
}

/// The answer to [`CellNeeds`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadedCells {
    /// The states asked for; cells without a stored state are left out. Bytes that cannot be read are an error here, and
    /// the fold evaluates that cell from its history.
    pub cells: BTreeMap<Cell, Result<CellState, StateError>>,
    /// Those of [`CellNeeds::sessions`] that have a live close.
    pub closed_sessions: BTreeSet<SessionId>,
    /// Those of [`CellNeeds::session_cells`] that have a live close, with the cells that their live closes name.
    pub session_cells: BTreeMap<SessionId, BTreeSet<Cell>>,
}

/// A history that a cell needs, as it was before the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryNeed {
    /// Which cell.
    pub cell: Cell,
    /// Only live movements with a position greater than this, and nothing else. None: the whole history.
    pub after: Option<u64>,
    /// Sessions whose live closes belong to the whole history, besides those that it names by itself.
    pub sessions: BTreeSet<SessionId>,
}

/// The live ops that concern one cell.
///
/// A whole history has every live movement of the cell, every live count that names it, and every live close that names
/// it, that covers its location completely, or whose session is one of [`HistoryNeed::sessions`], of those counts, or of
/// those closes that name it. The order does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellHistory {
    /// Live movements, one entry an op.
    pub movements: Vec<MovementFact>,
    /// Live counts.
    pub counts: Vec<CountFact>,
    /// Live closes.
    pub closes: Vec<CloseFact>,
}

/// An op to insert, and whether it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOp {
    /// The op.
    pub entry: Entry,
    /// False where a void that is already known names it.
    pub live: bool,
}

/// An op that has another acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restamp {
    /// With its new acceptance.
    pub entry: Entry,
    /// As it was stored.
    pub before: OpStamp,
}

/// A stored op that counts now and did not, or did and no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivenessChange {
    /// The op.
    pub entry: Entry,
    /// Whether it counts now.
    pub live: bool,
}

/// The state of a cell after a batch, and what that does to its exceptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellWrite {
    /// To be stored.
    pub state: CellState,
    /// Exceptions that are open now and were not, or may not have been.
    pub opened: Vec<ExceptionKind>,
    /// Exceptions that are not open now and were, or may have been.
    pub closed: Vec<ExceptionKind>,
}

/// All that a batch changes. A store writes it in one transaction, and then holds what the fold assumes.
#[derive(Clone, Debug, Default)]
pub struct FoldWrite {
    /// Ops to insert.
    pub new: Vec<NewOp>,
    /// Ops whose row is there already and whose effects are to be inserted as those of a new op.
    pub decoded: Vec<NewOp>,
    /// Ops to give a new acceptance. Those that were rejected are so no longer.
    pub accepted: Vec<Restamp>,
    /// Ops that count nowhere from now on; a void among them names nothing any more.
    pub rejected: Vec<Entry>,
    /// Ops to delete.
    pub dropped: Vec<Entry>,
    /// Liveness of ops that stay.
    pub changed: Vec<LivenessChange>,
    /// States of cells.
    pub cells: BTreeMap<Cell, CellWrite>,
}
