//! Undo and corrections of the last scan.
//!
//! Owns the undo list. Must never change a scan other than the last one: undo and corrections mean the last signal that the
//! user heard.

use stocksync_schemas::{Body, Cell, Location, OpRef, Void, limits};

use super::document::{consume_expected, restore_expected};
use super::event::{Feedback, ShiftEffect, ShiftStep};
use super::machine::{EventContext, MAX_TIMES, accept, move_body, refuse};
use super::quantity::is_serial;
use super::question::{answer_amount, answer_packs};
use super::state::{CountLine, CountStep, ShiftMode, ShiftState, UndoEntry};

/// Scans that can be taken back one after the other.
pub(super) const UNDO_DEPTH: usize = 50;

/// What the user enters in place of the last scan's quantity.
#[derive(Debug, Clone, Copy)]
pub(super) enum Correction {
    /// Number of packs.
    Packs(u32),
    /// Thousandths.
    Amount(i64),
}

impl Correction {
    /// The corrected quantity in thousandths; none beyond the limits, or for anything but none or one of a serial.
    fn quantity(self, pack: i64, lot: &str) -> Option<i64> {
        let quantity = match self {
            Self::Packs(packs) => pack.checked_mul(i64::from(packs))?,
            Self::Amount(amount) => amount,
        };
        let whole = !is_serial(lot) || matches!(quantity, 0 | 1_000);
        Some(quantity).filter(|quantity| whole && (0..=limits::QUANTITY).contains(quantity))
    }
}

/// An entry of the present shift, before it is known how it was recorded.
pub(super) fn new_entry(state: &ShiftState, cell: Cell, target: Location, pack: i64) -> UndoEntry {
    let reference = state.expected.as_ref().map(|document| document.reference.clone()).unwrap_or_default();
    let (op, held_number, consumed, sscc) = (None, None, None, String::new());
    UndoEntry { op, held_number, consumed, cell, pack, mode: state.mode, sscc, target, reference }
}

pub(super) fn push_entry(state: &mut ShiftState, entry: UndoEntry) {
    push_bounded(&mut state.undo_entries, entry, UNDO_DEPTH);
}

/// Appends to a list of at most `max` values; the oldest is removed.
pub(super) fn push_bounded<T>(list: &mut Vec<T>, value: T, max: usize) {
    if list.len() >= max {
        list.remove(0);
    }
    list.push(value);
}

/// Corrects the last scan: the pending question, the count line, the held scan or the recorded op.
pub(super) fn correct_last(state: &mut ShiftState, correction: Correction, now: &EventContext) -> ShiftStep {
    if matches!(correction, Correction::Packs(packs) if packs > MAX_TIMES) {
        return refuse(Feedback::InvalidQuantity);
    }
    if state.pending_question.is_some() {
        return match correction {
            Correction::Packs(packs) => answer_packs(state, packs),
            Correction::Amount(amount) => answer_amount(state, amount, now),
        };
    }
    if let Some(line) = &mut state.line {
        return correct_line(line, correction);
    }
    // A recorded count line is not corrected: a recount is a new count.
    let mode = state.mode;
    let correctable =
        |entry: &mut UndoEntry| entry.held_number.is_some() || (entry.mode == mode && entry.mode != ShiftMode::Count);
    let Some(entry) = state.undo_entries.pop_if(correctable) else { return refuse(Feedback::NothingToChange) };
    match (entry.held_number, entry.op, correction) {
        (Some(number), _, Correction::Packs(0)) => accept(Feedback::Undone, vec![ShiftEffect::DeleteHeldScan(number)]),
        (Some(number), _, Correction::Packs(packs)) if packs == 1 || !is_serial(&entry.cell.lot) => {
            state.undo_entries.push(entry);
            accept(Feedback::ShiftUpdated, vec![ShiftEffect::SetHeldTimes(number, packs)])
        }
        (None, Some(op), _) => void_and_rerecord(state, entry, op, correction),
        // The unit of an unknown variant is unknown, so an amount cannot be applied.
        (Some(_), ..) => {
            state.undo_entries.push(entry);
            refuse(Feedback::InvalidQuantity)
        }
        (None, None, _) => refuse(Feedback::NothingToChange),
    }
}

