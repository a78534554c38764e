//! Stock as back offices and the console read it: balances and movements.
//!
//! Owns the order of the lists: real locations before virtual ones. Balances are the fold's; nothing is computed here.

pub mod api;
pub mod store;

use stocksync_schemas::{Location, TenantId};
use uuid::Uuid;

use crate::database::{Database, DatabaseError, TenantReader};
use crate::features::catalogue::names::{Names, expiries};

pub use store::{BalanceRow, LoggedMovement, StockError};

/// Which balances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BalanceFilter {
    /// All but the derived loss location: those at real locations, then those at virtual ones.
    All,
    /// Those at real locations.
    Real,
    /// Those at virtual locations, without the derived loss location.
    Virtual,
    /// Those at one location; the loss location is derived where it is named.
    At(Uuid),
}

impl BalanceFilter {
    /// The ranges of location ids, both ends included, in the order of the list.
    fn ranges(self) -> Vec<(Uuid, Uuid)> {
        let real = (Uuid::from_u128(store::LAST_VIRTUAL.as_u128() + 1), Uuid::max());
        let of_virtual = (Uuid::nil(), store::LAST_VIRTUAL);
        match self {
            Self::All => vec![real, of_virtual],
            Self::Real => vec![real],
            Self::Virtual => vec![of_virtual],
            Self::At(location) => vec![(location, location)],
        }
    }
}

/// The key of a balance: location, variant, lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceKey {
    /// The location.
    pub location: Uuid,
    /// The variant.
    pub variant: Uuid,
    /// The lot's code; empty without one.
    pub lot: String,
}

impl BalanceKey {
    fn start_of(location: Uuid) -> Self {
        Self { location, variant: Uuid::nil(), lot: String::new() }
    }
}

/// Balances after a key, with names, in the order of [`BalanceFilter`] and by location, variant and lot within.
///
/// # Errors
/// As the variants of [`DatabaseError`] say.
pub async fn list_balances(
    database: &Database,
    tenant: TenantId,
    filter: BalanceFilter,
    after: Option<BalanceKey>,
    limit: i64,
) -> Result<Vec<BalanceRow>, DatabaseError> {
    let mut connection = database.connection().await?;
    let reader = TenantReader::begin(&mut connection, tenant).await?;
    let mut rows = if filter == BalanceFilter::At(Uuid::from_bytes(Location::LOSS.0)) {
        let after = after.unwrap_or_else(|| BalanceKey::start_of(Uuid::nil()));
        store::losses(&reader, &after, limit).await?
    } else {
        balances_in_ranges(&reader, &filter.ranges(), after, limit).await?
    };
    let variants = rows.iter().map(|row| row.variant);
    let names = Names::load(&reader, variants, rows.iter().map(|row| row.location)).await?;
    let expiries = expiries(&reader, rows.iter().map(|row| (row.variant, row.lot.clone()))).await?;
    for row in &mut rows {
        row.expiry = expiries.get(&(row.variant, row.lot.clone())).cloned();
        (row.location_name, row.variant_name) = (names.location(row.location), names.variant(row.variant));
    }
    Ok(rows)
}

/// Reads range after range until the page is full; `after` says in which to begin.
async fn balances_in_ranges(
    reader: &TenantReader<'_>,
    ranges: &[(Uuid, Uuid)],
    after: Option<BalanceKey>,
    limit: i64,
) -> Result<Vec<BalanceRow>, DatabaseError> {
    let first = after.as_ref().map_or(0, |key| {
        ranges.iter().position(|(from, to)| (*from..=*to).contains(&key.location)).unwrap_or(ranges.len())
    });
    let mut after = after;
    let mut rows = Vec::new();
    for range in ranges.iter().skip(first) {
        let start = after.take().unwrap_or_else(|| BalanceKey::start_of(range.0));
        let missing = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if missing > 0 {
            rows.extend(store::balances(reader, &start, *range, missing).await?);
        }
    }
    Ok(rows)
}

/// Movements below a position of the log, newest first, with names.
///
/// # Errors
/// [`StockError`]: a movement of the log that does not decode is a defect.
pub async fn list_movements(
    database: &Database,
    tenant: TenantId,
    before: i64,
    limit: i64,
) -> Result<Vec<LoggedMovement>, StockError> {
    let mut connection = database.connection().await?;
    let reader = TenantReader::begin(&mut connection, tenant).await?;
    let mut rows = store::movements(&reader, before, limit).await?;
    let variants = rows.iter().flat_map(|row| &row.lines).map(|line| line.variant);
    let names = Names::load(&reader, variants, rows.iter().flat_map(|row| [row.from, row.to])).await?;
    for row in &mut rows {
        (row.from_name, row.to_name) = (names.location(row.from).location_name, names.location(row.to).location_name);
        for line in &mut row.lines {
            line.name = names.variant(line.variant);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_locations_come_before_virtual_ones_and_none_is_in_two_ranges() {
        let [real, of_virtual] = BalanceFilter::All.ranges().try_into().unwrap();
        for (location, _) in Location::VIRTUAL {
            let location = Uuid::from_bytes(location.0);
            assert!((of_virtual.0..=of_virtual.1).contains(&location) && location < real.0);
        }
        assert_eq!(of_virtual.1.as_u128() + 1, real.0.as_u128());
        assert_eq!(real.1, Uuid::max());
    }
}
