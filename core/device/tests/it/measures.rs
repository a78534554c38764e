//! Goods that vary in weight or length: the label says how much, where it is beyond doubt.

use stocksync_core::Error;
use stocksync_core::shift::{
    ExpectedDocument, ExpectedLine, Feedback, InStoreLayout, InStoreValue, ShiftCommand, ShiftInput, ShiftMode,
    ShiftSettings, ShiftSignal,
};
use stocksync_gs1::Region;
use stocksync_schemas::VariantId;

use crate::desk::{Desk, TEA, counted_in, gtin};

/// A variant of variable measure, and its GTIN.
fn ham(desk: &Desk, unit: &str, decimals: i64, tracking: &str) -> (VariantId, String) {
    let code = gtin("9950110153001");
    let variant = counted_in(&desk.inventory, "Ham", tracking, (unit, decimals), ("gtin", &code), (1, 1));
    (variant, code)
}

#[test]
fn a_label_in_the_unit_of_the_variant_is_its_quantity() {
    let desk = Desk::new();
    let (ham, code) = ham(&desk, "kg", 3, "none");
    let label = |grams: &str| format!("]C101{code}3103{grams}");
    desk.starts(ShiftMode::Receive, "DOCK");
    let outcome = desk.pull(&label("001750"));
    assert_eq!((outcome.signal, outcome.on_hand), (Some(ShiftSignal::Success), Some(1_750)));
    assert_eq!((outcome.measures[0].value.as_str(), outcome.measures[0].unit.as_str()), ("1.750", "kg"));
    assert_eq!(desk.pull(&label("000980")).on_hand, Some(2_730), "each weighs what it weighs");
    assert_eq!(desk.press(ShiftCommand::Quantity(2)).on_hand, Some(3_710), "two of the last");
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.on_hand(ham, desk.dock, ""), 1_750);
    desk.press(ShiftCommand::Times(3));
    assert_eq!(desk.pull(&label("000100")).on_hand, Some(2_050));
    assert_eq!(desk.does(ShiftInput::Amount(95)).on_hand, Some(1_845), "weighed again: in place of the last scan");
    assert!(
        desk.does(ShiftInput::Amount(-1)).feedback == Feedback::InvalidQuantity
            && desk.on_hand(ham, desk.dock, "") == 1_845
    );
    assert_eq!(
        desk.pull(&format!("]C101{code}3102000200300005")).on_hand,
        Some(3_845),
        "five pieces, two kilos in all"
    );

    desk.starts(ShiftMode::Count, "DOCK");
    desk.pull(&label("001800"));
    desk.pull(&label("001900"));
    assert_eq!(desk.inventory.shift_view().unwrap().state.counting().unwrap().1, 3_700);
    desk.press(ShiftCommand::Finish);
    assert_eq!(desk.on_hand(ham, desk.dock, ""), 3_700);

    desk.starts(ShiftMode::Issue, "DOCK");
    let over = ExpectedLine { over: 100, ..ExpectedLine::new(ham, 2_000) };
    desk.does(ShiftInput::Expect(Some(ExpectedDocument { reference: "SO-1".into(), lines: vec![over] })));
    assert_eq!(desk.pull(&label("001200")).left, Some(800));
    assert_eq!(desk.pull(&label("001000")).signal, Some(ShiftSignal::Error), "two kilos and two hundred grams");
    assert_eq!(desk.pull(&label("000890")).left, Some(-90), "within what may be more");
    assert_eq!(desk.on_hand(ham, desk.dock, ""), 1_610);
}

