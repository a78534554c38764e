//! Shifts as people work them: labels, scans, mistakes, unknown codes, a dying battery.

use stocksync_core::Error;
use stocksync_core::shift::{
    ExpectedDocument, ExpectedLine, Feedback, Scan, ScanSource, ShiftCommand, ShiftInput, ShiftMode, ShiftSignal,
    Wedge, command_label, location_label,
};
use stocksync_core::time::Clock;
use stocksync_schemas::{Location, UserId};

use crate::desk::{Desk, TEA, gtin, name_it, variant};

const GS: char = '\u{1d}';

#[test]
fn a_receiving_morning() {
    let desk = Desk::new();
    assert_eq!(desk.pull(TEA).feedback.clone(), desk.pull(TEA).feedback, "looking up changes nothing");
    assert_eq!(desk.acts(), 0);
    assert_eq!(desk.press(ShiftCommand::Mode(ShiftMode::Receive)).feedback, Feedback::ShiftUpdated);
    let outcome = desk.pull(TEA);
    assert_eq!((outcome.signal, outcome.feedback), (Some(ShiftSignal::Error), Feedback::NeedLocation), "where to?");

    desk.starts(ShiftMode::Receive, "DOCK");
    for sum in 1..=3 {
        let outcome = desk.pull(TEA);
        assert_eq!((outcome.signal, outcome.on_hand), (Some(ShiftSignal::Success), Some(sum * 1_000)));
    }
    desk.pull(&command_label(ShiftCommand::Times(12)));
    assert_eq!(desk.pull(TEA).on_hand, Some(15_000), "a multiplier before");
    assert_eq!(desk.pull(TEA).on_hand, Some(16_000), "counts once");
    assert_eq!(desk.press(ShiftCommand::Quantity(24)).on_hand, Some(39_000), "or the number after");
    assert_eq!(desk.press(ShiftCommand::Undo).feedback, Feedback::Undone);
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 15_000);

    let desk = desk.killed();
    assert_eq!(desk.inventory.shift_view().unwrap().state.mode, ShiftMode::Receive, "a shift survives a kill");
    assert_eq!(desk.pull(TEA).on_hand, Some(16_000));
    for _ in 0..5 {
        assert_eq!(
            desk.press(ShiftCommand::Undo).signal,
            Some(ShiftSignal::Success),
            "and so does what can be taken back"
        );
    }
    assert_eq!(desk.press(ShiftCommand::Undo).feedback, Feedback::NothingToChange);
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 0);
    assert_eq!(desk.inventory.status().unwrap().pending, desk.inventory.status().unwrap().captured_seq);
}

#[test]
fn a_camera_sees_a_code_many_times_and_a_trigger_means_each() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    let look = || {
        desk.does(ShiftInput::Scan(Scan { text: TEA.to_owned(), aim: Some("]E0".into()), source: ScanSource::Camera }))
    };
    assert_eq!(look().signal, Some(ShiftSignal::Success));
    for _ in 0..30 {
        assert_eq!(look().signal, None, "held before the camera for three seconds");
    }
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 1_000);
    desk.pass(1_500);
    assert_eq!(look().on_hand, Some(2_000), "taken away and shown again");
    desk.pass(1_500);
    desk.inventory.die_after(Some((1, 1))).unwrap();
    assert!(
        desk.inventory
            .shift(ShiftInput::Scan(Scan { text: TEA.to_owned(), aim: None, source: ScanSource::Camera }))
            .is_err()
    );
    let desk = desk.killed();
    let again = desk.does(ShiftInput::Scan(Scan { text: TEA.to_owned(), aim: None, source: ScanSource::Camera }));
    assert_eq!(again.on_hand, Some(3_000), "what failed is tried again at the next look");
}

