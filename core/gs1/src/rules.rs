//! The content of one value: its format and the rules named in the AI table. Owns what is a fault (the code cannot mean what
//! it claims) and what is only a warning (the content is unusual, but the goods exist). It must never look at other values.

use alloc::vec::Vec;

use crate::ai::{Ai, Component};
use crate::check::{CSET_39, CSET_82, all_digits, check_pair, digit, has_check_digit};
use crate::fault::{Fault, Warning};
use crate::iso;

/// Checks a value against the format of its AI. `at` is its offset in the text, for the faults.
pub(crate) fn check(ai: Ai, value: &str, at: usize, warnings: &mut Vec<Warning>) -> Result<(), Fault> {
    let mut rest = value;
    for component in ai.components() {
        let at = at + (value.len() - rest.len());
        if rest.is_empty() && component.optional {
            break;
        }
        if let Some(bad) = rest.chars().take(component.max).position(|c| !allowed(component.class, c)) {
            return Err(Fault::Character { ai, at: at + bad });
        }
        // All characters allowed are ASCII, so characters and bytes agree from here on.
        let part = rest.get(..component.max.min(rest.len())).ok_or(Fault::Character { ai, at })?;
        if part.len() < component.min {
            return Err(Fault::Short { ai, at });
        }
        rest = rest.get(part.len()..).unwrap_or_default();
        content(ai, &component, part, at, warnings)?;
    }
    if rest.is_empty() { Ok(()) } else { Err(Fault::Long { ai, at }) }
}

/// Whether a character class allows the character.
fn allowed(class: char, c: char) -> bool {
    match class {
        'N' => c.is_ascii_digit(),
        'X' => CSET_82.contains(c),
        'Y' => CSET_39.contains(c),
        _ => c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '='),
    }
}

/// Applies the rules of one component to its part of the value.
fn content(ai: Ai, component: &Component, part: &str, at: usize, warnings: &mut Vec<Warning>) -> Result<(), Fault> {
    for rule in component.rules.split(',').filter(|rule| !rule.is_empty()) {
        if holds(rule, part) {
            continue;
        }
        match rule {
            "csum" | "csumalpha" => return Err(Fault::CheckDigit { at: at + part.len().saturating_sub(1) }),
            "yymmd0" | "yymmdd" | "yyyymmdd" | "hhmi" | "hh" | "mi" | "ss" => return Err(Fault::Date { ai, at }),
            _ => warnings.push(Warning::Content { ai, rule }),
        }
    }
    Ok(())
}

/// A number of at most nine digits.
pub(crate) fn number(text: &str) -> Option<u32> {
    (all_digits(text) && text.len() <= 9).then(|| text.parse().ok())?
}

/// Whether the text is a number from `low` to `high`.
fn in_range(text: &str, low: u32, high: u32) -> bool {
    number(text).is_some_and(|n| (low..=high).contains(&n))
}

/// Whether a rule of the GS1 Syntax Dictionary holds. Company prefixes, package types and coupon layouts are not checked: they
/// depend on lists that change, and nothing here uses them.
fn holds(rule: &str, part: &str) -> bool {
    match rule {
        "csum" => has_check_digit(part),
        "csumalpha" => part
            .len()
            .checked_sub(2)
            .and_then(|end| part.split_at_checked(end))
            .is_some_and(|(body, pair)| check_pair(body).is_some_and(|expected| pair.chars().eq(expected))),
        "yymmd0" => day_of(part, 0, false),
        "yymmdd" => day_of(part, 1, false),
        "yyyymmdd" => day_of(part, 1, true),
        "hhmi" => {
            part.split_at_checked(2).is_some_and(|(hours, minutes)| in_range(hours, 0, 23) && in_range(minutes, 0, 59))
        }
        "hh" => in_range(part, 0, 23),
        "mi" | "ss" => in_range(part, 0, 59),
        "iso4217" => iso::is_currency(part),
        "iso3166" => iso::is_country(part),
        "iso3166999" => part == "999" || iso::is_country(part),
        "iso3166alpha2" => iso::is_country_letters(part),
        "yesno" => matches!(part, "0" | "1"),
        "winding" => matches!(part, "0" | "1" | "9"),
        "iso5218" => matches!(part, "0" | "1" | "2" | "9"),
        "zero" => part.bytes().all(|b| b == b'0'),
        "nonzero" => part.bytes().any(|b| b != b'0'),
        "nozeroprefix" => part == "0" || !part.starts_with('0'),
        "hasnondigit" => !all_digits(part),
        "hyphen" => part == "-",
        "importeridx" => part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')),
        "mediatype" => in_range(part, 1, 10) || in_range(part, 80, 99),
        "latitude" => part.parse().is_ok_and(|n: u64| n <= 1_800_000_000),
        "longitude" => part.parse().is_ok_and(|n: u64| n <= 3_600_000_000),
        "pieceoftotal" => {
            part.split_at_checked(2).is_some_and(|(piece, total)| piece != "00" && total != "00" && piece <= total)
        }
        "posinseqslash" => part.split_once('/').is_some_and(|(position, total)| {
            all_digits(position) && all_digits(total) && position != "0" && position <= total
        }),
        "pcenc" => percent_encoding_is_complete(part),
        "iban" => is_iban(part),
        _ => true,
    }
}

