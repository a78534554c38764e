//! Everything a user of the crate can observe: vectors, the official table, round trips, limits.
#![cfg(test)]

mod accumulation;
mod dictionary;
mod properties;
mod vectors;
