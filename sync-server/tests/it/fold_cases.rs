//! The histories of the independent model, folded by the server's own tables: in memory and on Postgres.

use std::collections::BTreeMap;

use stocksync_ledger::Entry;
use stocksync_ledger::fold::CellNeeds;
use stocksync_schemas::{
    Acceptance, Body, BootId, CaptureTime, DeviceId, Lane, Location, LogPoint, Op, ReplicaId, TenantId, UserId,
};
use stocksync_server::database::Database;
use stocksync_server::exchange::append;
use stocksync_server::op_log::memory::MemoryLog;
use stocksync_server::op_log::postgres::PgTransaction;
use stocksync_server::op_log::{Batch, LogRow, LogTransaction};
use stocksync_server::setup;

use crate::cases::{Case, all};
use crate::support::TestDatabase;

const DEVICE: DeviceId = DeviceId([9; 16]);

fn all_cases() -> Vec<Case> {
    all().unwrap()
}

/// The log of a case. Positions of a log are dense; where a case leaves one out, a stranger's op that touches nothing
/// of it takes the place.
fn rows_of(case: &Case) -> Vec<LogRow> {
    let by_position: BTreeMap<u64, Entry> =
        case.entries.iter().map(|it| (it.acceptance.position, it.clone())).collect();
    let last = by_position.keys().next_back().copied().unwrap_or(0);
    let mut point = LogPoint::default();
    (1..=last)
        .map(|position| {
            let entry = by_position.get(&position).cloned().unwrap_or_else(|| filler(position));
            point.position = position;
            point.head = point.head.next(&entry.hash, &entry.op.lane, &entry.acceptance);
            LogRow { entry, head: point.head }
        })
        .collect()
}

fn filler(position: u64) -> Entry {
    let lane = Lane { replica: ReplicaId([0xEE; 16]), seq: position };
    let captured = CaptureTime { wall_ms: 0, boot_ms: 0, boot: BootId::default(), took_ms: 0 };
    let body = crate::conformance::movement(Location::SUPPLIER, Location::CUSTOMER, 1_000);
    assert!(matches!(body, Body::Move(_)));
    let acceptance = Acceptance { position, began: 0, ended: 0, uncertainty: 0, past: 0, own_past: 0 };
    Entry::new(Op::new(lane, captured, UserId::default(), body), acceptance)
}

/// Puts the rows on the log as exchanges would, at most `page` ops of one lane each, then compares every cell.
async fn check(log: &mut dyn LogTransaction, case: &Case, page: usize) {
    let rows = rows_of(case);
    for run in rows.chunk_by(|one, next| one.entry.op.lane.replica == next.entry.op.lane.replica) {
        for part in run.chunks(page) {
            let replica = part[0].entry.op.lane.replica;
            log.clock(0).await.unwrap();
            if log.lane(replica).await.unwrap().is_none() {
                log.open_lane(replica, DEVICE, 0).await.unwrap();
            }
            let batch = Batch { replica, device: DEVICE, rows: part.to_vec(), ..Batch::default() };
            append(log, batch).await.unwrap();
        }
    }
    let cells = case.cells.iter().map(|it| it.cell.clone()).collect();
    let kept = log.cells(&CellNeeds { cells, ..CellNeeds::default() }).await.unwrap().cells;
    for expected in &case.cells {
        let view = kept.get(&expected.cell).map(|state| state.as_ref().unwrap().view()).unwrap_or_default();
        let found = (view.on_hand, view.count_overlap, view.count_conflict, view.count_open);
        let wanted = (expected.on_hand, expected.overlap, expected.conflict, expected.open);
        assert_eq!(found, wanted, "{} by {page}: {:?}", case.name, expected.cell);
    }
}

#[tokio::test]
async fn every_case_on_the_log_in_memory() {
    for case in all_cases() {
        for page in [1, 4, 1_000] {
            check(MemoryLog::new().tenant(TenantId([1; 16])), &case, page).await;
        }
    }
}

#[tokio::test]
async fn every_case_on_postgres() {
    let Some(test) = TestDatabase::new().await else { return };
    let database = test.database();
    let mut connection = database.connection().await.unwrap();
    for (at, case) in all_cases().iter().enumerate() {
        let tenant = setup::create_tenant(&test.owner(), &format!("Case {at}"), 0).await.unwrap().tenant;
        let transaction = Database::begin(&mut connection, tenant).await.unwrap();
        let mut log = PgTransaction::new(transaction, tenant);
        check(&mut log, case, [1, 4, 1_000][at % 3]).await;
        log.commit().await.unwrap();
    }
}
