//! What an app chooses for a shift, and a state of it that cannot be read.

use stocksync_core::Error;
use stocksync_core::shift::machine::{EventContext, handle};
use stocksync_core::shift::{
    Feedback, HeldScan, InStoreLayout, KeyboardLayout, Scan, ScanSource, ShiftCommand, ShiftEvent, ShiftInput,
    ShiftMode, ShiftSettings, ShiftSignal, ShiftState, Wedge, command_label, location_label,
};
use stocksync_core::time::Clock;
use stocksync_gs1::Warning;

use crate::desk::{Desk, TEA, gtin};

/// Where the state and the settings of a shift begin.
const MEMORY: &str = "{\"mode\":";
const SETTINGS: &str = "{\"layout\":";

fn set(desk: &Desk, settings: ShiftSettings) {
    desk.inventory.set_shift_settings(&settings).unwrap();
}

#[test]
fn a_memory_that_cannot_be_read_is_kept_and_told_once() {
    let desk = Desk::new();
    set(&desk, ShiftSettings { utc_offset_minutes: 60, ..ShiftSettings::default() });
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull(TEA);
    desk.pull(TEA);
    desk.pull("WHAT");
    let (acts, pending) = (desk.acts(), desk.inventory.status().unwrap().pending);

    let desk = desk.damaged(MEMORY);
    let view = desk.inventory.shift_view().unwrap();
    assert_eq!(
        (view.state.mode, view.state.location.clone(), view.held),
        (ShiftMode::LookUp, None, 1),
        "the shift starts anew"
    );
    assert_eq!(view.settings.utc_offset_minutes, 60, "set up as before");
    let [aside] = view.set_aside.as_slice() else { panic!("{view:?}") };
    assert_eq!((aside.number, aside.what.as_str()), (1, "shift"));
    assert!(aside.reason.contains("expected"), "{}", aside.reason);
    assert!(
        aside.bytes.starts_with(b"{\"mode\"#") && aside.bytes.windows(7).any(|window| window == b"receive"),
        "not lost"
    );
    assert!(desk.inventory.shift_view().unwrap().set_aside.is_empty(), "told once");
    assert_eq!(desk.inventory.set_aside().unwrap(), view.set_aside, "and there for whoever asks");
    assert_eq!((desk.acts(), desk.inventory.status().unwrap().pending), (acts, pending), "every act is there");
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 2_000);

    desk.starts(ShiftMode::Receive, "DOCK");
    assert_eq!(desk.pull(TEA).on_hand, Some(3_000), "and the work goes on");
    let desk = desk.killed();
    assert_eq!(desk.pull(TEA).on_hand, Some(4_000));
    assert_eq!(desk.inventory.attach("WHAT", desk.tea, (1, 1)).unwrap(), 1);
    desk.inventory.delete_set_aside(1).unwrap();
    assert!(desk.inventory.set_aside().unwrap().is_empty());
}

#[test]
fn no_way_into_a_shift_ends_at_what_cannot_be_read() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull("WHAT");
    desk.pull("ELSE");
    let desk = desk.damaged(MEMORY);
    let held = desk.inventory.held_scans().unwrap();
    desk.inventory.discard_held(held[1].number).unwrap();
    assert_eq!(desk.inventory.attach("WHAT", desk.tea, (1, 1)).unwrap(), 1);
    set(&desk, ShiftSettings { blind_counts: true, ..ShiftSettings::default() });
    let outcome = desk.pull(TEA);
    assert_eq!(
        outcome.signal,
        Some(ShiftSignal::Success),
        "a scan is the first to find it, and is not told off: {outcome:?}"
    );
    assert_eq!(desk.inventory.shift_view().unwrap().set_aside.len(), 1, "the view tells");

    let desk = desk.damaged(SETTINGS);
    desk.starts(ShiftMode::Receive, "DOCK");
    let view = desk.inventory.shift_view().unwrap();
    assert_eq!((view.settings, view.set_aside[0].what.as_str()), (ShiftSettings::default(), "shift_settings"));
    assert_eq!(view.state.mode, ShiftMode::Receive, "each by itself");
    assert_eq!(desk.inventory.set_aside().unwrap().len(), 2);

    set(&desk, ShiftSettings { separators: vec!["|".into()], ..ShiftSettings::default() });
    let desk = desk.damaged(SETTINGS);
    set(&desk, ShiftSettings { separators: vec!["~".into()], ..ShiftSettings::default() });
    let aside = desk.inventory.set_aside().unwrap();
    assert!(aside[2].bytes.windows(3).any(|window| window == b"\"|\""), "not overwritten by new ones");
}

