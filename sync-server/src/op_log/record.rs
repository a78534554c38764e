//! Records as a log keeps them beside its ops.
//!
//! Owns the shapes and what is the same for both logs. What a change does to a document is `stocksync-ledger`'s, when it
//! is tried `exchange`'s.

use std::collections::BTreeSet;

use stocksync_ledger::exceptions::{self, Exception};
use stocksync_ledger::records::{Row, unique_key};
use stocksync_schemas::collections::{self, Collection, FieldType};
use stocksync_schemas::{RecordId, ReplicaId};

/// Which record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    /// Name of its collection.
    pub collection: &'static str,
    /// Its id within it.
    pub record: RecordId,
}

impl RecordKey {
    /// The key, if this build knows the collection.
    #[must_use]
    pub fn new(collection: &str, record: RecordId) -> Option<Self> {
        collections::find(collection).map(|it| Self { collection: it.name, record })
    }

    /// The collection's fields.
    #[must_use]
    pub fn fields(&self) -> &'static Collection {
        collections::find(self.collection).unwrap_or(&collections::PRODUCTS)
    }
}

/// A change that is on the log and not in its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Of its op.
    pub position: u64,
    /// Whose change.
    pub replica: ReplicaId,
    /// Its bytes; empty where it is refused.
    pub change: Vec<u8>,
    /// It waits no more: when what it waited for had come, it could not be applied.
    pub refused: bool,
}

/// A record as it is kept. Without changes in it, it is shown nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptRecord {
    /// Compacted; empty before the first change.
    pub document: Vec<u8>,
    /// Bytes of the changes in the document, together.
    pub change_bytes: u64,
    /// Position of the op that changed it last.
    pub position: u64,
    /// Tenant clock of that op, ms.
    pub changed_ms: i64,
    /// Since when it is deleted, tenant clock, ms.
    pub deleted_ms: Option<i64>,
    /// What at most one live record of its collection should have.
    pub unique_key: Option<String>,
    /// Changes that are not in the document, in order of position.
    pub waiting: Vec<Waiting>,
}

/// A record after a batch.
#[derive(Debug, Clone)]
pub struct ChangedRecord {
    /// Which.
    pub key: RecordKey,
    /// As it is to be kept.
    pub kept: KeptRecord,
    /// As lists show it: fields of its collection alone. None where only what waits has changed.
    pub row: Option<Row>,
    /// The unique key before the batch.
    pub former_key: Option<String>,
    /// Positions that no longer wait.
    pub ended: Vec<u64>,
}

impl ChangedRecord {
    /// What people look the record up by.
    #[must_use]
    pub fn code(row: &Row) -> Option<&str> {
        let name = ["sku", "value", "code"].into_iter().find(|name| row.fields.contains_key(*name))?;
        Some(row.text(name))
    }

    /// The record that it belongs to.
    #[must_use]
    pub fn parent(&self, row: &Row) -> Option<RecordId> {
        let belongs = |kind: &FieldType| matches!(kind, FieldType::Id { .. });
        let field = self.key.fields().fields.iter().find(|field| belongs(&field.kind))?;
        row.text(field.name).parse().ok()
    }

    /// What its changes open, and what they leave closed.
    #[must_use]
    pub fn exceptions(&self) -> [(Exception, bool); 2] {
        let waits = self.kept.waiting.iter().any(|it| !it.refused);
        let refused = self.kept.waiting.iter().any(|it| it.refused);
        exceptions::of_record(self.key.collection, self.key.record, waits, refused)
    }
}

/// The keys, with their collection, that some record of a batch claimed and no longer does, or claims now.
#[must_use]
pub fn claimed_keys(changed: &[ChangedRecord]) -> BTreeSet<(&'static str, String)> {
    let moved = changed.iter().filter(|it| it.former_key != it.kept.unique_key);
    let keys = moved.flat_map(|it| [&it.former_key, &it.kept.unique_key].map(|key| (it.key.collection, key.clone())));
    keys.filter_map(|(collection, key)| Some((collection, key?))).collect()
}

/// The unique key of a row as it is kept.
#[must_use]
pub fn key_of(key: &RecordKey, row: &Row) -> Option<String> {
    unique_key(key.fields(), row)
}
