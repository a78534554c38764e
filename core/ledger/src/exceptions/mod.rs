//! Merged facts that need a person.
//!
//! Owns their kinds, their names, what opens them on a cell, and which ops make each of them true. Must never hide one: an
//! exception closes when the facts that opened it change, or by a decision of a person.

mod causes;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stocksync_schemas::collections::IDENTIFIERS;
use stocksync_schemas::{Cell, RecordId};

pub use causes::causes;

use crate::fold::{CellState, CellView};

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

    /// The kinds that a cell's state opens ([`open_kinds`]).
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

/// What an exception is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A cell.
    Cell(Cell),
    /// Records of a collection.
    Record {
        /// Name of the collection.
        collection: String,
        /// The record's id; for duplicates the key that several records claim.
        key: String,
    },
}

/// An exception by its name: kind and subject, the same on every replica. When it opened and closed, and by which ops, is
/// no part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exception {
    /// Why a person is needed.
    pub kind: ExceptionKind,
    /// About what.
    pub subject: Subject,
}

impl Exception {
    /// The exception of a kind about a cell.
    #[must_use]
    pub fn of_cell(kind: ExceptionKind, cell: &Cell) -> Self {
        Self { kind, subject: Subject::Cell(cell.clone()) }
    }

    fn of_record(kind: ExceptionKind, collection: &str, key: String) -> Self {
        Self { kind, subject: Subject::Record { collection: collection.to_owned(), key } }
    }

    /// The name in 32 bytes, for keys and for the JSON form.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        let mut sha = Sha256::new();
        match &self.subject {
            Subject::Cell(cell) => {
                sha.update(self.kind.as_str().as_bytes());
                sha.update([0]);
                sha.update(cell.variant.0);
                sha.update(cell.location.0);
                sha.update((cell.lot.len() as u64).to_be_bytes());
                sha.update(cell.lot.as_bytes());
            }
            Subject::Record { collection, key } => {
                for part in [self.kind.as_str(), collection, key] {
                    sha.update((part.len() as u64).to_be_bytes());
                    sha.update(part.as_bytes());
                }
            }
        }
        sha.finalize().into()
    }
}

/// The kinds that are open on a cell that shows `view`. Virtual locations are never oversold: they may hold any number.
#[must_use]
pub fn open_kinds(cell: &Cell, view: &CellView) -> Vec<ExceptionKind> {
    let open = [
        (ExceptionKind::Oversold, view.on_hand < 0 && !cell.location.is_virtual()),
        (ExceptionKind::CountOverlap, view.count_overlap),
        (ExceptionKind::CountConflict, view.count_conflict),
        (ExceptionKind::CountOpen, view.count_open),
        (ExceptionKind::Overflow, view.overflow),
    ];
    open.into_iter().filter_map(|(kind, open)| open.then_some(kind)).collect()
}

/// The exceptions that are open on a cell in `state`.
#[must_use]
pub fn of_cell(cell: &Cell, state: &CellState) -> Vec<Exception> {
    open_kinds(cell, &state.view()).into_iter().map(|kind| Exception::of_cell(kind, cell)).collect()
}

/// The exceptions that changes of a record can open, each with whether it is open: one of its changes waits for an earlier
/// one, or was refused when that had come.
#[must_use]
pub fn of_record(collection: &str, record: RecordId, waits: bool, refused: bool) -> [(Exception, bool); 2] {
    let named = |kind, open| (Exception::of_record(kind, collection, record.to_string()), open);
    [named(ExceptionKind::RecordWaits, waits), named(ExceptionKind::RecordRefused, refused)]
}

/// The exception that is open while more than one live record of a collection claims `key`
/// ([`crate::records::unique_key`]).
#[must_use]
pub fn of_key(collection: &str, key: &str) -> Exception {
    let identifiers = collection == IDENTIFIERS.name;
    let kind = if identifiers { ExceptionKind::DuplicateIdentifier } else { ExceptionKind::DuplicateSku };
    Exception::of_record(kind, collection, key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stocksync_schemas::{Location, VariantId};

    /// Pages of the REST list and rows of the server's tables hold these bytes.
    #[test]
    fn ids_are_those_of_the_first_release() {
        let cell = Cell { variant: VariantId([1; 16]), location: Location([2; 16]), lot: "10:L".to_owned() };
        let hex = |exception: &Exception| stocksync_schemas::ids::to_hex(&exception.id());
        assert_eq!(
            hex(&Exception::of_cell(ExceptionKind::Oversold, &cell)),
            "7ff7269608af3c4e964c4e92f2ef6aabc482f4a06fc8b458ba109c40d5562e9b"
        );
        assert_eq!(
            hex(&of_key("identifiers", "gtin 1")),
            "0392582cbf95806ce2e103fe624d590f1bf520744c3bf75835345934ad0c66c4"
        );
    }
}
