//! Databases that earlier schemas wrote: each comes forward and keeps what it held.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use stocksync_core::Inventory;
use stocksync_core::shift::{Feedback, ShiftMode};
use stocksync_schemas::{Body, Count, Location};

use crate::capture::{cell, movement};
use crate::desk::{Desk, TEA, gtin};
use crate::fold_cases::{all_cases, log_of};
use crate::records::{identifier, open, variant};

fn frozen() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/device-databases")
}

/// A01: every historical schema migrates, passes SQLite's own check, and shows what it showed.
#[test]
fn a01_every_frozen_database_comes_forward() {
    let folder = tempfile::tempdir().unwrap();
    let mut found = 0;
    for file in std::fs::read_dir(frozen()).unwrap().map(|it| it.unwrap().path()) {
        if file.extension().is_none_or(|it| it != "sqlite") {
            continue;
        }
        found += 1;
        let path = folder.path().join(file.file_name().unwrap());
        std::fs::copy(&file, &path).unwrap();
        let inventory = Inventory::open(&path).unwrap();
        let status = inventory.status().unwrap();
        assert_eq!((status.captured_seq, status.rejected), (8, 0), "{}", file.display());
        assert_eq!(inventory.balance(&cell()).unwrap().on_hand, 45_000);
        let matches = inventory.lookup("4006381333931", None).unwrap().matches;
        assert_eq!((matches.len(), matches[0].identifier.name.as_str()), (1, "Tea"));
        let case = &all_cases()[0];
        for expected in &case.cells {
            assert_eq!(inventory.balance(&expected.cell).unwrap().on_hand, expected.on_hand);
        }
        inventory.undo().unwrap();
        assert_eq!(inventory.balance(&cell()).unwrap().on_hand, 46_000, "and goes on");
        inventory.check().unwrap();
    }
    assert!(found >= 1);
}

/// Writes the database of today's schema. Run before a release whose schema is new: `cargo test … -- --ignored`.
#[test]
#[ignore = "writes a file that is kept"]
fn write_frozen_database() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(&folder);
    let tea = variant(&inventory, "Tea");
    inventory.edit(vec![identifier(tea, "gtin", "04006381333931", 1)]).unwrap();
    inventory.record(None, movement(Location::SUPPLIER, cell().location, 48_000)).unwrap();
    inventory.record(None, movement(cell().location, Location::CUSTOMER, 2_000)).unwrap();
    let count = Body::Count(Count { cell: cell(), counted: 44_000, expected: Some(46_000), session: None });
    inventory.record(None, count).unwrap();
    inventory.undo().unwrap();
    let count = Body::Count(Count { cell: cell(), counted: 45_000, expected: Some(46_000), session: None });
    inventory.record(None, count).unwrap();
    inventory.sync(&log_of(&all_cases()[0], 3), i64::MAX, &AtomicBool::new(false), &mut |_| {}).unwrap();
    let number = stocksync_schemas::migrations::DEVICE.last().unwrap().number;
    let target = frozen().join(format!("schema-{number}.sqlite"));
    std::fs::create_dir_all(frozen()).unwrap();
    let _ = std::fs::remove_file(&target);
    inventory.copy_to(&target).unwrap();
}

/// A file that is damaged is told as such, never opened as if it were empty, and left as it is.
#[test]
fn a_damaged_database_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    std::fs::copy(frozen().join("schema-1.sqlite"), &path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[..64].fill(0x5A);
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(Inventory::open(&path), Err(stocksync_core::Error::StorageCorrupt(_))));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);

    let mut bytes = whole;
    let end = bytes.len();
    bytes[8_192..end - 8_192].fill(0xA5);
    std::fs::write(&path, &bytes).unwrap();
    let outcome = Inventory::open(&path).and_then(|inventory| inventory.check());
    assert!(matches!(outcome, Err(stocksync_core::Error::StorageCorrupt(_))), "{outcome:?}");
}

/// A scan of a variant that is tracked by lot asks for the lot, also where an earlier schema wrote the variant: the tracking is
/// read from the document when the database is opened, and until then by the scan.
#[test]
fn tracking_is_projected_when_an_older_database_is_opened() {
    let mut desk = Desk::new();
    for projected in [true, false] {
        let path = desk.folder.path().join("a.sqlite");
        let connection = rusqlite::Connection::open(&path).unwrap();
        let downgrade = "DROP INDEX locations_code; DROP INDEX held_scans_gtin;
             ALTER TABLE variants DROP COLUMN tracking; PRAGMA user_version = 2;";
        connection.execute_batch(downgrade).unwrap();
        drop(connection);
        desk = desk.killed();
        let connection = rusqlite::Connection::open(&path).unwrap();
        if projected {
            let sql = "SELECT group_concat(tracking, ' ') FROM (SELECT tracking FROM variants ORDER BY tracking)";
            let tracking: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(tracking, "lot none serial");
        } else {
            connection.execute("UPDATE variants SET tracking = NULL", []).unwrap();
        }
        desk.starts(ShiftMode::Receive, "DOCK");
        assert!(matches!(desk.pull(&gtin("0950110153000")).feedback, Feedback::NeedLot(_)));
        assert!(matches!(desk.pull(TEA).feedback, Feedback::Recorded(..)));
    }
}
