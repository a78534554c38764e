//! GS1 Digital Link: application identifiers in a web address. Owns the parsing of the address. It must never resolve one. The
//! compressed form is not supported.

use alloc::string::String;
use alloc::vec::Vec;

use crate::MAX_ELEMENTS;
use crate::ai::Ai;
use crate::element::Elements;
use crate::fault::{Fault, Warning};

/// Whether this is a web address. The scheme is in lower or in upper case, not mixed.
pub(crate) fn is_web_address(text: &str) -> bool {
    ["http://", "https://", "HTTP://", "HTTPS://"].iter().any(|scheme| text.starts_with(scheme))
}

/// Parses `https://example.com/some/path/01/09506000134352/10/ABC?17=251231`: the right-most primary key with its qualifiers
/// in their order, then attributes. Offsets in faults are those of the whole address where the fault names a value.
pub(crate) fn parse(text: &str) -> Result<Elements, Fault> {
    let address = text.split_once("://").map_or(text, |(_, rest)| rest);
    let address = address.split_once('#').map_or(address, |(before, _)| before);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let (_, path) = path.split_once('/').ok_or(Fault::NotDigitalLink)?;
    let pairs = key_and_qualifiers(path).ok_or(Fault::NotDigitalLink)?;
    let mut elements = Elements::default();
    for (ai, value) in pairs {
        add(&mut elements, ai, value, text)?;
    }
    for attribute in query.split(['&', ';']) {
        let Some((name, value)) = attribute.split_once('=') else { continue };
        if !crate::check::all_digits(name) {
            continue; // `linkType` and the like are for web servers.
        }
        match Ai::parse(name).filter(Ai::is_link_attribute) {
            Some(ai) => add(&mut elements, ai, value, text)?,
            None => elements.warnings.push(Warning::AttributeIgnored),
        }
    }
    elements.finish()
}

/// The primary key furthest to the right, with the qualifiers after it, if they stand in an allowed order.
fn key_and_qualifiers(path: &str) -> Option<Vec<(Ai, &str)>> {
    let mut segments = path.rsplit('/');
    let mut pairs = Vec::new();
    // Bounded: no path has more elements than a symbol may hold.
    for _ in 0..MAX_ELEMENTS {
        let value = segments.next().filter(|value| !value.is_empty())?;
        let ai = Ai::parse(segments.next()?)?;
        pairs.push((ai, value));
        if ai.link_qualifiers().is_some() {
            pairs.reverse();
            return in_order(&pairs).then_some(pairs);
        }
    }
    None
}

/// Whether the qualifiers follow one of the orders that the primary key allows.
fn in_order(pairs: &[(Ai, &str)]) -> bool {
    let Some(((key, _), found)) = pairs.split_first() else { return false };
    key.link_qualifiers().unwrap_or_default().split('|').any(|allowed| {
        let mut allowed = allowed.split(',');
        found.iter().all(|(ai, _)| allowed.any(|qualifier| ai.is(qualifier)))
    })
}

/// Adds one element; a GTIN with fewer digits is padded with a warning.
fn add(elements: &mut Elements, ai: Ai, encoded: &str, text: &str) -> Result<(), Fault> {
    let at = (encoded.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let mut value = percent_decoded(encoded).ok_or(Fault::Character { ai, at })?;
    if (ai.is("01") || ai.is("02")) && matches!(value.len(), 8 | 12 | 13) {
        value.insert_str(0, "000000".get(..14 - value.len()).unwrap_or_default());
        elements.warnings.push(Warning::ZeroSuppressed);
    }
    elements.add(ai, &value, at)
}

/// The text without percent escapes; `None` if an escape is incomplete or the bytes are not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut hex = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (hex()?, hex()?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Fault> {
        Ok(parse(text)?.list.iter().map(|e| alloc::format!("({}){}", e.ai, e.value)).collect())
    }

    #[test]
    fn links() {
        for (text, expected) in [
            ("https://a/00/faux/00/006141411234567890", "(00)006141411234567890"),
            ("https://id.gs1.org/01/09506000134352/10/AB%2FC?17=251231", "(01)09506000134352(10)AB/C(17)251231"),
            ("HTTPS://ID.GS1.ORG/01/09506000134352/22/2A/10/ABC/21/1#x", "(01)09506000134352(22)2A(10)ABC(21)1"),
            ("https://example.com/shop/de/01/9506000134352?linkType=all&3103=000195", "(01)09506000134352(3103)000195"),
            ("https://example.com/01/09506000134352/235/XYZ", "(01)09506000134352(235)XYZ"),
            ("http://example.com/414/9506000134352/254/A;1", "(414)9506000134352(254)A;1"),
            (
                "https://example.com/8004/95060001343520000001?17=251231;10=A+B",
                "(8004)95060001343520000001(17)251231(10)A+B",
            ),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_addresses() {
        for text in [
            "https://example.com",
            "https://example.com/",
            "https://example.com/products/4711",
            "https://example.com/01/09506000134352/",
            "https://example.com/01/09506000134352/21/1/10/ABC",
            "https://example.com/01/09506000134352/10/A/235/B",
            "https://example.com/01/09506000134352/17/251231",
            "https://example.com/gtin/09506000134352",
            "https://example.com/10/ABC",
        ] {
            assert_eq!(read(text), Err(Fault::NotDigitalLink), "{text}");
        }
        for text in [
            "https://example.com/01/09506000134351",
            "https://example.com/01/0950600013435",
            "https://example.com/01/09506000134352/10/A%2",
            "https://example.com/01/09506000134352/10/A%20B",
            "https://example.com/01/09506000134352?17=251301",
            "https://example.com/01/09506000134352/10/A?10=B",
        ] {
            assert!(!matches!(read(text), Err(Fault::NotDigitalLink) | Ok(_)), "{text}");
        }
    }
}
