//! A table of ops in memory that answers what the fold asks, as a device's or a server's tables do.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::fold::{CellHistory, Changed, CompleteClose, LoadedCells, Needs, Restamped, reference};
use stocksync_ledger::{CellState, Entry, Fold};
use stocksync_schemas::{Body, Cell};

/// Ops folded so far and the states they left.
#[derive(Default)]
pub struct World {
    pub entries: Vec<Entry>,
    pub cells: BTreeMap<Cell, CellState>,
    /// Movements handed over as history.
    pub rows_read: usize,
}

impl World {
    fn live(&self) -> Vec<&Entry> {
        let live = reference::live(&self.entries);
        self.entries.iter().filter(|entry| live.contains(&entry.reference())).collect()
    }

    fn load(&self, needs: &Needs) -> LoadedCells {
        let mut loaded = LoadedCells::default();
        for entry in &self.entries {
            let session = match &entry.op.body {
                Body::Count(count) => count.session,
                Body::Close(close) => Some(close.session),
                _ => None,
            };
            if let Some(session) = session.filter(|it| needs.whole_sessions.contains(it)) {
                let cells = loaded.session_cells.entry(session).or_default();
                cells.extend(stocksync_ledger::fold::deltas(&entry.op.body).into_iter().map(|(cell, _)| cell));
            }
        }
        for (cell, state) in &self.cells {
            if loaded.session_cells.values().any(|cells| cells.contains(cell))
                || needs.cells.contains(cell)
                || needs.whole_locations.contains(&cell.location)
            {
                // Through the bytes at rest, so that these are tested too.
                let kept = CellState::decode(&state.encode().unwrap()).unwrap();
                loaded.cells.insert(cell.clone(), kept);
            }
        }
        for entry in self.live() {
            if let Body::Close(close) = &entry.op.body {
                for location in close.complete.iter().filter(|it| needs.closed_locations.contains(it)) {
                    let closes = loaded.complete_closes.entry(*location).or_default();
                    closes.push(CompleteClose { stamp: entry.stamp() });
                }
            }
        }
        for entry in &self.entries {
            if let Body::Close(close) = &entry.op.body
                && needs.sessions.contains(&close.session)
            {
                loaded.closed_sessions.insert(close.session);
            }
        }
        loaded
    }

    /// Takes ops in order of arrival; `restamped` ops must be here already.
    pub fn arrive(&mut self, batch: Vec<Entry>, restamped: Vec<Entry>) {
        let live_before = reference::live(&self.entries);
        let loadable = World { entries: self.entries.clone(), cells: self.cells.clone(), rows_read: 0 };
        let late = batch
            .iter()
            .filter(|new| {
                let known = self.entries.iter().chain(&batch);
                let mut behind = known.filter(|it| it.op.lane.replica == new.op.lane.replica);
                behind.any(|it| it.op.lane.seq > new.op.lane.seq && it.acceptance.position < new.acceptance.position)
            })
            .map(|new| new.op.lane)
            .collect();
        let mut stamped = Vec::new();
        for entry in restamped {
            let old = self.entries.iter_mut().find(|it| it.op.lane == entry.op.lane).unwrap();
            stamped.push(Restamped { before: old.stamp(), entry: entry.clone() });
            *old = entry;
        }
        let known: BTreeSet<_> = self.entries.iter().map(Entry::reference).collect();
        self.entries.extend(batch.iter().cloned());
        let live_now = reference::live(&self.entries);
        let changed = self
            .entries
            .iter()
            .filter(|it| known.contains(&it.reference()))
            .filter(|it| live_before.contains(&it.reference()) != live_now.contains(&it.reference()))
            .map(|it| Changed { entry: it.clone(), live: live_now.contains(&it.reference()) })
            .collect();
        let counting = batch.into_iter().filter(|it| live_now.contains(&it.reference())).collect();
        stamped.retain(|it| live_now.contains(&it.entry.reference()));
        let mut fold = Fold::begin(counting, late, stamped, changed);
        let needs = fold.needs();
        for need in fold.run(loadable.load(&needs)) {
            let live = self.live();
            let mut history = reference::history(&need.cell, &live);
            if let Some(after) = need.after {
                history.movements.retain(|movement| movement.stamp.position > after);
                history = CellHistory { movements: history.movements, ..CellHistory::default() };
            }
            self.rows_read += history.movements.len();
            fold.finish(&need.cell, &history);
        }
        self.cells.extend(fold.states());
    }

    /// Compares every cell with the naive fold.
    pub fn assert_agrees(&self, context: &str) {
        let expected = reference::fold(&self.entries);
        for (cell, state) in &expected {
            let found = self.cells.get(cell).map(CellState::view).unwrap_or_default();
            assert_eq!(
                found,
                state.view(),
                "{context}: {cell:?}\nfound {:?}\nexpected {state:?}",
                self.cells.get(cell)
            );
        }
    }
}
