//! Records on the phone: edits recorded as ops, others' changes merged, rows projected for lists and search.
//!
//! Owns the way from an edit to op, document and row in one transaction. What a record may hold is
//! `schemas::collections`'; how documents merge is `ledger::records`'.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::Entry;
use stocksync_ledger::records::{Document, Edit, FieldValue, Merged, Row, derived_id, is_complete, lot_id};
use stocksync_schemas::collections::{self, Collection};
use stocksync_schemas::{Body, Lane, RecordChange, RecordId, ReplicaId, TenantId, VariantId};

use crate::store::{Reader, Store, Writer};
use crate::{Error, Inventory};

/// Most edits of one call.
pub const MAX_EDITS: usize = 1_000;

/// A record to make or change.
#[derive(Debug, Clone)]
pub struct RecordEdit {
    /// Name of the collection.
    pub collection: String,
    /// Which; none makes a new one. Identifiers and lots derive their ids, so that phones make the same one.
    pub id: Option<RecordId>,
    /// What changes.
    pub edit: Edit,
}

/// A record as it reads.
#[derive(Debug, Clone)]
pub struct Record {
    /// Name of the collection.
    pub collection: &'static str,
    /// Which.
    pub id: RecordId,
    /// Its values, those that lost, and whether it is deleted.
    pub row: Row,
}

impl RecordEdit {
    /// The identifier of a variant: its value in the scheme's normal form, and how many base units one scan is, as an exact
    /// fraction.
    #[must_use]
    pub fn identifier(variant: VariantId, scheme: &str, value: &str, pack: (i64, i64)) -> Self {
        let text = |text: &str| FieldValue::Text(text.to_owned());
        let fields = [
            ("variant", text(&variant.to_string())),
            ("scheme", text(scheme)),
            ("value", text(value)),
            ("pack_numerator", FieldValue::Integer(pack.0)),
            ("pack_denominator", FieldValue::Integer(pack.1)),
        ];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { collection: "identifiers".to_owned(), id: None, edit: Edit { fields, deleted: None } }
    }
}

impl Inventory {
    /// Makes or changes records: all of them, durable when this returns, or none. Answers their ids in the same order.
    ///
    /// # Errors
    /// [`Error::Record`] names the field; [`Error::Invalid`] for more than 1,000; else as [`Inventory::record`].
    pub fn edit(&self, edits: Vec<RecordEdit>) -> Result<Vec<RecordId>, Error> {
        if edits.len() > MAX_EDITS {
            let reason = format!("at most {MAX_EDITS} in one call");
            return Err(Error::Invalid { field: "records", reason });
        }
        let ids = self.store().write(|writer| edits.iter().map(|edit| self.edit_in(writer, edit)).collect())?;
        self.notify(&[]);
        Ok(ids)
    }

    /// One record.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is not here.
    pub fn read_record(&self, collection: &str, id: RecordId) -> Result<Record, Error> {
        let collection = find(collection)?;
        let document = self.store().read(|reader| reader.document(collection.name, id))?;
        let row = document.ok_or(Error::NotFound("record"))?.row();
        Ok(Record { collection: collection.name, id, row })
    }

    /// The ids that every phone of the tenant gives to the product and the variant behind a GTIN nobody knows yet.
    ///
    /// # Errors
    /// [`Error::NotEnrolled`].
    pub fn ids_of_gtin(&self, gtin: &str) -> Result<(RecordId, RecordId), Error> {
        let tenant = self.enrolled_device()?.ok_or(Error::NotEnrolled)?.tenant;
        Ok((derived_id(tenant, "product", gtin), derived_id(tenant, "variant", gtin)))
    }

    pub(crate) fn edit_in(&self, writer: &Writer<'_>, record: &RecordEdit) -> Result<RecordId, Error> {
        let collection = find(&record.collection)?;
        let id = match record.id {
            Some(id) => id,
            None => self.new_id(writer, collection, &record.edit)?,
        };
        let mut document = writer.read().document(collection.name, id)?.unwrap_or_default();
        let now_ms = self.clock().read().wall_ms;
        let change = document.edit(collection, self.replica(), now_ms, &record.edit)?;
        let row = document.row();
        if record.id.is_none() && !is_complete(collection, &row) {
            let missing = collection.fields.iter().find(|field| field.required && !row.fields.contains_key(field.name));
            let field = missing.map_or("field", |field| field.name);
            return Err(Error::Invalid { field, reason: "a value is needed".to_owned() });
        }
        let Some(change) = change else { return Ok(id) };
        let body = Body::Record(RecordChange { collection: collection.name.to_owned(), record: id, change });
        self.capture(writer, None, body)?;
        store_document(writer, collection, id, &mut document)?;
        Ok(id)
    }

    fn new_id(&self, writer: &Writer<'_>, collection: &Collection, edit: &Edit) -> Result<RecordId, Error> {
        let text = |name: &str| match edit.fields.get(name) {
            Some(FieldValue::Text(text)) => text.as_str(),
            _ => "",
        };
        let tenant: Option<TenantId> = writer
            .read()
            .meta("tenant")?
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| text.parse().ok());
        match (collection.name, tenant) {
            ("identifiers", Some(tenant)) => {
                let key = format!("{} {} {}", text("scheme"), text("value"), text("variant"));
                Ok(derived_id(tenant, "identifier", &key))
            }
            ("lots", _) => {
                let variant: VariantId = text("variant")
                    .parse()
                    .map_err(|_| Error::Invalid { field: "variant", reason: "not an id".to_owned() })?;
                Ok(lot_id(variant, text("code")))
            }
            _ => Ok(RecordId(self.ids().id()?)),
        }
    }
}

