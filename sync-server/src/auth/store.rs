//! The stored hashes of device secrets.

use stocksync_schemas::TenantId;

use super::DeviceCredential;
use crate::database::{Database, DatabaseError, TenantReader};

/// The secrets of a device and whether it may still exchange.
pub const CREDENTIALS: &str = "SELECT c.secret_hash, d.revoked_ms IS NOT NULL AS revoked \
     FROM app.credentials c JOIN app.devices d ON d.tenant_id = c.tenant_id AND d.device_id = c.device_id \
     WHERE c.tenant_id = $1 AND c.device_id = $2";

/// One stored secret of a device.
pub(super) struct StoredSecret {
    pub hash: Vec<u8>,
    pub revoked: bool,
}

/// The secrets of the credential's device; none for a device that does not exist.
pub(super) async fn device_secrets(
    database: &Database,
    credential: &DeviceCredential,
) -> Result<Vec<StoredSecret>, DatabaseError> {
    let mut connection = database.connection().await?;
    let tenant: TenantId = credential.tenant_id();
    let reader = TenantReader::begin(&mut connection, tenant).await?;
    let rows = reader.query(CREDENTIALS, &[&credential.device]).await?;
    let secret = |row: &tokio_postgres::Row| {
        Ok(StoredSecret { hash: row.try_get("secret_hash")?, revoked: row.try_get("revoked")? })
    };
    rows.iter().map(secret).collect()
}
