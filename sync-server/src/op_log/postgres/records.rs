//! Records at rest: one statement to load, one a table to keep, in the order of their keys.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use stocksync_ledger::exceptions::{self, Exception, Subject};
use stocksync_ledger::records::{FieldValue, Row, is_complete};
use stocksync_schemas::{Body, RecordId, ReplicaId, collections};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::rows::{self, get, id, signed, unsigned};
use super::{PgTransaction, sql};
use crate::op_log::{ChangedRecord, KeptRecord, LogError, RecordKey, Waiting, claimed_keys};

impl PgTransaction<'_> {
    pub(super) async fn read_records(
        &self,
        keys: &BTreeSet<RecordKey>,
    ) -> Result<BTreeMap<RecordKey, KeptRecord>, LogError> {
        let (collections, records) = columns(keys.iter());
        let mut kept = BTreeMap::<RecordKey, KeptRecord>::new();
        for row in self.query(sql::RECORDS, &[&collections, &records]).await? {
            let it = KeptRecord {
                document: get(&row, "document")?,
                change_bytes: unsigned(get(&row, "change_bytes")?),
                position: unsigned(get(&row, "position")?),
                changed_ms: get(&row, "changed_ms")?,
                deleted_ms: get(&row, "deleted_ms")?,
                unique_key: get(&row, "unique_key")?,
                waiting: Vec::new(),
            };
            kept.insert(key(&row)?, it);
        }
        for row in self.query(sql::RECORD_WAITS, &[&collections, &records]).await? {
            let refused: bool = get(&row, "refused")?;
            let (kind, version) = rows::kind(&row)?;
            let change = match Body::decode(kind, version, get(&row, "body")?) {
                Ok(Body::Record(it)) if !refused => it.change,
                _ => Vec::new(),
            };
            let (position, replica) = (unsigned(get(&row, "position")?), ReplicaId(id(&row, "replica")?));
            kept.entry(key(&row)?).or_default().waiting.push(Waiting { position, replica, change, refused });
        }
        Ok(kept)
    }

    pub(super) async fn write_records(&self, changed: &[ChangedRecord], now_ms: i64) -> Result<(), LogError> {
        if changed.is_empty() {
            return Ok(());
        }
        let shown: Vec<(&ChangedRecord, &Row)> = changed.iter().filter_map(|it| Some((it, it.row.as_ref()?))).collect();
        if !shown.is_empty() {
            self.keep_records(&shown).await?;
            self.keep_rows(&shown).await?;
        }
        self.keep_waits(changed).await?;
        let mut found: Vec<(Exception, bool)> = changed.iter().flat_map(ChangedRecord::exceptions).collect();
        found.extend(self.claims(changed).await?);
        self.write_record_exceptions(&found, now_ms).await
    }

    async fn keep_records(&self, shown: &[(&ChangedRecord, &Row)]) -> Result<(), LogError> {
        let (collections, records) = columns(shown.iter().map(|(it, _)| &it.key));
        let documents: Vec<&[u8]> = shown.iter().map(|(it, _)| it.kept.document.as_slice()).collect();
        let change_bytes: Vec<i64> = shown.iter().map(|(it, _)| signed(it.kept.change_bytes)).collect();
        let positions: Vec<i64> = shown.iter().map(|(it, _)| signed(it.kept.position)).collect();
        let changed_ms: Vec<i64> = shown.iter().map(|(it, _)| it.kept.changed_ms).collect();
        let deleted_ms: Vec<Option<i64>> = shown.iter().map(|(it, _)| it.kept.deleted_ms).collect();
        let complete: Vec<bool> = shown.iter().map(|(it, row)| is_complete(it.key.fields(), row)).collect();
        let codes: Vec<Option<&str>> = shown.iter().map(|(_, row)| ChangedRecord::code(row)).collect();
        let parents: Vec<Option<Uuid>> =
            shown.iter().map(|(it, row)| it.parent(row).map(|id| Uuid::from_bytes(id.0))).collect();
        let keys: Vec<Option<&str>> = shown.iter().map(|(it, _)| it.kept.unique_key.as_deref()).collect();
        let lost: Vec<String> = shown.iter().map(|(_, row)| lost(row).to_string()).collect();
        let parameters: [&(dyn ToSql + Sync); 12] = [
            &collections,
            &records,
            &documents,
            &change_bytes,
            &positions,
            &changed_ms,
            &deleted_ms,
            &complete,
            &codes,
            &parents,
            &keys,
            &lost,
        ];
        self.query(sql::UPSERT_RECORDS, &parameters).await.map(drop)
    }

    async fn keep_rows(&self, shown: &[(&ChangedRecord, &Row)]) -> Result<(), LogError> {
        let tables = [
            (collections::PRODUCTS, sql::UPSERT_PRODUCTS),
            (collections::VARIANTS, sql::UPSERT_VARIANTS),
            (collections::IDENTIFIERS, sql::UPSERT_IDENTIFIERS),
            (collections::LOCATIONS, sql::UPSERT_LOCATIONS),
            (collections::LOTS, sql::UPSERT_LOTS),
        ];
        for (collection, statement) in tables {
            let rows = shown.iter().filter(|(it, _)| it.key.collection == collection.name);
            let rows: Vec<Value> = rows.map(|(it, row)| typed_row(it.key.record, row)).collect();
            if !rows.is_empty() {
                self.query(statement, &[&Value::Array(rows)]).await?;
            }
        }
        Ok(())
    }

    async fn keep_waits(&self, changed: &[ChangedRecord]) -> Result<(), LogError> {
        let ended: Vec<(&RecordKey, i64)> =
            changed.iter().flat_map(|it| it.ended.iter().map(|position| (&it.key, signed(*position)))).collect();
        if !ended.is_empty() {
            let (collections, records) = columns(ended.iter().map(|it| it.0));
            let positions: Vec<i64> = ended.iter().map(|it| it.1).collect();
            self.query(sql::DELETE_WAITS, &[&collections, &records, &positions]).await?;
        }
        let waiting: Vec<(&RecordKey, &Waiting)> =
            changed.iter().flat_map(|it| it.kept.waiting.iter().map(|waiting| (&it.key, waiting))).collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let (collections, records) = columns(waiting.iter().map(|it| it.0));
        let positions: Vec<i64> = waiting.iter().map(|it| signed(it.1.position)).collect();
        let refused: Vec<bool> = waiting.iter().map(|it| it.1.refused).collect();
        self.query(sql::UPSERT_WAITS, &[&collections, &records, &positions, &refused]).await.map(drop)
    }

    /// The exceptions of the keys that a batch claimed or gave up, and whether they are open.
    async fn claims(&self, changed: &[ChangedRecord]) -> Result<Vec<(Exception, bool)>, LogError> {
        let claimed = claimed_keys(changed);
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        let collections: Vec<&str> = claimed.iter().map(|it| it.0).collect();
        let keys: Vec<&str> = claimed.iter().map(|it| it.1.as_str()).collect();
        let rows = self.query(sql::CLAIMS, &[&collections, &keys]).await?;
        let exception = |row| Ok((exceptions::of_key(get(row, "collection")?, get(row, "key")?), get(row, "several")?));
        rows.iter().map(exception).collect()
    }

    async fn write_record_exceptions(&self, found: &[(Exception, bool)], now_ms: i64) -> Result<(), LogError> {
        let (open, closed): (Vec<_>, Vec<_>) = found.iter().partition(|(_, open)| *open);
        let ids = |exceptions: &[&(Exception, bool)]| -> Vec<Vec<u8>> {
            exceptions.iter().map(|(exception, _)| exception.id().to_vec()).collect()
        };
        if !closed.is_empty() {
            self.query(sql::CLOSE_EXCEPTIONS, &[&now_ms, &ids(&closed)]).await?;
        }
        if open.is_empty() {
            return Ok(());
        }
        let kinds: Vec<&str> = open.iter().map(|(exception, _)| exception.kind.as_str()).collect();
        let (collections, subjects): (Vec<&str>, Vec<&str>) = open
            .iter()
            .filter_map(|(exception, _)| match &exception.subject {
                Subject::Record { collection, key } => Some((collection.as_str(), key.as_str())),
                Subject::Cell(_) => None,
            })
            .unzip();
        let ids = ids(&open);
        self.query(sql::OPEN_RECORD_EXCEPTIONS, &[&now_ms, &ids, &kinds, &collections, &subjects]).await.map(drop)
    }
}

