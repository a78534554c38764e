//! Linear codes: from the grey of a line to edges, from edges to readings, from the readings of many lines to a belief.
//!
//! Owns: everything that looks at one line at a time, and how many lines a text needs. Must never: look at a picture but
//! along a line that `passes` chose.

mod addon;
mod codabar;
mod code128;
mod code39;
mod databar;
pub(super) mod digits;
pub(super) mod edges;
mod itf;
mod omni;
pub(super) mod reading;
mod retail;
pub(super) mod rows;
pub(super) mod votes;

use super::{Format, Point, Symbol};
