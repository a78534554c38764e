//! Which ops a batch makes count, or count no longer (design 5.1).
//!
//! Owns the walk over the connected components of voids that a batch touches, and their one evaluation. Must never walk
//! further than the depth of a void that has an effect: chains of any length cost the same.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::{Body, Lane, OpRef};

use super::requests::{LivenessChange, NewOp, Restamp, StoredOp};
use super::voids::{VOID_DEPTH, VoidGraph, VoidOp};
use super::{Entry, FoldBatch};

/// The void that an entry is, if it is one.
#[must_use]
pub fn void_of(entry: &Entry) -> Option<VoidOp> {
    match &entry.op.body {
        Body::Void(void) => Some(VoidOp { void: entry.reference(), target: void.target }),
        _ => None,
    }
}

/// What a batch makes of each op it names or touches.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    pub new: Vec<NewOp>,
    pub decoded: Vec<NewOp>,
    /// Every op with a new acceptance, live or not.
    pub accepted: Vec<Restamp>,
    /// Those of `accepted` that counted before and count now.
    pub restamped: Vec<Restamp>,
    pub rejected: Vec<Entry>,
    pub dropped: Vec<Entry>,
    /// Stored ops that count now and did not, or did and no longer do, those of `rejected` and `dropped` included.
    pub changed: Vec<LivenessChange>,
}

/// The voids of a store that a batch may concern.
#[derive(Debug, Default)]
pub(super) struct VoidWalk {
    /// From here the walk begins: ops that are new, decoded, or named by their lane in the batch, and what they void.
    starts: BTreeSet<OpRef>,
    /// Voids that the batch brings.
    added: Vec<VoidOp>,
    /// Voids that leave the set.
    removed: BTreeSet<OpRef>,
    /// Voids that the store holds.
    stored: BTreeSet<VoidOp>,
    /// Lanes that the store has been asked about.
    asked: BTreeSet<Lane>,
}

impl VoidWalk {
    /// Begins at the ops of `batch`; `named` are those that it names by their lane.
    pub(super) fn new(batch: &FoldBatch, named: &BTreeMap<Lane, StoredOp>) -> Self {
        let mut walk = Self::default();
        for entry in batch.new.iter().chain(&batch.decoded) {
            walk.starts.insert(entry.reference());
            walk.added.extend(void_of(entry));
        }
        for op in named.values() {
            let entry = &op.entry;
            walk.starts.insert(entry.reference());
            let Some(void) = void_of(entry) else { continue };
            if batch.leaves(&entry.op.lane) {
                walk.removed.insert(void.void);
                walk.starts.insert(void.target);
            } else if op.rejected {
                // A rejected void names nothing; one that is accepted after all names its target again.
                walk.added.push(void);
            }
        }
        walk
    }

    /// Lanes whose voids are not known and may matter.
    pub(super) fn missing(&self) -> BTreeSet<Lane> {
        let mut graph = VoidGraph::new(self.stored.iter().copied());
        self.added.iter().for_each(|void| graph.insert(*void));
        let mut reach = Reach { graph: &graph, budget: BTreeMap::new(), lanes: BTreeSet::new() };
        for start in &self.starts {
            reach.climb(*start, VOID_DEPTH);
            if let Some(root) = reach.descend(*start, &self.asked) {
                reach.climb(root, VOID_DEPTH);
            }
        }
        reach.lanes.difference(&self.asked).copied().collect()
    }

    /// Takes the answer to [`VoidWalk::missing`].
    pub(super) fn add(&mut self, asked: BTreeSet<Lane>, found: Vec<VoidOp>) {
        self.asked.extend(asked);
        self.stored.extend(found);
    }

    /// Evaluates the walked components before and after the batch.
    pub(super) fn evaluate(&self) -> Evaluated {
        let before = VoidGraph::new(self.stored.iter().copied());
        let mut after = before.clone();
        self.removed.iter().for_each(|void| after.remove(void));
        self.added.iter().for_each(|void| after.insert(*void));
        let ops: BTreeSet<OpRef> = before.ops().into_iter().chain(after.ops()).chain(self.starts.clone()).collect();
        Evaluated { before: before.evaluate(ops.iter().copied()), after: after.evaluate(ops) }
    }
}

