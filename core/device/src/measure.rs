//! From the measures on a label to how much one scan is.
//!
//! Owns which unit of a variant is which unit of a label. Must never guess and never round: what does not match exactly is a
//! question to the person.

use serde::{Deserialize, Serialize};
use stocksync_gs1::{Decimal, ScanCandidate};
use stocksync_schemas::limits;

/// A measure on a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelMeasure {
    /// In the words of the GS1 General Specifications: `NET WEIGHT`, `LENGTH`, `GROSS WEIGHT`…
    pub name: String,
    /// `kg`, `lb`, `m`, `m²`, `l`…
    pub unit: String,
    /// Exactly as printed: `1.750`.
    pub value: String,
    /// Of the whole logistic unit rather than of the goods.
    pub logistic: bool,
}

impl LabelMeasure {
    /// How much in thousandths of its own unit; none where that would lose digits.
    #[must_use]
    pub fn thousandths(&self) -> Option<i64> {
        Decimal::parse(&self.value)?.in_steps(3)
    }
}

/// The measures on a label, and of what they are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Measures {
    /// All of them.
    pub all: Vec<LabelMeasure>,
    /// The label is of the goods themselves (AI 01), not of a pallet that holds them (AI 02).
    pub own: bool,
    /// The goods vary in measure (their GTIN begins with 9, or the shop labels them): a pack says nothing of how much there is.
    pub variable: bool,
}

/// What the measures of a label say of how much one scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// So much, thousandths of the base unit.
    Is(i64),
    /// In the variant's unit, but nothing, too much, or finer than thousandths.
    Unfit,
    /// Nobody can tell from the label in which unit the variant is counted.
    Ask,
}

/// What measures how much there is of a thing. Widths, depths and gross weights do not.
const AMOUNTS: [&str; 4] = ["NET WEIGHT", "LENGTH", "AREA", "NET VOLUME"];

/// Units of a variant, exactly as written: what measures in them, the label's unit, and how many of the variant's units one
/// of the label's is, as a power of ten. `oz` is missing: it is a mass and a volume.
const UNITS: [(&str, &str, &str, u8); 25] = [
    ("kg", "NET WEIGHT", "kg", 0),
    ("g", "NET WEIGHT", "kg", 3),
    ("lb", "NET WEIGHT", "lb", 0),
    ("m", "LENGTH", "m", 0),
    ("cm", "LENGTH", "m", 2),
    ("mm", "LENGTH", "m", 3),
    ("in", "LENGTH", "in", 0),
    ("ft", "LENGTH", "ft", 0),
    ("yd", "LENGTH", "yd", 0),
    ("m²", "AREA", "m²", 0),
    ("m2", "AREA", "m²", 0),
    ("ft²", "AREA", "ft²", 0),
    ("ft2", "AREA", "ft²", 0),
    ("yd²", "AREA", "yd²", 0),
    ("yd2", "AREA", "yd²", 0),
    ("l", "NET VOLUME", "l", 0),
    ("L", "NET VOLUME", "l", 0),
    ("cl", "NET VOLUME", "l", 2),
    ("cL", "NET VOLUME", "l", 2),
    ("ml", "NET VOLUME", "l", 3),
    ("mL", "NET VOLUME", "l", 3),
    ("m³", "NET VOLUME", "m³", 0),
    ("m3", "NET VOLUME", "m³", 0),
    ("ft³", "NET VOLUME", "ft³", 0),
    ("ft3", "NET VOLUME", "ft³", 0),
];

impl Measures {
    /// Those of one reading.
    pub(crate) fn of(candidate: &ScanCandidate) -> Self {
        let text = |it: &stocksync_gs1::Measure| LabelMeasure {
            name: it.name.to_owned(),
            unit: it.unit.to_owned(),
            value: it.value.to_string(),
            logistic: it.logistic,
        };
        let gtin = candidate.gtin.as_ref().or(candidate.contained_gtin.as_ref());
        Self {
            all: candidate.measures.iter().map(text).collect(),
            own: candidate.gtin.is_some(),
            variable: candidate.restricted_key.is_some() || gtin.is_some_and(|it| it.as_str().starts_with('9')),
        }
    }

    /// What they say of a variant that is counted in `unit`, of which people enter `decimals` digits after the point. None:
    /// nothing, its pack says how much.
    pub(crate) fn say(&self, unit: &str, decimals: i64) -> Option<Measured> {
        let amounts = || self.all.iter().filter(|it| !it.logistic && AMOUNTS.contains(&it.name.as_str()));
        amounts().next()?;
        let exact = UNITS.iter().find(|(it, ..)| *it == unit);
        let same = exact.and_then(|(_, name, label, power)| {
            let found = amounts().find(|it| it.name == *name && it.unit == *label)?;
            Some((found, *power))
        });
        match same {
            Some((found, power)) if self.own => {
                let quantity = Decimal::parse(&found.value).and_then(|it| it.in_steps(3 + power));
                let fits = quantity.filter(|it| (1..=limits::QUANTITY).contains(it));
                Some(fits.map_or(Measured::Unfit, Measured::Is))
            }
            // Whole pieces are counted, whatever each weighs.
            same if self.variable && (same.is_some() || decimals > 0) => Some(Measured::Ask),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str, unit: &str, value: &str) -> Measures {
        let all = vec![LabelMeasure { name: name.into(), unit: unit.into(), value: value.into(), logistic: false }];
        Measures { all, own: true, variable: true }
    }

    #[test]
    fn a_measure_is_the_quantity_where_the_units_are_the_same() {
        let weight = label("NET WEIGHT", "kg", "1.750");
        for (unit, expected) in [
            ("kg", Some(Measured::Is(1_750))),
            ("g", Some(Measured::Is(1_750_000))),
            ("KG", Some(Measured::Ask)),
            ("kilo", Some(Measured::Ask)),
            ("l", Some(Measured::Ask)),
            ("", Some(Measured::Ask)),
        ] {
            assert_eq!(weight.say(unit, 3), expected, "{unit}");
        }
        assert_eq!(weight.say("each", 0), None, "whole pieces, whatever each weighs");
        assert_eq!(Measures { variable: false, ..weight.clone() }.say("m", 2), None, "a drum of 100 m says its weight");
        assert_eq!(
            Measures { own: false, ..weight }.say("kg", 3),
            Some(Measured::Ask),
            "of a pallet: of one, or of all?"
        );
    }

    #[test]
    fn nothing_is_rounded_and_nothing_is_too_much() {
        for (value, unit, expected) in [
            ("1.7505", "kg", Measured::Unfit),
            ("1.7505", "g", Measured::Is(1_750_500)),
            ("0.00001", "g", Measured::Is(10)),
            ("0.000", "kg", Measured::Unfit),
            ("999999", "g", Measured::Is(999_999_000_000)),
            ("1000000.001", "g", Measured::Unfit),
        ] {
            assert_eq!(label("NET WEIGHT", "kg", value).say(unit, 3), Some(expected), "{value} {unit}");
        }
    }

    #[test]
    fn a_width_a_gross_weight_and_a_pallet_are_not_how_much_there_is() {
        for name in ["WIDTH", "DEPTH", "GROSS WEIGHT", "MASS PER AREA"] {
            assert_eq!(label(name, "kg", "2").say("kg", 3), None);
        }
        let mut pallet = label("LENGTH", "m", "2");
        pallet.all[0].logistic = true;
        assert_eq!(pallet.say("m", 3), None);
    }
}
