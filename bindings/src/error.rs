//! The one error that crosses to apps. Each variant is something an app can act on; text for people is in `reason`.

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

/// An app's listener that throws ends in an error here, not in a panic.
impl From<uniffi::UnexpectedUniFFICallbackError> for StocksyncError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Internal { reason: format!("a listener of the app failed: {}", error.reason) }
    }
}
