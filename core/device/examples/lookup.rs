//! How long a scanned code takes from its text to the answer, among 90,000 identifiers (a device stores at most
//! 100,000 pending ops, and the records and acts of the bench are ops, too): the look-up alone, and the shift's
//! whole way to a durable movement.
//!
//! `cargo run --release -p stocksync-core --example lookup [identifiers]`
#![allow(clippy::print_stdout, clippy::float_arithmetic)] // a command talks to its user; no stock, no money

use std::time::Instant;

use stocksync_core::Inventory;
use stocksync_core::records::{MAX_EDITS, RecordEdit};
use stocksync_core::shift::{Scan, ScanSource, ShiftCommand, ShiftInput, ShiftMode, ShiftOutcome};
use stocksync_ledger::records::{Edit, FieldValue};
use stocksync_schemas::{Location, RecordId, VariantId};

const LOOKUPS: u64 = 5_000;
/// Variants with a record of their own: the first identifiers name these.
const RECORDS: u64 = 2_000;
const BIN: Location = Location([9; 16]);

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let identifiers: u64 = std::env::args().nth(1).map_or(Ok(90_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let inventory = Inventory::open(&folder.path().join("core.sqlite"))?;
    let numbers: Vec<u64> = (0..identifiers).collect();
    for batch in numbers.chunks(MAX_EDITS) {
        let edits = batch.iter().map(|number| RecordEdit::identifier(variant(*number), "gtin", &gtin(*number), (1, 1)));
        inventory.edit(edits.collect())?;
    }
    let numbers: Vec<u64> = (0..RECORDS).collect();
    for batch in numbers.chunks(MAX_EDITS) {
        inventory.edit(batch.iter().map(|number| variant_record(*number)).collect())?;
    }
    println!("{identifiers} identifiers, {LOOKUPS} each");
    look_up(&inventory, identifiers)?;
    work(&inventory)
}

fn look_up(inventory: &Inventory, identifiers: u64) -> Result<(), Failure> {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for step in 0..LOOKUPS {
        let number = step.wrapping_mul(0x9E37_79B9_7F4A_7C15) % identifiers;
        let code = gtin(number).split_off(1);
        let mut matches = 0;
        found.push(timed(|| {
            matches = inventory.lookup(&code, Some("]E0"))?.matches.len();
            Ok(())
        })?);
        if matches != 1 {
            return Err(format!("{code} names {matches} variants").into());
        }
        unknown.push(timed(|| {
            inventory.lookup(&gtin(identifiers + number).split_off(1), Some("]E0"))?;
            Ok(())
        })?);
    }
    print("look-up, known", found);
    print("look-up, unknown", unknown);
    Ok(())
}

/// A shift over variants that have a record: shown, seen again by the camera, received, counted.
fn work(inventory: &Inventory) -> Result<(), Failure> {
    let scan = |number: u64, source| ShiftInput::Scan(Scan { text: gtin(number), aim: None, source });
    let pick = |step: u64| step.wrapping_mul(0x9E37_79B9_7F4A_7C15) % RECORDS;
    let (mut shown, mut again) = (Vec::new(), Vec::new());
    for step in 0..LOOKUPS {
        shown.push(timed(|| answered(inventory, scan(pick(step), ScanSource::Camera)).map(drop))?);
        again.push(timed(|| match inventory.shift(scan(pick(step), ScanSource::Camera))?.signal {
            None => Ok(()),
            Some(_) => Err("the camera has not moved".into()),
        })?);
    }
    print("shift, look-up mode", shown);
    print("shift, same code before the camera", again);
    inventory.shift(ShiftInput::Location(BIN))?;
    for (mode, name) in
        [(ShiftMode::Receive, "shift, received, durable"), (ShiftMode::Count, "shift, counted, durable")]
    {
        inventory.shift(ShiftInput::Command(ShiftCommand::Mode(mode)))?;
        let mut spans = Vec::new();
        for step in 0..LOOKUPS / 5 {
            spans.push(timed(|| answered(inventory, scan(pick(step), ScanSource::Scanner)).map(drop))?);
        }
        print(name, spans);
    }
    Ok(())
}

fn answered(inventory: &Inventory, input: ShiftInput) -> Result<ShiftOutcome, Failure> {
    let outcome = inventory.shift(input)?;
    if outcome.signal.is_none() { Err(format!("{outcome:?}").into()) } else { Ok(outcome) }
}

fn timed(mut work: impl FnMut() -> Result<(), Failure>) -> Result<u128, Failure> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed().as_nanos())
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

fn variant_record(number: u64) -> RecordEdit {
    let text = |text: &str| FieldValue::Text(text.to_owned());
    let fields = [
        ("product", text(&RecordId([8; 16]).to_string())),
        ("name", text(&format!("Variant {number}"))),
        ("status", text("active")),
        ("unit", text("each")),
        ("decimals", FieldValue::Integer(0)),
        ("tracking", text("none")),
    ];
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let id = Some(RecordId(variant(number).0));
    RecordEdit { collection: "variants".to_owned(), id, edit: Edit { fields, deleted: None } }
}

fn print(name: &str, mut spans: Vec<u128>) {
    spans.sort_unstable();
    let at = |share: usize| spans.get(spans.len() * share / 100).copied().unwrap_or_default() as f64 / 1e3;
    println!("{name}: p50 {:.0} us, p95 {:.0} us", at(50), at(95));
}
