//! A process that dies in the middle of a write, for tests: at any step of SQLite's inside a transaction, or right after a
//! commit whose success nobody hears of.
//!
//! Must cost nothing where no test asks for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::Connection;

use crate::Error;

/// When the process dies. Afterwards nothing more is written: only a new `Store` on the same file can.
#[derive(Debug, Default)]
pub(super) struct Failpoint {
    /// Steps left.
    steps: AtomicU64,
    /// Steps there were at first.
    granted: AtomicU64,
    commits: AtomicU64,
    armed: AtomicBool,
    /// A transaction is open: SQLite leaves one behind that is stopped while it begins.
    inside: AtomicBool,
    dead: AtomicBool,
}

impl Failpoint {
    /// Dies after so many steps of SQLite's machine or so many commits, whichever comes first.
    pub(super) fn arm(self: &Arc<Self>, writer: &mut Connection, steps: u64, commits: u64) -> Result<(), Error> {
        self.steps.store(steps, Ordering::SeqCst);
        self.granted.store(steps, Ordering::SeqCst);
        self.commits.store(commits, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
        let it = Arc::clone(self);
        Ok(writer.progress_handler(1, Some(move || it.step()))?)
    }

    /// Lives on, if it has not died.
    pub(super) fn disarm(&self, writer: &mut Connection) -> Result<(), Error> {
        self.armed.store(false, Ordering::SeqCst);
        Ok(writer.progress_handler(0, None::<fn() -> bool>)?)
    }

    /// Steps taken since it was armed.
    pub(super) fn steps(&self) -> u64 {
        self.granted.load(Ordering::SeqCst) - self.steps.load(Ordering::SeqCst)
    }

    /// Whether it has died.
    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Before a transaction and before its commit: the dead do not write.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_dead() { Err(Error::Database("the process has died".to_owned())) } else { Ok(()) }
    }

    /// A transaction has begun.
    pub(super) fn begun(&self) {
        self.inside.store(true, Ordering::SeqCst);
    }

    /// After a commit.
    pub(super) fn committed(&self) -> Result<(), Error> {
        self.inside.store(false, Ordering::SeqCst);
        if self.armed.load(Ordering::SeqCst) && self.commits.fetch_sub(1, Ordering::SeqCst) <= 1 {
            self.dead.store(true, Ordering::SeqCst);
        }
        self.check()
    }

    /// Whether SQLite stops here. Once: the rollback that follows stands for what the next opening would do.
    fn step(&self) -> bool {
        let counts = self.armed.load(Ordering::SeqCst) && self.inside.load(Ordering::SeqCst) && !self.is_dead();
        let now = counts && self.steps.fetch_sub(1, Ordering::SeqCst) <= 1;
        if now {
            self.dead.store(true, Ordering::SeqCst);
        }
        now
    }
}
