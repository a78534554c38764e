//! Questions that a scan leaves open while the person walks on: the answer goes where the scan was, and nothing is lost.

use stocksync_core::Error;
use stocksync_core::shift::{
    ExpectedDocument, ExpectedLine, Feedback, ShiftCommand, ShiftInput, ShiftMode, ShiftSignal, location_label,
};

use stocksync_core::time::Clock;
use stocksync_schemas::limits;

use crate::desk::{Desk, TEA, gtin, variant};

fn cheese() -> String {
    gtin("0950110153000")
}

/// Whatever lot, wherever.
fn cheese_at(desk: &Desk, location: stocksync_schemas::Location, lot: &str) -> i64 {
    desk.on_hand(desk.cheese, location, lot)
}

#[test]
fn a_question_stays_where_it_was_asked() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    assert!(matches!(desk.pull(&cheese()).feedback, Feedback::NeedLot(_)));
    assert_eq!(desk.pull(&location_label("A-01").unwrap()).signal, Some(ShiftSignal::Success), "walked on");
    let desk = desk.killed();
    let question = desk.inventory.shift_view().unwrap().state.question().unwrap();
    assert!(matches!(question.feedback, Feedback::NeedLot(_)), "the screen shows it again: {question:?}");
    assert_eq!((question.location.unwrap().0, question.times), (desk.dock, 1));
    let outcome = desk.pull("]C110LOT1");
    assert_eq!(outcome.signal, Some(ShiftSignal::Success), "the second symbol of the box");
    assert!(
        matches!(outcome.feedback, Feedback::Recorded(cell, _) if cell.location == desk.dock),
        "and the screen says where"
    );
    assert_eq!((cheese_at(&desk, desk.dock, "10:LOT1"), cheese_at(&desk, desk.aisle, "10:LOT1")), (1_000, 0));
    assert_eq!(desk.inventory.shift_view().unwrap().state.location.unwrap().0, desk.aisle, "the person stands there");
    desk.pull(TEA);
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 1_000);
    desk.press(ShiftCommand::Undo);
    desk.press(ShiftCommand::Undo);
    assert_eq!(cheese_at(&desk, desk.dock, "10:LOT1"), 0, "taken back where it was");

    for name in ["Red", "Blue"] {
        variant(&desk.inventory, name, "lot", ("raw", "SHARED"), (1, 1));
    }
    desk.press(ShiftCommand::Times(3));
    let Feedback::ChooseVariant(variants) = desk.pull("SHARED").feedback else { panic!() };
    desk.does(ShiftInput::Location(desk.dock));
    assert!(
        matches!(desk.does(ShiftInput::Choose(variants[0].variant)).feedback, Feedback::NeedLot(_)),
        "one question after the other"
    );
    desk.does(ShiftInput::Location(desk.aisle));
    desk.does(ShiftInput::Location(desk.dock));
    assert_eq!(desk.does(ShiftInput::Lot("10:R".into())).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.on_hand(variants[0].variant, desk.aisle, "10:R"), 3_000);
}

#[test]
fn a_question_of_a_move_keeps_both_its_locations() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull(&format!("]d201{}10L", cheese()));
    desk.starts(ShiftMode::Move, "DOCK");
    desk.pull(&location_label("A-01").unwrap());
    desk.pull(&cheese());
    desk.pull(&location_label("A-01").unwrap());
    assert_eq!(desk.does(ShiftInput::Lot("10:L".into())).signal, Some(ShiftSignal::Success));
    assert_eq!((cheese_at(&desk, desk.dock, "10:L"), cheese_at(&desk, desk.aisle, "10:L")), (0, 1_000));
    let view = desk.inventory.shift_view().unwrap();
    assert_eq!((view.state.location.unwrap().0, view.state.target), (desk.aisle, None), "the next move begins there");
}

#[test]
fn a_count_answered_on_the_next_shelf_counts_on_the_first() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Count, "DOCK");
    desk.pull(TEA);
    desk.pull(&cheese());
    desk.pull(&location_label("A-01").unwrap());
    desk.pull(TEA);
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.inventory.shift_view().unwrap().held, 1, "tea on the next shelf: the cheese was not answered");
    let held = desk.inventory.held_scans().unwrap();
    assert_eq!((held[0].scan.mode, held[0].scan.location), (ShiftMode::Count, desk.dock));
    desk.pull(&cheese());
    desk.pull(&location_label("DOCK").unwrap());
    desk.does(ShiftInput::Lot("10:L".into()));
    desk.press(ShiftCommand::Finish);
    assert_eq!(cheese_at(&desk, desk.aisle, "10:L"), 1_000);
    desk.inventory.answer_held(held[0].number, desk.cheese, "10:L").unwrap();
    assert_eq!(cheese_at(&desk, desk.dock, "10:L"), 1_000);
    assert!(desk.inventory.exceptions().unwrap().is_empty());
}

