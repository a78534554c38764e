//! The rules of scanning, as a pure state machine: an event goes in; effects, a signal and feedback come out.
//!
//! Owns every decision about what a scan does. Must never read a clock, a database or the catalogue: all of that arrives with
//! the event, so a shift can be replayed. The tone may sound only after the effects are committed.

use stocksync_schemas::{Body, Cell, Count, Location, Move, MovementLine, SessionId, VariantId, limits};

use super::document::consume_expected;
use super::event::{Feedback, HeldScan, ResolvedScan, ShiftEffect, ShiftEvent, ShiftSignal, ShiftStep, VariantMatch};
use super::quantity::{ScanQuantity, is_serial, one_pack, scan_quantity};
use super::question::{answer_lot, ask, choose, hold_pending_question};
use super::state::{CountLine, CountStep, PalletEntry, ShiftMode, ShiftState, UndoEntry};
use super::undo::{self, Correction, UNDO_DEPTH, new_entry, push_bounded, push_entry};
use crate::acts::Act;
use crate::measure::LabelQuantity;

/// Within this span two symbols belong to one box, and a scanned lot answers a question or is applied to the next variant.
pub const SAME_BOX_MS: i64 = 10_000;
/// Largest number of packs in one scan.
pub const MAX_TIMES: u32 = 100_000;
/// Pallets remembered in a shift.
const MAX_PALLETS: usize = 200;

/// When an event happens.
#[derive(Debug, Clone, Copy)]
pub struct EventContext {
    /// Boot clock, ms: never goes back within a boot.
    pub ms: i64,
    /// The act that begins now.
    pub act: Act,
    /// A fresh id, used if a count session opens.
    pub session: SessionId,
}

impl EventContext {
    /// Whether less than `span_ms` has passed since `at_ms`. False where the boot clock has started anew since.
    pub(super) fn is_within(&self, at_ms: i64, span_ms: i64) -> bool {
        (0..span_ms).contains(&(self.ms - at_ms))
    }
}

pub(super) fn step(signal: ShiftSignal, feedback: Feedback, effects: Vec<ShiftEffect>) -> ShiftStep {
    ShiftStep { signal, feedback, effects }
}

pub(super) fn accept(feedback: Feedback, effects: Vec<ShiftEffect>) -> ShiftStep {
    step(ShiftSignal::Success, feedback, effects)
}

pub(super) fn refuse(feedback: Feedback) -> ShiftStep {
    step(ShiftSignal::Error, feedback, Vec::new())
}

/// Applies one event to the state. The caller carries out the effects and stores the state in one transaction; if that fails,
/// it drops the state.
pub fn handle(state: &mut ShiftState, event: ShiftEvent, now: &EventContext) -> ShiftStep {
    match event {
        ShiftEvent::Scanned(scan) => handle_scan(state, scan, now),
        ShiftEvent::InvalidLabel(text) => refuse(Feedback::InvalidLabel(text)),
        ShiftEvent::Location(location, name) => set_location(state, location, name, now),
        ShiftEvent::Mode(mode) => set_mode(state, mode, now),
        ShiftEvent::Times(times) if (1..=MAX_TIMES).contains(&times) => {
            state.times = Some(times);
            accept(Feedback::ShiftUpdated, Vec::new())
        }
        ShiftEvent::Times(_) => refuse(Feedback::NothingToChange),
        ShiftEvent::Quantity(packs) => undo::correct_last(state, Correction::Packs(packs), now),
        ShiftEvent::Amount(amount) => undo::correct_last(state, Correction::Amount(amount), now),
        ShiftEvent::Choose(variant, serial) => choose(state, variant, serial, now),
        ShiftEvent::Lot(lot, serial) => answer_lot(state, lot, serial, now),
        ShiftEvent::Expect(document) => {
            let effects = hold_pending_question(state, now).into_iter().collect();
            state.expected = document;
            // Undo must not restore to this document what was consumed from the one before it.
            state.undo_entries.iter_mut().for_each(|entry| entry.consumed = None);
            accept(Feedback::ShiftUpdated, effects)
        }
        ShiftEvent::Undo => undo::undo(state),
        ShiftEvent::Finish { complete: true } if state.mode == ShiftMode::Count && state.session.is_none() => {
            refuse(Feedback::NothingToChange)
        }
        ShiftEvent::Finish { complete } => {
            let mut effects: Vec<ShiftEffect> = hold_pending_question(state, now).into_iter().collect();
            effects.extend(finish_count(state, complete));
            (state.remembered_lot, state.times) = (None, None);
            accept(Feedback::ShiftUpdated, effects)
        }
    }
}

