//! The HTTP side: routes, and what is the same for all of them (request ids, envelopes, limits, time-outs, logs).
//!
//! It must never decide what an op means or touch a table: handlers call the library's other modules. Every answer is an
//! envelope, every error a registered code.

mod auth;
mod console;
mod context;
mod enrol;
mod envelope;
mod error;
mod health;
pub mod lists;
pub mod names;
mod page;
pub mod records;
mod serve;
mod sync;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use stocksync_schemas::Code;
use tower_http::catch_panic::CatchPanicLayer;

pub use context::{Caller, RequestContext};
pub use envelope::{Json, Success, read_body};
pub use error::{ApiError, Detail};
pub use serve::{ServeError, serve};

use crate::database::Database;

/// How long a request may take; exchanges have their own limit.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
/// How long one exchange may take.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(60);
/// Largest JSON body of a request, bytes.
const JSON_LIMIT: usize = 64 * 1024;

/// What every handler can reach. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    draining: AtomicBool,
}

impl AppState {
    /// State over a pool of the application role.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { inner: Arc::new(Inner { database, draining: AtomicBool::new(false) }) }
    }

    /// The pool.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// From now on readiness says no, so that balancers stop sending; requests are still answered.
    pub fn drain(&self) {
        self.inner.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.inner.draining.load(Ordering::Relaxed)
    }
}

/// One route: method, path template, how long a request may take, and its handler.
pub struct Route {
    /// HTTP method, upper case.
    pub method: &'static str,
    /// Path template as in the OpenAPI document.
    pub path: &'static str,
    limit: Duration,
    handler: MethodRouter<AppState>,
}

/// Every route of the service; the OpenAPI document lists the same.
#[must_use]
pub fn routes() -> Vec<Route> {
    let route = |method, path, limit, handler| Route { method, path, limit, handler };
    let quick = |path, handler| route("GET", path, REQUEST_LIMIT, handler);
    vec![
        quick("/", get(console::page)),
        quick("/health/live", get(health::live)),
        quick("/health/ready", get(health::ready)),
        quick("/api/v1/balances", get(lists::balances)),
        quick("/api/v1/exceptions", get(lists::exceptions)),
        quick("/api/v1/devices", get(lists::devices)),
        quick("/api/v1/movements", get(lists::movements)),
        quick("/api/v1/rejected", get(lists::rejected)),
        quick("/api/v1/products", get(records::list)),
        quick("/api/v1/products/{id}", get(records::one)),
        quick("/api/v1/variants", get(records::list)),
        quick("/api/v1/variants/{id}", get(records::one)),
        quick("/api/v1/identifiers", get(records::list)),
        quick("/api/v1/identifiers/{id}", get(records::one)),
        quick("/api/v1/locations", get(records::list)),
        quick("/api/v1/locations/{id}", get(records::one)),
        quick("/api/v1/lots", get(records::list)),
        quick("/api/v1/lots/{id}", get(records::one)),
        route("POST", "/api/v1/enrol", REQUEST_LIMIT, post(enrol::enrol)),
        route("POST", "/api/v1/sync/exchange", EXCHANGE_LIMIT, post(sync::exchange)),
    ]
}

/// The whole service, without a socket: tests call it directly.
pub fn app(state: AppState) -> Router {
    let mut router = Router::new();
    for Route { path, limit, handler, .. } in routes() {
        let limited = middleware::from_fn(move |request, next| limit_time(limit, request, next));
        router = router.route(path, handler.layer(limited));
    }
    router
        .fallback(unknown)
        .method_not_allowed_fallback(other_method)
        .layer(CatchPanicLayer::custom(defect))
        .layer(middleware::map_response(secure))
        .layer(middleware::from_fn(context::observe))
        .with_state(state)
}

async fn unknown() -> ApiError {
    ApiError::new(Code::NotFound)
}

async fn other_method() -> ApiError {
    ApiError::new(Code::MethodNotAllowed)
}

/// A defect in a handler is an answer with a registered code, not a closed connection. The panic's text may hold a
/// body and is not logged.
fn defect(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::new(Code::Internal).into_response()
}

/// Ends a request that takes too long. Its transaction is rolled back when its future is dropped.
async fn limit_time(limit: Duration, request: Request, next: Next) -> Result<Response, ApiError> {
    tokio::time::timeout(limit, next.run(request)).await.map_err(|_| ApiError::new(Code::Timeout))
}

/// Headers for the case that a browser is on the other end.
async fn secure(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 3] =
        [(X_CONTENT_TYPE_OPTIONS, "nosniff"), (X_FRAME_OPTIONS, "DENY"), (REFERRER_POLICY, "no-referrer")];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
