//! Probes. Live: this process answers, whatever its database does (a restart mends no database). Ready: send requests.

use std::time::Duration;

use axum::extract::State;
use serde::Serialize;
use stocksync_schemas::Code;

use super::{ApiError, AppState, Success};
use crate::{database::DatabaseError, migrate};

/// Less than the probe's own limit of five seconds.
const CHECK_LIMIT: Duration = Duration::from_secs(3);

/// What the liveness probe answers.
#[derive(Debug, Serialize)]
pub struct Live {
    status: &'static str,
}

/// What the readiness probe answers.
#[derive(Debug, Serialize)]
pub struct Ready {
    status: &'static str,
    migration: i32,
    version: &'static str,
}

/// 200 while the process runs.
pub async fn live() -> Success<Live> {
    Success::new(Live { status: "alive" })
}

/// 200 if the database answers, its schema is new enough and the server is not about to stop; else 503 within seconds.
pub async fn ready(State(state): State<AppState>) -> Result<Success<Ready>, ApiError> {
    let no = |field, code, message| Err(ApiError::new(Code::Unavailable).detail(field, code, message));
    if state.is_draining() {
        return no("server", "draining", "The server is about to stop.");
    }
    let migration = match tokio::time::timeout(CHECK_LIMIT, newest_migration(&state)).await {
        Ok(Ok(number)) => number,
        Ok(Err(_)) | Err(_) => return no("database", "unreachable", "The database does not answer."),
    };
    if migration < migrate::needed() {
        return no("migrations", "missing", "The schema is older than this build.");
    }
    Ok(Success::new(Ready { status: "ready", migration, version: env!("CARGO_PKG_VERSION") }))
}

async fn newest_migration(state: &AppState) -> Result<i32, DatabaseError> {
    Ok(state.database().connection().await?.query_one(migrate::NEWEST, &[]).await?.get(0))
}
