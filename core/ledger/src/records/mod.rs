//! Editable records: one small Automerge document each, behind a guard (design 6).
//!
//! Owns the only use of `automerge` in the project. Must never pass bytes from outside to it unchecked (it is not safe on
//! hostile input, see [`guard`]), must never accept a whole document from the network, and must never store stock.
//!
//! ```
//! use stocksync_ledger::records::{Document, Edit, FieldValue, Merged};
//! use stocksync_schemas::{ReplicaId, collections};
//!
//! let (here, there) = (ReplicaId([1; 16]), ReplicaId([2; 16]));
//! let text = |text: &str| FieldValue::Text(text.to_owned());
//! let edit = Edit { fields: [("name".to_owned(), text("Green tea"))].into(), deleted: None };
//!
//! let mut document = Document::new();
//! let change = document.edit(&collections::PRODUCTS, here, 1_790_000_000_000, &edit)?.expect("something changed");
//!
//! // Another replica applies the change that travelled in a `record` op.
//! let mut other = Document::new();
//! assert_eq!(other.merge(&change, here)?, Merged::Applied);
//! assert_eq!(other.merge(&change, here)?, Merged::AlreadyThere);
//! assert_eq!(other.row().text("name"), "Green tea");
//! assert!(other.merge(&change, there).is_err(), "a change of another replica than it claims");
//! # Ok::<(), stocksync_ledger::records::RecordError>(())
//! ```

mod fields;
mod guard;

use std::collections::BTreeMap;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, ObjType, ROOT, ReadDoc, ScalarValue, Value};
use sha2::{Digest, Sha256};
use stocksync_schemas::collections::{Collection, FieldType};
use stocksync_schemas::{Code, RecordId, ReplicaId, TenantId, VariantId};

pub use fields::{check, is_complete, typed, unique_key};
pub use guard::check_change;

/// The field that marks a deleted record. As a field of its own it does not depend on other edits.
const DELETED: &str = "_deleted";

/// A record or a change to one that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// There is no such collection.
    #[error("no collection {0:?}")]
    Collection(String),
    /// A field is unknown, or its value is not of its type.
    #[error("{field}: {reason}")]
    Field {
        /// Which field.
        field: String,
        /// Why.
        reason: &'static str,
    },
    /// The change is refused for good.
    #[error("the change is not valid: {0}")]
    Change(&'static str),
    /// The stored document cannot be loaded: rebuild it from its changes.
    #[error("the stored document cannot be loaded")]
    Document,
}

impl RecordError {
    /// The registered code with which a server answers.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::RecordChangeInvalid
    }
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldValue {
    /// A text, an id, a date (`YYYY-MM-DD`) or a word of an enumeration.
    Text(String),
    /// A whole number, or a decimal in its smallest unit.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// No value.
    Nothing,
}

/// A change that a person makes in a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// New values by name of the field; other fields stay.
    pub fields: BTreeMap<String, FieldValue>,
    /// Deletes (`true`) or restores (`false`) the record.
    pub deleted: Option<bool>,
}

/// The values of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The current value of each field that has one.
    pub fields: BTreeMap<String, FieldValue>,
    /// Values of concurrent edits that lost; they stay visible until the field is edited again.
    pub lost: BTreeMap<String, Vec<FieldValue>>,
    /// Deleted, and may be restored.
    pub deleted: bool,
}

impl Row {
    /// The text of a field; empty if it has none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        match self.fields.get(name) {
            Some(FieldValue::Text(text)) => text,
            _ => "",
        }
    }

    /// The number of a field, if it has one.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.fields.get(name) {
            Some(FieldValue::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}

/// The result of merging a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// The document contains it now.
    Applied,
    /// The document contained it already.
    AlreadyThere,
    /// A change that it builds on has not arrived: store it, and try again after the next change of the record.
    Waits,
}

/// One record's document.
#[derive(Debug, Clone)]
pub struct Document(AutoCommit);

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

impl Document {
    /// An empty document.
    #[must_use]
    pub fn new() -> Self {
        Self(AutoCommit::new())
    }

