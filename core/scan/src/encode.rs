//! The other direction: from a text to the modules of a symbol, for labels. Owns the calls to rxing's encoders; rxing is a
//! dependency for its decoders already. Must never draw, or judge what a text means.
//!
//! Texts are ASCII. In a GS1 symbol (`gs1`) the leading FNC1 is added here, and 0x1D in the text is the separator.
//!
//! ```
//! use stocksync_scan::encode;
//!
//! let symbol = encode::data_matrix("LOT-4711", false).ok_or("too long for any size")?;
//! assert_eq!((symbol.width, symbol.dark.len()), (14, 14 * 14));
//! // The solid left border, from top to bottom.
//! assert!(symbol.dark.chunks(symbol.width).all(|row| row[0]));
//! # Ok::<(), &str>(())
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::EncodeHints;
use rxing::datamatrix::encoder::{DefaultPlacement, SymbolInfoLookup, SymbolShapeHint, error_correction};
use rxing::oned::{Code128Writer, OneDimensionalCodeWriter};
use rxing::qrcode::common::ErrorCorrectionLevel;
use rxing::qrcode::encoder::qrcode_encoder;

/// FNC1 in the input of rxing's Code 128 writer.
const FNC1: char = '\u{f1}';
/// FNC1 in texts of scanners and of callers.
const SEPARATOR: char = '\u{1d}';

/// The modules of a symbol, row by row, without quiet zone. A linear symbol has one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modules {
    /// Modules in a row, at least 1.
    pub width: usize,
    /// Whether each module is dark; a whole number of rows of `width` modules.
    pub dark: Vec<bool>,
}

/// The bars of Code 128, or of GS1-128 if `gs1`. `None` if the text is empty, not ASCII, or longer than 80 characters, FNC1
/// included.
///
/// ```
/// let bars = stocksync_scan::encode::code128("A-01", false).map(|symbol| symbol.width);
/// assert_eq!(bars, Some(79), "start, four characters, check character and stop: 6 * 11 + 13 modules");
/// ```
#[must_use]
pub fn code128(text: &str, gs1: bool) -> Option<Modules> {
    let hints = EncodeHints { Code128Compact: Some(true), ..EncodeHints::default() };
    let text: String = if gs1 {
        std::iter::once(FNC1).chain(text.chars().map(|c| if c == SEPARATOR { FNC1 } else { c })).collect()
    } else {
        text.to_owned()
    };
    let dark = catch_panic(|| Code128Writer.encode_oned_with_hints(&text, &hints).ok())?;
    Some(Modules { width: dark.len(), dark })
}

/// A QR Code with error correction M, or a GS1 QR Code if `gs1`. `None` if the text is longer than any version holds.
///
/// A GS1 text must not hold `%`, which is the separator in alphanumeric mode and would have to be doubled.
///
/// ```
/// let side = stocksync_scan::encode::qr("https://example.org", false).map(|symbol| symbol.width);
/// assert_eq!(side, Some(25), "version 2");
/// ```
#[must_use]
pub fn qr(text: &str, gs1: bool) -> Option<Modules> {
    let hints = EncodeHints { Gs1Format: Some(gs1), ..EncodeHints::default() };
    let code = catch_panic(|| qrcode_encoder::encode_with_hints(text, ErrorCorrectionLevel::M, &hints).ok())?;
    let matrix = code.getMatrix().as_ref()?;
    let (width, height) = (matrix.getWidth(), matrix.getHeight());
    let dark = (0..height).flat_map(|y| (0..width).map(move |x| matrix.get(x, y) == 1)).collect();
    Some(Modules { width: width as usize, dark })
}

/// A square Data Matrix (ECC 200), or a GS1 DataMatrix if `gs1`. `None` if the text is longer than any size holds.
///
/// The codewords are made here, in ASCII encodation only (two digits a codeword): rxing's compact encoders end some texts
/// wrongly, so that padding is read as data (`L:--0A0AAX` was read as `L:--0A0AAX 17`, by zxing-cpp too), and its other
/// encoders have no FNC1. Error correction and placement are rxing's.
#[must_use]
pub fn data_matrix(text: &str, gs1: bool) -> Option<Modules> {
    catch_panic(|| {
        let mut codewords = ascii_codewords(text, gs1);
        let used = u32::try_from(codewords.len()).ok()?;
        let sizes = SymbolInfoLookup::new();
        let size =
            sizes.lookup_with_codewords_shape_size_fail(used, SymbolShapeHint::FORCE_SQUARE, &None, &None, false);
        let size = size.ok()??;
        pad(&mut codewords, size.getDataCapacity() as usize);
        let codewords: String = codewords.into_iter().map(char::from).collect();
        let codewords = error_correction::encodeECC200(&codewords, size).ok()?;
        let (columns, rows) = (size.getSymbolDataWidth().ok()? as usize, size.getSymbolDataHeight().ok()? as usize);
        let mut data = DefaultPlacement::new(codewords, columns, rows);
        data.place().ok()?;
        let width = size.getSymbolWidth().ok()? as usize;
        Some(with_finders(&data, columns, width))
    })
}

/// Codewords of ASCII encodation. FNC1 is a codeword of its own, both as first codeword and as separator.
fn ascii_codewords(text: &str, gs1: bool) -> Vec<u8> {
    /// The codeword of FNC1 in ASCII encodation.
    const FNC1: u8 = 232;
    let mut codewords = if gs1 { vec![FNC1] } else { Vec::new() };
    let mut remaining = text.as_bytes();
    while let Some((first, after)) = remaining.split_first() {
        remaining = after;
        match (first, after.split_first()) {
            (b'0'..=b'9', Some((second @ b'0'..=b'9', after))) => {
                codewords.push(130 + (first - b'0') * 10 + (second - b'0'));
                remaining = after;
            }
            (0x1D, _) if gs1 => codewords.push(FNC1),
            (first, _) => codewords.push(first.saturating_add(1)),
        }
    }
    codewords
}

/// Fills the codewords up to the capacity: 129, then 129 randomised by its index (ISO/IEC 16022, annex B.1).
fn pad(codewords: &mut Vec<u8>, capacity: usize) {
    let first = codewords.len();
    for index in first + 1..=capacity {
        let randomised = 129 + if index == first + 1 { 0 } else { 149 * index % 253 + 1 };
        codewords.push(u8::try_from(if randomised > 254 { randomised - 254 } else { randomised }).unwrap_or(129));
    }
}

/// Puts the data into its square regions, each with a solid left and lower border and an alternating upper and right one.
fn with_finders(data: &DefaultPlacement, columns: usize, width: usize) -> Modules {
    let regions = ((width - columns) / 2).max(1);
    let region = columns / regions; // data modules of a region; its borders add two
    let dark = |x: usize, y: usize| match (x % (region + 2), y % (region + 2)) {
        (0, _) => true,
        (_, down) if down == region + 1 => true,
        (_, 0) => x.is_multiple_of(2),
        (right, _) if right == region + 1 => !y.is_multiple_of(2),
        (right, down) => data.getBit(x / (region + 2) * region + right - 1, y / (region + 2) * region + down - 1),
    };
    let dark = (0..width).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| dark(x, y)).collect();
    Modules { width, dark }
}

/// Turns a panic into `None`: rxing's encoders unwrap and index, and a text that they fail on is one that cannot be encoded.
fn catch_panic<T>(encode: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(encode)).ok().flatten()
}
