//! Several symbols on one box: a GTIN on one, lot and expiry on another. Owns which symbols belong to one item. It must
//! never start a timer: the caller passes the time and decides when to ask.

use alloc::vec::Vec;

use crate::MAX_ELEMENTS;
use crate::element::{Element, exclusion, unmet_needs};
use crate::fault::Warning;
use crate::meaning::{CodeKind, ScanCandidate};

/// Combines the symbols of one item.
///
/// A symbol joins the pending item if it comes in time, adds something and contradicts nothing. A symbol that only repeats
/// what is known begins the next item, because two equal boxes look like that; so does one with another value, a code
/// without application identifiers, or an SSCC beside a GTIN, which identify a logistic unit and an item.
///
/// ```
/// use stocksync_gs1::{Accumulator, Context, InputError, ScanCandidate, ScanInput, understand};
///
/// fn candidate(text: &str) -> Result<ScanCandidate, InputError> {
///     Ok(understand(&ScanInput::new(text), &Context::new(2026))?.candidates.remove(0))
/// }
///
/// let mut accumulator = Accumulator::new(5_000, 2026);
/// assert_eq!(accumulator.add(candidate("]C110LOT7")?, 1_000), None);
/// assert!(!accumulator.unmet().is_empty()); // a lot needs a GTIN
/// assert_eq!(accumulator.add(candidate("]E09501101530003")?, 2_000), None);
/// assert!(accumulator.unmet().is_empty());
/// let item = accumulator.expire(7_001); // 5,001 ms after the last symbol
/// assert_eq!(item.map(|item| item.lot_code()).as_deref(), Some("10:LOT7"));
/// # Ok::<(), InputError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Accumulator {
    timeout_ms: u64,
    current_year: u16,
    pending: Option<(ScanCandidate, u64)>,
}

impl Accumulator {
    /// Symbols of one item follow each other within `timeout_ms`. `current_year` as in [`Context`](crate::Context).
    #[must_use]
    pub fn new(timeout_ms: u64, current_year: u16) -> Self {
        Self { timeout_ms, current_year, pending: None }
    }

    /// Adds the chosen candidate of one scan, at `now_ms` of any clock that does not go back. Returns the previous item if this
    /// scan began another one.
    pub fn add(&mut self, candidate: ScanCandidate, now_ms: u64) -> Option<ScanCandidate> {
        let finished = self.expire(now_ms);
        if let Some((pending, last)) = &mut self.pending
            && let Some(joined) = join(pending, &candidate, self.current_year)
        {
            *pending = joined;
            *last = now_ms;
            return None;
        }
        let before = self.finish();
        self.pending = Some((candidate, now_ms));
        finished.or(before)
    }

    /// The item to which more symbols may be added.
    #[must_use]
    pub fn pending(&self) -> Option<&ScanCandidate> {
        self.pending.as_ref().map(|(candidate, _)| candidate)
    }

    /// What the pending item still lacks, over all its symbols: empty once both lot and GTIN are known.
    #[must_use]
    pub fn unmet(&self) -> Vec<Warning> {
        self.pending().map(|candidate| unmet_needs(&as_elements(candidate)).collect()).unwrap_or_default()
    }

    /// Returns the pending item if its time is over, and forgets it.
    pub fn expire(&mut self, now_ms: u64) -> Option<ScanCandidate> {
        let over = self.pending.as_ref().is_some_and(|(_, last)| now_ms.saturating_sub(*last) > self.timeout_ms);
        if over { self.finish() } else { None }
    }

    /// Returns the pending item, whatever it lacks, and forgets it.
    pub fn finish(&mut self) -> Option<ScanCandidate> {
        self.pending.take().map(|(candidate, _)| candidate)
    }
}

/// The candidate as elements; a number from a retail symbol is AI 01.
fn as_elements(candidate: &ScanCandidate) -> Vec<Element> {
    match (candidate.kind, &candidate.gtin) {
        (CodeKind::Gtin, Some(gtin)) => Element::new("01", gtin.as_str()).into_iter().collect(),
        _ => candidate.elements.clone(),
    }
}

/// The two candidates as one item; `None` if they contradict each other or the second adds nothing.
fn join(pending: &ScanCandidate, next: &ScanCandidate, current_year: u16) -> Option<ScanCandidate> {
    let mut union = as_elements(pending);
    let added = as_elements(next);
    let known = union.len();
    if union.is_empty() {
        return None;
    }
    for element in added {
        match union.iter().find(|known| known.ai == element.ai) {
            Some(same) if same.value == element.value => {}
            Some(_) => return None,
            None => union.push(element),
        }
    }
    let two_objects = pending.sscc.is_some() != next.sscc.is_some()
        && pending.gtin.is_some() != next.gtin.is_some()
        && (pending.sscc.is_some() || pending.gtin.is_some())
        && (next.sscc.is_some() || next.gtin.is_some());
    if union.len() == known || union.len() > MAX_ELEMENTS || two_objects || exclusion(&union).is_some() {
        return None;
    }
    // A tenant's own barcode is assigned to the goods, so the text of the symbol with the GTIN is kept.
    let text = if pending.gtin.is_some() || next.gtin.is_none() { &pending.text } else { &next.text };
    let confidence = pending.confidence.max(next.confidence);
    Some(ScanCandidate::from_elements(CodeKind::ElementString, confidence, text, union, current_year))
}
