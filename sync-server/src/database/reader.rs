//! A transaction that reads one tenant's tables.
//!
//! Owns how a store reads: the tenant is the first parameter of every statement. Must never write.

use deadpool_postgres::{Object, Transaction};
use stocksync_schemas::TenantId;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Database, DatabaseError};

/// A transaction that reads one tenant's tables. Dropping it ends it.
pub struct TenantReader<'c> {
    transaction: Transaction<'c>,
    tenant: Uuid,
}

impl<'c> TenantReader<'c> {
    /// Begins on a connection of [`Database::connection`].
    ///
    /// # Errors
    /// As the variants of [`DatabaseError`] say.
    pub async fn begin(connection: &'c mut Object, tenant: TenantId) -> Result<Self, DatabaseError> {
        let tenant = Uuid::from_bytes(tenant.0);
        Ok(Self { transaction: Database::begin(connection, tenant).await?, tenant })
    }

    /// Runs a statement whose first parameter, `$1`, is the tenant; `parameters` begin at `$2`.
    ///
    /// # Errors
    /// As the variants of [`DatabaseError`] say.
    pub async fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, DatabaseError> {
        let statement = self.transaction.prepare_cached(sql).await?;
        let mut all: Vec<&(dyn ToSql + Sync)> = vec![&self.tenant];
        all.extend_from_slice(parameters);
        Ok(self.transaction.query(&statement, &all).await?)
    }
}