#[test]
fn packs_are_exact_and_parts_of_them_are_told() {
    let desk = Desk::new();
    let case = gtin("1400638133393");
    name_it(&desk.inventory, desk.tea, ("gtin", &case), (12, 1));
    name_it(&desk.inventory, desk.tea, ("raw", "TEA-THIRD"), (1, 3));
    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull(&case).on_hand, Some(12_000));
    assert_eq!(desk.press(ShiftCommand::Quantity(3)).on_hand, Some(36_000), "three cases");
    assert_eq!(desk.pull("TEA-THIRD").feedback, Feedback::InvalidQuantity);
    desk.press(ShiftCommand::Times(3));
    assert_eq!(desk.pull("TEA-THIRD").on_hand, Some(37_000));
    desk.press(ShiftCommand::Times(100_000));
    desk.press(ShiftCommand::Times(0));
    let million = desk.pull(&case);
    assert_eq!(million.signal, Some(ShiftSignal::Success));
    assert_eq!(desk.press(ShiftCommand::Quantity(4_000_000_000)).feedback, Feedback::InvalidQuantity);
}

#[test]
fn unknown_codes_are_kept_and_recorded_once_they_are_known() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    let strange = gtin("595012345678");
    for _ in 0..2 {
        let outcome = desk.pull(&strange);
        assert_eq!(
            (outcome.signal, outcome.feedback),
            (Some(ShiftSignal::Error), Feedback::UnknownCode(strange.clone()))
        );
    }
    assert_eq!(desk.pull(TEA).signal, Some(ShiftSignal::Success), "the work goes on");
    desk.starts(ShiftMode::Count, "A-01");
    for _ in 0..3 {
        desk.pull(&strange);
    }
    desk.press(ShiftCommand::Finish);
    let desk = desk.killed();
    assert_eq!(desk.inventory.shift_view().unwrap().held, 5);
    assert_eq!(desk.inventory.held_scans().unwrap()[0].scan.gtin, format!("0{strange}"));

    let coffee = variant(&desk.inventory, "Coffee", "none", ("raw", "COFFEE"), (1, 1));
    assert!(matches!(desk.inventory.attach("nothing", coffee, (1, 1)), Err(Error::NotFound(_))));
    assert_eq!(desk.inventory.attach(&strange, coffee, (6, 1)).unwrap(), 3, "two receipts, one count of three");
    assert_eq!(desk.on_hand(coffee, desk.dock, ""), 12_000);
    assert_eq!(desk.on_hand(coffee, desk.aisle, ""), 18_000);
    assert!(matches!(desk.inventory.attach(&strange, coffee, (6, 1)), Err(Error::NotFound(_))), "once");
    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull(&strange).on_hand, Some(18_000), "from now on it is known");

    desk.pull("GIBBERISH");
    let held = desk.inventory.held_scans().unwrap();
    desk.inventory.discard_held(held[0].number).unwrap();
    assert_eq!(desk.inventory.shift_view().unwrap().held, 0);
}

#[test]
fn lots_come_with_the_code_from_a_second_symbol_or_by_hand() {
    let desk = Desk::new();
    let cheese = gtin("0950110153000");
    desk.starts(ShiftMode::Receive, "DOCK");
    let outcome = desk.pull(&format!("]d201{cheese}1726123110LOT1"));
    assert_eq!((outcome.signal, desk.on_hand(desk.cheese, desk.dock, "10:LOT1")), (Some(ShiftSignal::Success), 1_000));
    let outcome = desk.pull(&format!("]d201{cheese}1720123110OLD"));
    assert_eq!(
        (outcome.signal, outcome.on_hand),
        (Some(ShiftSignal::Warning), Some(1_000)),
        "expired: recorded, and told"
    );
    assert!(matches!(outcome.feedback, Feedback::RecordedExpired(..)));

    assert!(matches!(desk.pull(&cheese).feedback, Feedback::NeedLot(_)));
    assert_eq!(desk.pull("]C110LOT2").signal, Some(ShiftSignal::Success), "the second symbol of the box");
    assert_eq!(desk.on_hand(desk.cheese, desk.dock, "10:LOT2"), 1_000);
    assert_eq!(desk.pull("]C110LOT3").feedback, Feedback::LotRemembered, "or the first");
    assert_eq!(desk.pull(&cheese).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.on_hand(desk.cheese, desk.dock, "10:LOT3"), 1_000);

    desk.pull("]C110LOT4");
    desk.pass(10_000);
    assert!(matches!(desk.pull(&cheese).feedback, Feedback::NeedLot(_)), "too late: it belongs to another box");
    assert_eq!(desk.does(ShiftInput::Lot("10:LOT5".into())).on_hand, Some(1_000));
    desk.press(ShiftCommand::Times(4));
    desk.pull(&cheese);
    let desk = desk.killed();
    assert_eq!(
        desk.does(ShiftInput::Lot(String::new())).on_hand,
        Some(4_000),
        "a question survives a kill, and so does ×4"
    );
    assert_eq!(desk.does(ShiftInput::Lot("10:X".into())).feedback, Feedback::NothingToChange);
    assert!(matches!(desk.inventory.shift(ShiftInput::Lot("9".repeat(65))), Err(Error::Invalid { .. })));
}

