//! In-store codes: numbers with a price, weight or count inside, whose layout a country or a tenant defines. Owns the
//! layouts, and the key that remains without the value. Such a number must never be shared between tenants.

use alloc::string::String;
use alloc::vec::Vec;

use crate::check::{all_digits, check_digit, price_check_digit};
use crate::gtin::Gtin;
use crate::number::Decimal;

/// What the value inside an in-store code is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InStoreValue {
    /// A price in the currency of the place. It gives no quantity without a price per unit.
    Price,
    /// A weight in kilograms.
    Weight,
    /// A number of items.
    Count,
}

/// The layout of the in-store codes that begin with a prefix.
///
/// ```
/// use stocksync_gs1::{Context, InStoreValue, Pattern, PatternError, ScanInput, understand};
///
/// let pattern = Pattern::new("28", "PPPPPPCVVVVV", InStoreValue::Weight, 3)?; // Germany: weight in grams
/// let code = pattern.code("281111", 6_870)?;
/// let mut context = Context::new(2026);
/// context.restricted.push(pattern);
/// let item = understand(&ScanInput::new(code.short()), &context).unwrap().candidates.remove(0);
/// assert_eq!(item.measures[0].value.in_steps(3), Some(6_870));
/// # Ok::<(), PatternError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pattern {
    prefix: String,
    layout: String,
    inside: InStoreValue,
    decimals: u8,
}

/// A layout that cannot be used, or a value that does not fit it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PatternError {
    /// The prefix must be 02 or 20–29, with more digits if wanted.
    #[error("the prefix must begin with 02 or 20 to 29")]
    Prefix,
    /// The layout must be 12 characters: first P for prefix and item, then perhaps one C, then two to six V.
    #[error("the layout must be P… C? V… of 12 characters")]
    Layout,
    /// A check digit exists only for four and five V.
    #[error("a check digit needs a value of four or five digits")]
    Check,
    /// More decimals than digits.
    #[error("more decimals than digits")]
    Decimals,
    /// The item or value to print does not fit the layout.
    #[error("the item or value does not fit the layout")]
    Fit,
}

impl Pattern {
    /// A layout over the first 12 of 13 digits: `P` prefix and item, `V` value, `C` check digit of the value. Twelve-digit
    /// UPC-A codes are laid out with their leading zero: a US code `2 IIIII C PPPP` is prefix `02`, `PPPPPPPCVVVV`.
    ///
    /// # Errors
    /// [`PatternError`]: show it to the person who configures the layout.
    pub fn new(prefix: &str, layout: &str, inside: InStoreValue, decimals: u8) -> Result<Self, PatternError> {
        let items = layout.chars().take_while(|c| *c == 'P').count();
        let values = layout.chars().rev().take_while(|c| *c == 'V').count();
        let checks = layout.chars().filter(|c| *c == 'C').count();
        if layout.len() != 12 || checks > 1 || items + checks + values != 12 || !(2..=6).contains(&values) {
            return Err(PatternError::Layout);
        }
        if !(prefix.starts_with("02") || prefix.starts_with('2'))
            || !(2..=items).contains(&prefix.len())
            || !all_digits(prefix)
        {
            return Err(PatternError::Prefix);
        }
        if checks == 1 && !matches!(values, 4 | 5) {
            return Err(PatternError::Check);
        }
        if usize::from(decimals) > values {
            return Err(PatternError::Decimals);
        }
        Ok(Self { prefix: String::from(prefix), layout: String::from(layout), inside, decimals })
    }

    /// The code for an item with a value inside, for a label. `item` is the digits of all `P`, prefix included.
    ///
    /// # Errors
    /// [`PatternError::Fit`]: item or value is too long.
    pub fn code(&self, item: &str, value: u64) -> Result<Gtin, PatternError> {
        if item.len() != self.count('P') || !item.starts_with(&self.prefix) {
            return Err(PatternError::Fit);
        }
        let value = alloc::format!("{value:0width$}", width = self.count('V'));
        let check = if self.count('C') == 1 { price_check_digit(&value) } else { None };
        let body = [item, check.map(String::from).unwrap_or_default().as_str(), value.as_str()].concat();
        if body.len() != 12 {
            return Err(PatternError::Fit);
        }
        Gtin::from_body(&body).map_err(|_| PatternError::Fit)
    }

