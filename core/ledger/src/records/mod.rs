//! Editable records: one small Automerge document each, behind a guard.
//!
//! Owns the only use of `automerge` in the project. Must never let bytes from outside reach it unguarded (it is not safe on
//! hostile input, see [`guard`]), must never accept a whole document from the network, and must never hold stock.

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

/// The field that marks a deleted record. It is a field of its own, so that it stands whatever else is edited meanwhile.
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
        /// Which.
        field: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The change is refused for good.
    #[error("the change is not valid: {0}")]
    Change(&'static str),
    /// The kept document cannot be read: it must be made again from its changes.
    #[error("the kept document cannot be read")]
    Document,
}

impl RecordError {
    /// The registered code that answers it.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::RecordChangeInvalid
    }
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldValue {
    /// Text, a note, an id, a date (`YYYY-MM-DD`) or one of a list.
    Text(String),
    /// A whole number, or a decimal in its smallest unit.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// No value.
    Nothing,
}

/// What a person changes in a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// New values; fields that are not here stay.
    pub fields: BTreeMap<String, FieldValue>,
    /// Deletes or restores the record.
    pub deleted: Option<bool>,
}

/// A record as it reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The values that hold.
    pub fields: BTreeMap<String, FieldValue>,
    /// Values of concurrent edits that lost; they stay visible until the field is edited again.
    pub lost: BTreeMap<String, Vec<FieldValue>>,
    /// Deleted, and may be restored.
    pub deleted: bool,
}

