//! The span from the beginning of an act to its end: what was known at the beginning, and the op that it ended in.

use serde::{Deserialize, Serialize};
use stocksync_ledger::CellView;
use stocksync_schemas::{BootId, Cell, LogPoint, OpRef};

use crate::Error;

/// An act in progress: what its device knew when it began. Plain data; losing it loses nothing but that knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Boot clock at the beginning, ms.
    pub boot_ms: i64,
    /// Which boot.
    pub boot: BootId,
    /// Wall clock at the beginning, ms.
    pub wall_ms: i64,
    /// The log point applied then.
    pub seen: LogPoint,
    /// The highest own seq then.
    pub own_seen: u64,
    /// The newest exchange then; 0 before the first.
    pub exchange: i64,
    /// How many lost tails of the server were known then: later ones lower `seen`.
    pub lost_tails: i64,
}

impl Act {
    /// Encodes the act as JSON, for storage.
    pub(crate) fn encode(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|_| Error::Internal("an act cannot be encoded"))
    }

    /// Decodes a stored act.
    pub(crate) fn decode(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|_| Error::Internal("a stored act cannot be decoded"))
    }
}

/// An op that has been recorded and is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedOp {
    /// How other ops name it.
    pub reference: OpRef,
    /// The cells it touched, as they are now.
    pub cells: Vec<(Cell, CellView)>,
}