    /// The digits that its codes begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// `P`, `C` and `V`, 12 of them.
    #[must_use]
    pub fn layout(&self) -> &str {
        &self.layout
    }

    /// What the value is.
    #[must_use]
    pub fn inside(&self) -> InStoreValue {
        self.inside
    }

    /// Digits of the value after the point.
    #[must_use]
    pub fn decimals(&self) -> u8 {
        self.decimals
    }

    fn count(&self, part: char) -> usize {
        self.layout.chars().filter(|c| *c == part).count()
    }

    /// Separates item and value. `None`: the code does not begin with the prefix. `Err`: the inner check digit is wrong.
    pub(crate) fn read(&self, gtin: &Gtin) -> Option<Result<PatternMatch, WrongCheck>> {
        let code = gtin.as_str().get(1..13).filter(|code| code.starts_with(&self.prefix))?;
        let part = |wanted| -> String {
            code.chars().zip(self.layout.chars()).filter(|(_, part)| *part == wanted).map(|(digit, _)| digit).collect()
        };
        let value = part('V');
        let check = part('C');
        if !check.is_empty() && price_check_digit(&value).map(String::from) != Some(check) {
            return Some(Err(WrongCheck));
        }
        // The check digit of a value of zeros is zero.
        let mut key: String =
            code.chars().zip(self.layout.chars()).map(|(digit, part)| if part == 'P' { digit } else { '0' }).collect();
        key.push(check_digit(&key)?);
        let decimal = Decimal::from_digits(&value, self.decimals)?;
        Some(Ok(PatternMatch { inside: self.inside, value: decimal, key }))
    }
}

/// The check digit of the value inside is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WrongCheck;

/// An in-store code separated into item and value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PatternMatch {
    /// What the value is.
    pub inside: InStoreValue,
    /// The value.
    pub value: Decimal,
    /// The item, with the value replaced by zeros: 13 digits.
    pub key: String,
}

/// Countries whose GS1 organisation publishes layouts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Region {
    /// Denmark.
    Denmark,
    /// Sweden.
    Sweden,
    /// Norway.
    Norway,
    /// Finland.
    Finland,
    /// Estonia.
    Estonia,
    /// Latvia.
    Latvia,
    /// Lithuania.
    Lithuania,
    /// Germany.
    Germany,
    /// Great Britain.
    GreatBritain,
}

type Preset = (&'static str, &'static str, InStoreValue, u8);
const DENMARK: &[Preset] = &[
    ("21", "PPPPPPVVVVVV", InStoreValue::Price, 2),
    ("22", "PPPPPPVVVVVV", InStoreValue::Price, 2),
    ("23", "PPPPPPVVVVVV", InStoreValue::Price, 2),
    ("24", "PPPPPPVVVVVV", InStoreValue::Price, 2),
    ("26", "PPPPPPVVVVVV", InStoreValue::Weight, 3),
    ("27", "PPPPPPPVVVVV", InStoreValue::Weight, 3),
    ("28", "PPPPPPVVVVVV", InStoreValue::Weight, 3),
];
const BALTIC_SEA: &[Preset] = &[
    ("23", "PPPPPPPPVVVV", InStoreValue::Weight, 3),
    ("24", "PPPPPPPPVVVV", InStoreValue::Weight, 2),
    ("25", "PPPPPPPPVVVV", InStoreValue::Weight, 1),
];
const SCANDINAVIA: &[Preset] = &[
    ("20", "PPPPPPPPVVVV", InStoreValue::Price, 2),
    ("21", "PPPPPPPPVVVV", InStoreValue::Price, 1),
    ("22", "PPPPPPPPVVVV", InStoreValue::Price, 0),
    ("23", "PPPPPPPPVVVV", InStoreValue::Weight, 3),
    ("24", "PPPPPPPPVVVV", InStoreValue::Weight, 2),
    ("25", "PPPPPPPPVVVV", InStoreValue::Weight, 1),
];
const GERMANY: &[Preset] = &[
    ("22", "PPPPPPCVVVVV", InStoreValue::Price, 2),
    ("23", "PPPPPPCVVVVV", InStoreValue::Price, 2),
    ("25", "PPPPPPCVVVVV", InStoreValue::Count, 0),
    ("26", "PPPPPPCVVVVV", InStoreValue::Count, 0),
    ("28", "PPPPPPCVVVVV", InStoreValue::Weight, 3),
    ("29", "PPPPPPCVVVVV", InStoreValue::Weight, 3),
];
const GREAT_BRITAIN: &[Preset] = &[("20", "PPPPPPPCVVVV", InStoreValue::Price, 2)];

