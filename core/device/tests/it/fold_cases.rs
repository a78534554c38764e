//! The histories of the independent model, folded by the device's own tables.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use stocksync_core::Inventory;
use stocksync_core::sync::{Transport, TransportError};
use stocksync_schemas::{AcceptedOp, ExchangeResponse, Head, LogPoint, OpHash, wire};

use crate::cases::{Case, all};

/// A server that hands out a given log, so many ops at a time.
pub struct Log {
    pub ops: Vec<AcceptedOp>,
    pub page: usize,
    pub requests: Mutex<u64>,
}

fn point(position: u64) -> LogPoint {
    LogPoint { position, head: if position == 0 { Head::default() } else { Head(OpHash([7; 32])) } }
}

impl Transport for Log {
    fn exchange(&self, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        *self.requests.lock().unwrap() += 1;
        let request = wire::decode_request(request).unwrap().request;
        let rest: Vec<&AcceptedOp> =
            self.ops.iter().filter(|op| op.acceptance.position > request.cursor.position).collect();
        let page: Vec<AcceptedOp> = rest.iter().take(self.page).map(|op| (*op).clone()).collect();
        let cursor = page.last().map_or(request.cursor, |op| point(op.acceptance.position));
        Ok(wire::encode_response(&ExchangeResponse {
            protocol: 1,
            server_ms: 1_790_000_000_000,
            lost_tail: None,
            verdicts: Vec::new(),
            more: page.len() < rest.len(),
            remaining: (rest.len() - page.len()) as u64,
            ops: page,
            cursor,
            acknowledged: None,
        }))
    }
}

pub fn all_cases() -> Vec<Case> {
    all().unwrap()
}

pub fn log_of(case: &Case, page: usize) -> Log {
    let mut ops: Vec<AcceptedOp> =
        case.entries.iter().map(|it| AcceptedOp { op: it.op.clone(), acceptance: it.acceptance }).collect();
    ops.sort_by_key(|op| op.acceptance.position);
    Log { ops, page, requests: Mutex::new(0) }
}

#[test]
fn every_case_on_the_devices_tables() {
    let folder = tempfile::tempdir().unwrap();
    for (at, case) in all_cases().iter().enumerate() {
        for page in [1, 4, 1_000] {
            let inventory = Inventory::open(&folder.path().join(format!("{at}-{page}.sqlite"))).unwrap();
            let log = log_of(case, page);
            let report = inventory.sync(&log, i64::MAX, &AtomicBool::new(false), &mut |_| {}).unwrap();
            assert!(report.complete);
            assert_eq!(report.pulled, case.entries.len() as u64);
            for expected in &case.cells {
                let view = inventory.balance(&expected.cell).unwrap();
                let found = (view.on_hand, view.count_overlap, view.count_conflict, view.count_open);
                let wanted = (expected.on_hand, expected.overlap, expected.conflict, expected.open);
                assert_eq!(found, wanted, "{} by {page}: {:?}", case.name, expected.cell);
            }
        }
    }
}

/// A replayed log changes nothing: a device that is told everything again ends the same.
#[test]
fn i4_a_replayed_log_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let case = &all_cases()[0];
    let inventory = Inventory::open(&folder.path().join("replay.sqlite")).unwrap();
    struct Again(Log);
    impl Transport for Again {
        fn exchange(&self, request: &[u8]) -> Result<Vec<u8>, TransportError> {
            let mut request = wire::decode_request(request).unwrap().request;
            request.cursor = LogPoint::default();
            let answer = self.0.exchange(&wire::encode_request(&request))?;
            Ok(answer)
        }
    }
    let again = Again(log_of(case, 1_000));
    for _ in 0..3 {
        inventory.sync(&again, i64::MAX, &AtomicBool::new(false), &mut |_| {}).unwrap();
    }
    for expected in &case.cells {
        assert_eq!(inventory.balance(&expected.cell).unwrap().on_hand, expected.on_hand);
    }
}
