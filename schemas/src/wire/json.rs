//! The JSON form of the same messages, for people: `?format=json`.
//!
//! Owns nothing of its own but the per-op tolerance of a request; names are those of the domain types.

use serde::Deserialize;
use serde_json::Value;

use super::{DecodedRequest, Undecodable, WireError};
use crate::errors::Code;
use crate::exchange::{ExchangeRequest, ExchangeResponse, PushedOp};
use crate::limits::{BODY_BYTES, MESSAGE_BYTES, MESSAGE_PLAIN_BYTES, PULL_OPS, PUSH_OPS, TAIL_POINTS};
use crate::op::Op;

/// The JSON text of a request.
///
/// # Errors
/// None that the domain types can cause; see [`serde_json::to_vec_pretty`].
pub fn encode_request(request: &ExchangeRequest) -> Result<Vec<u8>, WireError> {
    serde_json::to_vec_pretty(request).map_err(undecodable)
}

/// The JSON text of an answer.
///
/// # Errors
/// None that the domain types can cause; see [`serde_json::to_vec_pretty`].
pub fn encode_response(response: &ExchangeResponse) -> Result<Vec<u8>, WireError> {
    serde_json::to_vec_pretty(response).map_err(undecodable)
}

/// Reads a request. Unknown fields are ignored; an op that does not decode blocks no other.
///
/// # Errors
/// [`WireError`]: answer its code.
pub fn decode_request(text: &[u8]) -> Result<DecodedRequest, WireError> {
    if text.len() > MESSAGE_BYTES {
        return Err(WireError::TooLarge { limit: MESSAGE_BYTES });
    }
    let mut message: Value = serde_json::from_slice(text).map_err(undecodable)?;
    let ops = message.get_mut("ops").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let mut request = ExchangeRequest::deserialize(message).map_err(undecodable)?;
    if ops.len() > PUSH_OPS {
        return Err(WireError::TooMany { limit: PUSH_OPS });
    }
    if request.points.len() > TAIL_POINTS {
        return Err(WireError::TooMany { limit: TAIL_POINTS });
    }
    let mut undecodable = Vec::new();
    for op in ops {
        let seq = op.pointer("/op/lane/seq").and_then(Value::as_u64).unwrap_or(0);
        match read_op(op.clone()) {
            Ok(pushed) => request.ops.push(pushed),
            Err((code, text)) => undecodable.push(Undecodable { seq, code, text, bytes: op.to_string().into_bytes() }),
        }
    }
    request.ops.sort_by_key(|pushed| pushed.op.lane.seq);
    Ok(DecodedRequest { request, undecodable })
}

/// Reads an answer.
///
/// # Errors
/// [`WireError`]: nothing of the answer is taken.
pub fn decode_response(text: &[u8]) -> Result<ExchangeResponse, WireError> {
    if text.len() > MESSAGE_PLAIN_BYTES {
        return Err(WireError::TooLarge { limit: MESSAGE_PLAIN_BYTES });
    }
    let response: ExchangeResponse = serde_json::from_slice(text).map_err(undecodable)?;
    if response.ops.len() > PULL_OPS {
        return Err(WireError::TooMany { limit: PULL_OPS });
    }
    for accepted in &response.ops {
        check(&accepted.op).map_err(|(_, text)| WireError::Undecodable(text))?;
    }
    Ok(response)
}

/// One op with its context, or code and text of its rejection.
fn read_op(op: Value) -> Result<PushedOp, (Code, String)> {
    let pushed = PushedOp::deserialize(op).map_err(|error| (Code::InvalidOp, error.to_string()))?;
    check(&pushed.op)?;
    Ok(pushed)
}

/// A body must be what its kind and version say; the binary form cannot say anything else.
fn check(op: &Op) -> Result<(), (Code, String)> {
    let body = op.body.encode();
    if body.len() > BODY_BYTES {
        return Err((Code::TooLarge, format!("larger than {BODY_BYTES} bytes")));
    }
    match Op::from_parts(op.lane, op.captured, op.user, op.kind, op.version, &body) {
        Ok(same) if same == *op => Ok(()),
        Ok(_) => Err((Code::InvalidOp, "the body is not of the op's kind and version".into())),
        Err(error) => Err((Code::InvalidOp, error.to_string())),
    }
}

/// A JSON error as a wire error.
fn undecodable(error: serde_json::Error) -> WireError {
    WireError::Undecodable(error.to_string())
}
