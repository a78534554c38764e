//! The ledger as the device's tables keep it: sums, cost of a later movement, death at any write, ops that this build
//! does not know, ops that the server refuses.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use stocksync_core::sync::{Transport, TransportError};
use stocksync_core::{Error, Inventory};
use stocksync_ledger::fold::deltas;
use stocksync_schemas::{
    Acceptance, AcceptedOp, Body, BootId, CaptureTime, Cell, Code, ExchangeResponse, Kind, Lane, Location, LogPoint,
    Op, OpVerdict, ReplicaId, UserId, VariantId, Verdict, limits, wire,
};

use crate::capture::{cell, movement};
use crate::fold_cases::Log;

const PLACES: u8 = 5;

fn open(folder: &tempfile::TempDir, name: &str) -> Inventory {
    Inventory::open(&folder.path().join(name)).unwrap()
}

fn place(number: u8) -> Location {
    if number == 0 { Location::SUPPLIER } else { Location([number; 16]) }
}

/// The op at a position of somebody else's log: random ends, variant and quantity, drawn from the position alone.
fn random_movement(position: u64) -> AcceptedOp {
    let draw = |salt: u64, most: u64| ((position * 8 + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) % most;
    let byte = |number: u64| u8::try_from(number).unwrap();
    let from = byte(draw(1, u64::from(PLACES)));
    let to = (from + 1 + byte(draw(2, u64::from(PLACES - 1)))) % PLACES;
    let mut body = movement(place(from), place(to), i64::try_from(1 + draw(3, 9_000)).unwrap());
    if let Body::Move(it) = &mut body {
        it.lines[0].variant = VariantId([1 + byte(draw(4, 20)); 16]);
    }
    accepted(position, body)
}

fn accepted(position: u64, body: Body) -> AcceptedOp {
    let at = i64::try_from(position).unwrap();
    let captured = CaptureTime { wall_ms: at, boot_ms: at, boot: BootId::default(), took_ms: 0 };
    let op = Op::new(Lane { replica: ReplicaId([3; 16]), seq: position }, captured, UserId::default(), body);
    let acceptance =
        Acceptance { position, began: at, ended: at, uncertainty: 0, past: position - 1, own_past: position - 1 };
    AcceptedOp { op, acceptance }
}

fn pull(inventory: &Inventory, ops: Vec<AcceptedOp>) {
    let log = Log { ops, page: limits::PULL_OPS, requests: Mutex::new(0) };
    assert!(inventory.sync(&log, i64::MAX, &AtomicBool::new(false), &mut |_| {}).unwrap().complete);
}

/// What recording one movement costs, in steps of SQLite's machine: they grow with every row that is read or written.
fn cost(inventory: &Inventory) -> u64 {
    inventory.die_after(Some((u64::MAX, u64::MAX))).unwrap();
    inventory.record(None, movement(place(1), place(2), 1_000)).unwrap();
    let steps = inventory.steps();
    inventory.die_after(None).unwrap();
    steps
}

/// A02: 100,000 random movements add up, on every cell and over all of them (I10); and the next one costs what it cost
/// after ten.
#[test]
fn a02_a_hundred_thousand_movements_add_up_and_the_next_costs_the_same() {
    const MOVEMENTS: u64 = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(&folder, "a.sqlite");
    let ops: Vec<AcceptedOp> = (1..=MOVEMENTS).map(random_movement).collect();
    pull(&inventory, ops[..10].to_vec());
    cost(&inventory); // makes the cell
    let after_ten = cost(&inventory);
    let own = 2;

    let other = open(&folder, "b.sqlite");
    let mut sums = BTreeMap::<Cell, i128>::new();
    for op in &ops {
        for (cell, delta) in deltas(&op.op.body) {
            *sums.entry(cell).or_default() += delta;
        }
    }
    pull(&other, ops);
    cost(&other);
    let after_all = cost(&other);
    assert_eq!(after_all, after_ten, "steps of a movement after 100,000 and after ten");

    for (cell, delta) in deltas(&movement(place(1), place(2), 1_000)) {
        *sums.entry(cell).or_default() += delta * own;
    }
    let mut after = None;
    let (mut shown, mut total) = (0, BTreeMap::<VariantId, i128>::new());
    loop {
        let page = other.balances(None, None, after.as_ref(), limits::PAGE_ROWS).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.cell.clone());
        for row in &page {
            assert_eq!(i128::from(row.view.on_hand), sums.get(&row.cell).copied().unwrap_or(0), "{:?}", row.cell);
            *total.entry(row.cell.variant).or_default() += i128::from(row.view.on_hand);
            shown += 1;
        }
    }
    assert_eq!(shown, sums.len());
    assert!(total.values().all(|sum| *sum == 0), "I10: every variant sums to zero over all locations");
}

