//! The rules of a shift over random work: what is recorded is what was told, and a restart between any two events changes
//! nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stocksync_core::Act;
use stocksync_core::measure::Measured;
use stocksync_core::shift::machine::{Now, handle, still_seen};
use stocksync_core::shift::{Effect, Event, Mode, Reading, Say, Signal, Source, State, Thing};
use stocksync_schemas::{Body, BootId, Cell, Lane, Location, LogPoint, OpHash, OpRef, ReplicaId, SessionId, VariantId};

const PLACES: [Location; 3] = [Location([101; 16]), Location([102; 16]), Location([103; 16])];

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

fn thing(number: u8) -> Thing {
    let pack_numerator = i64::from(number) * 3 + 1;
    Thing {
        variant: VariantId([number; 16]),
        name: format!("Thing {number}"),
        pack_numerator,
        pack_denominator: if number == 2 { 4 } else { 1 },
        wants_lot: number == 1,
        measured: match number {
            0 => Some(Measured::Is(1_234)),
            3 => Some(Measured::Ask),
            _ => None,
        },
        ..Thing::default()
    }
}

#[derive(Debug, Clone)]
enum Move {
    Does(Event),
    Scans { code: u8, lot: bool, pallet: bool, camera: bool },
    Waits(i64),
}

fn moves() -> impl Strategy<Value = Move> {
    let mode = prop::sample::select(Mode::ALL.map(|(mode, _)| mode).to_vec());
    let event = prop_oneof![
        2 => mode.prop_map(Event::Mode),
        2 => (0..3_usize).prop_map(|it| Event::Place(PLACES[it], String::new())),
        1 => (0..40_u32).prop_map(Event::Times),
        2 => (0..40_u32).prop_map(Event::Quantity),
        1 => (-1..3_000_i64).prop_map(Event::Amount),
        3 => Just(Event::Undo),
        1 => any::<bool>().prop_map(|complete| Event::Finish { complete }),
        1 => (0..4_u8).prop_map(|it| Event::Choose(VariantId([it; 16]), None)),
        1 => prop::sample::select(vec!["", "10:A"]).prop_map(|lot| Event::Lot(lot.to_owned(), None)),
    ];
    let scan = (0..6_u8, any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.3))
        .prop_map(|(code, lot, pallet, camera)| Move::Scans { code, lot, pallet, camera });
    prop_oneof![5 => event.prop_map(Move::Does), 8 => scan, 1 => (0..20_000_i64).prop_map(Move::Waits)]
}

/// Code 5 is unknown, code 4 names two things.
fn reading(code: u8, lot: bool, pallet: bool) -> Reading {
    Reading {
        text: format!("code {code} {lot} {pallet}"),
        lot: if lot { "10:A".to_owned() } else { String::new() },
        things: match code {
            5 => Vec::new(),
            4 => vec![thing(0), thing(3)],
            known => vec![thing(known)],
        },
        sscc: if pallet { format!("SSCC {code}") } else { String::new() },
        ..Reading::default()
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
    fn carry_out(&mut self, state: &mut State, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Record(Body::Void(void), _) => {
                    assert!(self.live.remove(&void.target.lane.seq).is_some(), "an act is taken back once");
                }
                Effect::Record(body, _) => {
                    self.seq += 1;
                    self.live.insert(self.seq, body.clone());
                    let lane = Lane { replica: ReplicaId([1; 16]), seq: self.seq };
                    state.recorded(OpRef { lane, hash: OpHash::default() });
                }
                Effect::Hold(scan) => {
                    self.number += 1;
                    self.held.insert(self.number, scan.times);
                    state.kept(self.number);
                }
                Effect::HoldTimes(number, times) => {
                    assert!(self.held.insert(*number, *times).is_some(), "only what is held has a number");
                }
                Effect::LetGo(number) => assert!(self.held.remove(number).is_some(), "held scans go once"),
                Effect::OpenSession(..) | Effect::CloseSession(..) => {}
            }
        }
    }

    /// By cell: what live movements moved there, and what live counts and the open line counted.
    fn sums(&self, state: &State) -> (BTreeMap<Cell, i64>, BTreeMap<Cell, i64>) {
        let (mut moved, mut counted) = (BTreeMap::new(), BTreeMap::new());
        for body in self.live.values() {
            match body {
                Body::Move(it) => {
                    for line in &it.lines {
                        for (location, sign) in [(it.from, -1), (it.to, 1)] {
                            let cell = Cell { variant: line.variant, location, lot: line.lot.clone() };
                            *moved.entry(cell).or_insert(0) += sign * line.quantity;
                        }
                    }
                }
                Body::Count(it) => *counted.entry(it.cell.clone()).or_insert(0) += it.counted,
                _ => {}
            }
        }
        if let Some((cell, so_far)) = state.counting() {
            *counted.entry(cell.clone()).or_insert(0) += so_far;
        }
        (moved, counted)
    }
}

/// What a question is about.
fn things(say: &Say) -> Option<Vec<Thing>> {
    match say {
        Say::Choose(things) => Some(things.clone()),
        Say::WhichLot(thing) | Say::HowMuch(thing) | Say::Unfit(thing) => Some(vec![thing.clone()]),
        _ => None,
    }
}

