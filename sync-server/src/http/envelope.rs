//! The shape of every JSON answer and the limited reading of every body.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stocksync_schemas::Code;

use super::{ApiError, JSON_LIMIT, RequestContext};
use crate::clock;

/// `{success: true, data, meta: {timestamp, requestId}}`.
#[derive(Debug)]
pub struct Success<T> {
    status: StatusCode,
    data: T,
    next: Option<String>,
}

impl<T> Success<T> {
    /// 200 with this data.
    pub fn new(data: T) -> Self {
        Self { status: StatusCode::OK, data, next: None }
    }

    /// 201 with this data.
    pub fn created(data: T) -> Self {
        Self { status: StatusCode::CREATED, data, next: None }
    }

    /// 200 with one page; `next` asks for the following one, `None` on the last.
    pub fn page(data: T, next: Option<String>) -> Self {
        Self { status: StatusCode::OK, data, next }
    }
}

#[derive(Serialize)]
struct Envelope<T> {
    success: bool,
    data: T,
    meta: Meta,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    timestamp: String,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Time and request id for an envelope.
pub fn stamp() -> (String, String) {
    let id = RequestContext::current().map(|context| context.request_id).unwrap_or_default();
    (clock::rfc3339(clock::now_ms()), id.to_string())
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        let (timestamp, request_id) = stamp();
        let meta = Meta { timestamp, request_id, next: self.next };
        (self.status, axum::Json(Envelope { success: true, data: self.data, meta })).into_response()
    }
}

/// Reads a body of at most `limit` bytes; a longer one is refused before it is read where its length is stated.
///
/// # Errors
/// `too_large`, or `invalid_request` where the connection broke off.
pub async fn read_body(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let stated = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if stated.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(ApiError::new(Code::TooLarge));
    }
    read(request.into_body(), limit).await
}

async fn read(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        let too_large = std::error::Error::source(&error)
            .is_some_and(|source| source.to_string().contains("length limit exceeded"));
        ApiError::new(if too_large { Code::TooLarge } else { Code::InvalidRequest })
    })
}

/// A JSON body within the limit.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = read_body(request, JSON_LIMIT).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            // Its text names the field and what was expected; a body of one's own is no secret to oneself.
            ApiError::new(Code::InvalidRequest).detail("body", "invalid_json", error.to_string())
        })
    }
}
