//! Which ops count (design 5.1): an op is live unless a live void names it.
//!
//! Owns the graph of voids, the depth of a void and the evaluation of liveness. Must never recurse further than
//! [`VOID_DEPTH`]: chains of voids come from outside and may have any length.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::OpRef;

/// The deepest void that has an effect. A void of something else has depth 1, a void of a void one more than its target.
pub const VOID_DEPTH: usize = 8;

/// A void op and what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VoidOp {
    /// The void itself.
    pub void: OpRef,
    /// The op it names.
    pub target: OpRef,
}

/// A set of voids. A void names one op, so each connected component is a tree whose root is no void, or is not known.
///
/// Liveness is a pure function of the set: neither the order of insertion nor ops outside of the set matter.
#[derive(Clone, Debug, Default)]
pub struct VoidGraph {
    target_of: BTreeMap<OpRef, OpRef>,
    voids_of: BTreeMap<OpRef, BTreeSet<OpRef>>,
}

impl VoidGraph {
    /// The graph of `voids`.
    pub fn new(voids: impl IntoIterator<Item = VoidOp>) -> Self {
        let mut graph = Self::default();
        for void in voids {
            graph.insert(void);
        }
        graph
    }

    /// Adds one void; adding it again changes nothing.
    pub fn insert(&mut self, void: VoidOp) {
        self.target_of.insert(void.void, void.target);
        self.voids_of.entry(void.target).or_default().insert(void.void);
    }

    /// Takes a void out: what it names is named by one void less, and voids that name it wait for a target.
    pub fn remove(&mut self, void: &OpRef) {
        if let Some(target) = self.target_of.remove(void)
            && let Some(voids) = self.voids_of.get_mut(&target)
        {
            voids.remove(void);
        }
    }

    /// Every op that is a void of the set or named by one.
    #[must_use]
    pub fn ops(&self) -> BTreeSet<OpRef> {
        self.target_of.keys().chain(self.voids_of.keys()).copied().collect()
    }

    /// The op that a void of the set names; none for other ops.
    #[must_use]
    pub fn target(&self, void: &OpRef) -> Option<OpRef> {
        self.target_of.get(void).copied()
    }

    /// The voids of the set that name `op`.
    pub fn voids_of(&self, op: &OpRef) -> impl Iterator<Item = &OpRef> {
        self.voids_of.get(op).into_iter().flatten()
    }

    /// How deep an op lies: 0 for what is no void of the set; none beyond [`VOID_DEPTH`].
    #[must_use]
    pub fn depth(&self, op: &OpRef) -> Option<usize> {
        let mut at = *op;
        for depth in 0..=VOID_DEPTH {
            match self.target_of.get(&at) {
                Some(target) => at = *target,
                None => return Some(depth),
            }
        }
        None
    }

    /// Whether `op` counts.
    #[must_use]
    pub fn is_live(&self, op: &OpRef) -> bool {
        self.evaluate([*op]).remove(op).unwrap_or(true)
    }

    /// Whether each of `ops` counts. What several of them depend on is evaluated once.
    #[must_use]
    pub fn evaluate(&self, ops: impl IntoIterator<Item = OpRef>) -> BTreeMap<OpRef, bool> {
        let mut known = BTreeMap::new();
        let ops: Vec<OpRef> = ops.into_iter().collect();
        for op in &ops {
            let depth = self.depth(op).unwrap_or(VOID_DEPTH);
            self.live_at(op, depth, &mut known);
        }
        ops.into_iter().map(|op| (op, known.get(&op).copied().unwrap_or(true))).collect()
    }

    /// The liveness of an op that lies at `depth`. Voids deeper than [`VOID_DEPTH`] do nothing, which bounds the recursion.
    fn live_at(&self, op: &OpRef, depth: usize, known: &mut BTreeMap<OpRef, bool>) -> bool {
        if let Some(live) = known.get(op) {
            return *live;
        }
        let live = depth >= VOID_DEPTH || !self.voids_of(op).any(|void| self.live_at(void, depth + 1, known));
        known.insert(*op, live);
        live
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stocksync_schemas::{Lane, OpHash, ReplicaId};

    fn op(seq: u64) -> OpRef {
        OpRef { lane: Lane { replica: ReplicaId([1; 16]), seq }, hash: OpHash([0; 32]) }
    }

    fn chain(length: u64) -> VoidGraph {
        VoidGraph::new((1..=length).map(|seq| VoidOp { void: op(seq + 1), target: op(seq) }))
    }

    #[test]
    fn a_voided_void_revives_its_target() {
        let mut graph = VoidGraph::new([VoidOp { void: op(2), target: op(1) }]);
        assert!(!graph.is_live(&op(1)));
        graph.insert(VoidOp { void: op(3), target: op(2) });
        assert!(graph.is_live(&op(1)));
        assert!(!graph.is_live(&op(2)));
        graph.insert(VoidOp { void: op(4), target: op(1) });
        assert!(!graph.is_live(&op(1)), "a second void of the same op still stands");
        graph.remove(&op(4));
        assert!(graph.is_live(&op(1)));
    }

    #[test]
    fn a_void_deeper_than_eight_does_nothing() {
        for length in 0..=8 {
            assert_eq!(chain(length).is_live(&op(1)), length % 2 == 0, "{length} voids in a row");
        }
        for length in 9..=12 {
            assert!(chain(length).is_live(&op(1)), "eight of {length} voids count");
            assert!(chain(length).is_live(&op(9)), "the void of depth 8 is not voided by one of depth 9");
        }
    }

    #[test]
    fn a_void_whose_target_is_not_known_waits() {
        let mut graph = VoidGraph::new((2..=9).map(|seq| VoidOp { void: op(seq + 1), target: op(seq) }));
        assert_eq!(graph.depth(&op(10)), Some(8));
        assert!(!graph.is_live(&op(9)), "named by a void of depth 8");
        graph.insert(VoidOp { void: op(2), target: op(1) });
        assert_eq!(graph.depth(&op(10)), None);
        assert!(graph.is_live(&op(9)), "what arrived makes the last void too deep");
    }

    #[test]
    fn a_circle_of_forged_hashes_ends() {
        let mut graph = chain(4);
        graph.insert(VoidOp { void: op(1), target: op(5) });
        assert!((1..=5).all(|seq| graph.is_live(&op(seq))));
    }

    #[test]
    fn a_chain_of_100_000_is_evaluated_in_one_pass() {
        let graph = chain(100_000);
        let live = graph.evaluate((1..=100_001).map(op));
        assert_eq!(live.values().filter(|live| !**live).count(), 4);
    }
}