/// A01: dead at 200 random steps inside writes of a run of acts; what was reported is kept, what was not is kept whole or
/// not at all.
#[test]
fn a01_death_at_200_moments_inside_a_write_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut reported, mut unheard) = (0, 0);
    for round in 1..=200_u64 {
        let inventory = open(&folder, "a.sqlite");
        inventory.die_after(Some((round * 7_919 % 20_011, 1 + round % 40))).unwrap();
        while inventory.record(None, movement(Location::SUPPLIER, cell().location, 1_000)).is_ok() {
            reported += 1;
        }
        assert!(inventory.has_died());
        drop(inventory);
        let inventory = open(&folder, "a.sqlite");
        let status = inventory.status().unwrap();
        assert!((reported..=reported + 1).contains(&status.captured_seq), "{reported} {status:?}");
        unheard += status.captured_seq - reported;
        reported = status.captured_seq;
        assert_eq!(status.pending, reported);
        assert_eq!(inventory.balance(&cell()).unwrap().on_hand, i64::try_from(reported).unwrap() * 1_000);
    }
    assert!(reported > 1_000 && unheard > 10, "{reported} acts, {unheard} of them kept and not heard of");
}

/// I8: an op of a kind that this build does not know is kept as it was captured, and stops nothing.
#[test]
fn i8_unknown_ops_survive_an_old_app() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(&folder, "a.sqlite");
    let mut strange = accepted(2, movement(Location::SUPPLIER, cell().location, 1));
    strange.op =
        Op::from_parts(strange.op.lane, strange.op.captured, UserId::default(), Kind(77), 3, b"\x00later").unwrap();
    let known = |position| accepted(position, movement(Location::SUPPLIER, cell().location, 1_000));
    pull(&inventory, vec![known(1), strange.clone(), known(3)]);
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, 2_000);
    drop(inventory);
    let inventory = open(&folder, "a.sqlite");
    let kept = inventory.op(strange.op.lane).unwrap().unwrap();
    assert_eq!((kept.op.hash(), kept.op.body.encode()), (strange.op.hash(), b"\x00later".to_vec()));
    assert_eq!(inventory.status().unwrap().cursor.position, 3);
}

/// A server that refuses one seq for good and accepts all others.
struct Refuses {
    seq: u64,
}

impl Transport for Refuses {
    fn exchange(&self, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        let request = wire::decode_request(request).unwrap().request;
        let mut position = request.cursor.position;
        let verdicts: Vec<OpVerdict> = request
            .ops
            .iter()
            .map(|pushed| {
                let seq = pushed.op.lane.seq;
                if seq == self.seq {
                    let (code, text) = (Code::InvalidOp, "not this one".to_owned());
                    return OpVerdict { seq, verdict: Verdict::Rejected { code, retryable: false, text } };
                }
                position += 1;
                let estimate = pushed.context.estimate;
                let (began, ended, uncertainty) = (estimate.began, estimate.ended, estimate.uncertainty);
                let acceptance = Acceptance { position, began, ended, uncertainty, past: 0, own_past: seq - 1 };
                OpVerdict { seq, verdict: Verdict::Ok(acceptance) }
            })
            .collect();
        let cursor = LogPoint { position, ..request.cursor };
        Ok(wire::encode_response(&ExchangeResponse {
            protocol: 1,
            server_ms: 1_790_000_000_000,
            lost_tail: None,
            acknowledged: (!verdicts.is_empty()).then_some(cursor),
            verdicts,
            ops: Vec::new(),
            cursor,
            more: false,
            remaining: 0,
        }))
    }
}

/// I12: a refused op leaves the balance, is kept with its reason, and holds up nothing.
#[test]
fn i12_one_rejected_op_blocks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(&folder, "a.sqlite");
    for quantity in [1_000, 20_000, 300_000] {
        inventory.record(None, movement(Location::SUPPLIER, cell().location, quantity)).unwrap();
    }
    let server = Refuses { seq: 2 };
    assert!(inventory.sync(&server, i64::MAX, &AtomicBool::new(false), &mut |_| {}).unwrap().complete);
    let status = inventory.status().unwrap();
    assert_eq!((status.pending, status.rejected), (0, 1));
    let rejected = inventory.rejected().unwrap();
    assert_eq!((rejected[0].entry.op.lane.seq, rejected[0].code.as_str()), (2, "invalid_op"));
    assert_eq!(rejected[0].reason, "not this one");
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, 301_000, "what is rejected is in no balance");
    inventory.record(None, movement(Location::SUPPLIER, cell().location, 4_000_000)).unwrap();
    assert!(inventory.sync(&server, i64::MAX, &AtomicBool::new(false), &mut |_| {}).unwrap().complete);
    assert_eq!(inventory.balance(&cell()).unwrap().on_hand, 4_301_000);
}

/// A record without any value is not made, and no id is given for it.
#[test]
fn a_record_of_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(&folder, "a.sqlite");
    let edit = stocksync_core::records::RecordEdit {
        collection: "products".to_owned(),
        id: None,
        edit: stocksync_ledger::records::Edit::default(),
    };
    assert!(matches!(inventory.edit(vec![edit]), Err(Error::Invalid { .. })));
}
