//! Identities: 16-byte ids, lanes and op hashes, and the virtual locations that every tenant shares.
//!
//! Owns their text form (hyphenated hexadecimal) and their order (by bytes). Must never generate one: randomness comes from
//! the caller.
//!
//! Each id has a type of its own, so that a variant cannot be passed where a location is expected. In JSON an id is its text
//! form, in SQL and on the wire its 16 bytes.
//!
//! ```
//! use stocksync_schemas::{Location, VariantId};
//!
//! let variant: VariantId = "0197c0de-0000-7000-8000-000000000001".parse()?;
//! assert_eq!(variant.to_string(), "0197c0de-0000-7000-8000-000000000001");
//! assert!(Location::SUPPLIER.is_virtual());
//! # Ok::<(), stocksync_schemas::ids::IdError>(())
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is not an id or hash of the expected form. Correct the text and parse it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}: {found:?}")]
pub struct IdError {
    /// What was expected, such as "a 16-byte id in hexadecimal".
    pub expected: &'static str,
    /// The beginning of the text, at most 48 characters.
    pub found: String,
}

impl IdError {
    /// An error that quotes the beginning of `found`.
    fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: found.chars().take(48).collect() }
    }
}

/// Writes `bytes` as lower-case hexadecimal.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
}

/// Writes an id as groups of 8, 4, 4, 4 and 12 hexadecimal digits.
fn hyphenated(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        push_hex(&mut text, &[*byte]);
    }
    text
}

/// Parses exactly `N` bytes of hexadecimal; hyphens are ignored.
fn from_hex<const N: usize>(text: &str, expected: &'static str) -> Result<[u8; N], IdError> {
    let error = || IdError::new(expected, text);
    let mut bytes = [0_u8; N];
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    for slot in &mut bytes {
        for _ in 0..2 {
            let digit = digits.next().and_then(|d| char::from(d).to_digit(16)).ok_or_else(error)?;
            *slot = (*slot << 4) | u8::try_from(digit).map_err(|_| error())?;
        }
    }
    if digits.next().is_some() { Err(error()) } else { Ok(bytes) }
}

/// Parses an even number of hexadecimal digits of any length; `None` if there is another character or one digit too many.
#[must_use]
pub fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit)).collect())
}

macro_rules! id16 {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// The id whose bytes these are; `None` unless there are exactly 16.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The 16 bytes, as stored in SQL and sent on the wire.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hyphenated(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                from_hex(text, "a 16-byte id in hexadecimal").map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&hyphenated(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

id16! {
    /// A customer organisation: the unit of isolation. No row, message or id of one tenant is visible to another.
    TenantId;
    /// An enrolled installation with its own credential. It survives a reinstallation only if it is enrolled again.
    DeviceId;
    /// One life of a device's local database, random; new after a restore or a clone. It names the lane of the ops captured in it.
    ReplicaId;
    /// The person who captured an op; all zero where nobody is signed in.
    UserId;
    /// A variant: what is stocked, counted and moved.
    VariantId;
    /// A location that holds stock, real or virtual (see the constants).
    Location;
    /// A record, that is an editable document: product, variant, identifier, location, lot. A variant's or location's record has the
    /// same 16 bytes as its [`VariantId`] or [`Location`].
    RecordId;
    /// A session: counts that take effect together when a `close` names them.
    SessionId;
    /// One boot of a device. Readings of the boot clock can be compared only within one boot.
    BootId;
}

/// The virtual locations: 15 zero bytes and one more. They are the same in every tenant and have no record. Their balances may
/// be negative: they are the other end of movements into and out of real locations.
impl Location {
    /// The virtual location whose last byte is `last`.
    const fn virtual_at(last: u8) -> Self {
        let mut bytes = [0; 16];
        bytes[15] = last;
        Self(bytes)
    }

    /// Source of receipts, destination of supplier returns.
    pub const SUPPLIER: Self = Self::virtual_at(1);
    /// Destination of sales, source of customer returns.
    pub const CUSTOMER: Self = Self::virtual_at(2);
    /// The other end of adjustments and of the differences that counts reveal.
    pub const LOSS: Self = Self::virtual_at(3);
    /// Destination of waste and damage.
    pub const SCRAP: Self = Self::virtual_at(4);
    /// Goods that were shipped and not yet received.
    pub const IN_TRANSIT: Self = Self::virtual_at(5);
    /// Consumed or produced by production.
    pub const PRODUCTION: Self = Self::virtual_at(6);

    /// All virtual locations with the name each has in JSON and SQL views.
    pub const VIRTUAL: [(Self, &'static str); 6] = [
        (Self::SUPPLIER, "supplier"),
        (Self::CUSTOMER, "customer"),
        (Self::LOSS, "loss"),
        (Self::SCRAP, "scrap"),
        (Self::IN_TRANSIT, "in_transit"),
        (Self::PRODUCTION, "production"),
    ];

    /// Whether this is a virtual location, or one of the 256 ids reserved for virtual locations.
    #[must_use]
    pub fn is_virtual(&self) -> bool {
        self.0.starts_with(&[0; 15])
    }
}

/// The number of an op in its replica: `seq` counts 1, 2, 3… without a gap. Together with the op's hash it identifies the op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lane {
    /// Which life of which local database.
    pub replica: ReplicaId,
    /// Dense within the replica, from 1; assigned in the transaction that writes the op.
    pub seq: u64,
}

/// SHA-256 over an op's canonical bytes ([`crate::Op::canonical_bytes`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OpHash(pub [u8; 32]);

impl OpHash {
    /// The hash whose bytes these are; `None` unless there are exactly 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for OpHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for OpHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for OpHash {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        from_hex(text, "a 32-byte hash in hexadecimal").map(Self)
    }
}

impl Serialize for OpHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OpHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A reference from one op to another, by lane and hash. An op cannot refer to itself or to a later one, because it would
/// have to contain a hash that covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpRef {
    /// The lane in which the op was first captured.
    pub lane: Lane,
    /// Its hash.
    pub hash: OpHash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_print() {
        let id = ReplicaId([0x0f; 16]);
        assert_eq!(id.to_string(), "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("0f".parse::<ReplicaId>().is_err());
        assert!(format!("{id}00").parse::<ReplicaId>().is_err());
        assert!("zz0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f".parse::<ReplicaId>().is_err());
    }

    #[test]
    fn virtual_locations_are_told_from_real_ones() {
        for (location, _) in Location::VIRTUAL {
            assert!(location.is_virtual());
        }
        assert!(!Location([1; 16]).is_virtual());
    }
}
