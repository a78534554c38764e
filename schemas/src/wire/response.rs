//! The answer of an exchange.
//!
//! Owns its bytes. On the wire the ops are sorted into lanes, where their fields change least; they must come back in the order
//! of the log.

use std::collections::HashMap;

use prost::Message;

use super::column::{self, Column};
use super::dictionary::{self, Texts};
use super::pb::exchange as pb;
use super::request::span_over_took;
use super::{WireError, decode_bounded, frame, ops, optional_point, point_from_pb, point_to_pb, required_point};
use crate::acceptance::Acceptance;
use crate::errors::Code;
use crate::exchange::{AcceptedOp, ExchangeResponse, OpVerdict, Verdict};
use crate::ids::ReplicaId;
use crate::limits::{MESSAGE_PLAIN_BYTES, PULL_OPS};
use crate::op::Op;

/// Largest number of verdicts in an answer: those of a full push, and those of own ops that the cursor passes.
pub const VERDICTS: usize = crate::limits::PUSH_OPS + PULL_OPS;

/// Code of [`Verdict::Ok`].
const OK: i64 = 0;
/// Code of [`Verdict::Duplicate`].
const DUPLICATE: i64 = 1;
/// Code of a final [`Verdict::Rejected`].
const REJECTED: i64 = 2;
/// Code of a retryable [`Verdict::Rejected`].
const REJECTED_RETRYABLE: i64 = 3;

/// The bytes of an answer. Its ops may be of any kind; a body must not contradict its kind, and positions must ascend.
#[must_use]
pub fn encode_response(response: &ExchangeResponse) -> Vec<u8> {
    let lanes = in_lanes(&response.ops);
    let message = pb::Response {
        protocol: response.protocol,
        server_ms: response.server_ms,
        lost_tail: response.lost_tail.as_ref().map(point_to_pb),
        cursor: optional_point(&response.cursor),
        acknowledged: response.acknowledged.as_ref().map(point_to_pb),
        more: response.more,
        remaining: response.remaining,
        verdicts: (!response.verdicts.is_empty()).then(|| write_verdicts(&response.verdicts)),
        columns: (!lanes.is_empty()).then(|| ops::write(lanes.iter().map(|accepted| &accepted.op), &[])),
        acceptances: (!lanes.is_empty()).then(|| write_acceptances(&lanes)),
    };
    frame::wrap(&message.encode_to_vec())
}

/// Reads an answer.
///
/// # Errors
/// [`WireError`]: nothing of the answer is taken; ask again.
pub fn decode_response(bytes: &[u8]) -> Result<ExchangeResponse, WireError> {
    let plain = frame::unwrap(bytes)?;
    let message: pb::Response = decode_bounded(&plain, 0)?;
    let ops = match &message.columns {
        Some(columns) if columns.count as usize > PULL_OPS => return Err(WireError::TooMany { limit: PULL_OPS }),
        Some(columns) => {
            let ops = ops::read(columns, &[], MESSAGE_PLAIN_BYTES)?;
            read_acceptances(&message.acceptances.unwrap_or_default(), ops)?
        }
        None => Vec::new(),
    };
    Ok(ExchangeResponse {
        protocol: message.protocol,
        server_ms: message.server_ms,
        lost_tail: message.lost_tail.as_ref().map(point_from_pb).transpose()?,
        verdicts: message.verdicts.as_ref().map_or(Ok(Vec::new()), read_verdicts)?,
        ops,
        cursor: required_point(message.cursor.as_ref())?,
        acknowledged: message.acknowledged.as_ref().map(point_from_pb).transpose()?,
        more: message.more,
        remaining: message.remaining,
    })
}

/// Ops of one replica together, replicas in order of first appearance, each lane in order of seq.
fn in_lanes(ops: &[AcceptedOp]) -> Vec<&AcceptedOp> {
    let mut replicas: HashMap<ReplicaId, usize> = HashMap::new();
    for accepted in ops {
        let next = replicas.len();
        replicas.entry(accepted.op.lane.replica).or_insert(next);
    }
    let mut lanes: Vec<&AcceptedOp> = ops.iter().collect();
    lanes.sort_by_key(|accepted| (replicas.get(&accepted.op.lane.replica).copied(), accepted.op.lane.seq));
    lanes
}

