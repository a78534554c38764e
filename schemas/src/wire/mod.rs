//! The bytes of an exchange: Protobuf messages with packed columns, compressed where it pays, and the JSON form.
//!
//! Owns encoding and decoding. Must never accept what a limit forbids, and never panic on what a peer sent.

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
