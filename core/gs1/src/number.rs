//! Exact decimals, measures and amounts (AIs 31nn–36nn, 390n–395n, 392n). Owns the position of the decimal point. It must
//! never use floating point or convert units.

use core::fmt;

/// An exact decimal, `mantissa` divided by ten to the power of `scale`: 1.750 is 1750 with scale 3.
///
/// ```
/// use stocksync_gs1::Decimal;
///
/// let weight = Decimal::from_digits("001750", 3).unwrap();
/// assert_eq!((weight.to_string().as_str(), weight.in_steps(3)), ("1.750", Some(1_750)));
/// assert_eq!(weight.in_steps(1), None); // digits would be lost
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Decimal {
    /// All digits as one whole number.
    pub mantissa: u64,
    /// How many of them stand after the point.
    pub scale: u8,
}

impl Decimal {
    /// Parses digits, the last `scale` of which stand after the point. Fewer digits than `scale` are fine: `9` with scale 2
    /// is 0.09. `None` if there are other characters, none, or more than fit 64 bits.
    #[must_use]
    pub fn from_digits(digits: &str, scale: u8) -> Option<Self> {
        crate::check::all_digits(digits).then_some(())?;
        Some(Self { mantissa: digits.parse().ok()?, scale })
    }

    /// Parses `12` or `12.50`, as distributors print quantities.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if text.ends_with('.') || part.len() > 9 {
            return None;
        }
        Self::from_digits(&alloc::format!("{whole}{part}"), u8::try_from(part.len()).ok()?)
    }

    /// The same value in steps of ten to the power of minus `scale`, such as thousandths for 3. `None` if digits would be
    /// lost or the number does not fit: nothing is rounded.
    #[must_use]
    pub fn in_steps(&self, scale: u8) -> Option<i64> {
        let value = if scale >= self.scale {
            self.mantissa.checked_mul(10_u64.checked_pow(u32::from(scale - self.scale))?)?
        } else {
            let divisor = 10_u64.checked_pow(u32::from(self.scale - scale))?;
            self.mantissa.is_multiple_of(divisor).then_some(self.mantissa / divisor)?
        };
        i64::try_from(value).ok()
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = alloc::format!("{:0width$}", self.mantissa, width = scale + 1);
        match digits.split_at_checked(digits.len() - scale) {
            Some((whole, part)) if !part.is_empty() => write!(f, "{whole}.{part}"),
            _ => f.write_str(&digits),
        }
    }
}

/// A trade or logistic measure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Measure {
    /// What was measured, in the words of the General Specifications: `NET WEIGHT`, `LENGTH`, `GROSS WEIGHT`…
    pub name: &'static str,
    /// Its unit: `kg`, `lb`, `tr oz`, `oz`, `m`, `in`, `ft`, `yd`, `m²`, `in²`, `ft²`, `yd²`, `l`, `m³`, `in³`, `ft³`,
    /// `yd³`, `qt (US)`, `gal.`, `gal (US)`, `kg/m²`.
    pub unit: &'static str,
    /// Of the whole logistic unit rather than of the trade item.
    pub logistic: bool,
    /// How much.
    pub value: Decimal,
}

impl Measure {
    /// Takes name and unit from a title of the AI table, such as `LENGTH (m), log`.
    pub(crate) fn from_title(title: &'static str, value: Decimal) -> Self {
        let (rest, logistic) = title.strip_suffix(", log").map_or((title, false), |rest| (rest, true));
        let (name, unit) = match rest.split_once(" (") {
            Some((name, unit)) => (name, unit.strip_suffix(')').unwrap_or(unit)),
            None => ("MASS PER AREA", "kg/m²"), // 337n, the only title without a bracketed unit
        };
        Self { name, unit, logistic: logistic || name == "GROSS WEIGHT", value }
    }
}

/// A price or amount of money.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Amount {
    /// In major units of the currency.
    pub value: Decimal,
    /// Numeric ISO 4217 code; `None` is the currency of the place.
    pub currency: Option<u16>,
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (digits, scale, shown, thousandths) in [
            ("001750", 3, "1.750", Some(1_750)),
            ("001750", 2, "17.50", Some(17_500)),
            ("9", 2, "0.09", Some(90)),
            ("795", 2, "7.95", Some(7_950)),
            ("000123", 0, "123", Some(123_000)),
            ("000001", 5, "0.00001", None),
            ("999999999999999", 0, "999999999999999", Some(999_999_999_999_999_000)),
        ] {
            let value = Decimal::from_digits(digits, scale).unwrap();
            assert_eq!((value.to_string().as_str(), value.in_steps(3)), (shown, thousandths), "{digits}");
        }
        assert_eq!(Decimal::parse("10.5"), Some(Decimal { mantissa: 105, scale: 1 }));
        assert_eq!(Decimal::parse("3."), None);
        assert_eq!(Decimal::parse("-3"), None);
        assert_eq!(Decimal::from_digits("99999999999999999999", 0), None);
    }

    #[test]
    fn titles_give_units() {
        let one = Decimal { mantissa: 1, scale: 0 };
        for (title, name, unit, logistic) in [
            ("NET WEIGHT (kg)", "NET WEIGHT", "kg", false),
            ("GROSS WEIGHT (lb)", "GROSS WEIGHT", "lb", true),
            ("VOLUME (qt (US)), log", "VOLUME", "qt (US)", true),
            ("KG PER m²", "MASS PER AREA", "kg/m²", false),
        ] {
            let measure = Measure::from_title(title, one);
            assert_eq!((measure.name, measure.unit, measure.logistic), (name, unit, logistic));
        }
    }
}
