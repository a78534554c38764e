//! What is kept of a cell between batches, and what is read off it.
//!
//! Owns the state's shape and its bytes at rest. Must never grow with the number of movements.

use serde::{Deserialize, Serialize};
use stocksync_schemas::{OpHash, OpRef, SessionId};

use super::order::{Key, OpStamp, all_before};

/// An anchor that is not before another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What the observation is made of, sorted.
    pub parts: Vec<OpStamp>,
    /// What was seen plus the live movements after it, thousandths.
    pub on_hand: i128,
    /// A live movement, unordered by knowledge, touches its interval.
    pub touched: bool,
}

impl Candidate {
    /// The latest key of its parts.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.parts.iter().map(OpStamp::key).max()
    }
}

/// A session that has a live count of the cell, or a live close that does not agree for it, and no live close that does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// Which.
    pub session: SessionId,
    /// Its live counts of the cell.
    pub counts: Vec<OpenCount>,
}

/// A count that waits for its session's close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCount {
    /// Whose.
    pub stamp: OpStamp,
    /// How a close names it.
    pub hash: [u8; 32],
    /// What was there, thousandths.
    pub counted: i64,
}

impl OpenCount {
    /// How a close names it.
    #[must_use]
    pub fn reference(&self) -> OpRef {
        OpRef { lane: self.stamp.lane, hash: OpHash(self.hash) }
    }
}

/// A complete close of the cell's location that some op of the cell did not know and that is not before every candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The close.
    pub close: OpStamp,
    /// It saw nothing here, and no op of the cell is before it (design 5.8). Else it says nothing more about the cell.
    pub of_zero: bool,
    /// The live movements after it, thousandths.
    pub after: i128,
    /// A live movement or count, unordered by knowledge, touches its interval.
    pub touched: bool,
}

/// All that later ops need to know of a cell's history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellState {
    /// Sum of all live movements, thousandths.
    pub total: i128,
    /// Lowest position of a live op of the cell.
    pub first: Option<u64>,
    /// Anchors that are not before another one, highest key first; at most [`stocksync_schemas::limits::CANDIDATES`].
    pub candidates: Vec<Candidate>,
    /// A candidate had to be left out.
    pub dropped: bool,
    /// Sessions that have not acted for this cell.
    pub sessions: Vec<OpenSession>,
    /// Complete closes that matter.
    pub witnesses: Vec<Witness>,
}

/// What a cell shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellView {
    /// Thousandths. Meaningless where `overflow`.
    pub on_hand: i64,
    /// Sum of live movements, thousandths; `on_hand - moved` is what counts revealed, and goes against the loss location.
    pub moved: i64,
    /// A number left the range of 64 bits.
    pub overflow: bool,
    /// A count and a movement cannot be ordered: a person looks again.
    pub count_overlap: bool,
    /// Two people saw different shelves.
    pub count_conflict: bool,
    /// A session has counted here and has not acted.
    pub count_open: bool,
}

/// Bytes that are not a cell's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored state of a cell cannot be read; it must be recomputed from history")]
pub struct StateError;

/// First byte of a state at rest. A state of another form is recomputed.
const FORM: u8 = 1;

impl CellState {
    /// The candidate that holds: the one with the latest key.
    #[must_use]
    pub fn holder(&self) -> Option<&Candidate> {
        self.candidates.iter().max_by_key(|candidate| candidate.key())
    }

    /// What the cell shows.
    #[must_use]
    pub fn view(&self) -> CellView {
        let holder = self.holder();
        let on_hand = holder.map_or(self.total, |candidate| candidate.on_hand);
        let contradicted = |witness: &&Witness| {
            witness.of_zero
                && !holder.is_some_and(|holder| all_before(&[witness.close], &holder.parts))
                && (witness.touched || witness.after != on_hand)
        };
        let (kept, moved) = (i64::try_from(on_hand), i64::try_from(self.total));
        CellView {
            on_hand: kept.unwrap_or_default(),
            moved: moved.unwrap_or_default(),
            overflow: kept.is_err() || moved.is_err(),
            count_overlap: holder.is_some_and(|holder| holder.touched)
                || self.witnesses.iter().any(|it| contradicted(&it)),
            count_conflict: self.dropped || self.candidates.iter().any(|candidate| candidate.on_hand != on_hand),
            count_open: !self.sessions.is_empty(),
        }
    }

    /// The state's bytes at rest.
    ///
    /// # Errors
    /// [`StateError`] does not occur for states that this module made.
    pub fn encode(&self) -> Result<Vec<u8>, StateError> {
        postcard::to_extend(self, vec![FORM]).map_err(|_| StateError)
    }

    /// Reads a state at rest.
    ///
    /// # Errors
    /// [`StateError`] for bytes of another form or damaged ones: recompute the cell.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        match bytes.split_first() {
            Some((&FORM, rest)) => postcard::from_bytes(rest).map_err(|_| StateError),
            _ => Err(StateError),
        }
    }
}