#[test]
fn serials_and_pallets_are_there_or_not() {
    let desk = Desk::new();
    let drill = gtin("0950110153001");
    let piece = |serial: &str| format!("]d201{drill}21{serial}");
    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull(&piece("S1")).signal, Some(ShiftSignal::Success));
    let acts = desk.acts();
    let again = desk.pull(&piece("S1"));
    assert_eq!(
        (again.signal, again.feedback),
        (Some(ShiftSignal::Duplicate), Feedback::AlreadyScanned("21:S1".into()))
    );
    desk.press(ShiftCommand::Times(5));
    assert_eq!(desk.pull(&piece("S2")).feedback, Feedback::InvalidQuantity, "five of one serial are a mistake");
    desk.press(ShiftCommand::Times(1));
    assert_eq!(desk.acts(), acts);

    desk.starts(ShiftMode::Issue, "DOCK");
    assert_eq!(desk.pull(&piece("S1")).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull(&piece("S1")).signal, Some(ShiftSignal::Duplicate), "it left already");
    let stranger = desk.pull(&piece("S9"));
    assert_eq!(
        stranger.signal,
        Some(ShiftSignal::Warning),
        "never received, and yet in hand: a fact, and a reason to look"
    );
    assert_eq!(desk.on_hand(desk.drill, desk.dock, "21:S9"), -1_000);

    desk.starts(ShiftMode::Count, "A-01");
    assert_eq!(desk.pull(&piece("S3")).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull(&piece("S3")).signal, Some(ShiftSignal::Duplicate));
    assert_eq!(desk.pull(&piece("S4")).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull(&piece("S3")).signal, Some(ShiftSignal::Duplicate), "counted a line ago");
    desk.press(ShiftCommand::Finish);
    assert_eq!(desk.on_hand(desk.drill, desk.aisle, "21:S3"), 1_000);

    desk.starts(ShiftMode::Receive, "DOCK");
    let sscc = gtin("10950110153000001");
    let pallet = format!("]C100{sscc}02{}37{}", format_args!("0{TEA}"), "40");
    assert_eq!(desk.pull(&pallet).on_hand, Some(40_000), "forty inside");
    assert_eq!(desk.pull(&pallet).signal, Some(ShiftSignal::Duplicate));
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.pull(&pallet).on_hand, Some(40_000), "taken back, it may come again");
}

#[test]
fn a_count_is_a_tally_by_line_that_acts_once_it_is_finished() {
    let desk = Desk::new();
    desk.receives("A-01", 48, TEA);
    let other = variant(&desk.inventory, "Mug", "none", ("raw", "MUG"), (1, 1));
    desk.press(ShiftCommand::Times(5));
    desk.pull("MUG");

    desk.starts(ShiftMode::Count, "A-01");
    for _ in 0..20 {
        desk.pull(TEA);
    }
    desk.press(ShiftCommand::Undo);
    let desk = desk.killed();
    assert_eq!(desk.inventory.shift_view().unwrap().state.counting().unwrap().1, 19_000, "a tally survives a kill");
    desk.pull("MUG");
    assert_eq!(desk.press(ShiftCommand::Quantity(0)).signal, Some(ShiftSignal::Success), "none after all");
    desk.pull(TEA);
    assert_eq!(desk.press(ShiftCommand::Quantity(25)).signal, Some(ShiftSignal::Success), "the other shelf");
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 48_000, "nothing acts before the count is finished");
    desk.press(ShiftCommand::Finish);
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 44_000);
    assert_eq!(desk.on_hand(other, desk.aisle, ""), 0);
    assert!(desk.inventory.exceptions().unwrap().is_empty());
    assert_eq!(
        desk.press(ShiftCommand::Undo).signal,
        Some(ShiftSignal::Success),
        "the receipt, not what the count named"
    );

    desk.starts(ShiftMode::Count, "A-01");
    desk.pull("MUG");
    desk.press(ShiftCommand::Complete);
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 0, "everything was looked at, and there was no tea");
    assert_eq!(desk.on_hand(other, desk.aisle, ""), 1_000);
    desk.starts(ShiftMode::Count, "A-01");
    assert_eq!(
        desk.press(ShiftCommand::Mode(ShiftMode::Issue)).signal,
        Some(ShiftSignal::Success),
        "a count of nothing leaves nothing"
    );
    assert!(desk.inventory.exceptions().unwrap().is_empty());
}