    /// Loads a document that this program saved. Never pass bytes from the network.
    ///
    /// # Errors
    /// [`RecordError::Document`]: rebuild it from its changes.
    pub fn load(saved: &[u8]) -> Result<Self, RecordError> {
        guard::caught(|| AutoCommit::load(saved).map(Self).map_err(|_| RecordError::Document))
            .unwrap_or(Err(RecordError::Document))
    }

    /// The document's stored form. Two replicas with the same changes may save different bytes: compare [`Self::heads`].
    pub fn save(&mut self) -> Vec<u8> {
        self.0.save()
    }

    /// The hashes of the newest changes, sorted.
    pub fn heads(&mut self) -> Vec<[u8; 32]> {
        let mut heads: Vec<[u8; 32]> = self.0.get_heads().into_iter().map(|hash| hash.0).collect();
        heads.sort_unstable();
        heads
    }

    /// Applies an edit as `replica` and returns the change for a `record` op: one chunk, or `None` if nothing changed. Nothing is
    /// durable until the document and the op are stored.
    ///
    /// # Errors
    /// [`RecordError::Field`] names the field to correct; [`RecordError::Change`] if the edit is too large for one change.
    pub fn edit(
        &mut self,
        collection: &Collection,
        replica: ReplicaId,
        time_ms: i64,
        edit: &Edit,
    ) -> Result<Option<Vec<u8>>, RecordError> {
        check(collection, edit)?;
        let mut scratch = self.0.clone();
        scratch.set_actor(ActorId::from(&replica.0[..]));
        for (name, value) in &edit.fields {
            let kind = collection.field(name).map(|field| field.kind);
            let result = match (kind, value) {
                (Some(FieldType::SharedText { .. }), FieldValue::Text(text)) => {
                    put_shared_text(&mut scratch, name, text)
                }
                _ => put(&mut scratch, name, value),
            };
            result.map_err(|_| RecordError::Change("the document refused the edit"))?;
        }
        if let Some(deleted) = edit.deleted {
            put(&mut scratch, DELETED, &FieldValue::Flag(deleted))
                .map_err(|_| RecordError::Change("the document refused the edit"))?;
        }
        if scratch.commit_with(CommitOptions::default().with_time(time_ms / 1_000)).is_none() {
            return Ok(None);
        }
        let change = scratch.get_last_local_change().map(|change| change.raw_bytes().to_vec());
        let change = change.ok_or(RecordError::Change("the document gave no change"))?;
        guard::check_size(&change)?;
        self.0 = scratch;
        Ok(Some(change))
    }

    /// Merges a change of `replica` that came from outside.
    ///
    /// # Errors
    /// [`RecordError::Change`]: reject it for good. The document is unchanged.
    pub fn merge(&mut self, change: &[u8], replica: ReplicaId) -> Result<Merged, RecordError> {
        match guard::merge(&self.0, change, replica)? {
            guard::GuardOutcome::Adopt(document) => {
                self.0 = *document;
                Ok(Merged::Applied)
            }
            guard::GuardOutcome::AlreadyThere => Ok(Merged::AlreadyThere),
            guard::GuardOutcome::Waits => Ok(Merged::Waits),
        }
    }

    /// As [`Self::merge`], but without the check that the document can still be saved and loaded: for many changes in a row.
    /// [`Self::verify`] must succeed before the document is stored.
    ///
    /// # Errors
    /// [`RecordError::Change`]: reject it for good; the document is unchanged. [`RecordError::Document`]: this document is
    /// corrupted; load the stored one again and use [`Self::merge`].
    pub fn merge_unchecked(&mut self, change: &[u8], replica: ReplicaId) -> Result<Merged, RecordError> {
        guard::merge_unchecked(&mut self.0, change, replica)
    }

    /// Checks that the document loads again unchanged, and returns its stored form.
    ///
    /// # Errors
    /// As [`Self::merge_unchecked`].
    pub fn verify(&mut self) -> Result<Vec<u8>, RecordError> {
        let (verified, saved) = guard::verify(&mut self.0)?;
        self.0 = verified;
        Ok(saved)
    }

