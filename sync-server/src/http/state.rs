//! What every handler can reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::database::Database;

/// The pool and whether the server is about to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    shared: Arc<SharedState>,
}

#[derive(Debug)]
struct SharedState {
    database: Database,
    draining: AtomicBool,
}

impl AppState {
    /// State over a pool of the application role.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { shared: Arc::new(SharedState { database, draining: AtomicBool::new(false) }) }
    }

    /// The pool.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.shared.database
    }

    /// From now on readiness answers no, so that load balancers stop sending; requests are still answered.
    pub fn drain(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Relaxed)
    }
}
