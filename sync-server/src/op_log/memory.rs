//! The op log in memory: what the simulation drives, ten thousand times. It passes the same suite as Postgres.
//!
//! Its futures never wait. It must never be slower than linear in what a call touches.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use stocksync_ledger::exceptions::{self, Exception, ExceptionKind, RecordException};
use stocksync_ledger::fold::{
    CellHistory, Changed, CloseFact, CompleteClose, CountFact, HistoryNeed, LoadedCells, MovementFact, Needs, VoidOp,
};
use stocksync_ledger::records::Row;
use stocksync_ledger::{CellState, Entry};
use stocksync_schemas::limits::UNDECODABLE_OPS;
use stocksync_schemas::{
    Body, Cell, DeviceId, ExchangeResponse, Lane, Location, LogPoint, RecordId, ReplicaId, SessionId, TenantId,
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
    exceptions: BTreeMap<[u8; 32], Exception>,
    records: BTreeMap<RecordKey, (KeptRecord, Row)>,
    claims: BTreeMap<(&'static str, String), BTreeSet<RecordId>>,
    record_exceptions: BTreeMap<[u8; 32], RecordException>,
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

    /// The open exceptions.
    pub fn open_exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.projections.exceptions.values()
    }

    /// The open exceptions about records.
    pub fn open_record_exceptions(&self) -> impl Iterator<Item = &RecordException> {
        self.projections.record_exceptions.values()
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

    fn history(&self, need: &HistoryNeed) -> CellHistory {
        let mut history = CellHistory::default();
        let mut closes = BTreeMap::<u64, &Entry>::new();
        for entry in self.live(self.projections.by_cell.get(&need.cell)) {
            match &entry.op.body {
                Body::Move(_) if need.after.is_none_or(|after| entry.acceptance.position > after) => {
                    let delta = cell_rows(&entry.op.body).into_iter().find(|(cell, _)| *cell == need.cell);
                    let delta = delta.map_or(0, |(_, delta)| i128::from(delta));
                    history.movements.push(MovementFact { stamp: entry.stamp(), delta });
                }
                Body::Count(count) if need.after.is_none() => history.counts.push(CountFact {
                    stamp: entry.stamp(),
                    hash: entry.hash,
                    counted: count.counted,
                    session: count.session,
                }),
                Body::Close(_) => {
                    closes.insert(entry.acceptance.position, entry);
                }
                _ => {}
            }
        }
        if need.after.is_some() {
            return history;
        }
        let sessions: BTreeSet<SessionId> = history.counts.iter().filter_map(|count| count.session).collect();
        let by_session = sessions.iter().flat_map(|session| self.live(self.projections.closes.get(session)));
        let by_location = self.live(self.projections.complete.get(&need.cell.location));
        closes.extend(by_session.chain(by_location).map(|entry| (entry.acceptance.position, entry)));
        for entry in closes.values() {
            if let Body::Close(close) = &entry.op.body {
                history.closes.push(CloseFact::of(&need.cell, close, entry.stamp()));
            }
        }
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
                projections.record_exceptions.remove(&exception.id);
                projections.record_exceptions.extend(open.then_some((exception.id, exception)));
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
            projections.record_exceptions.remove(&exception.id);
            projections.record_exceptions.extend((claims > 1).then_some((exception.id, exception)));
        }
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

    async fn voids(&mut self, touching: &[Lane]) -> Result<Vec<VoidOp>, LogError> {
        let found: BTreeSet<VoidOp> =
            touching.iter().filter_map(|lane| self.projections.voids_by_lane.get(lane)).flatten().copied().collect();
        Ok(found.into_iter().collect())
    }

    async fn entries(&mut self, lanes: &[Lane]) -> Result<Vec<Entry>, LogError> {
        let positions = lanes.iter().filter_map(|lane| self.by_lane.get(lane));
        Ok(positions.filter_map(|position| self.row(*position)).map(|row| row.entry.clone()).collect())
    }

    async fn load(&mut self, needs: &Needs) -> Result<LoadedCells, LogError> {
        let mut loaded = LoadedCells::default();
        let named = needs.cells.iter().filter_map(|cell| self.projections.cells.get_key_value(cell));
        let whole = self.projections.cells.iter().filter(|(cell, _)| needs.whole_locations.contains(&cell.location));
        let whole = whole.take(if needs.whole_locations.is_empty() { 0 } else { usize::MAX });
        loaded.cells = named.chain(whole).map(|(cell, state)| (cell.clone(), state.clone())).collect();
        for location in &needs.closed_locations {
            let closes = self.live(self.projections.complete.get(location));
            let closes: Vec<_> = closes.map(|entry| CompleteClose { stamp: entry.stamp() }).collect();
            if !closes.is_empty() {
                loaded.complete_closes.insert(*location, closes);
            }
        }
        loaded.closed_sessions =
            needs.sessions.iter().filter(|id| self.projections.closes.contains_key(id)).copied().collect();
        Ok(loaded)
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

    async fn index(&mut self, batch: &Batch) -> Result<(), LogError> {
        for row in &batch.rows {
            self.index_op(&row.entry);
            if batch.dead.contains(&row.entry.op.lane) {
                self.projections.dead.insert(row.entry.acceptance.position);
            }
        }
        for Changed { entry, live } in &batch.changed {
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

    async fn forget(&mut self) -> Result<(), LogError> {
        self.projections = Projections::default();
        Ok(())
    }

    async fn histories(&mut self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, LogError> {
        Ok(needs.iter().map(|need| self.history(need)).collect())
    }

    async fn keep(&mut self, states: &BTreeMap<Cell, CellState>, _: i64) -> Result<(), LogError> {
        for (cell, state) in states {
            for kind in ExceptionKind::OF_CELL {
                self.projections.exceptions.remove(&exceptions::exception_id(kind, cell, &[]));
            }
            self.projections.exceptions.extend(exceptions::of_cell(cell, state).into_iter().map(|it| (it.id, it)));
            self.projections.cells.insert(cell.clone(), state.clone());
        }
        Ok(())
    }

    async fn touch_device(&mut self, device: DeviceId, cursor: u64, _: i64) -> Result<(), LogError> {
        self.devices.insert(device, cursor);
        Ok(())
    }
}
