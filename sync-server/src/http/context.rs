//! The request that is being answered: its id, who asks, and the one log line it leaves.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use stocksync_schemas::{DeviceId, TenantId};
use uuid::Uuid;

use crate::{clock, identity};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// The request of the running task. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The caller's X-Request-ID if it is a UUID; else one of ours. Echoed, logged, and in every envelope.
    pub request_id: Uuid,
    caller: Arc<OnceLock<Caller>>,
}

/// Whose credential the request carries. Taken from the verified credential and from nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The organisation.
    pub tenant: TenantId,
    /// The device.
    pub device: DeviceId,
}

impl RequestContext {
    /// The context of the request that this task answers, if it answers one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Who asks, once the credential is verified.
    #[must_use]
    pub fn caller(&self) -> Option<Caller> {
        self.caller.get().copied()
    }

    /// Notes who asks. The first note stays.
    pub fn set_caller(&self, caller: Caller) {
        let _ = self.caller.set(caller);
    }
}

/// Gives the request its id, echoes the id and writes the log line.
pub async fn observe(request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let given = given.and_then(|text| Uuid::try_parse(text).ok());
    let request_id = given.or_else(|| identity::new_id(clock::now_ms()).ok()).unwrap_or_default();
    let context = RequestContext { request_id, caller: Arc::default() };
    // The template, never the path: ids in paths would make every line its own route.
    let route = request.extensions().get::<MatchedPath>().map_or("none", |path| path.as_str()).to_owned();
    let method = request.method().clone();
    CURRENT
        .scope(context, async move {
            let mut response = next.run(request).await;
            if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
                response.headers_mut().insert(REQUEST_ID, value);
            }
            let status = response.status().as_u16();
            let ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
            if status >= 500 && status != 503 {
                tracing::error!(%method, route, status, ms, "answered");
            } else {
                tracing::info!(%method, route, status, ms, "answered");
            }
            response
        })
        .await
}
