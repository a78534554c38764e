//! A store that can be asked at once, and the loop that drives the fold over it.
//!
//! Owns nothing but that loop. A store whose answers must be awaited writes the same loop itself, over
//! [`Fold::step`](super::Fold::step).

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::{Cell, Lane, Location, ReplicaId};

use super::{
    CellHistory, CellNeeds, CellState, Fold, FoldBatch, FoldWrite, HistoryNeed, LoadedCells, OpStamp, Step, StoredOp,
    VoidOp,
};

/// What the fold asks of a store. Every answer is exactly what [`Step`] and the request's type say, as the store was
/// before the batch.
pub trait FoldStore {
    /// Why the store cannot answer.
    type Error;

    /// Answers [`Step::LaneHeads`].
    ///
    /// # Errors
    /// The store's own: nothing was written.
    fn lane_heads(&mut self, replicas: &BTreeSet<ReplicaId>) -> Result<BTreeMap<ReplicaId, u64>, Self::Error>;

    /// Answers [`Step::Ops`].
    ///
    /// # Errors
    /// As [`FoldStore::lane_heads`].
    fn ops(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<StoredOp>, Self::Error>;

    /// Answers [`Step::Voids`].
    ///
    /// # Errors
    /// As [`FoldStore::lane_heads`].
    fn voids(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<VoidOp>, Self::Error>;

    /// Answers [`Step::Cells`].
    ///
    /// # Errors
    /// As [`FoldStore::lane_heads`].
    fn cells(&mut self, needs: &CellNeeds) -> Result<LoadedCells, Self::Error>;

    /// Answers [`Step::CompleteCloses`].
    ///
    /// # Errors
    /// As [`FoldStore::lane_heads`].
    fn complete_closes(
        &mut self,
        past: &BTreeMap<Location, u64>,
    ) -> Result<BTreeMap<Location, Vec<OpStamp>>, Self::Error>;

    /// Answers [`Step::Histories`].
    ///
    /// # Errors
    /// As [`FoldStore::lane_heads`].
    fn histories(&mut self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, Self::Error>;

    /// Writes what a batch changes.
    ///
    /// # Errors
    /// The store's own: roll back.
    fn write(&mut self, write: &FoldWrite) -> Result<(), Self::Error>;

    /// The stored state of one cell; none where there is none or it cannot be read.
    ///
    /// # Errors
    /// As [`FoldStore::lane_heads`].
    fn state(&mut self, cell: &Cell) -> Result<Option<CellState>, Self::Error> {
        let needs = CellNeeds { cells: BTreeSet::from([cell.clone()]), ..CellNeeds::default() };
        Ok(self.cells(&needs)?.cells.remove(cell).and_then(Result::ok))
    }
}

/// Folds a batch over a store and writes what it changes; durable when the store's transaction is.
///
/// # Errors
/// The store's own: roll back.
pub fn fold_into<S: FoldStore + ?Sized>(store: &mut S, batch: FoldBatch) -> Result<FoldWrite, S::Error> {
    let mut fold = Fold::new(batch);
    let write = loop {
        match fold.step() {
            Step::LaneHeads(replicas) => fold.on_lane_heads(store.lane_heads(&replicas)?),
            Step::Ops(lanes) => fold.on_ops(store.ops(&lanes)?),
            Step::Voids(lanes) => fold.on_voids(store.voids(&lanes)?),
            Step::Cells(needs) => fold.on_cells(store.cells(&needs)?),
            Step::CompleteCloses(past) => fold.on_complete_closes(store.complete_closes(&past)?),
            Step::Histories(needs) => fold.on_histories(store.histories(&needs)?),
            Step::Done(write) => break *write,
        }
    };
    store.write(&write)?;
    Ok(write)
}
