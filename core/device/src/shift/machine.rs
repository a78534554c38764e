//! The rules of scanning: an event in, what to do and which tone out. No clock, no database, no look-up: all of that comes
//! with the event, so a shift replays.
//!
//! Must never say [`Signal::Ok`] for something whose effects are not carried out first.

use stocksync_schemas::{Body, Cell, Count, Location, Move, MovementLine, SessionId, VariantId, limits};

use super::document::draw;
use super::event::{Effect, Event, HeldScan, Reading, Say, Signal, Step, Thing};
use super::last::{self, Said};
use super::quantity::{HowMuch, how_much, is_serial, one_pack};
use super::question::{answer_lot, ask, choose, put_aside};
use super::state::{Counted, Done, Line, Mode, Pallet, Source, State};
use crate::acts::Act;
use crate::measure::Measured;

/// A camera that sees the same code again within this pause has not been moved.
pub const COOLDOWN_MS: i64 = 1_500;
/// Two symbols of one box, or a question and its answer by scan, follow each other within this.
pub const TOGETHER_MS: i64 = 10_000;
/// Most packs in one scan.
pub const MAX_TIMES: u32 = 100_000;
/// Scans that can be taken back one after the other.
const UNDO_DEPTH: usize = 50;
/// Pallets remembered in a shift.
const PALLETS: usize = 200;

/// The instant of an event.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Boot clock, ms: never goes back within a boot.
    pub ms: i64,
    /// What is known now.
    pub act: Act,
    /// A fresh id, used if a count session begins.
    pub session: SessionId,
}

pub(super) fn step(signal: Signal, say: Say, effects: Vec<Effect>) -> Step {
    Step { signal: Some(signal), say, effects }
}

/// Whether so little time has passed. A boot clock that is behind began anew: then nobody knows.
pub(super) fn within(now: &Now, at_ms: i64, span_ms: i64) -> bool {
    (0..span_ms).contains(&(now.ms - at_ms))
}

pub(super) fn refused(say: Say) -> Step {
    step(Signal::Error, say, Vec::new())
}

/// Whether a camera sees this text still: then nothing happened, label or thing.
pub fn still_seen(state: &mut State, text: &str, source: Source, now: &Now) -> bool {
    let camera = source == Source::Camera;
    let still = state.seen.as_ref().is_some_and(|(seen, at)| seen == text && within(now, *at, COOLDOWN_MS));
    state.seen = camera.then(|| (text.to_owned(), now.ms));
    camera && still
}

/// Takes one event.
pub fn handle(state: &mut State, event: Event, now: &Now) -> Step {
    match event {
        Event::Scanned(reading) => scanned(state, reading, now),
        Event::BadLabel(text) => refused(Say::BadLabel(text)),
        Event::Place(place, name) => at(state, place, name, now),
        Event::Mode(mode) => {
            let mut effects = Vec::new();
            if mode != state.mode {
                effects = put_aside(state, now);
                effects.extend(leave(state, false));
                (state.mode, state.target) = (mode, None);
            }
            effects.extend(begin_count(state, now));
            step(Signal::Ok, Say::Set, effects)
        }
        Event::Times(times) if (1..=MAX_TIMES).contains(&times) => {
            state.times = Some(times);
            step(Signal::Ok, Say::Set, Vec::new())
        }
        Event::Times(_) => refused(Say::Nothing),
        Event::Quantity(packs) => last::said(state, Said::Packs(packs), now),
        Event::Amount(amount) => last::said(state, Said::Amount(amount), now),
        Event::Choose(variant, piece) => choose(state, variant, piece, now),
        Event::Lot(lot, piece) => answer_lot(state, lot, piece, now),
        Event::Expect(expected) => {
            let effects = put_aside(state, now);
            state.expected = expected;
            // What another document asked for is not given back to this one.
            state.done.iter_mut().for_each(|done| done.expected = None);
            step(Signal::Ok, Say::Set, effects)
        }
        Event::Undo => last::undo(state),
        Event::Finish { complete: true } if state.mode == Mode::Count && state.session.is_none() => {
            refused(Say::Nothing)
        }
        Event::Finish { complete } => {
            let mut effects = put_aside(state, now);
            effects.extend(leave(state, complete));
            (state.lot, state.times) = (None, None);
            step(Signal::Ok, Say::Set, effects)
        }
    }
}

/// A count begins when its place is known, not with its first thing: an empty shelf is a count too.
fn begin_count(state: &mut State, now: &Now) -> Option<Effect> {
    if state.mode != Mode::Count || state.place.is_none() || state.session.is_some() {
        return None;
    }
    state.session = Some(now.session);
    Some(Effect::OpenSession(now.session, now.act))
}

