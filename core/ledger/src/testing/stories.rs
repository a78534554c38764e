//! Stories that every store tells alike.

use stocksync_schemas::{Body, Close, ClosePart, Location, OpHash, OpRef, SessionId, Void};

use super::build::{Lanes, SHELF, cell, count, movement, provisional};
use super::{Checked, Folds, TestStore};
use crate::fold::{Entry, FoldBatch};

const SESSION: SessionId = SessionId([5; 16]);

pub(super) fn run<S: TestStore>(fresh: &mut impl FnMut() -> S) {
    let mut each = |story: fn(&mut Checked<S>)| story(&mut Checked::new(fresh()));
    each(two_shelves_of_one_session_add_up);
    each(voids_arrive_in_any_order);
    each(a_second_close_that_does_not_name_the_cell_ends_count_open);
    each(an_unreadable_state_is_evaluated_anew);
    each(movements_ask_for_the_complete_closes_they_did_not_know);
    each(a_void_on_a_chain_of_3000_costs_what_it_costs_on_one_of_30);
    if S::IS_DEVICE {
        each(an_op_that_can_be_decoded_now_counts);
        each(a_rejected_void_names_nothing);
    }
}

fn arrive<S: TestStore>(store: &mut Checked<S>, ops: impl IntoIterator<Item = Entry>) {
    for entry in ops {
        store.fold(FoldBatch { new: vec![entry], ..FoldBatch::default() }, "story");
    }
}

fn close(parts: &[(Location, &[&Entry])], complete: &[Location]) -> Body {
    let part = |(location, counts): &(Location, &[&Entry])| {
        let mut counts: Vec<OpRef> = counts.iter().map(|count| count.reference()).collect();
        counts.sort_unstable();
        ClosePart { cell: cell(*location), counts }
    };
    Body::Close(Close { session: SESSION, parts: parts.iter().map(part).collect(), complete: complete.to_vec() })
}

fn void(target: OpRef) -> Body {
    Body::Void(Void { target, reason: String::new() })
}

fn two_shelves_of_one_session_add_up<S: TestStore>(store: &mut Checked<S>) {
    let mut lanes = Lanes::default();
    let stock = lanes.op(9, movement(Location::SUPPLIER, SHELF, 48_000));
    let left = lanes.op(1, count(SHELF, 20_000, Some(SESSION)));
    let right = lanes.op(3, count(SHELF, 25_000, Some(SESSION)));
    arrive(store, [stock, left.clone(), right.clone()]);
    let counted = store.view(&cell(SHELF));
    assert_eq!((counted.on_hand, counted.count_open), (48_000, true), "counted, not closed");
    arrive(store, [lanes.op(1, close(&[(SHELF, &[&left, &right])], &[SHELF]))]);
    let closed = store.view(&cell(SHELF));
    assert_eq!((closed.on_hand, closed.count_open), (45_000, false));
}

fn voids_arrive_in_any_order<S: TestStore>(store: &mut Checked<S>) {
    let mut lanes = Lanes::default();
    let receipt = lanes.offline(1, movement(Location::SUPPLIER, SHELF, 7_000));
    let early = lanes.op(2, void(receipt.reference()));
    arrive(store, [early.clone()]);
    arrive(store, [lanes.late(&receipt)]);
    assert_eq!(store.view(&cell(SHELF)).on_hand, 0, "voided before it arrived");
    let mut on_hand = |store: &mut Checked<S>, body: Body, replica| {
        let op = lanes.op(replica, body);
        arrive(store, [op]);
        store.view(&cell(SHELF)).on_hand
    };
    assert_eq!(on_hand(store, movement(Location::SUPPLIER, SHELF, 110), 3), 110);
    assert_eq!(on_hand(store, void(early.reference()), 2), 7_110, "the void was voided");
    assert_eq!(on_hand(store, void(receipt.reference()), 2), 110);
    assert_eq!(on_hand(store, void(receipt.reference()), 3), 110, "two managers void it, once");
    let other = OpRef { hash: OpHash([3; 32]), ..receipt.reference() };
    assert_eq!(on_hand(store, void(other), 3), 110, "the right lane with another hash names nothing");
}

/// Design 5.3: `count_open` is open while no live close agrees for the cell. One that names none of its counts agrees once
/// all of them are voided.
fn a_second_close_that_does_not_name_the_cell_ends_count_open<S: TestStore>(store: &mut Checked<S>) {
    let mut lanes = Lanes::default();
    let counted = lanes.op(1, count(SHELF, 5_000, Some(SESSION)));
    let closed = lanes.op(1, close(&[(SHELF, &[&counted])], &[]));
    let voided = lanes.op(1, void(counted.reference()));
    arrive(store, [counted, closed, voided]);
    assert!(store.view(&cell(SHELF)).count_open, "the close names a count that is voided");
    arrive(store, [lanes.op(1, close(&[], &[]))]);
    assert!(!store.view(&cell(SHELF)).count_open, "the second close agrees on nothing");
    // And back: without the second close the first one disagrees again.
    let third = lanes.op(2, close(&[], &[]));
    let undone = lanes.op(2, void(third.reference()));
    arrive(store, [third, undone]);
    assert!(!store.view(&cell(SHELF)).count_open);
}

