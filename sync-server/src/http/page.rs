//! What all lists share: how long a page is, where it begins, and one transaction to read it in.

use serde::Deserialize;
use stocksync_schemas::{Code, limits};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{ApiError, AppState, Caller};
use crate::database::{Database, DatabaseError};

const PAGE_DEFAULT: u32 = 50;

/// Which page. Pages follow a key, so that rows which arrive meanwhile are neither missed nor repeated.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Most rows.
    pub limit: Option<u32>,
    /// `meta.next` of the page before.
    pub after: Option<String>,
}

impl Page {
    pub fn limit(&self) -> Result<i64, ApiError> {
        match self.limit.unwrap_or(PAGE_DEFAULT) {
            limit @ 1..=limits::PAGE_ROWS => Ok(i64::from(limit)),
            _ => Err(wrong("limit", format!("1 to {}", limits::PAGE_ROWS))),
        }
    }

    /// The parts of `after`, or `start` on the first page.
    pub fn after<T>(&self, start: T, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, ApiError> {
        match self.after.as_deref() {
            None => Ok(start),
            // Postgres has no text with a zero byte.
            Some(text) => Some(text)
                .filter(|text| !text.contains('\0'))
                .and_then(parse)
                .ok_or_else(|| wrong("after", "a value of meta.next".to_owned())),
        }
    }
}

pub fn wrong(field: &str, expected: String) -> ApiError {
    ApiError::new(Code::InvalidRequest).detail(field, "out_of_range", expected)
}

/// A query string as it was asked.
pub type QueryParams<T> = Result<axum::extract::Query<T>, axum::extract::rejection::QueryRejection>;

pub fn asked<T>(query: QueryParams<T>) -> Result<T, ApiError> {
    query.map(|axum::extract::Query(it)| it).map_err(|error| wrong("query", error.body_text()))
}

/// The last row of a full page: more may follow.
pub fn full<T>(rows: &[T], limit: i64) -> Option<&T> {
    rows.last().filter(|_| i64::try_from(rows.len()) == Ok(limit))
}

/// A transaction that reads one tenant's tables.
pub struct Reading<'c> {
    transaction: deadpool_postgres::Transaction<'c>,
    tenant: Uuid,
}

impl<'c> Reading<'c> {
    /// Begins on a connection of the caller's.
    pub async fn begin(connection: &'c mut deadpool_postgres::Object, caller: Caller) -> Result<Self, DatabaseError> {
        let tenant = Uuid::from_bytes(caller.tenant.0);
        Ok(Self { transaction: Database::begin(connection, tenant).await?, tenant })
    }

    /// Runs a statement whose first parameter is the caller's tenant.
    pub async fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, DatabaseError> {
        let statement = self.transaction.prepare_cached(sql).await?;
        let mut all: Vec<&(dyn ToSql + Sync)> = vec![&self.tenant];
        all.extend_from_slice(parameters);
        Ok(self.transaction.query(&statement, &all).await?)
    }
}

/// A connection to begin a [`Reading`] on.
pub async fn connection(state: &AppState) -> Result<deadpool_postgres::Object, DatabaseError> {
    state.database().connection().await
}