fn find(name: &str) -> Result<&'static Collection, Error> {
    collections::find(name).ok_or(Error::NotFound("collection"))
}

/// Merges the change of an op that came from outside, and those that waited for it.
pub(crate) fn merge(writer: &Writer<'_>, entry: &Entry) -> Result<(), Error> {
    let Body::Record(body) = &entry.op.body else { return Ok(()) };
    let Some(collection) = collections::find(&body.collection) else { return Ok(()) };
    let mut document = writer.read().document(collection.name, body.record)?.unwrap_or_default();
    // The server refuses what the guard refuses; a change it let through that is refused here is kept as an op alone.
    match document.merge(&body.change, entry.op.lane.replica) {
        Ok(Merged::Applied) => {}
        Ok(Merged::Waits) => return writer.insert_record_wait(collection.name, body.record, entry.op.lane),
        Ok(Merged::AlreadyThere) | Err(_) => return Ok(()),
    }
    let mut again = true;
    while again {
        again = false;
        for lane in writer.read().record_waits(collection.name, body.record)? {
            let Some(Entry { op, .. }) = writer.read().op(lane)? else { continue };
            let Body::Record(change) = &op.body else { continue };
            if document.merge(&change.change, lane.replica) != Ok(Merged::Waits) {
                writer.delete_record_wait(lane)?;
                again = true;
            }
        }
    }
    store_document(writer, collection, body.record, &mut document)
}

/// Makes documents again from the ops held, after some of theirs were dropped.
///
/// A record in which an own change builds on a dropped one stays as it is: its author sends the dropped one again, and a
/// later own edit must not take the place of one that waits.
pub(crate) fn remake(writer: &Writer<'_>, own: ReplicaId, records: &BTreeSet<(String, RecordId)>) -> Result<(), Error> {
    if records.is_empty() {
        return Ok(());
    }
    let mut changes = BTreeMap::<(String, RecordId), Vec<Entry>>::new();
    for entry in writer.read().record_ops()? {
        let Body::Record(body) = &entry.op.body else { continue };
        let key = (body.collection.clone(), body.record);
        if records.contains(&key) {
            changes.entry(key).or_default().push(entry);
        }
    }
    for (name, id) in records {
        let Some(collection) = collections::find(name) else { continue };
        let changes = changes.remove(&(name.clone(), *id)).unwrap_or_default();
        let (mut document, waiting) = fold(changes);
        if waiting.iter().any(|lane| lane.replica == own) {
            continue;
        }
        writer.delete_record_waits(collection.name, *id)?;
        for lane in waiting {
            writer.insert_record_wait(collection.name, *id, lane)?;
        }
        store_document(writer, collection, *id, &mut document)?;
    }
    Ok(())
}

/// The document of these changes, and the lanes of those that wait for a change that is not among them.
fn fold(mut changes: Vec<Entry>) -> (Document, Vec<Lane>) {
    let mut document = Document::default();
    loop {
        let before = changes.len();
        changes.retain(|entry| match &entry.op.body {
            Body::Record(body) => document.merge(&body.change, entry.op.lane.replica) == Ok(Merged::Waits),
            _ => false,
        });
        if changes.len() == before {
            return (document, changes.into_iter().map(|entry| entry.op.lane).collect());
        }
    }
}

/// Keeps a document and the row that lists show.
fn store_document(
    writer: &Writer<'_>,
    collection: &Collection,
    id: RecordId,
    document: &mut Document,
) -> Result<(), Error> {
    writer.upsert_document(collection.name, id, &document.save())?;
    let row = document.row();
    let shown = !row.deleted && is_complete(collection, &row);
    writer.replace_projection(collection.name, id, if shown { Some(&row) } else { None })
}

/// Variants whose tracking one transaction projects.
const BACKFILL_BATCH: u32 = 500;

/// Projects the tracking of variants that were projected before `variants.tracking` existed. The migration that adds the column
/// sets a mark; a kill in between leaves it, so the next open goes on.
pub(crate) fn backfill_tracking(store: &Store) -> Result<(), Error> {
    const MARK: &str = "backfill_tracking";
    if store.read(|reader| reader.meta(MARK))?.is_none() {
        return Ok(());
    }
    let mut after = Some(RecordId::default());
    while let Some(from) = after {
        after = store.write(|writer| {
            let records = writer.read().variants_without_tracking(from, BACKFILL_BATCH)?;
            for record in &records {
                // A document that does not load stays without: a scan of it fails as it did before.
                let Ok(Some(document)) = writer.read().document("variants", *record) else { continue };
                writer.set_variant_tracking(*record, document.row().text("tracking"))?;
            }
            if records.is_empty() {
                writer.delete_meta(MARK)?;
            }
            Ok(records.last().copied())
        })?;
    }
    Ok(())
}

impl Reader<'_> {
    /// The document of a record.
    pub(crate) fn document(&self, collection: &str, id: RecordId) -> Result<Option<Document>, Error> {
        Ok(self.document_bytes(collection, id)?.map(|bytes| Document::load(&bytes)).transpose()?)
    }
}
