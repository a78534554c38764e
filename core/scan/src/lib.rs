//! Barcodes out of camera frames and pictures: grey pixels in, symbols out. (`encode` is the way back, for labels.)
//!
//! Owns: the only use of `rxing` in the project, the limits on what a picture may cost, and the rule that **no answer is
//! better than a wrong one**, because a wrong code moves the wrong stock. Must never: keep or send a picture, read a
//! clock, touch stock, or give meaning to a text (GTINs and GS1 element strings are the `gs1` crate's business).
//!
//! How a frame is read (`core/docs/decisions/0004-scanning-pipeline.md` has the figures behind it):
//!
//! ```text
//! linear   lines -> edges with fractions of a pixel -> own readers -----------------------> votes -> symbols
//!                                      \-> rebuilt row -> rxing: Code 93, DataBar Expanded --/
//! square   black and white -> finders, outlines, rings -> grid on the grey -> modules -> rxing -> symbols
//!                  \-> rxing: PDF417 ----------------------------------------------------------/
//! ```
//!
//! ```
//! # use stocksync_scan::{scan, Frame, Mode};
//! let blank = vec![255u8; 640 * 480];
//! let symbols = scan(&Frame::new(&blank, 640, 480), Mode::Still)?;
//! assert!(symbols.is_empty());
//! # Ok::<(), stocksync_scan::ScanError>(())
//! ```

// Positions of edges are fractions of a pixel. No stock and no money comes near this module.
#![allow(clippy::float_arithmetic, reason = "pixel geometry; no stock, no money")]

mod convert;
pub mod encode;
mod linear;
mod live;
mod passes;
mod plane;
mod square;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use convert::{luma_from_bgra, luma_from_nv21, luma_from_rgba};
pub use live::Scanner;
use plane::Plane;

/// The largest picture that is looked at, in pixels: a 16 megapixel photograph.
pub const MAX_PIXELS: u64 = 16 * 1024 * 1024;
/// The longest side of a picture, in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// Symbols returned from one picture at most; the rest is left out.
pub const MAX_SYMBOLS: usize = 64;

/// A part of the frame, in pixels. Only what lies inside is read; positions are still those of the whole frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roi {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Columns, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
}

/// Grey pixels, row by row, borrowed from the camera.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// At least `stride * (height - 1) + width` bytes, 0 black to 255 white.
    pub luma: &'a [u8],
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from one row to the next: cameras pad their rows.
    pub stride: u32,
    /// Where to look; `None` is everywhere.
    pub roi: Option<Roi>,
}

impl<'a> Frame<'a> {
    /// A frame without padding, all of which is read.
    pub fn new(luma: &'a [u8], width: u32, height: u32) -> Self {
        Self { luma, width, height, stride: width, roi: None }
    }
}

/// How much work a picture is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One of many camera frames: the quick passes, and the first code ends the work.
    Live,
    /// One photograph: every pass until a code is found.
    Still,
    /// One photograph with several codes on it (a carton label, a delivery note): every pass, every code.
    Every,
}

/// What kind of symbol it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// EAN-13 without a leading zero.
    Ean13,
    /// UPC-A: its 12 digits.
    UpcA,
    /// EAN-8.
    Ean8,
    /// UPC-E: its 8 printed digits, not expanded.
    UpcE,
    /// Code 128, and GS1-128 if the symbology identifier is `]C1`.
    Code128,
    /// Code 39, its characters as printed: full ASCII pairs are not joined.
    Code39,
    /// Code 93.
    Code93,
    /// Interleaved 2 of 5, ITF-14 included.
    Itf,
    /// Codabar without start and stop.
    Codabar,
    /// GS1 DataBar.
    DataBar,
    /// GS1 DataBar Expanded.
    DataBarExpanded,
    /// QR Code.
    Qr,
    /// Data Matrix, and GS1 DataMatrix if the symbology identifier is `]d2`.
    DataMatrix,
    /// PDF417.
    Pdf417,
    /// Aztec Code.
    Aztec,
}

