//! Which build this is, so that generated code and library can be told to belong together. Owns no state.

use crate::{StocksyncError, runtime};

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

/// Fails on purpose, for tests of the glue: `panic` panics inside the library's threads, any other word answers with the
/// error of that name. It touches nothing.
///
/// # Errors
/// The one asked for.
#[uniffi::export]
pub async fn provoke(what: String) -> Result<(), StocksyncError> {
    runtime::blocking(move || provoked(&what)).await
}

#[expect(clippy::panic, reason = "the panic is the purpose: it shows that one never reaches the app")]
fn provoked(what: &str) -> Result<(), StocksyncError> {
    let reason = "on purpose".to_owned();
    Err(match what {
        "panic" => panic!("on purpose"),
        "offline" => StocksyncError::Offline { reason },
        "sign_in_required" => StocksyncError::SignInRequired { reason },
        "not_found" => StocksyncError::NotFound { reason },
        "invalid_input" => StocksyncError::invalid("field", reason),
        "rejected" => StocksyncError::Rejected { code: "forbidden".to_owned(), reason },
        "storage_full" => StocksyncError::StorageFull { reason },
        "upgrade_required" => StocksyncError::UpgradeRequired { reason },
        "busy" => StocksyncError::Busy { reason },
        "closed" => StocksyncError::Closed,
        _ => StocksyncError::Internal { reason },
    })
}