/// The part of a graph that matters to a batch.
struct Reach<'g> {
    graph: &'g VoidGraph,
    /// How many levels of voids above an op still matter.
    budget: BTreeMap<OpRef, usize>,
    lanes: BTreeSet<Lane>,
}

impl Reach<'_> {
    /// Follows targets downwards. Answers the root of the component, once it is known to be one; beyond [`VOID_DEPTH`]
    /// nothing below matters.
    fn descend(&mut self, from: OpRef, asked: &BTreeSet<Lane>) -> Option<OpRef> {
        let mut at = from;
        for _ in 0..=VOID_DEPTH {
            self.lanes.insert(at.lane);
            match self.graph.target(&at) {
                Some(target) => at = target,
                None => return asked.contains(&at.lane).then_some(at),
            }
        }
        None
    }

    /// Reaches the voids that name `op`, those that name these, and so on, so many levels.
    fn climb(&mut self, op: OpRef, levels: usize) {
        let mut next = vec![(op, levels)];
        while let Some((op, levels)) = next.pop() {
            let known = self.budget.entry(op).or_default();
            if levels <= *known {
                continue;
            }
            *known = levels;
            self.lanes.insert(op.lane);
            next.extend(self.graph.voids_of(&op).map(|void| (*void, levels - 1)));
        }
    }
}

/// Liveness of every walked op, before a batch and after it.
#[derive(Debug, Default)]
pub(super) struct Evaluated {
    before: BTreeMap<OpRef, bool>,
    after: BTreeMap<OpRef, bool>,
}

impl Evaluated {
    fn was_live(&self, op: &OpRef) -> bool {
        self.before.get(op).copied().unwrap_or(true)
    }

    fn is_live(&self, op: &OpRef) -> bool {
        self.after.get(op).copied().unwrap_or(true)
    }

    /// Lanes of ops outside of `known` whose liveness may change.
    pub(super) fn flipped(&self, known: impl Fn(&Lane) -> bool) -> BTreeSet<Lane> {
        let flipped = self.after.keys().filter(|op| self.was_live(op) != self.is_live(op));
        flipped.map(|op| op.lane).filter(|lane| !known(lane)).collect()
    }

    /// What becomes of every op of the batch, and of the `stored` ones that it names or that flipped.
    pub(super) fn apply(&self, batch: FoldBatch, stored: BTreeMap<Lane, StoredOp>) -> Liveness {
        let place = |entry: Entry| NewOp { live: self.is_live(&entry.reference()), entry };
        let (rejected, dropped) = (batch.rejected, batch.dropped);
        let accepted: BTreeMap<Lane, Entry> = batch.accepted.into_iter().map(|entry| (entry.op.lane, entry)).collect();
        let mut liveness = Liveness {
            new: batch.new.into_iter().map(place).collect(),
            decoded: batch.decoded.into_iter().map(place).collect(),
            ..Liveness::default()
        };
        let decoded = liveness.decoded.iter().filter(|op| op.live);
        let decoded: Vec<_> = decoded.map(|op| LivenessChange { entry: op.entry.clone(), live: true }).collect();
        liveness.changed.extend(decoded);
        for (lane, StoredOp { entry: old, rejected: was_rejected }) in stored {
            let reference = old.reference();
            // Another hash in the lane: another op, which is not accepted by this.
            let new = accepted.get(&lane).filter(|new| new.hash == old.hash);
            let leaves = rejected.contains(&lane) || dropped.contains(&lane);
            let was = !was_rejected && self.was_live(&reference);
            let is = !leaves && (!was_rejected || new.is_some()) && self.is_live(&reference);
            let restamp = new.map(|new| Restamp { entry: new.clone(), before: old.stamp() });
            let entry = new.cloned().unwrap_or(old);
            if dropped.contains(&lane) {
                liveness.dropped.push(entry.clone());
            } else if rejected.contains(&lane) {
                liveness.rejected.push(entry.clone());
            } else if let Some(restamp) = restamp {
                liveness.restamped.extend((was && is).then(|| restamp.clone()));
                liveness.accepted.push(restamp);
            }
            if was != is {
                liveness.changed.push(LivenessChange { entry, live: is });
            }
        }
        liveness
    }
}
