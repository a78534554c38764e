//! Missing separators: labels printed without FNC1 after a lot or serial, so that it swallows what follows. Owns the search
//! for other interpretations. It must never replace the standard one: a person chooses.

use alloc::vec::Vec;

use crate::ai::Ai;
use crate::element::{Element, GS, parse};

/// Largest number of other interpretations that are offered.
const MAX_READINGS: usize = 4;
/// Largest number of offsets that are tried; only a text built to waste time has more.
const MAX_TRIES: usize = 64;

/// Interpretations that become possible if one separator is added inside a value of variable length. What follows the added
/// separator must be nothing but AIs of predefined length, at least one of them with a check digit or a date, which is what
/// tells such a tail from a coincidence.
pub(crate) fn readings(text: &str) -> Vec<Vec<Element>> {
    let mut found = Vec::new();
    for split in splits(text).into_iter().take(MAX_TRIES) {
        let Some((before, after)) = text.split_at_checked(split) else { continue };
        if let Ok(elements) = parse(&alloc::format!("{before}{GS}{after}")) {
            found.push(elements.list);
        }
        if found.len() == MAX_READINGS {
            break;
        }
    }
    found
}

/// Offsets at which a separator may be missing.
fn splits(text: &str) -> Vec<usize> {
    let mut splits = Vec::new();
    let mut rest = text;
    while let Some(ai) = Ai::at_start(rest) {
        let value_at = text.len() - rest.len() + ai.as_str().len();
        let value = text.get(value_at..).unwrap_or_default();
        let end = match ai.predefined_length() {
            Some(length) => length,
            None => {
                let end = value.find(GS).unwrap_or(value.len());
                let longest: usize = ai.components().map(|component| component.max).sum();
                let inside = 1..end.min(longest + 1);
                splits.extend(
                    inside.filter(|split| value.get(*split..end).is_some_and(is_tail)).map(|split| value_at + split),
                );
                end
            }
        };
        rest = value.get(end..).unwrap_or_default().trim_start_matches(GS);
    }
    splits
}

/// Nothing but AIs of predefined length with valid values, not all of them measures or variants.
fn is_tail(text: &str) -> bool {
    let starts_predefined = |text: &str| Ai::at_start(text).is_some_and(|ai| ai.predefined_length().is_some());
    let checked = |element: &Element| matches!(element.ai.as_str().get(..1), Some("0" | "1" | "4"));
    // Cheap test first: this runs at every character of a value.
    starts_predefined(text)
        && parse(text).is_ok_and(|elements| {
            elements.list.iter().all(|element| element.ai.predefined_length().is_some())
                && elements.list.iter().any(checked)
        })
}

/// The same for a text of which nothing says that it is GS1: only interpretations that have a key with its check digit.
pub(crate) fn readings_of_unmarked(text: &str) -> Vec<Vec<Element>> {
    let has_key = |elements: &Vec<Element>| elements.iter().any(|e| e.ai.is("00") || e.ai.is("01") || e.ai.is("02"));
    readings(text).into_iter().filter(has_key).collect()
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn read(text: &str) -> Vec<String> {
        let shown = |list: &Vec<Element>| list.iter().map(|e| alloc::format!("({}){}", e.ai, e.value)).collect();
        readings(&text.replace('|', "\u{1d}")).iter().map(shown).collect()
    }

    #[test]
    fn tails() {
        assert_eq!(read("010703206980498810032915210526"), ["(01)07032069804988(10)0329(15)210526"]);
        assert_eq!(read("10LOT17251231|21S1"), ["(10)LOT(17)251231(21)S1"]);
        // Neither a year nor a weight nor a bad date is enough to doubt a lot.
        for text in ["10LOT2024", "10LOT3103001750", "10LOT17251331", "10LOT", "0107032069804988", "", "é", "10é"] {
            assert!(read(text).is_empty(), "{text}");
        }
    }
}
