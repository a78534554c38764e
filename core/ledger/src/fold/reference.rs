//! The naive fold of a whole set of ops: what every other form is compared with.
//!
//! Owns nothing but the loop over cells. Must never run on a hot path.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::{Cell, OpRef};

use super::evaluate::evaluate;
use super::liveness::void_of;
use super::requests::CellHistory;
use super::state::CellState;
use super::voids::VoidGraph;
use super::{Entry, add_facts, deltas};

/// The state of every cell that `entries` touch, whatever their order.
#[must_use]
pub fn fold(entries: &[Entry]) -> BTreeMap<Cell, CellState> {
    let live = live(entries);
    let live: Vec<&Entry> = entries.iter().filter(|entry| live.contains(&entry.reference())).collect();
    let cells: BTreeSet<Cell> = entries.iter().flat_map(|entry| deltas(&entry.op.body)).map(|(cell, _)| cell).collect();
    cells.into_iter().map(|cell| (cell.clone(), evaluate(&history(&cell, &live)))).collect()
}

/// The ops among `entries` that count.
#[must_use]
pub fn live(entries: &[Entry]) -> BTreeSet<OpRef> {
    let graph = VoidGraph::new(entries.iter().filter_map(void_of));
    graph
        .evaluate(entries.iter().map(Entry::reference))
        .into_iter()
        .filter_map(|(op, live)| live.then_some(op))
        .collect()
}

/// What the ops `live` say of `cell`, every close included.
#[must_use]
pub fn history(cell: &Cell, live: &[&Entry]) -> CellHistory {
    let mut history = CellHistory::default();
    live.iter().for_each(|entry| add_facts(cell, entry, &mut history));
    history
}
