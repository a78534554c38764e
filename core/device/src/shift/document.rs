//! Documents that are worked off by scanning: an order to pick, a delivery to receive.
//!
//! Owns what is still to come of each line. A pick is a promise and is blocked beyond it; a delivery is a fact and is told.

use serde::{Deserialize, Serialize};
use stocksync_schemas::{VariantId, limits};

use crate::Error;

/// A document whose lines are worked off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Its number; stands in every op as reference.
    pub reference: String,
    /// One line a variant; none: a number that stands in every op, and anything goes.
    pub lines: Vec<ExpectedLine>,
}

/// What a document says of one variant. Earlier versions wrote two values in a row: those are read as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedLine {
    /// Which.
    pub variant: VariantId,
    /// How much is still to come, thousandths; below zero: so much more came.
    pub left: i64,
    /// How much more than asked for is as good as asked for, thousandths: no warning at a delivery, no block at a pick.
    #[serde(default)]
    pub over: i64,
}

impl ExpectedLine {
    /// A line that takes exactly what it says.
    #[must_use]
    pub fn new(variant: VariantId, quantity: i64) -> Self {
        Self { variant, left: quantity, over: 0 }
    }
}

/// A document within its limits, with one line a variant: it may name a thing on several, scanning works off their sum.
pub(super) fn checked(mut it: Expected) -> Result<Expected, Error> {
    let invalid = |field, reason: String| Err(Error::Invalid { field, reason });
    if it.lines.len() > limits::EXPECTED_LINES {
        return invalid("expected", format!("at most {} lines", limits::EXPECTED_LINES));
    }
    if it.reference.len() > limits::TEXT_BYTES {
        return invalid("reference", format!("at most {} bytes", limits::TEXT_BYTES));
    }
    if it.lines.iter().any(|line| line.over < 0) {
        return invalid("over", "is not below zero".to_owned());
    }
    let mut sums: Vec<ExpectedLine> = Vec::new();
    for line in it.lines {
        match sums.iter_mut().find(|sum| sum.variant == line.variant) {
            Some(sum) => {
                sum.left = sum.left.saturating_add(line.left);
                sum.over = sum.over.saturating_add(line.over);
            }
            None => sums.push(line),
        }
    }
    it.lines = sums;
    Ok(it)
}

/// Takes what was scanned off the document; answers whether it was more than expected.
pub(super) fn draw(
    expected: &mut Option<Expected>,
    variant: VariantId,
    quantity: i64,
    picking: bool,
) -> Result<bool, ()> {
    let Some(expected) = expected.as_mut().filter(|it| !it.lines.is_empty()) else { return Ok(false) };
    match expected.lines.iter_mut().find(|it| it.variant == variant) {
        Some(line) => {
            let left = line.left.saturating_sub(quantity);
            let beyond = left < line.over.saturating_neg();
            if beyond && picking {
                return Err(());
            }
            line.left = left;
            Ok(beyond)
        }
        None if picking => Err(()),
        None => {
            expected.lines.push(ExpectedLine::new(variant, quantity.saturating_neg()));
            Ok(true)
        }
    }
}

/// Gives back what was taken off: it did not happen.
pub(super) fn give_back(expected: &mut Option<Expected>, taken: Option<(VariantId, i64)>) {
    if let (Some(expected), Some((variant, quantity))) = (expected, taken)
        && let Some(line) = expected.lines.iter_mut().find(|it| it.variant == variant)
    {
        line.left = line.left.saturating_add(quantity);
    }
}