fn total(sums: &BTreeMap<Cell, i64>) -> i64 {
    sums.iter().filter(|(cell, _)| !cell.location.is_virtual()).map(|(_, sum)| *sum).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_recorded_is_what_was_told(work in prop::collection::vec(moves(), 1..50)) {
        let (mut state, mut books, mut ms) = (State::default(), Books::default(), 1_000_000);
        for (step, it) in work.into_iter().enumerate() {
            ms += 100;
            let now = Now { ms, act: act(), session: SessionId([u8::try_from(step).unwrap(); 16]) };
            let event = match it {
                Move::Waits(span) => { ms += span; continue }
                Move::Does(event) => event,
                Move::Scans { code, lot, pallet, camera } => {
                    let reading = reading(code, lot, pallet);
                    let source = if camera { Source::Camera } else { Source::Scanner };
                    if still_seen(&mut state, &reading.text, source, &now) { continue }
                    Event::Scanned(reading)
                }
            };
            // A kill between two events: everything but what the camera saw comes back.
            let bytes = serde_json::to_vec(&state).unwrap();
            let mut restored: State = serde_json::from_slice(&bytes).unwrap();
            let before = books.sums(&state);
            let (mode, question) = (state.mode, state.question());
            let answer = handle(&mut state, event.clone(), &now);
            prop_assert_eq!(&answer, &handle(&mut restored, event.clone(), &now));
            prop_assert_eq!(serde_json::to_vec(&state).unwrap(), serde_json::to_vec(&restored).unwrap());

            if answer.signal == Some(Signal::Duplicate) {
                // It may hold the scan whose question was not answered before it.
                let only_held = answer.effects.iter().all(|it| matches!(it, Effect::Hold(_)));
                prop_assert!(only_held, "a duplicate does nothing");
            }
            // A question goes when it is answered or taken back; else it stays open or its scan is held.
            let answers = matches!(event, Event::Choose(..) | Event::Lot(..) | Event::Amount(_) | Event::Undo);
            if let Some(question) = question.filter(|_| !answers && mode != Mode::LookUp) {
                let again = matches!(&event, Event::Scanned(it) if Some(&it.things) == things(&question.say).as_ref());
                let held = answer.effects.iter().any(|it| matches!(it, Effect::Hold(_)));
                let open = state.question().is_some_and(|it| it.place == question.place);
                prop_assert!(again || held || open, "{:?} is lost by {:?}", question, event);
            }
            books.carry_out(&mut state, &answer.effects);
            let after = books.sums(&state);
            let grown = (total(&after.0) - total(&before.0), total(&after.1) - total(&before.1));
            match (&answer.say, &event) {
                (Say::Done(cell, quantity), Event::Scanned(_) | Event::Choose(..) | Event::Lot(..)) => {
                    let of = |sums: &BTreeMap<Cell, i64>| sums.get(cell).copied().unwrap_or(0);
                    let expected = match mode {
                        Mode::Count => (of(&after.1) - of(&before.1)).abs(),
                        _ => (of(&after.0) - of(&before.0)).abs(),
                    };
                    prop_assert_eq!(expected, *quantity, "what was told is what was recorded");
                    prop_assert_eq!(if mode == Mode::Count { grown.1 } else { 0 }, if mode == Mode::Count { *quantity } else { 0 });
                }
                (Say::Done(..) | Say::Undone, _) => {}
                // Nothing else changes a sum: ending a line only turns the tally into an act.
                _ => prop_assert_eq!(&before, &after, "{:?} after {:?}", answer, event),
            }
            prop_assert!(total(&after.1) >= 0);
        }
        // Whatever is left is taken back one by one, and then nothing is left of what can be.
        for _ in 0..200 {
            let now = Now { ms, act: act(), session: SessionId([255; 16]) };
            let answer = handle(&mut state, Event::Undo, &now);
            books.carry_out(&mut state, &answer.effects);
        }
        prop_assert_eq!(total(&books.sums(&state).0), 0, "every movement of up to fifty can be taken back");
        prop_assert!(books.held.is_empty());
    }

    /// Bytes that are no shift are an error, and never a shift that panics.
    #[test]
    fn hostile_memory_is_an_error_or_a_shift(text in "[\\[\\]{}\":,a-z_0-9]{0,200}", cut in 0..400_usize) {
        let mut state = State::default();
        let now = Now { ms: 5, act: act(), session: SessionId([1; 16]) };
        handle(&mut state, Event::Mode(Mode::Receive), &now);
        handle(&mut state, Event::Place(PLACES[0], "Dock".into()), &now);
        handle(&mut state, Event::Scanned(reading(0, true, true)), &now);
        let mut bytes = serde_json::to_vec(&state).unwrap();
        let at = cut.min(bytes.len());
        bytes.splice(at..(at + text.len() / 2).min(bytes.len()), text.bytes());
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(mut read) = serde_json::from_slice::<State>(bytes) {
                for event in [Event::Undo, Event::Quantity(3), Event::Scanned(reading(1, true, false)), Event::Undo] {
                    handle(&mut read, event, &now);
                }
            }
        }
    }
}
