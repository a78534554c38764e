//! The record collections and their fields: what a document of each may hold, and under which names.
//!
//! Owns names, types and bounds. Must never lose a field: what a build does not know stays in the document untouched. Fields
//! are therefore only added, and the type of a name never changes.
//!
//! ```
//! use stocksync_schemas::collections::{self, FieldType};
//!
//! let products = collections::find("products").unwrap();
//! let name = products.field("name").unwrap();
//! assert!(name.required && matches!(name.kind, FieldType::Text { max_bytes: 255, .. }));
//! ```

use crate::limits::{IDENTIFIER_BYTES, LOT_BYTES, NAME_BYTES};

/// The type of a field, with its bound. Empty text is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A text that is entered as a whole: a string scalar. Of concurrent edits one wins and the other stays visible.
    Text {
        /// Largest length, bytes of UTF-8.
        max_bytes: usize,
        /// Which characters are allowed.
        form: TextForm,
    },
    /// A text that people edit together: a text object, merged by character.
    SharedText {
        /// Largest length, bytes of UTF-8.
        max_bytes: usize,
    },
    /// An integer scalar.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// An integer scalar that counts units of 10^-`scale`; never a float.
    Decimal {
        /// Digits after the point.
        scale: u32,
        /// Smallest, in those units.
        min: i64,
        /// Largest, in those units.
        max: i64,
    },
    /// A boolean scalar.
    Bool,
    /// The id of a record: its hyphenated hexadecimal form, a string scalar. The record may not have arrived yet.
    Id {
        /// Name of the collection it is of.
        collection: &'static str,
    },
    /// One of these words, a string scalar. A word that a build does not know is stored and shown as it is.
    Enum(&'static [&'static str]),
    /// A calendar date without a zone, `YYYY-MM-DD`, a string scalar.
    Date,
}

/// Which characters a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// Any without control characters (line breaks and tabs may stand in a description).
    Free,
    /// `A` to `Z`, `0` to `9` and `-`.
    Sku,
    /// ISO 4217: three of `A` to `Z`.
    Currency,
}

impl TextForm {
    /// Whether `text` has this form.
    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Free => text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')),
            Self::Sku => text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-'),
            Self::Currency => text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()),
        }
    }
}

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its key in the document and in JSON.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldType,
    /// Whether a new record must have it. A merged record without it is stored and shown as incomplete.
    pub required: bool,
}

/// One collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection {
    /// As `record` ops name it.
    pub name: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

