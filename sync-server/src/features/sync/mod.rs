//! The exchange's door: bytes in, bytes out. The protocol is [`crate::exchange`]'s.

pub mod api;
