//! The op log in memory: what the simulation drives, ten thousand times. It passes the same suite as Postgres.
//!
//! Its futures never wait. It must never be slower than linear in what a call touches.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use stocksync_ledger::exceptions::{self, Exception};
use stocksync_ledger::fold::{
    CellHistory, CellNeeds, CellWrite, HistoryNeed, LivenessChange, LoadedCells, OpStamp, StoredOp, VoidOp, add_facts,
};
use stocksync_ledger::records::Row;
use stocksync_ledger::{CellState, Entry};
use stocksync_schemas::limits::UNDECODABLE_OPS;
use stocksync_schemas::{
    Body, Cell, Close, DeviceId, ExchangeResponse, Lane, Location, LogPoint, RecordId, ReplicaId, SessionId, TenantId,
};

use super::{
    Batch, ChangedRecord, Issued, Judgement, KeptRecord, Known, LaneState, LogError, LogRow, LogTransaction, RecordKey,
    RejectedOp, TenantClock, cell_rows, claimed_keys,
};
use crate::exchange::{ExchangeError, Prepared, exchange};

/// The logs of all tenants. Cloning makes a backup; putting a clone back loses the tail, as a restored server does.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog {
    tenants: BTreeMap<TenantId, MemoryTenant>,
}

impl MemoryLog {
    /// A log without tenants; a tenant begins with its first use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One tenant's log: at once its transaction, because every call that writes succeeds.
    pub fn tenant(&mut self, tenant: TenantId) -> &mut MemoryTenant {
        self.tenants.entry(tenant).or_default()
    }
}

/// Runs one exchange at once, for callers without a runtime: the futures of this log never wait.
///
/// # Errors
/// As [`exchange`](crate::exchange::exchange).
pub fn exchange_now(
    log: &mut MemoryTenant,
    device: DeviceId,
    wall_ms: i64,
    prepared: &Prepared,
) -> Result<ExchangeResponse, ExchangeError> {
    let mut exchange = pin!(exchange(log, device, wall_ms, prepared));
    match exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(LogError::Damaged("the memory log waited").into()),
    }
}

/// One tenant's log.
#[derive(Debug, Clone, Default)]
pub struct MemoryTenant {
    clock: TenantClock,
    rows: Vec<(LogRow, i64)>,
    by_lane: BTreeMap<Lane, u64>,
    lanes: BTreeMap<ReplicaId, LaneState>,
    rejected: BTreeMap<Lane, RejectedOp>,
    undecodable: BTreeSet<(ReplicaId, u64, Vec<u8>)>,
    devices: BTreeMap<DeviceId, u64>,
    projections: Projections,
}

/// What follows from the log and can be made again from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projections {
    dead: BTreeSet<u64>,
    voids_by_lane: BTreeMap<Lane, BTreeSet<VoidOp>>,
    by_cell: BTreeMap<Cell, Vec<u64>>,
    closes: BTreeMap<SessionId, Vec<u64>>,
    complete: BTreeMap<Location, Vec<u64>>,
    cells: BTreeMap<Cell, CellState>,
    exceptions: BTreeSet<Exception>,
    records: BTreeMap<RecordKey, (KeptRecord, Row)>,
    claims: BTreeMap<(&'static str, String), BTreeSet<RecordId>>,
}

impl MemoryTenant {
    /// Every accepted op in order of position.
    pub fn log(&self) -> impl Iterator<Item = &LogRow> {
        self.rows.iter().map(|(row, _)| row)
    }

    /// The kept state of every cell.
    #[must_use]
    pub fn cells(&self) -> &BTreeMap<Cell, CellState> {
        &self.projections.cells
    }

