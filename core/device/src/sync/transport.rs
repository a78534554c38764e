//! What carries an exchange.

use stocksync_schemas::Code;

/// No usable answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// No answer came: the server may or may not have received the request. Send it again.
    #[error("{0}")]
    Offline(String),
    /// The server refused the request as a whole.
    #[error("{code}: {reason}")]
    Refused {
        /// Registered code.
        code: Code,
        /// For a person.
        reason: String,
    },
}

/// Carries the bytes of a request to the server and those of its answer back. Waits no longer than
/// `limits::EXCHANGE_MS`.
pub trait Transport: Send + Sync {
    /// One exchange.
    ///
    /// # Errors
    /// [`TransportError`]; whatever it says, the same request may be sent again.
    fn exchange(&self, request: &[u8]) -> Result<Vec<u8>, TransportError>;
}
