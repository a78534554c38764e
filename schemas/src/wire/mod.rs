//! The bytes of an exchange: Protobuf messages with packed columns, compressed where it pays, and the JSON form.
//!
//! Owns encoding and decoding. Must never accept what a limit forbids, and never panic on what a peer sent.
//!
//! ```text
//! message = frame byte, then Protobuf, plain or as one zstd frame        frame
//!   request: points, numbers, ops as columns + contexts, ops as rows     request, row
//!   answer: points, numbers, verdicts, ops as columns + acceptances      response
//!     columns: lanes as runs, envelope, bodies by kind                   ops, bodies
//!       ids and texts through dictionaries, numbers as packed columns    dictionary, column
//! ```
//!
//! [`crate::exchange`] has an example of a request that is encoded and decoded.

mod bodies;
mod column;
mod dictionary;
mod frame;
pub mod json;
mod ops;
mod request;
mod response;
mod row;

pub use frame::{PLAIN, ZSTD};
pub use request::{DecodedRequest, Undecodable, decode_request, encode_request, encode_request_as_rows};
pub use response::{decode_response, encode_response};

use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};

use crate::acceptance::{Head, LogPoint};
use crate::errors::Code;
use crate::ids::OpHash;
use pb::exchange as wire;

/// Generated from `proto/`.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod pb {
    /// Bodies of operations.
    pub mod body {
        include!(concat!(env!("OUT_DIR"), "/stocksync.body.v1.rs"));
    }
    /// Messages of the exchange.
    pub mod exchange {
        include!(concat!(env!("OUT_DIR"), "/stocksync.exchange.v1.rs"));
    }
}

/// A message that cannot be decoded or breaks a limit. Nothing of it takes effect; answer its code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Frame, compression, Protobuf or JSON is broken.
    #[error("the message cannot be decoded: {0}")]
    Undecodable(String),
    /// An id or a log point's head is missing or has another length.
    #[error("the message's {0} is missing or has a wrong length")]
    Field(&'static str),
    /// A column does not fit the message. Send the ops as rows: [`encode_request_as_rows`].
    #[error("the columns do not decode: {0}")]
    Columns(&'static str),
    /// The message, what it unpacks to, or the bodies it holds are beyond this many bytes.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit, bytes.
        limit: usize,
    },
    /// More ops, verdicts or log points than this.
    #[error("more than {limit} in one message")]
    TooMany {
        /// The limit.
        limit: usize,
    },
}

impl WireError {
    /// The registered code that answers the sender.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Undecodable(_) | Self::Field(_) => Code::Undecodable,
            Self::Columns(_) => Code::ColumnsInvalid,
            Self::TooLarge { .. } => Code::TooLarge,
            Self::TooMany { .. } => Code::TooManyOps,
        }
    }
}

impl From<prost::DecodeError> for WireError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Undecodable(error.to_string())
    }
}

/// Decodes a message whose repeated fields together have at most `most` entries. Counted before anything is built: two
/// bytes on the wire can be a structure of fifty in memory.
fn decode_bounded<M: Message + Default>(bytes: &[u8], most: usize) -> Result<M, WireError> {
    /// More than any message has fields that do not repeat.
    const SINGLE_FIELDS: usize = 64;
    let mut rest = bytes;
    let mut fields = 0;
    while !rest.is_empty() {
        let (tag, form) = decode_key(&mut rest)?;
        skip_field(form, tag, &mut rest, DecodeContext::default())?;
        fields += 1;
        if fields > most + SINGLE_FIELDS {
            return Err(WireError::TooMany { limit: most });
        }
    }
    Ok(M::decode(bytes)?)
}

/// A log point as a message; the zero head of the start is left out.
fn point_to_pb(point: &LogPoint) -> wire::LogPoint {
    let head = if *point == LogPoint::default() { Vec::new() } else { point.head.0.0.to_vec() };
    wire::LogPoint { position: point.position, head }
}

/// A log point from its message.
fn point_from_pb(point: &wire::LogPoint) -> Result<LogPoint, WireError> {
    let head = match (point.position, point.head.as_slice()) {
        (0, []) => Head::default(),
        (_, head) => Head(OpHash::from_slice(head).ok_or(WireError::Field("head"))?),
    };
    Ok(LogPoint { position: point.position, head })
}

/// A point that must be there; the start of every log may be left out.
fn required_point(point: Option<&wire::LogPoint>) -> Result<LogPoint, WireError> {
    point.map_or(Ok(LogPoint::default()), point_from_pb)
}

/// The start of every log is left out.
fn optional_point(point: &LogPoint) -> Option<wire::LogPoint> {
    (*point != LogPoint::default()).then(|| point_to_pb(point))
}
