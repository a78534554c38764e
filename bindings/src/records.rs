//! Records: products, variants, codes, locations and lots, as they cross to the app.
//!
//! Owns shapes. Which fields a record may have is `schemas::collections`'.

use std::collections::HashMap;
use std::sync::Arc;

use stocksync_core::Inventory as Core;
use stocksync_core::records::{Record, RecordEdit};
use stocksync_ledger::records::{self as ledger, Edit};
use stocksync_schemas::{RecordId, VariantId};

use crate::StocksyncError;
use crate::handle::Handle;

/// The kinds of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum RecordCollection {
    /// Sellable families.
    Products,
    /// What is stocked: every product has at least one.
    Variants,
    /// Scannable codes of variants.
    Identifiers,
    /// Sites, zones and bins.
    Locations,
    /// Batches and serials.
    Lots,
}

/// One field's value.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum FieldValue {
    /// A text, an id, a word of a list or a date (`YYYY-MM-DD`).
    Text {
        /// The text.
        value: String,
    },
    /// A whole number, or a decimal in its smallest unit.
    Integer {
        /// The number.
        value: i64,
    },
    /// Yes or no.
    Flag {
        /// Which.
        value: bool,
    },
    /// No value: takes away the one that was there.
    Nothing,
}

/// One record to make or to change.
#[derive(Debug, Clone, uniffi::Record)]
pub struct RecordEditRequest {
    /// What kind.
    pub collection: RecordCollection,
    /// The fields to set, by name (`schemas/README.md` lists them). Fields that are not named stay as they are.
    pub fields: HashMap<String, FieldValue>,
    /// Its id; none makes a new record. Identifiers and lots derive their id, so that two devices make the same record;
    /// `gtin_ids` gives those of the product and variant behind a GTIN that nobody knows yet.
    #[uniffi(default = None)]
    pub id: Option<RecordId>,
    /// Deletes or restores the record; none leaves it as it is.
    #[uniffi(default = None)]
    pub deleted: Option<bool>,
}

/// One record as it reads.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RecordView {
    /// What kind.
    pub collection: RecordCollection,
    /// Its id.
    pub id: RecordId,
    /// The values that hold, by field.
    pub fields: HashMap<String, FieldValue>,
    /// Values of edits made elsewhere at the same time that lost, by field; visible until the field is edited again.
    pub lost: HashMap<String, Vec<FieldValue>>,
    /// Whether it is deleted; it may be restored.
    pub deleted: bool,
}

/// The ids that every device of a tenant gives to what is behind one GTIN.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct GtinIds {
    /// Of the product.
    pub product: RecordId,
    /// Of its variant.
    pub variant: VariantId,
}

/// Products, variants, codes, locations and lots. A part of [`Inventory`](crate::Inventory).
#[derive(uniffi::Object)]
pub struct Records {
    handle: Arc<Handle>,
}

impl Records {
    pub(crate) fn new(handle: Arc<Handle>) -> Arc<Self> {
        Arc::new(Self { handle })
    }
}

#[uniffi::export]
impl Records {
    /// Makes or changes records, at most 1,000 a call, all or none. Answers their ids in the same order. Durable when this
    /// returns; needs no network.
    ///
    /// # Errors
    /// `InvalidInput` names the field; `NotFound` if a record to change is not here; `OutboxFull`, `StorageFull`,
    /// `StorageBusy`, `StorageReadOnly`. Nothing is changed then.
    pub async fn edit(&self, edits: Vec<RecordEditRequest>) -> Result<Vec<RecordId>, StocksyncError> {
        self.handle.run(move |core| Ok(core.edit(edits.into_iter().map(Into::into).collect())?)).await
    }

    /// One record, deleted or not.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, collection: RecordCollection, id: RecordId) -> Result<RecordView, StocksyncError> {
        self.handle.run(move |core| get(core, collection, id)).await
    }

    /// The ids for a new product and variant behind a GTIN (14 digits) that nobody knows yet: devices that make them without
    /// knowing of each other make the same ones.
    ///
    /// # Errors
    /// `SignInRequired` before the device was enrolled.
    pub async fn gtin_ids(&self, gtin: String) -> Result<GtinIds, StocksyncError> {
        self.handle
            .run(move |core| {
                let (product, variant) = core.ids_of_gtin(&gtin)?;
                Ok(GtinIds { product, variant: VariantId(variant.0) })
            })
            .await
    }
}

fn get(core: &Core, collection: RecordCollection, id: RecordId) -> Result<RecordView, StocksyncError> {
    let Record { id, row, .. } = core.read_record(collection.name(), id)?;
    let lost = row.lost.into_iter().map(|(name, values)| (name, values.into_iter().map(Into::into).collect()));
    Ok(RecordView {
        collection,
        id,
        fields: row.fields.into_iter().map(|(name, value)| (name, value.into())).collect(),
        lost: lost.collect(),
        deleted: row.deleted,
    })
}

impl From<RecordEditRequest> for RecordEdit {
    fn from(request: RecordEditRequest) -> Self {
        let RecordEditRequest { collection, fields, id, deleted } = request;
        let fields = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
        Self { collection: collection.name().to_owned(), id, edit: Edit { fields, deleted } }
    }
}

impl RecordCollection {
    const ALL: [Self; 5] = [Self::Products, Self::Variants, Self::Identifiers, Self::Locations, Self::Lots];

    fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Variants => "variants",
            Self::Identifiers => "identifiers",
            Self::Locations => "locations",
            Self::Lots => "lots",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|collection| collection.name() == name)
    }
}

impl From<FieldValue> for ledger::FieldValue {
    fn from(value: FieldValue) -> Self {
        match value {
            FieldValue::Text { value } => Self::Text(value),
            FieldValue::Integer { value } => Self::Integer(value),
            FieldValue::Flag { value } => Self::Flag(value),
            FieldValue::Nothing => Self::Nothing,
        }
    }
}

impl From<ledger::FieldValue> for FieldValue {
    fn from(value: ledger::FieldValue) -> Self {
        match value {
            ledger::FieldValue::Text(value) => Self::Text { value },
            ledger::FieldValue::Integer(value) => Self::Integer { value },
            ledger::FieldValue::Flag(value) => Self::Flag { value },
            ledger::FieldValue::Nothing => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_collection_of_the_schemas_crosses() {
        let names: Vec<&str> = stocksync_schemas::collections::ALL.iter().map(|collection| collection.name).collect();
        assert_eq!(RecordCollection::ALL.map(RecordCollection::name).to_vec(), names);
    }
}
