//! What a push adds: positions, heads, liveness, and the cells it touches. One pass over sets, however many ops.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::{Entry, Fold};
use stocksync_schemas::{Acceptance, DeviceId, Lane, LogPoint, OpHash, Outcome};

use super::judge::{Fate, judge, rejected};
use super::liveness::liveness;
use super::{ExchangeError, Prepared, accept, entry};
use crate::op_log::{Batch, Clock, Issued, LaneState, LogError, LogRow, LogTransaction, RejectedOp};

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
    if prepared.ops.is_empty() {
        return Ok(clock);
    }
    let mut batch = Batch { replica, device, now_ms: clock.now_ms, ..Batch::default() };
    judge_all(log, clock, prepared, issued, verdicts, &mut batch).await?;
    if batch.rows.is_empty() && batch.rejected.is_empty() {
        return Ok(clock);
    }
    let late = batch.rows.iter().map(|row| row.entry.op.lane).filter(|lane| lane.seq < max_seq).collect();
    let newest = batch.rows.last().map(|row| LogPoint { position: row.entry.acceptance.position, head: row.head });
    add(log, late, batch).await?;
    Ok(Clock { point: newest.unwrap_or(clock.point), ..clock })
}

/// Fills the verdicts, the batch's rows and its rejections.
async fn judge_all(
    log: &mut dyn LogTransaction,
    clock: Clock,
    prepared: &Prepared,
    issued: &BTreeMap<u64, Issued>,
    verdicts: &mut BTreeMap<u64, Outcome>,
    batch: &mut Batch,
) -> Result<(), LogError> {
    let seqs: BTreeSet<u64> = prepared.ops.iter().map(|it| it.op.lane.seq).collect();
    let known = log.known(batch.replica, &seqs.into_iter().collect::<Vec<_>>()).await?;
    let mut earlier = BTreeMap::<u64, (OpHash, Acceptance)>::new();
    let mut point = clock.point;
    for candidate in &prepared.ops {
        let lane = candidate.op.lane;
        match judge(batch.replica, candidate, &known, &earlier) {
            Fate::New => {
                point.position += 1;
                let issued_ms = issued.get(&candidate.beside.seen.position).map_or(0, |it| it.server_ms);
                let acceptance = accept::accept(&candidate.beside, point.position, lane.seq, issued_ms, clock.now_ms);
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
    // A later op of the same seq that was accepted takes the place of a refused one.
    batch.rejected.retain(|it| !earlier.contains_key(&it.op.lane.seq));
    Ok(())
}

/// Puts ops whose acceptance is decided on the log and brings every cell they touch up to date. `late` names those that
/// are not the newest of their lane. The clock is held.
///
/// # Errors
/// [`LogError`]: the transaction must be rolled back.
pub async fn add(log: &mut dyn LogTransaction, late: BTreeSet<Lane>, mut batch: Batch) -> Result<(), LogError> {
    let entries: Vec<Entry> = batch.rows.iter().map(|row| row.entry.clone()).collect();
    let found = liveness(log, &entries).await?;
    batch.dead = found.dead;
    batch.changed.clone_from(&found.changed);
    let counting = entries.into_iter().filter(|it| !batch.dead.contains(&it.op.lane)).collect();
    let mut fold = Fold::begin(counting, late, Vec::new(), found.changed);
    let loaded = log.load(&fold.needs()).await?;
    log.append(&batch).await?;
    let needs = fold.run(loaded);
    if !needs.is_empty() {
        let histories = log.histories(&needs).await?;
        for (need, history) in needs.iter().zip(&histories) {
            fold.finish(&need.cell, history);
        }
    }
    log.keep(&fold.states(), batch.now_ms).await
}
