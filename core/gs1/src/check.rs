//! Check digits and check characters: the mod-10 of GS1 keys, the price and weight check of in-store codes, the alphanumeric
//! pair of AIs 8013 and 8014, and the character on a tenant's own labels. Owns arithmetic only. It must never
//! decide what a wrong check means.

/// The value of an ASCII digit; `None` for any other character, digits of other scripts included.
pub(crate) fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// Whether there is at least one character and all are ASCII digits.
pub(crate) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The check digit that belongs after `body` (GS1 General Specifications 7.9.1): weights 3, 1, 3… from the right.
/// `None` if `body` is empty or holds anything but ASCII digits.
///
/// ```
/// assert_eq!(stocksync_gs1::check_digit("400638133393"), Some('1'));
/// ```
#[must_use]
pub fn check_digit(body: &str) -> Option<char> {
    let mut sum = 0_u32;
    for (i, byte) in body.bytes().rev().enumerate() {
        sum += u32::from(digit(byte)?) * if i % 2 == 0 { 3 } else { 1 };
    }
    (!body.is_empty()).then(|| to_char((10 - sum % 10) % 10))
}

/// Whether `key` ends with the right mod-10 check digit; false for anything that is not all ASCII digits.
///
/// ```
/// assert!(stocksync_gs1::has_check_digit("4006381333931"));
/// assert!(!stocksync_gs1::has_check_digit("4006381333932"));
/// ```
#[must_use]
pub fn has_check_digit(key: &str) -> bool {
    split_last(key).is_some_and(|(body, last)| check_digit(body) == Some(last))
}

/// The last character and what is before it.
pub(crate) fn split_last(text: &str) -> Option<(&str, char)> {
    let last = text.chars().next_back()?;
    Some((text.get(..text.len() - last.len_utf8())?, last))
}

fn to_char(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or('0')
}

const TWO_MINUS: [u8; 10] = [0, 2, 4, 6, 8, 9, 1, 3, 5, 7];
const THREE: [u8; 10] = [0, 3, 6, 9, 2, 5, 8, 1, 4, 7];
const FIVE_PLUS: [u8; 10] = [0, 5, 1, 6, 2, 7, 3, 8, 4, 9];
const FIVE_MINUS: [u8; 10] = [0, 5, 9, 4, 8, 3, 7, 2, 6, 1];

/// The check digit of a four or five digit price or weight inside an in-store code (General Specifications 7.9.2–7.9.4).
/// `None` for any other length or for characters that are not digits.
///
/// ```
/// assert_eq!(stocksync_gs1::price_check_digit("2875"), Some('9'));
/// ```
#[must_use]
pub fn price_check_digit(value: &str) -> Option<char> {
    let digits: Option<alloc::vec::Vec<u8>> = value.bytes().map(digit).collect();
    let weigh = |tables: &[&[u8; 10]]| -> Option<u32> {
        let digits = digits.as_ref()?;
        (digits.len() == tables.len()).then_some(())?;
        tables.iter().zip(digits).try_fold(0, |sum, (table, d)| Some(sum + u32::from(*table.get(usize::from(*d))?)))
    };
    if let Some(sum) = weigh(&[&TWO_MINUS, &TWO_MINUS, &THREE, &FIVE_MINUS]) {
        return Some(to_char(sum * 3 % 10));
    }
    let sum = weigh(&[&FIVE_PLUS, &TWO_MINUS, &FIVE_MINUS, &FIVE_PLUS, &TWO_MINUS])?;
    let wanted = (10 - sum % 10) % 10;
    let position = FIVE_MINUS.iter().position(|weight| u32::from(*weight) == wanted)?;
    Some(to_char(u32::try_from(position).ok()?))
}

/// Character set 82, in the order that gives each character its value.
pub(crate) const CSET_82: &str = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
/// Character set 39 (AI 8010).
pub(crate) const CSET_39: &str = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CSET_32: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Weights of the alphanumeric pair, from the right.
const PRIMES: [u32; 23] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83];

/// The two check characters that belong after `body` in AI 8013 and 8014 (General Specifications 7.9.5). `None` if `body`
/// is empty, longer than 23 characters or leaves character set 82.
#[must_use]
pub fn check_pair(body: &str) -> Option<[char; 2]> {
    if body.is_empty() || body.len() > PRIMES.len() {
        return None;
    }
    let mut sum = 0_u32;
    for (character, prime) in body.chars().rev().zip(PRIMES) {
        sum += u32::try_from(CSET_82.find(character)?).ok()? * prime;
    }
    let sum = usize::try_from(sum % 1021).ok()?;
    Some([char::from(*CSET_32.get(sum >> 5)?), char::from(*CSET_32.get(sum & 31)?)])
}

const ALPHABET_36: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The check character of an own label (ISO/IEC 7064 MOD 37,36): finds every single wrong character and every swap of two
/// neighbours. Only `0-9` and `A-Z` count; other characters, such as dashes, are passed over. `None` if none counts.
#[must_use]
pub fn label_check(body: &str) -> Option<char> {
    let mut product = 36;
    let mut counted = false;
    for byte in body.bytes() {
        let Some(value) = ALPHABET_36.iter().position(|known| *known == byte) else { continue };
        counted = true;
        let sum = (product + value) % 36;
        product = (if sum == 0 { 36 } else { sum }) * 2 % 37;
    }
    let check = (37 - product % 37) % 36;
    counted.then(|| ALPHABET_36.get(check).map(|byte| char::from(*byte))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn price_and_weight_check_digits() {
        for (value, check) in
            [("2875", '9'), ("1234", '9'), ("14685", '6'), ("00012", '9'), ("0000", '0'), ("00000", '0')]
        {
            assert_eq!(price_check_digit(value), Some(check), "{value}");
        }
        for value in ["", "123", "123456", "12a4", "１２３４"] {
            assert_eq!(price_check_digit(value), None, "{value}");
        }
    }

    #[test]
    fn alphanumeric_pair() {
        assert_eq!(check_pair("1987654Ad4X4bL5ttr2310c"), Some(['2', 'K']));
        assert_eq!(check_pair("has space"), None);
        assert_eq!(check_pair(""), None);
    }

    #[test]
    fn label_check_finds_single_errors_and_swaps() {
        let body = "BIN0042X";
        let good = label_check(body).unwrap();
        for i in 0..body.len() {
            for other in ALPHABET_36 {
                let mut bytes = body.as_bytes().to_vec();
                if bytes[i] != *other {
                    bytes[i] = *other;
                    assert_ne!(label_check(core::str::from_utf8(&bytes).unwrap()), Some(good));
                }
            }
        }
        assert_ne!(label_check("BIN0402X"), Some(good));
        assert_eq!(label_check("BIN-0042-X"), Some(good));
        assert_eq!(label_check("--"), None);
    }
}
