//! The tables of rejected and undecodable ops.

use serde::Serialize;
use stocksync_schemas::ids::to_hex;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use super::RejectedKey;
use crate::database::{DatabaseError, TenantReader};

/// Ops rejected for good and ops that could not be decoded, by lane and hash.
pub const REJECTED: &str = "SELECT * FROM ( \
     (SELECT replica, seq, hash, device_id, code, reason, octet_length(op)::bigint AS size, \
         substr(op, 1, 4096) AS bytes, server_ms, true AS decoded FROM app.rejected_ops \
     WHERE tenant_id = $1 AND (replica, seq, hash) > ($2, $3, $4) ORDER BY replica, seq, hash LIMIT $5) \
     UNION ALL \
     (SELECT replica, seq, hash, device_id, code, reason, size, bytes, server_ms, false AS decoded FROM app.undecodable_ops \
     WHERE tenant_id = $1 AND (replica, seq, hash) > ($2, $3, $4) ORDER BY replica, seq, hash LIMIT $5)) r \
     ORDER BY replica, seq, hash LIMIT $5";

/// An op that counts nowhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rejected)]
pub struct StoredRejection {
    pub(super) replica: Uuid,
    pub(super) seq: i64,
    pub(super) hash: String,
    device: Uuid,
    /// of errors.json
    code: String,
    reason: String,
    /// false where no op could be made of what was sent
    decoded: bool,
    /// bytes
    size: i64,
    /// hexadecimal, the first 4,096: the op's canonical bytes, or what was sent
    bytes: String,
    /// ms since 1970
    server_ms: i64,
}

pub(super) async fn list(
    reader: &TenantReader<'_>,
    after: &RejectedKey,
    limit: i64,
) -> Result<Vec<StoredRejection>, DatabaseError> {
    let rows = reader.query(REJECTED, &[&after.replica, &after.seq, &after.hash, &limit]).await?;
    rows.iter().map(rejection).collect()
}

fn rejection(row: &Row) -> Result<StoredRejection, DatabaseError> {
    Ok(StoredRejection {
        replica: row.try_get("replica")?,
        seq: row.try_get("seq")?,
        hash: to_hex(row.try_get("hash")?),
        device: row.try_get("device_id")?,
        code: row.try_get("code")?,
        reason: row.try_get("reason")?,
        decoded: row.try_get("decoded")?,
        size: row.try_get("size")?,
        bytes: to_hex(row.try_get("bytes")?),
        server_ms: row.try_get("server_ms")?,
    })
}