#[test]
fn moves_go_from_the_first_location_to_the_second() {
    let desk = Desk::new();
    desk.receives("DOCK", 10, TEA);
    desk.starts(ShiftMode::Move, "DOCK");
    assert_eq!(desk.pull(TEA).feedback, Feedback::NeedTarget);
    desk.pull(&location_label("A-01").unwrap());
    desk.pull(TEA);
    desk.pull(TEA);
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 2_000);
    desk.pull(&location_label("A-01").unwrap());
    assert_eq!(desk.pull(TEA).feedback, Feedback::NeedTarget, "a third location begins anew");
    desk.does(ShiftInput::Location(desk.dock));
    desk.pull(TEA);
    assert_eq!((desk.on_hand(desk.tea, desk.aisle, ""), desk.on_hand(desk.tea, desk.dock, "")), (1_000, 9_000));
    assert_eq!(desk.pull(&location_label("NOWHERE").unwrap()).feedback, Feedback::InvalidLabel("NOWHERE".into()));
    assert!(matches!(desk.pull("-S/RECEIVE9").feedback, Feedback::InvalidLabel(_)), "a misread command does nothing");
}

/// E10: each mode moves the right balance in the right direction.
#[test]
fn e10_returns_damage_and_waste() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Return, "DOCK");
    desk.press(ShiftCommand::Times(5));
    desk.pull(TEA);
    assert_eq!(desk.on_hand(desk.tea, Location::CUSTOMER, ""), -5_000);
    for mode in [ShiftMode::Damage, ShiftMode::Waste] {
        desk.press(ShiftCommand::Mode(mode));
        desk.pull(TEA);
    }
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 3_000);
    assert_eq!(desk.on_hand(desk.tea, Location::SCRAP, ""), 2_000);
}

/// E04 and E09: a wrong or extra pick is blocked; an extra delivery is a fact and is told. Both carry the document.
#[test]
fn e04_e09_documents_are_worked_off() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    let order = |units: i64| {
        Some(ExpectedDocument { reference: "PO-7".into(), lines: vec![ExpectedLine::new(desk.tea, units * 1_000)] })
    };
    desk.does(ShiftInput::Expect(order(2)));
    assert_eq!(desk.pull(TEA).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.pull(TEA).signal, Some(ShiftSignal::Success));
    let over = desk.pull(TEA);
    assert_eq!((over.signal, over.on_hand), (Some(ShiftSignal::Warning), Some(3_000)));

    desk.starts(ShiftMode::Issue, "DOCK");
    desk.does(ShiftInput::Expect(order(2)));
    desk.pull(TEA);
    desk.pull(TEA);
    let over = desk.pull(TEA);
    assert_eq!((over.signal, over.feedback), (Some(ShiftSignal::Error), Feedback::NotOnDocument("Tea".into())));
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 1_000);
    desk.press(ShiftCommand::Undo);
    assert_eq!(desk.pull(TEA).signal, Some(ShiftSignal::Success), "one was taken back");
    assert_eq!(desk.press(ShiftCommand::Quantity(2)).signal, Some(ShiftSignal::Error), "three of two");
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 1_000, "and what was recorded stands");
    let row = &desk.inventory.ops(None, 1).unwrap()[0];
    assert!(format!("{:?}", row.entry.op.body).contains("PO-7"));
    desk.does(ShiftInput::Expect(None));
    assert_eq!(desk.pull(TEA).signal, Some(ShiftSignal::Success));
}

