//! Names and units for a screen: what people call the ids that balances and ops are made of.

use std::collections::{BTreeSet, HashMap};

use stocksync_schemas::{Location, VariantId};

pub use crate::store::{LocationInfo, VariantInfo};
use crate::{Error, Inventory};

/// Names by id. What is not known here is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Of variants.
    pub variants: HashMap<VariantId, VariantInfo>,
    /// Of locations, virtual ones included.
    pub locations: HashMap<Location, LocationInfo>,
}

impl Inventory {
    /// What people call these variants and locations.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn names(&self, variants: &BTreeSet<VariantId>, locations: &BTreeSet<Location>) -> Result<Names, Error> {
        let mut names = Names::default();
        for (location, name) in Location::VIRTUAL.iter().filter(|(location, _)| locations.contains(location)) {
            let info = LocationInfo { name: (*name).to_owned(), code: String::new() };
            names.locations.insert(*location, info);
        }
        self.store.read(|reader| {
            for variant in variants {
                names.variants.extend(reader.variant_info(*variant)?.map(|info| (*variant, info)));
            }
            for location in locations.iter().filter(|location| !location.is_virtual()) {
                names.locations.extend(reader.location_info(*location)?.map(|info| (*location, info)));
            }
            Ok(names)
        })
    }
}
