//! One row of the route table. A route cannot be written without its permission, class and operation id.

use std::borrow::Cow;
use std::time::Duration;

use axum::routing::{MethodFilter, MethodRouter};
use stocksync_schemas::{Code, limits};
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::{RefOr, Schema};

use super::describe::{Description, Endpoint};
use super::state::AppState;
use crate::auth::Permission;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; the handler gets no principal.
    Public,
    /// A principal with this permission.
    Requires(Permission),
}

/// What kind of work a route does: its limits follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteClass {
    /// Pages and probes, without a credential.
    Public,
    /// Reads one tenant's rows.
    Read,
    /// Writes a few rows.
    Write,
    /// The devices' exchange: large bodies, and pushes that wait for each other.
    Sync,
}

impl RouteClass {
    /// How long a request may take before it is answered `timeout`.
    #[must_use]
    pub const fn time_limit(self) -> Duration {
        match self {
            Self::Public | Self::Read | Self::Write => Duration::from_secs(10),
            Self::Sync => Duration::from_secs(60),
        }
    }

    /// Largest body, bytes; a larger one is answered `too_large`.
    #[must_use]
    pub const fn body_limit(self) -> usize {
        match self {
            Self::Public | Self::Read | Self::Write => 64 * 1024,
            Self::Sync => limits::MESSAGE_BYTES,
        }
    }

    /// Its name in the API document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Read => "read",
            Self::Write => "write",
            Self::Sync => "sync",
        }
    }
}

/// What the table declares of an operation beside its handler.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Unique name, snake case: the `operationId` of the API document, from which clients name their methods.
    pub id: Cow<'static, str>,
    /// One sentence for the API document.
    pub summary: Cow<'static, str>,
    /// Who may call it.
    pub access: Access,
    /// Which limits hold.
    pub class: RouteClass,
    /// Registered codes that it answers beyond those that follow from its access, class and parameters.
    pub errors: &'static [Code],
}

/// One route: method, path template, operation and handler.
pub struct Route {
    pub(super) method: HttpMethod,
    pub(super) path: Cow<'static, str>,
    pub(super) operation: Operation,
    pub(super) description: Description,
    pub(super) handler: MethodRouter<AppState>,
}

impl Route {
    /// A route that reads.
    pub fn get<M, A>(path: impl Into<Cow<'static, str>>, operation: Operation, endpoint: impl Endpoint<M, A>) -> Self {
        Self::new(HttpMethod::Get, MethodFilter::GET, path.into(), operation, endpoint)
    }

    /// A route that takes a body.
    pub fn post<M, A>(path: impl Into<Cow<'static, str>>, operation: Operation, endpoint: impl Endpoint<M, A>) -> Self {
        Self::new(HttpMethod::Post, MethodFilter::POST, path.into(), operation, endpoint)
    }

    fn new<M, A, E: Endpoint<M, A>>(
        method: HttpMethod,
        filter: MethodFilter,
        path: Cow<'static, str>,
        operation: Operation,
        endpoint: E,
    ) -> Self {
        Self { method, path, operation, description: E::describe(), handler: endpoint.into_method_router(filter) }
    }

    /// Documents the answer's data as this named schema, for handlers whose Rust type serves several shapes.
    #[must_use]
    pub fn with_data_schema(mut self, name: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        self.description.replace_data(name, schema.into());
        self
    }

    /// HTTP method, upper case.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self.method {
            HttpMethod::Post => "POST",
            _ => "GET",
        }
    }

    /// Path template, as in the API document.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the table declares of it.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Whether its handler takes a [`crate::auth::Principal`].
    #[must_use]
    pub fn takes_principal(&self) -> bool {
        self.description.takes_principal()
    }
}
