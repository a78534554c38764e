//! Extractors: query parameters, path parameters and bodies, each within its limit.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use stocksync_schemas::Code;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Required};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::describe::{DescribeInput, Description};
use super::error::ApiError;

/// The answer to a parameter that is outside its limits.
#[must_use]
pub fn invalid_param(field: &str, expected: String) -> ApiError {
    ApiError::new(Code::InvalidRequest).detail(field, "out_of_range", expected)
}

/// The query string; unknown and malformed parameters are answered `invalid_request`.
#[derive(Debug)]
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(params) = Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| invalid_param("query", rejection.body_text()))?;
        Ok(Self(params))
    }
}

impl<T: IntoParams> DescribeInput for QueryParams<T> {
    fn describe_input(description: &mut Description) {
        description.add_parameters(T::into_params(|| Some(ParameterIn::Query)), Code::InvalidRequest);
    }
}

/// The `{id}` of a path: a UUID; any other text names nothing.
#[derive(Debug, Clone, Copy)]
pub struct RecordIdParam(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for RecordIdParam {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let not_found = || ApiError::new(Code::NotFound);
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        Uuid::try_parse(&id).map(Self).map_err(|_| not_found())
    }
}

impl DescribeInput for RecordIdParam {
    fn describe_input(description: &mut Description) {
        let schema = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
        let parameter = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(schema))
            .build();
        description.add_parameters([parameter], Code::NotFound);
    }
}

/// A whole body within the limit of its route's class.
#[derive(Debug)]
pub struct RawBody {
    /// The header `content-type`, if it is there.
    pub content_type: Option<String>,
    /// The body.
    pub bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            // Other rejections are connections that broke off.
            let too_large = rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE;
            ApiError::new(if too_large { Code::TooLarge } else { Code::InvalidRequest })
        })?;
        Ok(Self { content_type, bytes })
    }
}

/// A JSON body, whatever its content type says.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = RawBody::from_request(request, state).await?;
        serde_json::from_slice(&body.bytes).map(Self).map_err(|error| {
            // The text names the field and what was expected; it shows the caller nothing but their own body.
            ApiError::new(Code::InvalidRequest).detail("body", "invalid_json", error.to_string())
        })
    }
}

impl<T: ToSchema> DescribeInput for JsonBody<T> {
    fn describe_input(description: &mut Description) {
        let schema = description.component::<T>();
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let body =
            RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build();
        description.set_body(body, &[Code::InvalidRequest, Code::TooLarge]);
    }
}
