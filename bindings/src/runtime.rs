//! The library's own threads. Owns one small runtime for the whole process; nothing that an app calls runs on the app's
//! thread.
//!
//! Must never be shut down while the app lives: work in flight is a write or a pull that has to end by itself.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

use crate::StocksyncError;

/// Threads for SQLite, pictures and a sync: one writer, a few readers, a decoder, one that waits for the network.
const MAX_THREADS: usize = 6;
const THREAD_NAME: &str = "stocksync";

fn runtime() -> Result<&'static Runtime, StocksyncError> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            log_panics();
            Builder::new_multi_thread()
                .worker_threads(1)
                .max_blocking_threads(MAX_THREADS)
                .thread_name(THREAD_NAME)
                .enable_all()
                .build()
                .ok()
        })
        .as_ref()
        .ok_or_else(|| StocksyncError::Internal { reason: "the library's threads could not be started".to_owned() })
}

/// Logs a panic of the library's own threads by its source location alone: its text may name stock or people. Panics of other
/// threads are the host's.
fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some(THREAD_NAME) {
            tracing::error!(source = panic.location().map(tracing::field::display), "a defect ended a call");
        } else {
            before(panic);
        }
    }));
}

/// Runs work that waits for a disk or a processor. Dropping the future does not stop the work: no write is left half done.
pub(crate) async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, StocksyncError>
where
    T: Send + 'static,
    E: Into<StocksyncError> + Send + 'static,
{
    joined(runtime()?.spawn_blocking(work).await)
}

/// Starts work that goes on while the app does other things.
pub(crate) fn start(work: impl FnOnce() + Send + 'static) -> Result<(), StocksyncError> {
    runtime()?.spawn_blocking(work);
    Ok(())
}

/// Turns a panic of the work into an error of the call. Its text is left out: it may name what was being worked on.
fn joined<T, E: Into<StocksyncError>>(result: Result<Result<T, E>, JoinError>) -> Result<T, StocksyncError> {
    result
        .map_err(|_| StocksyncError::Internal { reason: "a defect ended the call; nothing was half done".to_owned() })?
        .map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::panic, reason = "the panic is the subject")]
    fn a_panic_is_an_internal_error_without_its_text_and_the_next_call_works() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let panics = || -> Result<(), StocksyncError> { panic!("3 x CASE of somebody's secret") };
        let Err(StocksyncError::Internal { reason }) = runtime.block_on(blocking(panics)) else {
            panic!("a panic must end in Internal")
        };
        assert!(!reason.contains("secret"), "{reason}");
        assert_eq!(runtime.block_on(blocking(|| Ok::<_, StocksyncError>(7))), Ok(7));
    }
}
