//! Merged facts that need a person.
//!
//! Owns their kinds, what opens them on a cell, and their ids. Must never hide one: an exception closes when the facts
//! that opened it change, or by a decision of a person.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stocksync_schemas::{Cell, OpRef};

use crate::fold::CellState;

/// Why a person is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// Less than nothing is there; closes by the next receipt or count.
    Oversold,
    /// A count and a movement cannot be ordered: look again.
    CountOverlap,
    /// Two people saw different shelves.
    CountConflict,
    /// A session has counted here and has not acted.
    CountOpen,
    /// A number left the range of 64 bits.
    Overflow,
    /// A lane has a gap: ops are missing.
    MissingOps,
    /// An op is dated before an exchange of its device that did not state it.
    Backdated,
}

impl ExceptionKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Oversold,
        Self::CountOverlap,
        Self::CountConflict,
        Self::CountOpen,
        Self::Overflow,
        Self::MissingOps,
        Self::Backdated,
    ];

    /// The kind as it is written in JSON and SQL.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Oversold => "oversold",
            Self::CountOverlap => "count_overlap",
            Self::CountConflict => "count_conflict",
            Self::CountOpen => "count_open",
            Self::Overflow => "overflow",
            Self::MissingOps => "missing_ops",
            Self::Backdated => "backdated",
        }
    }

    /// The kind written as `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One open exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Hash of kind, cell and ops: the same on every replica.
    pub id: [u8; 32],
    /// Why.
    pub kind: ExceptionKind,
    /// Where.
    pub cell: Cell,
}

/// The id of an exception.
#[must_use]
pub fn exception_id(kind: ExceptionKind, cell: &Cell, ops: &[OpRef]) -> [u8; 32] {
    let mut sha = Sha256::new();
    sha.update(kind.as_str().as_bytes());
    sha.update([0]);
    sha.update(cell.variant.0);
    sha.update(cell.location.0);
    sha.update((cell.lot.len() as u64).to_be_bytes());
    sha.update(cell.lot.as_bytes());
    for op in ops {
        sha.update(op.lane.replica.0);
        sha.update(op.lane.seq.to_be_bytes());
        sha.update(op.hash.0);
    }
    sha.finalize().into()
}

/// The exceptions that a cell's state opens. Virtual locations open none: they may hold any number.
#[must_use]
pub fn of_cell(cell: &Cell, state: &CellState) -> Vec<Exception> {
    let view = state.view();
    let open = [
        (ExceptionKind::Oversold, view.on_hand < 0 && !cell.location.is_virtual()),
        (ExceptionKind::CountOverlap, view.count_overlap),
        (ExceptionKind::CountConflict, view.count_conflict),
        (ExceptionKind::CountOpen, view.count_open),
        (ExceptionKind::Overflow, view.overflow),
    ];
    open.into_iter()
        .filter(|(_, open)| *open)
        .map(|(kind, _)| Exception { id: exception_id(kind, cell, &[]), kind, cell: cell.clone() })
        .collect()
}