/// A point of the frame, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// One symbol that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Symbol {
    /// Its symbology.
    pub format: Format,
    /// Its text. FNC1 as a separator is 0x1D; a leading FNC1 is only in `aim`. GS1 DataBar is given as an element
    /// string, as its symbology identifier `]e0` says.
    pub text: String,
    /// The two or five digits beside an EAN-13, UPC-A or UPC-E (issue of a magazine, price of a book): they are no part of
    /// the number. `None` where there are none or two lines did not agree on them.
    pub add_on: Option<String>,
    /// The bytes behind the text, before a character set was applied where the symbology tells the two apart.
    pub bytes: Vec<u8>,
    /// ISO/IEC 15424 symbology identifier, such as `]E0`.
    pub aim: String,
    /// Where it was seen: both ends of the line for linear symbols, corners for the others.
    pub points: Vec<Point>,
}

/// Why a picture could not be looked at. A picture without a code is no error: it gives no symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Width, height or the part to look at is zero.
    #[error("the picture is empty")]
    Empty,
    /// More than [`MAX_PIXELS`] or a side beyond [`MAX_SIDE`]: scale it down first.
    #[error("the picture of {width} x {height} pixels is too large")]
    TooLarge {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The rows overlap: the caller mixed up stride and width.
    #[error("rows of {width} pixels do not fit a stride of {stride} bytes")]
    Stride {
        /// Pixels in a row.
        width: u32,
        /// Bytes from one row to the next.
        stride: u32,
    },
    /// The buffer is shorter than the sizes say.
    #[error("{got} bytes of pixels where {needed} are needed")]
    Length {
        /// Bytes needed.
        needed: usize,
        /// Bytes given.
        got: usize,
    },
    /// The part to look at leaves the picture.
    #[error("the region of interest leaves the picture")]
    Region,
    /// The decoder failed on this picture. Drop the frame and take the next.
    #[error("the decoder failed on this picture")]
    Decoder,
}

/// Reads the codes in one picture. Pure: the same pixels and mode give the same symbols in the same order.
///
/// # Errors
/// See [`ScanError`]; all are the caller's sizes, except `Decoder`, after which the next frame may be tried.
pub fn scan(frame: &Frame<'_>, mode: Mode) -> Result<Vec<Symbol>, ScanError> {
    let (plane, offset) = plane_of(frame)?;
    let found = guarded(|| passes::run(&plane, mode))?;
    Ok(shifted(found, offset))
}

/// Checks the sizes and gives the pixels to look at with the position of their first one.
fn plane_of<'a>(frame: &Frame<'a>) -> Result<(Plane<'a>, (u32, u32)), ScanError> {
    let Frame { luma, width, height, stride, roi } = *frame;
    check_size(width, height)?;
    if stride < width {
        return Err(ScanError::Stride { width, stride });
    }
    let needed = bytes_needed(width, height, stride);
    if luma.len() < needed {
        return Err(ScanError::Length { needed, got: luma.len() });
    }
    let part = roi.unwrap_or(Roi { left: 0, top: 0, width, height });
    if part.width == 0 || part.height == 0 {
        return Err(ScanError::Empty);
    }
    let inside = |start: u32, len: u32, all: u32| start.checked_add(len).is_some_and(|end| end <= all);
    if !inside(part.left, part.width, width) || !inside(part.top, part.height, height) {
        return Err(ScanError::Region);
    }
    let first = part.top as usize * stride as usize + part.left as usize;
    let pixels = luma.get(first..).ok_or(ScanError::Region)?;
    let plane = Plane::borrowed(pixels, part.width as usize, part.height as usize, stride as usize);
    Ok((plane, (part.left, part.top)))
}

/// The limits of every way into this module.
fn check_size(width: u32, height: u32) -> Result<(), ScanError> {
    if width == 0 || height == 0 {
        return Err(ScanError::Empty);
    }
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ScanError::TooLarge { width, height });
    }
    Ok(())
}

/// Bytes up to the last pixel of the last row. A stride beyond all reason asks for more than any buffer holds.
fn bytes_needed(row: u32, rows: u32, stride: u32) -> usize {
    let bytes = u64::from(stride) * u64::from(rows.saturating_sub(1)) + u64::from(row);
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// rxing unwraps in many places: a panic there must not take the app down, nor be mistaken for an empty picture.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, ScanError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| ScanError::Decoder)
}

fn shifted(mut symbols: Vec<Symbol>, (left, top): (u32, u32)) -> Vec<Symbol> {
    symbols.truncate(MAX_SYMBOLS);
    for point in symbols.iter_mut().flat_map(|s| s.points.iter_mut()) {
        point.x += left as f32;
        point.y += top as f32;
    }
    symbols
}

#[cfg(test)]
mod tests;
