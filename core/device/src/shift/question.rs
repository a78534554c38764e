//! Questions that a scan leaves open: which variant, which lot, what quantity.
//!
//! Owns the pending question. An answer is recorded at the location where the question was asked, even if the user has gone on
//! to another location. Must never lose a scan: if the user scans something else instead of answering, the scan is held.

use stocksync_schemas::VariantId;

use super::event::{Feedback, ResolvedScan, SerialStatus, ShiftEffect, ShiftSignal, ShiftStep};
use super::machine::{EventContext, accept, hold_scan_effect, process_scan, refuse, required_locations, step};
use super::state::{NamedLocation, PendingQuestion, ShiftMode, ShiftState};
use crate::measure::{LabelMeasure, LabelQuantity};

/// The pending question, for display. It is stored with the shift, so it is still open after a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// [`Feedback::ChooseVariant`], [`Feedback::NeedLot`], [`Feedback::NeedQuantity`] or [`Feedback::UnusableMeasure`].
    pub feedback: Feedback,
    /// Where the scan was made; none in look-up mode without a location.
    pub location: Option<NamedLocation>,
    /// How many packs.
    pub times: u32,
    /// What the label measures.
    pub measures: Vec<LabelMeasure>,
}

impl ShiftState {
    /// The pending question.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        let PendingQuestion { scan, times, location, .. } = self.pending_question.as_ref()?;
        let feedback = match scan.matches.as_slice() {
            [] => return None,
            [only] if only.needs_lot && scan.lot.is_empty() => Feedback::NeedLot(only.clone()),
            [only] if only.label_quantity == Some(LabelQuantity::Unusable) => Feedback::UnusableMeasure(only.clone()),
            [only] => Feedback::NeedQuantity(only.clone()),
            several => Feedback::ChooseVariant(several.to_vec()),
        };
        Some(Question { feedback, location: location.clone(), times: *times, measures: scan.measures.all.clone() })
    }
}

/// Opens a question about a scan.
pub(super) fn ask(
    state: &mut ShiftState,
    scan: ResolvedScan,
    times: u32,
    feedback: Feedback,
    now: &EventContext,
) -> ShiftStep {
    let (location, target) = (state.location.clone(), state.target.clone());
    state.pending_question = Some(PendingQuestion { scan, times, at_ms: now.ms, location, target, act: Some(now.act) });
    state.times = None;
    // A measure that cannot be recorded is an error as well as a question.
    let unusable = matches!(feedback, Feedback::UnusableMeasure(_));
    step(if unusable { ShiftSignal::Error } else { ShiftSignal::Warning }, feedback, Vec::new())
}

/// Closes the pending question and holds its scan, which becomes the last scan. In look-up mode nothing is held.
pub(super) fn hold_pending_question(state: &mut ShiftState, now: &EventContext) -> Option<ShiftEffect> {
    let question = state.pending_question.take().filter(|_| state.mode != ShiftMode::LookUp)?;
    let PendingQuestion { scan, times, location, target, act, .. } = question;
    at_asked_location(state, location, target, |state| {
        let locations = required_locations(state).ok()?;
        Some(hold_scan_effect(state, scan, locations, times, act.unwrap_or(now.act)))
    })
}

/// Answers which of several variants it is.
pub(super) fn choose(
    state: &mut ShiftState,
    variant: VariantId,
    serial: Option<SerialStatus>,
    now: &EventContext,
) -> ShiftStep {
    let named = |question: &mut PendingQuestion| question.scan.matches.iter().any(|found| found.variant == variant);
    let Some(question) = state.pending_question.take_if(named) else { return refuse(Feedback::NothingToChange) };
    let mut scan = ResolvedScan { serial, ..question.scan.clone() };
    scan.matches.retain(|found| found.variant == variant);
    resume_scan(state, question, scan, now)
}

/// Answers which lot it is; an empty lot: there is none, and it is not asked for again.
pub(super) fn answer_lot(
    state: &mut ShiftState,
    lot: String,
    serial: Option<SerialStatus>,
    now: &EventContext,
) -> ShiftStep {
    let Some(question) = state.pending_question.take() else { return refuse(Feedback::NothingToChange) };
    let mut scan = ResolvedScan { serial, lot, ..question.scan.clone() };
    if let [only] = scan.matches.as_mut_slice() {
        only.needs_lot = false;
    }
    resume_scan(state, question, scan, now)
}

/// Answers what quantity it is, thousandths. Other open questions about the scan stay open.
pub(super) fn answer_amount(state: &mut ShiftState, amount: i64, now: &EventContext) -> ShiftStep {
    let Some(question) = state.pending_question.take_if(|_| amount > 0) else {
        return refuse(Feedback::NothingToChange);
    };
    let scan = ResolvedScan { amount: Some(amount), ..question.scan.clone() };
    resume_scan(state, question, scan, now)
}

/// Sets how many packs the scan was; the question stays open.
pub(super) fn answer_packs(state: &mut ShiftState, packs: u32) -> ShiftStep {
    match &mut state.pending_question {
        Some(question) if packs > 0 => {
            (question.times, question.scan.contained_packs, question.scan.amount) = (packs, None, None);
            accept(Feedback::ShiftUpdated, Vec::new())
        }
        _ => refuse(Feedback::NothingToChange),
    }
}

/// Processes the answered scan. If that is refused, the question stays open.
fn resume_scan(state: &mut ShiftState, question: PendingQuestion, scan: ResolvedScan, now: &EventContext) -> ShiftStep {
    let (location, target) = (question.location.clone(), question.target.clone());
    let step = at_asked_location(state, location, target, |state| process_scan(state, scan, question.times, now));
    if matches!(step.feedback, Feedback::InvalidQuantity | Feedback::CountFull) {
        state.pending_question = Some(question);
    }
    step
}

/// Runs `work` with the shift's location and target set to those of the question. Questions that the first version stored
/// have no location: those are answered at the present one.
fn at_asked_location<T>(
    state: &mut ShiftState,
    location: Option<NamedLocation>,
    target: Option<NamedLocation>,
    work: impl FnOnce(&mut ShiftState) -> T,
) -> T {
    if location.is_none() {
        return work(state);
    }
    let present_location = std::mem::replace(&mut state.location, location);
    let present_target = std::mem::replace(&mut state.target, target);
    let result = work(state);
    (state.location, state.target) = (present_location, present_target);
    result
}
