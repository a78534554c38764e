//! Who asks: `authorization: Bearer tenant.device.secret`. The tenant comes from a verified credential and from nowhere
//! else.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use stocksync_schemas::{Code, DeviceId, TenantId};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{ApiError, AppState, Caller, RequestContext};
use crate::database::{Database, DatabaseError};
use crate::identity;

/// The secrets of a device and whether it may still exchange.
pub const CREDENTIALS: &str = "SELECT c.secret_hash, d.revoked_ms IS NOT NULL AS revoked \
     FROM app.credentials c JOIN app.devices d ON d.tenant_id = c.tenant_id AND d.device_id = c.device_id \
     WHERE c.tenant_id = $1 AND c.device_id = $2";

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = header.and_then(|text| text.strip_prefix("Bearer ")).and_then(parse);
        let Some((tenant, device, secret)) = given else { return Err(ApiError::new(Code::Unauthenticated)) };
        let rows = rows(state.database(), tenant, device).await?;
        let hash = identity::hash_secret(&secret);
        let matches = |row: &&tokio_postgres::Row| {
            row.try_get::<_, &[u8]>("secret_hash").is_ok_and(|kept| bool::from(kept.ct_eq(&hash)))
        };
        let Some(row) = rows.iter().find(matches) else { return Err(ApiError::new(Code::Unauthenticated)) };
        if row.try_get("revoked").unwrap_or(true) {
            return Err(ApiError::new(Code::DeviceRevoked));
        }
        let caller = Caller { tenant: TenantId(*tenant.as_bytes()), device: DeviceId(*device.as_bytes()) };
        if let Some(context) = RequestContext::current() {
            context.set_caller(caller);
        }
        Ok(caller)
    }
}

/// `tenant.device.secret`.
fn parse(text: &str) -> Option<(Uuid, Uuid, String)> {
    let mut parts = text.splitn(3, '.');
    let tenant = Uuid::try_parse(parts.next()?).ok()?;
    let device = Uuid::try_parse(parts.next()?).ok()?;
    let secret = parts.next().filter(|secret| (16..=128).contains(&secret.len()))?;
    Some((tenant, device, secret.to_owned()))
}

async fn rows(database: &Database, tenant: Uuid, device: Uuid) -> Result<Vec<tokio_postgres::Row>, DatabaseError> {
    let mut connection = database.connection().await?;
    let transaction = Database::begin(&mut connection, tenant).await?;
    let statement = transaction.prepare_cached(CREDENTIALS).await?;
    Ok(transaction.query(&statement, &[&tenant, &device]).await?)
}
