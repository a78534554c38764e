//! The op log of a tenant and the tables that the fold keeps beside it, behind one trait with two implementations.
//!
//! Owns what a transaction of a tenant must answer and keep. It must never judge an op or compute a balance: `exchange`
//! and `stocksync-ledger` do. [`memory`] is for the simulation, [`postgres`] for service; both pass the suite in `conformance.rs`.

pub mod memory;
pub mod postgres;
mod record;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use stocksync_ledger::Entry;
use stocksync_ledger::fold::{
    CellHistory, CellNeeds, CellWrite, HistoryNeed, LivenessChange, LoadedCells, OpStamp, StoredOp, VoidOp, deltas,
};
use stocksync_schemas::wire::Undecodable;
use stocksync_schemas::{Acceptance, Body, Cell, DeviceId, Head, Lane, Location, LogPoint, ReplicaId};

pub use record::{ChangedRecord, KeptRecord, RecordKey, Waiting, claimed_keys, key_of};

use crate::database::DatabaseError;

/// A transaction could not go on. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The database failed; its variants say whether to try again.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// What the tables hold contradicts itself: a defect, not to be tried again.
    #[error("the op log is damaged: {0}")]
    Damaged(&'static str),
}

impl From<tokio_postgres::Error> for LogError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

/// The newest log point of a tenant and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TenantClock {
    /// Of the newest op.
    pub point: LogPoint,
    /// Server time, ms since 1970; never goes back.
    pub now_ms: i64,
}

/// A lane as the log knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneState {
    /// Who opened it.
    pub device: DeviceId,
    /// Highest seq accepted; 0 before the first.
    pub max_seq: u64,
}

/// A place in the log and when it was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    /// Running hash up to it.
    pub head: Head,
    /// Tenant clock at acceptance, ms.
    pub server_ms: i64,
}

/// An op that an earlier exchange has judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its hash: another one in the same lane and seq is a fork.
    pub hash: stocksync_schemas::OpHash,
    /// What was answered.
    pub judgement: Judgement,
}

/// A final verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It is on the log.
    Accepted(Acceptance),
    /// It was refused for good.
    Rejected {
        /// Registered code as text: a code of a later build is answered as it was.
        code: String,
        /// For a person.
        text: String,
    },
}

/// An op of the log with the running hash up to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// The op and its acceptance.
    pub entry: Entry,
    /// The head after it.
    pub head: Head,
}

/// An op refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedOp {
    /// The op, with an acceptance that is never used.
    pub op: stocksync_schemas::Op,
    /// Its hash.
    pub hash: stocksync_schemas::OpHash,
    /// Registered code.
    pub code: stocksync_schemas::Code,
    /// For a person.
    pub text: String,
}

/// What one exchange adds to a log.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Whose lane.
    pub replica: ReplicaId,
    /// Which device sent it.
    pub device: DeviceId,
    /// Tenant clock of the exchange, ms.
    pub now_ms: i64,
    /// New ops in order of position, the first right after the newest of the log.
    pub rows: Vec<LogRow>,
    /// Lanes of those among `rows` that do not count, because a void that arrived earlier names them.
    pub dead: BTreeSet<Lane>,
    /// Ops of the log that count now and did not, or did and no longer do.
    pub changed: Vec<LivenessChange>,
    /// Ops refused for good.
    pub rejected: Vec<RejectedOp>,
    /// Ops of which none could be made.
    pub undecodable: Vec<Undecodable>,
    /// Records as the batch leaves them, in order of their keys.
    pub records: Vec<ChangedRecord>,
}

