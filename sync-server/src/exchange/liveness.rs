//! Which ops count after a batch, as far as the batch can change it: everything that voids connect with it.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::Entry;
use stocksync_ledger::fold::reference::void_of;
use stocksync_ledger::fold::{Changed, VoidGraph, VoidOp};
use stocksync_schemas::{Lane, OpRef};

use crate::op_log::{LogError, LogTransaction};

/// What a batch does to which ops count.
pub(super) struct Liveness {
    /// Ops of the batch that do not count.
    pub dead: BTreeSet<Lane>,
    /// Ops of the log that count now and did not, or did and no longer do.
    pub changed: Vec<Changed>,
}

/// Projections voids in both directions from the batch. `batch` is not on the log yet.
pub(super) async fn liveness(log: &mut dyn LogTransaction, batch: &[Entry]) -> Result<Liveness, LogError> {
    let new: Vec<VoidOp> = batch.iter().filter_map(void_of).collect();
    let mut frontier: BTreeSet<Lane> = batch.iter().map(|entry| entry.op.lane).collect();
    frontier.extend(new.iter().map(|void| void.target.lane));
    let mut reached = frontier.clone();
    let mut old = BTreeSet::<VoidOp>::new();
    while !frontier.is_empty() {
        let found = log.voids(&frontier.iter().copied().collect::<Vec<_>>()).await?;
        frontier = found.iter().flat_map(|void| [void.void.lane, void.target.lane]).collect();
        frontier.retain(|lane| reached.insert(*lane));
        old.extend(found);
    }
    let before = VoidGraph::new(old.iter().copied());
    let mut after = before.clone();
    new.iter().for_each(|void| after.insert(*void));

    let dead = batch.iter().filter(|entry| !after.is_live(&entry.reference())).map(|entry| entry.op.lane).collect();
    let own: BTreeSet<Lane> = batch.iter().map(|entry| entry.op.lane).collect();
    let flipped: BTreeMap<OpRef, bool> = after
        .targets()
        .filter(|target| !own.contains(&target.lane))
        .map(|target| (*target, after.is_live(target)))
        .filter(|(target, live)| before.is_live(target) != *live)
        .collect();
    let lanes: Vec<Lane> = flipped.keys().map(|target| target.lane).collect();
    let entries = if lanes.is_empty() { Vec::new() } else { log.entries(&lanes).await? };
    // A void that names another hash than the log has in that lane names nothing. What comes later on the log is not
    // there yet: so it is while a log is folded again.
    let first = batch.first().map_or(u64::MAX, |entry| entry.acceptance.position);
    let changed = entries
        .into_iter()
        .filter(|entry| entry.acceptance.position < first)
        .filter_map(|entry| flipped.get(&entry.reference()).map(|live| Changed { live: *live, entry }))
        .collect();
    Ok(Liveness { dead, changed })
}
