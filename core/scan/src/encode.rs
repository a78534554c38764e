//! The other direction: a text to the modules of a symbol, for labels. Owns the calls to rxing's encoders: they are in the
//! library beside the decoders already, and no other crate is needed. Must never draw, or judge what a text means.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::EncodeHints;
use rxing::datamatrix::encoder::{DefaultPlacement, SymbolInfoLookup, SymbolShapeHint, error_correction};
use rxing::oned::{Code128Writer, OneDimensionalCodeWriter};
use rxing::qrcode::common::ErrorCorrectionLevel;
use rxing::qrcode::encoder::qrcode_encoder;

/// FNC1 as rxing's Code 128 writer takes it.
const FNC1: char = '\u{f1}';
/// FNC1 as scanners send it and as the caller gives it.
const SEPARATOR: char = '\u{1d}';

/// The dark modules of a symbol, row by row, without quiet zone. A linear symbol has one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modules {
    /// Modules in a row, at least 1.
    pub width: usize,
    /// A whole number of rows.
    pub dark: Vec<bool>,
}

/// Code 128, and GS1-128 if `gs1`. ASCII; None if the text is longer than 80 characters, FNC1 included.
#[must_use]
pub fn code128(text: &str, gs1: bool) -> Option<Modules> {
    let hints = EncodeHints { Code128Compact: Some(true), ..EncodeHints::default() };
    let text: String = if gs1 {
        std::iter::once(FNC1).chain(text.chars().map(|c| if c == SEPARATOR { FNC1 } else { c })).collect()
    } else {
        text.to_owned()
    };
    let dark = guarded(|| Code128Writer.encode_oned_with_hints(&text, &hints).ok())?;
    Some(Modules { width: dark.len(), dark })
}

/// QR Code with error correction M, and GS1 QR Code if `gs1`; then without `%`, which stands for a separator in one of its
/// modes. ASCII; None if the text is longer than any version holds.
#[must_use]
pub fn qr(text: &str, gs1: bool) -> Option<Modules> {
    let hints = EncodeHints { Gs1Format: Some(gs1), ..EncodeHints::default() };
    let code = guarded(|| qrcode_encoder::encode_with_hints(text, ErrorCorrectionLevel::M, &hints).ok())?;
    let matrix = code.getMatrix().as_ref()?;
    let (width, height) = (matrix.getWidth(), matrix.getHeight());
    let dark = (0..height).flat_map(|y| (0..width).map(move |x| matrix.get(x, y) == 1)).collect();
    Some(Modules { width: width as usize, dark })
}

/// A square Data Matrix (ECC 200), and GS1 DataMatrix if `gs1`. ASCII; None if the text is longer than any size holds.
///
/// The codewords are made here, in ASCII encodation only (two digits a codeword): rxing's compact encoders end some texts
/// wrongly, so that padding is read as data (`L:--0A0AAX` came back as `L:--0A0AAX 17`, in zxing-cpp too), and its others
/// know no FNC1. Error correction and placement are rxing's.
#[must_use]
pub fn data_matrix(text: &str, gs1: bool) -> Option<Modules> {
    guarded(|| {
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

/// FNC1 is a codeword of its own, in first place and as separator.
fn ascii_codewords(text: &str, gs1: bool) -> Vec<u8> {
    const FNC1: u8 = 232;
    let mut codewords = if gs1 { vec![FNC1] } else { Vec::new() };
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after.split_first()) {
            (b'0'..=b'9', Some((second @ b'0'..=b'9', after))) => {
                codewords.push(130 + (first - b'0') * 10 + (second - b'0'));
                rest = after;
            }
            (0x1D, _) if gs1 => codewords.push(FNC1),
            (first, _) => codewords.push(first.saturating_add(1)),
        }
    }
    codewords
}

/// Fills up to the capacity: 129, then the same disguised by its place (ISO/IEC 16022, annex B.1).
fn pad(codewords: &mut Vec<u8>, capacity: usize) {
    let first = codewords.len();
    for place in first + 1..=capacity {
        let disguised = 129 + if place == first + 1 { 0 } else { 149 * place % 253 + 1 };
        codewords.push(u8::try_from(if disguised > 254 { disguised - 254 } else { disguised }).unwrap_or(129));
    }
}

/// Puts the data into its square regions, each with a dark left and lower edge and a dotted upper and right one.
fn with_finders(data: &DefaultPlacement, columns: usize, width: usize) -> Modules {
    let regions = ((width - columns) / 2).max(1);
    let region = columns / regions; // modules of data in a region; its frame adds two
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

/// rxing's encoders unwrap and index too: a panic there is a label that cannot be made, not the end of the app.
fn guarded<T>(encode: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(encode)).ok().flatten()
}
