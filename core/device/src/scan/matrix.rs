//! QR Code, Data Matrix, PDF417 and Aztec through rxing. Owns: what is black in two dimensions, and the fixed order of the
//! readers (rxing's own multi-format reader iterates a hash set, so its order and answers change from call to call).
//! Must never: hand rxing a size it was not told to expect.

use std::borrow::Cow;
use std::collections::HashSet;

use rxing::aztec::AztecReader;
use rxing::common::{BIT_FIELD_BASE_BITS, BitArray, BitMatrix, DetectorRXingResult, LineOrientation};
use rxing::datamatrix::decoder::Decoder as DataMatrixDecoder;
use rxing::datamatrix::detector::zxing_cpp_detector;
use rxing::multi::MultipleBarcodeReader;
use rxing::pdf417::PDF417Reader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{
    BarcodeFormat, Binarizer, BinaryBitmap, DecodeHints, Luma8LuminanceSource, RXingResult, RXingResultMetadataType,
    RXingResultMetadataValue, Reader,
};

use super::plane::Plane;
use super::{Format, Point, Symbol};

/// A picture in black and white for rxing's readers.
pub(super) struct Black {
    bits: BitMatrix,
    /// rxing asks every binarizer for its source and never looks at this one.
    source: Luma8LuminanceSource,
}

impl Black {
    pub(super) fn new(bits: BitMatrix) -> Self {
        Self { bits, source: Luma8LuminanceSource::with_empty_image(1, 1) }
    }

    /// What is black by the contrast of its surroundings; `None` for pictures too small to hold a code.
    pub(super) fn of(plane: &Plane<'_>) -> Option<Self> {
        binarize(plane).map(Self::new)
    }

    pub(super) fn inverted(&self) -> Self {
        let mut bits = self.bits.clone();
        bits.flip_self();
        Self::new(bits)
    }

    pub(super) fn bits(&self) -> &BitMatrix {
        &self.bits
    }
}

impl Binarizer for &Black {
    type Source = Luma8LuminanceSource;

    fn get_luminance_source(&self) -> &Self::Source {
        &self.source
    }

    fn get_black_row(&self, y: usize) -> rxing::common::Result<Cow<'_, BitArray>> {
        if y < self.get_height() {
            Ok(Cow::Owned(self.bits.getRow(y as u32)))
        } else {
            Err(rxing::Exceptions::INDEX_OUT_OF_BOUNDS)
        }
    }

    fn get_black_row_from_matrix(&self, y: usize) -> rxing::common::Result<Cow<'_, BitArray>> {
        self.get_black_row(y)
    }

    fn get_black_matrix(&self) -> rxing::common::Result<&BitMatrix> {
        Ok(&self.bits)
    }

    fn get_black_line(&self, l: usize, lt: LineOrientation) -> rxing::common::Result<Cow<'_, BitArray>> {
        match lt {
            LineOrientation::Row => self.get_black_row(l),
            LineOrientation::Column if l < self.get_width() => Ok(Cow::Owned(self.bits.getCol(l as u32))),
            LineOrientation::Column => Err(rxing::Exceptions::INDEX_OUT_OF_BOUNDS),
        }
    }

    fn create_binarizer(&self, _source: Self::Source) -> Self {
        self
    }

    fn get_width(&self) -> usize {
        self.bits.width() as usize
    }

    fn get_height(&self) -> usize {
        self.bits.height() as usize
    }
}

/// Side of the squares that share a threshold, in pixels.
const BLOCK: usize = 8;
/// Contrast within a square below which it holds no edge.
const FLAT: u8 = 24;

