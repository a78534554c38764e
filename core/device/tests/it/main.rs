//! Integration tests of the device crate.

#![cfg(test)] // helpers are test code too

mod capture;
#[path = "../../../../fixtures/src/cases.rs"]
mod cases;
mod desk;
mod fold_cases;
mod frozen;
mod ledger;
mod measures;
mod questions;
mod records;
mod shift;
mod shift_rules;
mod shift_setup;
mod shift_walk;
mod slips;
