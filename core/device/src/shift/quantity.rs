//! The quantity of one scan.
//!
//! Owns the order of precedence: what the user entered, then what the label measures, then the pack. Must never round: a
//! quantity that is no whole number of thousandths is reported.

use stocksync_schemas::limits;

use super::event::{HeldScan, ResolvedScan, VariantMatch};
use crate::measure::LabelQuantity;

/// One piece in thousandths: the only quantity of a serial.
const ONE: i64 = 1_000;

pub(super) fn is_serial(lot: &str) -> bool {
    lot.starts_with("21:")
}

/// The quantity of one scan.
pub(super) enum ScanQuantity {
    /// Thousandths.
    Known(i64),
    /// No whole number of thousandths within the limits.
    Invalid,
    /// The label measures it, but not in a way that can be recorded: the user must enter it.
    MustAsk(LabelQuantity),
}

/// The quantity of a scan of `times` packs. A serial is one, whatever its label measures.
pub(super) fn scan_quantity(found: &VariantMatch, scan: &ResolvedScan, times: u32) -> ScanQuantity {
    let serial = is_serial(&scan.lot);
    let quantity = match (scan.amount, found.label_quantity) {
        (Some(amount), _) => within_limits(amount).filter(|amount| !serial || *amount == ONE),
        (None, Some(LabelQuantity::Exact(one))) if !serial => measured_quantity(one, times, scan.contained_packs),
        (None, Some(open)) if !serial => return ScanQuantity::MustAsk(open),
        _ => pack_quantity(found, times, serial),
    };
    quantity.map_or(ScanQuantity::Invalid, ScanQuantity::Known)
}

/// One more scan of the same label, thousandths: the unit of a later correction in packs.
pub(super) fn one_pack(found: &VariantMatch, scan: &ResolvedScan, quantity: i64) -> i64 {
    let times = scan.contained_packs.filter(|_| found.label_quantity.is_some()).unwrap_or(1);
    match scan_quantity(found, scan, times) {
        ScanQuantity::Known(one) => one,
        _ => quantity,
    }
}

/// The quantity of a held scan whose variant is known now; none where it is no whole number of thousandths. A label that
/// measures in another unit than the variant is counted in does not ask here: the pack that the user assigned counts.
pub(super) fn held_quantity(found: &VariantMatch, held: &HeldScan) -> Option<i64> {
    let serial = is_serial(&held.lot);
    match found.label_quantity {
        Some(LabelQuantity::Exact(one)) if !serial => measured_quantity(one, held.times, held.contained_packs),
        Some(LabelQuantity::Unusable) if !serial => None,
        _ => pack_quantity(found, held.times, serial),
    }
}

fn within_limits(quantity: i64) -> Option<i64> {
    Some(quantity).filter(|quantity| (1..=limits::QUANTITY).contains(quantity))
}

/// The measure of a label covers all packs that it says are inside.
fn measured_quantity(one: i64, times: u32, contained_packs: Option<u32>) -> Option<i64> {
    let labels = times / contained_packs.unwrap_or(1).max(1);
    one.checked_mul(i64::from(labels)).and_then(within_limits)
}

/// Thousandths in `times` packs; none where that is no whole number.
fn pack_quantity(found: &VariantMatch, times: u32, serial: bool) -> Option<i64> {
    if serial {
        return (times == 1).then_some(ONE);
    }
    let numerator = i128::from(found.pack_numerator) * i128::from(times) * 1_000;
    let denominator = i128::from(found.pack_denominator);
    if denominator <= 0 || numerator <= 0 || numerator % denominator != 0 {
        return None;
    }
    i64::try_from(numerator / denominator).ok().and_then(within_limits)
}
