//! Which ops count (DESIGN 5.1): an op is live unless a live void names it.
//!
//! Owns the evaluation over chains of voids. It is iterative: a chain of hostile length must not exhaust the stack.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::OpRef;

/// A void op: what it is called and what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VoidOp {
    /// The void itself.
    pub void: OpRef,
    /// What it names.
    pub target: OpRef,
}

/// A set of void ops and who names whom. Targets that are not known simply wait in it.
#[derive(Clone, Debug, Default)]
pub struct VoidGraph {
    by_target: BTreeMap<OpRef, BTreeSet<OpRef>>,
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
        self.by_target.entry(void.target).or_default().insert(void.void);
    }

    /// Every op that some void names.
    pub fn targets(&self) -> impl Iterator<Item = &OpRef> {
        self.by_target.keys()
    }

    /// Whether `op` counts. References cannot form a circle, because an op names others by hash; a circle made of forged
    /// hashes ends as "live".
    #[must_use]
    pub fn is_live(&self, op: &OpRef) -> bool {
        let mut known = BTreeMap::<OpRef, bool>::new();
        let mut entered = BTreeSet::new();
        let mut stack = vec![*op];
        while let Some(&current) = stack.last() {
            let voids = self.by_target.get(&current);
            let waiting: Vec<OpRef> = voids
                .into_iter()
                .flatten()
                .filter(|void| !known.contains_key(void) && !entered.contains(*void))
                .copied()
                .collect();
            if waiting.is_empty() {
                let voided = voids.into_iter().flatten().any(|void| known.get(void).copied().unwrap_or(false));
                known.insert(current, !voided);
                stack.pop();
            } else {
                entered.insert(current);
                stack.extend(waiting);
            }
        }
        known.get(op).copied().unwrap_or(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stocksync_schemas::{Lane, OpHash, ReplicaId};

    fn op(seq: u64) -> OpRef {
        OpRef { lane: Lane { replica: ReplicaId([1; 16]), seq }, hash: OpHash([seq as u8; 32]) }
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
    }

    #[test]
    fn a_long_chain_ends() {
        let graph = VoidGraph::new((1..100_000).map(|seq| VoidOp {
            void: OpRef { lane: Lane { replica: ReplicaId([1; 16]), seq: seq + 1 }, hash: OpHash([0; 32]) },
            target: OpRef { lane: Lane { replica: ReplicaId([1; 16]), seq }, hash: OpHash([0; 32]) },
        }));
        let first = OpRef { lane: Lane { replica: ReplicaId([1; 16]), seq: 1 }, hash: OpHash([0; 32]) };
        assert!(!graph.is_live(&first), "99 999 voids stand in a row: the first is voided by a live one");
    }
}