#[test]
fn a_held_scan_that_cannot_be_read_is_shown_and_in_nobodys_way() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    desk.pull("WHAT");
    let desk = desk.damaged("{\"text\":\"WHAT\",\"gtin\":\"\",\"lot\":");
    desk.pull("WHAT");
    let held = desk.inventory.held_scans().unwrap();
    let seen: Vec<_> = held.iter().map(|held| (held.scan.text.as_str(), held.scan.mode)).collect();
    assert_eq!(seen, [("WHAT", ShiftMode::LookUp), ("WHAT", ShiftMode::Receive)]);
    assert_eq!(desk.inventory.attach("WHAT", desk.tea, (1, 1)).unwrap(), 1);
    assert_eq!(desk.on_hand(desk.tea, desk.dock, ""), 1_000);
    assert_eq!(desk.inventory.shift_view().unwrap().held, 1, "a person looks at it");
    assert!(matches!(desk.inventory.answer_held(held[0].number, desk.tea, ""), Err(Error::NotFound(_))));
    desk.inventory.discard_held(held[0].number).unwrap();
    assert_eq!(desk.inventory.shift_view().unwrap().held, 0);
}

/// A line that was being counted is in the state that was lost: the count it belonged to must not act without it.
#[test]
fn an_open_count_stays_open_and_a_new_one_begins() {
    let desk = Desk::new();
    desk.receives("A-01", 48, TEA);
    desk.starts(ShiftMode::Count, "A-01");
    desk.press(ShiftCommand::Times(20));
    desk.pull(TEA);
    desk.pull("WHAT");
    desk.press(ShiftCommand::Times(25));
    desk.pull(TEA);
    let desk = desk.damaged(MEMORY);
    assert!(!desk.inventory.shift_view().unwrap().state.in_session());
    let open = desk.inventory.open_sessions().unwrap();
    assert_eq!(open.len(), 1, "nobody closed it");
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 48_000, "twenty of forty-five do not act");
    assert_eq!(desk.inventory.exceptions().unwrap()[0].kind.as_str(), "count_open", "a person is told");

    desk.starts(ShiftMode::Count, "A-01");
    desk.press(ShiftCommand::Times(45));
    desk.pull(TEA);
    desk.press(ShiftCommand::Finish);
    assert_eq!(desk.on_hand(desk.tea, desk.aisle, ""), 45_000);
    assert_eq!(desk.inventory.open_sessions().unwrap(), open);
}

#[test]
fn of_many_the_newest_sixteen_are_kept() {
    let mut desk = Desk::new();
    for _ in 0..18 {
        desk.starts(ShiftMode::Receive, "DOCK");
        desk = desk.damaged(MEMORY);
        desk.pull(TEA);
    }
    let numbers: Vec<u64> = desk.inventory.set_aside().unwrap().iter().map(|value| value.number).collect();
    assert_eq!(numbers, (3..=18).collect::<Vec<_>>());
    assert_eq!(desk.inventory.shift_view().unwrap().set_aside.len(), 16, "all that nobody was told of");
}

