//! Corrections to rxing's results for GS1 DataBar. Owns: the checks that refuse its false readings, and the element string that
//! the symbology identifier `]e0` requires. Must never: know more of GS1 than the form of an element string.
//!
//! rxing returns a text with brackets for DataBar Expanded, and now and then one from lines that show no such symbol. Such texts
//! have application identifiers, lengths or dates that do not exist, so they are refused here.

use super::reading::check_digit_holds;

/// Lengths of the elements without a separator, by the first two digits of their identifier, identifier included (GS1
/// General Specifications, figure 7.8.5-2).
const FIXED: [(&str, usize); 22] = [
    ("00", 20),
    ("01", 16),
    ("02", 16),
    ("03", 16),
    ("04", 18),
    ("11", 8),
    ("12", 8),
    ("13", 8),
    ("14", 8),
    ("15", 8),
    ("16", 8),
    ("17", 8),
    ("18", 8),
    ("19", 8),
    ("20", 4),
    ("31", 10),
    ("32", 10),
    ("33", 10),
    ("34", 10),
    ("35", 10),
    ("36", 10),
    ("41", 16),
];

/// Whether four elements somewhere have the shape of a DataBar finder. The readers are slow, so other lines skip them.
pub(crate) fn plausible(edges: &[f32]) -> bool {
    edges.windows(5).any(|w| {
        let [a, _, c, d, e] = *w else { return false };
        let (wide, all) = (c - a, e - a);
        let ratio = wide / all;
        let last = e - d;
        (0.76..0.93).contains(&ratio) && last > 0.03 * all && last < 0.14 * all
    })
}

/// The element string of a DataBar symbol from its 13 digits; the check digit is not part of the symbol.
pub(crate) fn omnidirectional(body: &str) -> Option<String> {
    if body.len() != 13 || !body.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let gtin = ('0'..='9').map(|check| format!("{body}{check}")).find(|gtin| check_digit_holds(gtin))?;
    Some(format!("01{gtin}"))
}

/// The element string of a DataBar Expanded symbol from rxing's `(01)…(10)…`, if every element fits its
/// application identifier. Values may hold brackets, so only a bracketed number of two to four digits starts an element.
pub(crate) fn expanded(text: &str) -> Option<String> {
    let elements = elements(text)?;
    let mut out = String::with_capacity(text.len());
    for (k, (id, value)) in elements.iter().enumerate() {
        check_element(id, value)?;
        out.push_str(id);
        out.push_str(value);
        let last = k + 1 == elements.len();
        if !last && fixed_length(id).is_none() {
            out.push('\u{1d}');
        }
    }
    Some(out)
}

/// Application identifiers and values of a bracketed text.
fn elements(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut remaining = text.strip_prefix('(')?;
    let mut found = Vec::new();
    loop {
        let (id, after) = remaining.split_once(')')?;
        if !(2..=4).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let next = after.match_indices('(').map(|(at, _)| at).find(|at| starts_element(after.get(at + 1..)));
        match next {
            Some(at) => {
                found.push((id, after.get(..at)?));
                remaining = after.get(at + 1..)?;
            }
            None => {
                found.push((id, after));
                return Some(found);
            }
        }
    }
}

/// Whether a text after `(` begins with an application identifier and `)`.
fn starts_element(text: Option<&str>) -> bool {
    text.and_then(|t| t.split_once(')'))
        .is_some_and(|(id, _)| (2..=4).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit()))
}

/// Length of an element that needs no separator, its identifier included; `None` if it needs one.
fn fixed_length(id: &str) -> Option<usize> {
    let kind = id.get(..2)?;
    FIXED.iter().find(|(k, _)| *k == kind).map(|(_, len)| *len)
}

/// Refuses impossible elements: a wrong length, letters in a number, a wrong check digit, a date that does not exist.
fn check_element(id: &str, value: &str) -> Option<()> {
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    let printable = value.bytes().all(|b| (0x20..0x7f).contains(&b));
    if value.is_empty() || !printable {
        return None;
    }
    let length = fixed_length(id);
    let id_length = match id.get(..2)? {
        "31" | "32" | "33" | "34" | "35" | "36" | "39" | "70" | "80" | "81" | "82" => 4,
        "23" | "24" | "25" | "40" | "41" | "42" | "43" | "71" => 3,
        _ => 2,
    };
    // 235, 243, 394… and 43xx have other lengths than the rest of their group.
    if id.len() != id_length && !matches!(id.get(..2)?, "43" | "71" | "23") {
        return None;
    }
    if let Some(length) = length
        && (id.len() + value.len() != length || !digits)
    {
        return None;
    }
    match id {
        "00" | "01" | "02" | "03" => check_digit_holds(value).then_some(()),
        "11" | "12" | "13" | "15" | "16" | "17" => {
            let month: u8 = value.get(2..4)?.parse().ok()?;
            let day: u8 = value.get(4..6)?.parse().ok()?;
            ((1..=12).contains(&month) && day <= 31).then_some(())
        }
        _ => (value.len() <= 90).then_some(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_added() {
        assert_eq!(omnidirectional("0123456789012").as_deref(), Some("0101234567890128"));
        assert_eq!(omnidirectional("1234"), None);
    }

    #[test]
    fn brackets_become_separators_where_they_are_due() {
        let text = "(01)09521234543213(10)AB(1)2(17)261231";
        assert_eq!(expanded(text).as_deref(), Some("010952123454321310AB(1)2\u{1d}17261231"));
        assert_eq!(expanded("(10)LAST").as_deref(), Some("10LAST"));
        assert_eq!(expanded("(3103)001750(3922)795").as_deref(), Some("31030017503922795"));
    }

    #[test]
    fn false_readings_are_refused() {
        for text in ["(32010)028812(15)1500420", "(01)09521234543214", "(17)261331", "(17)2612", "10AB", "(10)"] {
            assert_eq!(expanded(text), None, "{text}");
        }
    }
}