    /// The values of the record.
    #[must_use]
    pub fn row(&self) -> Row {
        let mut row = Row::default();
        for name in self.0.keys(ROOT) {
            let Ok(values) = self.0.get_all(ROOT, name.as_str()) else { continue };
            let winner = self.0.get(ROOT, name.as_str()).ok().flatten();
            let current = winner.as_ref().map(|(value, id)| self.read(value, id)).unwrap_or(FieldValue::Nothing);
            let winner = winner.map(|(_, id)| id);
            let mut lost: Vec<FieldValue> = values
                .iter()
                .filter(|(_, id)| Some(id) != winner.as_ref())
                .map(|(value, id)| self.read(value, id))
                .filter(|value| *value != current)
                .collect();
            lost.sort();
            lost.dedup();
            if name == DELETED {
                // A deletion wins over a concurrent restore that it did not know.
                row.deleted = current == FieldValue::Flag(true) || lost.contains(&FieldValue::Flag(true));
                continue;
            }
            if !lost.is_empty() {
                row.lost.insert(name.clone(), lost);
            }
            if current != FieldValue::Nothing {
                row.fields.insert(name, current);
            }
        }
        row
    }

    /// The value of a field; `Nothing` for types that fields do not have.
    fn read(&self, value: &Value<'_>, id: &automerge::ObjId) -> FieldValue {
        match value {
            Value::Object(ObjType::Text) => self.0.text(id).map_or(FieldValue::Nothing, FieldValue::Text),
            Value::Scalar(scalar) => match scalar.as_ref() {
                ScalarValue::Str(text) => FieldValue::Text(text.to_string()),
                ScalarValue::Int(number) => FieldValue::Integer(*number),
                ScalarValue::Boolean(flag) => FieldValue::Flag(*flag),
                _ => FieldValue::Nothing,
            },
            Value::Object(_) => FieldValue::Nothing,
        }
    }
}

/// Sets a scalar.
fn put(document: &mut AutoCommit, name: &str, value: &FieldValue) -> Result<(), automerge::AutomergeError> {
    match value {
        FieldValue::Text(text) => document.put(ROOT, name, text.as_str()),
        FieldValue::Integer(number) => document.put(ROOT, name, *number),
        FieldValue::Flag(flag) => document.put(ROOT, name, *flag),
        FieldValue::Nothing => document.put(ROOT, name, ScalarValue::Null),
    }
}

/// Edits a text object by its differences, and creates it if there is none.
fn put_shared_text(document: &mut AutoCommit, name: &str, text: &str) -> Result<(), automerge::AutomergeError> {
    let text_object = match document.get(ROOT, name)? {
        Some((Value::Object(ObjType::Text), id)) => id,
        _ => document.put_object(ROOT, name, ObjType::Text)?,
    };
    document.update_text(&text_object, text)
}

/// The id that every phone of a tenant derives for the same key (a GTIN, an SKU, a code), so that phones which are offline create
/// the same record. UUID version 8 (RFC 9562).
#[must_use]
pub fn derived_id(tenant: TenantId, kind: &str, key: &str) -> RecordId {
    let mut sha = Sha256::new();
    sha.update(tenant.0);
    sha.update((kind.len() as u64).to_be_bytes());
    sha.update(kind.as_bytes());
    sha.update(key.as_bytes());
    uuid8(&sha.finalize())
}

/// The id of a lot's record, derived from variant and code.
#[must_use]
pub fn lot_id(variant: VariantId, code: &str) -> RecordId {
    let mut sha = Sha256::new();
    sha.update(b"lot");
    sha.update(variant.0);
    sha.update(code.as_bytes());
    uuid8(&sha.finalize())
}

/// The first 16 bytes of a hash as a UUID of version 8.
fn uuid8(hash: &[u8]) -> RecordId {
    let mut bytes = [0; 16];
    for (at, (slot, byte)) in bytes.iter_mut().zip(hash).enumerate() {
        *slot = match at {
            6 => 0x80 | (byte & 0x0f),
            8 => 0x80 | (byte & 0x3f),
            _ => *byte,
        };
    }
    RecordId(bytes)
}