fn set_mode(state: &mut ShiftState, mode: ShiftMode, now: &EventContext) -> ShiftStep {
    let mut effects = Vec::new();
    if mode != state.mode {
        effects.extend(hold_pending_question(state, now));
        effects.extend(finish_count(state, false));
        (state.mode, state.target) = (mode, None);
    }
    effects.extend(open_session(state, now));
    accept(Feedback::ShiftUpdated, effects)
}

/// In a move the first location is the source and the second the destination; otherwise a location replaces the one before
/// it. A pending question keeps the locations where it was asked.
fn set_location(state: &mut ShiftState, location: Location, name: String, now: &EventContext) -> ShiftStep {
    let mut effects = Vec::new();
    if state.mode == ShiftMode::Count {
        effects.extend(record_count_line(state));
    }
    match (&state.location, &state.target) {
        (Some((source, _)), None) if state.mode == ShiftMode::Move && *source != location => {
            state.target = Some((location, name));
        }
        _ => (state.location, state.target) = (Some((location, name)), None),
    }
    effects.extend(open_session(state, now));
    accept(Feedback::ShiftUpdated, effects)
}

/// A count session opens as soon as its location is known, not with the first scan: an empty location can be counted too.
fn open_session(state: &mut ShiftState, now: &EventContext) -> Option<ShiftEffect> {
    if state.mode != ShiftMode::Count || state.location.is_none() || state.session.is_some() {
        return None;
    }
    state.session = Some(now.session);
    Some(ShiftEffect::OpenSession(now.session, now.act))
}

/// Records the count line in progress and closes the session. `complete`: every cell of the counted locations, the present one
/// included, was looked at.
fn finish_count(state: &mut ShiftState, complete: bool) -> Vec<ShiftEffect> {
    let mut effects: Vec<ShiftEffect> = record_count_line(state).into_iter().collect();
    if let Some(session) = state.session.take() {
        let mut locations = std::mem::take(&mut state.counted_locations);
        if let Some((present, _)) = state.location.as_ref().filter(|(present, _)| !locations.contains(present)) {
            locations.push(*present);
        }
        state.line_count = 0;
        state.pallets.retain(|pallet| pallet.mode != ShiftMode::Count);
        // A count that a close names is not voided: the close would no longer agree. A recount is a new count.
        state.undo_entries.retain(|entry| entry.mode != ShiftMode::Count || entry.held_number.is_some());
        effects.push(ShiftEffect::CloseSession(session, if complete { locations } else { Vec::new() }));
    }
    effects
}

/// Records the count line in progress as an op.
fn record_count_line(state: &mut ShiftState) -> Option<ShiftEffect> {
    let line = state.line.take()?;
    let entry = new_entry(state, line.cell.clone(), line.cell.location, line.pack);
    push_entry(state, UndoEntry { mode: ShiftMode::Count, ..entry });
    let (cell, counted, expected) = (line.cell, line.counted, line.shown_on_hand);
    Some(ShiftEffect::Record(count_body(cell, counted, expected, state.session), Some(line.act)))
}

fn handle_scan(state: &mut ShiftState, mut scan: ResolvedScan, now: &EventContext) -> ShiftStep {
    if scan.only_lot {
        if state.pending_question.as_ref().is_some_and(|question| now.is_within(question.at_ms, SAME_BOX_MS)) {
            return answer_lot(state, scan.lot, scan.serial, now);
        }
        state.remembered_lot = Some((scan.lot, now.ms));
        return accept(Feedback::LotRemembered, Vec::new());
    }
    let remembered = state.remembered_lot.take().filter(|(_, at_ms)| now.is_within(*at_ms, SAME_BOX_MS));
    if let Some((lot, _)) = remembered.filter(|_| scan.lot.is_empty()) {
        scan.lot = lot;
    }
    // The same code at the same location asks the same question again, with the number of packs that was set before.
    let (location, target) = (&state.location, &state.target);
    let repeated = state.pending_question.take_if(|question| {
        question.scan.text == scan.text && question.location == *location && question.target == *target
    });
    let held = hold_pending_question(state, now);
    let times = match (state.times, repeated) {
        (None, Some(question)) => question.times,
        (times, _) => times.unwrap_or(1).saturating_mul(scan.contained_packs.unwrap_or(1)),
    };
    let ShiftStep { signal, feedback, effects } = process_scan(state, scan, times, now);
    step(signal, feedback, held.into_iter().chain(effects).collect())
}

