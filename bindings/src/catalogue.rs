//! Records and lookups as they cross to the app. Owns shapes; which fields a record may have is `schemas::collections`'.

use std::collections::HashMap;

use stocksync_core::Inventory as Core;
use stocksync_core::lookup::{Found, Match};

use crate::StocksyncError;

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
    /// Its id; none makes a new record. Lots, and variants known by a GTIN, derive their id, so that two devices make the
    /// same record.
    pub id: Option<String>,
    /// The fields to set, by name. Fields that are not named stay as they are.
    pub fields: HashMap<String, FieldValue>,
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

impl From<Found> for LookupView {
    fn from(it: Found) -> Self {
        let Found { text, matches, gtin, lot, expiry, warnings } = it;
        Self { text, matches: matches.into_iter().map(Into::into).collect(), gtin, lot, expiry, warnings }
    }
}

impl From<Match> for MatchView {
    fn from(it: Match) -> Self {
        let Match { identifier, balances } = it;
        Self {
            variant: identifier.variant.to_string(),
            name: identifier.name,
            pack_numerator: identifier.pack_numerator,
            pack_denominator: identifier.pack_denominator,
            balances: balances.into_iter().map(Into::into).collect(),
        }
    }
}

pub(crate) fn edit(_core: &Core, _records: Vec<RecordRequest>) -> Result<Vec<String>, StocksyncError> {
    Err(StocksyncError::Internal { reason: "records".to_owned() })
}
