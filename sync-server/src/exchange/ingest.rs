//! What a push adds: positions, heads, liveness, the cells and records it touches. One pass over sets, however many ops.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::Fold;
use stocksync_ledger::fold::{FoldBatch, Step};
use stocksync_schemas::{Acceptance, Body, DeviceId, LogPoint, OpHash, ReplicaId, Verdict};

use super::judge::{Decision, judge, rejected};
use super::records::{Arrival, DocumentCorrupted, Records, decoding};
use super::{ExchangeError, IncomingOp, Prepared, accept, entry};
use crate::op_log::{
    Batch, Issued, KeptRecord, Known, LaneState, LogError, LogRow, LogTransaction, RecordKey, RejectedOp, TenantClock,
};

/// Judges every op, adds the new ones to the log and folds them. The clock is held, and `lane` was read since; answers it as it is afterwards.
pub(super) async fn ingest(
    log: &mut dyn LogTransaction,
    device: DeviceId,
    clock: TenantClock,
    lane: Option<LaneState>,
    prepared: &Prepared,
    issued: &BTreeMap<u64, Issued>,
    verdicts: &mut BTreeMap<u64, Verdict>,
) -> Result<TenantClock, ExchangeError> {
    let replica = prepared.request.replica;
    if lane.is_none() {
        log.open_lane(replica, device, clock.now_ms).await?;
    }
    let seqs: BTreeSet<u64> = prepared.ops.iter().map(|it| it.op.lane.seq).collect();
    let known = log.known(replica, &seqs.into_iter().collect::<Vec<_>>()).await?;
    let keys: BTreeSet<RecordKey> = prepared.ops.iter().filter_map(|it| record_of(it, &known)).collect();
    let kept = if keys.is_empty() { BTreeMap::new() } else { log.records(&keys).await? };
    let judging = Judging { prepared, issued, known: &known, clock, device, before: verdicts };
    let judged = if keys.is_empty() { judging.all(&kept) } else { decoding(|| judging.all(&kept)) }?;
    let Judged { batch, verdicts: answered, .. } = judged;
    *verdicts = answered;
    if batch.rows.is_empty() && batch.rejected.is_empty() && batch.undecodable.is_empty() {
        return Ok(clock);
    }
    let newest = batch.rows.last().map(|row| LogPoint { position: row.entry.acceptance.position, head: row.head });
    append(log, batch).await?;
    Ok(TenantClock { point: newest.unwrap_or(clock.point), ..clock })
}

/// The record whose document an op must be tried on.
fn record_of(incoming: &IncomingOp, known: &BTreeMap<u64, Known>) -> Option<RecordKey> {
    match &incoming.op.body {
        Body::Record(it) if incoming.flaw.is_none() && !known.contains_key(&incoming.op.lane.seq) => {
            RecordKey::new(&it.collection, it.record)
        }
        _ => None,
    }
}

/// All that a verdict depends on.
struct Judging<'a> {
    prepared: &'a Prepared,
    issued: &'a BTreeMap<u64, Issued>,
    known: &'a BTreeMap<u64, Known>,
    clock: TenantClock,
    device: DeviceId,
    /// Verdicts on ops that did not decode.
    before: &'a BTreeMap<u64, Verdict>,
}

/// What the ops of a push became.
struct Judged {
    batch: Batch,
    verdicts: BTreeMap<u64, Verdict>,
    earlier: BTreeMap<u64, (OpHash, Acceptance)>,
    point: LogPoint,
}

