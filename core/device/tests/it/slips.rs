//! Slips of a hurried person: whatever they press after a scan means that scan, and nothing counts twice.

use stocksync_core::shift::{
    ExpectedDocument, ExpectedLine, Feedback, Scan, ScanSource, ShiftCommand, ShiftInput, ShiftMode, ShiftOutcome,
    ShiftSignal, location_label,
};
use stocksync_ledger::records::FieldValue;

use crate::desk::{Desk, TEA, gtin, make, text, variant};

fn shown(desk: &Desk, code: &str) -> ShiftOutcome {
    desk.does(ShiftInput::Scan(Scan { text: code.to_owned(), aim: None, source: ScanSource::Camera }))
}

#[test]
fn a_label_before_the_camera_is_read_once() {
    use stocksync_core::shift::command_label;
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    for _ in 0..10 {
        desk.pull(TEA);
    }
    let undo = command_label(ShiftCommand::Undo);
    assert_eq!(shown(&desk, &undo).feedback, Feedback::Undone);
    for _ in 0..5 {
        assert_eq!(shown(&desk, &undo).signal, None, "still before the camera");
    }
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 9_000);

    desk.starts(ShiftMode::Move, "DOCK");
    for _ in 0..5 {
        shown(&desk, &location_label("A-01").unwrap());
    }
    assert_eq!(desk.pull(TEA).signal, Some(ShiftSignal::Success), "the target was not taken for the next location");
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 1_000);

    assert_eq!(shown(&desk, "-S/RECEIVE9").signal, Some(ShiftSignal::Error));
    assert_eq!(shown(&desk, "-S/RECEIVE9").signal, None, "a bad label is told once");
}

#[test]
fn what_is_pressed_after_an_unknown_code_means_that_scan() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull(TEA);
    desk.pull("WHAT");
    assert_eq!(desk.press(ShiftCommand::Quantity(5)).signal, Some(ShiftSignal::Success), "five of the unknown variant");
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 1_000, "and not of the tea before it");
    assert_eq!(desk.inventory.held_scans().unwrap()[0].scan.times, 5);
    assert_eq!(desk.press(ShiftCommand::Undo).feedback, Feedback::Undone);
    assert_eq!(desk.inventory.shift_view().unwrap().held, 0, "the unknown code is taken back");
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 1_000);
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 0, "then the tea");

    let mug = variant(&desk.inventory, "Mug", "none", ("raw", "MUG"), (1, 1));
    desk.pull("MUG");
    desk.pull("WHAT");
    desk.inventory.attach("WHAT", desk.tea, (1, 1)).unwrap();
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.on_hand(mug, desk.dock, ""), 0, "what a person named is no longer the last scan");
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 1_000);

    desk.starts(ShiftMode::Count, "A-01");
    desk.pull("MUG");
    desk.pull("STRANGE");
    desk.press(ShiftCommand::Quantity(9));
    desk.press(ShiftCommand::Finish);
    assert_eq!(desk.on_hand(mug, desk.aisle, ""), 1_000, "nine of the strange variant, one mug");
    assert_eq!(desk.inventory.held_scans().unwrap()[0].scan.times, 9);
}

#[test]
fn a_number_after_a_move_means_the_locations_of_that_move() {
    let desk = Desk::new();
    let location = |code: &str| {
        let fields = [("name", text(code)), ("kind", text("bin")), ("code", text(code))];
        stocksync_schemas::Location(make(&desk.inventory, "locations", &fields).0)
    };
    let rack = location("RACK");
    desk.receives("DOCK", 20, TEA);
    desk.starts(ShiftMode::Move, "DOCK");
    desk.pull(&location_label("A-01").unwrap());
    desk.pull(TEA);
    desk.pull(&location_label("DOCK").unwrap());
    desk.pull(&location_label("RACK").unwrap());
    assert_eq!(desk.press(ShiftCommand::Quantity(3)).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 3_000);
    assert_eq!(desk.on_hand(desk.tea, rack, ""), 0);
}

