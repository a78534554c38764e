//! Everything a user of the crate can observe: vectors, the official table, round trips, limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)] // tests

mod accumulation;
mod dictionary;
mod properties;
mod vectors;