/// While the count is open, what was held in it becomes a part of it: both shelves together.
#[test]
fn a_held_count_joins_the_count_that_is_open() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Count, "DOCK");
    desk.press(ShiftCommand::Times(20));
    desk.pull(TEA);
    desk.press(ShiftCommand::Times(5));
    desk.pull("TEA-BOX");
    desk.press(ShiftCommand::Times(3));
    desk.pull(&format!("]d201{}10L", cheese()));
    desk.press(ShiftCommand::Times(4));
    desk.pull(&cheese());
    desk.pull(TEA);
    desk.press(ShiftCommand::Undo);
    let held = desk.inventory.held_scans().unwrap();
    assert_eq!(desk.inventory.attach("TEA-BOX", desk.tea, (1, 1)).unwrap(), 1);
    desk.inventory.answer_held(held[1].number, desk.cheese, "10:L").unwrap();
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 0, "not before the count is finished");
    desk.press(ShiftCommand::Finish);
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 25_000);
    assert_eq!(cheese_at(&desk, desk.dock, "10:L"), 7_000);
    assert!(desk.inventory.exceptions().unwrap().is_empty(), "{:?}", desk.inventory.exceptions());
}

/// Whoever goes on to other work has not answered: the scan is held, as one of an unknown code.
#[test]
fn other_work_holds_the_scan_and_a_person_answers_later() {
    let desk = Desk::new();
    let go_on: [(&str, ShiftInput); 5] = [
        ("another variant", ShiftInput::Scan(stocksync_core::shift::Scan { text: TEA.into(), ..Default::default() })),
        (
            "an unknown code",
            ShiftInput::Scan(stocksync_core::shift::Scan { text: "WHAT".into(), ..Default::default() }),
        ),
        ("another mode", ShiftInput::Command(ShiftCommand::Mode(ShiftMode::Issue))),
        (
            "another document",
            ShiftInput::Expect(Some(ExpectedDocument { reference: "PO-2".into(), lines: Vec::new() })),
        ),
        ("the end", ShiftInput::Command(ShiftCommand::Finish)),
    ];
    for (what, input) in go_on {
        desk.starts(ShiftMode::Receive, "DOCK");
        let lines = vec![ExpectedLine::new(desk.cheese, 5_000), ExpectedLine::new(desk.tea, 5_000)];
        desk.does(ShiftInput::Expect(Some(ExpectedDocument { reference: "PO-1".into(), lines })));
        desk.press(ShiftCommand::Times(4));
        desk.pull(&cheese());
        assert!(desk.inventory.shift_view().unwrap().state.question().is_some());
        let before = desk.inventory.shift_view().unwrap().held;
        desk.does(input);
        let held = desk.inventory.held_scans().unwrap();
        let of_cheese: Vec<_> = held.iter().filter(|held| held.scan.gtin == cheese()).collect();
        assert!(of_cheese.len() == 1 && held.len() as u64 > before, "{what}");
        let scan = &of_cheese[0].scan;
        assert_eq!((scan.times, scan.location, scan.mode), (4, desk.dock, ShiftMode::Receive), "{what}");
        assert_eq!(scan.reference, "PO-1", "{what}");
        assert_eq!(
            desk.does(ShiftInput::Lot("10:L".into())).feedback,
            Feedback::NothingToChange,
            "{what}: the question is closed"
        );
        desk.inventory.discard_held(of_cheese[0].number).unwrap();
        desk.does(ShiftInput::Expect(None));
    }
}

#[test]
fn a_held_question_is_answered_with_a_variant_and_a_lot() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.press(ShiftCommand::Times(4));
    desk.pull(&cheese());
    desk.pull(&cheese());
    let view = desk.inventory.shift_view().unwrap();
    assert_eq!(view.held, 0, "the same code again is the same question again");
    assert_eq!(view.state.question().unwrap().times, 4, "of as many");
    desk.press(ShiftCommand::Quantity(1));
    desk.pull(&location_label("A-01").unwrap());
    desk.pull(&cheese());
    let held = desk.inventory.held_scans().unwrap();
    assert_eq!((held.len(), held[0].scan.location), (1, desk.dock), "but at another location it is another box");
    desk.inventory.discard_held(held[0].number).unwrap();
    desk.press(ShiftCommand::Undo);
    desk.does(ShiftInput::Location(desk.dock));
    desk.pull(&cheese());
    desk.pull(TEA);
    let desk = desk.killed();
    let number = desk.inventory.held_scans().unwrap()[0].number;
    let not_found = |answer: Result<(), Error>| assert!(matches!(answer, Err(Error::NotFound(_))), "{answer:?}");
    not_found(desk.inventory.answer_held(number + 7, desk.cheese, "10:L"));
    not_found(desk.inventory.answer_held(number, desk.tea, "10:L"));
    assert!(matches!(desk.inventory.answer_held(number, desk.cheese, "L"), Err(Error::Rule(_))));
    assert_eq!(desk.inventory.shift_view().unwrap().held, 1, "nothing is lost by a wrong answer");
    desk.inventory.answer_held(number, desk.cheese, "10:L").unwrap();
    assert_eq!((cheese_at(&desk, desk.dock, "10:L"), desk.inventory.shift_view().unwrap().held), (1_000, 0));
    not_found(desk.inventory.answer_held(number, desk.cheese, "10:L"));

    desk.pull(&cheese());
    desk.pull(TEA);
    let captured = || desk.inventory.status().unwrap().captured_seq;
    let before = captured();
    assert_eq!(desk.inventory.attach(&cheese(), desk.cheese, (1, 1)).unwrap(), 1, "or without a lot");
    assert_eq!(cheese_at(&desk, desk.dock, ""), 1_000);
    assert_eq!(captured(), before + 1, "no second identifier");
    assert!(desk.inventory.exceptions().unwrap().is_empty());

    desk.pull(&cheese());
    assert_eq!(desk.press(ShiftCommand::Undo).feedback, Feedback::Undone, "a question taken back is not held");
    assert_eq!(desk.inventory.shift_view().unwrap().held, 0);
    desk.pull(&cheese());
    desk.pull(TEA);
    desk.press(ShiftCommand::Undo);
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.inventory.shift_view().unwrap().held, 0, "nor one taken back after the variant that came next");
}

