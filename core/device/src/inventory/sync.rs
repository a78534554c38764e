//! Exchanging with the server, one sync at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use stocksync_ledger::CellView;
use stocksync_schemas::Cell;

use crate::sync::run::{Parts, Progress, Report, SyncOptions, sync};
use crate::sync::transport::Transport;
use crate::{Error, Inventory};

impl Inventory {
    /// Exchanges with the server until both sides know the same, `deadline_ms` passes or `cancel` is set. One sync runs at
    /// a time; capturing goes on meanwhile.
    ///
    /// # Errors
    /// [`Error::SyncRunning`] while one runs; [`Error::Offline`] to try again later; [`Error::Refused`] says what the app must do.
    /// What was exchanged until then is applied.
    pub fn sync(
        &self,
        transport: &dyn Transport,
        deadline_ms: i64,
        cancel: &AtomicBool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Report, Error> {
        if self.syncing.swap(true, Ordering::SeqCst) {
            return Err(Error::SyncRunning);
        }
        let parts = Parts { store: &self.store, clock: self.clock.as_ref(), replica: self.replica, transport };
        let mut changed = |changes: &crate::apply::Changes| {
            let cells: Vec<(Cell, CellView)> = changes.iter().map(|(cell, view)| (cell.clone(), *view)).collect();
            self.notify(&cells);
        };
        let mut options = SyncOptions { deadline_ms, cancel, progress, changed: &mut changed };
        let _running = Running(&self.syncing);
        let report = sync(&parts, &mut options);
        self.store.checkpoint();
        report
    }
}

/// Marks the sync as ended, also where a caller's callback panicked.
struct Running<'a>(&'a AtomicBool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
