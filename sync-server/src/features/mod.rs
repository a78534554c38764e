//! The features, a folder each: use cases in `mod.rs`, SQL in `store.rs`, routes in `api.rs`.
//!
//! Owns the route table. A feature must never reach into another one's store; what several need (the names beside ids)
//! is public in the feature that it belongs to.
//!
//! | feature | owns |
//! | --- | --- |
//! | [`catalogue`] | products, variants, identifiers, locations, lots, and names beside ids |
//! | [`devices`] | enrolment, the list of devices |
//! | [`exceptions`] | what needs a person |
//! | [`health`] | probes |
//! | [`rejected`] | ops that count nowhere |
//! | [`stock`] | balances, movements |
//! | [`sync`] | the exchange's door |

pub mod catalogue;
pub mod devices;
pub mod exceptions;
pub mod health;
pub mod rejected;
pub mod stock;
pub mod sync;

use axum::Router;

use crate::console;
use crate::http::{ApiDocument, AppState, Route, document, service};

/// Every route of the server. The API document lists the same.
#[must_use]
pub fn routes() -> Vec<Route> {
    let mut routes = console::routes();
    routes.extend(health::api::routes());
    routes.extend(devices::api::routes());
    routes.extend(sync::api::routes());
    routes.extend(stock::api::routes());
    routes.extend(catalogue::api::routes());
    routes.extend(exceptions::api::routes());
    routes.extend(rejected::api::routes());
    routes
}

/// The whole service, without a socket.
///
/// ```no_run
/// # async fn example(database: stocksync_server::database::Database) -> Result<(), Box<dyn std::error::Error>> {
/// use stocksync_server::{features, http::AppState};
///
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// axum::serve(listener, features::app(AppState::new(database))).await?;
/// # Ok(())
/// # }
/// ```
pub fn app(state: AppState) -> Router {
    service(state, routes())
}

/// The API document: what `schemas/openapi.json` holds.
///
/// ```
/// let text = stocksync_server::features::api_document().to_json()?;
/// assert!(text.contains("\"/api/v1/balances\""));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn api_document() -> ApiDocument {
    document(&routes())
}
