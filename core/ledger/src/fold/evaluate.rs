//! One cell's whole history, folded (design 5.3–5.8).
//!
//! Owns the definition of a cell's state. It is slow and plain on purpose; [`super::incremental`] must agree with it.

use std::collections::BTreeMap;

use stocksync_schemas::{SessionId, limits};

use super::order::{OpStamp, all_before, relative_order};
use super::requests::CellHistory;
use super::state::{Candidate, CellState, OpenCount, OpenSession, Witness};
use super::{CloseFact, CountFact};

/// An observation of the cell.
struct Anchor {
    parts: Vec<OpStamp>,
    value: i128,
}

/// The counts and closes of one session, as far as they concern the cell.
#[derive(Default)]
struct Session<'a> {
    counts: Vec<&'a CountFact>,
    closes: Vec<&'a CloseFact>,
}

/// The state that the live ops of `history` give a cell.
#[must_use]
pub fn evaluate(history: &CellHistory) -> CellState {
    let ops: Vec<OpStamp> = history
        .movements
        .iter()
        .map(|movement| movement.stamp)
        .chain(history.counts.iter().map(|count| count.stamp))
        .collect();
    let mut anchors: Vec<Anchor> = history
        .counts
        .iter()
        .filter(|count| count.session.is_none())
        .map(|count| Anchor { parts: vec![count.stamp], value: count.counted.into() })
        .collect();
    let mut open = Vec::new();
    let mut witnesses: Vec<(OpStamp, bool)> = Vec::new();
    for (id, session) in sessions(history) {
        let (agreed, disagreed) = act(&session, &ops, &mut anchors, &mut witnesses);
        if !agreed && (!session.counts.is_empty() || disagreed) {
            open.push(OpenSession { session: id, counts: session.counts.iter().map(|count| waiting(count)).collect() });
        }
    }
    let (candidates, dropped) = candidates(anchors, history);
    CellState {
        total: history.movements.iter().map(|movement| movement.delta).sum(),
        first: ops.iter().map(|stamp| stamp.position).min(),
        witnesses: witnesses
            .into_iter()
            .filter(|(close, _)| matters(close, &ops, &candidates))
            .map(|(close, of_zero)| witness(close, of_zero, history))
            .collect(),
        candidates,
        dropped,
        sessions: open,
    }
}

pub(super) fn waiting(count: &CountFact) -> OpenCount {
    OpenCount { stamp: count.stamp, hash: count.hash.0, counted: count.counted }
}

fn sessions(history: &CellHistory) -> BTreeMap<SessionId, Session<'_>> {
    let mut sessions = BTreeMap::<SessionId, Session<'_>>::new();
    for count in &history.counts {
        if let Some(id) = count.session {
            sessions.entry(id).or_default().counts.push(count);
        }
    }
    for close in &history.closes {
        sessions.entry(close.session).or_default().closes.push(close);
    }
    sessions
}

/// Lets the closes of a session act on the cell; answers whether one agreed and whether one did not.
fn act(
    session: &Session<'_>,
    ops: &[OpStamp],
    anchors: &mut Vec<Anchor>,
    witnesses: &mut Vec<(OpStamp, bool)>,
) -> (bool, bool) {
    let mut live: Vec<_> = session.counts.iter().map(|count| count.reference()).collect();
    live.sort_unstable();
    let (mut agreed, mut disagreed) = (false, false);
    for close in &session.closes {
        let agrees = close.named == live;
        agreed |= agrees;
        disagreed |= !agrees;
        let saw_nothing = agrees && live.is_empty() && close.complete;
        let known_op = ops.iter().any(|op| op.before(&close.stamp));
        if agrees && !live.is_empty() {
            let mut parts: Vec<OpStamp> = session.counts.iter().map(|count| count.stamp).collect();
            parts.sort_unstable();
            if !anchors.iter().any(|anchor| anchor.parts == parts) {
                let value = session.counts.iter().map(|count| i128::from(count.counted)).sum();
                anchors.push(Anchor { parts, value });
            }
        } else if saw_nothing && known_op {
            anchors.push(Anchor { parts: vec![close.stamp], value: 0 });
        }
        if close.complete {
            witnesses.push((close.stamp, saw_nothing && !known_op));
        }
    }
    (agreed, disagreed)
}

fn candidates(anchors: Vec<Anchor>, history: &CellHistory) -> (Vec<Candidate>, bool) {
    let stands: Vec<bool> =
        anchors.iter().map(|it| !anchors.iter().any(|other| all_before(&it.parts, &other.parts))).collect();
    let mut candidates: Vec<Candidate> = anchors
        .into_iter()
        .zip(stands)
        .filter(|(_, stands)| *stands)
        .map(|(anchor, _)| {
            let mut candidate = Candidate { parts: anchor.parts, on_hand: anchor.value, touched: false };
            for movement in &history.movements {
                add(&mut candidate, &movement.stamp, movement.delta);
            }
            candidate
        })
        .collect();
    let dropped = truncate(&mut candidates);
    (candidates, dropped)
}

/// Adds a movement to a candidate if it came after it.
pub(super) fn add(candidate: &mut Candidate, op: &OpStamp, delta: i128) {
    let order = relative_order(op, &candidate.parts);
    if order.after {
        candidate.on_hand += delta;
    }
    candidate.touched |= order.touches;
}

/// Sorts by key, highest first, and keeps the number allowed; answers whether one was left out.
pub(super) fn truncate(candidates: &mut Vec<Candidate>) -> bool {
    candidates.sort_by(|x, y| y.key().cmp(&x.key()).then_with(|| x.parts.cmp(&y.parts)));
    let over = candidates.len() > limits::CANDIDATES;
    candidates.truncate(limits::CANDIDATES);
    over
}

/// Whether a complete close can still say something: some op of the cell did not know it, and some candidate (if there is
/// one) is not after it by knowledge.
pub(super) fn matters(close: &OpStamp, ops: &[OpStamp], candidates: &[Candidate]) -> bool {
    ops.iter().any(|op| !close.before(op)) && !passed(close, candidates)
}

/// Whether every candidate knew the close; false where there is none.
pub(super) fn passed(close: &OpStamp, candidates: &[Candidate]) -> bool {
    !candidates.is_empty() && candidates.iter().all(|candidate| all_before(&[*close], &candidate.parts))
}

fn witness(close: OpStamp, of_zero: bool, history: &CellHistory) -> Witness {
    let mut witness = Witness { close, of_zero, after: 0, touched: false };
    for movement in &history.movements {
        observe(&mut witness, &movement.stamp, movement.delta);
    }
    for count in &history.counts {
        observe(&mut witness, &count.stamp, 0);
    }
    witness
}

/// Shows a movement, or a count with a delta of 0, to a witness.
pub(super) fn observe(witness: &mut Witness, op: &OpStamp, delta: i128) {
    let order = relative_order(op, &[witness.close]);
    if order.after {
        witness.after += delta;
    }
    witness.touched |= order.touches;
}
