//! `POST /api/v1/sync/exchange`: bytes in, bytes out. Decoding and hashing happen before any lock and off the runtime's
//! threads.

use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stocksync_schemas::wire::{self, WireError};
use stocksync_schemas::{Code, limits};

use super::{ApiError, AppState, Caller, read_body};
use crate::clock;
use crate::exchange::{ExchangeError, Prepared, prepare};
use crate::op_log::LogError;
use crate::op_log::postgres::PgLog;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// `?format=json` asks for the form for people.
#[derive(Debug, Deserialize)]
pub struct Form {
    format: Option<String>,
}

/// Runs one exchange. The answer has the request's form; what it says is durable.
pub async fn exchange(
    State(state): State<AppState>,
    caller: Caller,
    Query(form): Query<Form>,
    request: Request,
) -> Result<Response, ApiError> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or(PROTOBUF);
    let json = form.format.as_deref() == Some("json") || content_type.starts_with(JSON);
    let body = read_body(request, limits::MESSAGE_BYTES).await?;
    let prepared = tokio::task::spawn_blocking(move || decode(&body, json)).await;
    let prepared = prepared.map_err(|_| ApiError::new(Code::Internal))??;
    let log = PgLog::new(state.database().clone());
    let answer = log.exchange(caller.tenant, caller.device, clock::now_ms(), &prepared).await?;
    tracing::info!(
        verdicts = answer.verdicts.len(),
        ops = answer.ops.len(),
        remaining = answer.remaining,
        lost_tail = answer.lost_tail.is_some(),
        "exchanged"
    );
    if json {
        let text = wire::json::encode_response(&answer)?;
        return Ok(([(CONTENT_TYPE, JSON)], text).into_response());
    }
    Ok(([(CONTENT_TYPE, PROTOBUF)], wire::encode_response(&answer)).into_response())
}

fn decode(body: &Bytes, json: bool) -> Result<Prepared, ApiError> {
    let decoded = if json { wire::json::decode_request(body)? } else { wire::decode_request(body)? };
    Ok(prepare(decoded)?)
}

impl From<WireError> for ApiError {
    fn from(error: WireError) -> Self {
        Self::with_message(error.code(), error.to_string())
    }
}

impl From<ExchangeError> for ApiError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Refused(code) => Self::new(code),
            ExchangeError::Log(LogError::Database(error)) => error.into(),
            ExchangeError::Log(error @ LogError::Damaged(_)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the op log is damaged");
                Self::new(Code::Internal)
            }
        }
    }
}
