//! Everything that two Stocksync programs must agree on: operations, the messages of an exchange, limits, error codes, and
//! the tables of both sides.
//!
//! Owns names and shapes. Must never hold a rule: what an operation means for a balance is decided by `stocksync-ledger`.
//!
//! - [`op`] and [`body`]: operations, their canonical bytes and hash.
//! - [`acceptance`]: what a device states about an op and what the server adds to it.
//! - [`exchange`]: the messages of an exchange, with an example; [`wire`]: their bytes.
//! - [`collections`]: the records and their fields. [`limits`]: every bound. [`errors`]: the registry of codes.
//! - [`migrations`]: the SQL of both databases.
//!
//! Below follows the protocol document, with its invariants I1 to I12. `core/docs/design.md` explains the whole.
//!
#![doc = include_str!("../README.md")]
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
pub use body::{Body, Cell, Close, ClosePart, Cost, Count, Move, MovementLine, RecordChange, Void};
pub use errors::{Code, RegistryEntry};
pub use exchange::{AcceptedOp, ExchangeRequest, ExchangeResponse, OpVerdict, PushedOp, Verdict};
pub use ids::{
    BootId, DeviceId, Lane, Location, OpHash, OpRef, RecordId, ReplicaId, SessionId, TenantId, UserId, VariantId,
};
pub use op::{CaptureTime, Kind, Op};
