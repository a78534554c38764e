//! `GET /api/v1/rejected`.

use axum::extract::State;
use stocksync_schemas::ids::bytes_from_hex;
use uuid::Uuid;

use super::{RejectedKey, StoredRejection};
use crate::auth::{Permission, Principal};
use crate::http::{Access, ApiError, AppState, Operation, PageOf, PageParams, QueryParams, Route, RouteClass};

/// The feature's routes.
pub fn routes() -> Vec<Route> {
    let list = Operation {
        id: "list_rejected_ops".into(),
        summary: "Ops that were rejected for good, and what could not be decoded, by lane and seq".into(),
        access: Access::Requires(Permission::ReadRejected),
        class: RouteClass::Read,
        errors: &[],
    };
    vec![Route::get("/api/v1/rejected", list, list_rejected)]
}

async fn list_rejected(
    State(state): State<AppState>,
    principal: Principal,
    QueryParams(page): QueryParams<PageParams>,
) -> Result<PageOf<StoredRejection>, ApiError> {
    let limit = page.row_limit()?;
    let after = page.start_key(RejectedKey::default(), parse_key)?;
    let rows = super::list(state.database(), principal.tenant, &after, limit).await?;
    Ok(PageOf::new(rows, limit, |last| format!("{}.{}.{}", last.replica, last.seq, last.hash)))
}

fn parse_key(text: &str) -> Option<RejectedKey> {
    let mut parts = text.splitn(3, '.');
    let replica = Uuid::try_parse(parts.next()?).ok()?;
    let seq: i64 = parts.next()?.parse().ok()?;
    Some(RejectedKey { replica, seq, hash: bytes_from_hex(parts.next()?)? })
}
