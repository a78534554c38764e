//! One exchange: a device's ops up, the others' ops down (the protocol is `schemas/README.md`).
//!
//! Owns the order of steps and the verdicts. It is given the time and a transaction, and never reads a clock, makes an id
//! or commits: the same code runs on Postgres and in the simulation.
//!
//! ```text
//! request -> whose lane? -> log points on the log? -> judge each op -> accept, fold, keep -> others' ops -> answer
//! ```

mod accept;
mod ingest;
mod judge;
mod points;
mod pull;
mod rebuild;
mod records;

use std::collections::BTreeMap;

use stocksync_ledger::Entry;
use stocksync_ledger::records::{RecordError, check_change};
use stocksync_schemas::exchange::PROTOCOL;
use stocksync_schemas::wire::{DecodedRequest, Undecodable};
use stocksync_schemas::{
    Body, CaptureContext, Code, DeviceId, ExchangeRequest, ExchangeResponse, LogPoint, Op, OpHash, OpVerdict, PushedOp,
    Verdict,
};

pub use ingest::append;
pub use rebuild::{Rebuilt, rebuild};

use crate::op_log::{LogError, LogTransaction, TenantClock};

/// The exchange as a whole was refused, or failed. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Refused: answer the code.
    #[error("refused: {0}")]
    Refused(Code),
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// An op with what travels beside it and its hash.
#[derive(Debug, Clone)]
struct IncomingOp {
    op: Op,
    context: CaptureContext,
    hash: OpHash,
    /// What is wrong with a record's change, whatever its document.
    flaw: Option<RecordError>,
}

impl IncomingOp {
    fn new(pushed: PushedOp) -> Self {
        let PushedOp { op, context } = pushed;
        let flaw = match &op.body {
            Body::Record(it) => check_change(&it.change, op.lane.replica).err(),
            _ => None,
        };
        Self { hash: op.hash(), op, context, flaw }
    }
}

/// A request that has been checked as far as that needs no log: hashes are computed and changes of records decoded here,
/// before any lock.
#[derive(Debug, Clone)]
pub struct Prepared {
    request: ExchangeRequest,
    ops: Vec<IncomingOp>,
    undecodable: Vec<Undecodable>,
}

impl Prepared {
    /// Whether nothing is pushed: then nothing that must survive a crash is written.
    #[must_use]
    pub fn only_pulls(&self) -> bool {
        self.ops.is_empty() && self.undecodable.is_empty()
    }
}

/// Checks the version, hashes the ops and decodes changes of records: work for a thread that may be held up.
///
/// # Errors
/// [`ExchangeError::Refused`] with `upgrade_server` for a protocol that this build does not know.
pub fn prepare(decoded: DecodedRequest) -> Result<Prepared, ExchangeError> {
    let DecodedRequest { mut request, undecodable } = decoded;
    if request.protocol == 0 || request.protocol > PROTOCOL {
        return Err(ExchangeError::Refused(Code::UpgradeServer));
    }
    let mut ops = std::mem::take(&mut request.ops);
    // Positions follow the order of capture, whatever order a sender writes them in.
    ops.sort_by_key(|pushed| pushed.op.lane.seq);
    let ops = ops.into_iter().map(IncomingOp::new).collect();
    Ok(Prepared { request, ops, undecodable })
}

/// Exchanges with one tenant's log. `wall_ms` is this machine's clock; what is stored and answered is the tenant's.
///
/// Running the same request again gives the same log: ops that are known are answered and not added.
///
/// # Errors
/// [`ExchangeError::Refused`] with `lane_taken` where the lane is another device's; [`ExchangeError::Log`] if the log
/// failed: the transaction must be rolled back.
pub async fn exchange(
    log: &mut dyn LogTransaction,
    device: DeviceId,
    wall_ms: i64,
    prepared: &Prepared,
) -> Result<ExchangeResponse, ExchangeError> {
    let request = &prepared.request;
    // Only who writes to the log keeps others out while it is read: a device that only pulls takes the clock at the end.
    let mut held = if prepared.only_pulls() { None } else { Some(log.clock(wall_ms).await?) };
    let mut lane = log.lane(request.replica).await?;
    if lane.is_none() && held.is_none() {
        held = Some(log.clock(wall_ms).await?);
        lane = log.lane(request.replica).await?;
    }
    if lane.is_some_and(|lane| lane.device != device) {
        return Err(ExchangeError::Refused(Code::LaneTaken));
    }
    let issued = points::issued(log, prepared).await?;
    if let Some(common) = points::lost_tail(prepared, &issued) {
        let clock = match held {
            Some(clock) => clock,
            None => log.clock(wall_ms).await?,
        };
        return Ok(nothing_but(request, clock, common));
    }
    let mut verdicts = BTreeMap::<u64, Verdict>::new();
    for it in &prepared.undecodable {
        verdicts.insert(it.seq, judge::rejected(it.code, &it.text));
    }
    let held = match held {
        Some(clock) => Some(ingest::ingest(log, device, clock, lane, prepared, &issued, &mut verdicts).await?),
        None => None,
    };
    let page = pull::page(log, request, &verdicts).await?;
    let clock = match held {
        Some(clock) => clock,
        None => log.clock(wall_ms).await?,
    };
    log.touch_device(device, page.cursor.position, clock.now_ms).await?;
    for (seq, acceptance) in page.own {
        verdicts.insert(seq, Verdict::Duplicate(acceptance));
    }
    let acknowledged = pull::newest_acknowledged(log, &verdicts).await?;
    Ok(ExchangeResponse {
        protocol: request.protocol,
        server_ms: clock.now_ms,
        lost_tail: None,
        verdicts: verdicts.into_iter().map(|(seq, verdict)| OpVerdict { seq, verdict }).collect(),
        ops: page.ops,
        cursor: page.cursor,
        acknowledged,
        more: page.cursor.position < clock.point.position,
        remaining: clock.point.position.saturating_sub(page.cursor.position),
    })
}

/// The answer to a device that is past what the log has.
fn nothing_but(request: &ExchangeRequest, clock: TenantClock, common: LogPoint) -> ExchangeResponse {
    ExchangeResponse {
        protocol: request.protocol,
        server_ms: clock.now_ms,
        lost_tail: Some(common),
        verdicts: Vec::new(),
        ops: Vec::new(),
        cursor: request.cursor,
        acknowledged: None,
        more: true,
        remaining: clock.point.position.saturating_sub(common.position),
    }
}

/// A log entry made of what was pushed.
fn entry(incoming: &IncomingOp, acceptance: stocksync_schemas::Acceptance) -> Entry {
    Entry { op: incoming.op.clone(), hash: incoming.hash, acceptance }
}