#[test]
fn nothing_is_rounded() {
    let desk = Desk::new();
    let (ham, code) = ham(&desk, "kg", 3, "none");
    desk.starts(ShiftMode::Receive, "DOCK");
    let outcome = desk.pull(&format!("]C101{code}3105175055"));
    assert_eq!(outcome.signal, Some(ShiftSignal::Error));
    assert!(matches!(outcome.feedback, Feedback::UnusableMeasure(_)), "1.75055 kg in thousandths: {outcome:?}");
    assert_eq!((desk.acts(), outcome.measures[0].thousandths()), (0, None));
    assert_eq!(
        desk.press(ShiftCommand::Quantity(2)).feedback,
        Feedback::ShiftUpdated,
        "so many of them, and still how much"
    );
    let desk = desk.killed();
    assert_eq!(desk.does(ShiftInput::Amount(0)).feedback, Feedback::NothingToChange);
    assert_eq!(desk.does(ShiftInput::Amount(1_751)).on_hand, Some(1_751), "the person says");
    assert!(
        matches!(desk.pull(&format!("]C101{code}3100000000")).feedback, Feedback::UnusableMeasure(_)),
        "nothing is no quantity"
    );
    desk.pull(TEA);
    assert_eq!(desk.inventory.shift_view().unwrap().held, 1, "held, as every open question");
    let number = desk.inventory.held_scans().unwrap()[0].number;
    assert!(matches!(desk.inventory.answer_held(number, ham, ""), Err(Error::Invalid { .. })));
    assert_eq!(desk.inventory.shift_view().unwrap().held, 1);
}

#[test]
fn where_the_unit_is_in_doubt_the_person_is_asked() {
    let desk = Desk::new();
    let (ham, code) = ham(&desk, "Kilo", 2, "lot");
    let label = format!("]C101{code}3103001750");
    desk.starts(ShiftMode::Receive, "DOCK");
    assert!(matches!(desk.pull(&label).feedback, Feedback::NeedLot(_)));
    let outcome = desk.pull("]C110L1");
    assert!(matches!(outcome.feedback, Feedback::NeedQuantity(_)), "one question after the other: {outcome:?}");
    assert_eq!((outcome.signal, desk.acts()), (Some(ShiftSignal::Warning), 0));
    assert_eq!(desk.does(ShiftInput::Amount(1_750)).on_hand, Some(1_750));
    assert_eq!(desk.on_hand(ham, desk.dock, "10:L1"), 1_750);

    desk.pull(&label);
    assert!(matches!(desk.does(ShiftInput::Amount(900)).feedback, Feedback::NeedLot(_)), "or how much first");
    assert_eq!(desk.does(ShiftInput::Lot("10:L2".into())).on_hand, Some(900));
}

#[test]
fn pieces_are_pieces_and_the_label_is_offered() {
    let desk = Desk::new();
    let (ham, code) = ham(&desk, "each", 0, "none");
    desk.starts(ShiftMode::Receive, "DOCK");
    let outcome = desk.pull(&format!("]C101{code}3103001750"));
    assert_eq!((outcome.signal, outcome.on_hand), (Some(ShiftSignal::Success), Some(1_000)));
    assert_eq!(outcome.measures[0].thousandths(), Some(1_750));
    assert_eq!(desk.does(ShiftInput::Amount(1_750)).on_hand, Some(1_750), "confirmed as the quantity by the app");
    assert_eq!(desk.on_hand(ham, desk.dock, ""), 1_750);
    let found = desk.inventory.lookup(&format!("]C101{code}3103001750"), None).unwrap();
    assert_eq!(found.measures[0].value, "1.750", "and where nothing is recorded");
    assert_eq!(desk.pull(TEA).measures, []);
    assert_eq!(desk.pull("WHAT").signal, Some(ShiftSignal::Error));
    assert_eq!(
        desk.does(ShiftInput::Amount(5)).feedback,
        Feedback::InvalidQuantity,
        "of an unknown variant nobody knows the unit"
    );
    assert_eq!(desk.inventory.held_scans().unwrap()[0].scan.times, 1);
}