/// Ends what is being counted: the line is recorded and the session acts.
fn leave(state: &mut State, complete: bool) -> Vec<Effect> {
    let mut effects = end_line(state);
    if let Some(session) = state.session.take() {
        let mut places = std::mem::take(&mut state.counted_places);
        // Whoever says that all was looked at stands here, even if nothing is.
        if let Some((here, _)) = state.place.as_ref().filter(|(here, _)| !places.contains(here)) {
            places.push(*here);
        }
        state.lines = 0;
        state.handled.retain(|it| it.mode != Mode::Count);
        // What a close names is not taken back behind its back: a recount is a new count.
        state.done.retain(|done| done.mode != Mode::Count || done.held.is_some());
        effects.push(Effect::CloseSession(session, if complete { places } else { Vec::new() }));
    }
    effects
}

/// Records the line being counted.
fn end_line(state: &mut State) -> Vec<Effect> {
    let Some(line) = state.line.take() else { return Vec::new() };
    let done = done_at(state, line.cell.clone(), line.cell.location, line.pack);
    remember(state, Done { mode: Mode::Count, ..done });
    let count = Count { cell: line.cell, counted: line.counted, expected: line.shown, session: state.session };
    vec![Effect::Record(Body::Count(count), Some(line.act))]
}

/// What is done now, before the outside has told how it was kept.
pub(super) fn done_at(state: &State, cell: Cell, target: Location, pack: i64) -> Done {
    let reference = state.expected.as_ref().map(|it| it.reference.clone()).unwrap_or_default();
    let (op, held, expected, sscc) = (None, None, None, String::new());
    Done { op, held, expected, cell, pack, mode: state.mode, sscc, target, reference }
}

pub(super) fn remember(state: &mut State, done: Done) {
    if state.done.len() >= UNDO_DEPTH {
        state.done.remove(0);
    }
    state.done.push(done);
}

/// In a move the first place is where goods leave and the second where they go; else a new place replaces the old one. A
/// question that is open stays where it was asked.
fn at(state: &mut State, place: Location, name: String, now: &Now) -> Step {
    let mut effects = if state.mode == Mode::Count { end_line(state) } else { Vec::new() };
    match (&state.place, &state.target) {
        (Some((from, _)), None) if state.mode == Mode::Move && *from != place => state.target = Some((place, name)),
        _ => (state.place, state.target) = (Some((place, name)), None),
    }
    effects.extend(begin_count(state, now));
    step(Signal::Ok, Say::Set, effects)
}

fn scanned(state: &mut State, mut reading: Reading, now: &Now) -> Step {
    if reading.only_lot {
        return match state.asked.take_if(|asked| within(now, asked.at_ms, TOGETHER_MS)) {
            Some(asked) => {
                state.asked = Some(asked);
                answer_lot(state, reading.lot, reading.piece, now)
            }
            None => {
                state.lot = Some((reading.lot, now.ms));
                step(Signal::Ok, Say::LotNoted, Vec::new())
            }
        };
    }
    if let Some((lot, _)) = state.lot.take_if(|(_, at)| within(now, *at, TOGETHER_MS))
        && reading.lot.is_empty()
    {
        reading.lot = lot;
    }
    state.lot = None;
    // The same code again at the same place is the same question again.
    let (text, here, there) = (&reading.text, &state.place, &state.target);
    let again = state.asked.take_if(|it| it.reading.text == *text && it.place == *here && it.target == *there);
    let mut effects = put_aside(state, now);
    let times = match (state.times, again) {
        (None, Some(asked)) => asked.times,
        (times, _) => times.unwrap_or(1).saturating_mul(reading.inside.unwrap_or(1)),
    };
    let mut step = thing(state, reading, times, now);
    effects.append(&mut step.effects);
    Step { effects, ..step }
}

/// A code that names things, or nothing that is known.
pub(super) fn thing(state: &mut State, reading: Reading, times: u32, now: &Now) -> Step {
    let first = match reading.things.as_slice() {
        [] if state.mode == Mode::LookUp => return refused(Say::Unknown(reading.text)),
        [] => return hold(state, reading, times, now),
        [first, ..] => first.clone(),
    };
    if state.mode != Mode::LookUp
        && let Err(missing) = places(state)
    {
        return refused(missing);
    }
    if reading.things.len() > 1 {
        let say = Say::Choose(reading.things.clone());
        return ask(state, reading, times, say, now);
    }
    if state.mode == Mode::LookUp {
        let signal = if reading.expired || !reading.warnings.is_empty() { Signal::Warning } else { Signal::Ok };
        return step(signal, Say::Found(first), Vec::new());
    }
    if first.wants_lot && reading.lot.is_empty() {
        return ask(state, reading, times, Say::WhichLot(first), now);
    }
    if let Some(again) = handled_before(state, &reading) {
        return step(Signal::Duplicate, Say::Again(again), Vec::new());
    }
    let step = match how_much(&first, &reading, times) {
        HowMuch::Is(quantity) if state.mode == Mode::Count => tally(state, &first, reading, quantity, now),
        HowMuch::Is(quantity) => goods(state, &first, &reading, quantity),
        HowMuch::NotWhole => return refused(Say::NotWhole),
        HowMuch::Asked(Measured::Unfit) => ask(state, reading, times, Say::Unfit(first), now),
        HowMuch::Asked(_) => ask(state, reading, times, Say::HowMuch(first), now),
    };
    if step.signal != Some(Signal::Error) {
        state.times = None;
    }
    step
}

