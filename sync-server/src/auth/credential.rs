//! The text of a device's credential: `tenant.device.secret`.

use std::fmt;

use stocksync_schemas::{DeviceId, TenantId};
use uuid::Uuid;

/// What a device proves itself with. Shown once, at enrolment; the server stores the secret's hash alone.
pub struct DeviceCredential {
    /// The tenant.
    pub tenant: Uuid,
    /// The device.
    pub device: Uuid,
    /// 16 to 128 characters.
    pub secret: String,
}

impl DeviceCredential {
    /// Parses `tenant.device.secret`; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let tenant = Uuid::try_parse(parts.next()?).ok()?;
        let device = Uuid::try_parse(parts.next()?).ok()?;
        let secret = parts.next().filter(|secret| (16..=128).contains(&secret.len()))?;
        Some(Self { tenant, device, secret: secret.to_owned() })
    }

    /// The text that the device is given.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}.{}", self.tenant, self.device, self.secret)
    }

    /// The tenant's id.
    #[must_use]
    pub fn tenant_id(&self) -> TenantId {
        TenantId(*self.tenant.as_bytes())
    }

    /// The device's id.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        DeviceId(*self.device.as_bytes())
    }
}

impl fmt::Debug for DeviceCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCredential").field("tenant", &self.tenant).field("device", &self.device).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_reads_as_it_is_written_and_is_not_logged() {
        let text = format!("{}.{}.{}", Uuid::from_u128(1), Uuid::from_u128(2), "S".repeat(32));
        let credential = DeviceCredential::parse(&text).unwrap();
        assert_eq!(credential.to_text(), text);
        assert!(!format!("{credential:?}").contains("SSS"));
        assert!(DeviceCredential::parse(&format!("{}.{}.short", Uuid::nil(), Uuid::nil())).is_none());
    }
}