fn key(row: &tokio_postgres::Row) -> Result<RecordKey, LogError> {
    let record = RecordId(id(row, "record_id")?);
    RecordKey::new(get(row, "collection")?, record).ok_or(LogError::Damaged("collection"))
}

/// Keys as two parallel arrays.
fn columns<'k>(keys: impl Iterator<Item = &'k RecordKey>) -> (Vec<&'static str>, Vec<Uuid>) {
    keys.map(|key| (key.collection, Uuid::from_bytes(key.record.0))).unzip()
}

/// The values by the names of their columns, which are those of the fields.
fn typed_row(record: RecordId, row: &Row) -> Value {
    let fields = row.fields.iter().map(|(name, value)| (name.clone(), plain(value)));
    let mut columns: Map<String, Value> = fields.collect();
    columns.insert("record_id".to_owned(), json!(Uuid::from_bytes(record.0)));
    Value::Object(columns)
}

fn lost(row: &Row) -> Value {
    row.lost
        .iter()
        .map(|(name, values)| (name.clone(), values.iter().map(plain).collect()))
        .collect::<Map<_, _>>()
        .into()
}

fn plain(value: &FieldValue) -> Value {
    match value {
        FieldValue::Text(text) => json!(text),
        FieldValue::Integer(number) => json!(number),
        FieldValue::Flag(flag) => json!(flag),
        FieldValue::Nothing => Value::Null,
    }
}
