//! What a push adds: positions, heads, liveness, the cells and records it touches. One pass over sets, however many ops.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::{Entry, Fold};
use stocksync_schemas::{Acceptance, Body, DeviceId, Lane, LogPoint, OpHash, Outcome};

use super::judge::{Fate, judge, rejected};
use super::liveness::liveness;
use super::records::{Arrival, Records, Spoilt, decoding};
use super::{Candidate, ExchangeError, Prepared, accept, entry};
use crate::op_log::{
    Batch, Clock, Issued, KeptRecord, Known, LaneState, LogError, LogRow, LogTransaction, RecordKey, RejectedOp,
};

/// Judges every op, adds the new ones to the log and folds them. The clock is held, and `lane` was read since; answers it as it is afterwards.
pub(super) async fn ingest(
    log: &mut dyn LogTransaction,
    device: DeviceId,
    clock: Clock,
    lane: Option<LaneState>,
    prepared: &Prepared,
    issued: &BTreeMap<u64, Issued>,
    verdicts: &mut BTreeMap<u64, Outcome>,
) -> Result<Clock, ExchangeError> {
    let replica = prepared.request.replica;
    if lane.is_none() {
        log.open_lane(replica, device, clock.now_ms).await?;
    }
    let max_seq = lane.map_or(0, |lane| lane.max_seq);
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
    let late = batch.rows.iter().map(|row| row.entry.op.lane).filter(|lane| lane.seq < max_seq).collect();
    let newest = batch.rows.last().map(|row| LogPoint { position: row.entry.acceptance.position, head: row.head });
    add(log, late, batch).await?;
    Ok(Clock { point: newest.unwrap_or(clock.point), ..clock })
}

/// The record whose document an op must be tried on.
fn record_of(candidate: &Candidate, known: &BTreeMap<u64, Known>) -> Option<RecordKey> {
    match &candidate.op.body {
        Body::Record(it) if candidate.flaw.is_none() && !known.contains_key(&candidate.op.lane.seq) => {
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
    clock: Clock,
    device: DeviceId,
    /// Verdicts on ops that did not decode.
    before: &'a BTreeMap<u64, Outcome>,
}

/// What the ops of a push became.
struct Judged {
    batch: Batch,
    verdicts: BTreeMap<u64, Outcome>,
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

    fn each(&self, records: &mut Records) -> Result<Judged, Spoilt> {
        let replica = self.prepared.request.replica;
        let undecodable = self.prepared.undecodable.clone();
        let batch = Batch { replica, device: self.device, now_ms: self.clock.now_ms, undecodable, ..Batch::default() };
        let mut judged =
            Judged { batch, verdicts: self.before.clone(), earlier: BTreeMap::new(), point: self.clock.point };
        for candidate in &self.prepared.ops {
            let mut fate = judge(replica, candidate, self.known, &judged.earlier);
            if let (Fate::New, Body::Record(change)) = (&fate, &candidate.op.body) {
                let (lane, now_ms) = (candidate.op.lane, self.clock.now_ms);
                fate = records.take(Arrival { change, lane, position: judged.point.position + 1, now_ms })?;
            }
            self.note(&mut judged, candidate, fate);
        }
        // A later op of the same seq that was accepted takes the place of a refused one.
        judged.batch.rejected.retain(|it| !judged.earlier.contains_key(&it.op.lane.seq));
        Ok(judged)
    }

    fn note(&self, judged: &mut Judged, candidate: &Candidate, fate: Fate) {
        let lane = candidate.op.lane;
        let Judged { batch, verdicts, earlier, point } = judged;
        match fate {
            Fate::New => {
                point.position += 1;
                let issued_ms = self.issued.get(&candidate.beside.seen.position).map_or(0, |it| it.server_ms);
                let acceptance =
                    accept::accept(&candidate.beside, point.position, lane.seq, issued_ms, self.clock.now_ms);
                point.head = point.head.next(&candidate.hash, &lane, &acceptance);
                batch.rows.push(LogRow { entry: entry(candidate, acceptance), head: point.head });
                earlier.insert(lane.seq, (candidate.hash, acceptance));
                verdicts.insert(lane.seq, Outcome::Ok(acceptance));
            }
            // The first verdict on a seq stands: a second op of it must not hide that the first was accepted.
            Fate::Answered(outcome) => {
                verdicts.entry(lane.seq).or_insert(outcome);
            }
            Fate::Refused(code, text) => {
                verdicts.entry(lane.seq).or_insert_with(|| rejected(code, &text));
                if !batch.rejected.iter().any(|it| it.op.lane == lane) {
                    batch.rejected.push(RejectedOp { op: candidate.op.clone(), hash: candidate.hash, code, text });
                }
            }
        }
    }
}

/// Whether a batch is new or is folded again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It goes on the log.
    Arrives,
    /// It is on the log; what follows from it is made again.
    Again,
}

/// Puts ops whose acceptance is decided on the log and brings every cell they touch up to date, and the records that the
/// batch brings along. `late` names ops that are not the newest of their lane. The clock is held.
///
/// # Errors
/// [`LogError`]: the transaction must be rolled back.
pub async fn add(log: &mut dyn LogTransaction, late: BTreeSet<Lane>, batch: Batch) -> Result<(), LogError> {
    fold(log, late, batch, Way::Arrives).await
}

pub(super) async fn fold(
    log: &mut dyn LogTransaction,
    late: BTreeSet<Lane>,
    mut batch: Batch,
    way: Way,
) -> Result<(), LogError> {
    let entries: Vec<Entry> = batch.rows.iter().map(|row| row.entry.clone()).collect();
    let found = liveness(log, &entries).await?;
    batch.dead = found.dead;
    batch.changed.clone_from(&found.changed);
    let counting = entries.into_iter().filter(|it| !batch.dead.contains(&it.op.lane)).collect();
    let mut fold = Fold::begin(counting, late, Vec::new(), found.changed);
    let loaded = log.load(&fold.needs()).await?;
    if way == Way::Arrives {
        log.append(&batch).await?;
    }
    log.index(&batch).await?;
    let needs = fold.run(loaded);
    if !needs.is_empty() {
        let histories = log.histories(&needs).await?;
        for (need, history) in needs.iter().zip(&histories) {
            fold.finish(&need.cell, history);
        }
    }
    log.keep(&fold.states(), batch.now_ms).await
}
