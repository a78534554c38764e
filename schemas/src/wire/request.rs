//! The request of an exchange.
//!
//! Owns its bytes in both forms, columns and rows. An op that does not decode as a row must never keep the others back.

use prost::Message;

use super::column::{self, Column};
use super::dictionary::{DictionaryWriter, Entries};
use super::pb::exchange as pb;
use super::{WireError, bodies, decode_bounded, frame, ops, optional_point, point_from_pb, required_point, row};
use crate::acceptance::{CaptureContext, Estimate, Head, LogPoint};
use crate::errors::Code;
use crate::exchange::{ExchangeRequest, PushedOp};
use crate::ids::{OpHash, ReplicaId};
use crate::limits::{PUSH_BODY_BYTES, PUSH_OPS, TAIL_POINTS};
use crate::op::Op;

/// A request as far as it decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedRequest {
    /// The request with the ops that decoded, in order of seq.
    pub request: ExchangeRequest,
    /// The ops that did not; each is answered with its own rejection.
    pub undecodable: Vec<Undecodable>,
}

/// An op whose row does not decode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// Its seq, which travels outside the row's bytes.
    pub seq: u64,
    /// Why, as it is answered.
    pub code: Code,
    /// Why, for a person.
    pub text: String,
    /// What was sent in its place: a row's bytes, or the JSON text of the op.
    pub bytes: Vec<u8>,
}

/// The bytes of a request, its ops as columns. An op that no column holds (its body contradicts its kind) goes as a row.
///
/// The result may exceed [`crate::limits::MESSAGE_BYTES`] where the ops' bodies exceed
/// [`crate::limits::PUSH_BODY_BYTES`]: end the batch earlier.
#[must_use]
pub fn encode_request(request: &ExchangeRequest) -> Vec<u8> {
    encode(request, bodies::fits)
}

/// The bytes of a request, each op as a row of its own: what a device sends after `columns_invalid`.
#[must_use]
pub fn encode_request_as_rows(request: &ExchangeRequest) -> Vec<u8> {
    encode(request, |_| false)
}

/// The bytes of a request; `in_columns` decides for each op between columns and a row.
fn encode(request: &ExchangeRequest, in_columns: impl Fn(&Op) -> bool) -> Vec<u8> {
    let (columns, rows): (Vec<_>, Vec<_>) = request.ops.iter().partition(|pushed| in_columns(&pushed.op));
    let message = pb::Request {
        protocol: request.protocol,
        replica: request.replica.0.to_vec(),
        cursor: optional_point(&request.cursor),
        acknowledged: optional_point(&request.acknowledged),
        final_seq: request.final_seq,
        captured_seq: request.captured_seq,
        pull_limit: request.pull_limit,
        points: request.points.iter().map(super::point_to_pb).collect(),
        columns: (!columns.is_empty())
            .then(|| ops::write(columns.iter().map(|pushed| &pushed.op), &[request.replica.0])),
        context: (!columns.is_empty()).then(|| write_context(&columns, request)),
        rows: rows.into_iter().map(|pushed| row::write(pushed, request.replica)).collect(),
    };
    frame::wrap(&message.encode_to_vec())
}

/// Reads a request.
///
/// # Errors
/// [`WireError`]: answer its code. After `columns_invalid` the device sends the same ops as rows; the other codes say that
/// the request as a whole is broken or too large.
pub fn decode_request(bytes: &[u8]) -> Result<DecodedRequest, WireError> {
    let plain = frame::unwrap(bytes)?;
    let message: pb::Request = decode_bounded(&plain, PUSH_OPS + TAIL_POINTS)?;
    if message.points.len() > TAIL_POINTS {
        return Err(WireError::TooMany { limit: TAIL_POINTS });
    }
    let in_columns = message.columns.as_ref().map_or(0, |columns| columns.count as usize);
    if in_columns.saturating_add(message.rows.len()) > PUSH_OPS {
        return Err(WireError::TooMany { limit: PUSH_OPS });
    }
    let mut request = ExchangeRequest {
        protocol: message.protocol,
        replica: ReplicaId::from_slice(&message.replica).ok_or(WireError::Field("replica"))?,
        cursor: required_point(message.cursor.as_ref())?,
        acknowledged: required_point(message.acknowledged.as_ref())?,
        final_seq: message.final_seq,
        captured_seq: message.captured_seq,
        pull_limit: message.pull_limit,
        points: message.points.iter().map(point_from_pb).collect::<Result<_, _>>()?,
        ops: Vec::with_capacity(in_columns + message.rows.len()),
    };
    if let Some(columns) = &message.columns {
        let ops = ops::read(columns, &[request.replica.0], PUSH_BODY_BYTES)?;
        read_context(&message.context.unwrap_or_default(), ops, &mut request)?;
    }
    let undecodable = read_rows(&message.rows, &mut request)?;
    request.ops.sort_by_key(|pushed| pushed.op.lane.seq);
    Ok(DecodedRequest { request, undecodable })
}

