//! The conformance suite on both op logs, their agreement, and the race that matters.

use std::collections::BTreeSet;

use async_trait::async_trait;
use deadpool_postgres::Object;
use stocksync_ledger::ExceptionKind;
use stocksync_schemas::wire::DecodedRequest;
use stocksync_schemas::{DeviceId, ExchangeResponse, Lane, LogPoint, TenantId};
use stocksync_server::database::Database;
use stocksync_server::exchange::{ExchangeError, prepare, rebuild};
use stocksync_server::op_log::LogTransaction;
use stocksync_server::op_log::memory::{MemoryLog, exchange_now};
use stocksync_server::op_log::postgres::{PgLog, PgTransaction, rebuild_tenant};
use stocksync_server::setup;
use uuid::Uuid;

use crate::conformance::{Phone, SHELF, START, Subject, checked_cells, movement, suite};
use crate::record_conformance::records;
use crate::support::{TestDatabase, connect};

const TENANT: TenantId = TenantId([1; 16]);

struct Memory(MemoryLog);

#[async_trait]
impl Subject for Memory {
    async fn exchange(
        &mut self,
        device: DeviceId,
        now_ms: i64,
        request: DecodedRequest,
    ) -> Result<ExchangeResponse, ExchangeError> {
        exchange_now(self.0.tenant(TENANT), device, now_ms, &prepare(request)?)
    }

    async fn read(&mut self) -> Box<dyn LogTransaction + '_> {
        Box::new(self.0.tenant(TENANT).clone())
    }

    async fn open_exceptions(&mut self) -> Vec<String> {
        let log = self.0.tenant(TENANT);
        let mut kinds: Vec<_> = log.open_exceptions().map(|exception| exception.kind).collect();
        kinds.sort_by_key(ExceptionKind::as_str);
        kinds.iter().map(|kind| kind.as_str().to_owned()).collect()
    }

    async fn projections(&mut self) -> Vec<String> {
        vec![format!("{:#?}", self.0.tenant(TENANT).projections())]
    }

    async fn rebuild(&mut self) {
        rebuild(self.0.tenant(TENANT), START).await.unwrap();
    }

    async fn undecodable(&mut self) -> usize {
        self.0.tenant(TENANT).undecodable()
    }
}

pub struct Postgres {
    pub test: TestDatabase,
    pub log: PgLog,
    pub tenant: TenantId,
    connection: Object,
}

impl Postgres {
    pub async fn new() -> Option<Self> {
        let test = TestDatabase::new().await?;
        // Made long before the phones' first act: its clock must not be ahead of theirs.
        let made = setup::create_tenant(&test.owner(), "Oak & Sons", 0).await.unwrap();
        let tenant = TenantId(*made.tenant.as_bytes());
        let database = test.database();
        let connection = database.connection().await.unwrap();
        Some(Self { test, log: PgLog::new(database), tenant, connection })
    }
}

#[async_trait]
impl Subject for Postgres {
    async fn exchange(
        &mut self,
        device: DeviceId,
        now_ms: i64,
        request: DecodedRequest,
    ) -> Result<ExchangeResponse, ExchangeError> {
        self.log.exchange(self.tenant, device, now_ms, &prepare(request)?).await
    }

    async fn read(&mut self) -> Box<dyn LogTransaction + '_> {
        let tenant = Uuid::from_bytes(self.tenant.0);
        let transaction = Database::begin(&mut self.connection, tenant).await.unwrap();
        Box::new(PgTransaction::new(transaction, tenant))
    }

    async fn open_exceptions(&mut self) -> Vec<String> {
        let owner = connect(&self.test.owner()).await;
        let sql = "SELECT kind FROM app.exceptions WHERE closed_ms IS NULL ORDER BY kind";
        owner.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    async fn projections(&mut self) -> Vec<String> {
        let owner = connect(&self.test.owner()).await;
        let mut rows = Vec::new();
        for table in FOLLOWS {
            let sql = format!("SELECT '{table} ' || t::text FROM app.{table} t ORDER BY 1");
            rows.extend(owner.query(&sql, &[]).await.unwrap().iter().map(|row| row.get::<_, String>(0)));
        }
        rows
    }

    async fn rebuild(&mut self) {
        let owner = Database::new(self.test.owner(), 1).unwrap();
        rebuild_tenant(&owner, self.tenant, START).await.unwrap();
    }

    async fn undecodable(&mut self) -> usize {
        let owner = connect(&self.test.owner()).await;
        owner.query("SELECT 1 FROM app.undecodable_ops", &[]).await.unwrap().len()
    }
}