/// The first version wrote less: a count with a line and a held scan, and a pick with an open question.
#[test]
fn the_memory_of_earlier_versions_opens() {
    let mut lines = include_str!("shift_memory_1.jsonl").lines();
    let mut next = || lines.next().unwrap();
    let counting: ShiftState = serde_json::from_str(next()).unwrap();
    assert_eq!((counting.counting().unwrap().1, counting.in_session()), (2_000, true));
    let held: HeldScan = serde_json::from_str(next()).unwrap();
    assert_eq!((held.text.as_str(), held.contained_packs), ("WHAT", None));
    let mut picking: ShiftState = serde_json::from_str(next()).unwrap();
    let left: Vec<(i64, i64)> =
        picking.expected.as_ref().unwrap().lines.iter().map(|line| (line.left, line.over)).collect();
    assert_eq!(left, [(2_000, 0), (2_000, 0)]);
    let now = EventContext { ms: 1_001_300, act: held.act, session: stocksync_schemas::SessionId([1; 16]) };
    let answer = handle(&mut picking, ShiftEvent::Lot("10:L1".into(), None), &now);
    assert!(matches!(answer.feedback, Feedback::Recorded(_, 2_000)), "its question is answered: {answer:?}");
    let written: ShiftState = serde_json::from_slice(&serde_json::to_vec(&picking).unwrap()).unwrap();
    assert_eq!(written, picking);
}

/// Renames in the code change nothing at rest: what the version before them wrote decodes, and is written the same again.
#[test]
fn the_stored_form_stays_what_it_was() {
    fn same<T: serde::Serialize + serde::de::DeserializeOwned>(line: &str) -> T {
        let value: T = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), line);
        value
    }
    let mut lines = include_str!("shift_memory_2.jsonl").lines();
    let settings: ShiftSettings = same(lines.next().unwrap());
    assert_eq!((settings.utc_offset_minutes, settings.in_store.len()), (60, InStoreLayout::of_country("de").len()));
    let states: Vec<ShiftState> = lines.by_ref().take(6).map(same).collect();
    let [counting, picking, choosing, unusable, unknown_unit, remembering] = states.as_slice() else { panic!() };
    assert_eq!(counting.counting().unwrap().1, 41_000);
    assert_eq!(picking.expected.as_ref().unwrap().lines[0].over, 500);
    assert!(matches!(picking.question().unwrap().feedback, Feedback::NeedLot(_)));
    assert!(matches!(choosing.question().unwrap().feedback, Feedback::ChooseVariant(_)));
    assert!(matches!(unusable.question().unwrap().feedback, Feedback::UnusableMeasure(_)));
    assert!(matches!(unknown_unit.question().unwrap().feedback, Feedback::NeedQuantity(_)));
    assert_eq!(remembering.times, Some(4));
    let held: Vec<HeldScan> = lines.map(same).collect();
    assert!(held.iter().any(|scan| scan.contained_packs == Some(5) && !scan.measures.all.is_empty()), "{held:?}");
}

/// What a keyboard makes of keys that a scanner means for a US one.
fn through(layout: KeyboardLayout, text: &str) -> String {
    let keys = "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!~1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§";
    let typed = |c: char| keys.chars().find(|key| layout.repair(&key.to_string()) == c.to_string());
    text.chars().map(|c| typed(c).unwrap_or(c)).collect()
}

