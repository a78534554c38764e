//! One op by itself, with its capture context.
//!
//! Owns the bytes of a row. Must never let one row's defect touch another row.

use prost::Message;

use super::pb::exchange as pb;
use super::{optional_point, required_point};
use crate::acceptance::{CaptureContext, Estimate};
use crate::errors::Code;
use crate::exchange::PushedOp;
use crate::ids::{BootId, Lane, ReplicaId, UserId};
use crate::limits::BODY_BYTES;
use crate::op::{CaptureTime, Kind, Op};

/// Upper bound of the bytes of a row without its body.
pub(super) const ENVELOPE_BYTES: usize = 256;

/// A row; `known` is the request's replica, which is not repeated.
pub(super) fn write(pushed: &PushedOp, known: ReplicaId) -> pb::Row {
    let PushedOp { op, context } = pushed;
    let replica = if op.lane.replica == known { Vec::new() } else { op.lane.replica.0.to_vec() };
    let message = pb::RowOp {
        replica,
        wall_ms: op.captured.wall_ms,
        boot_ms: op.captured.boot_ms,
        boot: op.captured.boot.0.to_vec(),
        took_ms: op.captured.took_ms,
        user: op.user.0.to_vec(),
        kind: op.kind.0,
        version: op.version,
        body: op.body.encode(),
        began: context.estimate.began,
        ended: context.estimate.ended,
        uncertainty: context.estimate.uncertainty,
        seen: optional_point(&context.seen),
        own_seen: context.own_seen,
    };
    pb::Row { seq: op.lane.seq, op: message.encode_to_vec() }
}

/// The op of a row, or why there is none: code and text.
pub(super) fn read(row: &pb::Row, known: ReplicaId) -> Result<PushedOp, (Code, String)> {
    let invalid = |text: &dyn std::fmt::Display| (Code::InvalidOp, text.to_string());
    if row.op.len() > BODY_BYTES + ENVELOPE_BYTES {
        return Err((Code::TooLarge, format!("larger than {BODY_BYTES} bytes")));
    }
    let message = pb::RowOp::decode(row.op.as_slice()).map_err(|error| invalid(&error))?;
    let replica = if message.replica.is_empty() { Some(known) } else { ReplicaId::from_slice(&message.replica) };
    let captured = CaptureTime {
        wall_ms: message.wall_ms,
        boot_ms: message.boot_ms,
        boot: BootId::from_slice(&message.boot).ok_or_else(|| invalid(&"the boot id is not 16 bytes"))?,
        took_ms: message.took_ms,
    };
    let op = Op::from_parts(
        Lane { replica: replica.ok_or_else(|| invalid(&"the replica is not 16 bytes"))?, seq: row.seq },
        captured,
        UserId::from_slice(&message.user).ok_or_else(|| invalid(&"the user is not 16 bytes"))?,
        Kind(message.kind),
        message.version,
        &message.body,
    )
    .map_err(|error| invalid(&error))?;
    let context = CaptureContext {
        estimate: Estimate { began: message.began, ended: message.ended, uncertainty: message.uncertainty },
        seen: required_point(message.seen.as_ref()).map_err(|error| invalid(&error))?,
        own_seen: message.own_seen,
    };
    Ok(PushedOp { op, context })
}
