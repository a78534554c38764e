//! Integration tests of the device crate.

#![cfg(test)] // helpers are test code too

mod scan;