#[test]
fn several_variants_of_one_code_are_a_question() {
    let desk = Desk::new();
    for name in ["Red", "Blue"] {
        variant(&desk.inventory, name, "none", ("raw", "SHARED"), (1, 1));
    }
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.press(ShiftCommand::Times(7));
    let outcome = desk.pull("SHARED");
    let Feedback::ChooseVariant(variants) = &outcome.feedback else { panic!("{outcome:?}") };
    assert_eq!((outcome.signal, variants.len()), (Some(ShiftSignal::Warning), 2));
    assert_eq!(desk.does(ShiftInput::Choose(desk.tea)).feedback, Feedback::NothingToChange, "that was not among them");
    assert_eq!(desk.does(ShiftInput::Choose(variants[1].variant)).on_hand, Some(7_000));
    assert_eq!(desk.does(ShiftInput::Choose(variants[1].variant)).feedback, Feedback::NothingToChange);
    // The tenant's own barcode beats the GTIN that it looks like.
    let own = variant(&desk.inventory, "Own", "none", ("raw", TEA), (1, 1));
    desk.pull(TEA);
    assert_eq!(desk.on_hand(own, desk.dock, ""), 1_000);
}

/// A08: no camera at all, keystrokes only.
#[test]
fn a_shift_at_a_keyboard() {
    let desk = Desk::new();
    let mut wedge = Wedge::default();
    let mut types = |text: &str, gap_ms: i64| {
        let mut outcome = None;
        for key in text.chars().chain(['\n']) {
            desk.pass(gap_ms);
            if let Some(scan) = wedge.key(key, desk.watch.read().boot_ms) {
                outcome = Some(desk.inventory.shift(ShiftInput::Scan(scan)).unwrap());
            }
        }
        outcome.unwrap()
    };
    types(&command_label(ShiftCommand::Mode(ShiftMode::Receive)), 6);
    types(&location_label("DOCK").unwrap(), 6);
    assert_eq!(types(TEA, 6).on_hand, Some(1_000));
    assert_eq!(types(TEA, 6).on_hand, Some(2_000), "a trigger has no pause");
    assert_eq!(types(TEA, 400).on_hand, Some(3_000), "typed by hand");
    let cheese = gtin("0950110153000");
    let outcome = types(&format!("]C101{cheese}10L7{GS}240X1"), 6);
    assert_eq!(outcome.on_hand, Some(1_000), "a scanner may send its symbology first: {outcome:?}");
    assert_eq!(desk.on_hand(desk.cheese, desk.dock, "10:L7"), 1_000);
    assert!(matches!(desk.inventory.shift(ShiftInput::Scan(Scan::default())), Err(Error::Invalid { .. })));
}

/// UPC-E: eight digits beside `]E0`.
#[test]
fn a09_upc_e_is_understood_as_printed() {
    let desk = Desk::new();
    let soap = variant(&desk.inventory, "Soap", "none", ("gtin", "00012345000065"), (1, 1));
    for (text, aim) in [("01234565", Some("]E0")), ("01234565\r\n", Some("]E0")), ("]E001234565", None)] {
        let found = desk.inventory.lookup(text, aim).unwrap();
        assert_eq!(found.matches[0].identifier.variant, soap, "{text:?}");
    }
}

/// Whatever an input does is one transaction; what changes nothing writes nothing.
#[test]
fn an_input_is_at_most_one_write_transaction() {
    let commits = |prepare: &dyn Fn(&Desk), input: ShiftInput| {
        let desk = Desk::new();
        prepare(&desk);
        // The device dies after its second commit: a first one is allowed.
        desk.inventory.die_after(Some((u64::MAX, 2))).unwrap();
        desk.inventory.shift(input).unwrap();
        let before = desk.inventory.has_died();
        let writes = desk.inventory.set_user(UserId([7; 16]));
        (before, writes.is_err())
    };
    let scan = |text: &str| ShiftInput::Scan(Scan { text: text.to_owned(), aim: None, source: ScanSource::Scanner });
    let receives = |desk: &Desk| desk.starts(ShiftMode::Receive, "DOCK");
    let asks = |desk: &Desk| {
        desk.starts(ShiftMode::Receive, "DOCK");
        desk.pull(&gtin("0950110153000"));
    };
    let counts = |desk: &Desk| {
        desk.starts(ShiftMode::Count, "DOCK");
        desk.pull(TEA);
    };
    let once = (false, true);
    assert_eq!(commits(&receives, scan(TEA)), once);
    assert_eq!(commits(&receives, scan("WHAT")), once, "a held scan");
    assert_eq!(commits(&asks, scan(TEA)), once, "the question before it is held, too");
    assert_eq!(commits(&counts, scan("WHAT")), once, "the count line before it is recorded, too");
    assert_eq!(commits(&counts, ShiftInput::Command(ShiftCommand::Complete)), once);
    assert_eq!(commits(&|_| {}, scan(TEA)), (false, false), "a look-up writes nothing");
}

