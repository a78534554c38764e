//! Everything that can go wrong on a phone, precisely. What an app can act on is decided in `bindings`.

use stocksync_ledger::rules::RuleError;
use stocksync_schemas::Code;

/// An error of the core. Whatever it says, no recorded op is lost by it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The act breaks a rule: correct the input.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A value is not of its form.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which input.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing by that name here.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The outbox holds as many ops as it may: sync first.
    #[error("the outbox is full: sync before recording more")]
    OutboxFull,
    /// No space on the device. Nothing of the act was kept; free space and record it again.
    #[error("no space left on the device")]
    StorageFull,
    /// A newer app wrote this database.
    #[error("the database is of a newer version ({found}) than this app knows ({known})")]
    NewerDatabase {
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The database is damaged or cannot be opened.
    #[error("database: {0}")]
    Database(String),
    /// The device has not been enrolled.
    #[error("this device is not enrolled")]
    NotEnrolled,
    /// No answer: the network, or the server, is not there.
    #[error("no answer: {0}")]
    Offline(String),
    /// The server refused the request as a whole.
    #[error("the server refused: {code}: {reason}")]
    Refused {
        /// Registered code.
        code: Code,
        /// For a person.
        reason: String,
    },
    /// The server's answer makes no sense; nothing of it was applied.
    #[error("the answer cannot be used: {0}")]
    BadAnswer(String),
    /// Another sync is running.
    #[error("a sync is running")]
    Busy,
    /// The inventory is closed.
    #[error("closed")]
    Closed,
    /// A record's edit does not fit its collection: correct the field.
    #[error(transparent)]
    Record(#[from] stocksync_ledger::records::RecordError),
    /// A defect.
    #[error("internal: {0}")]
    Internal(&'static str),
}
