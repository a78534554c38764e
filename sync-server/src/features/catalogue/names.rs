//! The names beside the ids in lists. A record that has not arrived has none.
//!
//! Owns what other features show of records; their tables are read in `store`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stocksync_ledger::records::lot_id;
use stocksync_schemas::VariantId;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store;
use crate::database::{DatabaseError, TenantReader};

/// A variant as people know it.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct VariantName {
    #[schema(required)]
    pub(super) product_name: Option<String>,
    #[schema(required)]
    pub(super) variant_name: Option<String>,
    /// the variant's, or its product's where it has none
    #[schema(required)]
    pub(super) sku: Option<String>,
    /// base unit
    #[schema(required)]
    pub(super) unit: Option<String>,
}

/// A location as people know it.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct LocationName {
    /// its name
    #[schema(required)]
    pub location_name: Option<String>,
    /// its code
    #[schema(required)]
    pub location_code: Option<String>,
}

/// The names of one page.
#[derive(Debug, Default)]
pub struct Names {
    variants: BTreeMap<Uuid, VariantName>,
    locations: BTreeMap<Uuid, LocationName>,
}

/// The expiry of each lot that has one, by variant and code.
///
/// # Errors
/// As the variants of [`DatabaseError`] say.
pub async fn expiries(
    reader: &TenantReader<'_>,
    lots: impl Iterator<Item = (Uuid, String)>,
) -> Result<BTreeMap<(Uuid, String), String>, DatabaseError> {
    // A lot's record id derives from its variant and code.
    let id_of = |variant: &Uuid, code: &str| Uuid::from_bytes(lot_id(VariantId(*variant.as_bytes()), code).0);
    let by_id: BTreeMap<Uuid, (Uuid, String)> =
        lots.filter(|(_, code)| !code.is_empty()).map(|lot| (id_of(&lot.0, &lot.1), lot)).collect();
    let ids: Vec<Uuid> = by_id.keys().copied().collect();
    let found = store::lot_expiries(reader, &ids).await?;
    Ok(found.into_iter().filter_map(|(id, expiry)| Some((by_id.get(&id)?.clone(), expiry))).collect())
}

impl Names {
    /// Loads the names of these ids, in two statements at most.
    ///
    /// # Errors
    /// As the variants of [`DatabaseError`] say.
    pub async fn load(
        reader: &TenantReader<'_>,
        variants: impl Iterator<Item = Uuid>,
        locations: impl Iterator<Item = Uuid>,
    ) -> Result<Self, DatabaseError> {
        let unique = |ids: BTreeSet<Uuid>| ids.into_iter().collect::<Vec<Uuid>>();
        let (variants, locations) = (unique(variants.collect()), unique(locations.collect()));
        Ok(Self {
            variants: store::variant_names(reader, &variants).await?,
            locations: store::location_names(reader, &locations).await?,
        })
    }

    /// A variant's names; empty where it has no record.
    #[must_use]
    pub fn variant(&self, id: Uuid) -> VariantName {
        self.variants.get(&id).cloned().unwrap_or_default()
    }

    /// A location's names; empty where it has no record.
    #[must_use]
    pub fn location(&self, id: Uuid) -> LocationName {
        self.locations.get(&id).cloned().unwrap_or_default()
    }
}
