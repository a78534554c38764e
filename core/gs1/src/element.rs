//! Element strings: application identifiers with their values, one after the other. Owns the algorithm of the General
//! Specifications 7.8 and the rules between AIs. It must never guess where a missing separator belongs (see `missing.rs`).

use alloc::string::String;
use alloc::vec::Vec;

use crate::ai::Ai;
use crate::fault::{Fault, Warning};
use crate::{MAX_ELEMENTS, MAX_VALUE_CHARS, rules};

/// The separator: FNC1 as scanners transmit it.
pub(crate) const GS: char = '\u{1d}';

/// One application identifier and its value.
///
/// ```
/// use stocksync_gs1::{Element, Fault};
///
/// assert_eq!(Element::new("10", "AB-123")?.value, "AB-123");
/// assert_eq!(Element::new("01", "09501101530004"), Err(Fault::CheckDigit { at: 13 }));
/// # Ok::<(), Fault>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Element {
    /// Which.
    pub ai: Ai,
    /// Exactly as printed, case and leading zeros included.
    pub value: String,
}

impl Element {
    /// An element whose value its AI allows.
    ///
    /// # Errors
    /// [`Fault::UnknownAi`], or what is wrong with the value: the label must not be printed.
    pub fn new(ai: &str, value: &str) -> Result<Self, Fault> {
        let ai = Ai::parse(ai).ok_or(Fault::UnknownAi { at: 0 })?;
        let mut ignored = Vec::new();
        checked(ai, value, 0, &mut ignored)
    }
}

/// Elements in the order of the symbol, with warnings about them.
#[derive(Debug, Default)]
pub(crate) struct Elements {
    pub list: Vec<Element>,
    pub warnings: Vec<Warning>,
}

impl Elements {
    /// Adds one element; an equal one is ignored.
    pub(crate) fn add(&mut self, ai: Ai, value: &str, at: usize) -> Result<(), Fault> {
        if let Some(known) = self.list.iter().find(|known| known.ai == ai) {
            return if known.value == value { Ok(()) } else { Err(Fault::Repeated { ai }) };
        }
        if self.list.len() == MAX_ELEMENTS {
            return Err(Fault::TooManyElements);
        }
        self.list.push(checked(ai, value, at, &mut self.warnings)?);
        Ok(())
    }

    /// Checks the rules between elements, once all are added.
    pub(crate) fn finish(mut self) -> Result<Self, Fault> {
        if self.list.is_empty() {
            return Err(Fault::Empty);
        }
        if let Some((ai, other)) = exclusion(&self.list) {
            return Err(Fault::Exclusive { ai, other });
        }
        self.warnings.extend(unmet_needs(&self.list));
        Ok(self)
    }
}

/// The element, after a check of length and content.
fn checked(ai: Ai, value: &str, at: usize, warnings: &mut Vec<Warning>) -> Result<Element, Fault> {
    if value.is_empty() {
        return Err(Fault::Short { ai, at });
    }
    if value.len() > MAX_VALUE_CHARS {
        return Err(Fault::Long { ai, at });
    }
    rules::check(ai, value, at, warnings)?;
    Ok(Element { ai, value: String::from(value) })
}

/// The first pair of AIs that exclude each other.
pub(crate) fn exclusion(list: &[Element]) -> Option<(Ai, Ai)> {
    let clash = |element: &Element| {
        let other = |pattern| list.iter().find(|other| other.ai != element.ai && other.ai.fits(pattern));
        element.ai.excludes().find_map(other).map(|other| (element.ai, other.ai))
    };
    list.iter().find_map(clash)
}

/// A warning for each AI without the other AIs that it needs.
pub(crate) fn unmet_needs(list: &[Element]) -> impl Iterator<Item = Warning> {
    let present = |pattern: &str| list.iter().any(|element| element.ai.fits(pattern));
    let met = move |groups: &str| groups.is_empty() || groups.split(',').any(|group| group.split('+').all(present));
    list.iter()
        .filter(move |element| !met(element.ai.needs()))
        .map(|element| Warning::Needs { ai: element.ai, groups: element.ai.needs() })
}

/// Parses an element string without its leading FNC1.
pub(crate) fn parse(text: &str) -> Result<Elements, Fault> {
    parse_after(Elements::default(), text, 0)
}

