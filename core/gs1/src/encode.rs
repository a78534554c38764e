//! Payloads for labels. Owns separators, escapes and check characters. It must never draw a symbol.
//!
//! ```
//! use stocksync_gs1::Element;
//! use stocksync_gs1::encode::{bracketed, digital_link, element_string, in_print_order, own_label, sscc};
//!
//! let elements = vec![Element::new("10", "AB-123")?, Element::new("01", "09501101530003")?];
//! let elements = in_print_order(elements)?; // predefined length first: no separator is needed
//! assert_eq!(element_string(&elements), "010950110153000310AB-123");
//! assert_eq!(bracketed(&elements), "(01)09501101530003(10)AB-123");
//! assert_eq!(digital_link("https://example.com", &elements)?, "https://example.com/01/09501101530003/10/AB-123");
//! assert_eq!(sscc(3, "9501101", 42).map(|digits| digits.len()), Some(18));
//! assert!(own_label("SS:", "SHELF-042").is_some_and(|label| label.starts_with("SS:SHELF-042")));
//! # Ok::<(), stocksync_gs1::Fault>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use crate::MAX_ELEMENTS;
use crate::ai::Ai;
use crate::check::{all_digits, check_digit, label_check};
use crate::date::Date;
use crate::element::{Element, GS, exclusion};
use crate::fault::Fault;
use crate::meaning::DistributorField;

/// The element string of these elements, in this order, without leading FNC1 and symbology identifier; separators only
/// where they are needed. Put values of predefined length first for the shortest symbol.
#[must_use]
pub fn element_string(elements: &[Element]) -> String {
    let mut text = String::new();
    let mut open = false;
    for element in elements {
        if open {
            text.push(GS);
        }
        text.push_str(element.ai.as_str());
        text.push_str(&element.value);
        open = element.ai.predefined_length().is_none();
    }
    text
}

/// The elements of one label in the order of the shortest symbol: those of predefined length first, else as given. The same
/// element twice is one.
///
/// # Errors
/// [`Fault::Repeated`] and [`Fault::Exclusive`], which no reader accepts; [`Fault::TooManyElements`]; [`Fault::Empty`]: correct
/// the label. Other AIs that an AI needs may be on another symbol of the same box, so that is not checked.
pub fn in_print_order(elements: Vec<Element>) -> Result<Vec<Element>, Fault> {
    let mut ordered: Vec<Element> = Vec::with_capacity(elements.len());
    for element in elements {
        match ordered.iter().find(|known| known.ai == element.ai) {
            Some(known) if known.value == element.value => {}
            Some(known) => return Err(Fault::Repeated { ai: known.ai }),
            None => ordered.push(element),
        }
    }
    if ordered.len() > MAX_ELEMENTS {
        return Err(Fault::TooManyElements);
    }
    if ordered.is_empty() {
        return Err(Fault::Empty);
    }
    if let Some((ai, other)) = exclusion(&ordered) {
        return Err(Fault::Exclusive { ai, other });
    }
    ordered.sort_by_key(|element| element.ai.predefined_length().is_none());
    Ok(ordered)
}

/// The 18 digits of a new SSCC (AI 00): extension digit, company prefix of 4 to 12 digits, serial number filled with zeros,
/// check digit. A number must not be assigned twice within a year. `None` if the prefix is no prefix or the serial number too long.
#[must_use]
pub fn sscc(extension: u8, company_prefix: &str, serial: u64) -> Option<String> {
    let digits = 16_usize.checked_sub(company_prefix.len()).filter(|digits| (4..=12).contains(digits))?;
    let serial = alloc::format!("{serial:0digits$}");
    let fits = extension <= 9 && all_digits(company_prefix) && serial.len() == digits;
    fits.then(|| with_check_digit(&alloc::format!("{extension}{company_prefix}{serial}")))?
}

