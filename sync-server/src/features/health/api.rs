//! `GET /health/live` and `GET /health/ready`.

use axum::extract::State;
use serde::Serialize;
use stocksync_schemas::Code;
use utoipa::ToSchema;

use super::{NotReady, check_ready};
use crate::http::{Access, ApiError, AppState, Operation, Route, RouteClass, Success};

/// The feature's routes.
pub fn routes() -> Vec<Route> {
    let operation = |id, summary, errors| {
        let (access, class) = (Access::Public, RouteClass::Public);
        Operation { id, summary, access, class, errors }
    };
    let live = operation("live".into(), "Whether the process answers, whatever its database does".into(), &[]);
    let ready = "Whether to send requests: database, schema and not about to stop";
    let ready = operation("ready".into(), ready.into(), &[Code::Unavailable]);
    vec![Route::get("/health/live", live, get_live), Route::get("/health/ready", ready, get_ready)]
}

/// What the liveness probe answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    status: &'static str,
}

/// What the readiness probe answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    status: &'static str,
    /// number of the newest migration
    migration: i32,
    /// of the server
    version: &'static str,
}

async fn get_live(_: State<AppState>) -> Result<Success<Liveness>, ApiError> {
    Ok(Success(Liveness { status: "alive" }))
}

/// 200 if the database answers, its schema is new enough and the server is not about to stop; else 503 within seconds.
async fn get_ready(State(state): State<AppState>) -> Result<Success<Readiness>, ApiError> {
    let migration = check_ready(state.database(), state.is_draining()).await?;
    Ok(Success(Readiness { status: "ready", migration, version: env!("CARGO_PKG_VERSION") }))
}

impl From<NotReady> for ApiError {
    fn from(reason: NotReady) -> Self {
        let (field, code, message) = match reason {
            NotReady::Draining => ("server", "draining", "The server is about to stop."),
            NotReady::DatabaseUnreachable => ("database", "unreachable", "The database does not answer."),
            NotReady::MigrationMissing => ("migrations", "missing", "The schema is older than this build."),
        };
        Self::new(Code::Unavailable).detail(field, code, message)
    }
}
