//! Sync: one exchange after another until both sides know the same.
//!
//! ```text
//! read outbox and cursor -> release -> exchange -> one write transaction -> again while there is more
//! ```
//!
//! Owns the order of steps ([`engine`]), the loop ([`run`]) and the way to the server ([`transport`], [`http`]). Must never
//! hold a connection or a transaction while it waits for the network.

pub mod engine;
pub mod http;
pub mod run;
pub mod transport;

pub use run::{Progress, Report, SyncOptions};
pub use transport::{Transport, TransportError};