/// Serials are there or not (design 5.10), whatever they weigh.
#[test]
fn a_serial_is_one() {
    let desk = Desk::new();
    let (ham, code) = ham(&desk, "kg", 3, "serial");
    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull(&format!("]C101{code}310300175021S1")).on_hand, Some(1_000));
    assert_eq!(desk.does(ShiftInput::Amount(1_750)).feedback, Feedback::InvalidQuantity);
    assert_eq!(desk.on_hand(ham, desk.dock, "21:S1"), 1_000);
}

#[test]
fn what_an_unknown_label_weighs_is_kept_until_it_is_known() {
    let desk = Desk::new();
    let code = gtin("9950110153001");
    let label = |grams: &str| format!("]C101{code}3103{grams}");
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull(&label("001750"));
    desk.pull(&label("000250"));
    assert_eq!(desk.press(ShiftCommand::Quantity(2)).signal, Some(ShiftSignal::Success));
    desk.pull(&format!("]C101{code}3103000100300005"));
    assert_eq!(
        desk.press(ShiftCommand::Quantity(3)).signal,
        Some(ShiftSignal::Success),
        "three such boxes, whatever is inside"
    );
    desk.starts(ShiftMode::Count, "A-01");
    desk.pull(&label("001000"));
    desk.pull(&label("001001"));
    desk.press(ShiftCommand::Finish);
    let ham = counted_in(&desk.inventory, "Ham", "none", ("kg", 3), ("raw", "HAM"), (1, 1));
    let text = desk.inventory.held_scans().unwrap()[0].scan.text.clone();
    assert_eq!(desk.inventory.attach(&text, ham, (1, 1)).unwrap(), 4, "three receipts, one count");
    assert_eq!((desk.on_hand(ham, desk.dock, ""), desk.on_hand(ham, desk.aisle, "")), (2_550, 2_001));
}

#[test]
fn labels_of_the_shop_s_own_scale_are_one_item_whatever_each_weighs() {
    let desk = Desk::new();
    let pattern = Region::Germany.patterns().into_iter().find(|pattern| pattern.prefix() == "28").unwrap();
    let label = |item: &str, grams: u64| pattern.code(item, grams).unwrap().as_str()[1..].to_owned();
    let cheese = counted_in(&desk.inventory, "Cheese", "none", ("kg", 3), ("raw", "CHEESE"), (1, 1));
    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull("2811111068708").feedback, Feedback::UnknownCode("2811111068708".into()), "a code by itself");
    desk.press(ShiftCommand::Undo);

    let in_store = InStoreLayout::of_country("de");
    desk.inventory.set_shift_settings(&ShiftSettings { in_store, ..ShiftSettings::default() }).unwrap();
    desk.pull("2811111068708");
    desk.pull(&label("281111", 1_250));
    desk.pull(&label("281112", 500));
    assert_eq!(desk.inventory.held_scans().unwrap().len(), 3);
    assert_eq!(desk.inventory.attach("2811111068708", cheese, (1, 1)).unwrap(), 2, "both of that item");
    assert_eq!(desk.on_hand(cheese, desk.dock, ""), 6_870 + 1_250);
    assert_eq!(desk.pull(&label("281111", 980)).on_hand, Some(6_870 + 1_250 + 980));
    let found = desk.inventory.lookup(&label("281111", 3), None).unwrap();
    assert_eq!((found.matches[0].identifier.variant, found.measures[0].value.as_str()), (cheese, "0.003"));
    assert_eq!(desk.inventory.held_scans().unwrap().len(), 1, "the other item waits");

    let bad =
        InStoreLayout { prefix: "40".into(), layout: "PPPPPPPPVVVV".into(), inside: InStoreValue::Price, decimals: 2 };
    let error = desk.inventory.set_shift_settings(&ShiftSettings { in_store: vec![bad], ..ShiftSettings::default() });
    assert!(matches!(error, Err(Error::Invalid { field: "in_store", .. })), "{error:?}");
    assert!(InStoreLayout::of_country("US").is_empty());
}