/// Records, counts, shows, asks about or holds a scan of `times` packs.
pub(super) fn process_scan(state: &mut ShiftState, scan: ResolvedScan, times: u32, now: &EventContext) -> ShiftStep {
    let first = match scan.matches.as_slice() {
        [] if state.mode == ShiftMode::LookUp => return refuse(Feedback::UnknownCode(scan.text)),
        [] => return hold_unknown_code(state, scan, times, now),
        [first, ..] => first.clone(),
    };
    if state.mode != ShiftMode::LookUp
        && let Err(missing) = required_locations(state)
    {
        return refuse(missing);
    }
    if scan.matches.len() > 1 {
        let feedback = Feedback::ChooseVariant(scan.matches.clone());
        return ask(state, scan, times, feedback, now);
    }
    if state.mode == ShiftMode::LookUp {
        let odd = scan.expired || !scan.warnings.is_empty();
        let signal = if odd { ShiftSignal::Warning } else { ShiftSignal::Success };
        return step(signal, Feedback::Found(first), Vec::new());
    }
    if first.needs_lot && scan.lot.is_empty() {
        return ask(state, scan, times, Feedback::NeedLot(first), now);
    }
    if let Some(duplicate) = find_duplicate(state, &scan) {
        return step(ShiftSignal::Duplicate, Feedback::AlreadyScanned(duplicate), Vec::new());
    }
    let step = match scan_quantity(&first, &scan, times) {
        ScanQuantity::Known(quantity) if state.mode == ShiftMode::Count => {
            count_scan(state, &first, scan, quantity, now)
        }
        ScanQuantity::Known(quantity) => record_movement(state, &first, &scan, quantity),
        ScanQuantity::Invalid => return refuse(Feedback::InvalidQuantity),
        ScanQuantity::MustAsk(LabelQuantity::Unusable) => {
            ask(state, scan, times, Feedback::UnusableMeasure(first), now)
        }
        ScanQuantity::MustAsk(_) => ask(state, scan, times, Feedback::NeedQuantity(first), now),
    };
    if step.signal != ShiftSignal::Error {
        state.times = None;
    }
    step
}

/// Location and target of what is recorded now, or which of them is missing. Without a target of its own, the location's.
pub(super) fn required_locations(state: &ShiftState) -> Result<(Location, Location), Feedback> {
    if state.mode == ShiftMode::DamagedReturn {
        return Ok((Location::SCRAP, Location::SCRAP));
    }
    let (location, _) = state.location.as_ref().ok_or(Feedback::NeedLocation)?;
    match (&state.target, state.mode) {
        (None, ShiftMode::Move) => Err(Feedback::NeedTarget),
        (target, _) => Ok((*location, target.as_ref().map_or(*location, |(target, _)| *target))),
    }
}

/// The pallet or serial of the scan, if it was scanned before: both are present or not, never twice (design 5.10).
fn find_duplicate(state: &ShiftState, scan: &ResolvedScan) -> Option<String> {
    let from = move_source(state);
    let same = |pallet: &PalletEntry| pallet.sscc == scan.sscc && pallet.mode == state.mode && pallet.from == from;
    if state.pallets.iter().any(same) {
        return Some(scan.sscc.clone());
    }
    let serial = scan.serial.filter(|_| is_serial(&scan.lot))?;
    let duplicate = match state.mode {
        ShiftMode::Count => serial.counted || state.line.as_ref().is_some_and(|line| line.cell.lot == scan.lot),
        ShiftMode::Receive | ShiftMode::Return => serial.in_stock,
        ShiftMode::DamagedReturn => serial.in_stock || serial.at_location,
        ShiftMode::Move if serial.at_target && !serial.at_location => true,
        _ => serial.known && !serial.in_stock,
    };
    duplicate.then(|| scan.lot.clone())
}

