//! A one-time code becomes a device with a credential. The credential is shown once; only its hash is kept.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use stocksync_schemas::Code;
use uuid::Uuid;

use super::{ApiError, AppState, Json, Success};
use crate::database::{Database, DatabaseError};
use crate::{clock, identity};

/// Uses a code up, unless it is used or expired.
pub const USE_CODE: &str = "UPDATE app.enrolment_codes SET used_ms = $3, used_by = $4 \
     WHERE tenant_id = $1 AND code_hash = $2 AND used_ms IS NULL AND expires_ms > $3 RETURNING code_hash";
/// A new device.
pub const CREATE_DEVICE: &str =
    "INSERT INTO app.devices (tenant_id, device_id, name, enrolled_ms) VALUES ($1, $2, $3, $4)";
/// Its credential.
pub const CREATE_CREDENTIAL: &str =
    "INSERT INTO app.credentials (tenant_id, device_id, secret_hash, created_ms) VALUES ($1, $2, $3, $4)";

/// What a new device sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    code: String,
    device_name: String,
}

/// What it is given.
#[derive(Debug, Serialize)]
pub struct Enrolled {
    tenant: Uuid,
    device: Uuid,
    credential: String,
}

/// Enrols a device: 201, or `enrolment_code_invalid` whatever is wrong with the code.
pub async fn enrol(
    State(state): State<AppState>,
    Json(request): Json<EnrolRequest>,
) -> Result<Success<Enrolled>, ApiError> {
    let name = request.device_name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        let text = "1 to 100 characters, no control characters";
        return Err(ApiError::new(Code::InvalidRequest).detail("device_name", "length", text));
    }
    let invalid = || ApiError::new(Code::EnrolmentCodeInvalid);
    let (tenant, code) = request.code.trim().split_once('.').ok_or_else(invalid)?;
    let tenant = Uuid::try_parse(tenant).map_err(|_| invalid())?;
    let now_ms = clock::now_ms();
    let (device, secret) = (identity::new_id(now_ms)?, identity::new_secret()?);
    let code_hash = identity::hash_secret(&code.to_ascii_uppercase());
    let device_row = NewDevice { tenant, device, name, secret_hash: identity::hash_secret(&secret), now_ms };
    if !keep(state.database(), &device_row, &code_hash).await? {
        return Err(invalid());
    }
    Ok(Success::created(Enrolled { tenant, device, credential: format!("{tenant}.{device}.{secret}") }))
}

struct NewDevice<'a> {
    tenant: Uuid,
    device: Uuid,
    name: &'a str,
    secret_hash: [u8; 32],
    now_ms: i64,
}

/// Code, device and credential in one transaction; false if the code is not good.
async fn keep(database: &Database, new: &NewDevice<'_>, code_hash: &[u8; 32]) -> Result<bool, DatabaseError> {
    let NewDevice { tenant, device, name, secret_hash, now_ms } = new;
    let mut connection = database.connection().await?;
    let transaction = Database::begin(&mut connection, *tenant).await?;
    let used = transaction.query(USE_CODE, &[tenant, &code_hash.as_slice(), now_ms, device]).await?;
    if used.is_empty() {
        return Ok(false);
    }
    transaction.execute(CREATE_DEVICE, &[tenant, device, name, now_ms]).await?;
    transaction.execute(CREATE_CREDENTIAL, &[tenant, device, &secret_hash.as_slice(), now_ms]).await?;
    transaction.commit().await?;
    Ok(true)
}