pub(super) fn places(state: &State) -> Result<(Location, Location), Say> {
    if state.mode == Mode::DamagedReturn {
        return Ok((Location::SCRAP, Location::SCRAP));
    }
    let place = state.place.as_ref().map(|(place, _)| *place).ok_or(Say::NeedPlace)?;
    match (&state.target, state.mode) {
        (None, Mode::Move) => Err(Say::NeedTarget),
        (target, _) => Ok((place, target.as_ref().map_or(place, |(target, _)| *target))),
    }
}

/// Serials and pallets are present or not: scanning one twice adds nothing (DESIGN 5.10).
fn handled_before(state: &State, reading: &Reading) -> Option<String> {
    let from = from_of(state);
    if state.handled.iter().any(|it| it.sscc == reading.sscc && it.mode == state.mode && it.from == from) {
        return Some(reading.sscc.clone());
    }
    let piece = reading.piece.filter(|_| is_serial(&reading.lot))?;
    let again = match state.mode {
        Mode::Count => piece.counted || state.line.as_ref().is_some_and(|line| line.cell.lot == reading.lot),
        Mode::Receive | Mode::Return => piece.somewhere,
        Mode::DamagedReturn => piece.somewhere || piece.here,
        Mode::Move if piece.there && !piece.here => true,
        _ => piece.known && !piece.somewhere,
    };
    again.then(|| reading.lot.clone())
}

/// Only a move looks at where a pallet leaves from: received and put away are two acts, received twice is a slip.
fn from_of(state: &State) -> Option<Location> {
    state.place.as_ref().map(|(place, _)| *place).filter(|_| state.mode == Mode::Move)
}

/// Remembers what was done with a pallet, instead of what was done before it. Being counted is no handling.
fn handle_pallet(state: &mut State, sscc: &str) {
    if sscc.is_empty() {
        return;
    }
    let (mode, from) = (state.mode, from_of(state));
    state.handled.retain(|it| it.sscc != sscc || (it.mode == Mode::Count) != (mode == Mode::Count));
    if state.handled.len() >= PALLETS {
        state.handled.remove(0);
    }
    state.handled.push(Pallet { sscc: sscc.to_owned(), mode, from });
}

fn tally(state: &mut State, thing: &Thing, reading: Reading, quantity: i64, now: &Now) -> Step {
    let Some((place, _)) = state.place else { return refused(Say::NeedPlace) };
    let pack = one_pack(thing, &reading, quantity);
    let cell = Cell { variant: thing.variant, location: place, lot: reading.lot };
    let line = state.line.as_ref().filter(|line| line.cell == cell);
    let (goes_on, counted) = (line.is_some(), line.map_or(0, |line| line.counted));
    let counted = counted.saturating_add(quantity);
    if counted > limits::QUANTITY {
        return refused(Say::NotWhole);
    }
    let new_place = !state.counted_places.contains(&place);
    let full = new_place && state.counted_places.len() + 1 >= limits::CLOSE_LOCATIONS;
    if full || (!goes_on && state.lines >= limits::CLOSE_COUNTS) {
        return refused(Say::FinishFirst);
    }
    let mut effects: Vec<Effect> = begin_count(state, now).into_iter().collect();
    if new_place {
        state.counted_places.push(place);
    }
    if !goes_on {
        effects.extend(end_line(state));
        state.lines += 1;
        let (cell, act) = (cell.clone(), now.act);
        state.line = Some(Line { cell, counted: 0, pack: 0, steps: Vec::new(), act, shown: None });
    }
    handle_pallet(state, &reading.sscc);
    if let Some(line) = &mut state.line {
        (line.counted, line.pack) = (counted, pack);
        if line.steps.len() >= UNDO_DEPTH {
            line.steps.remove(0);
        }
        let pallets = Some(reading.sscc).filter(|sscc| !sscc.is_empty()).into_iter().collect();
        line.steps.push(Counted { quantity, pallets });
    }
    let signal = if reading.expired { Signal::Warning } else { Signal::Ok };
    let say = if reading.expired { Say::Expired(cell, quantity) } else { Say::Done(cell, quantity) };
    step(signal, say, effects)
}

