//! Which build this is, so that an app can check that generated code and library belong together. Owns no state.

use crate::StocksyncError;

/// Which build of the library runs.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BuildIdentity {
    /// Version of the library.
    pub version: String,
    /// Version of the protocol that it speaks.
    pub protocol: u32,
    /// Newest migration of the device's database that it knows.
    pub migration: u32,
}

/// Which build of the library runs. An app compares it with the one its bindings were made from.
///
/// # Errors
/// None in practice; every export answers with a result.
#[uniffi::export]
pub fn build_identity() -> Result<BuildIdentity, StocksyncError> {
    Ok(BuildIdentity {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: stocksync_schemas::exchange::PROTOCOL,
        migration: stocksync_schemas::migrations::DEVICE.len() as u32,
    })
}
