//! Linear codes: from the grey pixels of a line to edges, from edges to readings, from the readings of many lines to symbols.
//!
//! Owns: everything that works on one line at a time, and how many lines must agree on a text. Must never: read pixels other
//! than those of a line that `passes` chose.

mod addon;
mod codabar;
mod code128;
mod code39;
mod databar;
pub(super) mod digits;
#[cfg(test)]
mod drawing;
pub(super) mod edges;
mod itf;
mod omni;
pub(super) mod reading;
mod retail;
pub(super) mod rows;
pub(super) mod votes;

use super::{BarcodeFormat, Point, Symbol};
