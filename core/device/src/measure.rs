//! From the measures on a label to the quantity of one scan.
//!
//! Owns which unit of a variant matches which unit of a label. Must never guess or round: what does not match exactly is asked
//! of the user.

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
    /// It measures the whole logistic unit rather than the goods.
    pub logistic: bool,
}

impl LabelMeasure {
    /// The value in thousandths of its own unit; none where that would lose digits.
    #[must_use]
    pub fn thousandths(&self) -> Option<i64> {
        Decimal::parse(&self.value)?.in_steps(3)
    }
}

/// The measures on a label, and what they are measures of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Measures {
    /// All of them, in the order of the label.
    pub all: Vec<LabelMeasure>,
    /// The label identifies the goods themselves (AI 01), not a pallet that holds them (AI 02).
    #[serde(rename = "own")]
    pub of_goods: bool,
    /// The goods vary in measure (their GTIN begins with 9, or the shop labels them), so the pack does not give the quantity.
    #[serde(rename = "variable")]
    pub variable_measure: bool,
}

/// The quantity of one scan, as far as the measures on its label give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LabelQuantity {
    /// Thousandths of the base unit.
    #[serde(rename = "is")]
    Exact(i64),
    /// In the variant's unit, but zero, too large, or finer than thousandths.
    #[serde(rename = "unfit")]
    Unusable,
    /// The label measures in another unit than the variant is counted in.
    #[serde(rename = "ask")]
    UnknownUnit,
}

/// Names of the measures that are quantities of goods. Widths, depths and gross weights are not.
const AMOUNTS: [&str; 4] = ["NET WEIGHT", "LENGTH", "AREA", "NET VOLUME"];

/// Base units of variants, exactly as written: the measure in that unit, the label's unit, and how many base units are one of
/// the label's, as a power of ten. `oz` is missing because it is both a mass and a volume.
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
    /// The measures of one reading of a code.
    pub(crate) fn of(candidate: &ScanCandidate) -> Self {
        let measure = |measure: &stocksync_gs1::Measure| LabelMeasure {
            name: measure.name.to_owned(),
            unit: measure.unit.to_owned(),
            value: measure.value.to_string(),
            logistic: measure.logistic,
        };
        let gtin = candidate.gtin.as_ref().or(candidate.contained_gtin.as_ref());
        Self {
            all: candidate.measures.iter().map(measure).collect(),
            of_goods: candidate.gtin.is_some(),
            variable_measure: candidate.restricted_key.is_some()
                || gtin.is_some_and(|gtin| gtin.as_str().starts_with('9')),
        }
    }

    /// The quantity for a variant that is counted in `unit`, of which people enter `decimals` digits after the point. None: the
    /// pack gives the quantity.
    pub(crate) fn quantity_in(&self, unit: &str, decimals: i64) -> Option<LabelQuantity> {
        let amounts =
            || self.all.iter().filter(|measure| !measure.logistic && AMOUNTS.contains(&measure.name.as_str()));
        amounts().next()?;
        let unit = UNITS.iter().find(|(base_unit, ..)| *base_unit == unit);
        let matching = unit.and_then(|(_, name, label_unit, power)| {
            let measure = amounts().find(|measure| measure.name == *name && measure.unit == *label_unit)?;
            Some((measure, *power))
        });
        match matching {
            Some((measure, power)) if self.of_goods => {
                let quantity = Decimal::parse(&measure.value).and_then(|value| value.in_steps(3 + power));
                let quantity = quantity.filter(|quantity| (1..=limits::QUANTITY).contains(quantity));
                Some(quantity.map_or(LabelQuantity::Unusable, LabelQuantity::Exact))
            }
            // Variants without decimals are counted in pieces, whatever each of them weighs.
            matching if self.variable_measure && (matching.is_some() || decimals > 0) => {
                Some(LabelQuantity::UnknownUnit)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str, unit: &str, value: &str) -> Measures {
        let all = vec![LabelMeasure { name: name.into(), unit: unit.into(), value: value.into(), logistic: false }];
        Measures { all, of_goods: true, variable_measure: true }
    }

    #[test]
    fn a_measure_is_the_quantity_where_the_units_are_the_same() {
        let weight = label("NET WEIGHT", "kg", "1.750");
        for (unit, expected) in [
            ("kg", Some(LabelQuantity::Exact(1_750))),
            ("g", Some(LabelQuantity::Exact(1_750_000))),
            ("KG", Some(LabelQuantity::UnknownUnit)),
            ("kilo", Some(LabelQuantity::UnknownUnit)),
            ("l", Some(LabelQuantity::UnknownUnit)),
            ("", Some(LabelQuantity::UnknownUnit)),
        ] {
            assert_eq!(weight.quantity_in(unit, 3), expected, "{unit}");
        }
        assert_eq!(weight.quantity_in("each", 0), None, "whole pieces, whatever each weighs");
        assert_eq!(
            Measures { variable_measure: false, ..weight.clone() }.quantity_in("m", 2),
            None,
            "a drum of 100 m says its weight"
        );
        assert_eq!(
            Measures { of_goods: false, ..weight }.quantity_in("kg", 3),
            Some(LabelQuantity::UnknownUnit),
            "of a pallet: of one, or of all?"
        );
    }

    #[test]
    fn nothing_is_rounded_and_nothing_is_too_much() {
        for (value, unit, expected) in [
            ("1.7505", "kg", LabelQuantity::Unusable),
            ("1.7505", "g", LabelQuantity::Exact(1_750_500)),
            ("0.00001", "g", LabelQuantity::Exact(10)),
            ("0.000", "kg", LabelQuantity::Unusable),
            ("999999", "g", LabelQuantity::Exact(999_999_000_000)),
            ("1000000.001", "g", LabelQuantity::Unusable),
        ] {
            assert_eq!(label("NET WEIGHT", "kg", value).quantity_in(unit, 3), Some(expected), "{value} {unit}");
        }
    }

    #[test]
    fn a_width_a_gross_weight_and_a_pallet_are_not_how_much_there_is() {
        for name in ["WIDTH", "DEPTH", "GROSS WEIGHT", "MASS PER AREA"] {
            assert_eq!(label(name, "kg", "2").quantity_in("kg", 3), None);
        }
        let mut pallet = label("LENGTH", "m", "2");
        pallet.all[0].logistic = true;
        assert_eq!(pallet.quantity_in("m", 3), None);
    }
}
