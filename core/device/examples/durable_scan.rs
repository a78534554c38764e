//! How long one scan takes to be durable, beside the same two writes in plain SQLite, in the same run.
//!
//! `cargo run --release -p stocksync-core --example durable_scan [acts]`
#![allow(clippy::print_stdout, clippy::float_arithmetic)] // a command talks to its user; no stock, no money

use std::time::Instant;

use rusqlite::{Connection, params};
use stocksync_core::Inventory;
use stocksync_schemas::{Body, Location, Move, MovementLine, VariantId};

const VARIANTS: u64 = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let acts: u64 = std::env::args().nth(1).map_or(Ok(3_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let inventory = Inventory::open(&folder.path().join("core.sqlite"))?;
    let floor = floor(&folder.path().join("floor.sqlite"))?;
    let (mut core, mut plain) = (Vec::new(), Vec::new());
    // Turn by turn, so that both meet the same disk.
    for act in 0..acts {
        let began = Instant::now();
        inventory.record(None, movement(act))?;
        core.push(began.elapsed().as_nanos());
        let began = Instant::now();
        insert(&floor, act)?;
        plain.push(began.elapsed().as_nanos());
    }
    let (core, plain) = (percentiles(core), percentiles(plain));
    println!("{acts} movements, each durable (FULL) before the next");
    for (name, at) in [("p50", 0), ("p99", 1)] {
        let (mine, floor) = (pick(core, at), pick(plain, at));
        println!("{name}: {:.0} us, floor {:.0} us, ratio {:.2}", mine / 1e3, floor / 1e3, mine / floor);
    }
    Ok(())
}

fn variant(act: u64) -> VariantId {
    let number = act.wrapping_mul(0x9E37_79B9_7F4A_7C15) % VARIANTS;
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    VariantId(bytes)
}

fn movement(act: u64) -> Body {
    let line = MovementLine {
        variant: variant(act),
        lot: String::new(),
        quantity: 1_000,
        entered: String::new(),
        unit_cost: None,
    };
    Body::Move(Move {
        from: Location([9; 16]),
        to: Location::CUSTOMER,
        lines: vec![line],
        reason: "sale".to_owned(),
        reference: String::new(),
    })
}

fn floor(path: &std::path::Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE movement (device INTEGER, seq INTEGER, item INTEGER, delta INTEGER, ts INTEGER,
             PRIMARY KEY (device, seq)) WITHOUT ROWID;
         CREATE TABLE balance (item INTEGER PRIMARY KEY, qty INTEGER NOT NULL);",
    )?;
    Ok(connection)
}

fn insert(floor: &Connection, act: u64) -> rusqlite::Result<()> {
    let item = i64::try_from(act.wrapping_mul(0x9E37_79B9_7F4A_7C15) % VARIANTS).unwrap_or(0);
    let transaction = floor.unchecked_transaction()?;
    transaction
        .prepare_cached("INSERT INTO movement VALUES (1, ?1, ?2, -1, ?1)")?
        .execute(params![i64::try_from(act).unwrap_or(0), item])?;
    transaction
        .prepare_cached(
            "INSERT INTO balance VALUES (?1, -1) ON CONFLICT (item) DO UPDATE SET qty = qty + excluded.qty",
        )?
        .execute([item])?;
    transaction.commit()
}

fn percentiles(mut spans: Vec<u128>) -> (f64, f64) {
    spans.sort_unstable();
    let at = |share: usize| spans.get(spans.len() * share / 100).copied().unwrap_or_default() as f64;
    (at(50), at(99))
}

fn pick(pair: (f64, f64), at: usize) -> f64 {
    if at == 0 { pair.0 } else { pair.1 }
}
