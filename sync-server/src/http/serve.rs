//! Serving on a socket until told to stop, and stopping in order.

use std::future::{Future, IntoFuture};
use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{AppState, Route, service};

/// How long requests that are being answered may go on after the signal.
const DRAIN_LIMIT: Duration = Duration::from_secs(15);

/// Serving ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("the socket failed: {0}")]
pub struct ServeError(#[from] io::Error);

/// Serves a route table until `stop` completes; then readiness answers no, no new connection is accepted, and requests
/// that are being answered have 15 seconds to end.
///
/// # Errors
/// [`ServeError`] if the socket fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    routes: Vec<Route>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (stopping, stopped) = oneshot::channel();
    let service = service(state.clone(), routes);
    let signal = async move {
        stop.await;
        tracing::info!("stopping");
        state.drain();
        let _ = stopping.send(());
    };
    let served = axum::serve(listener, service).with_graceful_shutdown(signal).into_future();
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
