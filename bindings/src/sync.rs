//! A running sync and what it tells. Owns progress, cancelling and the app's listeners; exchanges are the core's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stocksync_core::sync::http::HttpTransport;
use stocksync_core::sync::{Progress, Report};
use stocksync_core::{Error, Inventory as Core, inventory};
use stocksync_schemas::{Cell, limits};
use tokio::sync::watch;

use crate::{StocksyncError, runtime, views};

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

/// What changed with one transaction.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChangeView {
    /// Cells whose balance may have changed, at most 500.
    pub cells: Vec<crate::CellRef>,
    /// Whether more changed than is named, records among it: read the screen anew.
    pub more: bool,
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

/// A running sync. Dropping it cancels.
#[derive(uniffi::Object)]
pub struct SyncHandle {
    cancel: Arc<AtomicBool>,
    done: watch::Receiver<Option<Result<SyncSummary, StocksyncError>>>,
}

#[uniffi::export]
impl SyncHandle {
    /// Waits for the end of the sync. May be called by several, and again.
    ///
    /// # Errors
    /// `Offline`, `SignInRequired`, `Rejected`, `UpgradeRequired`, `Busy`. What was done until then is kept.
    pub async fn wait(&self) -> Result<SyncSummary, StocksyncError> {
        let mut done = self.done.clone();
        let ended = done.wait_for(Option::is_some).await.ok().and_then(|result| result.clone());
        // The sender is gone without a word only if the sync panicked.
        ended.unwrap_or_else(|| Err(StocksyncError::Internal { reason: "a defect ended the sync".to_owned() }))
    }

    /// Ends the sync after the exchange that is under way.
    ///
    /// # Errors
    /// None in practice.
    pub fn cancel(&self) -> Result<(), StocksyncError> {
        self.cancel.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for SyncHandle {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// Starts a sync on the library's threads.
pub(crate) fn start(
    core: Arc<Core>,
    extra_roots: Vec<String>,
    deadline_ms: i64,
    listener: Option<Arc<dyn SyncListener>>,
    cancel: Arc<AtomicBool>,
) -> Result<Arc<SyncHandle>, StocksyncError> {
    let (sender, done) = watch::channel(None);
    let handle = SyncHandle { cancel: Arc::clone(&cancel), done };
    runtime::start(move || {
        let mut tell = |progress: Progress| {
            if let Some(listener) = &listener
                && let Err(error) = listener.progressed(progress.into())
            {
                tracing::warn!(%error, "a sync listener failed");
            }
        };
        let ended = (|| {
            let enrolment = core.enrolment()?.ok_or(Error::NotEnrolled)?;
            let transport = HttpTransport::new(&enrolment, &extra_roots)?;
            core.sync(&transport, deadline_ms, &cancel, &mut tell)
        })();
        sender.send_replace(Some(ended.map(SyncSummary::from).map_err(StocksyncError::from)));
    })?;
    Ok(Arc::new(handle))
}

impl From<Progress> for SyncProgress {
    fn from(it: Progress) -> Self {
        let Progress { exchanges, pending, remaining, cursor } = it;
        Self {
            exchanges: views::signed(exchanges),
            pending: views::signed(pending),
            remaining: views::signed(remaining),
            cursor: views::signed(cursor),
        }
    }
}

impl From<Report> for SyncSummary {
    fn from(it: Report) -> Self {
        Self {
            exchanges: views::signed(it.exchanges),
            accepted: views::signed(it.accepted),
            duplicates: views::signed(it.duplicates),
            rejected: views::signed(it.rejected),
            pulled: views::signed(it.pulled),
            lost_tails: views::signed(it.lost_tails),
            bytes_up: views::signed(it.bytes.0),
            bytes_down: views::signed(it.bytes.1),
            complete: it.complete,
        }
    }
}

/// The app's observer as the core knows one.
struct Watching(Arc<dyn Observer>);

impl inventory::ChangeListener for Watching {
    fn changed(&self, cells: &[Cell]) {
        let most = limits::PAGE_ROWS as usize;
        let change = ChangeView {
            cells: cells.iter().take(most).map(crate::CellRef::from).collect(),
            more: cells.is_empty() || cells.len() > most,
        };
        if let Err(error) = self.0.changed(change) {
            tracing::warn!(%error, "an observer failed");
        }
    }
}

pub(crate) fn watching(observer: Arc<dyn Observer>) -> Arc<dyn inventory::ChangeListener> {
    Arc::new(Watching(observer))
}
