//! What an op must satisfy, the same on the phone before capture and on the server before acceptance.
//!
//! Owns the rules of form and range. Must never refuse a physical fact for what it says about the stock: below zero is
//! recorded truthfully.

use std::collections::BTreeSet;

use stocksync_schemas::{Body, Cell, Close, Code, Count, Move, Op, limits};

/// A rule that an op breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A quantity is not in its range.
    #[error("{field} must be from {least} to {most} thousandths, not {found}")]
    Quantity {
        /// Which.
        field: &'static str,
        /// Smallest allowed.
        least: i64,
        /// Largest allowed.
        most: i64,
        /// What was given.
        found: i64,
    },
    /// A text or list is longer than allowed, or empty where it must not be.
    #[error("{field} holds {found}, at most {most} are allowed")]
    TooMany {
        /// Which.
        field: &'static str,
        /// Largest allowed.
        most: usize,
        /// What was given.
        found: usize,
    },
    /// Any other rule.
    #[error("{0}")]
    Broken(&'static str),
}

impl RuleError {
    /// The registered code that answers it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Quantity { .. } => Code::QuantityOutOfRange,
            Self::TooMany { .. } | Self::Broken(_) => Code::InvalidBody,
        }
    }
}

/// Checks an op against every rule of its kind. Kinds this build does not know are checked for size alone.
///
/// # Errors
/// [`RuleError`] names the first rule broken: the app corrects the input; the server rejects the op for good.
pub fn check(op: &Op) -> Result<(), RuleError> {
    ensure(op.lane.seq > 0, "seq counts from 1")?;
    ensure(op.captured.took_ms <= limits::TOOK_MS, "no act takes longer than a week")?;
    ensure((0..=limits::TIME_MS).contains(&op.captured.wall_ms), "the wall clock is out of range")?;
    ensure((0..=limits::TIME_MS).contains(&op.captured.boot_ms), "the boot clock is out of range")?;
    most("bytes of the body", op.body.encode().len(), limits::BODY_BYTES)?;
    match &op.body {
        Body::Move(it) => movement(it),
        Body::Count(it) => count(it),
        Body::Close(it) => close(it),
        Body::Void(it) => {
            ensure(it.target.lane != op.lane, "a void cannot name itself")?;
            text("reason", &it.reason, limits::REASON_BYTES)
        }
        Body::Record(it) => {
            ensure(!it.collection.is_empty(), "a record has a collection")?;
            text("collection", &it.collection, limits::COLLECTION_BYTES)?;
            most("bytes of the change", it.change.len(), limits::RECORD_CHANGE_BYTES)
        }
        Body::Opaque(_) => Ok(()),
    }
}

fn movement(it: &Move) -> Result<(), RuleError> {
    ensure(it.from != it.to, "a movement has two ends")?;
    ensure(!it.lines.is_empty(), "a movement has a line")?;
    most("lines", it.lines.len(), limits::LINES)?;
    text("reason", &it.reason, limits::REASON_BYTES)?;
    text("reference", &it.reference, limits::TEXT_BYTES)?;
    for line in &it.lines {
        quantity("a line's quantity", line.quantity, 1)?;
        lot(&line.lot)?;
        text("what was entered", &line.entered, limits::TEXT_BYTES)?;
        if let Some(cost) = &line.unit_cost {
            let is_code = cost.currency.len() == 3 && cost.currency.bytes().all(|byte| byte.is_ascii_uppercase());
            ensure(is_code, "a currency is three capital letters (ISO 4217)")?;
            ensure(cost.amount >= 0, "a unit cost is not negative")?;
        }
    }
    Ok(())
}

fn count(it: &Count) -> Result<(), RuleError> {
    cell(&it.cell)?;
    quantity("what was counted", it.counted, 0)
}

fn close(it: &Close) -> Result<(), RuleError> {
    most("counts", it.parts.iter().map(|part| part.counts.len().max(1)).sum(), limits::CLOSE_COUNTS)?;
    most("locations", it.complete.len(), limits::CLOSE_LOCATIONS)?;
    let cells: BTreeSet<&Cell> = it.parts.iter().map(|part| &part.cell).collect();
    ensure(cells.len() == it.parts.len(), "a close names each cell once")?;
    ensure(it.complete.iter().all(|location| !location.is_virtual()), "virtual locations cannot be counted")?;
    it.parts.iter().try_for_each(|part| cell(&part.cell))
}

fn cell(it: &Cell) -> Result<(), RuleError> {
    ensure(!it.location.is_virtual(), "virtual locations cannot be counted")?;
    lot(&it.lot)
}

fn lot(code: &str) -> Result<(), RuleError> {
    text("a lot", code, limits::LOT_BYTES)?;
    let named = code.strip_prefix("10:").or_else(|| code.strip_prefix("21:")).is_some_and(|rest| !rest.is_empty());
    ensure(code.is_empty() || named, "a lot is empty, 10:CODE or 21:SERIAL")
}

fn quantity(field: &'static str, found: i64, least: i64) -> Result<(), RuleError> {
    if (least..=limits::QUANTITY).contains(&found) {
        Ok(())
    } else {
        Err(RuleError::Quantity { field, least, most: limits::QUANTITY, found })
    }
}

fn text(field: &'static str, found: &str, limit: usize) -> Result<(), RuleError> {
    ensure(!found.chars().any(char::is_control), "texts hold no control characters")?;
    most(field, found.len(), limit)
}

fn most(field: &'static str, found: usize, most: usize) -> Result<(), RuleError> {
    if found <= most { Ok(()) } else { Err(RuleError::TooMany { field, most, found }) }
}

fn ensure(holds: bool, rule: &'static str) -> Result<(), RuleError> {
    if holds { Ok(()) } else { Err(RuleError::Broken(rule)) }
}