/// Bytes of another form, cut bytes, and none.
fn an_unreadable_state_is_evaluated_anew<S: TestStore>(store: &mut Checked<S>) {
    let mut lanes = Lanes::default();
    let mut expected = 0;
    arrive(store, [lanes.op(1, count(SHELF, 3_000, None))]);
    for damage in [&[0xFF, 1, 2][..], &[1, 0x80][..], &[][..]] {
        store.store.damage_state(&cell(SHELF), damage);
        store.model.damage_state(&cell(SHELF), damage);
        arrive(store, [lanes.op(2, movement(Location::SUPPLIER, SHELF, 500))]);
        expected += 500;
        assert_eq!(store.view(&cell(SHELF)).on_hand, 3_000 + expected);
    }
    // A complete close meets unreadable states of a whole location.
    store.store.damage_state(&cell(SHELF), &[7]);
    store.model.damage_state(&cell(SHELF), &[7]);
    arrive(store, [lanes.op(1, close(&[], &[SHELF]))]);
    assert_eq!(store.view(&cell(SHELF)).on_hand, 0);
}

/// Forty stock-takes that a phone knew cost its movement nothing; the one that it did not know is asked for.
fn movements_ask_for_the_complete_closes_they_did_not_know<S: TestStore>(store: &mut Checked<S>) {
    let mut lanes = Lanes::default();
    arrive(store, [lanes.op(1, movement(Location::SUPPLIER, SHELF, 5_000))]);
    for _ in 0..40 {
        arrive(store, [lanes.op(1, close(&[], &[SHELF]))]);
    }
    let known = 41;
    let before = store.model.closes_read;
    arrive(store, [lanes.op(2, movement(Location::SUPPLIER, SHELF, 1_000))]);
    assert_eq!(store.model.closes_read - before, 0);
    arrive(store, [lanes.op_knowing(3, known - 1, movement(Location::SUPPLIER, SHELF, 1_000))]);
    assert_eq!(store.model.closes_read - before, 1);
}

/// A void deeper than eight does nothing, and nothing beyond that is read.
fn a_void_on_a_chain_of_3000_costs_what_it_costs_on_one_of_30<S: TestStore>(store: &mut Checked<S>) {
    let length = if S::IS_DEVICE { 3_000 } else { 300 };
    let mut lanes = Lanes::default();
    let receipt = lanes.op(1, movement(Location::SUPPLIER, SHELF, 1_000));
    let mut newest = receipt.reference();
    arrive(store, [receipt]);
    let mut chain = |store: &mut Checked<S>, voids: usize| {
        let ops = std::iter::from_fn(|| {
            let op = lanes.op(2, void(newest));
            newest = op.reference();
            Some(op)
        });
        let new = ops.take(voids).collect();
        // The model looks at all of its ops each time: here the fold is compared with what the story says.
        crate::fold::fold_into(store, FoldBatch { new, ..FoldBatch::default() }).unwrap();
    };
    (0..30).for_each(|_| chain(store, 1));
    let before = store.model.voids_read;
    chain(store, 1);
    let shallow = store.model.voids_read - before;
    (0..length / 100).for_each(|_| chain(store, 100));
    let before = store.model.voids_read;
    chain(store, 1);
    assert_eq!(store.model.voids_read - before, shallow, "voids read for one more void");
    assert_eq!(store.view(&cell(SHELF)).on_hand, 1_000, "eight voids in a row leave the receipt");
}

/// A store written by a build that did not know the kind: the op is there as opaque bytes and counts nowhere.
fn an_op_that_can_be_decoded_now_counts<S: TestStore>(store: &mut Checked<S>) {
    let mut lanes = Lanes::default();
    let receipt = lanes.op(1, movement(Location::SUPPLIER, SHELF, 1_000));
    let opaque = |entry: &Entry| {
        let mut op = entry.op.clone();
        op.body = Body::Opaque(entry.op.body.encode());
        Entry { op, ..entry.clone() }
    };
    let counted = lanes.op(2, count(SHELF, 4_000, None));
    let voided = lanes.op(3, void(receipt.reference()));
    let sold = lanes.op(1, movement(SHELF, Location::CUSTOMER, 500));
    arrive(store, [receipt, opaque(&counted), opaque(&voided), sold]);
    assert_eq!(store.view(&cell(SHELF)).on_hand, 500);
    let batch = FoldBatch { decoded: vec![counted, voided], ..FoldBatch::default() };
    store.fold(batch, "decoded");
    assert_eq!(store.view(&cell(SHELF)).on_hand, 3_500);
    assert_eq!(store.view(&cell(SHELF)).moved, -500);
}

fn a_rejected_void_names_nothing<S: TestStore>(store: &mut Checked<S>) {
    let mut lanes = Lanes::default();
    let receipt = lanes.op(1, movement(Location::SUPPLIER, SHELF, 1_000));
    let own = lanes.op(1, void(receipt.reference()));
    arrive(store, [receipt, provisional(&own)]);
    assert_eq!(store.view(&cell(SHELF)).on_hand, 0);
    let rejected = std::collections::BTreeSet::from([own.op.lane]);
    store.fold(FoldBatch { rejected, ..FoldBatch::default() }, "rejected");
    assert_eq!(store.view(&cell(SHELF)).on_hand, 1_000);
    store.fold(FoldBatch { accepted: vec![own], ..FoldBatch::default() }, "accepted after all");
    assert_eq!(store.view(&cell(SHELF)).on_hand, 0);
}