#[test]
fn what_one_document_asked_for_is_not_given_back_to_another() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Issue, "DOCK");
    let order = |name: &str, units: &[i64]| {
        let lines = units.iter().map(|units| ExpectedLine::new(desk.tea, units * 1_000)).collect();
        ShiftInput::Expect(Some(ExpectedDocument { reference: name.into(), lines }))
    };
    desk.does(order("SO-1", &[3]));
    desk.pull(TEA);
    desk.does(order("SO-2", &[1, 1]));
    assert_eq!(desk.press(ShiftCommand::Quantity(2)).signal, Some(ShiftSignal::Success));
    let row = &desk.inventory.ops(None, 1).unwrap()[0];
    assert!(format!("{:?}", row.entry.op.body).contains("SO-1"), "two for the first order");
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.pull(TEA).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull(TEA).signal, Some(ShiftSignal::Success), "two lines of one variant are one demand");
    assert!(matches!(desk.pull(TEA).feedback, Feedback::NotOnDocument(_)));
}

#[test]
fn a_pallet_may_be_put_away_and_is_counted_once() {
    let desk = Desk::new();
    let sscc = gtin("10950110153000001");
    let pallet = format!("]C100{sscc}020{TEA}3740");
    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Duplicate));
    desk.starts(ShiftMode::Move, "DOCK");
    desk.pull(&location_label("A-01").unwrap());
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Success), "received and put away are two acts");
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Duplicate));
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 40_000);
    desk.starts(ShiftMode::Count, "A-01");
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Duplicate), "one pallet is not eighty pieces");
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Success), "taken back, it may come again");
    desk.press(ShiftCommand::Finish);
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 40_000);
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Success), "the next count counts it again");
}

#[test]
fn a_serial_is_moved_once() {
    let desk = Desk::new();
    let drill = format!("]d201{}21S1", gtin("0950110153001"));
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull(&drill);
    desk.starts(ShiftMode::Move, "DOCK");
    desk.pull(&location_label("A-01").unwrap());
    assert_eq!(desk.pull(&drill).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull(&drill).signal, Some(ShiftSignal::Duplicate), "it is there already");
    assert_eq!(desk.on_hand(desk.drill, desk.aisle, "21:S1"), 1_000);
    assert_eq!(desk.on_hand(desk.drill, desk.dock, "21:S1"), 0);
}

#[test]
fn unknown_pallets_and_pieces_keep_what_they_say() {
    let desk = Desk::new();
    let strange = gtin("1595012345678");
    let pallet = format!("]C100{}02{strange}3740", gtin("10950110153000002"));
    let piece = format!("]d201{strange}21S7");
    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Error));
    assert_eq!(desk.inventory.held_scans().unwrap()[0].scan.times, 40, "forty inside");
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Duplicate), "kept once");
    desk.press(ShiftCommand::Times(5));
    assert_eq!(desk.pull(&piece).feedback, Feedback::InvalidQuantity, "five of one serial could never be recorded");
    desk.press(ShiftCommand::Times(1));
    assert_eq!(desk.pull(&piece).signal, Some(ShiftSignal::Error));
    assert_eq!(desk.pull(&piece).signal, Some(ShiftSignal::Duplicate));
    assert_eq!(desk.inventory.shift_view().unwrap().held, 2);

    let bolt = variant(&desk.inventory, "Bolt", "none", ("raw", "BOLT"), (1, 1));
    let text = desk.inventory.held_scans().unwrap()[0].scan.text.clone();
    assert_eq!(desk.inventory.attach(&text, bolt, (1, 1)).unwrap(), 2, "one number, named once");
    assert_eq!(desk.on_hand(bolt, desk.dock, ""), 40_000);
    assert_eq!(desk.on_hand(bolt, desk.dock, "21:S7"), 1_000);
    assert_eq!(desk.pull(&strange).on_hand, Some(41_000), "and it is the number that is known from now on");
}

