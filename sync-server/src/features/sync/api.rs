//! `POST /api/v1/sync/exchange`: bytes in, bytes out. Decoding and hashing happen before any lock and off the runtime's
//! threads.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stocksync_schemas::Code;
use stocksync_schemas::wire::{self, WireError};
use utoipa::IntoParams;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{Content, ContentBuilder, Required, ResponseBuilder};

use crate::auth::{Permission, Principal};
use crate::clock;
use crate::exchange::{ExchangeError, Prepared, prepare};
use crate::http::{
    Access, ApiError, AppState, DescribeInput, DescribeOutput, Description, Operation, QueryParams, RawBody, Route,
    RouteClass,
};
use crate::op_log::LogError;
use crate::op_log::postgres::PgLog;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// The feature's routes.
pub fn routes() -> Vec<Route> {
    let exchange = Operation {
        id: "exchange".into(),
        summary: "One exchange: a device's operations up, the others' down".into(),
        access: Access::Requires(Permission::Exchange),
        class: RouteClass::Sync,
        errors: &[Code::LaneTaken, Code::UpgradeServer],
    };
    vec![Route::post("/api/v1/sync/exchange", exchange, post_exchange)]
}

/// Which form the messages have.
#[derive(Debug, Deserialize, IntoParams)]
pub struct FormatQuery {
    /// json: the form for people
    #[param(nullable = false)]
    format: Option<String>,
}

/// The bytes of an exchange request.
pub struct ExchangeBody(RawBody);

impl<S: Send + Sync> FromRequest<S> for ExchangeBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        RawBody::from_request(request, state).await.map(Self)
    }
}

/// The bytes of an exchange response and their content type.
pub struct ExchangeAnswer(&'static str, Vec<u8>);

impl IntoResponse for ExchangeAnswer {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, self.0)], self.1).into_response()
    }
}

/// Runs one exchange. The answer has the request's form; what it says is durable.
async fn post_exchange(
    State(state): State<AppState>,
    principal: Principal,
    QueryParams(query): QueryParams<FormatQuery>,
    ExchangeBody(body): ExchangeBody,
) -> Result<ExchangeAnswer, ApiError> {
    let device = principal.device_id().ok_or_else(|| ApiError::new(Code::Forbidden))?;
    let json = query.format.as_deref() == Some("json")
        || body.content_type.as_deref().is_some_and(|content_type| content_type.starts_with(JSON));
    let bytes = body.bytes;
    let prepared = tokio::task::spawn_blocking(move || decode(&bytes, json)).await;
    let prepared = prepared.map_err(|_| ApiError::new(Code::Internal))??;
    let log = PgLog::new(state.database().clone());
    let answer = log.exchange(principal.tenant, device, clock::now_ms(), &prepared).await?;
    tracing::info!(
        verdicts = answer.verdicts.len(),
        ops = answer.ops.len(),
        remaining = answer.remaining,
        lost_tail = answer.lost_tail.is_some(),
        "exchanged"
    );
    if json {
        return Ok(ExchangeAnswer(JSON, wire::json::encode_response(&answer)?));
    }
    Ok(ExchangeAnswer(PROTOBUF, wire::encode_response(&answer)))
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

/// Both forms of a message.
fn message_contents() -> [(&'static str, Content); 2] {
    let bytes = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    [
        (PROTOBUF, ContentBuilder::new().schema(Some(bytes)).build()),
        (JSON, ContentBuilder::new().schema(Some(ObjectBuilder::new())).build()),
    ]
}

impl DescribeInput for ExchangeBody {
    fn describe_input(description: &mut Description) {
        let body = message_contents()
            .into_iter()
            .fold(RequestBodyBuilder::new(), |body, (content_type, content)| body.content(content_type, content))
            .required(Some(Required::True))
            .build();
        description.set_body(body, &[Code::Undecodable, Code::ColumnsInvalid, Code::TooManyOps, Code::TooLarge]);
    }
}

impl DescribeOutput for ExchangeAnswer {
    fn describe_output(description: &mut Description) {
        let response = ResponseBuilder::new().description("Verdicts and operations, in the form of the request");
        let response = message_contents()
            .into_iter()
            .fold(response, |response, (content_type, content)| response.content(content_type, content));
        description.set_other_answer(response.build());
    }
}