    /// The open exceptions, of cells and of records.
    pub fn open_exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.projections.exceptions.iter()
    }

    /// Every record as it is kept and as lists show it.
    #[must_use]
    pub fn kept_records(&self) -> &BTreeMap<RecordKey, (KeptRecord, Row)> {
        &self.projections.records
    }

    /// All that follows from the log.
    #[must_use]
    pub fn projections(&self) -> &Projections {
        &self.projections
    }

    /// How many undecodable ops are kept.
    #[must_use]
    pub fn undecodable(&self) -> usize {
        self.undecodable.len()
    }

    /// The ops refused for good.
    pub fn rejected(&self) -> impl Iterator<Item = &RejectedOp> {
        self.rejected.values()
    }

    fn row(&self, position: u64) -> Option<&LogRow> {
        let index = usize::try_from(position.checked_sub(1)?).ok()?;
        self.rows.get(index).map(|(row, _)| row)
    }

    fn live(&self, positions: Option<&Vec<u64>>) -> impl Iterator<Item = &Entry> {
        let positions = positions.map(Vec::as_slice).unwrap_or_default();
        let live = positions.iter().filter(|position| !self.projections.dead.contains(position));
        live.filter_map(|position| self.row(*position)).map(|row| &row.entry)
    }

    fn live_closes(&self, session: &SessionId) -> impl Iterator<Item = &Close> {
        self.live(self.projections.closes.get(session)).filter_map(|entry| match &entry.op.body {
            Body::Close(close) => Some(close),
            _ => None,
        })
    }

    fn history(&self, need: &HistoryNeed) -> CellHistory {
        let mut history = CellHistory::default();
        let mut closes = BTreeMap::<u64, &Entry>::new();
        let mut sessions = need.sessions.clone();
        for entry in self.live(self.projections.by_cell.get(&need.cell)) {
            match &entry.op.body {
                Body::Close(close) if need.after.is_none() => {
                    sessions.insert(close.session);
                    closes.insert(entry.acceptance.position, entry);
                }
                Body::Move(_) if need.after.is_none_or(|after| entry.acceptance.position > after) => {
                    add_facts(&need.cell, entry, &mut history);
                }
                Body::Count(count) if need.after.is_none() => {
                    sessions.extend(count.session);
                    add_facts(&need.cell, entry, &mut history);
                }
                _ => {}
            }
        }
        if need.after.is_some() {
            return history;
        }
        let by_session = sessions.iter().flat_map(|session| self.live(self.projections.closes.get(session)));
        let by_location = self.live(self.projections.complete.get(&need.cell.location));
        closes.extend(by_session.chain(by_location).map(|entry| (entry.acceptance.position, entry)));
        closes.values().for_each(|entry| add_facts(&need.cell, entry, &mut history));
        history
    }

    fn index_op(&mut self, entry: &Entry) {
        let (position, op) = (entry.acceptance.position, &entry.op);
        let projections = &mut self.projections;
        for (cell, _) in cell_rows(&op.body) {
            projections.by_cell.entry(cell).or_default().push(position);
        }
        match &op.body {
            Body::Void(void) => {
                let void = VoidOp { void: entry.reference(), target: void.target };
                for lane in [void.void.lane, void.target.lane] {
                    projections.voids_by_lane.entry(lane).or_default().insert(void);
                }
            }
            Body::Close(close) => {
                projections.closes.entry(close.session).or_default().push(position);
                for location in &close.complete {
                    projections.complete.entry(*location).or_default().push(position);
                }
            }
            _ => {}
        }
    }

    fn keep_records(&mut self, changed: &[ChangedRecord]) {
        let projections = &mut self.projections;
        for it in changed {
            let row = it.row.clone().or_else(|| projections.records.get(&it.key).map(|(_, row)| row.clone()));
            projections.records.insert(it.key, (it.kept.clone(), row.unwrap_or_default()));
            for (exception, open) in it.exceptions() {
                set_open(&mut projections.exceptions, exception, open);
            }
            let (collection, record) = (it.key.collection, it.key.record);
            for key in [&it.former_key, &it.kept.unique_key].into_iter().flatten() {
                let claims = projections.claims.entry((collection, key.clone())).or_default();
                if it.kept.unique_key.as_ref() == Some(key) {
                    claims.insert(record);
                } else {
                    claims.remove(&record);
                }
            }
        }
        for (collection, key) in claimed_keys(changed) {
            let exception = exceptions::of_key(collection, &key);
            let claims = projections.claims.get(&(collection, key)).map_or(0, BTreeSet::len);
            set_open(&mut projections.exceptions, exception, claims > 1);
        }
    }
}

