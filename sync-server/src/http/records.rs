//! Records as back offices read them: what changed since a position of the log, by code, by parent, or one.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stocksync_gs1::{Context, ScanInput, understand};
use stocksync_schemas::collections::{self, Collection, IDENTIFIERS, LOTS, PRODUCTS, VARIANTS};
use stocksync_schemas::{Code, limits};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::page::{Page, QueryParams, Reading, asked, connection, full, wrong};
use super::{ApiError, AppState, Caller, Success};
use crate::clock;
use crate::database::DatabaseError;

/// Records in the order in which they changed last: who goes on from the last row misses no change.
pub const CHANGED: &str = "SELECT record_id, position, changed_ms, deleted_ms, complete, lost FROM app.records \
     WHERE tenant_id = $1 AND collection = $2 AND position > 0 AND (position, record_id) > ($3, $4) \
         AND ($5 OR deleted_ms IS NULL) \
     ORDER BY position, record_id LIMIT $6";

/// Records with one of these codes, in the order of their index: none other gives it.
pub const BY_CODE: &str = "SELECT record_id, position, changed_ms, deleted_ms, complete, lost, code FROM app.records \
     WHERE tenant_id = $1 AND collection = $2 AND code = ANY($3::text[]) AND (code, record_id) > ($4, $5) \
         AND ($6 OR deleted_ms IS NULL) ORDER BY code, record_id LIMIT $7";

/// Records that belong to one. Said as a range, so that only the index of parents gives the order.
pub const BY_PARENT: &str = "SELECT record_id, position, changed_ms, deleted_ms, complete, lost FROM app.records \
     WHERE tenant_id = $1 AND collection = $2 AND parent_id BETWEEN $3 AND $3 AND (parent_id, record_id) > ($3, $4) \
         AND ($5 OR deleted_ms IS NULL) ORDER BY parent_id, record_id LIMIT $6";

/// One record, unless it is deleted.
pub const ONE: &str = "SELECT record_id, position, changed_ms, deleted_ms, complete, lost FROM app.records \
     WHERE tenant_id = $1 AND collection = $2 AND record_id = $3 AND deleted_ms IS NULL";

/// The fields of products.
pub const PRODUCT_FIELDS: &str = "SELECT t.record_id, to_jsonb(t) AS fields FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.products t WHERE t.tenant_id = $1 AND t.record_id = u.id LIMIT 1) t";
/// The fields of variants.
pub const VARIANT_FIELDS: &str = "SELECT t.record_id, to_jsonb(t) AS fields FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.variants t WHERE t.tenant_id = $1 AND t.record_id = u.id LIMIT 1) t";
/// The fields of identifiers.
pub const IDENTIFIER_FIELDS: &str = "SELECT t.record_id, to_jsonb(t) AS fields FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.identifiers t WHERE t.tenant_id = $1 AND t.record_id = u.id LIMIT 1) t";
/// The fields of locations.
pub const LOCATION_FIELDS: &str = "SELECT t.record_id, to_jsonb(t) AS fields FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.locations t WHERE t.tenant_id = $1 AND t.record_id = u.id LIMIT 1) t";
/// The fields of lots.
pub const LOT_FIELDS: &str = "SELECT t.record_id, to_jsonb(t) AS fields FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.lots t WHERE t.tenant_id = $1 AND t.record_id = u.id LIMIT 1) t";

/// Which records.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordQuery {
    limit: Option<u32>,
    after: Option<String>,
    code: Option<String>,
    parent: Option<Uuid>,
    changed_after: Option<i64>,
    #[serde(default)]
    deleted: bool,
}

/// A record as it reads.
#[derive(Debug, Serialize)]
pub struct Record {
    id: Uuid,
    position: i64,
    changed_ms: i64,
    deleted_ms: Option<i64>,
    complete: bool,
    lost: Value,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// Records of a collection.
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    uri: Uri,
    query: QueryParams<RecordQuery>,
) -> Result<Success<Vec<Record>>, ApiError> {
    let collection = collection_of(&uri)?;
    let RecordQuery { limit, after, code, parent, changed_after, deleted } = asked(query)?;
    let page = Page { limit, after };
    let limit = page.limit()?;
    if [code.is_some(), parent.is_some(), changed_after.is_some()].into_iter().filter(|given| *given).count() > 1 {
        return Err(wrong("query", "one of code, parent, changed_after".to_owned()));
    }
    let name = collection.name;
    let mut connection = connection(&state).await?;
    let reading = Reading::begin(&mut connection, caller).await?;
    let (records, next) = if let Some(code) = code {
        let codes = codes(collection, &code)?;
        let (id, code) = page.after((Uuid::nil(), String::new()), |text| {
            let (id, code) = text.split_once('.')?;
            Some((Uuid::try_parse(id).ok()?, code.to_owned()))
        })?;
        let parameters: [&(dyn ToSql + Sync); 6] = [&name, &codes, &code, &id, &deleted, &limit];
        let rows = reading.query(BY_CODE, &parameters).await?;
        let last = rows.last().map(|row| row.try_get::<_, String>("code")).transpose().map_err(DatabaseError::from)?;
        let records = with_fields(&reading, collection, &rows).await?;
        let next = full(&records, limit).map(|it| format!("{}.{}", it.id, last.unwrap_or_default()));
        (records, next)
    } else if let Some(parent) = parent {
        let id = page.after(Uuid::nil(), |text| Uuid::try_parse(text).ok())?;
        let parameters: [&(dyn ToSql + Sync); 5] = [&name, &parent, &id, &deleted, &limit];
        let records = with_fields(&reading, collection, &reading.query(BY_PARENT, &parameters).await?).await?;
        let next = full(&records, limit).map(|it| it.id.to_string());
        (records, next)
    } else {
        // All records that changed at a position come before the next one.
        let start = (changed_after.unwrap_or(0), Uuid::max());
        let (position, id) = page.after(start, |text| {
            let (position, id) = text.split_once('.')?;
            Some((position.parse().ok()?, Uuid::try_parse(id).ok()?))
        })?;
        let parameters: [&(dyn ToSql + Sync); 5] = [&name, &position, &id, &deleted, &limit];
        let records = with_fields(&reading, collection, &reading.query(CHANGED, &parameters).await?).await?;
        let next = full(&records, limit).map(|it| format!("{}.{}", it.position, it.id));
        (records, next)
    };
    Ok(Success::page(records, next))
}

