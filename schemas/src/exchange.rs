//! One exchange: what a device sends, what the server answers.
//!
//! Owns the meaning of the messages; `wire` owns their bytes. Must never hold what only one side needs.

use serde::{Deserialize, Serialize};

use crate::acceptance::{Acceptance, CaptureContext, LogPoint};
use crate::errors::Code;
use crate::ids::ReplicaId;
use crate::op::Op;

/// The protocol this build speaks; older ones are accepted and upcast.
pub const PROTOCOL: u32 = 1;

/// An op on its way up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedOp {
    /// As captured.
    pub op: Op,
    /// What the phone knows about it.
    #[serde(rename = "beside")]
    pub context: CaptureContext,
}

/// An op with its place in the log, on its way down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedOp {
    /// As captured.
    pub op: Op,
    /// What the server added.
    pub acceptance: Acceptance,
}

/// What a device sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRequest {
    /// Protocol version of the sender.
    pub protocol: u32,
    /// The life of the local database that speaks; all ops of the request are of its lane.
    pub replica: ReplicaId,
    /// The log point up to which the device has applied the log.
    pub cursor: LogPoint,
    /// The newest log point at which the device was told that an op of its own was accepted.
    pub acknowledged: LogPoint,
    /// The acknowledged mark: every own op up to this seq has a final verdict here.
    pub final_seq: u64,
    /// The highest own seq captured so far.
    pub captured_seq: u64,
    /// Most ops the device wants in the answer; the server may send fewer.
    pub pull_limit: u32,
    /// After a lost tail: older log points of the device, newest first, from which the server picks the newest it shares.
    #[serde(default)]
    pub points: Vec<LogPoint>,
    /// Ops without a final verdict, in order of seq.
    pub ops: Vec<PushedOp>,
}

/// What became of one pushed op.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Accepted by this exchange.
    Ok(Acceptance),
    /// Accepted by an earlier one; the op counts once.
    Duplicate(Acceptance),
    /// Not applied. Final unless `retryable`.
    Rejected {
        /// Registered code.
        code: Code,
        /// Whether the same op may be accepted later.
        retryable: bool,
        /// For a person.
        text: String,
    },
}

/// The answer for one op of the requesting replica's lane. Also sent, as `Duplicate`, for own ops that the answer's cursor
/// passes and whose earlier verdict may not have arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpVerdict {
    /// Which op of the lane.
    pub seq: u64,
    /// What became of it.
    #[serde(rename = "outcome")]
    pub verdict: Verdict,
}

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeResponse {
    /// Protocol version of the answer.
    pub protocol: u32,
    /// The tenant clock when the answer was made, ms since 1970; never goes back.
    pub server_ms: i64,
    /// Set if the request's cursor, acknowledgement or an op's `seen` is not on the log: the newest point both share (the
    /// start of the log where no point of the request is shared). Nothing else of the exchange took place: no verdict, no
    /// op, cursor unchanged.
    pub lost_tail: Option<LogPoint>,
    /// Per pushed op, in order of seq.
    pub verdicts: Vec<OpVerdict>,
    /// Others' ops after the request's cursor, in order of position.
    pub ops: Vec<AcceptedOp>,
    /// The log point up to which the answer brings the device.
    pub cursor: LogPoint,
    /// The newest log point among the accepted ops of `verdicts`.
    pub acknowledged: Option<LogPoint>,
    /// Whether the log goes on after `cursor`.
    pub more: bool,
    /// Ops of the log after `cursor`.
    pub remaining: u64,
}