fn set_open(exceptions: &mut BTreeSet<Exception>, exception: Exception, open: bool) {
    if open {
        exceptions.insert(exception);
    } else {
        exceptions.remove(&exception);
    }
}

#[async_trait]
impl LogTransaction for MemoryTenant {
    async fn clock(&mut self, now_ms: i64) -> Result<TenantClock, LogError> {
        self.clock.now_ms = self.clock.now_ms.max(now_ms);
        Ok(self.clock)
    }

    async fn lane(&mut self, replica: ReplicaId) -> Result<Option<LaneState>, LogError> {
        Ok(self.lanes.get(&replica).copied())
    }

    async fn open_lane(&mut self, replica: ReplicaId, device: DeviceId, _: i64) -> Result<(), LogError> {
        self.lanes.insert(replica, LaneState { device, max_seq: 0 });
        Ok(())
    }

    async fn issued(&mut self, positions: &[u64]) -> Result<BTreeMap<u64, Issued>, LogError> {
        let at = |position: u64| {
            let index = usize::try_from(position.checked_sub(1)?).ok()?;
            let (row, server_ms) = self.rows.get(index)?;
            Some((position, Issued { head: row.head, server_ms: *server_ms }))
        };
        Ok(positions.iter().filter_map(|position| at(*position)).collect())
    }

    async fn known(&mut self, replica: ReplicaId, seqs: &[u64]) -> Result<BTreeMap<u64, Known>, LogError> {
        let at = |seq: u64| {
            let lane = Lane { replica, seq };
            if let Some(row) = self.by_lane.get(&lane).and_then(|position| self.row(*position)) {
                let judgement = Judgement::Accepted(row.entry.acceptance);
                return Some((seq, Known { hash: row.entry.hash, judgement }));
            }
            let it = self.rejected.get(&lane)?;
            let judgement = Judgement::Rejected { code: it.code.as_str().to_owned(), text: it.text.clone() };
            Some((seq, Known { hash: it.hash, judgement }))
        };
        Ok(seqs.iter().filter_map(|seq| at(*seq)).collect())
    }

