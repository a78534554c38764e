//! Merged facts that need a person.
//!
//! Owns their kinds, what opens them on a cell, and their ids. Must never hide one: an exception closes when the facts
//! that opened it change, or by a decision of a person.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stocksync_schemas::collections::IDENTIFIERS;
use stocksync_schemas::{Cell, OpRef, RecordId};

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
    /// Two live identifiers say the same code: whoever scans it is asked which is meant.
    DuplicateIdentifier,
    /// Two live products, or two live variants, have the same SKU.
    DuplicateSku,
    /// A change of a record waits for an earlier one that has not arrived.
    RecordWaits,
    /// A change that had waited could not be applied to its record: it is on the log and not in the record.
    RecordRefused,
}

impl ExceptionKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Oversold,
        Self::CountOverlap,
        Self::CountConflict,
        Self::CountOpen,
        Self::Overflow,
        Self::MissingOps,
        Self::Backdated,
        Self::DuplicateIdentifier,
        Self::DuplicateSku,
        Self::RecordWaits,
        Self::RecordRefused,
    ];

    /// The kinds that [`of_cell`] opens: all others of a cell close when it changes.
    pub const OF_CELL: [Self; 5] =
        [Self::Oversold, Self::CountOverlap, Self::CountConflict, Self::CountOpen, Self::Overflow];

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
            Self::DuplicateIdentifier => "duplicate_identifier",
            Self::DuplicateSku => "duplicate_sku",
            Self::RecordWaits => "record_waits",
            Self::RecordRefused => "record_refused",
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

/// One open exception about records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordException {
    /// Hash of kind, collection and subject: the same on every replica.
    pub id: [u8; 32],
    /// Why.
    pub kind: ExceptionKind,
    /// Of which collection.
    pub collection: String,
    /// The record's id; for duplicates the key that several records claim.
    pub subject: String,
}

impl RecordException {
    fn new(kind: ExceptionKind, collection: &str, subject: String) -> Self {
        let mut sha = Sha256::new();
        for part in [kind.as_str(), collection, &subject] {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part.as_bytes());
        }
        Self { id: sha.finalize().into(), kind, collection: collection.to_owned(), subject }
    }
}

/// What a record's changes open, those that may be open and are not marked with false.
#[must_use]
pub fn of_record(collection: &str, record: RecordId, waits: bool, refused: bool) -> [(RecordException, bool); 2] {
    let open = |kind, open| (RecordException::new(kind, collection, record.to_string()), open);
    [open(ExceptionKind::RecordWaits, waits), open(ExceptionKind::RecordRefused, refused)]
}

/// The exception that is open while more than one live record of a collection claims `key`
/// ([`crate::records::unique_key`]).
#[must_use]
pub fn of_key(collection: &str, key: &str) -> RecordException {
    let identifiers = collection == IDENTIFIERS.name;
    let kind = if identifiers { ExceptionKind::DuplicateIdentifier } else { ExceptionKind::DuplicateSku };
    RecordException::new(kind, collection, key.to_owned())
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
