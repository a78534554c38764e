//! `GET /api/v1/exceptions`.

use axum::extract::State;
use stocksync_schemas::ids::bytes_from_hex;

use super::OpenException;
use crate::auth::{Permission, Principal};
use crate::http::{Access, ApiError, AppState, Operation, PageOf, PageParams, QueryParams, Route, RouteClass};

/// The feature's routes.
pub fn routes() -> Vec<Route> {
    let list = Operation {
        id: "list_open_exceptions".into(),
        summary: "Open exceptions, oldest first".into(),
        access: Access::Requires(Permission::ReadExceptions),
        class: RouteClass::Read,
        errors: &[],
    };
    vec![Route::get("/api/v1/exceptions", list, list_open)]
}

async fn list_open(
    State(state): State<AppState>,
    principal: Principal,
    QueryParams(page): QueryParams<PageParams>,
) -> Result<PageOf<OpenException>, ApiError> {
    let limit = page.row_limit()?;
    let after = page.start_key((i64::MIN, Vec::new()), |text| {
        let (opened_ms, id) = text.split_once('.')?;
        Some((opened_ms.parse().ok()?, bytes_from_hex(id)?))
    })?;
    let rows = super::list_open(state.database(), principal.tenant, &after, limit).await?;
    Ok(PageOf::new(rows, limit, |last| format!("{}.{}", last.opened_ms, last.id)))
}