    async fn page(&mut self, after: u64, limit: u32) -> Result<Vec<LogRow>, LogError> {
        let from = usize::try_from(after).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.rows.get(from..).unwrap_or_default().iter().take(limit).map(|(row, _)| row.clone()).collect())
    }

    async fn lane_heads(&mut self, replicas: &BTreeSet<ReplicaId>) -> Result<BTreeMap<ReplicaId, u64>, LogError> {
        let head = |replica: &ReplicaId| Some((*replica, self.lanes.get(replica)?.max_seq));
        Ok(replicas.iter().filter_map(head).collect())
    }

    async fn ops(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<StoredOp>, LogError> {
        let positions = lanes.iter().filter_map(|lane| self.by_lane.get(lane));
        let rows = positions.filter_map(|position| self.row(*position));
        Ok(rows.map(|row| StoredOp { entry: row.entry.clone(), rejected: false }).collect())
    }

    async fn voids(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<VoidOp>, LogError> {
        let found: BTreeSet<VoidOp> =
            lanes.iter().filter_map(|lane| self.projections.voids_by_lane.get(lane)).flatten().copied().collect();
        Ok(found.into_iter().collect())
    }

    async fn cells(&mut self, needs: &CellNeeds) -> Result<LoadedCells, LogError> {
        let mut loaded = LoadedCells::default();
        let cells = &self.projections.cells;
        let named = needs.cells.iter().filter_map(|cell| cells.get_key_value(cell));
        loaded.cells.extend(named.map(|(cell, state)| (cell.clone(), Ok(state.clone()))));
        if !needs.whole_locations.is_empty() {
            let covered = cells.iter().filter(|(cell, _)| needs.whole_locations.contains(&cell.location));
            loaded.cells.extend(covered.map(|(cell, state)| (cell.clone(), Ok(state.clone()))));
        }
        for session in &needs.sessions {
            loaded.closed_sessions.extend(self.live_closes(session).next().map(|_| *session));
        }
        for session in &needs.session_cells {
            let mut closes = self.live_closes(session).peekable();
            if closes.peek().is_some() {
                let cells = closes.flat_map(|close| close.parts.iter().map(|part| part.cell.clone())).collect();
                loaded.session_cells.insert(*session, cells);
            }
        }
        Ok(loaded)
    }

    async fn complete_closes(
        &mut self,
        past: &BTreeMap<Location, u64>,
    ) -> Result<BTreeMap<Location, Vec<OpStamp>>, LogError> {
        let mut closes = BTreeMap::new();
        for (location, past) in past {
            let live = self.live(self.projections.complete.get(location)).map(Entry::stamp);
            let stamps: Vec<OpStamp> = live.filter(|stamp| stamp.position > *past).collect();
            if !stamps.is_empty() {
                closes.insert(*location, stamps);
            }
        }
        Ok(closes)
    }

    async fn records(&mut self, keys: &BTreeSet<RecordKey>) -> Result<BTreeMap<RecordKey, KeptRecord>, LogError> {
        let kept = keys.iter().filter_map(|key| Some((*key, self.projections.records.get(key)?.0.clone())));
        Ok(kept.collect())
    }

    async fn append(&mut self, batch: &Batch) -> Result<(), LogError> {
        for row in &batch.rows {
            let (position, lane) = (row.entry.acceptance.position, row.entry.op.lane);
            self.by_lane.insert(lane, position);
            self.clock.point = LogPoint { position, head: row.head };
            self.rows.push((row.clone(), batch.now_ms));
            if let Some(state) = self.lanes.get_mut(&batch.replica) {
                state.max_seq = state.max_seq.max(lane.seq);
            }
        }
        for it in &batch.rejected {
            self.rejected.insert(it.op.lane, it.clone());
        }
        for it in &batch.undecodable {
            if self.undecodable.iter().filter(|kept| kept.0 == batch.replica).count() < UNDECODABLE_OPS {
                self.undecodable.insert((batch.replica, it.seq, it.bytes.clone()));
            }
        }
        Ok(())
    }

    async fn write_projections(&mut self, batch: &Batch) -> Result<(), LogError> {
        for row in &batch.rows {
            self.index_op(&row.entry);
            if batch.dead.contains(&row.entry.op.lane) {
                self.projections.dead.insert(row.entry.acceptance.position);
            }
        }
        for LivenessChange { entry, live } in &batch.changed {
            let position = entry.acceptance.position;
            if *live {
                self.projections.dead.remove(&position);
            } else {
                self.projections.dead.insert(position);
            }
        }
        self.keep_records(&batch.records);
        Ok(())
    }

    async fn drop_projections(&mut self) -> Result<(), LogError> {
        self.projections = Projections::default();
        Ok(())
    }

    async fn histories(&mut self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, LogError> {
        Ok(needs.iter().map(|need| self.history(need)).collect())
    }

    async fn upsert_cells(&mut self, cells: &BTreeMap<Cell, CellWrite>, _: i64) -> Result<(), LogError> {
        for (cell, write) in cells {
            for kind in &write.closed {
                self.projections.exceptions.remove(&Exception::of_cell(*kind, cell));
            }
            let opened = write.opened.iter().map(|kind| Exception::of_cell(*kind, cell));
            self.projections.exceptions.extend(opened);
            self.projections.cells.insert(cell.clone(), write.state.clone());
        }
        Ok(())
    }

    async fn touch_device(&mut self, device: DeviceId, cursor: u64, _: i64) -> Result<(), LogError> {
        self.devices.insert(device, cursor);
        Ok(())
    }
}