/// The source of a move. In other modes the location of a pallet does not matter: receiving it twice is a mistake wherever
/// that happens, while receiving it and putting it away are two ops.
fn move_source(state: &ShiftState) -> Option<Location> {
    state.location.as_ref().map(|(location, _)| *location).filter(|_| state.mode == ShiftMode::Move)
}

/// Remembers the use of a pallet in place of the one before it; counts are remembered apart from movements.
fn remember_pallet(state: &mut ShiftState, sscc: &str) {
    if sscc.is_empty() {
        return;
    }
    let (mode, from) = (state.mode, move_source(state));
    let counts = |mode: ShiftMode| mode == ShiftMode::Count;
    state.pallets.retain(|pallet| pallet.sscc != sscc || counts(pallet.mode) != counts(mode));
    push_bounded(&mut state.pallets, PalletEntry { sscc: sscc.to_owned(), mode, from }, MAX_PALLETS);
}

/// Adds a scan to the count line of its cell; a line of another cell is recorded first.
fn count_scan(
    state: &mut ShiftState,
    found: &VariantMatch,
    scan: ResolvedScan,
    quantity: i64,
    now: &EventContext,
) -> ShiftStep {
    let Some((location, _)) = state.location else { return refuse(Feedback::NeedLocation) };
    let pack = one_pack(found, &scan, quantity);
    let cell = Cell { variant: found.variant, location, lot: scan.lot };
    let same_line = state.line.as_ref().filter(|line| line.cell == cell);
    let (continues, counted) = (same_line.is_some(), same_line.map_or(0, |line| line.counted));
    let counted = counted.saturating_add(quantity);
    if counted > limits::QUANTITY {
        return refuse(Feedback::InvalidQuantity);
    }
    let new_location = !state.counted_locations.contains(&location);
    let full = new_location && state.counted_locations.len() + 1 >= limits::CLOSE_LOCATIONS;
    if full || (!continues && state.line_count >= limits::CLOSE_COUNTS) {
        return refuse(Feedback::CountFull);
    }
    let mut effects: Vec<ShiftEffect> = open_session(state, now).into_iter().collect();
    if new_location {
        state.counted_locations.push(location);
    }
    if !continues {
        effects.extend(record_count_line(state));
        state.line_count += 1;
        let (cell, act) = (cell.clone(), now.act);
        state.line = Some(CountLine { cell, counted: 0, pack: 0, steps: Vec::new(), act, shown_on_hand: None });
    }
    remember_pallet(state, &scan.sscc);
    if let Some(line) = &mut state.line {
        (line.counted, line.pack) = (counted, pack);
        let pallets = Some(scan.sscc).filter(|sscc| !sscc.is_empty()).into_iter().collect();
        push_bounded(&mut line.steps, CountStep { quantity, pallets }, UNDO_DEPTH);
    }
    recorded(scan.expired, false, cell, quantity, effects)
}

/// Records a scan as the movement of the mode.
fn record_movement(state: &mut ShiftState, found: &VariantMatch, scan: &ResolvedScan, quantity: i64) -> ShiftStep {
    let (location, target) = match required_locations(state) {
        Ok(locations) => locations,
        Err(missing) => return refuse(missing),
    };
    let outbound = state.mode.is_outbound();
    let Ok(beyond) = consume_expected(&mut state.expected, found.variant, quantity, outbound) else {
        return refuse(Feedback::NotOnDocument(found.name.clone()));
    };
    let cell = Cell { variant: found.variant, location, lot: scan.lot.clone() };
    let pack = one_pack(found, scan, quantity);
    let consumed = state.expected.as_ref().map(|_| (found.variant, quantity));
    let entry = new_entry(state, cell.clone(), target, pack);
    let entry = UndoEntry { consumed, sscc: scan.sscc.clone(), ..entry };
    let Some(body) = entry.move_body(quantity) else { return refuse(Feedback::NeedLocation) };
    remember_pallet(state, &scan.sscc);
    push_entry(state, entry);
    let elsewhere = outbound && scan.serial.is_some_and(|serial| !serial.at_location);
    recorded(scan.expired, beyond || elsewhere, cell, quantity, vec![ShiftEffect::Record(body, None)])
}