/// Black and white by local contrast: each 8 x 8 square is cut at the mean threshold of the 5 x 5 squares around it; a flat
/// square takes the threshold of its neighbours, or is white (the rule of ZXing's hybrid binarizer, here without a test and
/// a write per pixel).
fn binarize(plane: &Plane<'_>) -> Option<BitMatrix> {
    let (across, down) = (plane.width.div_ceil(BLOCK), plane.height.div_ceil(BLOCK));
    if across < 2 || down < 2 {
        return None;
    }
    let thresholds = smoothed(&thresholds(plane, across, down), across, down);
    let mut bits = BitMatrix::new(plane.width as u32, plane.height as u32).ok()?;
    let mut packed = BitArray::with_size(plane.width);
    for y in 0..plane.height {
        let limits = thresholds.get(y / BLOCK * across..).unwrap_or_default();
        let words = plane.row(y).chunks(BIT_FIELD_BASE_BITS).zip(limits.chunks(BIT_FIELD_BASE_BITS / BLOCK));
        for (k, (pixels, limits)) in words.enumerate() {
            let mut word = 0usize;
            for (b, (square, limit)) in pixels.chunks(BLOCK).zip(limits).enumerate() {
                let byte = square.iter().rev().fold(0, |byte, p| byte << 1 | usize::from(p <= limit));
                word |= byte << (b * BLOCK);
            }
            packed.setBulk(k * BIT_FIELD_BASE_BITS, word);
        }
        bits.setRow(y as u32, &packed);
    }
    Some(bits)
}

/// The threshold of each square by itself.
fn thresholds(plane: &Plane<'_>, across: usize, down: usize) -> Vec<u16> {
    let mut found: Vec<u16> = Vec::with_capacity(across * down);
    let mut squares = vec![(0u32, 255u8, 0u8, 0u32); across];
    for by in 0..down {
        squares.fill((0, 255, 0, 0));
        for y in by * BLOCK..((by + 1) * BLOCK).min(plane.height) {
            for ((sum, low, high, count), pixels) in squares.iter_mut().zip(plane.row(y).chunks(BLOCK)) {
                for p in pixels {
                    *sum += u32::from(*p);
                    *low = (*low).min(*p);
                    *high = (*high).max(*p);
                }
                *count += pixels.len() as u32;
            }
        }
        for (bx, (sum, low, high, count)) in squares.iter().enumerate() {
            let mut threshold = (sum / (*count).max(1)) as u16;
            if high - low <= FLAT {
                threshold = u16::from(*low) / 2;
                let here = found.len();
                if by > 0 && bx > 0 {
                    let get = |k: usize| found.get(k).copied().unwrap_or(0);
                    let around = (get(here - across) + 2 * get(here - 1) + get(here - across - 1)) / 4;
                    if u16::from(*low) < around {
                        threshold = around;
                    }
                }
            }
            found.push(threshold);
        }
    }
    found
}

/// The mean over five by five squares, moved inwards at the borders.
fn smoothed(raw: &[u16], across: usize, down: usize) -> Vec<u8> {
    let (wide, high) = (across.min(5), down.min(5));
    let mut out = Vec::with_capacity(raw.len());
    for y in 0..down {
        let top = y.saturating_sub(2).min(down - high);
        for x in 0..across {
            let left = x.saturating_sub(2).min(across - wide);
            let rows = (top..top + high).filter_map(|y| raw.get(y * across + left..y * across + left + wide));
            let sum: u32 = rows.flatten().map(|t| u32::from(*t)).sum();
            out.push((sum / (wide * high) as u32).min(255) as u8);
        }
    }
    out
}

/// QR codes. `harder` looks at every row for their corners.
pub(super) fn qr(black: &Black, harder: bool) -> Vec<Symbol> {
    let hints = DecodeHints {
        TryHarder: Some(harder),
        PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
        ..DecodeHints::default()
    };
    let found = QrReader.decode_multiple_with_hints(&mut BinaryBitmap::new(black), &hints);
    found.unwrap_or_default().iter().map(|r| symbol(r, Format::Qr)).collect()
}

