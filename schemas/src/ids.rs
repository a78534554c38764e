//! Identities: 16-byte ids, lanes and op hashes, and the virtual locations every tenant shares.
//!
//! Owns their text form (hyphenated hex) and order (bytes). Must never make one: randomness is the caller's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text that is not the identity it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}: {found:?}")]
pub struct IdError {
    /// What was expected, such as "a 16-byte id in hexadecimal".
    pub expected: &'static str,
    /// The beginning of what was found.
    pub found: String,
}

impl IdError {
    fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: found.chars().take(48).collect() }
    }
}

/// Writes `bytes` as lower-case hexadecimal.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads exactly `N` bytes of hexadecimal, hyphens ignored.
fn from_hex<const N: usize>(text: &str, expected: &'static str) -> Result<[u8; N], IdError> {
    let wrong = || IdError::new(expected, text);
    let mut bytes = [0_u8; N];
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    for slot in &mut bytes {
        for _ in 0..2 {
            let digit = digits.next().and_then(|d| char::from(d).to_digit(16)).ok_or_else(wrong)?;
            *slot = (*slot << 4) | u8::try_from(digit).map_err(|_| wrong())?;
        }
    }
    if digits.next().is_some() { Err(wrong()) } else { Ok(bytes) }
}

/// Reads any even run of hexadecimal digits.
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
            /// The id held in `bytes`, if they are 16.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The 16 bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let hex = to_hex(&self.0);
                let mut rest = hex.as_str();
                for (part, len) in [8, 4, 4, 4, 12].into_iter().enumerate() {
                    if part > 0 {
                        f.write_str("-")?;
                    }
                    let (head, tail) = rest.split_at_checked(len).unwrap_or((rest, ""));
                    f.write_str(head)?;
                    rest = tail;
                }
                Ok(())
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
                serializer.collect_str(self)
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
    /// A customer organisation: the isolation unit.
    TenantId;
    /// An enrolled installation with its own credential.
    DeviceId;
    /// One life of a device's local database; new after a restore or a clone.
    ReplicaId;
    /// The person who did the act; all zero where nobody is signed in.
    UserId;
    /// The thing stocked.
    VariantId;
    /// A place that holds stock, real or virtual.
    Location;
    /// An editable document: product, variant, location, lot…
    RecordId;
    /// Counts that act together once closed.
    SessionId;
    /// One boot of the device's clock.
    BootId;
}

/// Virtual locations end in these bytes; all before them is zero. They are the same in every tenant and are not records.
impl Location {
    const fn virtual_at(last: u8) -> Self {
        let mut bytes = [0; 16];
        bytes[15] = last;
        Self(bytes)
    }

    /// Where receipts come from and supplier returns go.
    pub const SUPPLIER: Self = Self::virtual_at(1);
    /// Where sales go and customer returns come from.
    pub const CUSTOMER: Self = Self::virtual_at(2);
    /// The other end of adjustments and of what counts reveal.
    pub const LOSS: Self = Self::virtual_at(3);
    /// Waste and damage.
    pub const SCRAP: Self = Self::virtual_at(4);
    /// Shipped and not yet received.
    pub const IN_TRANSIT: Self = Self::virtual_at(5);
    /// Consumed by, or made by, production.
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

    /// Whether this is one of the virtual locations (or of the range kept for later ones).
    #[must_use]
    pub fn is_virtual(&self) -> bool {
        self.0.starts_with(&[0; 15])
    }
}

/// The place of an op in the log of its replica: `seq` counts 1, 2, 3… without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lane {
    /// Which life of which local database.
    pub replica: ReplicaId,
    /// Dense within the replica, from 1.
    pub seq: u64,
}

/// SHA-256 over an op's canonical bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OpHash(pub [u8; 32]);

impl OpHash {
    /// The hash held in `bytes`, if they are 32.
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

/// How one op names another: by lane and hash, so that no op can name itself or a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpRef {
    /// The first lane the op was captured in.
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
