//! Documents that are worked off by scanning: an order to pick, a delivery to receive.
//!
//! Owns how much each line still expects. Must never block a delivery: more than expected is recorded with a warning, while a
//! pick beyond its document is refused.

use serde::{Deserialize, Serialize};
use stocksync_schemas::{VariantId, limits};

use crate::Error;

/// A document whose lines are worked off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedDocument {
    /// Its number; written into every op as reference.
    pub reference: String,
    /// One line per variant. Without lines the number is written into every op and anything may be scanned.
    pub lines: Vec<ExpectedLine>,
}

/// What a document expects of one variant. The first version stored it as an array of two values, which still decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedLine {
    /// Which variant.
    pub variant: VariantId,
    /// What is still expected, thousandths; negative where more was scanned than expected.
    pub left: i64,
    /// Tolerance, thousandths: this much more than expected gives no warning at a delivery and is not refused at a pick.
    #[serde(default)]
    pub over: i64,
}

impl ExpectedLine {
    /// A line without tolerance.
    #[must_use]
    pub fn new(variant: VariantId, quantity: i64) -> Self {
        Self { variant, left: quantity, over: 0 }
    }
}

/// A document was refused: the pick is not on it, or beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotExpected;

/// Checks the limits of a document and sums the lines of each variant: scanning cannot tell two lines of one variant apart.
pub(super) fn validate(mut document: ExpectedDocument) -> Result<ExpectedDocument, Error> {
    let invalid = |field, reason: String| Err(Error::Invalid { field, reason });
    if document.lines.len() > limits::EXPECTED_LINES {
        return invalid("expected", format!("at most {} lines", limits::EXPECTED_LINES));
    }
    if document.reference.len() > limits::TEXT_BYTES {
        return invalid("reference", format!("at most {} bytes", limits::TEXT_BYTES));
    }
    if document.lines.iter().any(|line| line.over < 0) {
        return invalid("over", "must not be negative".to_owned());
    }
    let mut sums: Vec<ExpectedLine> = Vec::new();
    for line in document.lines {
        match sums.iter_mut().find(|sum| sum.variant == line.variant) {
            Some(sum) => {
                sum.left = sum.left.saturating_add(line.left);
                sum.over = sum.over.saturating_add(line.over);
            }
            None => sums.push(line),
        }
    }
    document.lines = sums;
    Ok(document)
}

/// Consumes a scanned quantity from the document; answers whether it was more than expected. `outbound`: refuse that instead.
pub(super) fn consume_expected(
    document: &mut Option<ExpectedDocument>,
    variant: VariantId,
    quantity: i64,
    outbound: bool,
) -> Result<bool, NotExpected> {
    let Some(document) = document.as_mut().filter(|document| !document.lines.is_empty()) else { return Ok(false) };
    match document.lines.iter_mut().find(|line| line.variant == variant) {
        Some(line) => {
            let left = line.left.saturating_sub(quantity);
            let beyond = left < line.over.saturating_neg();
            if beyond && outbound {
                return Err(NotExpected);
            }
            line.left = left;
            Ok(beyond)
        }
        None if outbound => Err(NotExpected),
        None => {
            document.lines.push(ExpectedLine::new(variant, quantity.saturating_neg()));
            Ok(true)
        }
    }
}

/// Restores what a scan consumed from the document, after the scan was voided.
pub(super) fn restore_expected(document: &mut Option<ExpectedDocument>, consumed: Option<(VariantId, i64)>) {
    if let (Some(document), Some((variant, quantity))) = (document, consumed)
        && let Some(line) = document.lines.iter_mut().find(|line| line.variant == variant)
    {
        line.left = line.left.saturating_add(quantity);
    }
}
