//! Tests of the agreed forms through the crate's public face.

mod random;
mod round_trip;