/// Replaces the whole count line, whose steps become one.
fn correct_line(line: &mut CountLine, correction: Correction) -> ShiftStep {
    let Some(counted) = correction.quantity(line.pack, &line.cell.lot) else {
        return refuse(Feedback::InvalidQuantity);
    };
    let pallets = line.steps.drain(..).flat_map(|step| step.pallets).collect();
    line.counted = counted;
    line.steps.push(CountStep { quantity: counted, pallets });
    accept(Feedback::Recorded(line.cell.clone(), counted), Vec::new())
}

/// Voids the op of an entry and records it again with the corrected quantity: same locations, same document.
fn void_and_rerecord(state: &mut ShiftState, entry: UndoEntry, op: OpRef, correction: Correction) -> ShiftStep {
    let Some(quantity) = correction.quantity(entry.pack, &entry.cell.lot) else {
        state.undo_entries.push(entry);
        return refuse(Feedback::InvalidQuantity);
    };
    let void = void_effect(op, "quantity");
    restore_expected(&mut state.expected, entry.consumed);
    if quantity == 0 {
        remove_pallet(state, &entry);
        return accept(Feedback::Undone, vec![void]);
    }
    let mut consumed = None;
    if let Some((variant, before)) = entry.consumed {
        if consume_expected(&mut state.expected, variant, quantity, entry.mode.is_outbound()).is_err() {
            let _ = consume_expected(&mut state.expected, variant, before, false);
            state.undo_entries.push(entry);
            return refuse(Feedback::NotOnDocument(String::new()));
        }
        consumed = Some((variant, quantity));
    }
    let Some(body) = entry.move_body(quantity) else { return refuse(Feedback::NothingToChange) };
    let cell = entry.cell.clone();
    state.undo_entries.push(UndoEntry { op: None, consumed, ..entry });
    accept(Feedback::Recorded(cell, quantity), vec![void, ShiftEffect::Record(body, None)])
}

fn void_effect(target: OpRef, reason: &str) -> ShiftEffect {
    ShiftEffect::Record(Body::Void(Void { target, reason: reason.to_owned() }), None)
}

impl UndoEntry {
    /// The movement of this entry with a quantity; none in modes that record no movement.
    pub(super) fn move_body(&self, quantity: i64) -> Option<Body> {
        move_body(self.mode, self.cell.clone(), self.target, quantity, self.reference.clone())
    }
}

/// The pallet of an entry may be scanned again.
fn remove_pallet(state: &mut ShiftState, entry: &UndoEntry) {
    state.pallets.retain(|pallet| pallet.sscc != entry.sscc || pallet.mode != entry.mode);
}

/// Takes the last scan back: closes the pending question, shortens the count line, deletes the held scan or voids the op.
pub(super) fn undo(state: &mut ShiftState) -> ShiftStep {
    if state.pending_question.take().is_some() {
        return accept(Feedback::Undone, Vec::new());
    }
    if let Some(line) = &mut state.line {
        let Some(CountStep { quantity, pallets }) = line.steps.pop() else { return refuse(Feedback::NothingToChange) };
        line.counted = line.counted.saturating_sub(quantity);
        if line.steps.is_empty() && line.counted == 0 {
            state.line = None;
        }
        state.pallets.retain(|pallet| pallet.mode != ShiftMode::Count || !pallets.contains(&pallet.sscc));
        return accept(Feedback::Undone, Vec::new());
    }
    let Some(entry) = state.undo_entries.pop() else { return refuse(Feedback::NothingToChange) };
    if let Some(number) = entry.held_number {
        return accept(Feedback::Undone, vec![ShiftEffect::DeleteHeldScan(number)]);
    }
    let Some(op) = entry.op else { return refuse(Feedback::NothingToChange) };
    restore_expected(&mut state.expected, entry.consumed);
    remove_pallet(state, &entry);
    accept(Feedback::Undone, vec![void_effect(op, "undo")])
}