fn recorded(expired: bool, unexpected: bool, cell: Cell, quantity: i64, effects: Vec<ShiftEffect>) -> ShiftStep {
    match (expired, unexpected) {
        (true, _) => step(ShiftSignal::Warning, Feedback::RecordedExpired(cell, quantity), effects),
        (_, true) => step(ShiftSignal::Warning, Feedback::RecordedUnexpected(cell, quantity), effects),
        _ => accept(Feedback::Recorded(cell, quantity), effects),
    }
}

/// Holds the scan of an unknown code with everything needed to record it later, so the user can go on scanning.
fn hold_unknown_code(state: &mut ShiftState, scan: ResolvedScan, times: u32, now: &EventContext) -> ShiftStep {
    let locations = match required_locations(state) {
        Ok(locations) => locations,
        Err(missing) => return refuse(missing),
    };
    let ResolvedScan { text, lot, sscc, already_held, .. } = &scan;
    // An unknown code is on no document, so a pick refuses it like any other variant that is not.
    let has_lines = state.expected.as_ref().is_some_and(|document| !document.lines.is_empty());
    if state.mode.is_outbound() && has_lines {
        return refuse(Feedback::NotOnDocument(text.clone()));
    }
    if *already_held && (is_serial(lot) || !sscc.is_empty()) {
        let duplicate = if sscc.is_empty() { lot } else { sscc };
        return step(ShiftSignal::Duplicate, Feedback::AlreadyScanned(duplicate.clone()), Vec::new());
    }
    if is_serial(lot) && times != 1 {
        return refuse(Feedback::InvalidQuantity);
    }
    state.times = None;
    let feedback = Feedback::UnknownCode(text.clone());
    // Undo and corrections must mean this scan, so the count line before it is recorded.
    let mut effects: Vec<ShiftEffect> = open_session(state, now).into_iter().collect();
    effects.extend(record_count_line(state));
    effects.push(hold_scan_effect(state, scan, locations, times, now.act));
    step(ShiftSignal::Error, feedback, effects)
}

/// Holds a scan with everything needed to record it later, as the last scan.
pub(super) fn hold_scan_effect(
    state: &mut ShiftState,
    scan: ResolvedScan,
    (location, target): (Location, Location),
    times: u32,
    act: Act,
) -> ShiftEffect {
    let ResolvedScan { text, gtin, lot, contained_packs, measures, .. } = scan;
    let cell = Cell { variant: VariantId::default(), location, lot: lot.clone() };
    let entry = UndoEntry { held_number: Some(0), ..new_entry(state, cell, target, 0) };
    let (mode, session, reference) = (state.mode, state.session, entry.reference.clone());
    push_entry(state, entry);
    ShiftEffect::HoldScan(HeldScan {
        text,
        gtin,
        lot,
        mode,
        location,
        target,
        times,
        contained_packs,
        measures,
        reference,
        session,
        act,
    })
}

/// The op of a held scan whose variant is known now; `session`: the count session, where it is still open. None in modes that
/// record nothing.
pub(super) fn held_scan_body(
    held: &HeldScan,
    variant: VariantId,
    quantity: i64,
    session: Option<SessionId>,
) -> Option<Body> {
    let cell = Cell { variant, location: held.location, lot: held.lot.clone() };
    if held.mode == ShiftMode::Count {
        return Some(count_body(cell, quantity, None, session));
    }
    move_body(held.mode, cell, held.target, quantity, held.reference.clone())
}

fn count_body(cell: Cell, counted: i64, expected: Option<i64>, session: Option<SessionId>) -> Body {
    Body::Count(Count { cell, counted, expected, session })
}

/// The movement of a mode at a cell; none in modes that record no movement.
pub(super) fn move_body(
    mode: ShiftMode,
    cell: Cell,
    target: Location,
    quantity: i64,
    reference: String,
) -> Option<Body> {
    let Cell { variant, location, lot } = cell;
    let (from, to, reason) = mode.movement_ends(location, target)?;
    let line = MovementLine { variant, lot, quantity, entered: String::new(), unit_cost: None };
    Some(Body::Move(Move { from, to, lines: vec![line], reason: reason.to_owned(), reference }))
}
