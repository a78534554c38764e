//! Devices: enrolment by a one-time code, and the list of those that are enrolled.
//!
//! Owns how a code becomes a device with a credential. The credential is shown once; the server stores its hash alone.

pub mod api;
pub mod store;

use stocksync_schemas::TenantId;
use uuid::Uuid;

use crate::auth::DeviceCredential;
use crate::database::{Database, DatabaseError, TenantReader};
use crate::identity::{self, NoRandomness};

pub use store::EnrolledDevice;

/// Longest name of a device, characters.
pub const NAME_CHARS: usize = 100;

/// Why a device could not be enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The name is empty, too long or has control characters.
    #[error("a device's name has 1 to 100 characters and no control characters")]
    Name,
    /// The code is unknown, used, expired or no code at all; which of them is not told.
    #[error("the enrolment code is not valid")]
    Code,
    /// The system's random generator failed.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The database failed; the code is not used up.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Enrols a device: code used up, device and credential stored, all durable when it returns.
///
/// # Errors
/// Each variant of [`EnrolError`]; nothing has changed.
pub async fn enrol(
    database: &Database,
    code: &str,
    device_name: &str,
    now_ms: i64,
) -> Result<DeviceCredential, EnrolError> {
    let name = device_name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        return Err(EnrolError::Name);
    }
    let (tenant, code) = code.trim().split_once('.').ok_or(EnrolError::Code)?;
    let tenant = Uuid::try_parse(tenant).map_err(|_| EnrolError::Code)?;
    let credential = DeviceCredential { tenant, device: identity::new_id(now_ms)?, secret: identity::new_secret()? };
    let code_hash = identity::hash_secret(&code.to_ascii_uppercase());
    if store::create_device(database, &credential, name, &code_hash, now_ms).await? {
        Ok(credential)
    } else {
        Err(EnrolError::Code)
    }
}

/// Enrolled devices after one of them, by id, which is the order of enrolment.
///
/// # Errors
/// As the variants of [`DatabaseError`] say.
pub async fn list(
    database: &Database,
    tenant: TenantId,
    after: Uuid,
    limit: i64,
) -> Result<Vec<EnrolledDevice>, DatabaseError> {
    let mut connection = database.connection().await?;
    let reader = TenantReader::begin(&mut connection, tenant).await?;
    store::list(&reader, after, limit).await
}
