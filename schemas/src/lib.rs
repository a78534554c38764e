//! Everything two Stocksync programs must agree on: the operations, what travels in an exchange, limits, error codes and
//! the tables both sides keep.
//!
//! Owns names and shapes. Must never hold a rule: what an operation *means* for a balance is `stocksync-ledger`'s.
//! The protocol and its invariants I1–I12 are written down in this crate's `README.md`.
#![forbid(unsafe_code)]

pub mod acceptance;
pub mod body;
pub mod collections;
pub mod errors;
pub mod exchange;
pub mod ids;
pub mod limits;
pub mod migrations;
pub mod op;
pub mod wire;

pub use acceptance::{Acceptance, CaptureContext, Estimate, Head, LogPoint};
pub use body::{Body, Cell, Close, ClosePart, Cost, Count, Line, Move, RecordChange, Void};
pub use errors::{Code, Registered};
pub use exchange::{AcceptedOp, ExchangeRequest, ExchangeResponse, OpVerdict, PushedOp, Verdict};
pub use ids::{
    BootId, DeviceId, Lane, Location, OpHash, OpRef, RecordId, ReplicaId, SessionId, TenantId, UserId, VariantId,
};
pub use op::{CaptureTime, Kind, Op};