#[test]
fn two_counts_of_an_unknown_variant_are_two_counts() {
    let desk = Desk::new();
    let bolt = variant(&desk.inventory, "Bolt", "none", ("raw", "BOLT"), (1, 1));
    for times in [3, 4] {
        desk.starts(ShiftMode::Count, "A-01");
        for _ in 0..times {
            desk.pull("UNKNOWN-BOLT");
        }
        desk.press(ShiftCommand::Finish);
        desk.pass(60_000);
    }
    assert_eq!(desk.inventory.attach("UNKNOWN-BOLT", bolt, (1, 1)).unwrap(), 2);
    let counts: Vec<String> =
        desk.inventory.ops(None, 2).unwrap().iter().map(|row| format!("{:?}", row.entry.op.body)).collect();
    assert!(
        counts.iter().any(|count| count.contains("counted: 3000"))
            && counts.iter().any(|count| count.contains("counted: 4000"))
    );
}

#[test]
fn an_empty_shelf_is_a_count_too() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "A-01");
    desk.pull(TEA);
    desk.starts(ShiftMode::Count, "A-01");
    assert_eq!(desk.press(ShiftCommand::Complete).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 0, "looked at everything, and there was nothing");
    assert_eq!(desk.press(ShiftCommand::Complete).signal, Some(ShiftSignal::Error), "nobody looked since");
}

#[test]
fn a_tally_never_stops_silently() {
    let desk = Desk::new();
    variant(&desk.inventory, "Sand", "none", ("raw", "SAND"), (600_000_000, 1));
    desk.starts(ShiftMode::Count, "A-01");
    assert_eq!(desk.pull("SAND").signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull("SAND").feedback, Feedback::InvalidQuantity, "more than a count can hold is told");
    for _ in 0..70 {
        desk.pull(TEA);
    }
    for _ in 0..60 {
        desk.press(ShiftCommand::Undo);
    }
    assert_eq!(desk.inventory.shift_view().unwrap().state.counting().unwrap().1, 20_000, "the last fifty, no more");
}

#[test]
fn a_code_whose_variant_has_not_arrived_is_worked_with() {
    let desk = Desk::new();
    let far = stocksync_schemas::VariantId([9; 16]);
    let fields: Vec<(&str, FieldValue)> = vec![
        ("variant", text(&far.to_string())),
        ("scheme", text("raw")),
        ("value", text("FAR")),
        ("pack_numerator", FieldValue::Integer(1)),
        ("pack_denominator", FieldValue::Integer(1)),
    ];
    make(&desk.inventory, "identifiers", &fields);
    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull("FAR").on_hand, Some(1_000));
}

#[test]
fn a_second_number_replaces_the_first() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Count, "A-01");
    desk.press(ShiftCommand::Times(12));
    desk.pull(TEA);
    for packs in [25, 24] {
        desk.press(ShiftCommand::Quantity(packs));
        let counted = desk.inventory.shift_view().unwrap().state.counting().unwrap().1;
        assert_eq!(counted, i64::from(packs) * 1_000);
    }
    desk.press(ShiftCommand::Finish);
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 24_000);
}

#[test]
fn a_number_answers_the_question_that_is_open() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull(TEA);
    assert!(matches!(desk.pull(&gtin("0950110153000")).feedback, Feedback::NeedLot(_)));
    desk.press(ShiftCommand::Quantity(6));
    assert_eq!(desk.does(ShiftInput::Lot("10:L1".into())).on_hand, Some(6_000));
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 1_000, "not the tea before it");
    assert_eq!(desk.pull(TEA).on_hand, Some(2_000), "and it is not said again");
}

#[test]
fn a_serial_by_hand_or_on_a_symbol_of_its_own_is_guarded_too() {
    let desk = Desk::new();
    let drill = gtin("0950110153001");
    desk.starts(ShiftMode::Receive, "DOCK");
    let by_hand = || {
        desk.pull(&drill);
        desk.does(ShiftInput::Lot("21:S1".into())).signal
    };
    assert_eq!((by_hand(), by_hand()), (Some(ShiftSignal::Success), Some(ShiftSignal::Duplicate)));
    desk.pull(&drill);
    assert_eq!(desk.pull("]C121S1").signal, Some(ShiftSignal::Duplicate), "the second symbol of the box");
    desk.pull("]C121S1");
    assert_eq!(desk.pull(&drill).signal, Some(ShiftSignal::Duplicate), "or the first");
    assert_eq!(desk.on_hand(desk.drill, desk.dock, "21:S1"), 1_000);
}
