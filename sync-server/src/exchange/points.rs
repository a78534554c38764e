//! Whether the device and this log are the same history: every log point it names must be on the log.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::LogPoint;

use super::Prepared;
use crate::op_log::{Issued, LogError, LogTransaction};

/// The points without which the exchange makes no sense.
fn claimed(prepared: &Prepared) -> BTreeSet<LogPoint> {
    let request = &prepared.request;
    let seen = prepared.ops.iter().map(|it| it.context.seen);
    seen.chain([request.cursor, request.acknowledged]).collect()
}

/// What the log knows of every position that the request names.
pub(super) async fn issued(
    log: &mut dyn LogTransaction,
    prepared: &Prepared,
) -> Result<BTreeMap<u64, Issued>, LogError> {
    let named = claimed(prepared).into_iter().chain(prepared.request.points.iter().copied());
    let positions: BTreeSet<u64> = named.map(|point| point.position).filter(|position| *position > 0).collect();
    if positions.is_empty() {
        return Ok(BTreeMap::new());
    }
    log.issued(&positions.into_iter().collect::<Vec<_>>()).await
}

/// `None` if every claimed point is on the log; else the newest point that both share, at worst the start.
pub(super) fn lost_tail(prepared: &Prepared, issued: &BTreeMap<u64, Issued>) -> Option<LogPoint> {
    let is_here = |point: &LogPoint| {
        *point == LogPoint::default() || issued.get(&point.position).is_some_and(|it| it.head == point.head)
    };
    let claimed = claimed(prepared);
    if claimed.iter().all(is_here) {
        return None;
    }
    let offered = claimed.iter().chain(&prepared.request.points);
    Some(offered.filter(|point| is_here(point)).max_by_key(|point| point.position).copied().unwrap_or_default())
}
