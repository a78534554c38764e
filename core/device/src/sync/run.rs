//! The loop of a sync: reads, sends, and keeps what came, each step by itself.
//!
//! Owns the transaction in which an answer takes effect. Must never hold a connection while it waits for the network.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use stocksync_ledger::Entry;
use stocksync_ledger::fold::FoldBatch;
use stocksync_schemas::{ExchangeResponse, Lane, PushedOp, ReplicaId, Verdict, limits, wire};

use super::engine::{Effect, Engine, Event, Local, is_columns};
use super::transport::{Transport, TransportError};
use crate::Error;
use crate::apply::{Changes, apply, forget_past};
use crate::records;
use crate::store::{OwnOpState, Store, Writer};
use crate::time::{Clock, ClockReading, estimate};

/// Where a sync stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Exchanges so far.
    pub exchanges: u64,
    /// Ops still waiting here.
    pub pending: u64,
    /// Ops of the log still to come.
    pub remaining: u64,
    /// Applied up to this position.
    pub cursor: u64,
}

/// What a sync did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Exchanges that were answered.
    pub exchanges: u64,
    /// Own ops accepted.
    pub accepted: u64,
    /// Own ops that the server had already.
    pub duplicates: u64,
    /// Own ops refused for good.
    pub rejected: u64,
    /// Others' ops that came.
    pub pulled: u64,
    /// Times the server was found without the end of its log.
    pub lost_tails: u64,
    /// Bytes sent and received, compressed.
    pub bytes: (u64, u64),
    /// Both sides know the same; false if the deadline passed, the app cancelled, or an op has to wait.
    pub complete: bool,
}

/// How a sync is bounded and observed.
pub struct SyncOptions<'a> {
    /// No exchange begins after this many ms.
    pub deadline_ms: i64,
    /// Set by the app to end after the exchange under way.
    pub cancel: &'a AtomicBool,
    /// Told after each exchange, with no lock held.
    pub progress: &'a mut dyn FnMut(Progress),
    /// Told of cells that changed, once per transaction, with no lock held.
    pub changed: &'a mut dyn FnMut(&Changes),
}

/// The parts that a sync works with.
pub(crate) struct Parts<'a> {
    pub store: &'a Store,
    pub clock: &'a dyn Clock,
    pub replica: ReplicaId,
    pub transport: &'a dyn Transport,
}

/// Exchanges until both sides know the same, the deadline passes, or nothing answers.
pub(crate) fn sync(parts: &Parts<'_>, options: &mut SyncOptions<'_>) -> Result<Report, Error> {
    let started = parts.clock.read();
    let exchanged = parts.store.read(|reader| reader.has_exchanged(started.boot))?;
    let (mut engine, mut effect) = Engine::start(exchanged);
    let mut report = Report::default();
    let mut sent_at = started;
    loop {
        let event = match effect {
            Effect::Done { complete } => {
                report.complete = complete;
                return Ok(report);
            }
            Effect::Refuse(reason) => return Err(Error::BadAnswer(reason.to_owned())),
            Effect::Read { ops_after, points } => {
                let spent = parts.clock.read().boot_ms - started.boot_ms;
                if options.cancel.load(Ordering::Relaxed) || spent >= options.deadline_ms {
                    Event::Stop
                } else {
                    Event::Read(Box::new(read_local(parts, ops_after, points)?))
                }
            }
            Effect::Send { request, as_rows } => {
                let bytes =
                    if as_rows { wire::encode_request_as_rows(&request) } else { wire::encode_request(&request) };
                sent_at = parts.clock.read();
                report.bytes.0 += bytes.len() as u64;
                match parts.transport.exchange(&bytes) {
                    Ok(answer) => {
                        report.bytes.1 += answer.len() as u64;
                        report.exchanges += 1;
                        let response =
                            wire::decode_response(&answer).map_err(|error| Error::BadAnswer(error.to_string()))?;
                        Event::Answered(Box::new(response))
                    }
                    Err(TransportError::Refused { code, .. }) if is_columns(code) => Event::ColumnsRefused,
                    Err(TransportError::Refused { code, reason }) => return Err(Error::Refused { code, reason }),
                    Err(TransportError::Offline(reason)) => return Err(Error::Offline(reason)),
                }
            }
            Effect::Apply(response) => {
                let received = parts.clock.read();
                let changes = parts
                    .store
                    .write(|writer| keep(writer, parts.replica, &response, &mut report, sent_at, received))?;
                tell(parts, options, &report, &response, &changes)?;
                Event::Kept
            }
            Effect::Forget(common) => {
                report.lost_tails += 1;
                parts.store.write(|writer| {
                    forget_past(writer, parts.replica, common)?;
                    writer.set_meta_point("cursor", common)?;
                    writer.set_meta_point("acknowledged", common)
                })?;
                Event::Kept
            }
        };
        effect = engine.handle(event);
    }
}

fn tell(
    parts: &Parts<'_>,
    options: &mut SyncOptions<'_>,
    report: &Report,
    response: &ExchangeResponse,
    changes: &Changes,
) -> Result<(), Error> {
    let pending = parts.store.read(|reader| reader.outbox_size())?.pending;
    (options.progress)(Progress {
        exchanges: report.exchanges,
        pending,
        remaining: response.remaining,
        cursor: response.cursor.position,
    });
    (options.changed)(changes);
    Ok(())
}

