//! The way down: others' ops after the cursor, and what the device may not know of its own.

use std::collections::BTreeMap;

use stocksync_schemas::limits::{PULL_OPS, PUSH_BODY_BYTES};
use stocksync_schemas::{Acceptance, AcceptedOp, Body, ExchangeRequest, LogPoint, Verdict};

use crate::op_log::{LogError, LogTransaction};

/// One page of the log as one device sees it.
pub(super) struct Page {
    /// Others' ops.
    pub ops: Vec<AcceptedOp>,
    /// Own ops that the page passes and whose verdict may not have arrived.
    pub own: Vec<(u64, Acceptance)>,
    /// The last row looked at.
    pub cursor: LogPoint,
}

/// Reads the log after the request's cursor. Own ops with a verdict in this answer are left out.
pub(super) async fn page(
    log: &mut dyn LogTransaction,
    request: &ExchangeRequest,
    verdicts: &BTreeMap<u64, Verdict>,
) -> Result<Page, LogError> {
    let limit = request.pull_limit.min(u32::try_from(PULL_OPS).unwrap_or(u32::MAX));
    let mut page = Page { ops: Vec::new(), own: Vec::new(), cursor: request.cursor };
    if limit == 0 {
        return Ok(page);
    }
    let mut bytes = 0;
    for row in log.page(request.cursor.position, limit).await? {
        // An answer is bounded in bytes too, but always brings one op.
        bytes += size(&row.entry.op.body);
        if bytes > PUSH_BODY_BYTES && page.cursor != request.cursor {
            break;
        }
        let acceptance = row.entry.acceptance;
        page.cursor = LogPoint { position: acceptance.position, head: row.head };
        let lane = row.entry.op.lane;
        if lane.replica != request.replica {
            page.ops.push(AcceptedOp { op: row.entry.op, acceptance });
        } else if lane.seq > request.final_seq && !verdicts.contains_key(&lane.seq) {
            page.own.push((lane.seq, acceptance));
        }
    }
    Ok(page)
}

/// Movements and counts are small; the kinds that can be large are measured.
fn size(body: &Body) -> usize {
    match body {
        Body::Count(_) | Body::Void(_) => 128,
        Body::Move(it) => it.lines.iter().map(|line| 64 + line.lot.len() + line.entered.len()).sum::<usize>() + 128,
        Body::Close(it) => it.parts.iter().map(|part| 64 + 60 * part.counts.len()).sum::<usize>() + 128,
        Body::Record(it) => it.change.len() + 64,
        Body::Opaque(bytes) => bytes.len(),
    }
}

/// The log point of the newest op that the verdicts accept.
pub(super) async fn newest_acknowledged(
    log: &mut dyn LogTransaction,
    verdicts: &BTreeMap<u64, Verdict>,
) -> Result<Option<LogPoint>, LogError> {
    let accepted = verdicts.values().filter_map(|verdict| match verdict {
        Verdict::Ok(acceptance) | Verdict::Duplicate(acceptance) => Some(acceptance.position),
        Verdict::Rejected { .. } => None,
    });
    let Some(position) = accepted.max() else { return Ok(None) };
    let issued = log.issued(&[position]).await?;
    let point = issued.get(&position).map(|it| LogPoint { position, head: it.head });
    point.map(Some).ok_or(LogError::Damaged("an accepted op is not on the log"))
}
