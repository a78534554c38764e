//! Which ops make an exception of a cell true (design 5.11).
//!
//! Owns that choice for each kind. A decision on an exception stands as long as it knew all of these ops.

use std::collections::BTreeSet;

use stocksync_schemas::SessionId;

use super::ExceptionKind;
use crate::fold::order::{all_before, relative_order};
use crate::fold::{CellHistory, CellState, OpStamp, evaluate};

/// The ops that make an exception of a cell true, sorted, each once; none while the exception is not open, and none for
/// kinds that are about records or lanes. `history` is the cell's whole history.
///
/// - `oversold`, `overflow`: the live movements after the anchor that holds; without an anchor all of them.
/// - `count_overlap`: the parts of the anchor that holds and the movements, unordered with it, that touch its interval; for
///   each witness of 0 that contradicts it, the witness and the ops that touch it or were after it.
/// - `count_conflict`: the parts of all candidates.
/// - `count_open`: the counts and closes of each session that is open.
///
/// A virtual location may hold any number: whether `oversold` applies to the cell is the caller's to know
/// ([`super::open_kinds`]).
#[must_use]
pub fn causes(kind: ExceptionKind, history: &CellHistory) -> Vec<OpStamp> {
    let state = evaluate(history);
    let view = state.view();
    let found: BTreeSet<OpStamp> = match kind {
        ExceptionKind::Oversold if view.on_hand < 0 => after_holder(&state, history),
        ExceptionKind::Overflow if view.overflow => after_holder(&state, history),
        ExceptionKind::CountOverlap if view.count_overlap => overlapping(&state, history),
        ExceptionKind::CountConflict if view.count_conflict => {
            state.candidates.iter().flat_map(|candidate| candidate.parts.iter().copied()).collect()
        }
        ExceptionKind::CountOpen => state.sessions.iter().flat_map(|open| of_session(open.session, history)).collect(),
        _ => BTreeSet::new(),
    };
    found.into_iter().collect()
}

/// Movements that the anchor that holds does not contain.
fn after_holder(state: &CellState, history: &CellHistory) -> BTreeSet<OpStamp> {
    let parts = state.holder().map(|holder| holder.parts.as_slice());
    let stamps = history.movements.iter().map(|movement| movement.stamp);
    stamps.filter(|stamp| parts.is_none_or(|parts| relative_order(stamp, parts).after)).collect()
}

fn overlapping(state: &CellState, history: &CellHistory) -> BTreeSet<OpStamp> {
    let mut found = BTreeSet::new();
    let moves = || history.movements.iter().map(|movement| movement.stamp);
    let holder = state.holder();
    if let Some(holder) = holder.filter(|holder| holder.touched) {
        found.extend(holder.parts.iter().copied());
        found.extend(moves().filter(|stamp| relative_order(stamp, &holder.parts).touches));
    }
    let on_hand = holder.map_or(state.total, |holder| holder.on_hand);
    for witness in &state.witnesses {
        let close = [witness.close];
        let passed = holder.is_some_and(|holder| all_before(&close, &holder.parts));
        if !witness.of_zero || passed {
            continue;
        }
        if witness.touched {
            let counts = history.counts.iter().map(|count| count.stamp);
            found.insert(witness.close);
            found.extend(moves().chain(counts).filter(|stamp| relative_order(stamp, &close).touches));
        }
        if witness.after != on_hand {
            // Two numbers that differ: what gives the one, and what gives the other.
            found.insert(witness.close);
            found.extend(moves().filter(|stamp| relative_order(stamp, &close).after));
            found.extend(holder.iter().flat_map(|holder| holder.parts.iter().copied()));
            found.extend(after_holder(state, history));
        }
    }
    found
}

/// The counts of the cell and the closes that belong to a session.
fn of_session(session: SessionId, history: &CellHistory) -> impl Iterator<Item = OpStamp> {
    let counts = history.counts.iter().filter(move |count| count.session == Some(session)).map(|count| count.stamp);
    counts.chain(history.closes.iter().filter(move |close| close.session == session).map(|close| close.stamp))
}
