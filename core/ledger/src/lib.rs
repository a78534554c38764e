//! Operations, the fold from operations to balances, and records. Pure: no clock, no randomness, no I/O.
//!
//! Owns every rule that makes a number right; device and server hold none of their own. Must never read a clock, a file,
//! a database or the network: the caller loads what a function asks for and stores what it answers.
#![forbid(unsafe_code)]

pub mod exceptions;
pub mod fold;
pub mod records;
pub mod rules;
#[cfg(feature = "testing")]
pub mod testing;

pub use exceptions::{Exception, ExceptionKind};
pub use fold::{CellState, CellView, Entry, Fold};
