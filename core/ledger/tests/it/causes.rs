//! Which ops make an exception true (design 5.11): a decision stands as long as it knew all of them.

use stocksync_ledger::ExceptionKind;
use stocksync_ledger::exceptions::causes;
use stocksync_ledger::fold::{CellHistory, CloseFact, CountFact, MovementFact, OpStamp};
use stocksync_schemas::{Lane, OpHash, ReplicaId, SessionId};

/// The op at `position`, of a replica of its own, that knew the log up to `past` and was at `time` with 50 ms either way.
fn stamp(position: u64, past: u64, time: i64) -> OpStamp {
    let lane = Lane { replica: ReplicaId([position as u8; 16]), seq: 1 };
    OpStamp { lane, position, began: time, ended: time, uncertainty: 50, past, own_past: 0 }
}

fn movement(stamp: OpStamp, delta: i128) -> MovementFact {
    MovementFact { stamp, delta }
}

fn count(stamp: OpStamp, counted: i64, session: Option<SessionId>) -> CountFact {
    CountFact { stamp, hash: OpHash([stamp.position as u8; 32]), counted, session }
}

#[test]
fn all_movements_make_a_cell_without_a_count_oversold() {
    let (receipt, first, second) = (stamp(1, 0, 1_000), stamp(2, 1, 2_000), stamp(3, 1, 3_000));
    let movements = vec![movement(receipt, 1_000), movement(first, -1_000), movement(second, -1_000)];
    let mut history = CellHistory { movements, ..CellHistory::default() };
    assert_eq!(causes(ExceptionKind::Oversold, &history), [receipt, first, second]);
    history.movements.push(movement(stamp(4, 3, 4_000), 1_000));
    assert!(causes(ExceptionKind::Oversold, &history).is_empty(), "the receipt ends it");
}

#[test]
fn movements_before_the_count_that_holds_do_not_make_it_oversold() {
    let (before, observed, after) = (stamp(1, 0, 1_000), stamp(2, 1, 2_000), stamp(3, 2, 3_000));
    let movements = vec![movement(before, -7_000), movement(after, -6_000)];
    let history = CellHistory { movements, counts: vec![count(observed, 5_000, None)], ..CellHistory::default() };
    assert_eq!(causes(ExceptionKind::Oversold, &history), [after]);
}

#[test]
fn a_count_and_the_movement_that_touches_it_make_the_overlap() {
    let (sale, observed, later) = (stamp(1, 0, 1_000), stamp(2, 0, 1_060), stamp(3, 2, 9_000));
    let movements = vec![movement(sale, -2_000), movement(later, -1_000)];
    let history = CellHistory { movements, counts: vec![count(observed, 45_000, None)], ..CellHistory::default() };
    assert_eq!(causes(ExceptionKind::CountOverlap, &history), [sale, observed]);
}

#[test]
fn all_candidates_make_the_conflict() {
    let (one, other) = (stamp(1, 0, 1_000), stamp(2, 0, 90_000));
    let counts = vec![count(one, 45_000, None), count(other, 40_000, None)];
    let history = CellHistory { counts, ..CellHistory::default() };
    assert_eq!(causes(ExceptionKind::CountConflict, &history), [one, other]);
    let same = vec![count(one, 45_000, None), count(other, 45_000, None)];
    let agreed = CellHistory { counts: same, ..CellHistory::default() };
    assert!(causes(ExceptionKind::CountConflict, &agreed).is_empty(), "both saw the same shelf");
}

#[test]
fn counts_and_closes_that_do_not_agree_keep_a_session_open() {
    let session = SessionId([5; 16]);
    let (observed, close) = (stamp(1, 0, 1_000), stamp(2, 1, 2_000));
    let counted = count(observed, 3_000, Some(session));
    let closing = |named| CloseFact { stamp: close, session, named, complete: false };
    let history = |named| CellHistory { counts: vec![counted], closes: vec![closing(named)], ..CellHistory::default() };
    assert_eq!(causes(ExceptionKind::CountOpen, &history(Vec::new())), [observed, close]);
    assert!(causes(ExceptionKind::CountOpen, &history(vec![counted.reference()])).is_empty(), "closed");
}
