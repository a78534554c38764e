//! The open database behind the objects that an app holds.
//!
//! Owns who may use it and when it closes. Must never close it under a call that runs, and must never call the core on the
//! caller's thread.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use stocksync_core::Inventory as Core;
use tokio::sync::mpsc;

use crate::{StocksyncError, runtime};

/// What [`Inventory`](crate::Inventory) and its parts share.
pub(crate) struct Handle {
    /// None once shut down.
    open: RwLock<Option<Lease>>,
    /// Ends when no lease is left. Whoever shuts down waits for that, one after the other.
    ended: tokio::sync::Mutex<mpsc::Receiver<Infallible>>,
    /// Of the syncs that run.
    cancels: Mutex<Vec<Weak<AtomicBool>>>,
    extra_roots: Vec<String>,
}

/// The right to use the open database; shutting down waits until every lease has ended.
#[derive(Clone)]
pub(crate) struct Lease {
    // The order matters: the database is let go before shutting down hears of it.
    core: Arc<Core>,
    _running: mpsc::Sender<Infallible>,
}

impl std::ops::Deref for Lease {
    type Target = Core;
    fn deref(&self) -> &Core {
        &self.core
    }
}

impl Handle {
    pub(crate) fn new(core: Core, extra_roots: Vec<String>) -> Arc<Self> {
        let (running, ended) = mpsc::channel(1);
        Arc::new(Self {
            open: RwLock::new(Some(Lease { core: Arc::new(core), _running: running })),
            ended: tokio::sync::Mutex::new(ended),
            cancels: Mutex::default(),
            extra_roots,
        })
    }

    /// The open database.
    pub(crate) fn lease(&self) -> Result<Lease, StocksyncError> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StocksyncError::Closed)
    }

    /// Runs `work` on the library's threads.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Core) -> Result<T, StocksyncError> + Send + 'static,
    ) -> Result<T, StocksyncError> {
        let lease = self.lease()?;
        runtime::blocking(move || work(&lease)).await
    }

    /// Certificates that the app trusts besides the usual ones.
    pub(crate) fn extra_roots(&self) -> Vec<String> {
        self.extra_roots.clone()
    }

    /// A flag that shutting down sets.
    pub(crate) fn new_cancel(&self) -> Arc<AtomicBool> {
        let cancel = Arc::<AtomicBool>::default();
        let mut cancels = self.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        cancels.retain(|flag| flag.strong_count() > 0);
        cancels.push(Arc::downgrade(&cancel));
        cancel
    }

    /// Lets no new call in, cancels syncs, waits for the calls that run, and closes the files.
    pub(crate) async fn shutdown(&self) -> Result<(), StocksyncError> {
        let lease = self.open.write().unwrap_or_else(PoisonError::into_inner).take();
        for cancel in self.cancels.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(flag) = cancel.upgrade() {
                flag.store(true, Ordering::Relaxed);
            }
        }
        let core = lease.map(|Lease { core, .. }| core); // the last lease ends here
        let mut ended = self.ended.lock().await;
        let _ = ended.recv().await;
        runtime::blocking(move || {
            drop(core); // closes the files, which waits for the disk
            Ok::<_, StocksyncError>(())
        })
        .await
    }
}
