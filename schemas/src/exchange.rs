//! One exchange: what a device sends, what the server answers.
//!
//! Owns the meaning of the messages; [`crate::wire`] owns their bytes. Must never hold what only one side needs.
//!
//! ```
//! use stocksync_schemas::wire::{decode_request, encode_request};
//! use stocksync_schemas::{
//!     Body, BootId, CaptureContext, CaptureTime, Estimate, ExchangeRequest, Lane, Location, LogPoint, Move,
//!     MovementLine, Op, PushedOp, ReplicaId, UserId, VariantId,
//! };
//!
//! // A device sold 3 pieces of one variant.
//! let replica = ReplicaId([7; 16]);
//! let line = MovementLine {
//!     variant: VariantId([1; 16]),
//!     lot: String::new(),
//!     quantity: 3_000, // thousandths
//!     entered: "3 x EACH".to_owned(),
//!     unit_cost: None,
//! };
//! let sale = Move {
//!     from: Location([2; 16]),
//!     to: Location::CUSTOMER,
//!     lines: vec![line],
//!     reason: String::new(),
//!     reference: "order 17".to_owned(),
//! };
//! let captured =
//!     CaptureTime { wall_ms: 1_790_000_000_000, boot_ms: 86_400_000, boot: BootId([9; 16]), took_ms: 1_500 };
//! let op = Op::new(Lane { replica, seq: 1 }, captured, UserId::default(), Body::Move(sale));
//! let estimate = Estimate { began: 1_789_999_998_500, ended: 1_790_000_000_000, uncertainty: 40 };
//! let context = CaptureContext { estimate, seen: LogPoint::default(), own_seen: 0 };
//!
//! let request = ExchangeRequest {
//!     protocol: stocksync_schemas::exchange::PROTOCOL,
//!     replica,
//!     cursor: LogPoint::default(),
//!     acknowledged: LogPoint::default(),
//!     final_seq: 0,
//!     captured_seq: 1,
//!     pull_limit: 2_000,
//!     points: Vec::new(),
//!     ops: vec![PushedOp { op, context }],
//! };
//! let bytes = encode_request(&request); // the body of POST /api/v1/sync/exchange
//! let decoded = decode_request(&bytes)?;
//! assert_eq!(decoded.request, request);
//! assert!(decoded.undecodable.is_empty());
//! # Ok::<(), stocksync_schemas::wire::WireError>(())
//! ```

use serde::{Deserialize, Serialize};

use crate::acceptance::{Acceptance, CaptureContext, LogPoint};
use crate::errors::Code;
use crate::ids::ReplicaId;
use crate::op::Op;

/// The newest version of the protocol that this build speaks. A server accepts every older one, too.
pub const PROTOCOL: u32 = 1;

/// An op that a device sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedOp {
    /// As captured.
    pub op: Op,
    /// What the device states about it, outside its hash.
    #[serde(rename = "beside")]
    pub context: CaptureContext,
}

/// An op that a device receives, with its acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedOp {
    /// As captured.
    pub op: Op,
    /// What the server added.
    pub acceptance: Acceptance,
}

/// The request of an exchange: a device's state and the ops that have no final verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRequest {
    /// Protocol version of the sender.
    pub protocol: u32,
    /// The replica that sends; all ops of the request are of its lane.
    pub replica: ReplicaId,
    /// The log point up to which the device has applied the log.
    pub cursor: LogPoint,
    /// The newest log point at which the device was told that an op of its own was accepted.
    pub acknowledged: LogPoint,
    /// The acknowledged mark: every own op up to this seq has a final verdict here.
    pub final_seq: u64,
    /// The highest own seq captured so far.
    pub captured_seq: u64,
    /// Largest number of ops wanted in the answer; 0 pulls nothing. The server may send fewer.
    pub pull_limit: u32,
    /// After a lost tail: older log points of the device, newest first, from which the server picks the newest it shares.
    #[serde(default)]
    pub points: Vec<LogPoint>,
    /// Ops without a final verdict, in order of seq.
    pub ops: Vec<PushedOp>,
}

/// The server's decision on one pushed op.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Accepted by this exchange.
    Ok(Acceptance),
    /// Accepted by an earlier exchange; the op counts once.
    Duplicate(Acceptance),
    /// Not accepted. Final unless `retryable`: the op stays on the device with its code and is excluded from balances.
    Rejected {
        /// Registered code.
        code: Code,
        /// Whether the same op may be accepted later.
        retryable: bool,
        /// Text for a person.
        text: String,
    },
}

/// The answer for one op of the requesting replica's lane. Also sent, as `Duplicate`, for own ops that the answer's cursor
/// passes and whose earlier verdict may not have arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpVerdict {
    /// Which op of the lane.
    pub seq: u64,
    /// The decision.
    #[serde(rename = "outcome")]
    pub verdict: Verdict,
}

/// The answer of an exchange. A device applies all of it in one transaction.
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
    /// One for each pushed op, in order of seq, and duplicates for own ops that `cursor` passes.
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
