//! The library's own threads. Owns one small runtime for the whole process; nothing an app calls runs on the app's thread.
//!
//! Must never be shut down while the app lives: work in flight is a write or a pull that is to end by itself.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

use crate::StocksyncError;

/// Threads for SQLite, pictures and a sync: one writer, a few readers, a decoder, one that waits for the network.
const BLOCKING_THREADS: usize = 6;
/// Their name.
const THREADS: &str = "stocksync";

fn runtime() -> Result<&'static Runtime, StocksyncError> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            log_panics();
            Builder::new_multi_thread()
                .worker_threads(1)
                .max_blocking_threads(BLOCKING_THREADS)
                .thread_name(THREADS)
                .enable_all()
                .build()
                .ok()
        })
        .as_ref()
        .ok_or_else(|| StocksyncError::Internal { reason: "the library's threads could not be started".to_owned() })
}

/// Panics of the library's own threads go to the log with their place alone: a text may name stock or people. Those of
/// other threads are the host's business.
fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some(THREADS) {
            tracing::error!(place = panic.location().map(tracing::field::display), "a defect ended a call");
        } else {
            before(panic);
        }
    }));
}

/// Runs work that waits for a disk or a processor. Dropping the answer does not stop the work: no write is left half done.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, StocksyncError>
where
    T: Send + 'static,
    E: Into<StocksyncError> + Send + 'static,
{
    joined(runtime()?.spawn_blocking(work).await)
}

/// Starts work that goes on while the app does other things.
pub fn start(work: impl FnOnce() + Send + 'static) -> Result<(), StocksyncError> {
    runtime()?.spawn_blocking(work);
    Ok(())
}

/// A panic of the work is an error of the call. Its text stays here: it may name what was being worked on.
fn joined<T, E: Into<StocksyncError>>(result: Result<Result<T, E>, JoinError>) -> Result<T, StocksyncError> {
    result
        .map_err(|_| StocksyncError::Internal { reason: "a defect ended the call; nothing was half done".to_owned() })?
        .map_err(Into::into)
}
