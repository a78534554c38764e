//! What a handler's signature says about its operation: the API document is made from the types that are really taken
//! and answered.

use std::collections::BTreeMap;
use std::future::Future;

use axum::extract::State;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use stocksync_schemas::Code;
use utoipa::ToSchema;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::{Ref, RefOr, Response, Schema};

use super::error::ApiError;
use super::state::AppState;
use crate::auth::Principal;

/// The shape of an answer without an error.
#[derive(Clone)]
pub(super) enum Answer {
    /// An envelope with one object.
    One(u16, RefOr<Schema>),
    /// An envelope with a page of objects.
    Page(RefOr<Schema>),
    /// Something else than an envelope.
    Other(Box<Response>),
}

/// Parameters, body, answer and schemas of one operation, collected from its handler's types.
#[derive(Clone, Default)]
pub struct Description {
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<RequestBody>,
    pub(super) answer: Option<Answer>,
    pub(super) schemas: BTreeMap<String, RefOr<Schema>>,
    pub(super) errors: Vec<Code>,
    principal: bool,
}

impl Description {
    /// Adds parameters, and that a request with bad ones is answered `code`.
    pub fn add_parameters(&mut self, parameters: impl IntoIterator<Item = Parameter>, code: Code) {
        self.parameters.extend(parameters);
        self.errors.push(code);
    }

    /// Sets the body, and the codes that a bad one is answered with.
    pub fn set_body(&mut self, body: RequestBody, errors: &[Code]) {
        self.body = Some(body);
        self.errors.extend_from_slice(errors);
    }

    /// Sets an answer that is not an envelope.
    pub fn set_other_answer(&mut self, response: Response) {
        self.answer = Some(Answer::Other(Box::new(response)));
    }

    /// A reference to the schema of `T`, which becomes a component of the document with all that it names.
    pub fn component<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let mut named = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut named);
        self.schemas.extend(named);
        RefOr::Ref(Ref::from_schema_name(T::name()))
    }

    pub(super) fn takes_principal(&self) -> bool {
        self.principal
    }

    pub(super) fn replace_data(&mut self, name: &str, schema: RefOr<Schema>) {
        self.schemas.insert(name.to_owned(), schema);
        let reference = RefOr::Ref(Ref::from_schema_name(name));
        match &mut self.answer {
            Some(Answer::One(_, data) | Answer::Page(data)) => *data = reference,
            Some(Answer::Other(_)) | None => {}
        }
    }
}

/// An extractor that says which part of a request it takes.
pub trait DescribeInput {
    /// Adds it to the description.
    fn describe_input(description: &mut Description);
}

/// An answer that says its shape.
pub trait DescribeOutput {
    /// Adds it to the description.
    fn describe_output(description: &mut Description);
}

impl DescribeInput for State<AppState> {
    fn describe_input(_: &mut Description) {}
}

impl DescribeInput for Principal {
    fn describe_input(description: &mut Description) {
        description.principal = true;
    }
}

/// A handler whose extractors and answer describe themselves. `M` and `Args` are axum's markers and found by inference.
pub trait Endpoint<M, Args> {
    /// What its signature says.
    fn describe() -> Description;

    /// The handler for one method.
    fn into_method_router(self, filter: MethodFilter) -> MethodRouter<AppState>;
}

macro_rules! endpoint {
    ($($argument:ident),*) => {
        impl<F, Fut, Out, M, $($argument),*> Endpoint<M, ($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut + Handler<(M, $($argument,)*), AppState>,
            Fut: Future<Output = Result<Out, ApiError>>,
            Out: DescribeOutput,
            M: 'static,
            $($argument: DescribeInput + 'static,)*
        {
            fn describe() -> Description {
                let mut description = Description::default();
                $($argument::describe_input(&mut description);)*
                Out::describe_output(&mut description);
                description
            }

            fn into_method_router(self, filter: MethodFilter) -> MethodRouter<AppState> {
                on(filter, self)
            }
        }
    };
}

endpoint!(A);
endpoint!(A, B);
endpoint!(A, B, C);
endpoint!(A, B, C, D);
