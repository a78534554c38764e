//! Serving on a socket until told to stop, and stopping in order.

use std::future::{Future, IntoFuture};
use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{AppState, app};

/// How long requests that are being answered may go on after the signal.
const DRAIN_LIMIT: Duration = Duration::from_secs(15);

/// Serving ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("the socket failed: {0}")]
pub struct ServeError(#[from] io::Error);

/// Serves until `stop` completes; then readiness says no, no new connection is taken, and requests that are being
/// answered have 15 seconds to end.
///
/// # Errors
/// [`ServeError`] if the socket fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (stopping, stopped) = oneshot::channel();
    let draining = state.clone();
    let signal = async move {
        stop.await;
        tracing::info!("stopping");
        draining.drain();
        let _ = stopping.send(());
    };
    let served = axum::serve(listener, app(state)).with_graceful_shutdown(signal).into_future();
    let limit = async {
        let _ = stopped.await;
        tokio::time::sleep(DRAIN_LIMIT).await;
    };
    tokio::select! {
        result = served => Ok(result?),
        () = limit => {
            tracing::warn!("requests were cut off");
            Ok(())
        }
    }
}
