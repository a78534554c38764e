//! A store that answers by definition: it looks at all of its ops each time.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use stocksync_schemas::{Body, Cell, Close, Lane, Location, OpRef, ReplicaId, SessionId};

use super::{Folds, TestStore};
use crate::fold::{
    CellHistory, CellNeeds, CellState, CellView, Entry, FoldBatch, FoldStore, FoldWrite, HistoryNeed, LoadedCells,
    OpStamp, StoredOp, VoidOp, add_facts, deltas, evaluate, fold_into, reference, void_of,
};

/// Ops folded so far and the states they left.
#[derive(Clone, Debug, Default)]
pub struct ModelStore {
    ops: BTreeMap<Lane, StoredOp>,
    /// Live ops with the cells that they touch by themselves.
    live: BTreeMap<OpRef, (Entry, BTreeSet<Cell>)>,
    cells: BTreeMap<Cell, Vec<u8>>,
    /// Movements handed over as history.
    pub movements_read: usize,
    /// Complete closes handed over.
    pub closes_read: usize,
    /// Voids handed over.
    pub voids_read: usize,
}

fn close_of(entry: &Entry) -> Option<&Close> {
    match &entry.op.body {
        Body::Close(close) => Some(close),
        _ => None,
    }
}

fn session_of(entry: &Entry) -> Option<SessionId> {
    match &entry.op.body {
        Body::Count(count) => count.session,
        Body::Close(close) => Some(close.session),
        _ => None,
    }
}

impl ModelStore {
    /// The ops that are not rejected, in order of their lanes.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.ops.values().filter(|op| !op.rejected).map(|op| op.entry.clone()).collect()
    }

    /// Whether an op is here.
    #[must_use]
    pub fn holds(&self, lane: Lane) -> bool {
        self.ops.contains_key(&lane)
    }

    /// What a cell shows.
    #[must_use]
    pub fn view(&self, cell: &Cell) -> CellView {
        self.decoded(cell).and_then(Result::ok).unwrap_or_default().view()
    }

    /// Compares every cell with the naive fold of the ops.
    ///
    /// # Panics
    /// Where they differ.
    pub fn assert_agrees(&self, context: &str) {
        let live: Vec<&Entry> = self.live().collect();
        let touched = self.ops.values().filter(|op| !op.rejected).flat_map(|op| deltas(&op.entry.op.body));
        for cell in touched.map(|(cell, _)| cell).collect::<BTreeSet<Cell>>() {
            let right = evaluate(&reference::history(&cell, &live));
            let stored = self.decoded(&cell);
            assert_eq!(self.view(&cell), right.view(), "{context}: {cell:?}\nstored {stored:?}\nright {right:?}");
        }
    }

    fn decoded(&self, cell: &Cell) -> Option<Result<CellState, crate::fold::StateError>> {
        self.cells.get(cell).map(|bytes| CellState::decode(bytes))
    }

    fn live(&self) -> impl Iterator<Item = &Entry> {
        self.live.values().map(|(entry, _)| entry)
    }

    fn history(&self, need: &HistoryNeed) -> CellHistory {
        let mut history = CellHistory::default();
        let naming = self.live.values().filter(|(_, cells)| cells.contains(&need.cell));
        let sessions: BTreeSet<SessionId> = naming.filter_map(|(entry, _)| session_of(entry)).collect();
        for (entry, cells) in self.live.values() {
            let names = cells.contains(&need.cell);
            let belongs = match (&entry.op.body, need.after) {
                (Body::Move(_), Some(after)) => names && entry.acceptance.position > after,
                (_, Some(_)) => false,
                (Body::Close(close), None) => {
                    names
                        || close.complete.contains(&need.cell.location)
                        || sessions.contains(&close.session)
                        || need.sessions.contains(&close.session)
                }
                _ => names,
            };
            if belongs {
                add_facts(&need.cell, entry, &mut history);
            }
        }
        history
    }
}

impl FoldStore for ModelStore {
    type Error = Infallible;

    fn lane_heads(&mut self, replicas: &BTreeSet<ReplicaId>) -> Result<BTreeMap<ReplicaId, u64>, Infallible> {
        let lanes = self.ops.keys().filter(|lane| replicas.contains(&lane.replica));
        Ok(lanes.map(|lane| (lane.replica, lane.seq)).collect())
    }

