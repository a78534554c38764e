//! The table of exceptions.

use serde::Serialize;
use stocksync_schemas::ids::to_hex;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::database::{DatabaseError, TenantReader};
use crate::features::catalogue::names::{LocationName, VariantName};

/// Open exceptions, oldest first.
pub const EXCEPTIONS: &str = "SELECT exception_id, kind, location_id, variant_id, lot, collection, subject, opened_ms \
     FROM app.exceptions WHERE tenant_id = $1 AND closed_ms IS NULL AND (opened_ms, exception_id) > ($2, $3) \
     ORDER BY opened_ms, exception_id LIMIT $4";

/// An open exception, of a cell or of records.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exception)]
pub struct OpenException {
    /// hexadecimal
    pub(super) id: String,
    /// oversold, count_overlap, count_conflict, count_open, overflow, missing_ops, and others; a later version may know
    /// more
    kind: String,
    /// of a cell
    #[schema(required)]
    pub(super) location: Option<Uuid>,
    #[serde(flatten)]
    pub(super) location_name: LocationName,
    /// of a cell
    #[schema(required)]
    pub(super) variant: Option<Uuid>,
    #[serde(flatten)]
    pub(super) variant_name: VariantName,
    /// of a cell
    #[schema(required)]
    lot: Option<String>,
    /// of records
    #[schema(required)]
    collection: Option<String>,
    /// of records: a record's id, or the key that several records claim
    #[schema(required)]
    subject: Option<String>,
    /// ms since 1970
    pub(super) opened_ms: i64,
}

pub(super) async fn list_open(
    reader: &TenantReader<'_>,
    (opened_ms, id): &(i64, Vec<u8>),
    limit: i64,
) -> Result<Vec<OpenException>, DatabaseError> {
    reader.query(EXCEPTIONS, &[opened_ms, id, &limit]).await?.iter().map(exception).collect()
}

fn exception(row: &Row) -> Result<OpenException, DatabaseError> {
    Ok(OpenException {
        id: to_hex(row.try_get("exception_id")?),
        kind: row.try_get("kind")?,
        location: row.try_get("location_id")?,
        location_name: LocationName::default(),
        variant: row.try_get("variant_id")?,
        variant_name: VariantName::default(),
        lot: row.try_get("lot")?,
        collection: row.try_get("collection")?,
        subject: row.try_get("subject")?,
        opened_ms: row.try_get("opened_ms")?,
    })
}
