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
