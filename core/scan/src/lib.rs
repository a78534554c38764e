//! Barcodes out of camera frames and photographs: grey pixels in, symbols out. [`encode`] goes the other way, for labels.
//!
//! Owns: the only use of `rxing` in the project, the limits on the size of a picture and on the work spent on it, and the
//! rule that **a wrong text is worse than none**, because a wrong code moves the wrong stock. Must never: store or send a
//! picture, read a clock, touch stock, or interpret a text (GTINs and GS1 element strings belong to the `gs1` crate).
//!
//! | to read | use |
//! | --- | --- |
//! | one photograph | [`scan`] with [`ScanMode::Still`], or [`ScanMode::Every`] if it shows several codes |
//! | the frames of a running camera, on one thread | [`Scanner`] |
//! | the frames of a running camera, from any thread | [`FrameDecoder`]: drops frames while it is busy |
//!
//! How a frame is read (`core/docs/decisions/0004-scanning-pipeline.md` has the measurements behind it):
//!
//! ```text
//! linear   lines -> edges with fractions of a pixel -> own readers -----------------------> votes -> symbols
//!                                      \-> rebuilt row -> rxing: Code 93, DataBar Expanded --/
//! square   black and white -> finders, outlines, rings -> grid on the grey -> modules -> rxing -> symbols
//!                  \-> rxing: PDF417 ----------------------------------------------------------/
//! ```
//!
//! ```
//! use stocksync_scan::{BarcodeFormat, Frame, ScanMode, encode, scan};
//!
//! // Draw a Code 128: three pixels a module, ten modules of white on both sides, 60 rows.
//! let modules = encode::code128("LOT-4711", false).ok_or("too long")?;
//! let quiet = [false; 10];
//! let row: Vec<u8> = quiet.iter().chain(&modules.dark).chain(&quiet)
//!     .flat_map(|dark| [if *dark { 0 } else { 255 }; 3])
//!     .collect();
//! let picture = row.repeat(60);
//!
//! let symbols = scan(&Frame::new(&picture, row.len() as u32, 60), ScanMode::Still)?;
//! assert_eq!(symbols.len(), 1);
//! assert_eq!((symbols[0].format, symbols[0].text.as_str()), (BarcodeFormat::Code128, "LOT-4711"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::float_arithmetic, reason = "positions of edges are fractions of a pixel; no stock, no money")]

mod convert;
pub mod encode;
mod frame_decoder;
mod linear;
mod live;
mod passes;
mod plane;
mod square;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use convert::{luma_from_bgra, luma_from_nv21, luma_from_rgba};
pub use frame_decoder::{FrameDecoder, FrameResult};
pub use live::Scanner;
use plane::Plane;

/// Largest picture that is accepted, in pixels: a 16 megapixel photograph.
pub const MAX_PIXELS: u64 = 16 * 1024 * 1024;
/// Longest side of a picture that is accepted, in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// Most symbols returned from one picture; further ones are left out.
pub const MAX_SYMBOLS: usize = 64;

/// Region of interest: the part of a frame to read, in pixels. Positions of symbols found in it are still those of the whole
/// frame.
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
///
/// Plane 0 of Android's `YUV_420_888` and of an iOS bi-planar buffer can be used as they are; [`luma_from_rgba`] and its
/// neighbours convert other pictures.
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
    /// The part to read; `None` reads the whole frame.
    pub roi: Option<Roi>,
}

impl<'a> Frame<'a> {
    /// A frame without padding between rows, all of which is read.
    ///
    /// `luma` needs `width * height` bytes; [`scan`] checks that.
    pub fn new(luma: &'a [u8], width: u32, height: u32) -> Self {
        Self { luma, width, height, stride: width, roi: None }
    }
}

/// How much work is spent on a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanMode {
    /// One of many camera frames: the fast passes only, and reading ends at the first code.
    Live,
    /// One photograph: all passes, in order, until one finds a code.
    Still,
    /// One photograph with several codes on it (a carton label, a delivery note): all passes, all codes.
    Every,
}

/// The symbology of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum BarcodeFormat {
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
    /// Code 39, its characters as printed: full ASCII pairs are not combined.
    Code39,
    /// Code 93.
    Code93,
    /// Interleaved 2 of 5, ITF-14 included.
    Itf,
    /// Codabar, without its start and stop characters.
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

/// A point of the frame, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Pixels to the right.
    pub x: f32,
    /// Pixels down.
    pub y: f32,
}

