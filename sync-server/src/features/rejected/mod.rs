//! Ops that count nowhere and wait for a person: rejected for good, or not decodable at all. Nobody's work is dropped
//! unseen.

pub mod api;
pub mod store;

use stocksync_schemas::TenantId;
use uuid::Uuid;

use crate::database::{Database, DatabaseError, TenantReader};

pub use store::StoredRejection;

/// A place in the list: lane and hash.
#[derive(Debug, Clone, Default)]
pub struct RejectedKey {
    /// The lane's replica.
    pub replica: Uuid,
    /// The op's number in it.
    pub seq: i64,
    /// Hash of the op, or of what was sent.
    pub hash: Vec<u8>,
}

/// Rejected and undecodable ops after a key, by lane and hash.
///
/// # Errors
/// As the variants of [`DatabaseError`] say.
pub async fn list(
    database: &Database,
    tenant: TenantId,
    after: &RejectedKey,
    limit: i64,
) -> Result<Vec<StoredRejection>, DatabaseError> {
    let mut connection = database.connection().await?;
    let reader = TenantReader::begin(&mut connection, tenant).await?;
    store::list(&reader, after, limit).await
}
