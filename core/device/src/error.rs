//! Everything that can go wrong on a device, precisely. Which of it an app can act on is decided in `bindings`.

use stocksync_ledger::rules::RuleError;
use stocksync_schemas::Code;

use crate::identity::SecretError;

/// An error of the core. Whatever it says, no recorded op is lost by it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The op breaks a rule: correct the input.
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
    /// Nothing has that name on this device.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// The outbox holds as many ops as it may: sync first.
    #[error("the outbox is full: sync before recording more")]
    OutboxFull,
    /// No space on the device. Nothing was recorded; free space and call again.
    #[error("no space left on the device")]
    StorageFull,
    /// Another process holds the database. Nothing was recorded; call again.
    #[error("another process holds the database")]
    StorageBusy,
    /// The file, its folder or its disk does not permit writing.
    #[error("the database cannot be written")]
    StorageReadOnly,
    /// The file is damaged or is no database. Keep it: it may hold ops that were not sent.
    #[error("the database is damaged: {0}")]
    StorageCorrupt(String),
    /// A newer app wrote this database.
    #[error("the database has version {found}, this app knows versions up to {known}")]
    NewerDatabase {
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Another failure of the database, such as one of the disk.
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
    /// The server's answer breaks the protocol; nothing of it was applied.
    #[error("the server's answer cannot be used: {0}")]
    BadAnswer(String),
    /// Another sync is running.
    #[error("a sync is running")]
    SyncRunning,
    /// The app's secret store failed; what it answered is inside.
    #[error("the secret store failed: {0}")]
    SecretStore(SecretError),
    /// A record's edit does not fit its collection: correct the field.
    #[error(transparent)]
    Record(#[from] stocksync_ledger::records::RecordError),
    /// A defect.
    #[error("internal: {0}")]
    Internal(&'static str),
}
