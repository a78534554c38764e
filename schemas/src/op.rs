//! Operations: what a person did, captured once and immutable; their canonical bytes and hash.
//!
//! Owns the envelope and the hash. Must never change the canonical bytes of a released version: ops refer to each other by
//! hash, and devices store ops that were captured years ago.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::body::{Body, BodyError};
use crate::ids::{BootId, Lane, OpHash, OpRef, UserId};

/// The number of a kind of op. Numbers are never reused; a number that a build does not know is legal and survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Kind(pub u32);

/// How many kinds, and versions of kinds, this build can decode. A store that was written by a build with a smaller number
/// may hold ops as opaque bytes that this one can read ([`Kind::known_since`]).
pub const KINDS: u32 = 5;

impl Kind {
    /// The [`KINDS`] of the first build that could decode a version of a kind; none if this build cannot.
    #[must_use]
    pub fn known_since(kind: Self, version: u32) -> Option<u32> {
        match (kind, version) {
            (Self::MOVE | Self::COUNT | Self::CLOSE | Self::VOID | Self::RECORD, 1) => Some(kind.0),
            _ => None,
        }
    }

    /// Quantity leaves one location and arrives at another.
    pub const MOVE: Self = Self(1);
    /// An observation of one cell.
    pub const COUNT: Self = Self(2);
    /// The counts of a session take effect.
    pub const CLOSE: Self = Self(3);
    /// The target never happened.
    pub const VOID: Self = Self(4);
    /// One change of one record.
    pub const RECORD: Self = Self(5);
    /// Reserved for a reservation of stock; not applied by this version.
    pub const RESERVE: Self = Self(6);
    /// Reserved for the end of a reservation; not applied by this version.
    pub const RELEASE: Self = Self(7);
    /// Reserved for the fulfilment of a reservation; not applied by this version.
    pub const FULFIL: Self = Self(8);
    /// Reserved for a decision on an exception; not applied by this version.
    pub const RESOLVE: Self = Self(9);
}

/// When an act was captured, as the device's clocks told it. Raw values; nothing here is corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CaptureTime {
    /// Wall clock at the end of the act, ms since 1970.
    pub wall_ms: i64,
    /// Boot clock at the end of the act, ms.
    pub boot_ms: i64,
    /// Which boot the boot clock belongs to.
    pub boot: BootId,
    /// How long the act took, ms: a shelf is looked at before the number is entered.
    pub took_ms: u32,
}

/// One operation. It is written once and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Op {
    /// Its number in its replica.
    pub lane: Lane,
    /// When, by the device's clocks.
    pub captured: CaptureTime,
    /// Who captured it; all zero where nobody is signed in.
    pub user: UserId,
    /// What kind of op.
    pub kind: Kind,
    /// Version of the kind's body, from 1.
    pub version: u32,
    /// The content. Bodies of kinds and versions that this build does not know stay the bytes as captured.
    pub body: Body,
}

/// First bytes of the canonical form; the number is the form's version.
const CANONICAL: &[u8] = b"stocksync-op\x01";

impl Op {
    /// A new op of a kind that this build knows.
    #[must_use]
    pub fn new(lane: Lane, captured: CaptureTime, user: UserId, body: Body) -> Self {
        let (kind, version) = body.kind();
        Self { lane, captured, user, kind, version, body }
    }

    /// Builds an op from its parts as they are sent and stored.
    ///
    /// # Errors
    /// [`BodyError`] where the kind and version are known and the bytes are not one canonical body of it: reject the op
    /// with `invalid_op`. Unknown kinds and versions are no error.
    pub fn from_parts(
        lane: Lane,
        captured: CaptureTime,
        user: UserId,
        kind: Kind,
        version: u32,
        body: &[u8],
    ) -> Result<Self, BodyError> {
        Ok(Self { lane, captured, user, kind, version, body: Body::decode(kind, version, body)? })
    }

    /// The bytes that the hash covers: every field in fixed width, big-endian, then the body's canonical bytes.
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let body = self.body.encode();
        let mut bytes = Vec::with_capacity(128 + body.len());
        bytes.extend_from_slice(CANONICAL);
        bytes.extend_from_slice(&self.lane.replica.0);
        bytes.extend_from_slice(&self.lane.seq.to_be_bytes());
        bytes.extend_from_slice(&self.captured.wall_ms.to_be_bytes());
        bytes.extend_from_slice(&self.captured.boot_ms.to_be_bytes());
        bytes.extend_from_slice(&self.captured.boot.0);
        bytes.extend_from_slice(&self.captured.took_ms.to_be_bytes());
        bytes.extend_from_slice(&self.user.0);
        bytes.extend_from_slice(&self.kind.0.to_be_bytes());
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_be_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    /// SHA-256 over [`Op::canonical_bytes`].
    #[must_use]
    pub fn hash(&self) -> OpHash {
        OpHash(Sha256::digest(self.canonical_bytes()).into())
    }

    /// The reference by which another op names this one. Computes the hash.
    #[must_use]
    pub fn reference(&self) -> OpRef {
        OpRef { lane: self.lane, hash: self.hash() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_if_their_bodies_can_be_decoded() {
        for kind in (0..100).map(Kind) {
            for version in 0..4 {
                let opaque = matches!(Body::decode(kind, version, b"\xff"), Ok(Body::Opaque(_)));
                let since = Kind::known_since(kind, version);
                assert_eq!(since.is_none(), opaque, "{kind:?} {version}");
                assert!(since.is_none_or(|since| (1..=KINDS).contains(&since)), "{kind:?} {version}");
            }
        }
    }
}
