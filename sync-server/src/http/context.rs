//! The request that is being answered: its id, its span, and the one log line that it leaves.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::request_id::{MakeRequestId, RequestId};
use tracing::Span;
use tracing::field::{Empty, display};
use uuid::Uuid;

use crate::auth::Principal;
use crate::{clock, identity};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// The request of the running task.
#[derive(Debug, Clone, Copy)]
pub struct RequestContext {
    /// The caller's X-Request-ID if it is a UUID; else one that the server made. Echoed, logged, and in every envelope.
    pub request_id: Uuid,
}

impl RequestContext {
    /// The context of the request that this task answers, if it answers one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|context| *context).ok()
    }
}

/// Makes ids for requests that bring none.
#[derive(Debug, Clone, Copy)]
pub(super) struct MakeUuidV7;

impl MakeRequestId for MakeUuidV7 {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        let id = identity::new_id(clock::now_ms()).unwrap_or_default();
        HeaderValue::from_str(&id.to_string()).ok().map(RequestId::new)
    }
}

/// Removes an X-Request-ID that is not a UUID: what is echoed and logged has one form.
pub(super) async fn check_request_id(mut request: Request) -> Request {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| Uuid::try_parse(value.to_str().ok()?).ok());
    match given.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        Some(id) => request.headers_mut().insert(REQUEST_ID, id),
        None => request.headers_mut().remove(REQUEST_ID),
    };
    request
}

/// Runs the rest of the request with its context.
pub(super) async fn with_context(request: Request, next: Next) -> Response {
    let request_id = request_id(&request).unwrap_or_default();
    CURRENT.scope(RequestContext { request_id }, next.run(request)).await
}

fn request_id<B>(request: &axum::http::Request<B>) -> Option<Uuid> {
    let id = request.extensions().get::<RequestId>()?;
    Uuid::try_parse(id.header_value().to_str().ok()?).ok()
}

/// The span of a request: every log line inside it carries its fields.
pub(super) fn request_span<B>(request: &axum::http::Request<B>) -> Span {
    // The template, never the path: ids in paths would make every line a route of its own.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    tracing::error_span!(
        "request",
        request_id = %request_id(request).unwrap_or_default(),
        method = %request.method(),
        route,
        tenant_id = Empty,
        device_id = Empty,
    )
}

/// Adds the principal to the span.
pub(super) fn record_principal(principal: &Principal) {
    let span = Span::current();
    span.record("tenant_id", display(principal.tenant));
    if let Some(device) = principal.device_id() {
        span.record("device_id", display(device));
    }
}

/// The line that each request leaves.
pub(super) fn log_response<B>(response: &axum::http::Response<B>, latency: Duration, _: &Span) {
    let status = response.status().as_u16();
    let ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    if status >= 500 && status != 503 {
        tracing::error!(status, ms, "answered");
    } else {
        tracing::info!(status, ms, "answered");
    }
}
