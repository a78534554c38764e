//! Everything that follows from the op log, made again from it.
//!
//! Owns the replay: the batches of the log in their order, through the same fold as when they came, so that the tables
//! end with the same rows. Must never change the log, nor what is known of devices and refused ops.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::limits::PUSH_OPS;
use stocksync_schemas::{Body, ReplicaId};

use super::ingest::{FoldMode, fold};
use super::records::{Arrival, DocumentCorrupted, Records, decoding};
use crate::op_log::{Batch, ChangedRecord, KeptRecord, LogError, LogRow, LogTransaction, RecordKey};

/// Rows read at a time: more than a batch has, so that each is whole at least once.
const PAGE: usize = 2 * PUSH_OPS;

/// What was made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Rebuilt {
    /// Ops of the log.
    pub ops: u64,
    /// Batches in which they had come.
    pub batches: u64,
}

/// Drops balances, records and exceptions of a tenant and makes them again from its log. The tenant's clock is held
/// meanwhile: pushes wait. `wall_ms` is this machine's clock.
///
/// # Errors
/// [`LogError`]: roll back; nothing has changed.
pub async fn rebuild(log: &mut dyn LogTransaction, wall_ms: i64) -> Result<Rebuilt, LogError> {
    log.clock(wall_ms).await?;
    log.drop_projections().await?;
    let mut highest = BTreeMap::<ReplicaId, u64>::new();
    let (mut after, mut done) = (0, Rebuilt::default());
    loop {
        let rows = log.page(after, u32::try_from(PAGE).unwrap_or(u32::MAX)).await?;
        let whole = rows.len() < PAGE;
        let positions: Vec<u64> = rows.iter().map(|row| row.entry.acceptance.position).collect();
        let issued = if positions.is_empty() { BTreeMap::new() } else { log.issued(&positions).await? };
        let time = |row: &LogRow| issued.get(&row.entry.acceptance.position).map_or(0, |it| it.server_ms);
        let came_together = |left: &LogRow, right: &LogRow| {
            left.entry.op.lane.replica == right.entry.op.lane.replica && time(left) == time(right)
        };
        let mut batches: Vec<&[LogRow]> = rows.chunk_by(came_together).collect();
        // The last one may go on in the next page.
        if !whole && batches.len() > 1 {
            batches.pop();
        }
        for rows in batches {
            let Some((first, last)) = rows.first().zip(rows.last()) else { continue };
            let replica = first.entry.op.lane.replica;
            let batch = Batch { replica, now_ms: time(first), rows: rows.to_vec(), ..Batch::default() };
            replay(log, batch, &highest).await?;
            let head = highest.entry(replica).or_default();
            *head = rows.iter().map(|row| row.entry.op.lane.seq).fold(*head, u64::max);
            after = last.entry.acceptance.position;
            done.ops += rows.len() as u64;
            done.batches += 1;
        }
        if whole {
            return Ok(done);
        }
    }
}

async fn replay(
    log: &mut dyn LogTransaction,
    mut batch: Batch,
    heads: &BTreeMap<ReplicaId, u64>,
) -> Result<(), LogError> {
    let keys: BTreeSet<RecordKey> = batch
        .rows
        .iter()
        .filter_map(|row| match &row.entry.op.body {
            Body::Record(it) => RecordKey::new(&it.collection, it.record),
            _ => None,
        })
        .collect();
    if !keys.is_empty() {
        let kept = log.records(&keys).await?;
        batch.records = decoding(|| merged(&kept, &batch.rows, batch.now_ms))?;
    }
    fold(log, batch, FoldMode::Replay(heads)).await
}

fn merged(
    kept: &BTreeMap<RecordKey, KeptRecord>,
    rows: &[LogRow],
    now_ms: i64,
) -> Result<Vec<ChangedRecord>, LogError> {
    let merge = |careful: bool| -> Result<Result<Vec<ChangedRecord>, DocumentCorrupted>, LogError> {
        let mut records = Records::open(kept, careful)?;
        for entry in rows.iter().map(|row| &row.entry) {
            if let Body::Record(change) = &entry.op.body {
                let (lane, position) = (entry.op.lane, entry.acceptance.position);
                if records.take_again(Arrival { change, lane, position, now_ms }).is_err() {
                    return Ok(Err(DocumentCorrupted));
                }
            }
        }
        Ok(records.close())
    };
    if let Ok(changed) = merge(false)? {
        return Ok(changed);
    }
    merge(true)?.map_err(|DocumentCorrupted| LogError::Damaged("a proven document cannot be read"))
}