/// A day of the calendar; `first_day` 0 lets the day be left open. Which century it is does not matter here but for 29
/// February, so a two-digit year is taken as of 2000–2099; the date itself is made with the year that the caller gives.
fn day_of(part: &str, first_day: u32, four_digit_year: bool) -> bool {
    let Some((year, rest)) = part.split_at_checked(if four_digit_year { 4 } else { 2 }) else { return false };
    let Some((month, day)) = rest.split_at_checked(2) else { return false };
    let (Some(year), Some(month)) = (number(year), number(month)) else { return false };
    let year = if four_digit_year { year } else { year + 2000 };
    let (Ok(year), Ok(month)) = (u16::try_from(year), u8::try_from(month)) else { return false };
    day.len() == 2
        && crate::date::days_in_month(year, month).is_some_and(|last| in_range(day, first_day, u32::from(last)))
}

/// Whether two hexadecimal digits follow each percent sign.
fn percent_encoding_is_complete(part: &str) -> bool {
    part.split('%').skip(1).all(|after| after.get(..2).is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())))
}

/// ISO 13616: two letters, two check digits, and the rearranged number is 1 modulo 97.
fn is_iban(part: &str) -> bool {
    let Some((head, body)) = part.split_at_checked(4) else { return false };
    let well_formed =
        head.bytes().zip(0..).all(|(b, i)| if i < 2 { b.is_ascii_uppercase() } else { b.is_ascii_digit() })
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let remainder = body.bytes().chain(head.bytes()).fold(0_u32, |remainder, byte| match digit(byte) {
        Some(value) => (remainder * 10 + u32::from(value)) % 97,
        None => (remainder * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97,
    });
    well_formed && !body.is_empty() && remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(ai: &str, value: &str) -> Result<usize, Fault> {
        let mut warnings = Vec::new();
        check(Ai::parse(ai).unwrap(), value, 0, &mut warnings).map(|()| warnings.len())
    }

    #[test]
    fn check_digits_of_keys() {
        for good in [
            "02345673",
            "416000336108",
            "1234567890128",
            "12345678901231",
            "123456789012345675",
            "376104250021234569",
            "6291041500213",
            "96385074",
        ] {
            assert!(has_check_digit(good), "{good}");
        }
        for bad in
            ["12345673", "416000336109", "1234567890129", "12345678901232", "123456789012345670", "⁰⁰⁰", "", "1234a678"]
        {
            assert!(!has_check_digit(bad), "{bad}");
        }
    }

    #[test]
    fn formats_and_rules() {
        for (ai, value, expected) in [
            ("253", "4226350800008", Ok(0)),
            ("253", "4226350800008ABC", Ok(0)),
            ("7007", "250101", Ok(0)),
            ("7007", "250101251231", Ok(0)),
            ("423", "056056", Ok(0)),
            ("423", "056001", Ok(1)),
            ("8007", "GB82WEST12345698765432", Ok(0)),
            ("8007", "GB82WEST12345698765431", Ok(1)),
            ("8013", "1987654Ad4X4bL5ttr2310c2K", Ok(0)),
            ("7040", "1ABC", Ok(0)),
            ("4330", "001234-", Ok(0)),
            ("7258", "1/3", Ok(0)),
            ("7258", "4/3", Ok(1)),
            ("8006", "123456789012310102", Ok(0)),
            ("8006", "123456789012310302", Ok(1)),
            ("8030", "aZ09-_", Ok(0)),
            ("4300", "A%2fB", Ok(0)),
            ("4300", "A%2", Ok(1)),
            ("8003", "01234567890128ABC", Ok(0)),
        ] {
            assert_eq!(verdict(ai, value), expected, "({ai}){value}");
        }
        let ai = |text| Ai::parse(text).unwrap();
        assert_eq!(verdict("10", "ABC 1"), Err(Fault::Character { ai: ai("10"), at: 3 }));
        assert_eq!(verdict("10", "ABCé"), Err(Fault::Character { ai: ai("10"), at: 3 }));
        assert_eq!(verdict("10", "123456789012345678901"), Err(Fault::Long { ai: ai("10"), at: 0 }));
        assert_eq!(verdict("7007", "2501012512"), Err(Fault::Short { ai: ai("7007"), at: 6 }));
        assert_eq!(verdict("7003", "2501002359"), Err(Fault::Date { ai: ai("7003"), at: 0 }));
        assert_eq!(verdict("7003", "2501012460"), Err(Fault::Date { ai: ai("7003"), at: 6 }));
        assert_eq!(verdict("17", "250230"), Err(Fault::Date { ai: ai("17"), at: 0 }));
        assert_eq!(verdict("01", "12345678901234"), Err(Fault::CheckDigit { at: 13 }));
    }
}
