//! Capturing: durable when it returns, in one transaction, whatever dies or fills up.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use stocksync_core::{Error, Inventory};
use stocksync_schemas::{Body, Cell, Count, Location, Move, MovementLine, VariantId};

const CHILD: &str = "STOCKSYNC_TEST_CAPTURES_INTO";

pub fn cell() -> Cell {
    Cell { variant: VariantId([7; 16]), location: Location([9; 16]), lot: "10:L1".to_owned() }
}

pub fn movement(from: Location, to: Location, quantity: i64) -> Body {
    let line = MovementLine {
        variant: cell().variant,
        lot: cell().lot,
        quantity,
        entered: "3 x CASE of 12".to_owned(),
        unit_cost: None,
    };
    Body::Move(Move { from, to, lines: vec![line], reason: "sale".to_owned(), reference: String::new() })
}

fn receive(quantity: i64) -> Body {
    movement(Location::SUPPLIER, cell().location, quantity)
}

#[test]
fn an_act_shows_at_once_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = Inventory::open(&folder.path().join("a.sqlite")).unwrap();
    inventory.record(None, receive(48_000)).unwrap();
    let sale = inventory.record(None, movement(cell().location, Location::CUSTOMER, 2_000)).unwrap();
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, 46_000);
    assert!(sale.cells.iter().any(|(of, view)| *of == cell() && view.on_hand == 46_000));
    let count = Body::Count(Count { cell: cell(), counted: 45_000, expected: Some(46_000), session: None });
    inventory.record(None, count).unwrap();
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, 45_000);
    inventory.undo().unwrap();
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, 46_000, "the count is voided");
    inventory.undo().unwrap();
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, 48_000, "then the sale");
    assert_eq!(inventory.status().unwrap().pending, 5);
}

#[test]
fn below_zero_is_recorded_and_opens_an_exception() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = Inventory::open(&folder.path().join("a.sqlite")).unwrap();
    inventory.record(None, movement(cell().location, Location::CUSTOMER, 1_000)).unwrap();
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, -1_000);
    let open = inventory.exceptions().unwrap();
    assert_eq!((open.len(), open[0].kind.as_str(), &open[0].cell), (1, "oversold", &cell()));
    inventory.record(None, receive(1_000)).unwrap();
    assert!(inventory.exceptions().unwrap().is_empty(), "the next receipt closes it");
    assert!(
        inventory.balance(&Cell { location: Location::SUPPLIER, ..cell() }).unwrap().on_hand < 0,
        "and suppliers open none"
    );
}

#[test]
fn what_breaks_a_rule_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = Inventory::open(&folder.path().join("a.sqlite")).unwrap();
    for bad in [receive(0), receive(-5), receive(1_000_000_000_001), movement(cell().location, cell().location, 1)] {
        assert!(matches!(inventory.record(None, bad), Err(Error::Rule(_))));
    }
    let negative = Body::Count(Count { cell: cell(), counted: -1, expected: None, session: None });
    assert!(matches!(inventory.record(None, negative), Err(Error::Rule(_))));
    assert_eq!(inventory.status().unwrap().captured_seq, 0);
}

#[test]
fn sessions_act_together_once_closed_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let inventory = Inventory::open(&path).unwrap();
    inventory.record(None, receive(48_000)).unwrap();
    let session = inventory.begin_session().unwrap();
    let count = |counted| Body::Count(Count { cell: cell(), counted, expected: None, session: Some(session) });
    inventory.record(None, count(20_000)).unwrap();
    drop(inventory);
    let inventory = Inventory::open(&path).unwrap();
    inventory.record(None, count(25_000)).unwrap();
    let view = inventory.balance(&cell()).unwrap();
    assert!(view.count_open && view.on_hand == 48_000);
    inventory.close_session(session, vec![cell().location]).unwrap();
    let view = inventory.balance(&cell()).unwrap();
    assert!(!view.count_open && view.on_hand == 45_000, "two shelves of one cell add up: {view:?}");
    assert!(matches!(inventory.close_session(session, vec![]), Err(Error::NotFound(_))));
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = Inventory::open(&folder.path().join("a.sqlite")).unwrap();
    inventory.record(None, receive(1_000)).unwrap();
    inventory.limit_pages(1).unwrap();
    let mut saved = 1;
    let error = loop {
        match inventory.record(None, receive(1_000)) {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
        assert!(saved < 5_000, "the disk never filled up");
    };
    assert!(matches!(error, Error::StorageFull), "{error}");
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, saved * 1_000);
    inventory.limit_pages(1_000_000).unwrap();
    inventory.record(None, receive(1_000)).unwrap();
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, (saved + 1) * 1_000);
}

/// The child of the test below: captures until it is killed, telling each act that is saved.
#[test]
fn captures_for_the_killer() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let inventory = Inventory::open(path.as_ref()).unwrap();
    let mut out = std::io::stdout();
    loop {
        let saved = inventory.record(None, receive(1_000)).unwrap();
        writeln!(out, "saved {}", saved.reference.lane.seq).unwrap();
        out.flush().unwrap();
    }
}

/// I3 and A01: whatever was reported as saved is there after SIGKILL, at 200 random moments of 10,000 acts.
#[test]
fn i3_a_killed_process_loses_nothing_it_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let mut reported = 0_u64;
    for round in 0..200_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["capture::captures_for_the_killer", "--exact", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = 1 + (round * 7919) % 101;
        let mut seen = 0;
        for line in lines.map_while(Result::ok) {
            // The test runner's own words may stand before the first.
            if let Some(seq) = line.rsplit("saved ").next().and_then(|seq| seq.parse::<u64>().ok()) {
                reported = reported.max(seq);
                seen += 1;
                if seen == wanted {
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        let inventory = Inventory::open(&path).unwrap();
        let status = inventory.status().unwrap();
        assert!(status.captured_seq >= reported, "{} < {reported}", status.captured_seq);
        assert_eq!(status.pending, status.captured_seq);
        assert_eq!(
            inventory.balance(&cell()).unwrap().on_hand,
            i64::try_from(status.captured_seq).unwrap() * 1_000,
            "op, outbox and balance are one"
        );
    }
    assert!(reported > 9_000, "{reported}");
}