impl Judging<'_> {
    /// Every op in order, records included.
    fn all(&self, kept: &BTreeMap<RecordKey, KeptRecord>) -> Result<Judged, LogError> {
        for careful in [false, true] {
            let mut records = Records::open(kept, careful)?;
            let judged = self.each(&mut records).and_then(|judged| Ok((judged, records.close()?)));
            if let Ok((mut judged, changed)) = judged {
                judged.batch.records = changed;
                return Ok(judged);
            }
        }
        Err(LogError::Damaged("a proven document cannot be read"))
    }

    fn each(&self, records: &mut Records) -> Result<Judged, DocumentCorrupted> {
        let replica = self.prepared.request.replica;
        let undecodable = self.prepared.undecodable.clone();
        let batch = Batch { replica, device: self.device, now_ms: self.clock.now_ms, undecodable, ..Batch::default() };
        let mut judged =
            Judged { batch, verdicts: self.before.clone(), earlier: BTreeMap::new(), point: self.clock.point };
        for incoming in &self.prepared.ops {
            let mut decision = judge(replica, incoming, self.known, &judged.earlier);
            if let (Decision::Accept, Body::Record(change)) = (&decision, &incoming.op.body) {
                let (lane, now_ms) = (incoming.op.lane, self.clock.now_ms);
                decision = records.take(Arrival { change, lane, position: judged.point.position + 1, now_ms })?;
            }
            self.note(&mut judged, incoming, decision);
        }
        // A later op of the same seq that was accepted takes the place of a refused one.
        judged.batch.rejected.retain(|it| !judged.earlier.contains_key(&it.op.lane.seq));
        Ok(judged)
    }

    fn note(&self, judged: &mut Judged, incoming: &IncomingOp, decision: Decision) {
        let lane = incoming.op.lane;
        let Judged { batch, verdicts, earlier, point } = judged;
        match decision {
            Decision::Accept => {
                point.position += 1;
                let issued_ms = self.issued.get(&incoming.context.seen.position).map_or(0, |it| it.server_ms);
                let acceptance =
                    accept::accept(&incoming.context, point.position, lane.seq, issued_ms, self.clock.now_ms);
                point.head = point.head.next(&incoming.hash, &lane, &acceptance);
                batch.rows.push(LogRow { entry: entry(incoming, acceptance), head: point.head });
                earlier.insert(lane.seq, (incoming.hash, acceptance));
                verdicts.insert(lane.seq, Verdict::Ok(acceptance));
            }
            // The first verdict on a seq stands: a second op of it must not hide that the first was accepted.
            Decision::Answer(verdict) => {
                verdicts.entry(lane.seq).or_insert(verdict);
            }
            Decision::Reject(code, text) => {
                verdicts.entry(lane.seq).or_insert_with(|| rejected(code, &text));
                if !batch.rejected.iter().any(|it| it.op.lane == lane) {
                    batch.rejected.push(RejectedOp { op: incoming.op.clone(), hash: incoming.hash, code, text });
                }
            }
        }
    }
}

/// Whether a batch is appended to the log or folded again from it.
#[derive(Clone, Copy)]
pub(super) enum FoldMode<'a> {
    /// It is appended.
    Append,
    /// It is on the log, and its projections are written again. The map holds the highest seq of each lane before it.
    Replay(&'a BTreeMap<ReplicaId, u64>),
}

/// Appends ops whose acceptance is decided and brings every cell they touch up to date, and the records that the batch
/// brings along. The clock is held.
///
/// # Errors
/// [`LogError`]: the transaction must be rolled back.
pub async fn append(log: &mut dyn LogTransaction, batch: Batch) -> Result<(), LogError> {
    fold(log, batch, FoldMode::Append).await
}

pub(super) async fn fold(log: &mut dyn LogTransaction, mut batch: Batch, mode: FoldMode<'_>) -> Result<(), LogError> {
    // While the log is folded again, it already holds the ops that come later.
    let first = batch.rows.first().map_or(u64::MAX, |row| row.entry.acceptance.position);
    let new = batch.rows.iter().map(|row| row.entry.clone()).collect();
    let mut fold = Fold::new(FoldBatch { new, ..FoldBatch::default() });
    let write = loop {
        match fold.step() {
            Step::LaneHeads(replicas) => fold.on_lane_heads(match mode {
                FoldMode::Append => log.lane_heads(&replicas).await?,
                FoldMode::Replay(heads) => heads.clone(),
            }),
            Step::Ops(lanes) => {
                let mut ops = log.ops(&lanes).await?;
                ops.retain(|op| op.entry.acceptance.position < first);
                fold.on_ops(ops);
            }
            Step::Voids(lanes) => fold.on_voids(log.voids(&lanes).await?),
            Step::Cells(needs) => fold.on_cells(log.cells(&needs).await?),
            Step::CompleteCloses(past) => fold.on_complete_closes(log.complete_closes(&past).await?),
            Step::Histories(needs) => fold.on_histories(log.histories(&needs).await?),
            Step::Done(write) => break *write,
        }
    };
    batch.dead = write.new.iter().filter(|op| !op.live).map(|op| op.entry.op.lane).collect();
    batch.changed = write.changed;
    if matches!(mode, FoldMode::Append) {
        log.append(&batch).await?;
    }
    log.write_projections(&batch).await?;
    log.upsert_cells(&write.cells, batch.now_ms).await
}
