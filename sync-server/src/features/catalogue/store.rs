//! Records and their typed rows.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use stocksync_schemas::collections::Collection;
use tokio_postgres::Row;
use uuid::Uuid;

use super::RecordView;
use super::names::{LocationName, VariantName};
use crate::database::{DatabaseError, TenantReader};

/// Records in the order in which they changed last: who goes on from the last row misses no change.
pub const CHANGED: &str = "SELECT record_id, position, changed_ms, deleted_ms, complete, lost FROM app.records \
     WHERE tenant_id = $1 AND collection = $2 AND position > 0 AND (position, record_id) > ($3, $4) \
         AND ($5 OR deleted_ms IS NULL) \
     ORDER BY position, record_id LIMIT $6";

/// Records with one of these codes, in the order of their index: none other gives it.
pub const BY_CODE: &str = "SELECT record_id, position, changed_ms, deleted_ms, complete, lost, code FROM app.records \
     WHERE tenant_id = $1 AND collection = $2 AND code = ANY($3::text[]) AND (code, record_id) > ($4, $5) \
         AND ($6 OR deleted_ms IS NULL) ORDER BY code, record_id LIMIT $7";

/// Records that belong to one. `BETWEEN $3 AND $3` keeps the planner on the index of parents, which gives the order.
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

/// Variants with their products, deleted ones too: what was done with them stays.
pub const VARIANT_NAMES: &str = "SELECT v.record_id, v.name, v.sku, v.unit, p.name AS product_name, p.sku AS product_sku \
     FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.variants v WHERE v.tenant_id = $1 AND v.record_id = u.id LIMIT 1) v \
     LEFT JOIN LATERAL (SELECT * FROM app.products p WHERE p.tenant_id = $1 AND p.record_id = v.product LIMIT 1) p \
         ON true";

/// Locations.
pub const LOCATION_NAMES: &str = "SELECT l.record_id, l.name, l.code FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.locations l WHERE l.tenant_id = $1 AND l.record_id = u.id LIMIT 1) l";

/// Expiry dates of lots.
pub const LOT_EXPIRIES: &str = "SELECT l.record_id, l.expiry::text AS expiry FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.lots l WHERE l.tenant_id = $1 AND l.record_id = u.id LIMIT 1) l";

/// Records that changed after a position of the log (and the record there), in the order of change.
pub(super) async fn changed_after(
    reader: &TenantReader<'_>,
    collection: &Collection,
    (position, id): (i64, Uuid),
    deleted: bool,
    limit: i64,
) -> Result<Vec<RecordView>, DatabaseError> {
    let rows = reader.query(CHANGED, &[&collection.name, &position, &id, &deleted, &limit]).await?;
    with_fields(reader, collection, &rows).await
}

/// Records with one of these codes, after a code and id, each with the code that it was found by.
pub(super) async fn by_code(
    reader: &TenantReader<'_>,
    collection: &Collection,
    codes: &[String],
    (code, id): &(String, Uuid),
    deleted: bool,
    limit: i64,
) -> Result<Vec<(RecordView, String)>, DatabaseError> {
    let rows = reader.query(BY_CODE, &[&collection.name, &codes, code, id, &deleted, &limit]).await?;
    let found = rows.iter().map(|row| row.try_get("code")).collect::<Result<Vec<String>, _>>()?;
    Ok(with_fields(reader, collection, &rows).await?.into_iter().zip(found).collect())
}

/// Records that belong to `parent`, after an id.
pub(super) async fn by_parent(
    reader: &TenantReader<'_>,
    collection: &Collection,
    parent: Uuid,
    after: Uuid,
    deleted: bool,
    limit: i64,
) -> Result<Vec<RecordView>, DatabaseError> {
    let rows = reader.query(BY_PARENT, &[&collection.name, &parent, &after, &deleted, &limit]).await?;
    with_fields(reader, collection, &rows).await
}

/// One record, unless it is deleted.
pub(super) async fn one(
    reader: &TenantReader<'_>,
    collection: &Collection,
    id: Uuid,
) -> Result<Option<RecordView>, DatabaseError> {
    let rows = reader.query(ONE, &[&collection.name, &id]).await?;
    Ok(with_fields(reader, collection, &rows).await?.into_iter().next())
}

async fn with_fields(
    reader: &TenantReader<'_>,
    collection: &Collection,
    rows: &[Row],
) -> Result<Vec<RecordView>, DatabaseError> {
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
        for row in reader.query(statement, &[&ids]).await? {
            if let Value::Object(mut columns) = row.try_get("fields")? {
                columns.retain(|name, value| !value.is_null() && collection.field(name).is_some());
                fields.insert(row.try_get("record_id")?, columns);
            }
        }
    }
    let record = |row: &Row| {
        let id = row.try_get("record_id")?;
        Ok(RecordView {
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

/// The names of variants, deleted ones included.
pub(super) async fn variant_names(
    reader: &TenantReader<'_>,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, VariantName>, DatabaseError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let name = |row: &Row| {
        let own_sku: Option<String> = row.try_get("sku")?;
        let name = VariantName {
            product_name: row.try_get("product_name")?,
            variant_name: row.try_get("name")?,
            sku: own_sku.or(row.try_get("product_sku")?),
            unit: row.try_get("unit")?,
        };
        Ok((row.try_get("record_id")?, name))
    };
    reader.query(VARIANT_NAMES, &[&ids]).await?.iter().map(name).collect()
}

/// The names of locations, deleted ones included.
pub(super) async fn location_names(
    reader: &TenantReader<'_>,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, LocationName>, DatabaseError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let name = |row: &Row| {
        let name = LocationName { location_name: row.try_get("name")?, location_code: row.try_get("code")? };
        Ok((row.try_get("record_id")?, name))
    };
    reader.query(LOCATION_NAMES, &[&ids]).await?.iter().map(name).collect()
}

/// The expiry dates of lots that have one, `YYYY-MM-DD`, by the lot's record id.
pub(super) async fn lot_expiries(
    reader: &TenantReader<'_>,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, String>, DatabaseError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut expiries = BTreeMap::new();
    for row in reader.query(LOT_EXPIRIES, &[&ids]).await? {
        if let Some(expiry) = row.try_get("expiry")? {
            expiries.insert(row.try_get("record_id")?, expiry);
        }
    }
    Ok(expiries)
}
