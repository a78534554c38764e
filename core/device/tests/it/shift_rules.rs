//! The rules of a shift over random work: what is recorded is what was told, and a restart between any two events changes
//! nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stocksync_core::Act;
use stocksync_core::measure::LabelQuantity;
use stocksync_core::shift::machine::{EventContext, handle};
use stocksync_core::shift::{
    CameraFilter, Feedback, ResolvedScan, Scan, ScanSource, ShiftEffect, ShiftEvent, ShiftMode, ShiftSignal,
    ShiftState, VariantMatch,
};
use stocksync_schemas::{Body, BootId, Cell, Lane, Location, LogPoint, OpHash, OpRef, ReplicaId, SessionId, VariantId};

const LOCATIONS: [Location; 3] = [Location([101; 16]), Location([102; 16]), Location([103; 16])];

fn act() -> Act {
    Act {
        boot_ms: 0,
        boot: BootId([1; 16]),
        wall_ms: 0,
        seen: LogPoint::default(),
        own_seen: 0,
        exchange: 0,
        lost_tails: 0,
    }
}

fn variant_match(number: u8) -> VariantMatch {
    let pack_numerator = i64::from(number) * 3 + 1;
    VariantMatch {
        variant: VariantId([number; 16]),
        name: format!("VariantMatch {number}"),
        pack_numerator,
        pack_denominator: if number == 2 { 4 } else { 1 },
        needs_lot: number == 1,
        label_quantity: match number {
            0 => Some(LabelQuantity::Exact(1_234)),
            3 => Some(LabelQuantity::UnknownUnit),
            _ => None,
        },
        ..VariantMatch::default()
    }
}

#[derive(Debug, Clone)]
enum WorkStep {
    Does(ShiftEvent),
    Scans { code: u8, lot: bool, pallet: bool, by_frame: bool },
    Waits(i64),
}

fn work() -> impl Strategy<Value = WorkStep> {
    let mode = prop::sample::select(ShiftMode::ALL.map(|(mode, _)| mode).to_vec());
    let event = prop_oneof![
        2 => mode.prop_map(ShiftEvent::Mode),
        2 => (0..3_usize).prop_map(|index| ShiftEvent::Location(LOCATIONS[index], String::new())),
        1 => (0..40_u32).prop_map(ShiftEvent::Times),
        2 => (0..40_u32).prop_map(ShiftEvent::Quantity),
        1 => (-1..3_000_i64).prop_map(ShiftEvent::Amount),
        3 => Just(ShiftEvent::Undo),
        1 => any::<bool>().prop_map(|complete| ShiftEvent::Finish { complete }),
        1 => (0..4_u8).prop_map(|number| ShiftEvent::Choose(VariantId([number; 16]), None)),
        1 => prop::sample::select(vec!["", "10:A"]).prop_map(|lot| ShiftEvent::Lot(lot.to_owned(), None)),
    ];
    let scan = (0..6_u8, any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.3))
        .prop_map(|(code, lot, pallet, by_frame)| WorkStep::Scans { code, lot, pallet, by_frame });
    prop_oneof![5 => event.prop_map(WorkStep::Does), 8 => scan, 1 => (0..20_000_i64).prop_map(WorkStep::Waits)]
}

/// Code 5 is unknown, code 4 names two variants.
fn resolved(code: u8, lot: bool, pallet: bool) -> ResolvedScan {
    ResolvedScan {
        text: format!("code {code} {lot} {pallet}"),
        lot: if lot { "10:A".to_owned() } else { String::new() },
        matches: match code {
            5 => Vec::new(),
            4 => vec![variant_match(0), variant_match(3)],
            known => vec![variant_match(known)],
        },
        sscc: if pallet { format!("SSCC {code}") } else { String::new() },
        ..ResolvedScan::default()
    }
}

/// What the outside does with effects, without a database.
#[derive(Default)]
struct Books {
    live: BTreeMap<u64, Body>,
    held: BTreeMap<i64, u32>,
    seq: u64,
    number: i64,
}

