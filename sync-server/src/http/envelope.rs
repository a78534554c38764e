//! The shape of every JSON answer.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::RequestContext;
use super::describe::{Answer, DescribeOutput, Description};
use crate::clock;

/// 200 with one object: `{success: true, data, meta: {timestamp, requestId}}`.
#[derive(Debug)]
pub struct Success<T>(pub T);

/// 201 with the object that was created, in the same envelope.
#[derive(Debug)]
pub struct Created<T>(pub T);

/// 200 with a page of objects; `meta.next` asks for the following page and is missing on the last.
#[derive(Debug)]
pub struct PageOf<T> {
    /// In the order of the list.
    pub rows: Vec<T>,
    /// The value of `after` for the next page.
    pub next: Option<String>,
}

impl<T> PageOf<T> {
    /// A page that was read with `LIMIT limit`: if it is full, more may follow, after the key of its last row.
    pub fn new(rows: Vec<T>, limit: i64, key: impl FnOnce(&T) -> String) -> Self {
        let next = rows.last().filter(|_| i64::try_from(rows.len()) == Ok(limit)).map(key);
        Self { rows, next }
    }
}

#[derive(Serialize)]
struct SuccessEnvelope<T> {
    success: bool,
    data: T,
    meta: ResponseMeta,
}

/// When and to which request an answer was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Meta)]
pub(super) struct ResponseMeta {
    #[schema(format = DateTime)]
    timestamp: String,
    #[schema(format = Uuid)]
    request_id: String,
    /// `after` of the next page; missing on the last
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// Time and request id for an envelope.
pub(super) fn timestamp_and_request_id() -> (String, String) {
    let id = RequestContext::current().map(|context| context.request_id).unwrap_or_default();
    (clock::rfc3339(clock::now_ms()), id.to_string())
}

fn envelope<T: Serialize>(status: StatusCode, data: T, next: Option<String>) -> Response {
    let (timestamp, request_id) = timestamp_and_request_id();
    let meta = ResponseMeta { timestamp, request_id, next };
    (status, axum::Json(SuccessEnvelope { success: true, data, meta })).into_response()
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        envelope(StatusCode::OK, self.0, None)
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        envelope(StatusCode::CREATED, self.0, None)
    }
}

impl<T: Serialize> IntoResponse for PageOf<T> {
    fn into_response(self) -> Response {
        envelope(StatusCode::OK, self.rows, self.next)
    }
}

impl<T: ToSchema> DescribeOutput for Success<T> {
    fn describe_output(description: &mut Description) {
        description.answer = Some(Answer::One(200, description.component::<T>()));
    }
}

impl<T: ToSchema> DescribeOutput for Created<T> {
    fn describe_output(description: &mut Description) {
        description.answer = Some(Answer::One(201, description.component::<T>()));
    }
}

impl<T: ToSchema> DescribeOutput for PageOf<T> {
    fn describe_output(description: &mut Description) {
        description.answer = Some(Answer::Page(description.component::<T>()));
    }
}
