//! The naive fold of a whole set of ops: what every other form is compared with.
//!
//! Owns nothing but the loop over cells. Never used on a hot path.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::{Body, Cell, OpRef};

use super::evaluate::evaluate;
use super::incremental::CellHistory;
use super::live::{VoidGraph, VoidOp};
use super::state::CellState;
use super::{CloseFact, CountFact, Entry, MovementFact, deltas};

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
    entries.iter().map(Entry::reference).filter(|op| graph.is_live(op)).collect()
}

/// The void that an entry is, if it is one.
#[must_use]
pub fn void_of(entry: &Entry) -> Option<VoidOp> {
    match &entry.op.body {
        Body::Void(void) => Some(VoidOp { void: entry.reference(), target: void.target }),
        _ => None,
    }
}

/// What `live` says of `cell`.
#[must_use]
pub fn history(cell: &Cell, live: &[&Entry]) -> CellHistory {
    let mut history = CellHistory::default();
    for entry in live {
        match &entry.op.body {
            Body::Move(_) => {
                for (_, delta) in deltas(&entry.op.body).into_iter().filter(|(touched, _)| touched == cell) {
                    history.movements.push(MovementFact { stamp: entry.stamp(), delta });
                }
            }
            Body::Count(count) if count.cell == *cell => history.counts.push(CountFact {
                stamp: entry.stamp(),
                hash: entry.hash,
                counted: count.counted,
                session: count.session,
            }),
            Body::Close(close) => history.closes.push(CloseFact::of(cell, close, entry.stamp())),
            _ => {}
        }
    }
    history
}