/// The column of a value of each item.
fn map<T>(items: &[T], value: impl FnMut(&T) -> i64) -> Vec<u8> {
    column::write(&items.iter().map(value).collect::<Vec<_>>())
}

/// By how many seqs the known part of the own lane ends before the op: 0 if the author knew every earlier op of its lane.
fn behind(at: u64, known: u64) -> i64 {
    at.wrapping_sub(1).wrapping_sub(known).cast_signed()
}

/// The inverse of [`behind`].
fn known(at: u64, behind: u64) -> u64 {
    at.wrapping_sub(1).wrapping_sub(behind)
}

/// The acceptances of ops in lanes, as differences to what the ops state.
fn write_acceptances(lanes: &[&AcceptedOp]) -> pb::AcceptanceColumns {
    pb::AcceptanceColumns {
        position: map(lanes, |accepted| accepted.acceptance.position.cast_signed()),
        ended: map(lanes, |accepted| accepted.acceptance.ended.wrapping_sub(accepted.op.captured.wall_ms)),
        span: map(lanes, |accepted| span_over_took(accepted.acceptance.began, accepted.acceptance.ended, &accepted.op)),
        uncertainty: map(lanes, |accepted| accepted.acceptance.uncertainty.cast_signed()),
        past: map(lanes, |accepted| accepted.acceptance.past.cast_signed()),
        own_past: map(lanes, |accepted| behind(accepted.op.lane.seq, accepted.acceptance.own_past)),
    }
}

/// The ops with their acceptances, in order of position.
fn read_acceptances(message: &pb::AcceptanceColumns, ops: Vec<Op>) -> Result<Vec<AcceptedOp>, WireError> {
    let mut position = Column::read("position", &message.position, ops.len())?;
    let mut ended = Column::read("ended", &message.ended, ops.len())?;
    let mut span = Column::read("span", &message.span, ops.len())?;
    let mut uncertainty = Column::read("uncertainty", &message.uncertainty, ops.len())?;
    let mut past = Column::read("past", &message.past, ops.len())?;
    let mut own_past = Column::read("own_past", &message.own_past, ops.len())?;
    let mut accepted = Vec::with_capacity(ops.len());
    for op in ops {
        let ended = op.captured.wall_ms.wrapping_add(ended.next()?);
        let span = span.next()?.wrapping_add(i64::from(op.captured.took_ms));
        let acceptance = Acceptance {
            position: position.next_u64()?,
            began: ended.wrapping_sub(span),
            ended,
            uncertainty: uncertainty.next_u64()?,
            past: past.next_u64()?,
            own_past: known(op.lane.seq, own_past.next_u64()?),
        };
        accepted.push(AcceptedOp { op, acceptance });
    }
    accepted.sort_by_key(|accepted| accepted.acceptance.position);
    let twice =
        accepted.windows(2).any(|pair| matches!(pair, [a, b] if a.acceptance.position == b.acceptance.position));
    if twice { Err(WireError::Columns("position")) } else { Ok(accepted) }
}

/// The verdicts: acceptances in columns of their own, codes and texts through a dictionary.
fn write_verdicts(verdicts: &[OpVerdict]) -> pb::Verdicts {
    let mut accepted = Vec::new();
    let (mut codes, mut texts) = (Vec::new(), Vec::new());
    let mut dictionary = dictionary::texts();
    let outcome = map(verdicts, |verdict| match &verdict.verdict {
        Verdict::Ok(acceptance) => {
            accepted.push((verdict.seq, *acceptance));
            OK
        }
        Verdict::Duplicate(acceptance) => {
            accepted.push((verdict.seq, *acceptance));
            DUPLICATE
        }
        Verdict::Rejected { code, retryable, text } => {
            codes.push(dictionary.name(&code.as_str().to_owned()));
            texts.push(dictionary.name(text));
            if *retryable { REJECTED_RETRYABLE } else { REJECTED }
        }
    });
    let (text_bytes, text_count, text_length) = dictionary::text_fields(&dictionary);
    pb::Verdicts {
        count: verdicts.len() as u32,
        seq: map(verdicts, |verdict| verdict.seq.cast_signed()),
        outcome,
        position: map(&accepted, |(_, acceptance)| acceptance.position.cast_signed()),
        ended: map(&accepted, |(_, acceptance)| acceptance.ended),
        span: map(&accepted, |(_, acceptance)| acceptance.ended.wrapping_sub(acceptance.began)),
        uncertainty: map(&accepted, |(_, acceptance)| acceptance.uncertainty.cast_signed()),
        past: map(&accepted, |(_, acceptance)| acceptance.past.cast_signed()),
        own_past: map(&accepted, |(seq, acceptance)| behind(*seq, acceptance.own_past)),
        text_bytes,
        texts: text_count,
        text_length,
        code: column::write(&codes),
        text: column::write(&texts),
    }
}