/// Reads what the next exchange needs; estimates are fixed here and kept, so that an op sent again is sent alike.
fn read_local(parts: &Parts<'_>, ops_after: Option<u64>, points: bool) -> Result<Local, Error> {
    let boot = parts.clock.read().boot;
    let (mut local, fresh) = parts.store.read(|reader| {
        let capture_state = reader.capture_state(parts.replica)?;
        let mut local = Local {
            replica: parts.replica,
            cursor: capture_state.cursor,
            acknowledged: reader.meta_point("acknowledged")?,
            final_seq: capture_state.final_seq(),
            captured_seq: capture_state.captured_seq,
            exchanged_this_boot: reader.has_exchanged(boot)?,
            ops: Vec::new(),
            points: Vec::new(),
        };
        if points {
            local.points = reader.log_points()?;
            local.points.truncate(limits::TAIL_POINTS);
        }
        let mut fresh = Vec::new();
        let mut bytes = 0;
        let outbox = ops_after.map_or_else(|| Ok(Vec::new()), |after| reader.outbox(after, limits::PUSH_OPS))?;
        for mut pending in outbox {
            bytes += pending.entry.op.body.encode().len();
            if bytes > limits::PUSH_BODY_BYTES {
                break;
            }
            if !pending.estimate_is_fixed {
                let captured = &pending.entry.op.captured;
                let bounds = reader.clock_bounds(captured.boot, captured.boot_ms, pending.after_exchange)?;
                pending.context.estimate = estimate(captured, &bounds);
                fresh.push((pending.entry.op.lane.seq, pending.context.estimate));
            }
            local.ops.push(PushedOp { op: pending.entry.op, context: pending.context });
        }
        Ok((local, fresh))
    })?;
    if !fresh.is_empty() {
        parts
            .store
            .write(|writer| fresh.iter().try_for_each(|(seq, estimate)| writer.update_estimate(*seq, estimate)))?;
    }
    local.points.retain(|point| point.position > 0);
    Ok(local)
}

/// Everything that an answer brings, in one transaction.
fn keep(
    writer: &Writer<'_>,
    own: ReplicaId,
    response: &ExchangeResponse,
    report: &mut Report,
    sent: ClockReading,
    received: ClockReading,
) -> Result<Changes, Error> {
    let (mut batch, mut states) = (FoldBatch::default(), Vec::new());
    let mut arrived: Vec<Entry> = Vec::new();
    for verdict in &response.verdicts {
        judge(writer, own, verdict.seq, &verdict.verdict, &mut batch, &mut states, report)?;
    }
    let mut seen = BTreeSet::<Lane>::new();
    for accepted in &response.ops {
        let lane = accepted.op.lane;
        if lane.replica == own || !seen.insert(lane) || writer.read().op(lane)?.is_some() {
            continue;
        }
        report.pulled += 1;
        arrived.push(Entry::new(accepted.op.clone(), accepted.acceptance));
    }
    arrived.sort_by_key(|entry| entry.acceptance.position);
    batch.new = arrived.clone();
    let changes = apply(writer, batch)?;
    // The fold asks which ops were rejected before this answer: their states are written after it.
    states.iter().try_for_each(|(seq, state, code, text)| writer.update_own_op(*seq, *state, code, text))?;
    for entry in &arrived {
        records::merge(writer, entry)?;
    }
    if response.cursor.position >= writer.read().meta_point("cursor")?.position {
        writer.set_meta_point("cursor", response.cursor)?;
        writer.insert_log_point(response.cursor)?;
    }
    if let Some(point) = response.acknowledged
        && point.position >= writer.read().meta_point("acknowledged")?.position
    {
        writer.set_meta_point("acknowledged", point)?;
        writer.insert_log_point(point)?;
    }
    if sent.boot == received.boot {
        writer.insert_exchange(received.boot, sent.boot_ms, received.boot_ms, response.server_ms)?;
    }
    Ok(changes)
}

/// What a verdict does to one own op.
fn judge(
    writer: &Writer<'_>,
    own: ReplicaId,
    seq: u64,
    verdict: &Verdict,
    batch: &mut FoldBatch,
    states: &mut Vec<(u64, OwnOpState, String, String)>,
    report: &mut Report,
) -> Result<(), Error> {
    let lane = Lane { replica: own, seq };
    let Some(entry) = writer.read().op(lane)? else { return Ok(()) };
    match verdict {
        Verdict::Ok(acceptance) | Verdict::Duplicate(acceptance) => {
            match verdict {
                Verdict::Ok(_) => report.accepted += 1,
                _ => report.duplicates += 1,
            }
            if writer.read().own_op_state(seq)? != Some(OwnOpState::Accepted) {
                states.push((seq, OwnOpState::Accepted, String::new(), String::new()));
            }
            if entry.acceptance != *acceptance {
                batch.accepted.push(Entry { acceptance: *acceptance, ..entry });
            }
        }
        Verdict::Rejected { code, retryable, text } => {
            let state = if *retryable { OwnOpState::Pending } else { OwnOpState::Rejected };
            states.push((seq, state, code.as_str().to_owned(), text.clone()));
            if !retryable {
                report.rejected += 1;
                batch.rejected.insert(lane);
            }
        }
    }
    Ok(())
}
