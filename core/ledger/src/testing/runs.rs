//! Ways in which the ops of a history come to a store.

use std::collections::BTreeSet;

use stocksync_schemas::acceptance::NOT_ACCEPTED;
use stocksync_schemas::{Body, ReplicaId};

use super::build::provisional;
use super::{Folds, Rng};
use crate::fold::{Entry, FoldBatch};

/// In order of position, in batches of one replica each, as on a server's log.
///
/// # Panics
/// At the first difference.
pub fn in_batches(store: &mut impl Folds, entries: &[Entry], rng: &mut Rng) {
    for run in entries.chunk_by(|one, next| one.op.lane.replica == next.op.lane.replica) {
        let size = usize::try_from(rng.below(5) + 1).unwrap();
        for batch in run.chunks(size) {
            store.fold(FoldBatch { new: batch.to_vec(), ..FoldBatch::default() }, "in order of position");
        }
    }
}

/// As on the device of replica 1: its own ops come before they are accepted, some of them are rejected, and once the server
/// loses the end of its log.
///
/// # Panics
/// At the first difference.
pub fn as_a_device(store: &mut impl Folds, entries: &[Entry], rng: &mut Rng) {
    let mut run = DeviceRun::new(entries, rng);
    let mut lost_at = Some(rng.below(2 * entries.len() as u64));
    let mut arrived = 0;
    while let Some(entry) = run.log.get(arrived).cloned() {
        run.capture(store, arrived as u64, rng);
        run.arrive(store, entry, rng);
        arrived += 1;
        if lost_at == Some(arrived as u64) {
            lost_at = None;
            run.lose_tail(store, &mut arrived, rng);
        }
    }
    run.capture(store, u64::MAX, rng);
}

struct DeviceRun {
    own: ReplicaId,
    /// What the server has, in order of position.
    log: Vec<Entry>,
    /// Own ops that are not captured yet.
    waiting: Vec<Entry>,
    /// Own seqs that the server will not apply.
    refused: BTreeSet<u64>,
}

impl DeviceRun {
    fn new(entries: &[Entry], rng: &mut Rng) -> Self {
        let own = ReplicaId([1; 16]);
        let mut waiting: Vec<Entry> = entries.iter().filter(|entry| entry.op.lane.replica == own).cloned().collect();
        waiting.sort_by_key(|entry| entry.op.lane.seq);
        let refused = waiting.iter().map(|entry| entry.op.lane.seq).filter(|_| rng.once_in(8)).collect();
        Self { own, log: entries.to_vec(), waiting, refused }
    }

    /// Captures own ops, ahead of their acceptance, once all that they knew is here.
    fn capture(&mut self, store: &mut impl Folds, position: u64, rng: &mut Rng) {
        while let Some(next) = self.waiting.first() {
            let ahead = position.saturating_add(rng.below(12));
            if next.acceptance.past > position
                || next.acceptance.position > ahead
                || !self.targets_are_here(store, next)
            {
                return;
            }
            let batch = FoldBatch { new: vec![provisional(next)], ..FoldBatch::default() };
            store.fold(batch, "captured");
            self.waiting.remove(0);
        }
    }

    /// Nobody names what he has not seen.
    fn targets_are_here(&self, store: &impl Folds, entry: &Entry) -> bool {
        match &entry.op.body {
            Body::Void(void) => store.model().holds(void.target.lane),
            Body::Close(close) => {
                close.parts.iter().flat_map(|part| &part.counts).all(|count| store.model().holds(count.lane))
            }
            _ => true,
        }
    }

    /// An op comes down, or the verdict on an own one.
    fn arrive(&mut self, store: &mut impl Folds, entry: Entry, rng: &mut Rng) {
        let lane = entry.op.lane;
        if lane.replica != self.own {
            return store.fold(FoldBatch { new: vec![entry], ..FoldBatch::default() }, "pulled");
        }
        // What is not captured by now has been, on a phone: it precedes its acceptance.
        while let Some(at) = self.waiting.iter().position(|waiting| waiting.op.lane.seq <= lane.seq) {
            let waiting = self.waiting.remove(at);
            store.fold(FoldBatch { new: vec![provisional(&waiting)], ..FoldBatch::default() }, "captured late");
        }
        if self.refused.contains(&lane.seq) {
            store.fold(FoldBatch { rejected: BTreeSet::from([lane]), ..FoldBatch::default() }, "rejected");
            if rng.once_in(3) {
                // A server that lost its tail may judge again.
                self.refused.remove(&lane.seq);
                store.fold(FoldBatch { accepted: vec![entry], ..FoldBatch::default() }, "accepted after all");
            }
            return;
        }
        store.fold(FoldBatch { accepted: vec![entry], ..FoldBatch::default() }, "accepted");
    }

    /// The server loses its log past a point: own ops wait again, others' come again, all knowing no more than that point.
    fn lose_tail(&mut self, store: &mut impl Folds, arrived: &mut usize, rng: &mut Rng) {
        let common = rng.below(*arrived as u64 + 1);
        let lower = |entry: &mut Entry| entry.acceptance.past = entry.acceptance.past.min(common);
        let mut batch = FoldBatch::default();
        for mut entry in store.model().entries().into_iter().filter(|entry| entry.acceptance.position > common) {
            if entry.op.lane.replica == self.own {
                entry.acceptance.position = NOT_ACCEPTED;
                lower(&mut entry);
                batch.accepted.push(entry);
            } else {
                batch.dropped.insert(entry.op.lane);
            }
        }
        store.fold(batch, "lost tail");
        self.waiting.iter_mut().for_each(lower);
        let kept = usize::try_from(common).unwrap();
        let mut lost = self.log.split_off(kept);
        lost.retain(|entry| entry.op.lane.replica != self.own || !self.refused.contains(&entry.op.lane.seq));
        // In some other order; most of the ops of a lane stay in theirs.
        for _ in 0..lost.len() / 2 {
            let (one, other) = (rng.below(lost.len() as u64), rng.below(lost.len() as u64));
            let (one, other) = (usize::try_from(one).unwrap(), usize::try_from(other).unwrap());
            if lost[one].op.lane.replica != lost[other].op.lane.replica {
                lost.swap(one, other);
            }
        }
        for mut entry in lost {
            lower(&mut entry);
            entry.acceptance.position = self.log.len() as u64 + 1;
            self.log.push(entry);
        }
        *arrived = kept;
    }
}