/// Parses an element string that continues `elements`. `at` is the offset of `text` in the caller's text.
pub(crate) fn parse_after(mut elements: Elements, text: &str, at: usize) -> Result<Elements, Fault> {
    let mut rest = text;
    while !rest.is_empty() {
        let here = at + (text.len() - rest.len());
        if let Some(after) = rest.strip_prefix(GS) {
            elements.warnings.push(Warning::DoubledSeparator);
            rest = after.trim_start_matches(GS);
            continue;
        }
        let ai = Ai::at_start(rest).ok_or(Fault::UnknownAi { at: here })?;
        let here = here + ai.as_str().len();
        let after = rest.get(ai.as_str().len()..).unwrap_or_default();
        let mut end = after.find(GS).unwrap_or(after.len());
        if let Some(length) = ai.predefined_length() {
            if end < length {
                return Err(Fault::Short { ai, at: here });
            }
            end = length;
        }
        // The end is inside a character of several bytes, which no AI allows.
        let (value, after) = after.split_at_checked(end).ok_or(Fault::Character { ai, at: here })?;
        elements.add(ai, value, here)?;
        rest = after.strip_prefix(GS).unwrap_or(after);
    }
    elements.finish()
}

/// Parses the bracketed form, `(01)09501101530003(10)AB-123`. A value may hold brackets: only a bracket around a known AI,
/// not escaped by a backslash, begins the next element.
pub(crate) fn parse_bracketed(text: &str) -> Result<Elements, Fault> {
    let mut elements = Elements::default();
    let mut rest = text;
    while !rest.is_empty() {
        let here = text.len() - rest.len();
        let (ai, after) = bracketed_ai(rest).ok_or(Fault::UnknownAi { at: here })?;
        let starts = after.match_indices('(').map(|(start, _)| start);
        let next = |start: &usize| {
            let (before, from) = after.split_at_checked(*start).unwrap_or((after, ""));
            !before.ends_with('\\') && bracketed_ai(from).is_some()
        };
        let end = match ai.predefined_length() {
            Some(length) => length.min(after.len()),
            None => starts.clone().find(next).unwrap_or(after.len()),
        };
        let here = here + ai.as_str().len() + 2;
        let (value, after) = after.split_at_checked(end).ok_or(Fault::Character { ai, at: here })?;
        elements.add(ai, &value.replace("\\(", "("), here)?;
        rest = after;
    }
    elements.finish()
}

/// The AI in brackets at the start of the text, and what follows.
fn bracketed_ai(text: &str) -> Option<(Ai, &str)> {
    let (ai, rest) = text.strip_prefix('(')?.split_once(')')?;
    Some((Ai::parse(ai)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(result: Result<Elements, Fault>) -> String {
        let elements = result.unwrap();
        elements.list.iter().map(|e| alloc::format!("({}){}", e.ai, e.value)).collect()
    }

    #[test]
    fn bracketed() {
        for (text, expected) in [
            ("(01)09501101530003(10)AB-123", "(01)09501101530003(10)AB-123"),
            ("(10)A(B)C(17)251231", "(10)A(B)C(17)251231"),
            ("(10)A\\(17)C", "(10)A(17)C"),
            ("(10)(", "(10)("),
        ] {
            assert_eq!(read(parse_bracketed(text)), expected);
        }
        for text in ["(01)095011015300", "(89)1", "(10)", "(01)09501101530003X", "()1", "(é)1", "(00"] {
            assert!(parse_bracketed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn limits() {
        let measures = |count| -> String {
            (320..350).flat_map(|ai| (0..6).map(move |n| alloc::format!("{ai}{n}000001"))).take(count).collect()
        };
        assert!(matches!(parse(&measures(MAX_ELEMENTS + 1)), Err(Fault::TooManyElements)));
        assert!(!matches!(parse(&measures(MAX_ELEMENTS)), Err(Fault::TooManyElements)));
        let element = Element::new("91", &"A".repeat(MAX_VALUE_CHARS)).unwrap();
        assert_eq!(element.value.len(), 90);
        assert!(matches!(Element::new("91", &"A".repeat(91)), Err(Fault::Long { .. })));
        assert!(matches!(Element::new("10", ""), Err(Fault::Short { .. })));
        assert!(matches!(Element::new("89", "1"), Err(Fault::UnknownAi { .. })));
    }
}
