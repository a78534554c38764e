//! The names beside the ids in lists. A record that has not arrived has none.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stocksync_ledger::records::lot_id;
use stocksync_schemas::VariantId;
use uuid::Uuid;

use super::page::Reading;
use crate::database::DatabaseError;

/// Variants with their products, deleted ones too: what was done with them stays.
pub const VARIANT_NAMES: &str = "SELECT v.record_id, v.name, v.sku, v.unit, p.name AS product_name, p.sku AS product_sku \
     FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.variants v WHERE v.tenant_id = $1 AND v.record_id = u.id LIMIT 1) v \
     LEFT JOIN LATERAL (SELECT * FROM app.products p WHERE p.tenant_id = $1 AND p.record_id = v.product LIMIT 1) p \
         ON true";

/// Locations.
pub const LOCATION_NAMES: &str = "SELECT l.record_id, l.name, l.code FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.locations l WHERE l.tenant_id = $1 AND l.record_id = u.id LIMIT 1) l";

/// Expiry dates of lots.
pub const LOT_EXPIRIES: &str = "SELECT l.record_id, l.expiry::text AS expiry FROM unnest($2::uuid[]) AS u (id) \
     CROSS JOIN LATERAL (SELECT * FROM app.lots l WHERE l.tenant_id = $1 AND l.record_id = u.id LIMIT 1) l";

/// A variant as people know it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct VariantName {
    product_name: Option<String>,
    variant_name: Option<String>,
    /// The variant's, or its product's where it has none.
    sku: Option<String>,
    unit: Option<String>,
}

/// A location as people know it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LocationName {
    /// Its name.
    pub location_name: Option<String>,
    /// Its code.
    pub location_code: Option<String>,
}

/// The names of one page.
#[derive(Debug, Default)]
pub struct Names {
    variants: BTreeMap<Uuid, VariantName>,
    locations: BTreeMap<Uuid, LocationName>,
}

/// The expiry of each lot that has one, by variant and code.
pub async fn expiries(
    reading: &Reading<'_>,
    lots: impl Iterator<Item = (Uuid, String)>,
) -> Result<BTreeMap<(Uuid, String), String>, DatabaseError> {
    // A lot's record id derives from what names it.
    let id_of = |variant: &Uuid, code: &str| Uuid::from_bytes(lot_id(VariantId(*variant.as_bytes()), code).0);
    let named: BTreeMap<Uuid, (Uuid, String)> =
        lots.filter(|(_, code)| !code.is_empty()).map(|it| (id_of(&it.0, &it.1), it)).collect();
    let mut found = BTreeMap::new();
    if named.is_empty() {
        return Ok(found);
    }
    let ids: Vec<Uuid> = named.keys().copied().collect();
    for row in reading.query(LOT_EXPIRIES, &[&ids]).await? {
        let (id, expiry): (Uuid, Option<String>) = (row.try_get("record_id")?, row.try_get("expiry")?);
        found.extend(named.get(&id).cloned().zip(expiry));
    }
    Ok(found)
}

impl Names {
    /// Reads them, in two statements at most.
    pub async fn read(
        reading: &Reading<'_>,
        variants: impl Iterator<Item = Uuid>,
        locations: impl Iterator<Item = Uuid>,
    ) -> Result<Self, DatabaseError> {
        let unique = |ids: BTreeSet<Uuid>| ids.into_iter().collect::<Vec<Uuid>>();
        let (variants, locations) = (unique(variants.collect()), unique(locations.collect()));
        let mut names = Self::default();
        if !variants.is_empty() {
            for row in reading.query(VARIANT_NAMES, &[&variants]).await? {
                let own: Option<String> = row.try_get("sku")?;
                let name = VariantName {
                    product_name: row.try_get("product_name")?,
                    variant_name: row.try_get("name")?,
                    sku: own.or(row.try_get("product_sku")?),
                    unit: row.try_get("unit")?,
                };
                names.variants.insert(row.try_get("record_id")?, name);
            }
        }
        if !locations.is_empty() {
            for row in reading.query(LOCATION_NAMES, &[&locations]).await? {
                let name = LocationName { location_name: row.try_get("name")?, location_code: row.try_get("code")? };
                names.locations.insert(row.try_get("record_id")?, name);
            }
        }
        Ok(names)
    }

    /// A variant's; none of them where it is not known.
    pub fn variant(&self, id: Uuid) -> VariantName {
        self.variants.get(&id).cloned().unwrap_or_default()
    }

    /// A location's.
    pub fn location(&self, id: Uuid) -> LocationName {
        self.locations.get(&id).cloned().unwrap_or_default()
    }
}
