//! The one error that crosses to apps. Each variant is something an app can act on; text for people is in `reason`.
//!
//! Owns which error of the core is which. Must never map a new one by default: the match names every variant.

use stocksync_core::Error;
use stocksync_core::identity::SecretError;
use stocksync_ledger::records::RecordError;
use stocksync_ledger::rules::RuleError;
use stocksync_schemas::Code;

/// Why a call failed. Whatever it says, what was recorded before stays recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum StocksyncError {
    /// The server cannot be reached or did not answer in time. Go on working; sync again later.
    #[error("offline: {reason}")]
    Offline {
        /// What was tried.
        reason: String,
    },
    /// The device has no credential, or the server no longer accepts it. Enrol; recording goes on meanwhile.
    #[error("sign in: {reason}")]
    SignInRequired {
        /// Which of them.
        reason: String,
    },
    /// Nothing has that name here.
    #[error("not found: {reason}")]
    NotFound {
        /// What was asked for.
        reason: String,
    },
    /// The input breaks a rule. Correct the field and call again; nothing was recorded.
    #[error("{field}: {reason}")]
    InvalidInput {
        /// Which field; for an id, quantity or token of another form, the name of its type.
        field: String,
        /// Which rule.
        reason: String,
    },
    /// The server refuses this permanently.
    #[error("rejected ({code}): {reason}")]
    Rejected {
        /// Registered code of the refusal.
        code: String,
        /// For a person.
        reason: String,
    },
    /// This app, or the server, is too old for the other. Update it.
    #[error("upgrade: {reason}")]
    UpgradeRequired {
        /// Which of them.
        reason: String,
    },
    /// The outbox holds as many ops as it may. Sync, then record again; nothing was recorded.
    #[error("outbox is full: {reason}")]
    OutboxFull {
        /// For a log.
        reason: String,
    },
    /// The device has no room left. Free some, then call again; nothing was recorded.
    #[error("storage is full: {reason}")]
    StorageFull {
        /// For a log.
        reason: String,
    },
    /// Another process holds the database. Call again; nothing was recorded.
    #[error("storage is busy: {reason}")]
    StorageBusy {
        /// For a log.
        reason: String,
    },
    /// The database file, its folder or its disk does not permit writing. Nothing was recorded.
    #[error("storage is read-only: {reason}")]
    StorageReadOnly {
        /// For a log.
        reason: String,
    },
    /// The file is damaged, or is no database. Keep it: it may hold ops that were not sent.
    #[error("storage is damaged: {reason}")]
    StorageCorrupt {
        /// What was found.
        reason: String,
    },
    /// A newer app wrote this database. Update the app; the file was not changed.
    #[error("newer database: {reason}")]
    NewerDatabase {
        /// Its version and the one this library knows.
        reason: String,
    },
    /// A sync runs already. Wait for it.
    #[error("a sync is running")]
    SyncRunning,
    /// The inventory was shut down. Open it again.
    #[error("shut down")]
    Closed,
    /// A defect of the library, or of what the app implements. Report it.
    #[error("internal: {reason}")]
    Internal {
        /// For whoever corrects it.
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
            Error::Rule(RuleError::Broken(_)) => Self::invalid("op", reason),
            Error::Invalid { field, reason } => Self::InvalidInput { field: field.to_owned(), reason },
            Error::Record(RecordError::Field { field, reason }) => Self::invalid(&field, reason),
            Error::Record(_) => Self::invalid("record", reason),
            Error::NotFound(_) => Self::NotFound { reason },
            Error::OutboxFull => Self::OutboxFull { reason },
            Error::StorageFull => Self::StorageFull { reason },
            Error::StorageBusy => Self::StorageBusy { reason },
            Error::StorageReadOnly => Self::StorageReadOnly { reason },
            Error::StorageCorrupt(_) => Self::StorageCorrupt { reason },
            Error::NewerDatabase { .. } => Self::NewerDatabase { reason },
            Error::NotEnrolled => Self::SignInRequired { reason },
            Error::Offline(_) => Self::Offline { reason },
            Error::Refused { code, reason } => refused(code, reason),
            Error::SyncRunning => Self::SyncRunning,
            Error::SecretStore(thrown) => of_secret_store(&thrown),
            Error::Database(_) | Error::BadAnswer(_) | Error::Internal(_) => Self::Internal { reason },
        }
    }
}

/// What the app's secret store threw goes back to the app as it was.
fn of_secret_store(thrown: &SecretError) -> StocksyncError {
    let own = thrown.downcast_ref::<StocksyncError>();
    own.cloned().unwrap_or_else(|| StocksyncError::Internal { reason: format!("the secret store failed: {thrown}") })
}

/// What an app does about a refusal of the whole request. The registry of codes grows, so a code that is not named here is
/// judged by whether it may be tried again.
fn refused(code: Code, reason: String) -> StocksyncError {
    match code {
        Code::Unauthenticated | Code::DeviceRevoked => StocksyncError::SignInRequired { reason },
        Code::UpgradeServer | Code::UpgradeClient => StocksyncError::UpgradeRequired { reason },
        code if code.retryable() => StocksyncError::Offline { reason },
        code => StocksyncError::Rejected { code: code.as_str().to_owned(), reason },
    }
}

/// What an app implements and throws something else than this enum ends in an error, not in a panic.
impl From<uniffi::UnexpectedUniFFICallbackError> for StocksyncError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Internal { reason: format!("a callback of the app failed: {}", error.reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_secret_store_throws_comes_back_as_it_was() {
        let thrown =
            StocksyncError::Rejected { code: "locked".to_owned(), reason: "unlock the device first".to_owned() };
        assert_eq!(StocksyncError::from(Error::SecretStore(thrown.clone().into())), thrown);
        let foreign = Error::SecretStore("no keystore".into());
        assert!(
            matches!(StocksyncError::from(foreign), StocksyncError::Internal { reason } if reason.contains("no keystore"))
        );
    }

    #[test]
    fn refusals_worth_a_retry_are_offline() {
        for (code, expected) in [
            (Code::Unavailable, StocksyncError::Offline { reason: "r".to_owned() }),
            (Code::DeviceRevoked, StocksyncError::SignInRequired { reason: "r".to_owned() }),
            (Code::UpgradeClient, StocksyncError::UpgradeRequired { reason: "r".to_owned() }),
        ] {
            assert_eq!(refused(code, "r".to_owned()), expected);
        }
    }
}