/// Every table that follows from the op log.
const FOLLOWS: [&str; 13] = [
    "op_cells",
    "voids",
    "closes",
    "complete_closes",
    "cells",
    "exceptions",
    "records",
    "record_waits",
    "products",
    "variants",
    "identifiers",
    "locations",
    "lots",
];

#[tokio::test]
async fn the_memory_log_conforms() {
    suite(async || Memory(MemoryLog::new())).await;
    records(async || Memory(MemoryLog::new())).await;
}

#[tokio::test]
async fn the_postgres_log_conforms() {
    if TestDatabase::empty().await.is_none() {
        return;
    }
    suite(async || Postgres::new().await.unwrap()).await;
    records(async || Postgres::new().await.unwrap()).await;
}

/// The same requests give the same answers, byte for byte, on both.
#[tokio::test]
async fn memory_and_postgres_answer_alike() {
    let Some(mut postgres) = Postgres::new().await else { return };
    let mut memory = Memory(MemoryLog::new());
    let mut phones = [Phone::new(1), Phone::new(2)];
    for step in 0..20_i64 {
        let phone = &mut phones[usize::try_from(step % 2).unwrap()];
        for n in 0..5 {
            let body = if (step + n) % 7 == 0 {
                crate::conformance::count(SHELF, step * 1_000, None)
            } else {
                movement(stocksync_schemas::Location::SUPPLIER, SHELF, (n + 1) * 1_000)
            };
            phone.capture(step * 100 + n, body);
        }
        let (one, other) = (phone.request(), phone.request());
        let left = memory.exchange(phone.device, START + step * 100 + 50, one).await.unwrap();
        let right = postgres.exchange(phone.device, START + step * 100 + 50, other).await.unwrap();
        assert_eq!(left, right);
        phone.take(&left);
    }
    assert_eq!(checked_cells(&mut memory).await, checked_cells(&mut postgres).await);
}

/// A06: eight writers commit at once while a reader follows the cursor: no gap, no duplicate.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_sees_every_op_once_while_eight_writers_commit() {
    const WRITERS: u8 = 8;
    const PUSHES: i64 = 25;
    const OPS: i64 = 250;
    let Some(mut postgres) = Postgres::new().await else { return };
    let (log, tenant) = (postgres.log.clone(), postgres.tenant);
    let send = move |log: PgLog, phone: Phone, at: i64| async move {
        let prepared = prepare(phone.request()).unwrap();
        log.exchange(tenant, phone.device, START + at, &prepared).await.unwrap()
    };
    let writers: Vec<_> = (1..=WRITERS)
        .map(|number| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut phone = Phone::new(number);
                for push in 0..PUSHES {
                    for n in 0..OPS {
                        phone.capture(push * 100 + n, movement(stocksync_schemas::Location::SUPPLIER, SHELF, 1_000));
                    }
                    let answer = send(log.clone(), phone.clone(), push * 100 + 50).await;
                    phone.take(&answer);
                }
            })
        })
        .collect();
    let total = u64::from(WRITERS) * u64::try_from(PUSHES * OPS).unwrap();
    let mut reader = Phone::new(100);
    let mut point = LogPoint::default();
    let mut lanes = BTreeSet::<Lane>::new();
    while point.position < total {
        let answer = send(log.clone(), reader.clone(), 10_000).await;
        for it in &answer.ops {
            assert_eq!(it.acceptance.position, point.position + 1, "no gap");
            point = LogPoint {
                position: it.acceptance.position,
                head: point.head.next(&it.op.hash(), &it.op.lane, &it.acceptance),
            };
            assert!(lanes.insert(it.op.lane), "no duplicate");
        }
        assert_eq!(answer.cursor, point, "what the reader has seen hashes to where the server says it is");
        reader.take(&answer);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(lanes.len() as u64, total);
    let cells = checked_cells(&mut postgres).await;
    assert_eq!(cells[&crate::conformance::cell(SHELF)].on_hand, i64::try_from(total).unwrap() * 1_000);
}