/// One tenant's log within one transaction. Sets go in and sets come out: the number of calls does not grow with the
/// number of ops. Nothing is kept until the owner of the transaction commits.
#[async_trait]
pub trait LogTransaction: Send {
    /// Moves the tenant's clock to `now_ms` unless it is ahead, and keeps other pushes out until the transaction ends.
    async fn clock(&mut self, now_ms: i64) -> Result<TenantClock, LogError>;
    /// The lane, if it was opened.
    async fn lane(&mut self, replica: ReplicaId) -> Result<Option<LaneState>, LogError>;
    /// Opens a lane for a device; the caller has found that it is not open.
    async fn open_lane(&mut self, replica: ReplicaId, device: DeviceId, now_ms: i64) -> Result<(), LogError>;
    /// Those of the positions that are on the log. Position 0 is never asked for.
    async fn issued(&mut self, positions: &[u64]) -> Result<BTreeMap<u64, Issued>, LogError>;
    /// What is known of these seqs of a lane.
    async fn known(&mut self, replica: ReplicaId, seqs: &[u64]) -> Result<BTreeMap<u64, Known>, LogError>;
    /// Ops after a position, in order, at most `limit`.
    async fn page(&mut self, after: u64, limit: u32) -> Result<Vec<LogRow>, LogError>;
    /// Answers [`Step::LaneHeads`](stocksync_ledger::fold::Step::LaneHeads).
    async fn lane_heads(&mut self, replicas: &BTreeSet<ReplicaId>) -> Result<BTreeMap<ReplicaId, u64>, LogError>;
    /// Answers [`Step::Ops`](stocksync_ledger::fold::Step::Ops): accepted ops; rejected ones are not on the log.
    async fn ops(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<StoredOp>, LogError>;
    /// Answers [`Step::Voids`](stocksync_ledger::fold::Step::Voids).
    async fn voids(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<VoidOp>, LogError>;
    /// Answers [`Step::Cells`](stocksync_ledger::fold::Step::Cells).
    async fn cells(&mut self, needs: &CellNeeds) -> Result<LoadedCells, LogError>;
    /// Answers [`Step::CompleteCloses`](stocksync_ledger::fold::Step::CompleteCloses).
    async fn complete_closes(
        &mut self,
        past: &BTreeMap<Location, u64>,
    ) -> Result<BTreeMap<Location, Vec<OpStamp>>, LogError>;
    /// Answers [`Step::Histories`](stocksync_ledger::fold::Step::Histories).
    async fn histories(&mut self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, LogError>;
    /// Records as they are kept; those that were never changed are left out.
    async fn records(&mut self, keys: &BTreeSet<RecordKey>) -> Result<BTreeMap<RecordKey, KeptRecord>, LogError>;
    /// Adds a batch to the log, and its refused ops beside it. The clock is held.
    async fn append(&mut self, batch: &Batch) -> Result<(), LogError>;
    /// Writes the projections of a batch: the rows from which history is read, liveness, and records.
    async fn write_projections(&mut self, batch: &Batch) -> Result<(), LogError>;
    /// Writes the states of cells, and opens and closes their exceptions.
    async fn upsert_cells(&mut self, cells: &BTreeMap<Cell, CellWrite>, now_ms: i64) -> Result<(), LogError>;
    /// Deletes every projection of the log. The clock is held.
    async fn drop_projections(&mut self) -> Result<(), LogError>;
    /// Notes that a device has exchanged and up to which position the log was sent to it.
    async fn touch_device(&mut self, device: DeviceId, cursor: u64, now_ms: i64) -> Result<(), LogError>;
}

/// The cells that an op concerns, with what arrives minus what leaves, as it is kept per cell.
///
/// A line is at most 10^12 and an op has at most 200, so the sum always fits.
#[must_use]
pub fn cell_rows(body: &Body) -> Vec<(Cell, i64)> {
    deltas(body).into_iter().map(|(cell, delta)| (cell, i64::try_from(delta).unwrap_or(i64::MAX))).collect()
}

/// Flags of a kept cell, as bits.
#[must_use]
pub fn flags(view: &stocksync_ledger::CellView) -> i16 {
    i16::from(view.overflow)
        | i16::from(view.count_overlap) << 1
        | i16::from(view.count_conflict) << 2
        | i16::from(view.count_open) << 3
}
