//! Errors as they leave the server: a registered code, a text for a person, and which field is wrong. No stack trace, no
//! text of the database.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stocksync_schemas::Code;

use super::envelope;
use crate::database::DatabaseError;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorDetail {
    /// Which field.
    pub field: String,
    /// What is wrong with it, for a program.
    pub code: String,
    /// The same for a person.
    pub message: String,
}

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    code: Code,
    message: Option<String>,
    details: Vec<ErrorDetail>,
}

/// Marks a response whose body is an error envelope already.
#[derive(Debug, Clone, Copy)]
pub(super) struct EnvelopedError;

#[derive(Serialize)]
struct ErrorEnvelope<'a> {
    success: bool,
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    code: Code,
    message: &'a str,
    details: &'a [ErrorDetail],
    retryable: bool,
    timestamp: String,
    request_id: String,
}

impl ApiError {
    /// The code with its registered text.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, message: None, details: Vec::new() }
    }

    /// The code with a text that says more.
    #[must_use]
    pub fn with_message(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: Some(message.into()), details: Vec::new() }
    }

    /// Adds one thing that is wrong.
    #[must_use]
    pub fn detail(mut self, field: &str, code: &str, message: impl Into<String>) -> Self {
        self.details.push(ErrorDetail { field: field.to_owned(), code: code.to_owned(), message: message.into() });
        self
    }

    /// The registered code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        let code = match &error {
            DatabaseError::Unavailable(_) | DatabaseError::Contended(_) => Code::Unavailable,
            DatabaseError::TimedOut(_) => Code::Timeout,
            DatabaseError::RoleTooStrong { .. } | DatabaseError::Failed(_) => Code::Internal,
        };
        tracing::warn!(error = &error as &dyn std::error::Error, "the database failed");
        Self::new(code)
    }
}

impl From<crate::identity::NoRandomness> for ApiError {
    fn from(_: crate::identity::NoRandomness) -> Self {
        Self::new(Code::Internal)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let facts = self.code.facts();
        let status = StatusCode::from_u16(facts.0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (timestamp, request_id) = envelope::timestamp_and_request_id();
        let message = self.message.as_deref().unwrap_or(facts.2);
        let error =
            ErrorBody { code: self.code, message, details: &self.details, retryable: facts.1, timestamp, request_id };
        let mut response = (status, axum::Json(ErrorEnvelope { success: false, error })).into_response();
        response.extensions_mut().insert(EnvelopedError);
        if matches!(self.code, Code::Unavailable | Code::RateLimited) {
            response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static("5"));
        }
        response
    }
}
