//! Test hook: simulates the death of the process inside a write transaction, at any step of SQLite's virtual machine, or
//! right after a commit whose success the caller never learns.
//!
//! Must cost nothing where no test arms it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::Connection;

use crate::Error;

/// Where the simulated death happens. After it this `Store` refuses to write: open the file anew.
#[derive(Debug, Default)]
pub(super) struct Failpoint {
    /// Steps until it fires.
    steps: AtomicU64,
    /// Steps when it was armed.
    granted: AtomicU64,
    commits: AtomicU64,
    armed: AtomicBool,
    /// A transaction is open. Steps count only then, because SQLite leaves a transaction open that is interrupted in BEGIN.
    in_transaction: AtomicBool,
    fired: AtomicBool,
}

impl Failpoint {
    /// Fires after `steps` steps of SQLite's virtual machine or `commits` commits, whichever comes first.
    pub(super) fn arm(self: &Arc<Self>, writer: &mut Connection, steps: u64, commits: u64) -> Result<(), Error> {
        self.steps.store(steps, Ordering::SeqCst);
        self.granted.store(steps, Ordering::SeqCst);
        self.commits.store(commits, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
        let failpoint = Arc::clone(self);
        Ok(writer.progress_handler(1, Some(move || failpoint.step()))?)
    }

    /// Disarms the failpoint; one that has fired stays fired.
    pub(super) fn disarm(&self, writer: &mut Connection) -> Result<(), Error> {
        self.armed.store(false, Ordering::SeqCst);
        Ok(writer.progress_handler(0, None::<fn() -> bool>)?)
    }

    /// Steps since it was armed.
    pub(super) fn steps(&self) -> u64 {
        self.granted.load(Ordering::SeqCst) - self.steps.load(Ordering::SeqCst)
    }

    /// Whether it has fired.
    pub(super) fn has_fired(&self) -> bool {
        self.fired.load(Ordering::SeqCst)
    }

    /// Returns an error once the failpoint has fired. Called before a transaction and before its commit.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.has_fired() { Err(Error::Database("the failpoint has fired".to_owned())) } else { Ok(()) }
    }

    /// Records that a transaction has begun.
    pub(super) fn begun(&self) {
        self.in_transaction.store(true, Ordering::SeqCst);
    }

    /// Counts a commit; an error if the failpoint fires right after it.
    pub(super) fn committed(&self) -> Result<(), Error> {
        self.in_transaction.store(false, Ordering::SeqCst);
        if self.armed.load(Ordering::SeqCst) && self.commits.fetch_sub(1, Ordering::SeqCst) <= 1 {
            self.fired.store(true, Ordering::SeqCst);
        }
        self.check()
    }

    /// Counts a step; true interrupts SQLite. It fires once: the rollback that follows does what the next opening would.
    fn step(&self) -> bool {
        let counts =
            self.armed.load(Ordering::SeqCst) && self.in_transaction.load(Ordering::SeqCst) && !self.has_fired();
        let now = counts && self.steps.fetch_sub(1, Ordering::SeqCst) <= 1;
        if now {
            self.fired.store(true, Ordering::SeqCst);
        }
        now
    }
}
