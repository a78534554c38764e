//! The two other ways to read a Code 39 text. Owns: joining pairs to full ASCII (ISO/IEC 16388, annex A) and Code 32, the
//! number of Italian medicines (Decreto 2 agosto 2001). It must never replace the text as printed: nothing in the symbol says
//! that either was meant, and a health industry code (`+A123…`) would be garbled.

use alloc::format;
use alloc::string::String;

use crate::check::digit;

/// The text with its pairs joined. `None` if it has no pair, or a `$`, `%`, `/` or `+` that begins none.
pub(crate) fn full_ascii(text: &str) -> Option<String> {
    let mut joined = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let plain = match byte {
            b'$' | b'%' | b'/' | b'+' => pair(byte, bytes.next()?)?,
            _ => byte,
        };
        joined.push(char::from(plain));
    }
    (joined.len() < text.len()).then_some(joined)
}

/// The ASCII character of a pair.
fn pair(shift: u8, letter: u8) -> Option<u8> {
    Some(match (shift, letter) {
        (b'$', b'A'..=b'Z') => letter - 64,
        (b'+', b'A'..=b'Z') => letter + 32,
        (b'/', b'A'..=b'L' | b'O') => letter - 32,
        (b'/', b'Z') => b':',
        (b'%', b'A'..=b'E') => letter - 38,
        (b'%', b'F'..=b'J') => letter - 11,
        (b'%', b'K'..=b'O') => letter + 16,
        (b'%', b'P'..=b'T') => letter + 43,
        (b'%', b'U') => 0,
        (b'%', b'V') => b'@',
        (b'%', b'W') => b'`',
        (b'%', b'X'..=b'Z') => 127,
        _ => return None,
    })
}

/// `A` and the nine digits of a medicine, if six characters of base 32 hold a number whose last digit checks.
pub(crate) fn medicine(text: &str) -> Option<String> {
    const ALPHABET: &[u8; 32] = b"0123456789BCDFGHJKLMNPQRSTUVWXYZ";
    if text.len() != 6 {
        return None;
    }
    let mut number = 0u32;
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte)?;
        number = number * 32 + u32::try_from(value).ok()?;
    }
    let digits = format!("{number:09}");
    let (body, check) = crate::check::split_last(&digits)?;
    // Every second digit counts twice, its own digits added up.
    let sum: u32 = body
        .bytes()
        .zip([1, 2].iter().cycle())
        .filter_map(|(byte, weight)| digit(byte).map(|value| u32::from(value) * weight))
        .map(|product| product / 10 + product % 10)
        .sum();
    (digits.len() == 9 && check.to_digit(10) == Some(sum % 10)).then(|| format!("A{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ascii_character_has_a_pair() {
        let mut found = [false; 128];
        for shift in *b"$%/+" {
            for letter in 0..=255 {
                if let Some(byte) = pair(shift, letter) {
                    found[usize::from(byte)] = true;
                }
            }
        }
        let alone = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. ";
        for byte in 0..128u8 {
            assert_eq!(found[usize::from(byte)], !alone.contains(&byte), "{byte}");
        }
    }

    #[test]
    fn a_sign_that_begins_no_pair_is_no_full_ascii() {
        assert_eq!(full_ascii("12+A+B").as_deref(), Some("12ab"));
        assert_eq!(full_ascii("HTTP/Z/O/O+X").as_deref(), Some("HTTP://x"));
        for text in ["ABC-123", "", "100%", "A/1", "+A1+", "$5"] {
            assert_eq!(full_ascii(text), None, "{text}");
        }
    }

    #[test]
    fn medicines_have_a_check_digit() {
        assert_eq!(medicine("3PRM8N").as_deref(), Some("A123456788"));
        assert_eq!(medicine("0CSSJ8"), None);
        for text in ["3PRM8P", "3PRM8", "3PRM8NN", "APRM8N", "ZZZZZZ", "éRM8N"] {
            assert_eq!(medicine(text), None, "{text}");
        }
    }
}