impl Row {
    /// A text field; empty where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        match self.fields.get(name) {
            Some(FieldValue::Text(text)) => text,
            _ => "",
        }
    }

    /// A number field.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.fields.get(name) {
            Some(FieldValue::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// It is in the document now.
    Applied,
    /// It was there.
    AlreadyThere,
    /// A change it builds on has not arrived: keep it and try again after the next one of the record.
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

    /// Reads a document that this program saved. Never give it bytes from the network.
    ///
    /// # Errors
    /// [`RecordError::Document`]: make it again from its changes.
    pub fn load(saved: &[u8]) -> Result<Self, RecordError> {
        guard::caught(|| AutoCommit::load(saved).map(Self).map_err(|_| RecordError::Document))
            .unwrap_or(Err(RecordError::Document))
    }

    /// The document's bytes at rest. Two replicas with the same changes may save different bytes: compare [`Self::heads`].
    pub fn save(&mut self) -> Vec<u8> {
        self.0.save()
    }

    /// The hashes of the newest changes, sorted.
    pub fn heads(&mut self) -> Vec<[u8; 32]> {
        let mut heads: Vec<[u8; 32]> = self.0.get_heads().into_iter().map(|hash| hash.0).collect();
        heads.sort_unstable();
        heads
    }

    /// Makes an edit as `replica` and answers the change to send: one chunk; none where nothing changed.
    ///
    /// # Errors
    /// [`RecordError::Field`] names the field that is not of its collection; [`RecordError::Change`] for an edit that is
    /// larger than a change may be.
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
            let done = match (kind, value) {
                (Some(FieldType::SharedText { .. }), FieldValue::Text(text)) => put_note(&mut scratch, name, text),
                _ => put(&mut scratch, name, value),
            };
            done.map_err(|_| RecordError::Change("the document did not take it"))?;
        }
        if let Some(deleted) = edit.deleted {
            put(&mut scratch, DELETED, &FieldValue::Flag(deleted))
                .map_err(|_| RecordError::Change("the document did not take it"))?;
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

    /// Takes a change of `replica` from outside.
    ///
    /// # Errors
    /// [`RecordError::Change`]: refuse it for good. The document is as it was.
    pub fn merge(&mut self, change: &[u8], replica: ReplicaId) -> Result<Merged, RecordError> {
        match guard::merge(&self.0, change, replica)? {
            guard::Outcome::Adopt(document) => {
                self.0 = *document;
                Ok(Merged::Applied)
            }
            guard::Outcome::AlreadyThere => Ok(Merged::AlreadyThere),
            guard::Outcome::Waits => Ok(Merged::Waits),
        }
    }

    /// As [`Self::merge`], but without proof that the document can still be saved and loaded: for many changes in a row.
    /// Before the document is kept, [`Self::verify`] must succeed.
    ///
    /// # Errors
    /// [`RecordError::Change`]: refuse it for good; the document is as it was. [`RecordError::Document`]: the document is
    /// spoilt: begin again with the kept one and [`Self::merge`].
    pub fn merge_unchecked(&mut self, change: &[u8], replica: ReplicaId) -> Result<Merged, RecordError> {
        guard::merge_unchecked(&mut self.0, change, replica)
    }

    /// Proves that the document loads again as it is, and answers its bytes at rest.
    ///
    /// # Errors
    /// As [`Self::merge_unchecked`].
    pub fn verify(&mut self) -> Result<Vec<u8>, RecordError> {
        let (proven, saved) = guard::verify(&mut self.0)?;
        self.0 = proven;
        Ok(saved)
    }

    /// The record as it reads.
    #[must_use]
    pub fn row(&self) -> Row {
        let mut row = Row::default();
        for name in self.0.keys(ROOT) {
            let Ok(values) = self.0.get_all(ROOT, name.as_str()) else { continue };
            let winner = self.0.get(ROOT, name.as_str()).ok().flatten();
            let held = winner.as_ref().map(|(value, id)| self.read(value, id)).unwrap_or(FieldValue::Nothing);
            let winner = winner.map(|(_, id)| id);
            let mut lost: Vec<FieldValue> = values
                .iter()
                .filter(|(_, id)| Some(id) != winner.as_ref())
                .map(|(value, id)| self.read(value, id))
                .filter(|value| *value != held)
                .collect();
            lost.sort();
            lost.dedup();
            if name == DELETED {
                // A deletion wins over a concurrent restore that it did not know.
                row.deleted = held == FieldValue::Flag(true) || lost.contains(&FieldValue::Flag(true));
                continue;
            }
            if !lost.is_empty() {
                row.lost.insert(name.clone(), lost);
            }
            if held != FieldValue::Nothing {
                row.fields.insert(name, held);
            }
        }
        row
    }

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

fn put(document: &mut AutoCommit, name: &str, value: &FieldValue) -> Result<(), automerge::AutomergeError> {
    match value {
        FieldValue::Text(text) => document.put(ROOT, name, text.as_str()),
        FieldValue::Integer(number) => document.put(ROOT, name, *number),
        FieldValue::Flag(flag) => document.put(ROOT, name, *flag),
        FieldValue::Nothing => document.put(ROOT, name, ScalarValue::Null),
    }
}

fn put_note(document: &mut AutoCommit, name: &str, text: &str) -> Result<(), automerge::AutomergeError> {
    let note = match document.get(ROOT, name)? {
        Some((Value::Object(ObjType::Text), id)) => id,
        _ => document.put_object(ROOT, name, ObjType::Text)?,
    };
    document.update_text(&note, text)
}

/// An id that every phone of a tenant derives alike: `key` is a GTIN, an SKU, a code. UUID version 8 (RFC 9562).
#[must_use]
pub fn derived_id(tenant: TenantId, kind: &str, key: &str) -> RecordId {
    let mut sha = Sha256::new();
    sha.update(tenant.0);
    sha.update((kind.len() as u64).to_be_bytes());
    sha.update(kind.as_bytes());
    sha.update(key.as_bytes());
    uuid8(&sha.finalize())
}

/// The id of a lot's record.
#[must_use]
pub fn lot_id(variant: VariantId, code: &str) -> RecordId {
    let mut sha = Sha256::new();
    sha.update(b"lot");
    sha.update(variant.0);
    sha.update(code.as_bytes());
    uuid8(&sha.finalize())
}

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