/// Random work by a hurried person on a dying battery: what was answered is recorded, what was not is there whole or not at
/// all, and the shift goes on from there.
#[test]
fn a_kill_at_any_step_leaves_each_scan_whole_or_undone() {
    let mut desk = Desk::new();
    let cheese = gtin("0950110153000");
    let lot = format!("01{cheese}10L1");
    let mut draw = 12_345_u64;
    let mut next = |most: u64| {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) % most
    };
    desk.starts(ShiftMode::Receive, "DOCK");
    let (mut deaths, mut found_recorded) = (0, 0);
    for _ in 0..600 {
        let input = match next(17) {
            0..=4 => ShiftInput::Scan(Scan { text: TEA.into(), aim: None, source: ScanSource::Scanner }),
            5 | 6 => ShiftInput::Scan(Scan { text: lot.clone(), aim: Some("]d2".into()), source: ScanSource::Scanner }),
            7 => ShiftInput::Scan(Scan { text: "WHAT".into(), aim: None, source: ScanSource::Scanner }),
            8 => ShiftInput::Command(ShiftCommand::Times(u32::try_from(1 + next(9)).unwrap())),
            9 => ShiftInput::Command(ShiftCommand::Quantity(u32::try_from(next(9)).unwrap())),
            10 => ShiftInput::Command(ShiftCommand::Undo),
            11 => ShiftInput::Command(ShiftCommand::Mode(if next(2) == 0 {
                ShiftMode::Count
            } else {
                ShiftMode::Receive
            })),
            12 => ShiftInput::Command(ShiftCommand::Finish),
            13 => ShiftInput::Scan(Scan { text: cheese.clone(), aim: None, source: ScanSource::Scanner }),
            14 => ShiftInput::Lot("10:L1".into()),
            15 => ShiftInput::Amount(i64::try_from(next(9_000)).unwrap()),
            _ => ShiftInput::Location(if next(2) == 0 { desk.dock } else { desk.aisle }),
        };
        desk.pass(700);
        let look = |desk: &Desk| {
            let view = desk.inventory.shift_view().unwrap();
            let balances = desk.inventory.balances(None, None, None, 500).unwrap();
            (view, balances, desk.inventory.status().unwrap().captured_seq)
        };
        let before = look(&desk);
        if next(4) == 0 {
            desk.inventory.die_after(Some((1 + next(4_000), 1))).unwrap();
            let answered = desk.inventory.shift(input.clone());
            if !desk.inventory.has_died() {
                desk.inventory.die_after(None).unwrap();
                continue;
            }
            assert!(answered.is_err(), "a dead phone sounds no tone");
            deaths += 1;
            desk = desk.killed();
            if look(&desk) == before {
                desk.inventory.shift(input).unwrap();
            } else {
                found_recorded += 1; // the person sees on the screen that it was done
            }
        } else {
            desk.inventory.shift(input).unwrap();
        }
        assert!(desk.inventory.exceptions().unwrap().iter().all(|exception| exception.kind.as_str() != "oversold"));
    }
    assert!(deaths > 50 && found_recorded > 5, "{deaths} deaths, {found_recorded} found recorded");
    desk.press(ShiftCommand::Finish);
    assert!(!desk.inventory.shift_view().unwrap().state.in_session());
    let open = desk.inventory.exceptions().unwrap();
    assert!(open.iter().all(|exception| exception.kind.as_str() != "count_open"), "{open:?}");
}
