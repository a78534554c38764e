//! Application identifiers: which exist, how long they and their values are, and what they require of each other. Owns
//! access to the table. It must never look inside a value (`rules.rs` does).

use core::fmt;

use crate::ai_table::{AiRow, ROWS};

/// A known GS1 application identifier, two to four digits.
///
/// ```
/// use stocksync_gs1::Ai;
///
/// let lot = Ai::parse("10").unwrap();
/// assert_eq!((lot.as_str(), lot.title()), ("10", "BATCH/LOT"));
/// assert_eq!(lot.predefined_length(), None); // needs a separator if another element follows
/// assert_eq!(Ai::parse("01").and_then(|gtin| gtin.predefined_length()), Some(14));
/// assert_eq!(Ai::parse("04"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ai {
    digits: [u8; 4],
    len: u8,
}

impl Ai {
    /// The AI with exactly these digits; `None` if there is no such AI.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        row(text)?;
        let mut digits = [0; 4];
        digits.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { digits, len: u8::try_from(text.len()).ok()? })
    }

    /// The AI at the start of `text`. How many digits it has follows from the first two.
    pub(crate) fn at_start(text: &str) -> Option<Self> {
        Self::parse(text.get(..ai_length(text.get(..2)?)?)?)
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.digits
            .get(..usize::from(self.len))
            .and_then(|digits| core::str::from_utf8(digits).ok())
            .unwrap_or_default()
    }

    /// Its data title in the General Specifications, such as `BATCH/LOT`.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.row().map_or("", |row| row.6)
    }

    /// The length of its value if that follows from its first two digits, so that no separator is needed. This is a property
    /// of a few AIs, and not the same as having a fixed length (General Specifications 7.8.5).
    #[must_use]
    pub fn predefined_length(&self) -> Option<usize> {
        Some(match self.as_str().get(..2)? {
            "00" => 18,
            "01" | "02" | "03" => 14,
            "04" => 16,
            "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" => 6,
            "20" => 2,
            "31" | "32" | "33" | "34" | "35" | "36" => 6,
            "41" => 13,
            _ => return None,
        })
    }

    /// For measures and amounts, whose fourth digit is the number of decimals.
    pub(crate) fn decimals(&self) -> u8 {
        self.digits.last().map_or(0, |digit| digit.saturating_sub(b'0'))
    }

    /// Whether it has exactly these digits.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.as_str() == text
    }

    /// Whether it matches a pattern in which `n` is any digit.
    pub(crate) fn fits(&self, pattern: &str) -> bool {
        let text = self.as_str();
        text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(|(a, b)| b == b'n' || a == b)
    }

    /// The parts of its value's format.
    pub(crate) fn components(&self) -> impl Iterator<Item = Component> {
        self.row().map_or("", |row| row.2).split_whitespace().map(Component::parse)
    }

    /// Patterns of the AIs it excludes.
    pub(crate) fn excludes(&self) -> impl Iterator<Item = &'static str> {
        self.row().map_or("", |row| row.4).split(',').filter(|pattern| !pattern.is_empty())
    }

    /// Groups of AIs, one of which must be complete; empty if it may stand alone.
    pub(crate) fn needs(&self) -> &'static str {
        self.row().map_or("", |row| row.3)
    }

    /// Alternatives of qualifiers if it may be the primary key of a Digital Link.
    pub(crate) fn link_qualifiers(&self) -> Option<&'static str> {
        self.row().and_then(|row| row.5)
    }

    /// Whether it may be an attribute in the query of a Digital Link.
    pub(crate) fn is_link_attribute(&self) -> bool {
        self.row().is_some_and(|row| row.1.contains('?'))
    }

    fn row(&self) -> Option<&'static AiRow> {
        row(self.as_str())
    }
}

impl fmt::Display for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({self})")
    }
}

/// How many digits the AI has that begins with these two (General Specifications 7.8.2). `None`: no such AI.
fn ai_length(first_two: &str) -> Option<usize> {
    Some(match first_two {
        "00" | "01" | "02" | "03" | "10" | "11" | "12" | "13" | "15" | "16" | "17" | "20" | "21" | "22" | "30"
        | "37" => 2,
        "23" | "24" | "25" | "40" | "41" | "42" | "71" => 3,
        "31" | "32" | "33" | "34" | "35" | "36" | "39" | "43" | "70" | "72" | "80" | "81" | "82" => 4,
        other if other.starts_with('9') && crate::check::all_digits(other) => 2,
        _ => return None,
    })
}

/// The row of the table whose range holds `ai`.
fn row(ai: &str) -> Option<&'static AiRow> {
    let ends = |range: &'static str| range.split_once('-').unwrap_or((range, range));
    // Comparing texts orders AIs of different lengths correctly, because no AI is the beginning of another.
    let after = ROWS.partition_point(|row| ends(row.0).0 <= ai);
    let row = ROWS.get(after.checked_sub(1)?)?;
    let (first, last) = ends(row.0);
    (ai.len() == first.len() && ai <= last && crate::check::all_digits(ai)).then_some(row)
}

/// One part of a value's format.
pub(crate) struct Component {
    pub class: char,
    pub min: usize,
    pub max: usize,
    pub optional: bool,
    /// Names of rules, separated by commas.
    pub rules: &'static str,
}

impl Component {
    /// Parses `N13,csum,gcppos1`, `X..20` or `[N3],iso3166`. A test checks the table, so there is no error case.
    fn parse(text: &'static str) -> Self {
        let (shape, rules) = text.split_once(',').unwrap_or((text, ""));
        let optional = shape.starts_with('[');
        let shape = shape.trim_matches(['[', ']']);
        let class = shape.chars().next().unwrap_or('N');
        let length = shape.get(1..).unwrap_or_default();
        let (min, max) = match length.strip_prefix("..") {
            Some(max) => (1, max.parse().unwrap_or(0)),
            None => {
                let fixed = length.parse().unwrap_or(0);
                (fixed, fixed)
            }
        };
        Self { class, min, max, optional, rules: rules.trim_end_matches(']') }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_every_row_can_be_found_and_read() {
        let mut count = 0;
        for window in ROWS.windows(2) {
            assert!(window[0].0 < window[1].0, "{} before {}", window[0].0, window[1].0);
        }
        for row in &ROWS {
            let (first, last) = row.0.split_once('-').unwrap_or((row.0, row.0));
            for number in first.parse::<u16>().unwrap()..=last.parse::<u16>().unwrap() {
                let text = alloc::format!("{number:0width$}", width = first.len());
                let ai = Ai::parse(&text).unwrap_or_else(|| panic!("{text}"));
                assert_eq!((ai.as_str(), ai.title()), (text.as_str(), row.6));
                assert_eq!(Ai::at_start(&alloc::format!("{text}0000")), Some(ai), "{text}: length by first two digits");
                assert_eq!(ai.predefined_length().is_some(), row.1.contains('*'), "{text}: separator");
                let max: usize = ai.components().map(|c| c.max).sum();
                assert!((1..=crate::MAX_VALUE_CHARS).contains(&max), "{text}");
                if let Some(length) = ai.predefined_length() {
                    assert_eq!(length, max, "{text}");
                }
                count += 1;
            }
        }
        assert_eq!(count, 541);
    }

    #[test]
    fn unknown_ones() {
        for text in ["", "0", "04", "14", "18", "19", "23", "310", "3106", "31000", "89", "999", "9٣", "1a"] {
            assert_eq!(Ai::parse(text), None, "{text}");
        }
    }
}
