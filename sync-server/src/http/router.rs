//! The layers around every handler.

use std::any::Any;
use std::convert::Infallible;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, COOKIE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use stocksync_schemas::Code;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use super::context;
use super::error::{ApiError, EnvelopedError};
use super::route::{Access, Route};
use super::state::AppState;
use crate::auth::{self, AuthError, Permission, Principal};

/// Headers for the case that a browser is on the other end.
const BROWSER_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// The service of a route table, without a socket: tests call it directly.
pub fn service(state: AppState, routes: Vec<Route>) -> Router {
    let mut router = Router::new();
    for Route { path, operation, handler, .. } in routes {
        let class = operation.class;
        // The last layer is the outermost: time counts from the check of the credential on.
        let mut handler: MethodRouter<AppState> = handler
            .layer::<_, Infallible>(DefaultBodyLimit::disable())
            .layer(RequestBodyLimitLayer::new(class.body_limit()));
        if let Access::Requires(permission) = operation.access {
            handler = handler.layer(middleware::from_fn_with_state((state.clone(), permission), authorize));
        }
        let handler = handler.layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, class.time_limit()));
        router = router.route(&path, handler);
    }
    let mut router = router
        .fallback(async || ApiError::new(Code::NotFound))
        .method_not_allowed_fallback(async || ApiError::new(Code::MethodNotAllowed))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(middleware::map_response(default_rejection));
    for (name, value) in BROWSER_HEADERS {
        router = router.layer(SetResponseHeaderLayer::overriding(name, value));
    }
    let trace = TraceLayer::new_for_http()
        .make_span_with(context::request_span)
        .on_request(())
        .on_response(context::log_response)
        .on_body_chunk(())
        .on_eos(())
        .on_failure(());
    router
        .layer(middleware::from_fn(context::with_context))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(trace)
        .layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION, COOKIE]))
        .layer(SetRequestIdLayer::x_request_id(context::MakeUuidV7))
        .layer(middleware::map_request(context::check_request_id))
        .with_state(state)
}

/// Lets a request through to a handler that needs `permission`, with its principal.
async fn authorize(
    State((state, permission)): State<(AppState, Permission)>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let principal = auth::authorize(state.database(), header, permission).await?;
    context::record_principal(&principal);
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unauthenticated => Self::new(Code::Unauthenticated),
            AuthError::DeviceRevoked => Self::new(Code::DeviceRevoked),
            AuthError::Forbidden(permission) => {
                Self::new(Code::Forbidden).detail("permission", "missing", permission.name())
            }
            AuthError::Database(error) => error.into(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Missing only if a public route's handler asks for one, which a test of the route table refuses.
        parts.extensions.get::<Self>().copied().ok_or_else(|| ApiError::new(Code::Internal))
    }
}

/// A panic in a handler is answered with a registered code instead of a closed connection. Its text may hold a body and
/// is not logged.
fn answer_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::new(Code::Internal).into_response()
}

/// Gives errors that a layer or an extractor answered in plain text (limits, time-outs) their envelope.
async fn default_rejection(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.extensions().get::<EnvelopedError>().is_some()
    {
        return response;
    }
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Code::Timeout,
        status if status.is_client_error() => Code::InvalidRequest,
        _ => Code::Internal,
    };
    let mut enveloped = ApiError::new(code).into_response();
    if let Some(allow) = response.headers().get(ALLOW) {
        enveloped.headers_mut().insert(ALLOW, allow.clone());
    }
    enveloped
}
