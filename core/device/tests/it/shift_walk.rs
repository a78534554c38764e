//! The jobs of a day as a handheld worker does them: pick, receive, returns, counts.

use stocksync_core::shift::{
    ExpectedDocument, ExpectedLine, Feedback, ShiftCommand, ShiftInput, ShiftMode, ShiftSettings, ShiftSignal,
};
use stocksync_schemas::{Body, Location, Move, MovementLine};

use crate::desk::{Desk, TEA, gtin, variant};

/// What the newest act says.
fn newest(desk: &Desk) -> Body {
    desk.inventory.ops(None, 1).unwrap()[0].entry.op.body.clone()
}

/// E09: over the tolerance is a warning, within it none; nothing is refused. Without a document all is taken.
#[test]
fn e09_tolerances() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    let line = ExpectedLine { over: 2_000, ..ExpectedLine::new(desk.tea, 10_000) };
    desk.does(ShiftInput::Expect(Some(ExpectedDocument { reference: "PO-7".into(), lines: vec![line, line] })));
    desk.press(ShiftCommand::Times(20));
    assert_eq!(desk.pull(TEA).left, Some(0), "two lines of one variant are one");
    desk.press(ShiftCommand::Times(4));
    let within = desk.pull(TEA);
    assert_eq!((within.signal, within.left), (Some(ShiftSignal::Success), Some(-4_000)));
    let beyond = desk.pull(TEA);
    assert!(matches!(beyond.feedback, Feedback::RecordedUnexpected(..)), "{beyond:?}");
    assert_eq!((beyond.signal, beyond.on_hand), (Some(ShiftSignal::Warning), Some(25_000)));
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.press(ShiftCommand::Quantity(3)).left, Some(-3_000), "in place of the four");
    let delivery_note = ExpectedDocument { reference: "NOTE-9".into(), lines: Vec::new() };
    for expected in [None, Some(delivery_note)] {
        let named = expected.clone();
        desk.does(ShiftInput::Expect(expected));
        let blind = desk.pull(TEA);
        assert_eq!((blind.signal, blind.left), (Some(ShiftSignal::Success), None));
        let Body::Move(act) = newest(&desk) else { panic!() };
        assert_eq!(
            act.reference,
            named.map(|document| document.reference).unwrap_or_default(),
            "blind, by the delivery note"
        );
    }
    let bad = ExpectedLine { over: -1, ..line };
    assert!(
        desk.inventory
            .shift(ShiftInput::Expect(Some(ExpectedDocument { reference: String::new(), lines: vec![bad] })))
            .is_err()
    );
}

/// E04: what nobody knows is on no list either; without a list it may go, and is kept.
#[test]
fn e04_an_unknown_code_is_no_pick() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Issue, "DOCK");
    let lines = vec![ExpectedLine::new(desk.tea, 1_000)];
    desk.does(ShiftInput::Expect(Some(ExpectedDocument { reference: "SO-1".into(), lines })));
    let outcome = desk.pull("WHAT");
    assert_eq!((outcome.signal, outcome.feedback), (Some(ShiftSignal::Error), Feedback::NotOnDocument("WHAT".into())));
    assert_eq!(desk.inventory.shift_view().unwrap().held, 0, "so nobody can make a sale of it later");
    assert_eq!(desk.pull(TEA).left, Some(0));
    desk.does(ShiftInput::Expect(None));
    assert!(matches!(desk.pull("WHAT").feedback, Feedback::UnknownCode(_)));
    assert_eq!(desk.inventory.shift_view().unwrap().held, 1);
}

