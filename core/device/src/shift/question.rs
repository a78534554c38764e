//! Questions that a scan leaves open: which of several things, which lot, how much.
//!
//! Owns to which scan an answer belongs. A question stays where it was asked: the person may walk on, and the answer is
//! recorded there. Whoever goes on to other work has not answered: then the scan is held, and never lost.

use stocksync_schemas::{Location, VariantId};

use super::event::{Effect, Piece, Reading, Say, Signal, Step};
use super::machine::{Now, held_effect, places, refused, step, thing};
use super::state::{Asked, Mode, State};
use crate::measure::{LabelMeasure, Measured};

/// A question that is open. It survives a kill: the screen shows it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which: [`Say::Choose`], [`Say::WhichLot`], [`Say::HowMuch`] or [`Say::Unfit`].
    pub say: Say,
    /// Where the scan was; none in look-up without a place.
    pub place: Option<(Location, String)>,
    /// How many packs.
    pub times: u32,
    /// What the label measures.
    pub measures: Vec<LabelMeasure>,
}

impl State {
    /// The question that is open.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        let Asked { reading, times, place, .. } = self.asked.as_ref()?;
        let say = match reading.things.as_slice() {
            [] => return None,
            [only] if only.wants_lot && reading.lot.is_empty() => Say::WhichLot(only.clone()),
            [only] if only.measured == Some(Measured::Unfit) => Say::Unfit(only.clone()),
            [only] => Say::HowMuch(only.clone()),
            many => Say::Choose(many.to_vec()),
        };
        Some(Question { say, place: place.clone(), times: *times, measures: reading.measures.all.clone() })
    }
}

/// Leaves a question open. What could not be recorded as the label says it is an error, and a question all the same.
pub(super) fn ask(state: &mut State, reading: Reading, times: u32, say: Say, now: &Now) -> Step {
    let (place, target) = (state.place.clone(), state.target.clone());
    state.asked = Some(Asked { reading, times, at_ms: now.ms, place, target, act: Some(now.act) });
    state.times = None;
    let signal = if matches!(say, Say::Unfit(_)) { Signal::Error } else { Signal::Warning };
    step(signal, say, Vec::new())
}

/// Holds the scan whose question is open, as its last.
pub(super) fn put_aside(state: &mut State, now: &Now) -> Vec<Effect> {
    let Some(asked) = state.asked.take().filter(|_| state.mode != Mode::LookUp) else { return Vec::new() };
    let Asked { reading, times, act, .. } = asked;
    let held = there(state, asked.place, asked.target, |state| {
        let places = places(state).ok()?;
        Some(held_effect(state, reading, places, times, act.unwrap_or(now.act)))
    });
    held.into_iter().collect()
}

/// One of several things.
pub(super) fn choose(state: &mut State, variant: VariantId, piece: Option<Piece>, now: &Now) -> Step {
    match state.asked.take() {
        Some(asked) if asked.reading.things.iter().any(|thing| thing.variant == variant) => {
            let mut reading = Reading { piece, ..asked.reading.clone() };
            reading.things.retain(|thing| thing.variant == variant);
            answered(state, asked, reading, now)
        }
        asked => {
            state.asked = asked;
            refused(Say::Nothing)
        }
    }
}

/// The lot of the scan that waits for one.
pub(super) fn answer_lot(state: &mut State, lot: String, piece: Option<Piece>, now: &Now) -> Step {
    let Some(asked) = state.asked.take() else { return refused(Say::Nothing) };
    let mut reading = Reading { piece, lot, ..asked.reading.clone() };
    if let [only] = reading.things.as_mut_slice() {
        // An empty answer says that there is none: it is not asked again.
        only.wants_lot = false;
    }
    answered(state, asked, reading, now)
}

/// How much the scan was, whatever else is open.
pub(super) fn answer_amount(state: &mut State, amount: i64, now: &Now) -> Step {
    let Some(asked) = state.asked.take_if(|_| amount > 0) else { return refused(Say::Nothing) };
    let reading = Reading { amount: Some(amount), ..asked.reading.clone() };
    answered(state, asked, reading, now)
}

/// How many packs the scan was; the question stays open.
pub(super) fn answer_packs(state: &mut State, packs: u32) -> Step {
    match &mut state.asked {
        Some(asked) if packs > 0 => {
            (asked.times, asked.reading.inside, asked.reading.amount) = (packs, None, None);
            step(Signal::Ok, Say::Set, Vec::new())
        }
        _ => refused(Say::Nothing),
    }
}

/// Goes on with what the answer made of the scan. An answer that cannot be leaves the question open.
fn answered(state: &mut State, asked: Asked, reading: Reading, now: &Now) -> Step {
    let (place, target) = (asked.place.clone(), asked.target.clone());
    let step = there(state, place, target, |state| thing(state, reading, asked.times, now));
    if matches!(step.say, Say::NotWhole | Say::FinishFirst) {
        state.asked = Some(asked);
    }
    step
}

type Place = Option<(Location, String)>;

/// Does something as if the person stood where a question was asked. Questions of earlier versions do not say where.
fn there<T>(state: &mut State, place: Place, target: Place, work: impl FnOnce(&mut State) -> T) -> T {
    if place.is_none() {
        return work(state);
    }
    let (here, beyond) = (std::mem::replace(&mut state.place, place), std::mem::replace(&mut state.target, target));
    let done = work(state);
    (state.place, state.target) = (here, beyond);
    done
}
