//! A store beside the model: every answer is compared.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::{Cell, Lane, Location, ReplicaId};

use super::{Folds, ModelStore, TestStore};
use crate::exceptions::{self, Exception};
use crate::fold::{
    CellHistory, CellNeeds, CellView, FoldBatch, FoldStore, FoldWrite, HistoryNeed, LoadedCells, OpStamp, StoredOp,
    VoidOp, fold_into,
};

/// A store and the model, which hold the same.
#[derive(Debug)]
pub struct Checked<S> {
    /// Under test.
    pub store: S,
    /// Right by definition.
    pub model: ModelStore,
    /// What is open, as opened and closed one by one.
    open: BTreeSet<Exception>,
}

impl<S: TestStore> Checked<S> {
    /// An empty store beside an empty model.
    pub fn new(store: S) -> Self {
        Self { store, model: ModelStore::default(), open: BTreeSet::new() }
    }

    /// What a cell shows, the same in both.
    ///
    /// # Panics
    /// Where they differ.
    pub fn view(&mut self, cell: &Cell) -> CellView {
        let stored = self.store.state(cell).unwrap().unwrap_or_default().view();
        assert_eq!(stored, self.model.view(cell), "{cell:?}");
        stored
    }
}

impl<S: TestStore> Folds for Checked<S> {
    fn fold(&mut self, batch: FoldBatch, context: &str) {
        fold_into(self, batch).unwrap();
        self.model.assert_agrees(context);
    }

    fn model(&self) -> &ModelStore {
        &self.model
    }
}

fn same<T: Ord + std::fmt::Debug>(mut found: Vec<T>, mut right: Vec<T>, what: &str) {
    found.sort();
    right.sort();
    assert_eq!(found, right, "{what}: the store's answer, and the right one");
}

/// A history in an order that can be compared.
fn sorted(mut history: CellHistory) -> CellHistory {
    history.movements.sort_by_key(|fact| fact.stamp);
    history.counts.sort_by_key(|fact| fact.stamp);
    history.closes.sort_by_key(|fact| fact.stamp);
    history
}

impl<S: TestStore> FoldStore for Checked<S> {
    type Error = S::Error;

    fn lane_heads(&mut self, replicas: &BTreeSet<ReplicaId>) -> Result<BTreeMap<ReplicaId, u64>, S::Error> {
        let mut found = self.store.lane_heads(replicas)?;
        found.retain(|_, seq| *seq > 0);
        let Ok(right) = self.model.lane_heads(replicas);
        assert_eq!(found, right, "lane heads");
        Ok(right)
    }

    fn ops(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<StoredOp>, S::Error> {
        let by_lane = |ops: Vec<StoredOp>| ops.into_iter().map(|op| (op.entry.op.lane, op)).collect::<BTreeMap<_, _>>();
        let Ok(right) = self.model.ops(lanes);
        let found = self.store.ops(lanes)?;
        assert_eq!(found.len(), right.len(), "ops");
        assert_eq!(by_lane(found), by_lane(right.clone()), "ops");
        Ok(right)
    }

    fn voids(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<VoidOp>, S::Error> {
        let Ok(right) = self.model.voids(lanes);
        same(self.store.voids(lanes)?, right.clone(), "voids");
        Ok(right)
    }

    fn cells(&mut self, needs: &CellNeeds) -> Result<LoadedCells, S::Error> {
        let Ok(right) = self.model.cells(needs);
        assert_eq!(self.store.cells(needs)?, right, "cells");
        Ok(right)
    }

    fn complete_closes(
        &mut self,
        past: &BTreeMap<Location, u64>,
    ) -> Result<BTreeMap<Location, Vec<OpStamp>>, S::Error> {
        let Ok(right) = self.model.complete_closes(past);
        let mut found = self.store.complete_closes(past)?;
        assert_eq!(found.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>(), "locations of closes");
        for (location, closes) in &right {
            same(found.remove(location).unwrap_or_default(), closes.clone(), "complete closes");
        }
        Ok(right)
    }

    fn histories(&mut self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, S::Error> {
        let Ok(right) = self.model.histories(needs);
        let found = self.store.histories(needs)?;
        assert_eq!(found.len(), right.len(), "one history for each need");
        for ((need, found), right) in needs.iter().zip(found).zip(&right) {
            assert_eq!(sorted(found), sorted(right.clone()), "history of {need:?}");
        }
        Ok(right)
    }

    fn write(&mut self, write: &FoldWrite) -> Result<(), S::Error> {
        self.store.write(write)?;
        let Ok(()) = self.model.write(write);
        for (cell, write) in &write.cells {
            for kind in &write.closed {
                self.open.remove(&Exception::of_cell(*kind, cell));
            }
            self.open.extend(write.opened.iter().map(|kind| Exception::of_cell(*kind, cell)));
            let open: BTreeSet<Exception> = exceptions::of_cell(cell, &write.state).into_iter().collect();
            let of_cell = |name: &&Exception| name.subject == exceptions::Subject::Cell(cell.clone());
            assert_eq!(self.open.iter().filter(of_cell).cloned().collect::<BTreeSet<_>>(), open, "open exceptions");
        }
        Ok(())
    }
}
