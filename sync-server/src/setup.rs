//! What the owner does outside of serving: new tenants and enrolment codes.

use serde::Serialize;
use uuid::Uuid;

use crate::database::{DatabaseError, PostgresAddress};
use crate::identity;

/// Makes a tenant; its clock starts at position 0.
pub const CREATE_TENANT: &str = "INSERT INTO app.tenants (tenant_id, name, created_ms) VALUES ($1, $2, $3)";
/// The clock of a new tenant.
pub const CREATE_CLOCK: &str =
    "INSERT INTO app.tenant_clock (tenant_id, position, head, now_ms) VALUES ($1, 0, $2, $3)";
/// Whether a tenant exists.
pub const TENANT_EXISTS: &str = "SELECT 1 FROM app.tenants WHERE tenant_id = $1";
/// Makes an enrolment code.
pub const CREATE_CODE: &str =
    "INSERT INTO app.enrolment_codes (tenant_id, code_hash, created_ms, expires_ms) VALUES ($1, $2, $3, $4)";

/// Longest validity of an enrolment code, seconds: 30 days.
const EXPIRES_MAX: u32 = 30 * 24 * 3_600;

/// Why the set-up was refused.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A name that is empty or too long.
    #[error("a name has 1 to 200 characters")]
    Name,
    /// A validity outside its limits.
    #[error("an enrolment code is valid for 1 second to 30 days")]
    Expires,
    /// There is no such tenant.
    #[error("there is no tenant {0}")]
    NoTenant(Uuid),
    /// The system's random generator failed.
    #[error(transparent)]
    NoRandomness(#[from] identity::NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<tokio_postgres::Error> for SetupError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

/// A tenant that was made.
#[derive(Debug, Serialize)]
pub struct CreatedTenant {
    /// Its id.
    pub tenant: Uuid,
    /// Its name.
    pub name: String,
}

/// A code that was made. The only time that it is seen.
#[derive(Debug, Serialize)]
pub struct CreatedCode {
    /// `tenant.code`: what the new device is given.
    pub code: String,
    /// When it expires, ms since 1970.
    pub expires_ms: i64,
}

/// Makes a tenant. Durable when it returns.
///
/// # Errors
/// [`SetupError::Name`], or what the database answered.
pub async fn create_tenant(owner: &PostgresAddress, name: &str, now_ms: i64) -> Result<CreatedTenant, SetupError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(SetupError::Name);
    }
    let tenant_id = identity::new_id(now_ms)?;
    let (mut client, _) = owner.connect().await?;
    let transaction = client.transaction().await?;
    transaction.execute(CREATE_TENANT, &[&tenant_id, &name, &now_ms]).await?;
    transaction.execute(CREATE_CLOCK, &[&tenant_id, &[0_u8; 32].as_slice(), &now_ms]).await?;
    transaction.commit().await?;
    Ok(CreatedTenant { tenant: tenant_id, name: name.to_owned() })
}

/// Says whether there is such a tenant.
///
/// # Errors
/// [`SetupError::NoTenant`], or what the database answered.
pub async fn check_tenant(owner: &PostgresAddress, tenant: Uuid) -> Result<(), SetupError> {
    let (client, _) = owner.connect().await?;
    client.query_opt(TENANT_EXISTS, &[&tenant]).await?.map(drop).ok_or(SetupError::NoTenant(tenant))
}

/// Makes a one-time code that enrols one device. Only its hash is kept.
///
/// # Errors
/// [`SetupError::Expires`], [`SetupError::NoTenant`], or what the database answered.
pub async fn create_enrolment_code(
    owner: &PostgresAddress,
    tenant: Uuid,
    expires_seconds: u32,
    now_ms: i64,
) -> Result<CreatedCode, SetupError> {
    if expires_seconds == 0 || expires_seconds > EXPIRES_MAX {
        return Err(SetupError::Expires);
    }
    let (client, _) = owner.connect().await?;
    if client.query_opt(TENANT_EXISTS, &[&tenant]).await?.is_none() {
        return Err(SetupError::NoTenant(tenant));
    }
    let code = identity::new_code()?;
    let expires_ms = now_ms.saturating_add(i64::from(expires_seconds) * 1_000);
    let hash = identity::hash_secret(&code);
    client.execute(CREATE_CODE, &[&tenant, &hash.as_slice(), &now_ms, &expires_ms]).await?;
    Ok(CreatedCode { code: format!("{tenant}.{code}"), expires_ms })
}
