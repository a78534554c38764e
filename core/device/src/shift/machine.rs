//! The rules of scanning: an event in, what to do and which tone out. No clock, no database, no look-up: all of that comes
//! with the event, so a shift replays.
//!
//! Must never say [`Signal::Ok`] for something whose effects are not carried out first.

use stocksync_schemas::{Body, Cell, Count, Line as MoveLine, Location, Move, SessionId, VariantId, Void, limits};

use super::state::{
    Asked, Done, Effect, Event, Expected, HeldScan, Line, Mode, Reading, Say, Signal, Source, State, Step, Thing,
};
use crate::acts::Act;

/// A camera that sees the same code again within this pause has not been moved.
pub const COOLDOWN_MS: i64 = 1_500;
/// Two symbols of one box, or a question and its answer by scan, follow each other within this.
pub const TOGETHER_MS: i64 = 10_000;
/// Most packs in one scan.
pub const MOST_TIMES: u32 = 100_000;
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

fn step(signal: Signal, say: Say, effects: Vec<Effect>) -> Step {
    Step { signal: Some(signal), say, effects }
}

/// Whether so little time has passed. A boot clock that is behind began anew: then nobody knows.
fn within(now: &Now, at_ms: i64, span_ms: i64) -> bool {
    (0..span_ms).contains(&(now.ms - at_ms))
}

fn refused(say: Say) -> Step {
    step(Signal::Error, say, Vec::new())
}

/// Takes one event.
pub fn handle(state: &mut State, event: Event, now: &Now) -> Step {
    match event {
        Event::Scanned(reading, source) => scanned(state, reading, source, now),
        Event::Place(place, name) => at(state, place, name),
        Event::Mode(mode) => {
            let effects = if mode == state.mode { Vec::new() } else { leave(state, false) };
            if mode != state.mode {
                (state.mode, state.target, state.asked) = (mode, None, None);
            }
            step(Signal::Ok, Say::Set, effects)
        }
        Event::Times(times) if (1..=MOST_TIMES).contains(&times) => {
            state.times = Some(times);
            step(Signal::Ok, Say::Set, Vec::new())
        }
        Event::Times(_) => refused(Say::Nothing),
        Event::Quantity(packs) => quantity(state, packs),
        Event::Choose(variant) => match state.asked.take() {
            Some(asked) if asked.reading.things.iter().any(|thing| thing.variant == variant) => {
                let mut reading = Reading { inside: None, ..asked.reading };
                reading.things.retain(|thing| thing.variant == variant);
                state.times = Some(asked.times);
                thing(state, reading, now)
            }
            asked => {
                state.asked = asked;
                refused(Say::Nothing)
            }
        },
        Event::Lot(lot) => answer_lot(state, lot, now),
        Event::Expect(expected) => {
            state.expected = expected;
            step(Signal::Ok, Say::Set, Vec::new())
        }
        Event::Undo => undo(state),
        Event::Finish { complete } => {
            let effects = leave(state, complete);
            (state.asked, state.lot, state.times) = (None, None, None);
            step(Signal::Ok, Say::Set, effects)
        }
    }
}

/// Ends what is being counted: the line is recorded and the session acts.
fn leave(state: &mut State, complete: bool) -> Vec<Effect> {
    let mut effects = end_line(state);
    if let Some(session) = state.session.take() {
        let places = std::mem::take(&mut state.counted_places);
        state.lines = 0;
        // What a close names is not taken back behind its back: a recount is a new count.
        state.done.retain(|done| done.mode != Mode::Count);
        effects.push(Effect::CloseSession(session, if complete { places } else { Vec::new() }));
    }
    effects
}

/// Records the line being counted.
fn end_line(state: &mut State) -> Vec<Effect> {
    let Some(line) = state.line.take() else { return Vec::new() };
    let pack = line.steps.first().copied().unwrap_or(0);
    let cell = line.cell.clone();
    remember(state, Done { op: None, expected: None, cell, pack, mode: Mode::Count, sscc: String::new() });
    let count = Count { cell: line.cell, counted: line.counted, expected: None, session: state.session };
    vec![Effect::Record(Body::Count(count), Some(line.act))]
}

fn remember(state: &mut State, done: Done) {
    if state.done.len() >= UNDO_DEPTH {
        state.done.remove(0);
    }
    state.done.push(done);
}

