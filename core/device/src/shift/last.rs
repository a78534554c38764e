//! What is said after a scan and means it: another number, or that it never happened.
//!
//! Owns the last scans. Must never change one that was not the last: who presses a button means what they heard last.

use stocksync_schemas::{Body, Void, limits};

use super::document::{draw, give_back};
use super::event::{Effect, Say, Signal, Step};
use super::machine::{MAX_TIMES, Now, movement, refused, step};
use super::quantity::is_serial;
use super::question::{answer_amount, answer_packs};
use super::state::{Counted, Done, Mode, State};

/// How much the person says the last scan was.
#[derive(Debug, Clone, Copy)]
pub(super) enum Said {
    /// So many packs.
    Packs(u32),
    /// So much, thousandths.
    Amount(i64),
}

impl Said {
    /// Thousandths, where one pack is so much; none beyond what a line holds, or for a part of a serial or several of one.
    fn of(self, pack: i64, lot: &str) -> Option<i64> {
        let quantity = match self {
            Self::Packs(packs) => pack.checked_mul(i64::from(packs))?,
            Self::Amount(amount) => amount,
        };
        let whole = !is_serial(lot) || matches!(quantity, 0 | 1_000);
        Some(quantity).filter(|it| whole && (0..=limits::QUANTITY).contains(it))
    }
}

/// What is said of the last scan after it: what was recorded is voided and recorded anew.
pub(super) fn said(state: &mut State, said: Said, now: &Now) -> Step {
    if matches!(said, Said::Packs(packs) if packs > MAX_TIMES) {
        return refused(Say::NotWhole);
    }
    if state.asked.is_some() {
        return match said {
            Said::Packs(packs) => answer_packs(state, packs),
            Said::Amount(amount) => answer_amount(state, amount, now),
        };
    }
    if let Some(line) = &mut state.line {
        let Some(counted) = said.of(line.pack, &line.cell.lot) else { return refused(Say::NotWhole) };
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
    match (done.held, done.op, said) {
        (Some(number), _, Said::Packs(0)) => step(Signal::Ok, Say::Undone, vec![Effect::LetGo(number)]),
        (Some(number), _, Said::Packs(packs)) if packs == 1 || !is_serial(&done.cell.lot) => {
            state.done.push(done);
            step(Signal::Ok, Say::Set, vec![Effect::HoldTimes(number, packs)])
        }
        (None, Some(_), _) => again(state, done, said),
        // Nobody knows the unit of an unknown thing.
        (Some(_), ..) => {
            state.done.push(done);
            refused(Say::NotWhole)
        }
        (None, None, _) => refused(Say::Nothing),
    }
}

/// Voids what was done and records it anew with another quantity: same places, same document.
fn again(state: &mut State, done: Done, said: Said) -> Step {
    let Some(op) = done.op else { return refused(Say::Nothing) };
    let Some(wanted) = said.of(done.pack, &done.cell.lot) else {
        state.done.push(done);
        return refused(Say::NotWhole);
    };
    let void = Effect::Record(Body::Void(Void { target: op, reason: "quantity".to_owned() }), None);
    give_back(&mut state.expected, done.expected);
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
    give_back(&mut state.expected, done.expected);
    release_pallet(state, &done);
    let void = Body::Void(Void { target: op, reason: "undo".to_owned() });
    step(Signal::Ok, Say::Undone, vec![Effect::Record(void, None)])
}