/// One record; `not_found` where there is none, or it is deleted.
pub async fn one(
    State(state): State<AppState>,
    caller: Caller,
    uri: Uri,
    Path(id): Path<String>,
) -> Result<Success<Record>, ApiError> {
    let collection = collection_of(&uri)?;
    let id = Uuid::try_parse(&id).map_err(|_| ApiError::new(Code::NotFound))?;
    let mut connection = connection(&state).await?;
    let reading = Reading::begin(&mut connection, caller).await?;
    let rows = reading.query(ONE, &[&collection.name, &id]).await?;
    let records = with_fields(&reading, collection, &rows).await?;
    records.into_iter().next().map(Success::new).ok_or_else(|| ApiError::new(Code::NotFound))
}

/// `/api/v1/{collection}`, which a route has matched.
fn collection_of(uri: &Uri) -> Result<&'static Collection, ApiError> {
    let name = uri.path().split('/').nth(3).unwrap_or_default();
    collections::find(name).ok_or_else(|| ApiError::new(Code::NotFound))
}

/// The codes that `text` may mean: an SKU in capitals; of an identifier every reading that a scan of it would be looked up by.
fn codes(collection: &Collection, text: &str) -> Result<Vec<String>, ApiError> {
    if text.is_empty() || text.len() > limits::IDENTIFIER_BYTES || text.contains('\0') {
        return Err(wrong("code", format!("1 to {} bytes", limits::IDENTIFIER_BYTES)));
    }
    if [PRODUCTS.name, VARIANTS.name].contains(&collection.name) {
        return Ok(vec![text.to_ascii_uppercase()]);
    }
    let mut codes = vec![text.to_owned()];
    if collection.name == IDENTIFIERS.name {
        let meaning = understand(&ScanInput::new(text), &Context::new(clock::year(clock::now_ms())));
        let keys = meaning.map(|meaning| meaning.lookup_keys()).unwrap_or_default();
        codes.extend(keys.into_iter().map(|(_, value)| value));
    } else if collection.name == LOTS.name {
        codes.extend(["10:", "21:"].map(|kind| format!("{kind}{text}")));
    }
    codes.sort();
    codes.dedup();
    Ok(codes)
}

async fn with_fields(
    reading: &Reading<'_>,
    collection: &Collection,
    rows: &[Row],
) -> Result<Vec<Record>, DatabaseError> {
    let statement = match collection.name {
        "products" => PRODUCT_FIELDS,
        "variants" => VARIANT_FIELDS,
        "identifiers" => IDENTIFIER_FIELDS,
        "locations" => LOCATION_FIELDS,
        _ => LOT_FIELDS,
    };
    let ids = rows.iter().map(|row| row.try_get("record_id")).collect::<Result<Vec<Uuid>, _>>()?;
    let mut fields = BTreeMap::<Uuid, Map<String, Value>>::new();
    if !ids.is_empty() {
        for row in reading.query(statement, &[&ids]).await? {
            if let Value::Object(mut it) = row.try_get("fields")? {
                it.retain(|name, value| !value.is_null() && collection.field(name).is_some());
                fields.insert(row.try_get("record_id")?, it);
            }
        }
    }
    let record = |row: &Row| {
        let id = row.try_get("record_id")?;
        Ok(Record {
            id,
            position: row.try_get("position")?,
            changed_ms: row.try_get("changed_ms")?,
            deleted_ms: row.try_get("deleted_ms")?,
            complete: row.try_get("complete")?,
            lost: row.try_get("lost")?,
            fields: fields.remove(&id).unwrap_or_default(),
        })
    };
    rows.iter().map(record).collect()
}
