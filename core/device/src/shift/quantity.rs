//! How much one scan is: what the person said, what the label measures, or its pack.
//!
//! Owns their order. Must never round: what is no whole number of thousandths is told.

use stocksync_schemas::limits;

use super::event::{HeldScan, Reading, Thing};
use crate::measure::Measured;

pub(super) fn is_serial(lot: &str) -> bool {
    lot.starts_with("21:")
}

/// How much a scan is.
pub(super) enum HowMuch {
    Is(i64),
    NotWhole,
    /// The person must say.
    Asked(Measured),
}

/// What the person said goes before what the label measures, and that before the pack. A serial is one, whatever it weighs.
pub(super) fn how_much(thing: &Thing, reading: &Reading, times: u32) -> HowMuch {
    let serial = is_serial(&reading.lot);
    let sure = match (reading.amount, thing.measured) {
        (Some(amount), _) => Some(amount).filter(|it| (1..=limits::QUANTITY).contains(it) && (!serial || *it == 1_000)),
        (None, Some(Measured::Is(one))) if !serial => measured(one, times, reading.inside),
        (None, Some(open)) if !serial => return HowMuch::Asked(open),
        _ => packs(thing, times, serial),
    };
    sure.map_or(HowMuch::NotWhole, HowMuch::Is)
}

/// A measure is of all that is inside.
fn measured(one: i64, times: u32, inside: Option<u32>) -> Option<i64> {
    let times = times / inside.unwrap_or(1).max(1);
    one.checked_mul(i64::from(times)).filter(|it| (1..=limits::QUANTITY).contains(it))
}

/// One scan of a thing again, thousandths.
pub(super) fn one_pack(thing: &Thing, reading: &Reading, quantity: i64) -> i64 {
    match how_much(thing, reading, reading.inside.filter(|_| thing.measured.is_some()).unwrap_or(1)) {
        HowMuch::Is(one) => one,
        _ => quantity,
    }
}

/// How much a held scan is, now that its thing is known; none where that is no whole number of thousandths. Whoever names
/// the thing says its pack: where its label measures in another unit, that is what counts.
pub(super) fn held_quantity(thing: &Thing, held: &HeldScan) -> Option<i64> {
    let serial = is_serial(&held.lot);
    match thing.measured {
        Some(Measured::Is(one)) if !serial => measured(one, held.times, held.inside),
        Some(Measured::Unfit) if !serial => None,
        _ => packs(thing, held.times, serial),
    }
}

/// Thousandths in so many packs; a serial is one. None where a pack is not a whole number of thousandths.
fn packs(thing: &Thing, times: u32, serial: bool) -> Option<i64> {
    if serial {
        return (times == 1).then_some(1_000);
    }
    let whole = i128::from(thing.pack_numerator) * i128::from(times) * 1_000;
    let denominator = i128::from(thing.pack_denominator);
    if denominator <= 0 || whole <= 0 || whole % denominator != 0 {
        return None;
    }
    i64::try_from(whole / denominator).ok().filter(|quantity| *quantity <= limits::QUANTITY)
}
