//! Codes of squares: from what is black in two dimensions to finder patterns, from there to the grey of a grid laid over the
//! symbol, and from its modules to a text.
//!
//! Owns: where a symbol's modules are. Must never: correct errors or spell a text by itself where rxing does.

pub(super) mod aztec;
mod aztec_code;
pub(super) mod datamatrix;
mod datamatrix_fit;
mod geometry;
pub(super) mod matrix;
mod mesh;
pub(super) mod qr;
mod shapes;
mod timing;

#[cfg(test)]
mod tests;

use super::plane;
use super::{Format, Point, Symbol};
