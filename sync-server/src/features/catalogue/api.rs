//! `GET /api/v1/{collection}` and `GET /api/v1/{collection}/{id}` of every collection.

use axum::extract::State;
use serde::Deserialize;
use stocksync_schemas::collections::{ALL, Collection};
use stocksync_schemas::{Code, limits};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{RecordList, RecordView, document, lookup_codes};
use crate::auth::{Permission, Principal};
use crate::clock;
use crate::http::{
    Access, ApiError, AppState, Operation, PageOf, PageParams, QueryParams, RecordIdParam, Route, RouteClass, Success,
    invalid_param,
};

/// The feature's routes: a list and one record for each collection.
pub fn routes() -> Vec<Route> {
    ALL.iter().flat_map(collection_routes).collect()
}

fn collection_routes(collection: &'static Collection) -> [Route; 2] {
    let (plural, singular) = (collection.name, document::singular(collection));
    let operation = |id: String, summary: String| {
        let (access, class) = (Access::Requires(Permission::ReadCatalogue), RouteClass::Read);
        Operation { id: id.into(), summary: summary.into(), access, class, errors: &[] }
    };
    let list = operation(
        format!("list_{plural}"),
        format!("The {plural} in the order in which they changed last; by code or parent in the order of their ids"),
    );
    let one = operation(format!("get_{singular}"), format!("One of the {plural}; not_found where it is deleted"));
    let list_handler = move |state: State<AppState>, principal: Principal, query: QueryParams<RecordQuery>| {
        list_records(collection, state, principal, query)
    };
    let one_handler = move |state: State<AppState>, principal: Principal, id: RecordIdParam| {
        get_record(collection, state, principal, id)
    };
    let (name, schema) = document::record_schema(collection);
    [
        Route::get(format!("/api/v1/{plural}"), list, list_handler).with_data_schema(&name, schema.clone()),
        Route::get(format!("/api/v1/{plural}/{{id}}"), one, one_handler).with_data_schema(&name, schema),
    ]
}

/// Which records; at most one of `code`, `parent` and `changed_after`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RecordQuery {
    /// Most rows
    #[param(minimum = 1, maximum = 500, default = 50, nullable = false)]
    limit: Option<u32>,
    /// `meta.next` of the page before
    #[param(nullable = false)]
    after: Option<String>,
    /// an SKU of products and variants; of identifiers a code as it is scanned, a GTIN in any of its forms, or a value; a
    /// code of locations and lots, of lots with or without 10: or 21:
    #[param(nullable = false)]
    code: Option<String>,
    /// the product of variants, the variant of identifiers and lots, the location that locations lie in; products have none
    #[param(nullable = false)]
    parent: Option<Uuid>,
    /// only what changed at a later position of the op log
    #[param(nullable = false)]
    changed_after: Option<i64>,
    /// deleted ones too
    #[serde(default)]
    #[param(default = false)]
    deleted: bool,
}

async fn list_records(
    collection: &'static Collection,
    State(state): State<AppState>,
    principal: Principal,
    QueryParams(query): QueryParams<RecordQuery>,
) -> Result<PageOf<RecordView>, ApiError> {
    let RecordQuery { limit, after, code, parent, changed_after, deleted } = query;
    let page = PageParams { limit, after };
    let limit = page.row_limit()?;
    let which = match (code, parent, changed_after) {
        (Some(code), None, None) => list_by_code(collection, &code, &page)?,
        (None, Some(parent), None) => {
            RecordList::ByParent(parent, page.start_key(Uuid::nil(), |text| Uuid::try_parse(text).ok())?)
        }
        (None, None, changed_after) => {
            // The greatest id: every record that changed at this position has been seen.
            let start = (changed_after.unwrap_or(0), Uuid::max());
            let (position, id) = page.start_key(start, |text| {
                let (position, id) = text.split_once('.')?;
                Some((position.parse().ok()?, Uuid::try_parse(id).ok()?))
            })?;
            RecordList::Changed(position, id)
        }
        _ => return Err(invalid_param("query", "one of code, parent, changed_after".to_owned())),
    };
    let rows = super::list(state.database(), principal.tenant, collection, &which, deleted, limit).await?;
    let page = PageOf::new(rows, limit, |last| last.1.clone());
    Ok(PageOf { rows: page.rows.into_iter().map(|(record, _)| record).collect(), next: page.next })
}

fn list_by_code(collection: &Collection, code: &str, page: &PageParams) -> Result<RecordList, ApiError> {
    if code.is_empty() || code.len() > limits::IDENTIFIER_BYTES || code.contains('\0') {
        return Err(invalid_param("code", format!("1 to {} bytes", limits::IDENTIFIER_BYTES)));
    }
    let codes = lookup_codes(collection, code, clock::year(clock::now_ms()));
    let after = page.start_key((String::new(), Uuid::nil()), |text| {
        let (id, code) = text.split_once('.')?;
        Some((code.to_owned(), Uuid::try_parse(id).ok()?))
    })?;
    Ok(RecordList::ByCode(codes, after))
}

async fn get_record(
    collection: &'static Collection,
    State(state): State<AppState>,
    principal: Principal,
    RecordIdParam(id): RecordIdParam,
) -> Result<Success<RecordView>, ApiError> {
    let record = super::find(state.database(), principal.tenant, collection, id).await?;
    record.map(Success).ok_or_else(|| ApiError::new(Code::NotFound))
}
