//! What the device states about an op, what the server adds to it, and the running hash over a tenant's log.
//!
//! Owns the shapes and the hash of the log. Must never decide an order of ops: the fold does (`stocksync-ledger`).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{Lane, OpHash};

/// The running hash of a log up to and including one position. The head of the empty log is all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Head(pub OpHash);

impl Head {
    /// The head after one more op: `SHA-256(head(n-1) ‖ op hash ‖ lane ‖ acceptance)`, numbers big-endian in 8 bytes. Two logs
    /// with the same head at a position are the same up to that position.
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

/// A position in a tenant's log with the running hash up to it. Position 0 with the zero head is the start of every log and
/// the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct LogPoint {
    /// Dense per tenant, in commit order, from 1; 0 is before the first op.
    pub position: u64,
    /// The head after the op at `position`.
    pub head: Head,
}

/// The device's estimate of when an act happened: it began within `began ± uncertainty` and ended within
/// `ended ± uncertainty`, in server time, ms since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// Estimated beginning, ms.
    pub began: i64,
    /// Estimated end, ms; not before `began`.
    pub ended: i64,
    /// Largest error of both, ms.
    pub uncertainty: u64,
}

/// What travels beside an op, outside its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct CaptureContext {
    /// When the act happened; fixed when the op is first sent.
    pub estimate: Estimate,
    /// The log point applied on the device when the act began.
    pub seen: LogPoint,
    /// The device's own highest seq when the act began.
    pub own_seen: u64,
}

/// What the server adds to an op that it accepts. A device that finds a lost tail discards it and receives another (design 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Acceptance {
    /// Position in the tenant's log, from 1, dense, in order of commit.
    pub position: u64,
    /// Estimated beginning, server time, ms.
    pub began: i64,
    /// Estimated end, server time, ms; not before `began`.
    pub ended: i64,
    /// Largest error of both, ms.
    pub uncertainty: u64,
    /// The author knew the log up to this position when the act began.
    pub past: u64,
    /// The author knew its own lane up to this seq when the act began.
    pub own_past: u64,
}

/// The position of an op that is not accepted yet: greater than every accepted one, and in nobody's `past`.
pub const NOT_ACCEPTED: u64 = u64::MAX;

impl Acceptance {
    /// The acceptance with which a device folds its own op until the server's arrives: position [`NOT_ACCEPTED`], the rest from
    /// the device's own context.
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

    /// Whether the server has given this op a position.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.position != NOT_ACCEPTED
    }
}
