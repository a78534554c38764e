//! A running sync and what it tells. Owns progress, cancelling and the app's listeners; exchanges are the core's.

use std::sync::Arc;

use crate::StocksyncError;

/// How far a sync has come. Told once per exchange.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncProgress {
    /// Exchanges done.
    pub exchanges: i64,
    /// Acts that still wait to be sent.
    pub pending: i64,
    /// Acts of others that still wait to be fetched.
    pub remaining: i64,
    /// Up to where in the tenant's log this database knows everything.
    pub cursor: i64,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncSummary {
    /// Exchanges done.
    pub exchanges: i64,
    /// Own acts accepted by this sync.
    pub accepted: i64,
    /// Own acts that an earlier exchange had already had accepted; they count once.
    pub duplicates: i64,
    /// Own acts that the server will not apply.
    pub rejected: i64,
    /// Acts of others applied.
    pub pulled: i64,
    /// Whether nothing waits on either side; false when the deadline or a cancel ended it earlier.
    pub complete: bool,
}

/// Told how far a sync has come. Implemented by the app; called on the library's threads, never while it holds a lock. What
/// it throws is ignored: a listener cannot stop a sync (`SyncHandle.cancel` does).
#[uniffi::export(with_foreign)]
pub trait SyncListener: Send + Sync {
    /// After each exchange.
    ///
    /// # Errors
    /// Ignored.
    fn progressed(&self, progress: SyncProgress) -> Result<(), StocksyncError>;
}

/// What changed with one transaction.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChangeView {
    /// Cells whose balance may have changed; empty and `all` set when they are too many to name.
    pub cells: Vec<crate::CellRef>,
    /// Whether records changed.
    pub records: bool,
    /// Whether more changed than is named: read the screen anew.
    pub all: bool,
}

/// Told of changes to what the app shows. Implemented by the app; called once per transaction on the library's threads.
#[uniffi::export(with_foreign)]
pub trait Observer: Send + Sync {
    /// Something changed. Read again what is on the screen.
    ///
    /// # Errors
    /// Ignored.
    fn changed(&self, change: ChangeView) -> Result<(), StocksyncError>;
}

pub(crate) type Listener = Option<Arc<dyn SyncListener>>;