fn goods(state: &mut State, thing: &Thing, reading: &Reading, quantity: i64) -> Step {
    let (place, target) = match places(state) {
        Ok(places) => places,
        Err(missing) => return refused(missing),
    };
    let over = match draw(&mut state.expected, thing.variant, quantity, state.mode.takes()) {
        Ok(over) => over,
        Err(()) => return refused(Say::NotExpected(thing.name.clone())),
    };
    let cell = Cell { variant: thing.variant, location: place, lot: reading.lot.clone() };
    let pack = one_pack(thing, reading, quantity);
    let expected = state.expected.as_ref().map(|_| (thing.variant, quantity));
    let done = Done { expected, sscc: reading.sscc.clone(), ..done_at(state, cell.clone(), target, pack) };
    let Some(body) = movement(&done, quantity) else { return refused(Say::NeedPlace) };
    handle_pallet(state, &reading.sscc);
    remember(state, done);
    let elsewhere = state.mode.takes() && reading.piece.is_some_and(|piece| !piece.here);
    let (signal, say) = match (reading.expired, over || elsewhere) {
        (true, _) => (Signal::Warning, Say::Expired(cell, quantity)),
        (_, true) => (Signal::Warning, Say::Unexpected(cell, quantity)),
        _ => (Signal::Ok, Say::Done(cell, quantity)),
    };
    step(signal, say, vec![Effect::Record(body, None)])
}

pub(super) fn movement(done: &Done, quantity: i64) -> Option<Body> {
    let Cell { variant, location, lot } = done.cell.clone();
    let (from, to, reason) = done.mode.ends(location, done.target)?;
    let reference = done.reference.clone();
    let line = MovementLine { variant, lot, quantity, entered: String::new(), unit_cost: None };
    Some(Body::Move(Move { from, to, lines: vec![line], reason: reason.to_owned(), reference }))
}

/// An unknown code: kept with all that was meant, so that the work goes on.
fn hold(state: &mut State, reading: Reading, times: u32, now: &Now) -> Step {
    let (place, target) = match places(state) {
        Ok(places) => places,
        Err(missing) => return refused(missing),
    };
    let Reading { text, lot, sscc, held, .. } = &reading;
    // What nobody knows is on no list to pick: it is blocked, as every other wrong thing.
    if state.mode.takes() && state.expected.as_ref().is_some_and(|it| !it.lines.is_empty()) {
        return refused(Say::NotExpected(text.clone()));
    }
    if *held && (is_serial(lot) || !sscc.is_empty()) {
        let again = if sscc.is_empty() { lot } else { sscc };
        return step(Signal::Duplicate, Say::Again(again.clone()), Vec::new());
    }
    if is_serial(lot) && times != 1 {
        return refused(Say::NotWhole);
    }
    state.times = None;
    let say = Say::Unknown(text.clone());
    // What is pressed next means this scan, not the line before it.
    let mut effects: Vec<Effect> = begin_count(state, now).into_iter().collect();
    effects.extend(end_line(state));
    effects.push(held_effect(state, reading, (place, target), times, now.act));
    step(Signal::Error, say, effects)
}

/// Keeps a scan with all that was meant, as the last one.
pub(super) fn held_effect(
    state: &mut State,
    reading: Reading,
    (place, target): (Location, Location),
    times: u32,
    act: Act,
) -> Effect {
    let Reading { text, gtin, lot, inside, measures, .. } = reading;
    let cell = Cell { variant: VariantId::default(), location: place, lot: lot.clone() };
    let done = Done { held: Some(0), ..done_at(state, cell, target, 0) };
    let (mode, session, reference) = (state.mode, state.session, done.reference.clone());
    remember(state, done);
    Effect::Hold(HeldScan { text, gtin, lot, mode, place, target, times, inside, measures, reference, session, act })
}

/// What a held scan records, now that its thing is known; `session` is its count, where that is open still.
pub(super) fn release(held: &HeldScan, variant: VariantId, quantity: i64, session: Option<SessionId>) -> Option<Body> {
    let cell = Cell { variant, location: held.place, lot: held.lot.clone() };
    if held.mode == Mode::Count {
        return Some(Body::Count(Count { cell, counted: quantity, expected: None, session }));
    }
    let (from, to, reason) = held.mode.ends(held.place, held.target)?;
    let line = MovementLine { variant, lot: cell.lot, quantity, entered: String::new(), unit_cost: None };
    let (reason, reference) = (reason.to_owned(), held.reference.clone());
    Some(Body::Move(Move { from, to, lines: vec![line], reason, reference }))
}
