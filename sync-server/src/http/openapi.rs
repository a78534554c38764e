//! The API document, made from the route table: what is documented is what is served.
//!
//! Owns how an operation, its envelope and its errors are written in OpenAPI. Must never hold a path or a schema of a
//! feature.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use stocksync_schemas::Code;
use utoipa::ToSchema;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItemBuilder};
use utoipa::openapi::schema::{
    ArrayBuilder, ComponentsBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr, Response, ResponseBuilder, Schema,
};

use super::describe::Answer;
use super::envelope::ResponseMeta;
use super::route::{Access, Route};

/// Name of the security scheme.
const DEVICE_SCHEME: &str = "device";
const ERROR_SCHEMA: &str = "Error";

/// The OpenAPI document of a route table.
#[derive(Clone, PartialEq)]
pub struct ApiDocument(OpenApi);

impl ApiDocument {
    /// As JSON text, the same for the same table, with a line feed at the end.
    ///
    /// # Errors
    /// None for a document of [`document`]: all of its keys are texts.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = self.0.to_pretty_json()?;
        text.push('\n');
        Ok(text)
    }
}

/// Makes the document of a route table.
#[must_use]
pub fn document(routes: &[Route]) -> ApiDocument {
    let mut schemas = BTreeMap::new();
    let mut paths = BTreeMap::<&str, PathItemBuilder>::new();
    for route in routes {
        schemas.extend(route.description.schemas.clone());
        let method = match route.method {
            HttpMethod::Post => HttpMethod::Post,
            _ => HttpMethod::Get,
        };
        let item = paths.remove(route.path()).unwrap_or_default();
        paths.insert(route.path(), item.operation(method, operation(route)));
    }
    let paths = paths.into_iter().fold(PathsBuilder::new(), |paths, (path, item)| paths.path(path, item.build()));
    schemas.insert(ResponseMeta::name().into_owned(), <ResponseMeta as utoipa::PartialSchema>::schema());
    schemas.insert(ERROR_SCHEMA.to_owned(), error_schema());
    let components = schemas
        .into_iter()
        .fold(ComponentsBuilder::new(), |components, (name, schema)| components.schema(name, schema));
    let errors: BTreeSet<_> = routes.iter().flat_map(|route| error_codes(route).into_values()).collect();
    let components = errors
        .iter()
        .fold(components, |components, codes| components.response(response_name(codes), error_response(codes)));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("tenant.device.secret, as given at enrolment"))
        .build();
    let info = InfoBuilder::new().title("Stocksync server").version("1").description(Some(
        "Made from the server's route table by `stocksync-server openapi`. Exchange bytes and their JSON form are \
         described in schemas/README.md and proto/exchange.proto; error codes in errors.json. `x-access` \
         of an operation names the permission that it needs, if any, and the class that its limits follow from.",
    ));
    let document = OpenApiBuilder::new()
        .info(info.build())
        .paths(paths.build())
        .components(Some(components.security_scheme(DEVICE_SCHEME, SecurityScheme::Http(bearer)).build()));
    ApiDocument(document.build())
}

fn operation(route: &Route) -> utoipa::openapi::path::Operation {
    let (declared, description) = (&route.operation, &route.description);
    let class = declared.class.name();
    let access = match declared.access {
        Access::Public => json!({ "class": class }),
        Access::Requires(permission) => json!({ "class": class, "permission": permission.name() }),
    };
    let mut operation = OperationBuilder::new()
        .operation_id(Some(declared.id.as_ref()))
        .summary(Some(declared.summary.as_ref()))
        .request_body(description.body.clone());
    if !description.parameters.is_empty() {
        operation = operation.parameters(Some(description.parameters.clone()));
    }
    if declared.access != Access::Public {
        operation = operation.security(SecurityRequirement::new::<_, [&str; 0], &str>(DEVICE_SCHEME, []));
    }
    if let Some(answer) = &description.answer {
        let (status, response) = success_response(answer);
        operation = operation.response(status.to_string(), response);
    }
    for (status, codes) in error_codes(route) {
        operation = operation.response(status.to_string(), Ref::from_response_name(response_name(&codes)));
    }
    // One extension: utoipa writes several in random order.
    operation.extensions(Some(ExtensionsBuilder::new().add("x-access", access).build())).build()
}

