//! Who this device is, and where its ids come from.
//!
//! Owns randomness: nothing else in the crate makes an id, so that the simulation can seed them.

use std::fmt;

use stocksync_schemas::{DeviceId, TenantId};

use crate::Error;

/// Where ids come from.
pub trait IdSource: Send + Sync {
    /// 16 bytes that nobody else has.
    ///
    /// # Errors
    /// [`Error::Internal`] where the system has no randomness to give.
    fn id(&self) -> Result<[u8; 16], Error>;
}

/// The system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn id(&self) -> Result<[u8; 16], Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| Error::Internal("the system gives no random numbers"))?;
        Ok(bytes)
    }
}

/// What a secret store of an app failed with.
pub type SecretError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps secrets outside the database, such as Android's Keystore or the Keychain. Never called while a lock is held.
pub trait SecretStore: Send + Sync {
    /// The secret of this name; none if there is none.
    ///
    /// # Errors
    /// Any; passed on in [`Error::SecretStore`].
    fn load(&self, name: &str) -> Result<Option<String>, SecretError>;

    /// Stores a secret in place of an older one of its name; it must be durable when this returns.
    ///
    /// # Errors
    /// Any; passed on in [`Error::SecretStore`].
    fn save(&self, name: &str, secret: &str) -> Result<(), SecretError>;

    /// Deletes the secret of this name, if there is one.
    ///
    /// # Errors
    /// Any; passed on in [`Error::SecretStore`].
    fn delete(&self, name: &str) -> Result<(), SecretError>;
}

/// As which device of which server an installation is enrolled, without its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledDevice {
    /// The organisation.
    pub tenant: TenantId,
    /// This installation.
    pub device: DeviceId,
    /// Base address of the server, such as `https://stock.example.org`.
    pub server: String,
}

impl EnrolledDevice {
    /// Under which name a secret store keeps its credential.
    #[must_use]
    pub fn secret_name(&self) -> String {
        format!("credential/{}", self.device)
    }
}

/// As whom this device speaks to which server.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The organisation.
    pub tenant: TenantId,
    /// This installation.
    pub device: DeviceId,
    /// Base address of the server, such as `https://stock.example.org`.
    pub server: String,
    /// `tenant.device.secret`; never logged.
    pub credential: String,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Enrolment {{ tenant: {}, device: {}, server: {:?} }}", self.tenant, self.device, self.server)
    }
}

impl Enrolment {
    /// The same without the credential.
    #[must_use]
    pub fn enrolled_device(&self) -> EnrolledDevice {
        EnrolledDevice { tenant: self.tenant, device: self.device, server: self.server.clone() }
    }
}
