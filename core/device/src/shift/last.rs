//! What is said after a scan and means it: another number, or that it never happened.
//!
//! Owns the last scans. Must never change one that was not the last: who presses a button means what they heard last.

use stocksync_schemas::{Body, Void, limits};

use super::machine::{MOST_TIMES, draw, is_serial, movement, refused, step};
use super::state::{Counted, Done, Effect, Mode, Say, Signal, State, Step};

/// The number for the last scan, said after it: what was recorded is voided and recorded anew.
pub(super) fn quantity(state: &mut State, packs: u32) -> Step {
    if packs > MOST_TIMES {
        return refused(Say::NotWhole);
    }
    if let Some(asked) = &mut state.asked {
        if packs == 0 {
            return refused(Say::Nothing);
        }
        asked.times = packs;
        return step(Signal::Ok, Say::Set, Vec::new());
    }
    if let Some(line) = &mut state.line {
        let Some(counted) = line.pack.checked_mul(i64::from(packs)).filter(|it| *it <= limits::QUANTITY) else {
            return refused(Say::NotWhole);
        };
        if is_serial(&line.cell.lot) && packs > 1 {
            return refused(Say::NotWhole);
        }
        let pallets = line.steps.drain(..).flat_map(|it| it.pallets).collect();
        line.counted = counted;
        line.steps.push(Counted { quantity: counted, pallets });
        let cell = line.cell.clone();
        return step(Signal::Ok, Say::Done(cell, counted), Vec::new());
    }
    let changeable = state.done.last().is_some_and(|it| it.held.is_some() || it.mode == state.mode);
    let Some(done) = state.done.pop_if(|it| changeable && (it.held.is_some() || it.mode != Mode::Count)) else {
        return refused(Say::Nothing);
    };
    if is_serial(&done.cell.lot) && packs > 1 {
        state.done.push(done);
        return refused(Say::NotWhole);
    }
    match (done.held, done.op) {
        (Some(number), _) if packs == 0 => step(Signal::Ok, Say::Undone, vec![Effect::LetGo(number)]),
        (Some(number), _) => {
            state.done.push(done);
            step(Signal::Ok, Say::Set, vec![Effect::HoldTimes(number, packs)])
        }
        (None, Some(_)) => again(state, done, packs),
        (None, None) => refused(Say::Nothing),
    }
}

/// Voids what was done and records it anew with another quantity: same places, same document.
fn again(state: &mut State, done: Done, packs: u32) -> Step {
    let Some(op) = done.op else { return refused(Say::Nothing) };
    let Some(wanted) = done.pack.checked_mul(i64::from(packs)).filter(|it| *it <= limits::QUANTITY) else {
        state.done.push(done);
        return refused(Say::NotWhole);
    };
    let void = Effect::Record(Body::Void(Void { target: op, reason: "quantity".to_owned() }), None);
    return_to_document(state, &done);
    if wanted == 0 {
        release_pallet(state, &done);
        return step(Signal::Ok, Say::Undone, vec![void]);
    }
    let mut expected = None;
    if let Some((variant, drawn)) = done.expected {
        if draw(&mut state.expected, variant, wanted, done.mode.takes()).is_err() {
            let _ = draw(&mut state.expected, variant, drawn, false);
            state.done.push(done);
            return refused(Say::NotExpected(String::new()));
        }
        expected = Some((variant, wanted));
    }
    let Some(body) = movement(&done, wanted) else { return refused(Say::Nothing) };
    let cell = done.cell.clone();
    state.done.push(Done { op: None, expected, ..done });
    step(Signal::Ok, Say::Done(cell, wanted), vec![void, Effect::Record(body, None)])
}

fn return_to_document(state: &mut State, done: &Done) {
    if let (Some(expected), Some((variant, quantity))) = (&mut state.expected, done.expected)
        && let Some((_, left)) = expected.lines.iter_mut().find(|(it, _)| *it == variant)
    {
        *left = left.saturating_add(quantity);
    }
}

fn release_pallet(state: &mut State, done: &Done) {
    state.handled.retain(|it| it.sscc != done.sscc || it.mode != done.mode);
}

/// Takes back the last scan: of the line being counted, or by a void.
pub(super) fn undo(state: &mut State) -> Step {
    if state.asked.take().is_some() {
        return step(Signal::Ok, Say::Undone, Vec::new());
    }
    if let Some(line) = &mut state.line {
        let Some(Counted { quantity, pallets }) = line.steps.pop() else { return refused(Say::Nothing) };
        line.counted = line.counted.saturating_sub(quantity);
        if line.steps.is_empty() && line.counted == 0 {
            state.line = None;
        }
        state.handled.retain(|it| it.mode != Mode::Count || !pallets.contains(&it.sscc));
        return step(Signal::Ok, Say::Undone, Vec::new());
    }
    let Some(done) = state.done.pop() else { return refused(Say::Nothing) };
    if let Some(number) = done.held {
        return step(Signal::Ok, Say::Undone, vec![Effect::LetGo(number)]);
    }
    let Some(op) = done.op else { return refused(Say::Nothing) };
    return_to_document(state, &done);
    release_pallet(state, &done);
    let void = Body::Void(Void { target: op, reason: "undo".to_owned() });
    step(Signal::Ok, Say::Undone, vec![Effect::Record(void, None)])
}
