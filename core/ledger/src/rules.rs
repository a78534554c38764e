//! The rules that an op must satisfy, on the phone before capture and on the server before acceptance alike.
//!
//! Owns the rules of form and range. Must never refuse a physical fact for what it says about the stock: an op that takes a
//! balance below zero is valid, and the fold opens an exception.
//!
//! ```
//! use stocksync_ledger::rules::{RuleError, check};
//! use stocksync_schemas::{
//!     Body, BootId, CaptureTime, Cell, Code, Count, Lane, Location, Op, ReplicaId, UserId, VariantId,
//! };
//!
//! let op = |counted| {
//!     let cell = Cell { variant: VariantId([1; 16]), location: Location([2; 16]), lot: "10:L7".to_owned() };
//!     let captured = CaptureTime { wall_ms: 0, boot_ms: 0, boot: BootId::default(), took_ms: 0 };
//!     let lane = Lane { replica: ReplicaId([3; 16]), seq: 1 };
//!     let count = Count { cell, counted, expected: None, session: None };
//!     Op::new(lane, captured, UserId::default(), Body::Count(count))
//! };
//! assert_eq!(check(&op(45_000)), Ok(()));
//! assert_eq!(check(&op(-1)).map_err(|error| error.code()), Err(Code::QuantityOutOfRange));
//! ```

use std::collections::BTreeSet;

use stocksync_schemas::{Body, Cell, Close, Code, Count, Move, Op, limits};

/// A rule that an op breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A quantity is not in its range.
    #[error("{field} must be from {least} to {most} thousandths, not {found}")]
    Quantity {
        /// Which field.
        field: &'static str,
        /// Smallest value allowed.
        least: i64,
        /// Largest value allowed.
        most: i64,
        /// The value given.
        found: i64,
    },
    /// A text or list is longer than allowed, or empty where it must not be.
    #[error("{field}: {found}, at most {most} are allowed")]
    TooMany {
        /// Which field.
        field: &'static str,
        /// Largest length or number allowed.
        most: usize,
        /// The length or number given.
        found: usize,
    },
    /// Any other rule, as a sentence.
    #[error("{0}")]
    Broken(&'static str),
}

impl RuleError {
    /// The registered code with which a server answers.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Quantity { .. } => Code::QuantityOutOfRange,
            Self::TooMany { .. } | Self::Broken(_) => Code::InvalidBody,
        }
    }
}

/// Checks an op against every rule of its kind. Of kinds that this build does not know only the envelope and the size are
/// checked.
///
/// # Errors
/// [`RuleError`] names the first rule broken: the app corrects the input; the server rejects the op for good.
pub fn check(op: &Op) -> Result<(), RuleError> {
    ensure(op.lane.seq > 0, "seq counts from 1")?;
    ensure(op.captured.took_ms <= limits::TOOK_MS, "no act takes longer than a week")?;
    ensure((0..=limits::TIME_MS).contains(&op.captured.wall_ms), "the wall clock is out of range")?;
    ensure((0..=limits::TIME_MS).contains(&op.captured.boot_ms), "the boot clock is out of range")?;
    check_length("bytes of the body", op.body.encode().len(), limits::BODY_BYTES)?;
    match &op.body {
        Body::Move(movement) => check_movement(movement),
        Body::Count(count) => check_count(count),
        Body::Close(close) => check_close(close),
        Body::Void(void) => {
            ensure(void.target.lane != op.lane, "a void cannot name itself")?;
            check_text("reason", &void.reason, limits::REASON_BYTES)
        }
        Body::Record(record) => {
            ensure(!record.collection.is_empty(), "a record change names a collection")?;
            check_text("collection", &record.collection, limits::COLLECTION_BYTES)?;
            check_length("bytes of the change", record.change.len(), limits::RECORD_CHANGE_BYTES)
        }
        Body::Opaque(_) => Ok(()),
    }
}

/// Checks the ends, lines and texts of a movement.
fn check_movement(movement: &Move) -> Result<(), RuleError> {
    ensure(movement.from != movement.to, "a movement has two ends")?;
    ensure(!movement.lines.is_empty(), "a movement has a line")?;
    check_length("lines", movement.lines.len(), limits::LINES)?;
    check_text("reason", &movement.reason, limits::REASON_BYTES)?;
    check_text("reference", &movement.reference, limits::TEXT_BYTES)?;
    for line in &movement.lines {
        check_quantity("a line's quantity", line.quantity, 1)?;
        check_lot(&line.lot)?;
        check_text("what was entered", &line.entered, limits::TEXT_BYTES)?;
        if let Some(cost) = &line.unit_cost {
            let is_code = cost.currency.len() == 3 && cost.currency.bytes().all(|byte| byte.is_ascii_uppercase());
            ensure(is_code, "a currency is three capital letters (ISO 4217)")?;
            ensure(cost.amount >= 0, "a unit cost is not negative")?;
        }
    }
    Ok(())
}

/// Checks the cell and quantity of a count.
fn check_count(count: &Count) -> Result<(), RuleError> {
    check_cell(&count.cell)?;
    check_quantity("what was counted", count.counted, 0)
}

/// Checks the parts and locations of a close. A cell without counts is paid for like one count.
fn check_close(close: &Close) -> Result<(), RuleError> {
    check_length("counts", close.parts.iter().map(|part| part.counts.len().max(1)).sum(), limits::CLOSE_COUNTS)?;
    check_length("locations", close.complete.len(), limits::CLOSE_LOCATIONS)?;
    let cells: BTreeSet<&Cell> = close.parts.iter().map(|part| &part.cell).collect();
    ensure(cells.len() == close.parts.len(), "a close names each cell once")?;
    ensure(close.complete.iter().all(|location| !location.is_virtual()), "virtual locations cannot be counted")?;
    close.parts.iter().try_for_each(|part| check_cell(&part.cell))
}

/// Checks that a cell can be counted.
fn check_cell(cell: &Cell) -> Result<(), RuleError> {
    ensure(!cell.location.is_virtual(), "virtual locations cannot be counted")?;
    check_lot(&cell.lot)
}

/// Checks the form of a lot's code.
fn check_lot(code: &str) -> Result<(), RuleError> {
    check_text("a lot", code, limits::LOT_BYTES)?;
    let named = code.strip_prefix("10:").or_else(|| code.strip_prefix("21:")).is_some_and(|rest| !rest.is_empty());
    ensure(code.is_empty() || named, "a lot is empty, 10:CODE or 21:SERIAL")
}

/// Checks that a quantity is from `least` to the largest one.
fn check_quantity(field: &'static str, found: i64, least: i64) -> Result<(), RuleError> {
    if (least..=limits::QUANTITY).contains(&found) {
        Ok(())
    } else {
        Err(RuleError::Quantity { field, least, most: limits::QUANTITY, found })
    }
}

/// Checks the length of a text, in bytes, and that it has no control characters.
fn check_text(field: &'static str, found: &str, limit: usize) -> Result<(), RuleError> {
    ensure(!found.chars().any(char::is_control), "texts hold no control characters")?;
    check_length(field, found.len(), limit)
}

/// Checks a length or number against its limit.
fn check_length(field: &'static str, found: usize, most: usize) -> Result<(), RuleError> {
    if found <= most { Ok(()) } else { Err(RuleError::TooMany { field, most, found }) }
}

/// The rule as an error unless it holds.
fn ensure(holds: bool, rule: &'static str) -> Result<(), RuleError> {
    if holds { Ok(()) } else { Err(RuleError::Broken(rule)) }
}