/// Adds the ops of the rows to the request; answers those that do not decode.
fn read_rows(rows: &[pb::Row], request: &mut ExchangeRequest) -> Result<Vec<Undecodable>, WireError> {
    if rows.iter().map(|row| row.op.len()).sum::<usize>() > PUSH_BODY_BYTES + rows.len() * row::ENVELOPE_BYTES {
        return Err(WireError::TooLarge { limit: PUSH_BODY_BYTES });
    }
    let mut undecodable = Vec::new();
    for row in rows {
        match row::read(row, request.replica) {
            Ok(pushed) => request.ops.push(pushed),
            Err((code, text)) => undecodable.push(Undecodable { seq: row.seq, code, text, bytes: row.op.clone() }),
        }
    }
    Ok(undecodable)
}

/// The capture contexts of the ops in the columns. Times are written as differences to the op's own clocks, log points by index.
fn write_context(pushed: &[&PushedOp], request: &ExchangeRequest) -> pb::ContextColumns {
    let column = |value: &dyn Fn(&PushedOp) -> i64| {
        column::write(&pushed.iter().map(|pushed| value(pushed)).collect::<Vec<_>>())
    };
    let mut points = DictionaryWriter::after([request.cursor, request.acknowledged]);
    let seen: Vec<i64> = pushed.iter().map(|pushed| points.name(&pushed.context.seen)).collect();
    let sent = points.sent();
    let positions: Vec<i64> = sent.iter().map(|point| point.position.cast_signed()).collect();
    pb::ContextColumns {
        ended: column(&|pushed| pushed.context.estimate.ended.wrapping_sub(pushed.op.captured.wall_ms)),
        span: column(&|pushed| {
            span_over_took(pushed.context.estimate.began, pushed.context.estimate.ended, &pushed.op)
        }),
        uncertainty: column(&|pushed| pushed.context.estimate.uncertainty.cast_signed()),
        points: sent.len() as u32,
        point_position: column::write(&positions),
        point_heads: sent.iter().flat_map(|point| point.head.0.0).collect(),
        seen: column::write(&seen),
        own_seen: column(&|pushed| {
            pushed.op.lane.seq.wrapping_sub(1).wrapping_sub(pushed.context.own_seen).cast_signed()
        }),
    }
}

/// By how much the stated act is longer than what the device's own clock says it took.
pub(super) fn span_over_took(began: i64, ended: i64, op: &Op) -> i64 {
    ended.wrapping_sub(began).wrapping_sub(i64::from(op.captured.took_ms))
}

/// Adds the ops of the columns to the request, each with its capture context.
fn read_context(message: &pb::ContextColumns, ops: Vec<Op>, request: &mut ExchangeRequest) -> Result<(), WireError> {
    let points = read_points(message, request, ops.len())?;
    let mut ended = Column::read("ended", &message.ended, ops.len())?;
    let mut span = Column::read("span", &message.span, ops.len())?;
    let mut uncertainty = Column::read("uncertainty", &message.uncertainty, ops.len())?;
    let mut seen = Column::read("seen", &message.seen, ops.len())?;
    let mut own_seen = Column::read("own_seen", &message.own_seen, ops.len())?;
    for op in ops {
        let ended = op.captured.wall_ms.wrapping_add(ended.next()?);
        let span = span.next()?.wrapping_add(i64::from(op.captured.took_ms));
        let context = CaptureContext {
            estimate: Estimate { began: ended.wrapping_sub(span), ended, uncertainty: uncertainty.next_u64()? },
            seen: *points.get(&mut seen)?,
            own_seen: op.lane.seq.wrapping_sub(1).wrapping_sub(own_seen.next_u64()?),
        };
        request.ops.push(PushedOp { op, context });
    }
    Ok(())
}

/// The log points that contexts name: cursor, acknowledged, then those of the message.
fn read_points(
    message: &pb::ContextColumns,
    request: &ExchangeRequest,
    ops: usize,
) -> Result<Entries<LogPoint>, WireError> {
    const NAME: &str = "points";
    let count = message.points as usize;
    let (heads, rest) = message.point_heads.as_chunks::<32>();
    if count > ops || heads.len() != count || !rest.is_empty() {
        return Err(WireError::Columns(NAME));
    }
    let mut position = Column::read("point_position", &message.point_position, count)?;
    let mut points = vec![request.cursor, request.acknowledged];
    for head in heads {
        points.push(LogPoint { position: position.next_u64()?, head: Head(OpHash(*head)) });
    }
    Ok(Entries::of(NAME, points))
}
