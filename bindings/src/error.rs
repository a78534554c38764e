//! The one error that crosses to apps. Each variant is something an app can act on; text for people is in `reason`.
//!
//! Owns which error of the core is which; must never answer a new one by default: the match names them all.

use stocksync_core::Error;
use stocksync_ledger::records::RecordError;
use stocksync_ledger::rules::RuleError;
use stocksync_schemas::Code;

/// Why a call failed. Nothing is lost by any of them: what was recorded stays recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum StocksyncError {
    /// The server cannot be reached or answered in time. Go on working; sync again later.
    #[error("offline: {reason}")]
    Offline {
        /// What was tried.
        reason: String,
    },
    /// There is no credential, or the server no longer takes it. Enrol; recording goes on meanwhile.
    #[error("sign in: {reason}")]
    SignInRequired {
        /// Which.
        reason: String,
    },
    /// There is nothing by that name.
    #[error("not found: {reason}")]
    NotFound {
        /// What was asked for.
        reason: String,
    },
    /// The input breaks a rule. Correct the field and call again; nothing was recorded.
    #[error("{field}: {reason}")]
    InvalidInput {
        /// Which field.
        field: String,
        /// Which rule.
        reason: String,
    },
    /// The server refuses this for good.
    #[error("rejected ({code}): {reason}")]
    Rejected {
        /// Registered code.
        code: String,
        /// For a person.
        reason: String,
    },
    /// The device has no room left, or the outbox is full. Free some, or sync; nothing was recorded.
    #[error("storage is full: {reason}")]
    StorageFull {
        /// What is full.
        reason: String,
    },
    /// This app, or the server, is too old for the other.
    #[error("upgrade: {reason}")]
    UpgradeRequired {
        /// Which.
        reason: String,
    },
    /// Another process or call holds what this one needs. Try again.
    #[error("busy: {reason}")]
    Busy {
        /// What is held.
        reason: String,
    },
    /// The inventory was closed. Open it again.
    #[error("closed")]
    Closed,
    /// A defect of the library or of the app's listener. Report it.
    #[error("internal: {reason}")]
    Internal {
        /// For whoever mends it.
        reason: String,
    },
}

impl StocksyncError {
    /// A rule that an input breaks.
    pub(crate) fn invalid(field: &str, reason: impl ToString) -> Self {
        Self::InvalidInput { field: field.to_owned(), reason: reason.to_string() }
    }
}

impl From<Error> for StocksyncError {
    fn from(error: Error) -> Self {
        let reason = error.to_string();
        match error {
            Error::Rule(RuleError::Quantity { field, .. } | RuleError::TooMany { field, .. }) => {
                Self::InvalidInput { field: field.to_owned(), reason }
            }
            Error::Rule(RuleError::Broken(_)) => Self::invalid("act", reason),
            Error::Invalid { field, reason } => Self::InvalidInput { field: field.to_owned(), reason },
            Error::Record(RecordError::Field { field, reason }) => Self::invalid(&field, reason),
            Error::Record(_) => Self::invalid("record", reason),
            Error::NotFound(_) => Self::NotFound { reason },
            Error::OutboxFull | Error::StorageFull => Self::StorageFull { reason },
            Error::NewerDatabase { .. } => Self::UpgradeRequired { reason },
            Error::NotEnrolled => Self::SignInRequired { reason },
            Error::Offline(_) => Self::Offline { reason },
            Error::Refused { code, reason } => refused(code, reason),
            Error::SyncRunning | Error::StorageBusy => Self::Busy { reason },
            Error::StorageReadOnly
            | Error::StorageCorrupt(_)
            | Error::SecretStore(_)
            | Error::Database(_)
            | Error::BadAnswer(_)
            | Error::Internal(_) => Self::Internal { reason },
        }
    }
}

/// What an app does about a refusal of the whole request; the registry grows, so a code that is not named here is told by
/// whether it is worth trying again.
fn refused(code: Code, reason: String) -> StocksyncError {
    match code {
        Code::Unauthenticated | Code::DeviceRevoked => StocksyncError::SignInRequired { reason },
        Code::UpgradeServer | Code::UpgradeClient => StocksyncError::UpgradeRequired { reason },
        code if code.retryable() => StocksyncError::Offline { reason },
        code => StocksyncError::Rejected { code: code.as_str().to_owned(), reason },
    }
}

/// An app's listener that throws ends in an error here, not in a panic.
impl From<uniffi::UnexpectedUniFFICallbackError> for StocksyncError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Internal { reason: format!("a listener of the app failed: {}", error.reason) }
    }
}
