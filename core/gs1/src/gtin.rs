//! Trade item numbers in one form: fourteen digits with a right check digit. Owns padding and UPC-E expansion. It must
//! never hold a number whose check digit is wrong.

use alloc::string::String;
use core::fmt;

use crate::check::{all_digits, check_digit, has_check_digit, split_last};
use crate::fault::Fault;

/// A GTIN as fourteen digits (GTIN-14), left-padded with zeros, its check digit right.
///
/// `00416000336108`, `0416000336108` and `416000336108` are one number: phones differ in which of them they report for
/// the same bars, so only this form may be stored or compared.
///
/// ```
/// use stocksync_gs1::{Circulation, Fault, Gtin};
///
/// let gtin = Gtin::parse("416000336108")?;
/// assert_eq!((gtin.as_str(), gtin.short()), ("00416000336108", "416000336108"));
/// assert_eq!(Gtin::from_upc_e("04252614")?.short(), "042100005264");
/// assert_eq!(Gtin::parse("14006381333938")?.contained().short(), "4006381333931");
/// assert_eq!(Gtin::parse("2001234567893")?.circulation(), Circulation::Region);
/// assert_eq!(Gtin::parse("416000336109"), Err(Fault::CheckDigit { at: 11 }));
/// # Ok::<(), Fault>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin([u8; 14]);

impl Gtin {
    /// Parses 8, 12, 13 or 14 digits. Eight digits are a GTIN-8; for UPC-E use [`Gtin::from_upc_e`].
    ///
    /// # Errors
    /// [`Fault::NotDigits`], [`Fault::Length`] or [`Fault::CheckDigit`]: treat the text as an opaque code.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Some(at) = text.bytes().position(|b| !b.is_ascii_digit()) {
            return Err(Fault::NotDigits { at });
        }
        if !matches!(text.len(), 8 | 12 | 13 | 14) {
            return Err(Fault::Length { found: text.len() });
        }
        if !has_check_digit(text) {
            return Err(Fault::CheckDigit { at: text.len() - 1 });
        }
        Self::pad(text).ok_or(Fault::Length { found: text.len() })
    }

    /// Adds the check digit to 7, 11, 12 or 13 digits.
    ///
    /// # Errors
    /// [`Fault::NotDigits`] or [`Fault::Length`].
    pub fn from_body(body: &str) -> Result<Self, Fault> {
        let check = check_digit(body).ok_or(Fault::NotDigits { at: 0 })?;
        let mut whole = String::from(body);
        whole.push(check);
        Self::parse(&whole)
    }

    /// Expands the eight digits of a UPC-E symbol (number system 0 or 1, six digits, check digit).
    ///
    /// # Errors
    /// [`Fault::NotDigits`], [`Fault::Length`] or [`Fault::CheckDigit`]: it is not UPC-E.
    pub fn from_upc_e(text: &str) -> Result<Self, Fault> {
        if !all_digits(text) {
            return Err(Fault::NotDigits { at: 0 });
        }
        Self::parse(&expand_upc_e(text).ok_or(Fault::Length { found: text.len() })?)
    }

    fn pad(digits: &str) -> Option<Self> {
        let mut padded = [b'0'; 14];
        padded.get_mut(14_usize.checked_sub(digits.len())?..)?.copy_from_slice(digits.as_bytes());
        Some(Self(padded))
    }

    /// The fourteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The digits without the padding: 8, 12, 13 or 14 of them, as the shortest symbol would carry them.
    #[must_use]
    pub fn short(&self) -> &str {
        let text = self.as_str();
        let zeros = text.bytes().take_while(|b| *b == b'0').count();
        let start = match zeros {
            0 => 0,
            1 => 1,
            2..=5 => 2,
            _ => 6,
        };
        text.get(start..).unwrap_or(text)
    }

    /// The packaging indicator: 0 is the item itself, 1–8 another packaging level, 9 a variable measure. How many items a
    /// level holds cannot be derived; it must be stored with the identifier.
    #[must_use]
    pub fn indicator(&self) -> u8 {
        self.0.first().map_or(0, |b| b - b'0')
    }

    /// The item inside: the same number with indicator 0 and a new check digit.
    #[must_use]
    pub fn contained(&self) -> Self {
        let body = self.as_str().get(1..13).unwrap_or_default();
        Self::from_body(body).unwrap_or(*self)
    }

    /// Where the number is unique: everywhere, or only within one country or company (in-store codes).
    #[must_use]
    pub fn circulation(&self) -> Circulation {
        let text = self.as_str();
        let starts = |prefix: &str| text.starts_with(prefix);
        if starts("000000") {
            // GTIN-8 with GS1-8 prefix 0 or 2.
            return if starts("0000000") || starts("0000002") { Circulation::Company } else { Circulation::Global };
        }
        if starts("002") || starts("02") {
            return Circulation::Region;
        }
        if starts("004") {
            return Circulation::Company;
        }
        Circulation::Global
    }
}

/// Where a number is unique.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Circulation {
    /// Everywhere.
    Global,
    /// Within a country, whose GS1 organisation defines what the digits mean (prefixes 02, 20–29).
    Region,
    /// Within a company (prefix 04; GTIN-8 starting with 0 or 2).
    Company,
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gtin({self})")
    }
}

/// The twelve digits of UPC-A behind eight digits of UPC-E. `None` if they are not eight digits starting with 0 or 1.
/// The check digit is carried over, not checked.
pub(crate) fn expand_upc_e(text: &str) -> Option<String> {
    let (body, check) = split_last(text)?;
    if text.len() != 8 || !all_digits(text) || !(text.starts_with('0') || text.starts_with('1')) {
        return None;
    }
    let system = body.get(..1)?;
    let part = |range: core::ops::Range<usize>| body.get(range);
    let last = part(6..7)?;
    let (maker, item) = match last {
        "0" | "1" | "2" => (alloc::format!("{}{last}0000", part(1..3)?), part(3..6)?),
        "3" => (alloc::format!("{}00000", part(1..4)?), part(4..6)?),
        "4" => (alloc::format!("{}00000", part(1..5)?), part(5..6)?),
        _ => (alloc::format!("{}0000", part(1..6)?), last),
    };
    Some(alloc::format!("{system}{maker}{item}{check}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_whatever_the_carrier() {
        for text in ["00416000336108", "0416000336108", "416000336108"] {
            let gtin = Gtin::parse(text).unwrap();
            assert_eq!((gtin.as_str(), gtin.short()), ("00416000336108", "416000336108"));
        }
        assert_eq!(Gtin::parse("96385074").unwrap().short(), "96385074");
        assert_eq!(Gtin::parse("4006381333931").unwrap().short(), "4006381333931");
    }

    #[test]
    fn packaging_levels() {
        let case = Gtin::parse("14006381333938").unwrap();
        assert_eq!((case.indicator(), case.contained().short()), (1, "4006381333931"));
    }

    #[test]
    fn circulation_follows_the_prefix_and_not_the_indicator() {
        use Circulation::{Company, Global, Region};
        for (text, expected) in [
            ("2001234567893", Region),
            ("12991111111110", Global),
            ("4006381333931", Global),
            ("02345673", Company),
            ("20000004", Company),
            ("96385074", Global),
            ("416000336108", Company),
        ] {
            assert_eq!(Gtin::parse(text).unwrap().circulation(), expected, "{text}");
        }
    }
}
