//! Who makes a request, and what they may do.
//!
//! Owns credentials, [`Principal`] and [`Permission`]. The tenant comes from a verified credential and from nowhere else.
//! Must never read a body or a feature's table: routes declare the permission that they need, and the kernel in
//! [`crate::http`] asks here before a handler runs.

mod credential;
pub mod store;

use stocksync_schemas::{DeviceId, TenantId};
use subtle::ConstantTimeEq;

pub use credential::DeviceCredential;

use crate::database::{Database, DatabaseError};
use crate::identity;

/// Who acts in a tenant: taken from a verified credential, or the server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The organisation, which everything the principal reads and writes belongs to.
    pub tenant: TenantId,
    /// Who in it.
    pub actor: Actor,
}

/// The kinds of principals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// An enrolled device.
    Device(DeviceId),
    /// The server: jobs and commands of its operator.
    System,
}

/// What a route needs its caller to be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Exchange ops with the log.
    Exchange,
    /// Read balances and movements.
    ReadStock,
    /// Read products, variants, identifiers, locations and lots.
    ReadCatalogue,
    /// Read open exceptions.
    ReadExceptions,
    /// Read rejected ops.
    ReadRejected,
    /// Read the list of devices.
    ReadDevices,
}

impl Permission {
    /// Every permission of this build.
    pub const ALL: &'static [Self] = &[
        Self::Exchange,
        Self::ReadStock,
        Self::ReadCatalogue,
        Self::ReadExceptions,
        Self::ReadRejected,
        Self::ReadDevices,
    ];

    /// Its name in the API document and in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exchange => "sync.exchange",
            Self::ReadStock => "stock.read",
            Self::ReadCatalogue => "catalogue.read",
            Self::ReadExceptions => "exceptions.read",
            Self::ReadRejected => "rejected.read",
            Self::ReadDevices => "devices.read",
        }
    }
}

impl Principal {
    /// The principal of an enrolled device.
    #[must_use]
    pub const fn device(tenant: TenantId, device: DeviceId) -> Self {
        Self { tenant, actor: Actor::Device(device) }
    }

    /// The server itself, acting in a tenant.
    #[must_use]
    pub const fn system(tenant: TenantId) -> Self {
        Self { tenant, actor: Actor::System }
    }

    /// Its device, if it is one.
    #[must_use]
    pub const fn device_id(&self) -> Option<DeviceId> {
        match self.actor {
            Actor::Device(device) => Some(device),
            Actor::System => None,
        }
    }

    /// Whether it may do what `permission` names. A device has every permission of this build; the server has all but
    /// the exchange, which is the protocol of devices.
    #[must_use]
    pub const fn may(&self, permission: Permission) -> bool {
        match (self.actor, permission) {
            (Actor::Device(_), _) => true,
            (Actor::System, permission) => !matches!(permission, Permission::Exchange),
        }
    }
}

/// Why a caller was turned away.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No credential, or one that does not match. Answer 401.
    #[error("no valid credential")]
    Unauthenticated,
    /// The credential's device was revoked. Answer 403; the device keeps its outbox.
    #[error("the device is revoked")]
    DeviceRevoked,
    /// The credential is valid and may not do this. Answer 403.
    #[error("the credential lacks the permission {}", .0.name())]
    Forbidden(Permission),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// The principal whose credential the `authorization` header carries, if it may do what `permission` names.
///
/// # Errors
/// Each variant of [`AuthError`] says what to answer.
pub async fn authorize(
    database: &Database,
    authorization: Option<&str>,
    permission: Permission,
) -> Result<Principal, AuthError> {
    let principal = authenticate(database, authorization).await?;
    if principal.may(permission) { Ok(principal) } else { Err(AuthError::Forbidden(permission)) }
}

async fn authenticate(database: &Database, authorization: Option<&str>) -> Result<Principal, AuthError> {
    let given = authorization.and_then(|header| header.strip_prefix("Bearer "));
    let credential = given.and_then(DeviceCredential::parse).ok_or(AuthError::Unauthenticated)?;
    let hash = identity::hash_secret(&credential.secret);
    let stored = store::device_secrets(database, &credential).await?;
    let matching = stored.into_iter().find(|secret| bool::from(secret.hash.as_slice().ct_eq(&hash)));
    match matching {
        None => Err(AuthError::Unauthenticated),
        Some(secret) if secret.revoked => Err(AuthError::DeviceRevoked),
        Some(_) => Ok(Principal::device(credential.tenant_id(), credential.device_id())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_have_names_of_their_own() {
        let mut names: Vec<&str> = Permission::ALL.iter().map(|permission| permission.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Permission::ALL.len());
    }

    #[test]
    fn the_server_itself_does_not_exchange() {
        let system = Principal::system(TenantId([1; 16]));
        assert!(!system.may(Permission::Exchange) && system.may(Permission::ReadStock));
        assert_eq!(system.device_id(), None);
    }
}