/// In a move the first place is where goods leave and the second where they go; else a new place replaces the old one.
fn at(state: &mut State, place: Location, name: String) -> Step {
    let effects = if state.mode == Mode::Count { end_line(state) } else { Vec::new() };
    match (&state.place, &state.target) {
        (Some((from, _)), None) if state.mode == Mode::Move && *from != place => state.target = Some((place, name)),
        _ => (state.place, state.target) = (Some((place, name)), None),
    }
    step(Signal::Ok, Say::Set, effects)
}

fn scanned(state: &mut State, mut reading: Reading, source: Source, now: &Now) -> Step {
    let still = state.seen.as_ref().is_some_and(|(text, at)| *text == reading.text && within(now, *at, COOLDOWN_MS));
    state.seen = (source == Source::Camera).then(|| (reading.text.clone(), now.ms));
    if source == Source::Camera && still {
        return Step { signal: None, say: Say::Set, effects: Vec::new() };
    }
    if reading.only_lot {
        return match state.asked.take_if(|asked| within(now, asked.at_ms, TOGETHER_MS)) {
            Some(asked) => {
                state.asked = Some(asked);
                answer_lot(state, reading.lot, now)
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
    (state.asked, state.lot) = (None, None);
    thing(state, reading, now)
}

/// A code that names things, or nothing that is known.
fn thing(state: &mut State, reading: Reading, now: &Now) -> Step {
    let times = state.times.unwrap_or(1).saturating_mul(reading.inside.unwrap_or(1));
    let first = match reading.things.as_slice() {
        [] if state.mode == Mode::LookUp => return refused(Say::Unknown(reading.text)),
        [] => return hold(state, reading, now),
        [one] => one.clone(),
        many => {
            let say = Say::Choose(many.to_vec());
            state.asked = Some(Asked { reading, times, at_ms: now.ms });
            return step(Signal::Warning, say, Vec::new());
        }
    };
    if state.mode == Mode::LookUp {
        let signal = if reading.expired || !reading.warnings.is_empty() { Signal::Warning } else { Signal::Ok };
        return step(signal, Say::Found(first), Vec::new());
    }
    if let Err(missing) = places(state) {
        return refused(missing);
    }
    if first.wants_lot && reading.lot.is_empty() {
        state.asked = Some(Asked { reading, times, at_ms: now.ms });
        return step(Signal::Warning, Say::WhichLot(first), Vec::new());
    }
    if let Some(again) = handled_before(state, &reading) {
        return step(Signal::Duplicate, Say::Again(again), Vec::new());
    }
    let Some(quantity) = packs(&first, times, reading.piece.is_some()) else { return refused(Say::NotWhole) };
    state.times = None;
    if state.mode == Mode::Count {
        return tally(state, &first, reading, quantity, now);
    }
    goods(state, &first, &reading, quantity)
}

fn places(state: &State) -> Result<(Location, Location), Say> {
    let place = state.place.as_ref().map(|(place, _)| *place).ok_or(Say::NeedPlace)?;
    match (&state.target, state.mode) {
        (None, Mode::Move) => Err(Say::NeedTarget),
        (target, _) => Ok((place, target.as_ref().map_or(place, |(target, _)| *target))),
    }
}

/// Serials and pallets are present or not: scanning one twice adds nothing (DESIGN 5.10).
fn handled_before(state: &State, reading: &Reading) -> Option<String> {
    if !reading.sscc.is_empty() && state.pallets.contains(&reading.sscc) {
        return Some(reading.sscc.clone());
    }
    let piece = reading.piece?;
    let again = match state.mode {
        Mode::Count => piece.counted || state.line.as_ref().is_some_and(|line| line.cell.lot == reading.lot),
        Mode::Receive | Mode::Return => piece.somewhere,
        _ => piece.known && !piece.somewhere,
    };
    again.then(|| reading.lot.clone())
}

/// Thousandths in so many scans; a serial is one. None where a pack is not a whole number of thousandths.
fn packs(thing: &Thing, times: u32, piece: bool) -> Option<i64> {
    if piece {
        return (times == 1).then_some(1_000);
    }
    let whole = i128::from(thing.pack_numerator) * i128::from(times) * 1_000;
    let denominator = i128::from(thing.pack_denominator);
    if denominator <= 0 || whole <= 0 || whole % denominator != 0 {
        return None;
    }
    i64::try_from(whole / denominator).ok().filter(|quantity| *quantity <= limits::QUANTITY)
}

fn tally(state: &mut State, thing: &Thing, reading: Reading, quantity: i64, now: &Now) -> Step {
    let Some((place, _)) = state.place else { return refused(Say::NeedPlace) };
    let cell = Cell { variant: thing.variant, location: place, lot: reading.lot };
    let mut effects = Vec::new();
    let goes_on = state.line.as_ref().is_some_and(|line| line.cell == cell);
    if !goes_on && state.lines >= limits::CLOSE_COUNTS {
        return refused(Say::FinishFirst);
    }
    if state.session.is_none() {
        state.session = Some(now.session);
        effects.push(Effect::OpenSession(now.session, now.act));
    }
    if !state.counted_places.contains(&place) {
        state.counted_places.push(place);
    }
    if !goes_on {
        effects.extend(end_line(state));
        state.lines += 1;
        state.line = Some(Line { cell: cell.clone(), counted: 0, steps: Vec::new(), act: now.act });
    }
    if let Some(line) = &mut state.line {
        line.counted = line.counted.saturating_add(quantity).min(limits::QUANTITY);
        line.steps.push(quantity);
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
    let Some(body) = movement(state, &cell, target, quantity, state.mode) else { return refused(Say::NeedPlace) };
    if !reading.sscc.is_empty() {
        if state.pallets.len() >= PALLETS {
            state.pallets.remove(0);
        }
        state.pallets.push(reading.sscc.clone());
    }
    let pack = packs(thing, 1, reading.piece.is_some()).unwrap_or(quantity);
    let expected = state.expected.as_ref().map(|_| (thing.variant, quantity));
    let sscc = reading.sscc.clone();
    remember(state, Done { op: None, expected, cell: cell.clone(), pack, mode: state.mode, sscc });
    let elsewhere = state.mode.takes() && reading.piece.is_some_and(|piece| !piece.here);
    let (signal, say) = match (reading.expired, over || elsewhere) {
        (true, _) => (Signal::Warning, Say::Expired(cell, quantity)),
        (_, true) => (Signal::Warning, Say::Unexpected(cell, quantity)),
        _ => (Signal::Ok, Say::Done(cell, quantity)),
    };
    step(signal, say, vec![Effect::Record(body, None)])
}

/// Takes what was scanned off the document. Picking beyond it is blocked; a delivery of more than was ordered is a fact.
fn draw(expected: &mut Option<Expected>, variant: VariantId, quantity: i64, picking: bool) -> Result<bool, ()> {
    let Some(expected) = expected else { return Ok(false) };
    let line = expected.lines.iter_mut().find(|(it, _)| *it == variant);
    match line {
        Some((_, left)) if *left >= quantity || !picking => {
            let over = *left < quantity;
            *left = left.saturating_sub(quantity);
            Ok(over)
        }
        None if !picking => {
            expected.lines.push((variant, -quantity));
            Ok(true)
        }
        _ => Err(()),
    }
}

fn movement(state: &State, cell: &Cell, target: Location, quantity: i64, mode: Mode) -> Option<Body> {
    let (from, to, reason) = mode.ends(cell.location, target)?;
    let reference = state.expected.as_ref().map(|it| it.reference.clone()).unwrap_or_default();
    let line =
        MoveLine { variant: cell.variant, lot: cell.lot.clone(), quantity, entered: String::new(), unit_cost: None };
    Some(Body::Move(Move { from, to, lines: vec![line], reason: reason.to_owned(), reference }))
}

/// The number for the last scan, said after it: what was recorded is voided and recorded anew.
fn quantity(state: &mut State, packs: u32) -> Step {
    if packs > MOST_TIMES {
        return refused(Say::NotWhole);
    }
    if let Some(line) = &mut state.line {
        let pack = line.steps.last().copied().unwrap_or(1_000);
        let Some(counted) = pack.checked_mul(i64::from(packs)).filter(|it| *it <= limits::QUANTITY) else {
            return refused(Say::NotWhole);
        };
        (line.counted, line.steps) = (counted, vec![counted]);
        let cell = line.cell.clone();
        return step(Signal::Ok, Say::Done(cell, counted), Vec::new());
    }
    let changeable = state.done.last().is_some_and(|done| done.mode == state.mode && done.mode != Mode::Count);
    let (true, Some(done)) = (changeable, state.done.pop()) else { return refused(Say::Nothing) };
    let Some(op) = done.op else { return refused(Say::Nothing) };
    let Some(wanted) = done.pack.checked_mul(i64::from(packs)).filter(|it| *it <= limits::QUANTITY) else {
        state.done.push(done);
        return refused(Say::NotWhole);
    };
    give_back(state, &done);
    let void = Effect::Record(Body::Void(Void { target: op, reason: "quantity".to_owned() }), None);
    if wanted == 0 {
        return step(Signal::Ok, Say::Undone, vec![void]);
    }
    let target = state.target.as_ref().map_or(done.cell.location, |(target, _)| *target);
    if draw(&mut state.expected, done.cell.variant, wanted, done.mode.takes()).is_err() {
        let _ = draw(&mut state.expected, done.cell.variant, done.expected.map_or(0, |(_, drawn)| drawn), false);
        state.done.push(done);
        return refused(Say::NotExpected(String::new()));
    }
    let Some(body) = movement(state, &done.cell, target, wanted, done.mode) else { return refused(Say::Nothing) };
    let cell = done.cell.clone();
    let expected = done.expected.map(|(variant, _)| (variant, wanted));
    state.done.push(Done { op: None, expected, ..done });
    step(Signal::Ok, Say::Done(cell, wanted), vec![void, Effect::Record(body, None)])
}

fn give_back(state: &mut State, done: &Done) {
    if let (Some(expected), Some((variant, quantity))) = (&mut state.expected, done.expected)
        && let Some((_, left)) = expected.lines.iter_mut().find(|(it, _)| *it == variant)
    {
        *left = left.saturating_add(quantity);
    }
    state.pallets.retain(|pallet| *pallet != done.sscc);
}

/// Takes back the last scan: of the line being counted, or by a void.
fn undo(state: &mut State) -> Step {
    if state.asked.take().is_some() {
        return step(Signal::Ok, Say::Undone, Vec::new());
    }
    if let Some(line) = &mut state.line {
        if let Some(last) = line.steps.pop() {
            line.counted = line.counted.saturating_sub(last);
        }
        if line.steps.is_empty() {
            state.line = None;
        }
        return step(Signal::Ok, Say::Undone, Vec::new());
    }
    let Some(done) = state.done.pop() else { return refused(Say::Nothing) };
    let Some(op) = done.op else { return refused(Say::Nothing) };
    give_back(state, &done);
    let void = Body::Void(Void { target: op, reason: "undo".to_owned() });
    step(Signal::Ok, Say::Undone, vec![Effect::Record(void, None)])
}

/// The lot of the scan that waits for one.
fn answer_lot(state: &mut State, lot: String, now: &Now) -> Step {
    let Some(asked) = state.asked.take() else { return refused(Say::Nothing) };
    let mut reading = Reading { inside: None, ..asked.reading };
    if reading.things.len() != 1 {
        reading.lot = lot;
        let say = Say::Choose(reading.things.clone());
        state.asked = Some(Asked { reading, ..asked });
        return step(Signal::Warning, say, Vec::new());
    }
    // An empty answer says that there is none: it is not asked again.
    reading.things.iter_mut().for_each(|thing| thing.wants_lot = false);
    reading.lot = lot;
    state.times = Some(asked.times);
    thing(state, reading, now)
}

/// An unknown code: kept with all that was meant, so that the work goes on.
fn hold(state: &mut State, reading: Reading, now: &Now) -> Step {
    let (place, target) = match places(state) {
        Ok(places) => places,
        Err(missing) => return refused(missing),
    };
    let times = state.times.take().unwrap_or(1);
    let reference = state.expected.as_ref().map(|it| it.reference.clone()).unwrap_or_default();
    let Reading { text, gtin, lot, .. } = reading;
    let say = Say::Unknown(text.clone());
    let held = HeldScan { text, gtin, lot, mode: state.mode, place, target, times, reference, act: now.act };
    step(Signal::Error, say, vec![Effect::Hold(held)])
}

/// What a held scan records, now that its thing is known.
pub(super) fn release(held: &HeldScan, thing: &Thing) -> Option<Body> {
    let quantity = packs(thing, held.times, held.lot.starts_with("21:"))?;
    let cell = Cell { variant: thing.variant, location: held.place, lot: held.lot.clone() };
    if held.mode == Mode::Count {
        return Some(Body::Count(Count { cell, counted: quantity, expected: None, session: None }));
    }
    let (from, to, reason) = held.mode.ends(held.place, held.target)?;
    let (variant, lot) = (cell.variant, cell.lot);
    let line = MoveLine { variant, lot, quantity, entered: String::new(), unit_cost: None };
    let (reason, reference) = (reason.to_owned(), held.reference.clone());
    Some(Body::Move(Move { from, to, lines: vec![line], reason, reference }))
}
