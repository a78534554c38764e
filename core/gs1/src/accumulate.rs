//! Several symbols on one box: a GTIN on one, lot and expiry on another. Owns what belongs together; it never starts a
//! timer: the caller gives the time, and decides when to ask.

use alloc::vec::Vec;

use crate::MAX_ELEMENTS;
use crate::element::{Element, exclusion, unmet_needs};
use crate::fault::Warning;
use crate::meaning::{CodeKind, ScanCandidate};

/// Gathers the symbols of one item.
///
/// A symbol joins the pending item if it comes in time, adds something and contradicts nothing. A symbol that only repeats
/// what is known begins the next item, because two equal boxes look like that; so does one with another value, a code
/// without application identifiers, or an SSCC beside a GTIN, which name two different things.
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

    /// Takes the chosen reading of one scan, at `now_ms` of any clock that does not go back. Returns the item before it, if
    /// this scan began another.
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

    /// The item that waits for more symbols.
    #[must_use]
    pub fn pending(&self) -> Option<&ScanCandidate> {
        self.pending.as_ref().map(|(candidate, _)| candidate)
    }

    /// What the pending item still lacks, over all its symbols: empty once lot and GTIN have found each other.
    #[must_use]
    pub fn unmet(&self) -> Vec<Warning> {
        self.pending().map(|candidate| unmet_needs(&as_elements(candidate)).collect()).unwrap_or_default()
    }

    /// Returns the pending item if its time is over.
    pub fn expire(&mut self, now_ms: u64) -> Option<ScanCandidate> {
        let over = self.pending.as_ref().is_some_and(|(_, last)| now_ms.saturating_sub(*last) > self.timeout_ms);
        if over { self.finish() } else { None }
    }

    /// Returns the pending item, whatever it lacks.
    pub fn finish(&mut self) -> Option<ScanCandidate> {
        self.pending.take().map(|(candidate, _)| candidate)
    }
}

fn as_elements(candidate: &ScanCandidate) -> Vec<Element> {
    match (candidate.kind, &candidate.gtin) {
        (CodeKind::Gtin, Some(gtin)) => Element::new("01", gtin.as_str()).into_iter().collect(),
        _ => candidate.elements.clone(),
    }
}

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
    let names_two_things = pending.sscc.is_some() != next.sscc.is_some()
        && pending.gtin.is_some() != next.gtin.is_some()
        && (pending.sscc.is_some() || pending.gtin.is_some())
        && (next.sscc.is_some() || next.gtin.is_some());
    if union.len() == known || union.len() > MAX_ELEMENTS || names_two_things || exclusion(&union).is_some() {
        return None;
    }
    // The text that names the goods is what a tenant's own barcode would be.
    let text = if pending.gtin.is_some() || next.gtin.is_none() { &pending.text } else { &next.text };
    let confidence = pending.confidence.max(next.confidence);
    Some(ScanCandidate::from_elements(CodeKind::ElementString, confidence, text, union, current_year))
}