/// The verdicts of an answer.
fn read_verdicts(message: &pb::Verdicts) -> Result<Vec<OpVerdict>, WireError> {
    let count = message.count as usize;
    if count > VERDICTS {
        return Err(WireError::TooMany { limit: VERDICTS });
    }
    let mut seq = Column::read("seq", &message.seq, count)?;
    let mut outcome = Column::read("outcome", &message.outcome, count)?;
    let accepted = outcome.rest().iter().filter(|outcome| [OK, DUPLICATE].contains(outcome)).count();
    let mut acceptances = VerdictReader::read(message, accepted)?;
    let mut texts = Texts::read(&message.text_bytes, message.texts, &message.text_length, MESSAGE_PLAIN_BYTES)?;
    let mut code = Column::read("code", &message.code, count - accepted)?;
    let mut text = Column::read("text", &message.text, count - accepted)?;
    let mut verdicts = Vec::with_capacity(count);
    for _ in 0..count {
        let seq = seq.next_u64()?;
        let verdict = match outcome.next()? {
            OK => Verdict::Ok(acceptances.next(seq)?),
            DUPLICATE => Verdict::Duplicate(acceptances.next(seq)?),
            REJECTED => rejected(&texts.get(&mut code)?, false, texts.get(&mut text)?),
            REJECTED_RETRYABLE => rejected(&texts.get(&mut code)?, true, texts.get(&mut text)?),
            _ => return Err(WireError::Columns("outcome")),
        };
        verdicts.push(OpVerdict { seq, verdict });
    }
    Ok(verdicts)
}

/// A code that this build does not know counts as its most general sibling and stays readable in the text.
fn rejected(code: &str, retryable: bool, text: String) -> Verdict {
    let general = if retryable { Code::Internal } else { Code::InvalidOp };
    match Code::parse(code) {
        Some(code) => Verdict::Rejected { code, retryable, text },
        None => Verdict::Rejected { code: general, retryable, text: format!("{code}: {text}") },
    }
}

/// The acceptances of the verdicts, being read.
struct VerdictReader {
    position: Column,
    ended: Column,
    span: Column,
    uncertainty: Column,
    past: Column,
    own_past: Column,
}

impl VerdictReader {
    /// Decodes the columns of `count` acceptances.
    fn read(message: &pb::Verdicts, count: usize) -> Result<Self, WireError> {
        Ok(Self {
            position: Column::read("position", &message.position, count)?,
            ended: Column::read("ended", &message.ended, count)?,
            span: Column::read("span", &message.span, count)?,
            uncertainty: Column::read("uncertainty", &message.uncertainty, count)?,
            past: Column::read("past", &message.past, count)?,
            own_past: Column::read("own_past", &message.own_past, count)?,
        })
    }

    /// The next acceptance, of the op with this seq.
    fn next(&mut self, seq: u64) -> Result<Acceptance, WireError> {
        let ended = self.ended.next()?;
        Ok(Acceptance {
            position: self.position.next_u64()?,
            began: ended.wrapping_sub(self.span.next()?),
            ended,
            uncertainty: self.uncertainty.next_u64()?,
            past: self.past.next_u64()?,
            own_past: known(seq, self.own_past.next_u64()?),
        })
    }
}
