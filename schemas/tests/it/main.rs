//! Tests of the agreed forms through the public interface of the crate.
// Helpers of tests are test code too, which clippy only sees inside test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod fuzz;
mod golden;
mod migrations;
mod random;
mod round_trip;
mod samples;
