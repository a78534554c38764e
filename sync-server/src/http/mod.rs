//! The HTTP kernel: what is the same for every route.
//!
//! Owns the listener, request ids, the authorization hook, time and size limits, envelopes, errors, paging and the API
//! document. Must never know a feature: routes come from outside as a table of [`Route`]s, each with its permission,
//! class and operation id. Every answer is an envelope, every error a registered code.
//!
//! | file | owns |
//! | --- | --- |
//! | `route` | the table's row: path, operation, access, class, handler |
//! | `describe` | what a handler's signature says about its operation |
//! | `openapi` | the API document made from the table |
//! | `router` | the layers around every handler |
//! | `context` | request ids, the request's span and its log line |
//! | `envelope`, `error`, `params`, `paging` | answers, errors and extractors |
//! | `serve` | the listener and an orderly stop |

mod context;
mod describe;
mod envelope;
mod error;
mod openapi;
mod paging;
mod params;
mod route;
mod router;
mod serve;
mod state;

pub use context::RequestContext;
pub use describe::{DescribeInput, DescribeOutput, Description, Endpoint};
pub use envelope::{Created, PageOf, Success};
pub use error::{ApiError, ErrorDetail};
pub use openapi::{ApiDocument, document};
pub use paging::PageParams;
pub use params::{JsonBody, QueryParams, RawBody, RecordIdParam, invalid_param};
pub use route::{Access, Operation, Route, RouteClass};
pub use router::service;
pub use serve::{ServeError, serve};
pub use state::AppState;