#[test]
fn a_scanner_that_types_on_a_french_keyboard() {
    let desk = Desk::new();
    set(&desk, ShiftSettings { layout: KeyboardLayout::FrenchAzerty, ..ShiftSettings::default() });
    let desk = desk.killed();
    let mut wedge = Wedge::default();
    let mut types = |text: &str, gap_ms: i64| {
        let mut outcome = None;
        for key in text.chars().chain(['\n']) {
            desk.pass(gap_ms);
            if let Some(scan) = wedge.key(key, desk.watch.read().boot_ms) {
                outcome = Some(desk.inventory.shift(ShiftInput::Scan(scan)).unwrap());
            }
        }
        desk.pass(1_000);
        outcome.unwrap()
    };
    let azerty = |text: &str| through(KeyboardLayout::FrenchAzerty, text);
    assert_eq!(azerty(TEA), "'àà-\"_&\"\"\"ç\"&");
    assert_eq!(
        types(&azerty(&command_label(ShiftCommand::Mode(ShiftMode::Receive))), 6).feedback,
        Feedback::ShiftUpdated,
        "labels too"
    );
    assert_eq!(types(&azerty(&location_label("DOCK").unwrap()), 6).feedback, Feedback::ShiftUpdated);
    let outcome = types("'àà-\"_&\"\"\"ç\"&", 6);
    assert_eq!((outcome.signal, outcome.on_hand), (Some(ShiftSignal::Success), Some(1_000)));
    assert_eq!(outcome.warnings, [Warning::LayoutRepaired(KeyboardLayout::FrenchAzerty)]);
    assert_eq!(
        types("àà'HA\"NIDBVD", 6).feedback,
        Feedback::UnknownCode("004HQ3NIDBVD".into()),
        "kept as the code on the box"
    );
    assert_eq!(types(TEA, 400).on_hand, Some(2_000), "what a person types they mean");
    let pull = |source| desk.does(ShiftInput::Scan(Scan { text: TEA.into(), aim: None, source }));
    assert_eq!(pull(ScanSource::Scanner).on_hand, Some(3_000), "an intent is no keyboard");
    assert_eq!(pull(ScanSource::Camera).on_hand, Some(4_000), "nor is a camera");

    set(&desk, ShiftSettings::default());
    let outcome = types("'àà-\"_&\"\"\"ç\"&", 6);
    assert_eq!(outcome.on_hand, Some(5_000), "recognised all the same where nothing else is meant");
    assert_eq!(
        outcome.warnings,
        [Warning::LayoutRepaired(KeyboardLayout::FrenchAzerty)],
        "and the app sees what to set"
    );
    types(&azerty(&format!("01{}10L1", gtin("0950110153000"))), 6);
    assert_eq!(desk.on_hand(desk.cheese, desk.dock, "10:L1"), 1_000, "its lot with it");
}

#[test]
fn a_scanner_with_a_separator_of_its_own() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    let code = format!("]C110L7|01{}", gtin("0950110153000"));
    desk.pull(&code);
    assert_eq!(desk.on_hand(desk.cheese, desk.dock, "10:L7"), 0, "not understood before it is set");
    set(&desk, ShiftSettings { separators: vec!["|".into()], ..ShiftSettings::default() });
    assert_eq!(desk.pull(&code).signal, Some(ShiftSignal::Success));
    assert_eq!(desk.on_hand(desk.cheese, desk.dock, "10:L7"), 1_000);

    for (field, settings) in [
        ("utc_offset_minutes", ShiftSettings { utc_offset_minutes: 841, ..ShiftSettings::default() }),
        ("utc_offset_minutes", ShiftSettings { utc_offset_minutes: -841, ..ShiftSettings::default() }),
        ("separators", ShiftSettings { separators: vec![String::new()], ..ShiftSettings::default() }),
        ("separators", ShiftSettings { separators: vec!["|".repeat(17)], ..ShiftSettings::default() }),
        ("separators", ShiftSettings { separators: vec!["|".into(); 9], ..ShiftSettings::default() }),
    ] {
        let refused = desk.inventory.set_shift_settings(&settings);
        assert!(matches!(refused, Err(Error::Invalid { field: named, .. }) if named == field), "{refused:?}");
    }
    assert_eq!(desk.inventory.shift_view().unwrap().settings.separators, ["|"], "the old ones stay");
}

/// The watch begins on 21 September 2026, 14:30 UTC.
#[test]
fn today_is_the_day_on_the_wall() {
    let desk = Desk::new();
    desk.starts(ShiftMode::Receive, "DOCK");
    let code = format!("]d2010{TEA}17260921");
    let expired = || matches!(desk.pull(&code).feedback, Feedback::RecordedExpired(..));
    let wall = |offset: i32| set(&desk, ShiftSettings { utc_offset_minutes: offset, ..ShiftSettings::default() });
    assert!(!expired(), "good to the end of its day");
    wall(9 * 60 + 29);
    assert!(!expired(), "23:59 in the east");
    desk.pass(60_000);
    assert!(expired(), "midnight there");
    wall(0);
    assert!(!expired(), "not yet in Greenwich");
    desk.pass((9 * 60 + 29) * 60_000);
    assert!(expired(), "now it is");
    wall(-840);
    assert!(!expired(), "ten in the morning in the west");
    desk.pass(14 * 3_600_000);
    assert!(expired());
}
