//! What people call variants and locations.

use rusqlite::OptionalExtension;
use stocksync_schemas::{Location, VariantId};

use super::Reader;
use crate::Error;

/// What a person calls a variant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VariantInfo {
    /// The product's name, and the variant's where it has one of its own.
    pub name: String,
    /// The variant's SKU, else the product's; may be empty.
    pub sku: String,
    /// The base unit in people's words.
    pub unit: String,
    /// Digits after the point that people enter, 0 to 3.
    pub decimals: u32,
}

/// What a person calls a location.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocationInfo {
    /// Its name; of a virtual location the name that JSON has for it.
    pub name: String,
    /// The code on its label; may be empty.
    pub code: String,
}

/// The name to show for a variant of a product.
pub(super) fn full_name(product: String, variant: String) -> String {
    match (product.is_empty(), variant.is_empty()) {
        (false, false) if product != variant => format!("{product} · {variant}"),
        (false, _) => product,
        _ => variant,
    }
}

impl Reader<'_> {
    /// What people call a variant, if its record is here.
    pub(crate) fn variant_info(&self, variant: VariantId) -> Result<Option<VariantInfo>, Error> {
        let sql = "SELECT ifnull(p.name, ''), v.name, iif(v.sku <> '', v.sku, ifnull(p.sku, '')), v.unit, v.decimals
             FROM variants v LEFT JOIN products p ON p.record = v.product WHERE v.record = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let info = statement.query_row([variant.0], |row| {
            Ok(VariantInfo {
                name: full_name(row.get(0)?, row.get(1)?),
                sku: row.get(2)?,
                unit: row.get(3)?,
                decimals: row.get(4)?,
            })
        });
        Ok(info.optional()?)
    }

    /// What people call a real location, if its record is here.
    pub(crate) fn location_info(&self, location: Location) -> Result<Option<LocationInfo>, Error> {
        let mut statement = self.0.prepare_cached("SELECT name, code FROM locations WHERE record = ?1")?;
        let info = statement.query_row([location.0], |row| Ok(LocationInfo { name: row.get(0)?, code: row.get(1)? }));
        Ok(info.optional()?)
    }
}
