//! Records and lookups as they cross to the app. Owns shapes; which fields a record may have is `schemas::collections`'.

use std::collections::HashMap;

use stocksync_core::Inventory as Core;
use stocksync_core::lookup::{LookupMatch, LookupResult};
use stocksync_core::records::{Record, RecordEdit};
use stocksync_ledger::records::{self as ledger, Edit};

use crate::{StocksyncError, capture};

/// The kinds of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Collection {
    /// Sellable families.
    Products,
    /// The things stocked.
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
pub struct RecordRequest {
    /// What kind.
    pub collection: Collection,
    /// Its id; none makes a new record. Identifiers and lots derive their id, so that two devices make the same record;
    /// `gtin_ids` gives those of the product and variant behind a GTIN that nobody knows yet.
    pub id: Option<String>,
    /// The fields to set, by name. Fields that are not named stay as they are.
    pub fields: HashMap<String, FieldValue>,
    /// Deletes or restores the record; none leaves it as it is.
    pub deleted: Option<bool>,
}

/// One record as it reads.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RecordView {
    /// Its id.
    pub id: String,
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
    pub product: String,
    /// Of its variant.
    pub variant: String,
}

/// What a scanned or typed code is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LookupView {
    /// What was read, in its normal form.
    pub text: String,
    /// The variants that carry this code. None: an unknown code. Several: a person picks.
    pub matches: Vec<MatchView>,
    /// The GTIN in the code, 14 digits.
    pub gtin: Option<String>,
    /// The lot in the code as acts name it: `10:CODE` or `21:SERIAL`; empty where there is none.
    pub lot: String,
    /// The expiry in the code, `YYYY-MM-DD`.
    pub expiry: Option<String>,
    /// What the label measures.
    pub measures: Vec<crate::MeasureView>,
    /// What was odd about the code; none of it refuses the scan.
    pub warnings: Vec<String>,
}

/// A variant that carries a code.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MatchView {
    /// Id of the variant.
    pub variant: String,
    /// Name to show: the product's, and the variant's where it has one.
    pub name: String,
    /// Base units of one scan: numerator of an exact fraction.
    pub pack_numerator: i64,
    /// Denominator of that fraction, at least 1.
    pub pack_denominator: i64,
    /// Its balances at real locations.
    pub balances: Vec<crate::BalanceView>,
}

impl From<LookupResult> for LookupView {
    fn from(result: LookupResult) -> Self {
        let LookupResult { text, matches, gtin, lot, expiry, measures, warnings } = result;
        let matches = matches.into_iter().map(Into::into).collect();
        let measures = measures.into_iter().map(Into::into).collect();
        Self { text, matches, gtin, lot, expiry, measures, warnings }
    }
}

impl From<LookupMatch> for MatchView {
    fn from(found: LookupMatch) -> Self {
        let LookupMatch { identifier, balances } = found;
        Self {
            variant: identifier.variant.to_string(),
            name: identifier.name,
            pack_numerator: identifier.pack_numerator,
            pack_denominator: identifier.pack_denominator,
            balances: balances.into_iter().map(Into::into).collect(),
        }
    }
}

/// Makes or changes records, all or none.
pub(crate) fn edit(core: &Core, requests: Vec<RecordRequest>) -> Result<Vec<String>, StocksyncError> {
    let edits = requests.into_iter().map(edit_of).collect::<Result<_, _>>()?;
    Ok(core.edit(edits)?.iter().map(ToString::to_string).collect())
}

pub(crate) fn record(core: &Core, collection: Collection, id: &str) -> Result<RecordView, StocksyncError> {
    let Record { id, row, .. } = core.read_record(collection.name(), capture::id("id", id)?)?;
    let lost = row.lost.into_iter().map(|(name, values)| (name, values.into_iter().map(Into::into).collect()));
    Ok(RecordView {
        id: id.to_string(),
        fields: row.fields.into_iter().map(|(name, value)| (name, value.into())).collect(),
        lost: lost.collect(),
        deleted: row.deleted,
    })
}

pub(crate) fn gtin_ids(core: &Core, gtin: &str) -> Result<GtinIds, StocksyncError> {
    let (product, variant) = core.ids_of_gtin(gtin)?;
    Ok(GtinIds { product: product.to_string(), variant: variant.to_string() })
}

fn edit_of(request: RecordRequest) -> Result<RecordEdit, StocksyncError> {
    let RecordRequest { collection, id, fields, deleted } = request;
    Ok(RecordEdit {
        collection: collection.name().to_owned(),
        id: id.map(|text| capture::id("id", &text)).transpose()?,
        edit: Edit { fields: fields.into_iter().map(|(name, value)| (name, value.into())).collect(), deleted },
    })
}

impl Collection {
    fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Variants => "variants",
            Self::Identifiers => "identifiers",
            Self::Locations => "locations",
            Self::Lots => "lots",
        }
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