fn success_response(answer: &Answer) -> (u16, Response) {
    let (status, text, data) = match answer {
        Answer::Other(response) => return (200, response.as_ref().clone()),
        Answer::One(status, data) => (*status, if *status == 201 { "Created" } else { "Found" }, data.clone()),
        Answer::Page(row) => {
            let rows = ArrayBuilder::new().items(row.clone()).build();
            (200, "One page", RefOr::T(Schema::Array(rows)))
        }
    };
    let envelope = ObjectBuilder::new()
        .property("success", ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])))
        .required("success")
        .property("data", data)
        .required("data")
        .property("meta", Ref::from_schema_name(ResponseMeta::name()))
        .required("meta");
    (status, ResponseBuilder::new().description(text).content("application/json", json_content(envelope)).build())
}

fn json_content(schema: impl Into<RefOr<Schema>>) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

/// The codes that a route answers, by HTTP status.
fn error_codes(route: &Route) -> BTreeMap<u16, BTreeSet<&'static str>> {
    let mut codes = vec![Code::Internal, Code::Timeout];
    if let Access::Requires(_) = route.operation.access {
        codes.extend([Code::Unauthenticated, Code::DeviceRevoked, Code::Forbidden, Code::Unavailable]);
    }
    codes.extend_from_slice(&route.description.errors);
    codes.extend_from_slice(route.operation.errors);
    let mut by_status = BTreeMap::<u16, BTreeSet<&'static str>>::new();
    for code in codes {
        by_status.entry(code.facts().0).or_default().insert(code.as_str());
    }
    by_status
}

/// `device_revoked_or_forbidden`: error responses are shared by the operations that answer the same codes.
fn response_name(codes: &BTreeSet<&'static str>) -> String {
    codes.iter().copied().collect::<Vec<_>>().join("_or_")
}

/// An error with the registered text of each code, and the first of them as an example.
fn error_response(codes: &BTreeSet<&'static str>) -> Response {
    let known = codes.iter().filter_map(|name| Code::parse(name));
    let text = |code: Code| format!("`{}`: {}", code.as_str(), code.facts().2);
    let description = known.clone().map(text).collect::<Vec<_>>().join(" ");
    let example = known.clone().next().map(|code| {
        let (_, retryable, message) = code.facts();
        json!({ "success": false, "error": {
            "code": code.as_str(), "message": message, "details": [], "retryable": retryable,
            "timestamp": "2026-03-01T08:00:00.000Z", "requestId": "019ca8c9-2a00-7000-8000-000000000001",
        } })
    });
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ERROR_SCHEMA))).example(example).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

fn error_schema() -> RefOr<Schema> {
    let formatted = |format| text().format(Some(SchemaFormat::KnownFormat(format)));
    let detail = ObjectBuilder::new()
        .description(Some("One thing that is wrong with the request"))
        .property("field", text())
        .required("field")
        .property("code", text().description(Some("what is wrong with it, for a program")))
        .required("code")
        .property("message", text().description(Some("the same for a person")))
        .required("message");
    let codes = Code::ALL.iter().map(Code::as_str);
    let error = ObjectBuilder::new()
        .property("code", text().description(Some("registered in errors.json")).examples(codes))
        .required("code")
        .property("message", text())
        .required("message")
        .property("details", ArrayBuilder::new().items(detail))
        .required("details")
        .property("retryable", ObjectBuilder::new().schema_type(Type::Boolean))
        .required("retryable")
        .property("timestamp", formatted(KnownFormat::DateTime))
        .required("timestamp")
        .property("requestId", formatted(KnownFormat::Uuid))
        .required("requestId");
    ObjectBuilder::new()
        .property("success", ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([false])))
        .required("success")
        .property("error", error)
        .required("error")
        .into()
}
