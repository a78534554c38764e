//! What the phone knows beside an op, what the server adds to it, and the running hash over a tenant's log.
//!
//! Owns the shapes and the hash. Must never decide an order of acts: that is the fold's (`stocksync-ledger`).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{Lane, OpHash};

/// The running hash of a log up to and including one position. The empty log's is all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Head(pub OpHash);

impl Head {
    /// The head after one more op: `SHA-256(head(n-1) ‖ op hash ‖ lane ‖ acceptance)`.
    #[must_use]
    pub fn next(&self, hash: &OpHash, lane: &Lane, acceptance: &Acceptance) -> Self {
        let mut sha = Sha256::new();
        sha.update(self.0.0);
        sha.update(hash.0);
        sha.update(lane.replica.0);
        sha.update(lane.seq.to_be_bytes());
        sha.update(acceptance.position.to_be_bytes());
        sha.update(acceptance.began.to_be_bytes());
        sha.update(acceptance.ended.to_be_bytes());
        sha.update(acceptance.uncertainty.to_be_bytes());
        sha.update(acceptance.past.to_be_bytes());
        sha.update(acceptance.own_past.to_be_bytes());
        Self(OpHash(sha.finalize().into()))
    }
}

/// A place in a tenant's log and the running hash up to it. Position 0 with the zero head is the start of every log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct LogPoint {
    /// Dense per tenant, in commit order, from 1; 0 is before the first op.
    pub position: u64,
    /// The head after the op at `position`.
    pub head: Head,
}

/// When an act happened, as well as its device can tell: it began in `began ± uncertainty` and ended in
/// `ended ± uncertainty`, server time, ms since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// Best guess of the beginning, ms.
    pub began: i64,
    /// Best guess of the end, ms; not before `began`.
    pub ended: i64,
    /// How far both may be off, ms.
    pub uncertainty: u64,
}

/// What travels beside an op, outside its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct CaptureContext {
    /// When the act happened.
    pub estimate: Estimate,
    /// The log point applied on the device when the act began.
    pub seen: LogPoint,
    /// The device's own highest seq when the act began.
    pub own_seen: u64,
}

/// What the server adds to an op. May be replaced after a lost tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Acceptance {
    /// Place in the tenant's log.
    pub position: u64,
    /// Estimated beginning, server time, ms.
    pub began: i64,
    /// Estimated end, server time, ms; not before `began`.
    pub ended: i64,
    /// How far both may be off, ms.
    pub uncertainty: u64,
    /// Whoever did the act knew the log up to this position when it began.
    pub past: u64,
    /// And knew the own lane up to this seq.
    pub own_past: u64,
}

/// The position of an op that is not accepted yet: after every accepted one, and known to nobody.
pub const NOT_ACCEPTED: u64 = u64::MAX;

impl Acceptance {
    /// The acceptance an op is folded with until the server's arrives: position infinite, the rest by the phone's own
    /// estimate.
    #[must_use]
    pub fn provisional(context: &CaptureContext) -> Self {
        Self {
            position: NOT_ACCEPTED,
            began: context.estimate.began,
            ended: context.estimate.ended,
            uncertainty: context.estimate.uncertainty,
            past: context.seen.position,
            own_past: context.own_seen,
        }
    }

    /// Whether the server has given this op its place.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.position != NOT_ACCEPTED
    }
}