impl Books {
    fn apply(&mut self, state: &mut ShiftState, effects: &[ShiftEffect]) {
        for effect in effects {
            match effect {
                ShiftEffect::Record(Body::Void(void), _) => {
                    assert!(self.live.remove(&void.target.lane.seq).is_some(), "an act is taken back once");
                }
                ShiftEffect::Record(body, _) => {
                    self.seq += 1;
                    self.live.insert(self.seq, body.clone());
                    let lane = Lane { replica: ReplicaId([1; 16]), seq: self.seq };
                    state.set_op_ref(OpRef { lane, hash: OpHash::default() });
                }
                ShiftEffect::HoldScan(scan) => {
                    self.number += 1;
                    self.held.insert(self.number, scan.times);
                    state.set_held_number(self.number);
                }
                ShiftEffect::SetHeldTimes(number, times) => {
                    assert!(self.held.insert(*number, *times).is_some(), "only what is held has a number");
                }
                ShiftEffect::DeleteHeldScan(number) => {
                    assert!(self.held.remove(number).is_some(), "held scans go once")
                }
                ShiftEffect::OpenSession(..) | ShiftEffect::CloseSession(..) => {}
            }
        }
    }

    /// By cell: what live movements moved there, and what live counts and the open line counted.
    fn sums(&self, state: &ShiftState) -> (BTreeMap<Cell, i64>, BTreeMap<Cell, i64>) {
        let (mut moved, mut counted) = (BTreeMap::new(), BTreeMap::new());
        for body in self.live.values() {
            match body {
                Body::Move(movement) => {
                    for line in &movement.lines {
                        for (location, sign) in [(movement.from, -1), (movement.to, 1)] {
                            let cell = Cell { variant: line.variant, location, lot: line.lot.clone() };
                            *moved.entry(cell).or_insert(0) += sign * line.quantity;
                        }
                    }
                }
                Body::Count(count) => *counted.entry(count.cell.clone()).or_insert(0) += count.counted,
                _ => {}
            }
        }
        if let Some((cell, so_far)) = state.counting() {
            *counted.entry(cell.clone()).or_insert(0) += so_far;
        }
        (moved, counted)
    }
}

/// The variants that a question is about.
fn variants_in(feedback: &Feedback) -> Option<Vec<VariantMatch>> {
    match feedback {
        Feedback::ChooseVariant(variants) => Some(variants.clone()),
        Feedback::NeedLot(variant) | Feedback::NeedQuantity(variant) | Feedback::UnusableMeasure(variant) => {
            Some(vec![variant.clone()])
        }
        _ => None,
    }
}

