//! The op log on Postgres. One transaction of one tenant; every call is one or two statements over sets.
//!
//! It must never commit: [`PgLog::exchange`] does, once the whole exchange has succeeded.

mod read;
mod records;
mod rows;
pub mod sql;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use stocksync_ledger::fold::{CellHistory, CellNeeds, CellWrite, HistoryNeed, LoadedCells, OpStamp, StoredOp, VoidOp};
use stocksync_schemas::{Cell, DeviceId, ExchangeResponse, Lane, Location, ReplicaId, TenantId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Batch, Issued, KeptRecord, Known, LaneState, LogError, LogRow, LogTransaction, RecordKey, TenantClock};
use crate::database::{Database, DatabaseError};
use crate::exchange::{ExchangeError, Prepared, Rebuilt, exchange, rebuild};

/// How often an exchange is run again after another transaction was in its way.
const ATTEMPTS: u32 = 4;

/// The op log of every tenant of a database.
#[derive(Debug, Clone)]
pub struct PgLog {
    database: Database,
}

impl PgLog {
    /// Over a pool of the application role.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Runs one exchange in one transaction. Durable when it returns.
    ///
    /// # Errors
    /// As [`exchange`]; nothing was kept.
    pub async fn exchange(
        &self,
        tenant: TenantId,
        device: DeviceId,
        wall_ms: i64,
        prepared: &Prepared,
    ) -> Result<ExchangeResponse, ExchangeError> {
        let mut attempt = 1;
        loop {
            match self.exchange_once(tenant, device, wall_ms, prepared).await {
                Err(ExchangeError::Log(LogError::Database(DatabaseError::Contended(_)))) if attempt < ATTEMPTS => {
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    async fn exchange_once(
        &self,
        tenant: TenantId,
        device: DeviceId,
        wall_ms: i64,
        prepared: &Prepared,
    ) -> Result<ExchangeResponse, ExchangeError> {
        let tenant = Uuid::from_bytes(tenant.0);
        let mut connection = self.database.connection().await.map_err(LogError::from)?;
        let transaction = Database::begin(&mut connection, tenant).await.map_err(LogError::from)?;
        if prepared.only_pulls() {
            // What a pull writes (time, lane, how far the device is) may be lost with the machine; no disk is waited for.
            transaction.batch_execute(sql::DO_NOT_WAIT).await.map_err(LogError::from)?;
        }
        let mut log = PgTransaction::new(transaction, tenant);
        let answer = exchange(&mut log, device, wall_ms, prepared).await?;
        log.commit().await?;
        Ok(answer)
    }
}

/// Makes everything that follows from a tenant's log again, in one transaction. `database` connects as the owner. Durable
/// when it returns.
///
/// # Errors
/// [`LogError`]; nothing has changed.
pub async fn rebuild_tenant(database: &Database, tenant: TenantId, wall_ms: i64) -> Result<Rebuilt, LogError> {
    let tenant = Uuid::from_bytes(tenant.0);
    let mut connection = database.connection().await?;
    let transaction = Database::begin(&mut connection, tenant).await?;
    transaction.batch_execute(sql::TAKE_YOUR_TIME).await?;
    let mut log = PgTransaction::new(transaction, tenant);
    let rebuilt = rebuild(&mut log, wall_ms).await?;
    log.commit().await?;
    Ok(rebuilt)
}

/// One tenant's transaction.
pub struct PgTransaction<'c> {
    transaction: Transaction<'c>,
    tenant: Uuid,
}

impl<'c> PgTransaction<'c> {
    /// Over a transaction that [`Database::begin`] opened for this tenant.
    #[must_use]
    pub fn new(transaction: Transaction<'c>, tenant: Uuid) -> Self {
        Self { transaction, tenant }
    }

    /// Keeps everything. Durable when it returns.
    ///
    /// # Errors
    /// What the database answered; nothing was kept.
    pub async fn commit(self) -> Result<(), LogError> {
        Ok(self.transaction.commit().await?)
    }

    /// Runs a statement whose first parameter is the tenant.
    async fn query(&self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, LogError> {
        let statement = self.transaction.prepare_cached(sql).await?;
        let mut all: Vec<&(dyn ToSql + Sync)> = vec![&self.tenant];
        all.extend_from_slice(parameters);
        Ok(self.transaction.query(&statement, &all).await?)
    }
}

#[async_trait]
impl LogTransaction for PgTransaction<'_> {
    async fn clock(&mut self, now_ms: i64) -> Result<TenantClock, LogError> {
        self.read_clock(now_ms).await
    }
    async fn lane(&mut self, replica: ReplicaId) -> Result<Option<LaneState>, LogError> {
        self.read_lane(replica).await
    }
    async fn open_lane(&mut self, replica: ReplicaId, device: DeviceId, now_ms: i64) -> Result<(), LogError> {
        let (replica, device) = (Uuid::from_bytes(replica.0), Uuid::from_bytes(device.0));
        self.query(sql::OPEN_LANE, &[&replica, &device, &now_ms]).await.map(drop)
    }
    async fn issued(&mut self, positions: &[u64]) -> Result<BTreeMap<u64, Issued>, LogError> {
        self.read_issued(positions).await
    }
    async fn known(&mut self, replica: ReplicaId, seqs: &[u64]) -> Result<BTreeMap<u64, Known>, LogError> {
        self.read_known(replica, seqs).await
    }
    async fn page(&mut self, after: u64, limit: u32) -> Result<Vec<LogRow>, LogError> {
        self.read_page(after, limit).await
    }
    async fn lane_heads(&mut self, replicas: &BTreeSet<ReplicaId>) -> Result<BTreeMap<ReplicaId, u64>, LogError> {
        self.read_lane_heads(replicas).await
    }
    async fn ops(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<StoredOp>, LogError> {
        self.read_ops(lanes).await
    }
    async fn voids(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<VoidOp>, LogError> {
        self.read_voids(lanes).await
    }
    async fn cells(&mut self, needs: &CellNeeds) -> Result<LoadedCells, LogError> {
        self.read_cells(needs).await
    }
    async fn complete_closes(
        &mut self,
        past: &BTreeMap<Location, u64>,
    ) -> Result<BTreeMap<Location, Vec<OpStamp>>, LogError> {
        self.read_complete_closes(past).await
    }
    async fn append(&mut self, batch: &Batch) -> Result<(), LogError> {
        self.write_batch(batch).await
    }
    async fn records(&mut self, keys: &BTreeSet<RecordKey>) -> Result<BTreeMap<RecordKey, KeptRecord>, LogError> {
        self.read_records(keys).await
    }
    async fn write_projections(&mut self, batch: &Batch) -> Result<(), LogError> {
        self.insert_projections(batch).await
    }
    async fn drop_projections(&mut self) -> Result<(), LogError> {
        for statement in sql::DROP_PROJECTIONS {
            self.query(statement, &[]).await?;
        }
        Ok(())
    }
    async fn histories(&mut self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, LogError> {
        self.read_histories(needs).await
    }
    async fn upsert_cells(&mut self, cells: &BTreeMap<Cell, CellWrite>, now_ms: i64) -> Result<(), LogError> {
        self.write_cells(cells, now_ms).await
    }
    async fn touch_device(&mut self, device: DeviceId, cursor: u64, now_ms: i64) -> Result<(), LogError> {
        let parameters: [&(dyn ToSql + Sync); 3] = [&Uuid::from_bytes(device.0), &now_ms, &rows::signed(cursor)];
        self.query(sql::TOUCH_DEVICE, &parameters).await.map(drop)
    }
}
