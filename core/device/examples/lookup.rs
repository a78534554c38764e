//! How long a scanned code takes to be found among 100,000 identifiers, from the text to the variant and its balances.
//!
//! `cargo run --release -p stocksync-core --example lookup [identifiers]`
#![allow(clippy::print_stdout, clippy::float_arithmetic)] // a command talks to its user; no stock, no money

use std::time::Instant;

use stocksync_core::Inventory;
use stocksync_core::records::{MAX_EDITS, RecordEdit};
use stocksync_core::shift::{Input, Scan, Source};
use stocksync_schemas::VariantId;

const LOOKUPS: u64 = 5_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let identifiers: u64 = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let inventory = Inventory::open(&folder.path().join("core.sqlite"))?;
    let numbers: Vec<u64> = (0..identifiers).collect();
    for batch in numbers.chunks(MAX_EDITS) {
        let edits = batch.iter().map(|number| RecordEdit::identifier(variant(*number), "gtin", &gtin(*number), (1, 1)));
        inventory.edit(edits.collect())?;
    }
    let (mut found, mut unknown, mut shift) = (Vec::new(), Vec::new(), Vec::new());
    for step in 0..LOOKUPS {
        let number = step.wrapping_mul(0x9E37_79B9_7F4A_7C15) % identifiers;
        let code = gtin(number).split_off(1);
        let began = Instant::now();
        let matches = inventory.lookup(&code, Some("]E0"))?.matches.len();
        found.push(began.elapsed().as_nanos());
        if matches != 1 {
            return Err(format!("{code} names {matches} variants").into());
        }
        let began = Instant::now();
        inventory.lookup(&gtin(identifiers + number).split_off(1), Some("]E0"))?;
        unknown.push(began.elapsed().as_nanos());
        let scan = Scan { text: gtin(identifiers + number), aim: None, source: Source::Scanner };
        let began = Instant::now();
        inventory.shift(Input::Scan(scan))?;
        shift.push(began.elapsed().as_nanos());
    }
    println!("{identifiers} identifiers, {LOOKUPS} look-ups each");
    for (name, spans) in [("known", found), ("unknown", unknown), ("shift, look-up mode", shift)] {
        let (p50, p95) = percentiles(spans);
        println!("{name}: p50 {p50:.0} us, p95 {p95:.0} us");
    }
    Ok(())
}

/// GTIN-14 of a number, with its check digit.
fn gtin(number: u64) -> String {
    let body = format!("0{:012}", 400_000_000_000 + number * 7);
    let check = stocksync_gs1::check_digit(&body).unwrap_or('0');
    format!("{body}{check}")
}

fn variant(number: u64) -> VariantId {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&(number % 50_000).to_be_bytes());
    VariantId(bytes)
}

fn percentiles(mut spans: Vec<u128>) -> (f64, f64) {
    spans.sort_unstable();
    let at = |share: usize| spans.get(spans.len() * share / 100).copied().unwrap_or_default() as f64 / 1e3;
    (at(50), at(95))
}
