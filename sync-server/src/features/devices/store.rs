//! Devices, their credentials, and the codes that enrol them.

use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::DeviceCredential;
use crate::database::{Database, DatabaseError, TenantReader};
use crate::identity;

/// Uses a code up, unless it is used or expired.
pub const USE_CODE: &str = "UPDATE app.enrolment_codes SET used_ms = $3, used_by = $4 \
     WHERE tenant_id = $1 AND code_hash = $2 AND used_ms IS NULL AND expires_ms > $3 RETURNING code_hash";
/// A new device.
pub const CREATE_DEVICE: &str =
    "INSERT INTO app.devices (tenant_id, device_id, name, enrolled_ms) VALUES ($1, $2, $3, $4)";
/// Its credential.
pub const CREATE_CREDENTIAL: &str =
    "INSERT INTO app.credentials (tenant_id, device_id, secret_hash, created_ms) VALUES ($1, $2, $3, $4)";
/// Devices by id, with how many ops each has still to apply.
pub const DEVICES: &str = "SELECT d.device_id, d.name, d.enrolled_ms, d.revoked_ms, d.seen_ms, \
         greatest(k.position - d.cursor_position, 0) AS behind \
     FROM app.devices d JOIN app.tenant_clock k ON k.tenant_id = d.tenant_id \
     WHERE d.tenant_id = $1 AND d.device_id > $2 ORDER BY d.device_id LIMIT $3";

/// An enrolled device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
pub struct EnrolledDevice {
    pub(super) device: Uuid,
    name: String,
    /// ms since 1970
    enrolled_ms: i64,
    /// ms since 1970
    #[schema(required)]
    revoked_ms: Option<i64>,
    /// its newest exchange, ms since 1970
    #[schema(required)]
    seen_ms: Option<i64>,
    /// ops that it has still to apply
    behind: i64,
}

/// Code used up, device and credential stored in one transaction; false, and nothing changed, if the code is not valid.
pub(super) async fn create_device(
    database: &Database,
    credential: &DeviceCredential,
    name: &str,
    code_hash: &[u8; 32],
    now_ms: i64,
) -> Result<bool, DatabaseError> {
    let DeviceCredential { tenant, device, secret } = credential;
    let mut connection = database.connection().await?;
    let transaction = Database::begin(&mut connection, *tenant).await?;
    let used = transaction.query(USE_CODE, &[tenant, &code_hash.as_slice(), &now_ms, device]).await?;
    if used.is_empty() {
        return Ok(false);
    }
    transaction.execute(CREATE_DEVICE, &[tenant, device, &name, &now_ms]).await?;
    let secret_hash = identity::hash_secret(secret);
    transaction.execute(CREATE_CREDENTIAL, &[tenant, device, &secret_hash.as_slice(), &now_ms]).await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn list(
    reader: &TenantReader<'_>,
    after: Uuid,
    limit: i64,
) -> Result<Vec<EnrolledDevice>, DatabaseError> {
    reader.query(DEVICES, &[&after, &limit]).await?.iter().map(device).collect()
}

fn device(row: &Row) -> Result<EnrolledDevice, DatabaseError> {
    Ok(EnrolledDevice {
        device: row.try_get("device_id")?,
        name: row.try_get("name")?,
        enrolled_ms: row.try_get("enrolled_ms")?,
        revoked_ms: row.try_get("revoked_ms")?,
        seen_ms: row.try_get("seen_ms")?,
        behind: row.try_get("behind")?,
    })
}
