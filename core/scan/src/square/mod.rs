//! Two-dimensional codes: from a black and white image to finder patterns, from these to a grid whose modules are sampled on
//! the grey pixels, and from the modules to a text.
//!
//! Owns: the position of a symbol's modules. Must never: correct errors or decode a text by itself where rxing does.

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
use super::{BarcodeFormat, Point, Symbol};

/// Adds a symbol unless one with the same text was found before.
fn add_new(found: &mut Vec<Symbol>, symbol: Symbol) {
    if !found.iter().any(|known| known.text == symbol.text) {
        found.push(symbol);
    }
}