/// Data Matrix codes. `harder` starts a search every eight pixels instead of only at the middle of each side: without it
/// a code away from the middle is missed.
pub(super) fn data_matrix(black: &Black, harder: bool) -> Vec<Symbol> {
    let decoder = DataMatrixDecoder::new();
    let mut found: Vec<Symbol> = Vec::new();
    for candidate in zxing_cpp_detector::detect(black.bits(), harder, true).unwrap_or_default() {
        let Ok(decoded) = decoder.decode(candidate.getBits()) else { continue };
        let modifier = decoded.getSymbologyModifier();
        let text = data_matrix_text(decoded.getText(), modifier);
        if text.is_empty() || found.iter().any(|s| s.text == text) {
            continue;
        }
        found.push(Symbol {
            format: Format::DataMatrix,
            add_on: None,
            bytes: latin_bytes(decoded.getText()).unwrap_or_else(|| text.as_bytes().to_vec()),
            text,
            aim: format!("]d{modifier}"),
            points: candidate.getPoints().iter().map(|p| Point { x: p.x, y: p.y }).collect(),
        });
    }
    found
}

/// rxing ignores the character set a Data Matrix names (modifiers 4 to 6 say that it names one) and takes its bytes for
/// Latin-1. In practice the set is UTF-8; where the bytes are not, Latin-1 stays the best guess.
fn data_matrix_text(text: &str, modifier: u32) -> String {
    if !(4..=6).contains(&modifier) {
        return text.to_owned();
    }
    latin_bytes(text).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

fn latin_bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

pub(super) fn pdf417(black: &Black) -> Vec<Symbol> {
    let found = PDF417Reader::new().decode_multiple(&mut BinaryBitmap::new(black));
    let mut symbols: Vec<Symbol> = Vec::new();
    for result in found.unwrap_or_default() {
        let symbol = symbol(&result, Format::Pdf417);
        if !symbols.iter().any(|s| s.text == symbol.text) {
            symbols.push(symbol);
        }
    }
    symbols
}

/// The Aztec code whose rings are at the centre of the picture: rxing looks nowhere else.
pub(super) fn aztec(black: &Black) -> Option<Symbol> {
    let found = AztecReader.decode(&mut BinaryBitmap::new(black)).ok()?;
    Some(symbol(&found, Format::Aztec))
}

fn symbol(result: &RXingResult, format: Format) -> Symbol {
    let metadata = result.getRXingResultMetadata();
    let aim = match metadata.get(&RXingResultMetadataType::SYMBOLOGY_IDENTIFIER) {
        Some(RXingResultMetadataValue::SymbologyIdentifier(id)) => id.clone(),
        _ => String::new(),
    };
    let mut text = result.getText().to_owned();
    // The leading FNC1 of GS1 Aztec is in the identifier already.
    if aim == "]z1" || (format == Format::Aztec && text.starts_with('\u{1d}')) {
        text = text.trim_start_matches('\u{1d}').to_owned();
    }
    let aim = if format == Format::Aztec && text.len() != result.getText().len() { "]z1".to_owned() } else { aim };
    let raw = result.getRawBytes();
    let bytes = if format == Format::Qr && !raw.is_empty() { raw.to_vec() } else { text.as_bytes().to_vec() };
    let points = result.getPoints().iter().map(|p| Point { x: p.x, y: p.y }).collect();
    Symbol { format, text, add_on: None, bytes, aim, points }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_squares_are_black_on_uneven_light() {
        let pixels: Vec<u8> = (0..96 * 96)
            .map(|k| {
                let (x, y) = (k % 96, k / 96);
                let light = 90 + x; // 90 on the left, 185 on the right
                if (x / 6 + y / 6) % 2 == 0 { (light / 3) as u8 } else { light as u8 }
            })
            .collect();
        let black = Black::of(&Plane::owned(pixels, 96, 96)).unwrap();
        for (x, y) in [(3, 3), (9, 9), (50, 50), (93, 93)] {
            assert!(black.bits().get(x, y), "{x} {y}");
        }
        for (x, y) in [(9, 3), (3, 9), (93, 87)] {
            assert!(!black.bits().get(x, y), "{x} {y}");
        }
    }

    #[test]
    fn data_matrix_texts_that_name_utf8_are_read_as_it() {
        assert_eq!(data_matrix_text("GrÃ¶Ã\u{9f}e", 4), "Größe");
        assert_eq!(data_matrix_text("Größe", 1), "Größe");
        assert_eq!(data_matrix_text("Größe", 4), "Größe", "not UTF-8: left alone");
    }
}
