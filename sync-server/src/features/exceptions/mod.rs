//! Open exceptions: merged facts that need a person.
//!
//! Owns how they are listed, with names. The fold opens and closes them; nothing is decided here.

pub mod api;
pub mod store;

use stocksync_schemas::TenantId;

use crate::database::{Database, DatabaseError, TenantReader};
use crate::features::catalogue::names::Names;

pub use store::OpenException;

/// Open exceptions after a time of opening (ms since 1970) and id, oldest first, with names.
///
/// # Errors
/// As the variants of [`DatabaseError`] say.
pub async fn list_open(
    database: &Database,
    tenant: TenantId,
    after: &(i64, Vec<u8>),
    limit: i64,
) -> Result<Vec<OpenException>, DatabaseError> {
    let mut connection = database.connection().await?;
    let reader = TenantReader::begin(&mut connection, tenant).await?;
    let mut rows = store::list_open(&reader, after, limit).await?;
    let variants = rows.iter().filter_map(|row| row.variant);
    let names = Names::load(&reader, variants, rows.iter().filter_map(|row| row.location)).await?;
    for row in &mut rows {
        row.location_name = row.location.map(|id| names.location(id)).unwrap_or_default();
        row.variant_name = row.variant.map(|id| names.variant(id)).unwrap_or_default();
    }
    Ok(rows)
}