impl Collection {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The collection of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Collection> {
    ALL.iter().find(|collection| collection.name == name)
}

/// A field that a new record must have.
const fn required(name: &'static str, kind: FieldType) -> Field {
    Field { name, kind, required: true }
}

/// A field that may be absent.
const fn optional(name: &'static str, kind: FieldType) -> Field {
    Field { name, kind, required: false }
}

/// Any text of at most `max_bytes` bytes.
const fn free(max_bytes: usize) -> FieldType {
    FieldType::Text { max_bytes, form: TextForm::Free }
}

/// The tenant's own code, upper case, unique among live records of its collection.
const SKU: FieldType = FieldType::Text { max_bytes: 100, form: TextForm::Sku };
/// Whether it is sold; independent of deletion, which is a tombstone.
const STATUS: FieldType = FieldType::Enum(&["active", "inactive", "discontinued"]);
/// Free notes that several people may edit at once.
const NOTES: FieldType = FieldType::SharedText { max_bytes: 8_000 };
/// Numerator or denominator of a pack quantity, bounded against typing errors.
const PACK: FieldType = FieldType::Integer { min: 1, max: 1_000_000_000 };
/// Largest price or cost: above any real one, and small enough that sums cannot overflow.
const MONEY_MAX: i64 = 1_000_000_000_000_000;

/// Every collection of this build.
pub const ALL: &[Collection] = &[PRODUCTS, VARIANTS, IDENTIFIERS, LOCATIONS, LOTS];

/// Sellable families (B01).
pub const PRODUCTS: Collection = Collection {
    name: "products",
    fields: &[
        required("name", free(NAME_BYTES)),
        optional("sku", SKU),
        required("status", STATUS),
        optional("description", free(2_000)),
        optional("brand", free(100)),
        optional("category", free(100)),
        optional("notes", NOTES),
    ],
};

/// What is stocked, counted and moved (B01, B02). Each product has at least one variant.
pub const VARIANTS: Collection = Collection {
    name: "variants",
    fields: &[
        required("product", FieldType::Id { collection: "products" }),
        optional("name", free(NAME_BYTES)),
        optional("sku", SKU),
        required("status", STATUS),
        // The base unit that quantities count thousandths of, and how many of the three digits people enter.
        required("unit", free(16)),
        required("decimals", FieldType::Integer { min: 0, max: 3 }),
        required("tracking", FieldType::Enum(&["none", "lot", "serial"])),
        optional("currency", FieldType::Text { max_bytes: 3, form: TextForm::Currency }),
        // In the currency's minor units, for one base unit.
        optional("price", FieldType::Integer { min: 0, max: MONEY_MAX }),
        // As unit costs in movements: 1/10 000 of the major unit.
        optional("cost", FieldType::Decimal { scale: 4, min: 0, max: MONEY_MAX }),
        optional("notes", NOTES),
    ],
};

/// Scannable codes (A09). Unique by scheme and value among a tenant's live records; two that collide after a merge open an
/// exception, and both stay.
pub const IDENTIFIERS: Collection = Collection {
    name: "identifiers",
    fields: &[
        required("variant", FieldType::Id { collection: "variants" }),
        // The names that `stocksync-gs1` gives to what it reads.
        required(
            "scheme",
            FieldType::Enum(&[
                "raw",
                "own",
                "sscc",
                "gtin",
                "rcn",
                "maker_part",
                "supplier_part",
                "customer_part",
                "gln",
                "asset",
            ]),
        ),
        // In the scheme's normal form: a GTIN has 14 digits.
        required("value", free(IDENTIFIER_BYTES)),
        // How many base units one scan means, an exact fraction: a case of 12 is 12/1.
        required("pack_numerator", PACK),
        required("pack_denominator", PACK),
        optional("pack_name", free(50)),
    ],
};

/// Real locations (C03). Virtual locations are constants of [`crate::Location`] and have no record.
pub const LOCATIONS: Collection = Collection {
    name: "locations",
    fields: &[
        required("name", free(NAME_BYTES)),
        required("kind", FieldType::Enum(&["site", "zone", "bin"])),
        optional("parent", FieldType::Id { collection: "locations" }),
        optional("code", free(100)),
        optional("address", free(500)),
        optional("notes", NOTES),
    ],
};

/// Batches and serials. A lot's record id derives from (variant, code), so that two phones make the same one.
pub const LOTS: Collection = Collection {
    name: "lots",
    fields: &[
        required("variant", FieldType::Id { collection: "variants" }),
        // As ops name it: `10:CODE` or `21:SERIAL`.
        required("code", free(LOT_BYTES)),
        optional("expiry", FieldType::Date),
        optional("best_before", FieldType::Date),
        optional("produced", FieldType::Date),
        optional("notes", NOTES),
    ],
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::limits::{COLLECTION_BYTES, RECORD_CHANGE_BYTES};

    #[test]
    fn collections_are_found_by_name_and_name_each_other() {
        for collection in ALL {
            assert_eq!(find(collection.name), Some(collection));
            assert!(collection.name.len() <= COLLECTION_BYTES);
            let names: HashSet<_> = collection.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), collection.fields.len(), "{} names a field twice", collection.name);
            for field in collection.fields {
                assert_eq!(collection.field(field.name), Some(field));
                if let FieldType::Id { collection: target } = field.kind {
                    assert!(find(target).is_some(), "{}.{} points nowhere", collection.name, field.name);
                }
            }
        }
        assert_eq!(find("users"), None);
    }

    /// A new record with every text at its bound is one change that the guard still takes.
    #[test]
    fn b01_a_full_record_fits_one_change() {
        for collection in ALL {
            let bytes: usize = collection
                .fields
                .iter()
                .map(|field| match field.kind {
                    FieldType::Text { max_bytes, .. } | FieldType::SharedText { max_bytes } => max_bytes,
                    _ => 36,
                })
                .sum();
            assert!(bytes * 2 < RECORD_CHANGE_BYTES, "{}: {bytes}", collection.name);
        }
    }

    #[test]
    fn b01_skus_are_capitals_digits_and_hyphens() {
        assert!(TextForm::Sku.accepts("AB-12"));
        assert!(!TextForm::Sku.accepts("ab-12"));
        assert!(!TextForm::Sku.accepts("AB 12"));
        assert!(TextForm::Currency.accepts("EUR") && !TextForm::Currency.accepts("EU"));
        assert!(TextForm::Free.accepts("Crème brûlée\n2 x") && !TextForm::Free.accepts("a\u{0}b"));
    }
}