    fn ops(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<StoredOp>, Infallible> {
        Ok(lanes.iter().filter_map(|lane| self.ops.get(lane)).cloned().collect())
    }

    fn voids(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<VoidOp>, Infallible> {
        let standing = self.ops.values().filter(|op| !op.rejected).filter_map(|op| void_of(&op.entry));
        let asked = |void: &VoidOp| lanes.contains(&void.void.lane) || lanes.contains(&void.target.lane);
        let found: Vec<VoidOp> = standing.filter(asked).collect();
        self.voids_read += found.len();
        Ok(found)
    }

    fn cells(&mut self, needs: &CellNeeds) -> Result<LoadedCells, Infallible> {
        let mut loaded = LoadedCells::default();
        for (cell, bytes) in &self.cells {
            if needs.cells.contains(cell) || needs.whole_locations.contains(&cell.location) {
                loaded.cells.insert(cell.clone(), CellState::decode(bytes));
            }
        }
        for close in self.live().filter_map(close_of) {
            if needs.sessions.contains(&close.session) {
                loaded.closed_sessions.insert(close.session);
            }
            if needs.session_cells.contains(&close.session) {
                let cells = loaded.session_cells.entry(close.session).or_default();
                cells.extend(close.parts.iter().map(|part| part.cell.clone()));
            }
        }
        Ok(loaded)
    }

    fn complete_closes(
        &mut self,
        past: &BTreeMap<Location, u64>,
    ) -> Result<BTreeMap<Location, Vec<OpStamp>>, Infallible> {
        let mut found = BTreeMap::<Location, Vec<OpStamp>>::new();
        for entry in self.live() {
            let Some(close) = close_of(entry) else { continue };
            for location in &close.complete {
                if past.get(location).is_some_and(|past| entry.acceptance.position > *past) {
                    found.entry(*location).or_default().push(entry.stamp());
                }
            }
        }
        self.closes_read += found.values().map(Vec::len).sum::<usize>();
        Ok(found)
    }

    fn histories(&mut self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, Infallible> {
        let histories: Vec<CellHistory> = needs.iter().map(|need| self.history(need)).collect();
        self.movements_read += histories.iter().map(|history| history.movements.len()).sum::<usize>();
        Ok(histories)
    }

    fn write(&mut self, write: &FoldWrite) -> Result<(), Infallible> {
        for op in write.new.iter().chain(&write.decoded) {
            self.ops.insert(op.entry.op.lane, StoredOp { entry: op.entry.clone(), rejected: false });
        }
        for restamp in &write.accepted {
            self.ops.insert(restamp.entry.op.lane, StoredOp { entry: restamp.entry.clone(), rejected: false });
        }
        for entry in &write.rejected {
            self.ops.insert(entry.op.lane, StoredOp { entry: entry.clone(), rejected: true });
        }
        for entry in &write.dropped {
            self.ops.remove(&entry.op.lane);
        }
        let entries = self.entries();
        let live = reference::live(&entries);
        let touched = |entry: &Entry| deltas(&entry.op.body).into_iter().map(|(cell, _)| cell).collect();
        let live = entries.into_iter().filter(|entry| live.contains(&entry.reference()));
        let live = live.map(|entry| (entry.reference(), (entry.clone(), touched(&entry)))).collect();
        let before = std::mem::replace(&mut self.live, live);
        for op in write.new.iter().chain(&write.decoded) {
            assert_eq!(op.live, self.live.contains_key(&op.entry.reference()), "{:?}", op.entry.op);
        }
        let flips: BTreeMap<OpRef, bool> =
            write.changed.iter().map(|change| (change.entry.reference(), change.live)).collect();
        let fresh: BTreeSet<Lane> = write.new.iter().chain(&write.decoded).map(|op| op.entry.op.lane).collect();
        for reference in self.ops.values().map(|op| op.entry.reference()).filter(|op| !fresh.contains(&op.lane)) {
            let (was, is) = (before.contains_key(&reference), self.live.contains_key(&reference));
            assert_eq!(flips.get(&reference).copied(), (was != is).then_some(is), "{reference:?} from {was} to {is}");
        }
        for (cell, write) in &write.cells {
            self.cells.insert(cell.clone(), write.state.encode().unwrap());
        }
        Ok(())
    }
}

impl TestStore for ModelStore {
    const IS_DEVICE: bool = true;

    fn damage_state(&mut self, cell: &Cell, bytes: &[u8]) {
        self.cells.insert(cell.clone(), bytes.to_vec());
    }
}

impl Folds for ModelStore {
    fn fold(&mut self, batch: FoldBatch, context: &str) {
        let Ok(_) = fold_into(self, batch);
        self.assert_agrees(context);
    }

    fn model(&self) -> &ModelStore {
        self
    }
}