/// The value `YYMMDD` of a date AI; an open day is `00`. `None` if the date is none of the calendar, or so far from
/// `current_year` that its two digits would be read as another century.
#[must_use]
pub fn date_value(date: Date, current_year: u16) -> Option<String> {
    let value = alloc::format!("{:02}{:02}{:02}", date.year % 100, date.month, date.day.unwrap_or(0));
    (Date::parse(&value, current_year) == Some(date)).then_some(value)
}

/// The form for people, printed under a symbol: `(01)09501101530003(10)AB-123`. Brackets in values are escaped where they
/// would be read as an application identifier.
#[must_use]
pub fn bracketed(elements: &[Element]) -> String {
    elements.iter().map(|element| alloc::format!("({}){}", element.ai, element.value.replace('(', "\\("))).collect()
}

/// A Digital Link under `base`, such as `https://example.com`: the first element that may be a primary key, its qualifiers
/// in their order, the rest as attributes.
///
/// # Errors
/// [`Fault::NotDigitalLink`] if no element may be a primary key or an element has no place in a link.
pub fn digital_link(base: &str, elements: &[Element]) -> Result<String, Fault> {
    let (key, alternatives) = elements
        .iter()
        .find_map(|element| Some((element, element.ai.link_qualifiers()?)))
        .ok_or(Fault::NotDigitalLink)?;
    let find = |ai: &str| elements.iter().find(|element| element.ai.is(ai));
    let used = |alternative: &&str| alternative.split(',').filter(|ai| find(ai).is_some()).count();
    let qualifiers = alternatives.split('|').rev().max_by_key(used).unwrap_or_default();
    let mut link = alloc::format!("{}/{}/{}", base.trim_end_matches('/'), key.ai, percent_encoded(&key.value));
    for element in qualifiers.split(',').filter_map(find) {
        link.push_str(&alloc::format!("/{}/{}", element.ai, percent_encoded(&element.value)));
    }
    let in_path = |ai: Ai| ai == key.ai || qualifiers.split(',').any(|qualifier| ai.is(qualifier));
    let mut mark = '?';
    for element in elements.iter().filter(|element| !in_path(element.ai)) {
        if !element.ai.is_link_attribute() {
            return Err(Fault::NotDigitalLink);
        }
        link.push_str(&alloc::format!("{mark}{}={}", element.ai, percent_encoded(&element.value)));
        mark = '&';
    }
    Ok(link)
}

/// Escapes what may not stand in a path or query.
fn percent_encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&alloc::format!("%{byte:02X}"));
        }
    }
    encoded
}

/// `body` with its mod-10 check digit, for any key: 17 digits of a new SSCC, 12 of a GLN… `None` if it is not all digits.
#[must_use]
pub fn with_check_digit(body: &str) -> Option<String> {
    Some(alloc::format!("{body}{}", check_digit(body)?))
}

/// The text of an own label with its check character, as [`OwnLabels`](crate::OwnLabels) with `checked` reads it. `None` if
/// `code` holds neither digit nor capital letter.
#[must_use]
pub fn own_label(prefix: &str, code: &str) -> Option<String> {
    Some(alloc::format!("{prefix}{code}{}", label_check(code)?))
}

/// An ISO/IEC 15434 message in format 06, with header and trailer.
///
/// # Errors
/// [`Fault::Envelope`] if an identifier is not up to three digits and a capital letter, or a value holds a separator.
pub fn message(fields: &[DistributorField]) -> Result<String, Fault> {
    let mut text = String::from("[)>\u{1e}06");
    for field in fields {
        let digits = field.identifier.strip_suffix(|c: char| c.is_ascii_uppercase()).ok_or(Fault::Envelope)?;
        let plain = !field.value.contains(['\u{1d}', '\u{1e}', '\u{4}']);
        if digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) || !plain {
            return Err(Fault::Envelope);
        }
        text.push(GS);
        text.push_str(&field.identifier);
        text.push_str(&field.value);
    }
    text.push_str("\u{1e}\u{4}");
    Ok(text)
}
