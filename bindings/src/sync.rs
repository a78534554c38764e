//! Syncing: starting, progress, cancelling. Exchanges are the core's.
//!
//! Owns the handle of a running sync. Must never tie a sync to the life of the handle: one that was started runs to its end
//! unless it is cancelled or the inventory is shut down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stocksync_core::Error;
use stocksync_core::sync::http::HttpTransport;
use stocksync_core::sync::{Progress, Report};
use tokio::sync::watch;

use crate::handle::{Handle, Lease};
use crate::{StocksyncError, runtime, views};

/// How far a sync has come. Told once per exchange.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncProgress {
    /// Exchanges done.
    pub exchanges: i64,
    /// Ops that still wait to be sent.
    pub pending: i64,
    /// Ops of others that still wait to be fetched.
    pub remaining: i64,
    /// Up to where in the tenant's log this database knows everything.
    pub cursor: i64,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncSummary {
    /// Exchanges done.
    pub exchanges: i64,
    /// Own ops accepted by this sync.
    pub accepted: i64,
    /// Own ops that an earlier exchange had already had accepted; they count once.
    pub duplicates: i64,
    /// Own ops that the server will not apply.
    pub rejected: i64,
    /// Ops of others applied.
    pub pulled: i64,
    /// Times the server was found without the end of its log, as after a restore from a backup.
    pub lost_tails: i64,
    /// Bytes sent, compressed.
    pub bytes_up: i64,
    /// Bytes received, compressed.
    pub bytes_down: i64,
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

/// Syncs with the server. A part of [`Inventory`](crate::Inventory).
#[derive(uniffi::Object)]
pub struct SyncService {
    handle: Arc<Handle>,
}

impl SyncService {
    pub(crate) fn new(handle: Arc<Handle>) -> Arc<Self> {
        Arc::new(Self { handle })
    }
}

#[uniffi::export]
impl SyncService {
    /// Starts a sync on the library's threads; no exchange begins after `deadline_ms` from now. One runs at a time: a second
    /// one ends with `SyncRunning`. The library never starts one by itself: the platform's scheduler calls this.
    ///
    /// # Errors
    /// `Closed`; all others come from `SyncHandle.wait`.
    #[uniffi::method(default(listener = None))]
    pub fn start(
        &self,
        deadline_ms: i64,
        listener: Option<Arc<dyn SyncListener>>,
    ) -> Result<Arc<SyncHandle>, StocksyncError> {
        let lease = self.handle.lease()?;
        let cancel = self.handle.new_cancel();
        let (sender, ended) = watch::channel(None);
        let (flag, roots) = (Arc::clone(&cancel), self.handle.extra_roots());
        runtime::start(move || {
            let result = run(&lease, &roots, deadline_ms, listener, &flag);
            // Who waits may shut down at once: the database is let go first.
            drop(lease);
            sender.send_replace(Some(result));
        })?;
        Ok(Arc::new(SyncHandle { cancel, ended }))
    }
}

/// A sync that was started. It runs to its end whether or not the app holds this.
#[derive(uniffi::Object)]
pub struct SyncHandle {
    cancel: Arc<AtomicBool>,
    ended: watch::Receiver<Option<Result<SyncSummary, StocksyncError>>>,
}

#[uniffi::export]
impl SyncHandle {
    /// Waits for the end of the sync. May be called by several, and again. Giving up waiting does not cancel the sync.
    ///
    /// # Errors
    /// `Offline`, `SignInRequired`, `Rejected`, `UpgradeRequired`, `SyncRunning`, storage errors. What was exchanged until then
    /// is applied.
    pub async fn wait(&self) -> Result<SyncSummary, StocksyncError> {
        let mut ended = self.ended.clone();
        let result = ended.wait_for(Option::is_some).await.ok().and_then(|result| result.clone());
        // The sender is dropped without a result only if the sync panicked.
        result.unwrap_or_else(|| Err(StocksyncError::Internal { reason: "a defect ended the sync".to_owned() }))
    }

    /// Ends the sync after the exchange that is under way. Returns at once; `wait` tells when it has ended.
    ///
    /// # Errors
    /// None in practice: every export answers with a result.
    pub fn cancel(&self) -> Result<(), StocksyncError> {
        self.cancel.store(true, Ordering::Relaxed);
        Ok(())
    }
}

fn run(
    core: &Lease,
    extra_roots: &[String],
    deadline_ms: i64,
    listener: Option<Arc<dyn SyncListener>>,
    cancel: &AtomicBool,
) -> Result<SyncSummary, StocksyncError> {
    let mut notify = |progress: Progress| {
        if let Some(listener) = &listener
            && let Err(error) = listener.progressed(progress.into())
        {
            tracing::warn!(%error, "a sync listener failed");
        }
    };
    let enrolment = core.enrolment()?.ok_or(Error::NotEnrolled)?;
    let transport = HttpTransport::new(&enrolment, extra_roots)?;
    let report = core.sync(&transport, deadline_ms, cancel, &mut notify)?;
    tracing::info!(exchanges = report.exchanges, complete = report.complete, "sync ended");
    Ok(report.into())
}

impl From<Progress> for SyncProgress {
    fn from(progress: Progress) -> Self {
        let Progress { exchanges, pending, remaining, cursor } = progress;
        Self {
            exchanges: views::signed(exchanges),
            pending: views::signed(pending),
            remaining: views::signed(remaining),
            cursor: views::signed(cursor),
        }
    }
}

impl From<Report> for SyncSummary {
    fn from(report: Report) -> Self {
        Self {
            exchanges: views::signed(report.exchanges),
            accepted: views::signed(report.accepted),
            duplicates: views::signed(report.duplicates),
            rejected: views::signed(report.rejected),
            pulled: views::signed(report.pulled),
            lost_tails: views::signed(report.lost_tails),
            bytes_up: views::signed(report.bytes.0),
            bytes_down: views::signed(report.bytes.1),
            complete: report.complete,
        }
    }
}