/// What the person knew when they scanned stays with the scan, however late it is held or answered.
#[test]
fn a_question_keeps_what_was_known() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull(&cheese());
    let asked_ms = desk.watch.read().boot_ms;
    desk.pass(60_000);
    desk.pull(TEA);
    assert_eq!(desk.inventory.held_scans().unwrap()[0].scan.act.boot_ms, asked_ms);
}

/// A serial is looked for where the question was asked.
#[test]
fn a_serial_is_answered_where_it_was_asked_for() {
    let desk = Desk::new();
    let drill = gtin("0950110153001");
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull(&format!("]d201{drill}21S1"));
    desk.starts(ShiftMode::Issue, "DOCK");
    desk.pull(&drill);
    desk.does(ShiftInput::Location(desk.aisle));
    assert_eq!(desk.does(ShiftInput::Lot("21:S1".into())).signal, Some(ShiftSignal::Success), "it was there");
    assert_eq!(desk.on_hand(desk.drill, desk.dock, "21:S1"), 0);
}

#[test]
fn an_answer_that_cannot_be_leaves_the_question_open() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.press(ShiftCommand::Times(5));
    desk.pull(&gtin("0950110153001"));
    assert_eq!(desk.does(ShiftInput::Lot("21:S1".into())).feedback, Feedback::InvalidQuantity, "five of one serial");
    assert_eq!(desk.does(ShiftInput::Amount(1_750)).signal, Some(ShiftSignal::Warning));
    assert_eq!(
        desk.does(ShiftInput::Lot("21:S1".into())).feedback,
        Feedback::InvalidQuantity,
        "nor one and three quarters"
    );
    assert_eq!(desk.press(ShiftCommand::Quantity(1)).feedback, Feedback::ShiftUpdated);
    assert_eq!(desk.does(ShiftInput::Lot("21:S1".into())).on_hand, Some(1_000), "one");
    assert_eq!(desk.does(ShiftInput::Lot("21:S1".into())).feedback, Feedback::NothingToChange);
}

/// A close names so many counts and no more: what joins is counted.
#[test]
fn what_joins_a_full_count_does_not_break_it() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Count, "DOCK");
    for code in ["TEA-BOX", "TEA-BAG"] {
        desk.pull(code);
    }
    variant(&desk.inventory, "Mug", "none", ("raw", "MUG"), (1, 1));
    for line in 0..limits::CLOSE_COUNTS - 1 {
        assert_eq!(desk.pull(if line % 2 == 0 { TEA } else { "MUG" }).signal, Some(ShiftSignal::Success));
    }
    desk.inventory.attach("TEA-BOX", desk.tea, (1, 1)).unwrap();
    assert_eq!(desk.pull("MUG").feedback, Feedback::CountFull, "that was the last");
    desk.inventory.attach("TEA-BAG", desk.tea, (1, 1)).unwrap();
    assert_eq!(desk.press(ShiftCommand::Finish).signal, Some(ShiftSignal::Success));
}

/// A lot that came first waits for its variant: where the box is set down is said in between.
#[test]
fn a_lot_noted_goes_with_the_person() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull("]C110L9").feedback, Feedback::LotRemembered);
    desk.pull(&location_label("A-01").unwrap());
    assert_eq!(desk.pull(&cheese()).signal, Some(ShiftSignal::Success));
    assert_eq!(cheese_at(&desk, desk.aisle, "10:L9"), 1_000);
}

/// An unknown code is held with its location; the next one with the next.
#[test]
fn unknown_codes_keep_their_locations() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull("WHAT");
    desk.pull(&location_label("A-01").unwrap());
    assert_eq!(
        desk.press(ShiftCommand::Quantity(3)).signal,
        Some(ShiftSignal::Success),
        "three of what was heard last"
    );
    desk.pull("WHAT");
    assert_eq!(desk.inventory.attach("WHAT", desk.tea, (1, 1)).unwrap(), 2);
    assert_eq!((desk.on_hand(desk.tea, desk.dock, ""), desk.on_hand(desk.tea, desk.aisle, "")), (3_000, 1_000));
}