/// One symbol that was read in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Symbol {
    /// Its symbology.
    pub format: BarcodeFormat,
    /// Its text. FNC1 as a separator is 0x1D; a leading FNC1 shows only in `aim`. The text of a GS1 DataBar is an element
    /// string, as its symbology identifier `]e0` requires.
    pub text: String,
    /// The two or five digits beside an EAN-13, UPC-A or UPC-E (issue of a magazine, price of a book); not part of `text`.
    /// `None` if there are none, or if no two scan lines agree on them.
    pub add_on: Option<String>,
    /// The bytes that `text` was decoded from, where the symbology has a character set (QR Code, Data Matrix); else the
    /// bytes of `text`.
    pub bytes: Vec<u8>,
    /// ISO/IEC 15424 symbology identifier, such as `]E0`.
    pub aim: String,
    /// Where it is: both ends of the scan line for linear symbols, the corners for two-dimensional ones.
    pub points: Vec<Point>,
}

/// Why a picture was not read. A picture without a code is not an error: it has no symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Width or height of the picture, or of the region of interest, is zero.
    #[error("the picture is empty")]
    Empty,
    /// More than [`MAX_PIXELS`] pixels or a side beyond [`MAX_SIDE`]: scale the picture down.
    #[error("the picture of {width} x {height} pixels is too large: scale it down")]
    TooLarge {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The stride is smaller than a row: the caller mixed up stride and width.
    #[error("a row of {width} pixels is longer than the stride of {stride} bytes")]
    Stride {
        /// Pixels in a row.
        width: u32,
        /// Bytes from one row to the next.
        stride: u32,
    },
    /// The buffer is shorter than width, height and stride require.
    #[error("the buffer has {got} bytes, but the picture needs {needed}")]
    Length {
        /// Bytes needed.
        needed: usize,
        /// Bytes given.
        got: usize,
    },
    /// The region of interest is not inside the picture.
    #[error("the region of interest is not inside the picture")]
    Region,
    /// The decoder panicked on this picture. Drop the frame and read the next one.
    #[error("the decoder failed on this picture")]
    Decoder,
}

/// Reads the codes in one picture. Pure: the same pixels and mode give the same symbols in the same order.
///
/// A picture without a code gives an empty list. The work is done on the caller's thread; its time grows with the number of
/// pixels, and is longest if there is no code.
///
/// ```
/// use stocksync_scan::{Frame, ScanError, ScanMode, scan};
///
/// let blank = vec![255u8; 640 * 480];
/// assert_eq!(scan(&Frame::new(&blank, 640, 480), ScanMode::Still), Ok(vec![]));
/// let too_short = scan(&Frame::new(&blank, 640, 481), ScanMode::Still);
/// assert_eq!(too_short, Err(ScanError::Length { needed: 307_840, got: 307_200 }));
/// ```
///
/// # Errors
/// [`ScanError`]: sizes that do not fit are the caller's mistake; after [`ScanError::Decoder`] the next frame can be read.
pub fn scan(frame: &Frame<'_>, mode: ScanMode) -> Result<Vec<Symbol>, ScanError> {
    let (plane, offset) = plane_of(frame)?;
    let found = catch_panic(|| passes::run(&plane, mode))?;
    Ok(to_frame_positions(found, offset))
}

/// Checks the sizes. Returns the pixels of the region of interest and the position of its first pixel in the frame.
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
    let region = roi.unwrap_or(Roi { left: 0, top: 0, width, height });
    if region.width == 0 || region.height == 0 {
        return Err(ScanError::Empty);
    }
    let inside = |start: u32, len: u32, all: u32| start.checked_add(len).is_some_and(|end| end <= all);
    if !inside(region.left, region.width, width) || !inside(region.top, region.height, height) {
        return Err(ScanError::Region);
    }
    let first = region.top as usize * stride as usize + region.left as usize;
    let pixels = luma.get(first..).ok_or(ScanError::Region)?;
    let plane = Plane::borrowed(pixels, region.width as usize, region.height as usize, stride as usize);
    Ok((plane, (region.left, region.top)))
}

/// The size limits that hold for every entry point of the crate.
fn check_size(width: u32, height: u32) -> Result<(), ScanError> {
    if width == 0 || height == 0 {
        return Err(ScanError::Empty);
    }
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ScanError::TooLarge { width, height });
    }
    Ok(())
}

/// Bytes up to the last pixel of the last row; saturates, so that an absurd stride needs more than any buffer holds.
fn bytes_needed(row: u32, rows: u32, stride: u32) -> usize {
    let bytes = u64::from(stride) * u64::from(rows.saturating_sub(1)) + u64::from(row);
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Turns a panic into an error: rxing unwraps in many places, and a panic must neither stop the app nor look like a picture
/// without a code.
fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, ScanError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| ScanError::Decoder)
}

/// Positions in the region of interest become positions in the frame.
fn to_frame_positions(mut symbols: Vec<Symbol>, (left, top): (u32, u32)) -> Vec<Symbol> {
    symbols.truncate(MAX_SYMBOLS);
    for point in symbols.iter_mut().flat_map(|symbol| symbol.points.iter_mut()) {
        point.x += left as f32;
        point.y += top as f32;
    }
    symbols
}

#[cfg(test)]
mod tests;
