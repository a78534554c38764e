//! Ids, quantities and times as they cross: one type each, so that a location is never given where a variant is wanted.
//!
//! Owns their forms. Kotlin has a value class for each; other languages an alias of text or a whole number. Every export
//! answers with [`StocksyncError`], so that a value of another form is `InvalidInput` and nothing else.

use std::str::FromStr;

use stocksync_core::Act;
pub use stocksync_schemas::Location as LocationId;
pub use stocksync_schemas::OpRef as OpReference;
use stocksync_schemas::{DeviceId, Lane, OpHash, RecordId, SessionId, TenantId, UserId, VariantId};

use crate::StocksyncError;

/// Largest size of a quantity that an app may give: every language's floating numbers hold it exactly.
const MAX_QUANTITY: i64 = (1 << 53) - 1;

/// Thousandths of a base unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(pub i64);

/// Milliseconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// What a person knew when an act began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActToken(pub(crate) Act);

/// Where the next page of a list begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken(pub(crate) String);

fn id<T: FromStr<Err: ToString>>(field: &str, text: &str) -> Result<T, StocksyncError> {
    text.parse().map_err(|error: T::Err| StocksyncError::invalid(field, error))
}

/// A location by id, or a virtual one by name.
fn location(text: &str) -> Result<LocationId, StocksyncError> {
    match LocationId::VIRTUAL.iter().find(|(_, name)| *name == text) {
        Some((location, _)) => Ok(*location),
        None => id("location_id", text),
    }
}

/// The name of a virtual location, or the id.
fn location_text(location: LocationId) -> String {
    let named = LocationId::VIRTUAL.iter().find(|(one, _)| *one == location);
    named.map_or_else(|| location.to_string(), |(_, name)| (*name).to_owned())
}

/// `replica.seq.hash`.
fn reference(text: &str) -> Result<OpReference, StocksyncError> {
    let invalid = || StocksyncError::invalid("op_reference", "not the reference of an op");
    let mut parts = text.splitn(3, '.');
    let mut part = || parts.next().ok_or_else(invalid);
    let lane = Lane { replica: id("op_reference", part()?)?, seq: part()?.parse().map_err(|_| invalid())? };
    Ok(OpReference { lane, hash: id::<OpHash>("op_reference", part()?)? })
}

fn quantity(thousandths: i64) -> Result<Quantity, StocksyncError> {
    if thousandths.unsigned_abs() > MAX_QUANTITY.unsigned_abs() {
        return Err(StocksyncError::invalid("quantity", "the size of a quantity must be below 2^53 thousandths"));
    }
    Ok(Quantity(thousandths))
}

fn act(text: &str) -> Result<ActToken, StocksyncError> {
    serde_json::from_str(text).map(ActToken).map_err(|error| StocksyncError::invalid("act_token", error))
}

/// An act is plain data: it is always written.
fn act_text(act: &Act) -> String {
    serde_json::to_string(act).unwrap_or_default()
}

// UniFFI 0.31 carries no docstring of a custom type: Kotlin has them in Types.kt, which must say the same.

// Id of a tenant: 16 bytes in hexadecimal with hyphens.
uniffi::custom_type!(
    TenantId, String, { remote, try_lift: |text| Ok(id("tenant_id", &text)?), lower: |id| id.to_string() }
);
// Id of an enrolled device: 16 bytes in hexadecimal with hyphens.
uniffi::custom_type!(
    DeviceId, String, { remote, try_lift: |text| Ok(id("device_id", &text)?), lower: |id| id.to_string() }
);
// Id of a person: 16 bytes in hexadecimal with hyphens.
uniffi::custom_type!(
    UserId, String, { remote, try_lift: |text| Ok(id("user_id", &text)?), lower: |id| id.to_string() }
);
// Id of a variant, which is what balances are of: 16 bytes in hexadecimal with hyphens. It is the id of the variant's
// record.
uniffi::custom_type!(
    VariantId, String, { remote, try_lift: |text| Ok(id("variant_id", &text)?), lower: |id| id.to_string() }
);
// A location: the id of its record, 16 bytes in hexadecimal with hyphens; or a virtual location by name: `supplier`,
// `customer`, `loss`, `scrap`, `in_transit`, `production`.
uniffi::custom_type!(
    LocationId, String, { remote, try_lift: |text| Ok(location(&text)?), lower: |id| location_text(id) }
);
// Id of a record of any collection: 16 bytes in hexadecimal with hyphens.
uniffi::custom_type!(
    RecordId, String, { remote, try_lift: |text| Ok(id("record_id", &text)?), lower: |id| id.to_string() }
);
// Id of a session of counts: 16 bytes in hexadecimal with hyphens.
uniffi::custom_type!(
    SessionId, String, { remote, try_lift: |text| Ok(id("session_id", &text)?), lower: |id| id.to_string() }
);
// How one op names another, such as the op that a void is to undo. Opaque text, the same on every device.
uniffi::custom_type!(
    OpReference, String, {
        remote,
        try_lift: |text| Ok(reference(&text)?),
        lower: |op| format!("{}.{}.{}", op.lane.replica, op.lane.seq, op.hash),
    }
);
// What a person knew when an act began. Opaque text that an app may keep over a restart; losing it loses nothing else.
uniffi::custom_type!(
    ActToken, String, { try_lift: |text| Ok(act(&text)?), lower: |token| act_text(&token.0) }
);
// Where the next page of a list begins. Opaque text; give it to the call that answered with it.
uniffi::custom_type!(
    PageToken, String, { try_lift: |text| Ok(PageToken(text)), lower: |token| token.0 }
);
// Thousandths of the variant's base unit: 2.5 kg of a variant that is counted in kg are 2,500. An app may give sizes
// below 2^53, which every language's numbers hold exactly; one line of an op takes at most 10^12.
uniffi::custom_type!(
    Quantity, i64, { try_lift: |value| Ok(quantity(value)?), lower: |quantity| quantity.0 }
);
// Milliseconds since 1970-01-01T00:00Z.
uniffi::custom_type!(
    Timestamp, i64, { try_lift: |value| Ok(Timestamp(value)), lower: |time| time.0 }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_an_id_or_a_virtual_name() {
        assert_eq!(location("supplier").unwrap(), LocationId::SUPPLIER);
        assert_eq!(location_text(LocationId::IN_TRANSIT), "in_transit");
        let real = LocationId([7; 16]);
        assert_eq!(location(&location_text(real)).unwrap(), real);
        assert!(
            matches!(location("nowhere"), Err(StocksyncError::InvalidInput { field, .. }) if field == "location_id")
        );
    }

    #[test]
    fn quantities_end_below_two_to_the_53() {
        assert_eq!(quantity(-MAX_QUANTITY).unwrap(), Quantity(-MAX_QUANTITY));
        for beyond in [MAX_QUANTITY + 1, i64::MIN] {
            assert!(matches!(quantity(beyond), Err(StocksyncError::InvalidInput { field, .. }) if field == "quantity"));
        }
    }

    #[test]
    fn references_of_another_form_are_invalid() {
        for text in ["", "a.b.c", "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f.1", "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f.x.00"]
        {
            assert!(matches!(reference(text), Err(StocksyncError::InvalidInput { .. })), "{text}");
        }
    }
}