impl Region {
    /// The country of an ISO 3166 code of two letters, `DE` or `de`. `None`: no layouts of it are known here.
    #[must_use]
    pub fn of_country(code: &str) -> Option<Self> {
        let countries = [
            ("DK", Self::Denmark),
            ("SE", Self::Sweden),
            ("NO", Self::Norway),
            ("FI", Self::Finland),
            ("EE", Self::Estonia),
            ("LV", Self::Latvia),
            ("LT", Self::Lithuania),
            ("DE", Self::Germany),
            ("GB", Self::GreatBritain),
        ];
        countries.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, region)| *region)
    }

    /// The layouts of a country, to start a tenant's own list from.
    #[must_use]
    pub fn patterns(self) -> Vec<Pattern> {
        let presets = match self {
            Self::Denmark => DENMARK,
            Self::Sweden | Self::Norway => SCANDINAVIA,
            Self::Finland | Self::Estonia | Self::Latvia | Self::Lithuania => BALTIC_SEA,
            Self::Germany => GERMANY,
            Self::GreatBritain => GREAT_BRITAIN,
        };
        presets
            .iter()
            .filter_map(|(prefix, layout, inside, decimals)| Pattern::new(prefix, layout, *inside, *decimals).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_pattern() {
        for (region, count) in [
            (Region::Denmark, 7),
            (Region::Sweden, 6),
            (Region::Norway, 6),
            (Region::Finland, 3),
            (Region::Germany, 6),
            (Region::GreatBritain, 1),
        ] {
            assert_eq!(region.patterns().len(), count, "{region:?}");
        }
        assert_eq!(Region::of_country("de"), Some(Region::Germany));
        assert_eq!(Region::of_country("US"), None);
    }

    #[test]
    fn unusable_layouts() {
        for (prefix, layout, decimals, expected) in [
            ("40", "PPPPPPPPVVVV", 2, PatternError::Prefix),
            ("2", "PPPPPPPPVVVV", 2, PatternError::Prefix),
            ("2a", "PPPPPPPPVVVV", 2, PatternError::Prefix),
            ("200000000", "PPPPPPPPVVVV", 2, PatternError::Prefix),
            ("20", "PPPPPPPVVVV", 2, PatternError::Layout),
            ("20", "PPPPVVVVPPPP", 2, PatternError::Layout),
            ("20", "PPPPPPPPPPPV", 1, PatternError::Layout),
            ("20", "PPPPPCVVVVVV", 2, PatternError::Check),
            ("20", "PPPPPPPPVVVV", 5, PatternError::Decimals),
        ] {
            assert_eq!(Pattern::new(prefix, layout, InStoreValue::Price, decimals), Err(expected), "{prefix} {layout}");
        }
    }

    #[test]
    fn what_is_put_in_comes_out() {
        for pattern in [Region::Germany, Region::GreatBritain, Region::Denmark].into_iter().flat_map(Region::patterns) {
            let item = alloc::format!("{:0<width$}", pattern.prefix, width = pattern.count('P'));
            let code = pattern.code(&item, 1234).unwrap();
            let read = pattern.read(&code).unwrap().unwrap();
            assert_eq!((read.value.mantissa, read.value.scale), (1234, pattern.decimals));
            assert_eq!(read.key, pattern.code(&item, 0).unwrap().short());
            assert_eq!(pattern.code(&item, 10_000_000), Err(PatternError::Fit));
            assert_eq!(pattern.code("2", 1), Err(PatternError::Fit));
        }
    }
}