/// E10: each mode by its label, each from the right location to the right one; a damaged return never comes to stock.
#[test]
fn e10_every_mode_has_its_ends() {
    let desk = Desk::new();
    desk.receives("DOCK", 10, TEA);
    for (mode, from, to, reason) in [
        (ShiftMode::Return, Location::CUSTOMER, desk.dock, "sale_return"),
        (ShiftMode::SupplierReturn, desk.dock, Location::SUPPLIER, "supplier_return"),
        (ShiftMode::Damage, desk.dock, Location::SCRAP, "damage"),
        (ShiftMode::Waste, desk.dock, Location::SCRAP, "waste"),
        (ShiftMode::DamagedReturn, Location::CUSTOMER, Location::SCRAP, "damaged_return"),
    ] {
        desk.starts(mode, "DOCK");
        assert_eq!(desk.pull(TEA).signal, Some(ShiftSignal::Success));
        let Body::Move(act) = newest(&desk) else { panic!() };
        assert_eq!((act.from, act.to, act.reason.as_str()), (from, to, reason));
    }
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 8_000);
    assert_eq!(desk.on_hand(desk.tea, Location::SCRAP, ""), 3_000);
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.on_hand(desk.tea, Location::SCRAP, ""), 2_000);

    let desk = Desk::new();
    desk.press(ShiftCommand::Mode(ShiftMode::DamagedReturn));
    assert_eq!(desk.pull(TEA).on_hand, Some(1_000), "it goes to no location here, so none is asked for");
    let drill = format!("]d201{}21S1", gtin("0950110153001"));
    assert_eq!(desk.pull(&drill).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull(&drill).signal, Some(ShiftSignal::Duplicate), "one piece is broken once");
}

/// A12: whoever says that all was looked at means every location of the count, not only the last.
#[test]
fn a12_a_complete_count_covers_every_location_it_went_to() {
    let desk = Desk::new();
    let mug = variant(&desk.inventory, "Mug", "none", ("raw", "MUG"), (1, 1));
    for location in ["DOCK", "A-01"] {
        desk.starts(ShiftMode::Receive, location);
        desk.pull(TEA);
        desk.pull("MUG");
    }
    desk.starts(ShiftMode::Count, "DOCK");
    desk.pull(TEA);
    desk.does(ShiftInput::Location(desk.aisle));
    desk.pull("MUG");
    desk.press(ShiftCommand::Complete);
    let shows = |variant, location| desk.on_hand(variant, location, "");
    assert_eq!((shows(desk.tea, desk.dock), shows(mug, desk.dock)), (1_000, 0));
    assert_eq!((shows(desk.tea, desk.aisle), shows(mug, desk.aisle)), (0, 1_000));
}

/// A12: what the counter was shown stays with the count; who counts blind is shown nothing.
#[test]
fn a12_blind_and_shown() {
    let desk = Desk::new();
    let mug = variant(&desk.inventory, "Mug", "none", ("raw", "MUG"), (1, 1));
    desk.receives("A-01", 48, TEA);
    let expected = |of| {
        let rows = desk.inventory.ops(None, 500).unwrap();
        let counts = rows.iter().filter_map(|row| match &row.entry.op.body {
            Body::Count(count) if count.cell.variant == of => Some(count.expected),
            _ => None,
        });
        counts.collect::<Vec<_>>()
    };
    desk.starts(ShiftMode::Count, "A-01");
    assert_eq!(desk.pull(TEA).on_hand, Some(48_000));
    let line = MovementLine {
        variant: desk.tea,
        lot: String::new(),
        quantity: 1_000,
        entered: String::new(),
        unit_cost: None,
    };
    let (from, to, text) = (desk.aisle, Location::CUSTOMER, String::new());
    let sale = Move { from, to, lines: vec![line], reason: text.clone(), reference: text };
    desk.inventory.record(None, Body::Move(sale)).unwrap();
    assert_eq!(desk.pull(TEA).on_hand, Some(48_000), "sold meanwhile: the line goes on from what was shown");
    assert_eq!(desk.press(ShiftCommand::Quantity(45)).on_hand, Some(48_000), "the books, not what was counted");
    desk.press(ShiftCommand::Finish);
    assert_eq!(expected(desk.tea), [Some(48_000)]);

    desk.inventory.set_shift_settings(&ShiftSettings { blind_counts: true, ..ShiftSettings::default() }).unwrap();
    assert_eq!(desk.pull("MUG").on_hand, None);
    assert_eq!(desk.pull(TEA).on_hand, None);
    assert_eq!(desk.press(ShiftCommand::Quantity(44)).on_hand, None);
    desk.press(ShiftCommand::Finish);
    assert_eq!((expected(mug), expected(desk.tea)), (vec![None], vec![None, Some(48_000)]));
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 44_000);
    desk.starts(ShiftMode::Receive, "A-01");
    assert_eq!(desk.pull(TEA).on_hand, Some(45_000), "only counts are blind");
}