fn total(sums: &BTreeMap<Cell, i64>) -> i64 {
    sums.iter().filter(|(cell, _)| !cell.location.is_virtual()).map(|(_, sum)| *sum).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_recorded_is_what_was_told(work in prop::collection::vec(work(), 1..50)) {
        let (mut state, mut books, mut ms) = (ShiftState::default(), Books::default(), 1_000_000);
        let mut filter = CameraFilter::default();
        for (step, work) in work.into_iter().enumerate() {
            ms += 100;
            let now = EventContext { ms, act: act(), session: SessionId([u8::try_from(step).unwrap(); 16]) };
            let event = match work {
                WorkStep::Waits(span) => { ms += span; continue }
                WorkStep::Does(event) => event,
                WorkStep::Scans { code, lot, pallet, by_frame } => {
                    let resolved = resolved(code, lot, pallet);
                    let source = if by_frame { ScanSource::Camera } else { ScanSource::Scanner };
                    let scan = Scan { text: resolved.text.clone(), aim: None, source };
                    if filter.is_repeat(&scan, ms) { continue }
                    filter.remember(scan, ms);
                    ShiftEvent::Scanned(resolved)
                }
            };
            // A kill between two events: everything but what the filter saw comes back.
            let bytes = serde_json::to_vec(&state).unwrap();
            let mut restored: ShiftState = serde_json::from_slice(&bytes).unwrap();
            let before = books.sums(&state);
            let (mode, question) = (state.mode, state.question());
            let answer = handle(&mut state, event.clone(), &now);
            prop_assert_eq!(&answer, &handle(&mut restored, event.clone(), &now));
            prop_assert_eq!(serde_json::to_vec(&state).unwrap(), serde_json::to_vec(&restored).unwrap());

            if answer.signal == ShiftSignal::Duplicate {
                // It may hold the scan whose question was not answered before it.
                let only_held = answer.effects.iter().all(|effect| matches!(effect, ShiftEffect::HoldScan(_)));
                prop_assert!(only_held, "a duplicate does nothing");
            }
            // A question goes when it is answered or taken back; else it stays open or its scan is held.
            let answers = matches!(event, ShiftEvent::Choose(..) | ShiftEvent::Lot(..) | ShiftEvent::Amount(_) | ShiftEvent::Undo);
            if let Some(question) = question.filter(|_| !answers && mode != ShiftMode::LookUp) {
                let again = matches!(&event, ShiftEvent::Scanned(scan) if Some(&scan.matches) == variants_in(&question.feedback).as_ref());
                let held = answer.effects.iter().any(|effect| matches!(effect, ShiftEffect::HoldScan(_)));
                let open = state.question().is_some_and(|open| open.location == question.location);
                prop_assert!(again || held || open, "{:?} is lost by {:?}", question, event);
            }
            books.apply(&mut state, &answer.effects);
            let after = books.sums(&state);
            let grown = (total(&after.0) - total(&before.0), total(&after.1) - total(&before.1));
            match (&answer.feedback, &event) {
                (Feedback::Recorded(cell, quantity), ShiftEvent::Scanned(_) | ShiftEvent::Choose(..) | ShiftEvent::Lot(..)) => {
                    let of = |sums: &BTreeMap<Cell, i64>| sums.get(cell).copied().unwrap_or(0);
                    let expected = match mode {
                        ShiftMode::Count => (of(&after.1) - of(&before.1)).abs(),
                        _ => (of(&after.0) - of(&before.0)).abs(),
                    };
                    prop_assert_eq!(expected, *quantity, "what was told is what was recorded");
                    prop_assert_eq!(if mode == ShiftMode::Count { grown.1 } else { 0 }, if mode == ShiftMode::Count { *quantity } else { 0 });
                }
                (Feedback::Recorded(..) | Feedback::Undone, _) => {}
                // Nothing else changes a sum: ending a line only turns the tally into an act.
                _ => prop_assert_eq!(&before, &after, "{:?} after {:?}", answer, event),
            }
            prop_assert!(total(&after.1) >= 0);
        }
        // Whatever is left is taken back one by one, and then nothing is left of what can be.
        for _ in 0..200 {
            let now = EventContext { ms, act: act(), session: SessionId([255; 16]) };
            let answer = handle(&mut state, ShiftEvent::Undo, &now);
            books.apply(&mut state, &answer.effects);
        }
        prop_assert_eq!(total(&books.sums(&state).0), 0, "every movement of up to fifty can be taken back");
        prop_assert!(books.held.is_empty());
    }

    /// Bytes that are no shift are an error, and never a shift that panics.
    #[test]
    fn hostile_memory_is_an_error_or_a_shift(text in "[\\[\\]{}\":,a-z_0-9]{0,200}", cut in 0..400_usize) {
        let mut state = ShiftState::default();
        let now = EventContext { ms: 5, act: act(), session: SessionId([1; 16]) };
        handle(&mut state, ShiftEvent::Mode(ShiftMode::Receive), &now);
        handle(&mut state, ShiftEvent::Location(LOCATIONS[0], "Dock".into()), &now);
        handle(&mut state, ShiftEvent::Scanned(resolved(0, true, true)), &now);
        let mut bytes = serde_json::to_vec(&state).unwrap();
        let at = cut.min(bytes.len());
        bytes.splice(at..(at + text.len() / 2).min(bytes.len()), text.bytes());
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(mut read) = serde_json::from_slice::<ShiftState>(bytes) {
                for event in [ShiftEvent::Undo, ShiftEvent::Quantity(3), ShiftEvent::Scanned(resolved(1, true, false)), ShiftEvent::Undo] {
                    handle(&mut read, event, &now);
                }
            }
        }
    }
}
