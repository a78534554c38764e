//! Records as back offices read them: what changed since a position of the log, by code, by parent, or one.
//!
//! Owns the lists of products, variants, identifiers, locations and lots, and the [`names`] that other features show
//! beside ids. Must never change a record: edits are ops.

pub mod api;
mod document;
pub mod names;
pub mod store;

use serde::Serialize;
use serde_json::{Map, Value};
use stocksync_gs1::{Context, ScanInput, understand};
use stocksync_schemas::TenantId;
use stocksync_schemas::collections::{Collection, IDENTIFIERS, LOTS, PRODUCTS, VARIANTS};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::database::{Database, DatabaseError, TenantReader};

/// A record as it reads: what every collection has, and the collection's own fields.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Record)]
pub struct RecordView {
    id: Uuid,
    /// of the op that changed the record last
    position: i64,
    /// ms since 1970
    changed_ms: i64,
    /// since when it is deleted, ms since 1970
    #[schema(required)]
    deleted_ms: Option<i64>,
    /// whether it has every field that its collection requires
    complete: bool,
    /// by field, values of concurrent edits that lost
    #[schema(value_type = std::collections::BTreeMap<String, Vec<Value>>)]
    lost: Value,
    #[serde(flatten)]
    #[schema(ignore)]
    fields: Map<String, Value>,
}

/// Which records of a collection, and where the page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordList {
    /// In the order in which they changed last, after this position of the log and record: whoever goes on from the last
    /// row misses no change.
    Changed(i64, Uuid),
    /// With one of these codes, after this code and record.
    ByCode(Vec<String>, (String, Uuid)),
    /// That belong to this record, after this one.
    ByParent(Uuid, Uuid),
}

/// Records and the key of each, as the `after` of a page that follows it.
///
/// # Errors
/// As the variants of [`DatabaseError`] say.
pub async fn list(
    database: &Database,
    tenant: TenantId,
    collection: &Collection,
    which: &RecordList,
    deleted: bool,
    limit: i64,
) -> Result<Vec<(RecordView, String)>, DatabaseError> {
    let mut connection = database.connection().await?;
    let reader = TenantReader::begin(&mut connection, tenant).await?;
    Ok(match which {
        RecordList::Changed(position, id) => {
            let records = store::changed_after(&reader, collection, (*position, *id), deleted, limit).await?;
            let with_key = |record: RecordView| {
                let key = format!("{}.{}", record.position, record.id);
                (record, key)
            };
            records.into_iter().map(with_key).collect()
        }
        RecordList::ByCode(codes, after) => {
            let records = store::by_code(&reader, collection, codes, after, deleted, limit).await?;
            let with_key = |(record, code): (RecordView, String)| {
                let key = format!("{}.{code}", record.id);
                (record, key)
            };
            records.into_iter().map(with_key).collect()
        }
        RecordList::ByParent(parent, after) => {
            let records = store::by_parent(&reader, collection, *parent, *after, deleted, limit).await?;
            let with_key = |record: RecordView| {
                let key = record.id.to_string();
                (record, key)
            };
            records.into_iter().map(with_key).collect()
        }
    })
}

/// One record; `None` where there is none, or it is deleted.
///
/// # Errors
/// As the variants of [`DatabaseError`] say.
pub async fn find(
    database: &Database,
    tenant: TenantId,
    collection: &Collection,
    id: Uuid,
) -> Result<Option<RecordView>, DatabaseError> {
    let mut connection = database.connection().await?;
    let reader = TenantReader::begin(&mut connection, tenant).await?;
    store::one(&reader, collection, id).await
}

/// The codes that `text` may mean in a collection, sorted: an SKU in capitals; of an identifier every form that a scan of
/// it would be looked up by, for which GS1 dates need the `year`.
#[must_use]
pub fn lookup_codes(collection: &Collection, text: &str, year: u16) -> Vec<String> {
    if [PRODUCTS.name, VARIANTS.name].contains(&collection.name) {
        return vec![text.to_ascii_uppercase()];
    }
    let mut codes = vec![text.to_owned()];
    if collection.name == IDENTIFIERS.name {
        let meaning = understand(&ScanInput::new(text), &Context::new(year));
        let keys = meaning.map(|meaning| meaning.lookup_keys()).unwrap_or_default();
        codes.extend(keys.into_iter().map(|(_, value)| value));
    } else if collection.name == LOTS.name {
        codes.extend(["10:", "21:"].map(|kind| format!("{kind}{text}")));
    }
    codes.sort();
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_looked_up_in_every_form_it_may_be_stored_in() {
        assert_eq!(lookup_codes(&VARIANTS, "tea-1", 2026), ["TEA-1"]);
        assert_eq!(lookup_codes(&LOTS, "L7", 2026), ["10:L7", "21:L7", "L7"]);
        let codes = lookup_codes(&IDENTIFIERS, "012345678905", 2026);
        assert!(codes.contains(&"00012345678905".to_owned()), "{codes:?}");
    }
}
