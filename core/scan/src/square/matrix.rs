//! Black and white images for rxing, and its readers of two-dimensional codes. Owns: the threshold between black and white, and
//! the fixed order of the readers (rxing's multi-format reader iterates a hash set, so its answers change from call to call).
//! Must never: give rxing an image whose size differs from the one it was told.
//!
//! [`BinaryImage`] implements rxing's trait for images, so rxing's readers work on the bits that are computed here once for all
//! two-dimensional readers.

use std::borrow::Cow;

use rxing::common::{BIT_FIELD_BASE_BITS, BitArray, BitMatrix, DetectorRXingResult, LineOrientation};
use rxing::datamatrix::decoder::Decoder as DataMatrixDecoder;
use rxing::datamatrix::detector::zxing_cpp_detector;
use rxing::multi::MultipleBarcodeReader;
use rxing::pdf417::PDF417Reader;
use rxing::{
    Binarizer, BinaryBitmap, Luma8LuminanceSource, RXingResult, RXingResultMetadataType, RXingResultMetadataValue,
};

use super::plane::Plane;
use super::{BarcodeFormat, Point, Symbol, add_new};

/// A picture in black and white.
pub(crate) struct BinaryImage {
    bits: BitMatrix,
    /// Required by rxing's trait; its readers do not use it.
    source: Luma8LuminanceSource,
}

impl BinaryImage {
    /// An image of these modules or pixels; a set bit is black.
    pub(crate) fn new(bits: BitMatrix) -> Self {
        Self { bits, source: Luma8LuminanceSource::with_empty_image(1, 1) }
    }

    /// Binarizes a picture by local contrast; `None` for pictures too small to hold a code.
    pub(crate) fn from_plane(plane: &Plane<'_>) -> Option<Self> {
        binarize(plane).map(Self::new)
    }

    /// The image with black and white swapped.
    pub(crate) fn inverted(&self) -> Self {
        let mut bits = self.bits.clone();
        bits.flip_self();
        Self::new(bits)
    }

    /// Its pixels; a set bit is black.
    pub(crate) fn bits(&self) -> &BitMatrix {
        &self.bits
    }
}

impl Binarizer for &BinaryImage {
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

/// Side of the blocks that share a threshold, in pixels.
const BLOCK: usize = 8;
/// A block with less contrast holds no edge.
const FLAT: u8 = 24;

/// Black and white by local contrast: the threshold of each block of 8 x 8 pixels is the mean over the 5 x 5 blocks around it.
/// Blocks without an edge do not count; where none has an edge, only pixels of value 0 are black. This is about the rule of
/// ZXing's hybrid binarizer, but pixels are compared and stored by words.
fn binarize(plane: &Plane<'_>) -> Option<BitMatrix> {
    let (across, down) = (plane.width.div_ceil(BLOCK), plane.height.div_ceil(BLOCK));
    if across < 2 || down < 2 {
        return None;
    }
    let thresholds = smooth(&thresholds(plane, across, down), across, down);
    let mut bits = BitMatrix::new(plane.width as u32, plane.height as u32).ok()?;
    let mut packed = BitArray::with_size(plane.width);
    for y in 0..plane.height {
        let limits = thresholds.get(y / BLOCK * across..).unwrap_or_default();
        let words = plane.row(y).chunks(BIT_FIELD_BASE_BITS).zip(limits.chunks(BIT_FIELD_BASE_BITS / BLOCK));
        for (k, (pixels, limits)) in words.enumerate() {
            let mut word = 0usize;
            for (b, (block, limit)) in pixels.chunks(BLOCK).zip(limits).enumerate() {
                let byte = block.iter().rev().fold(0, |byte, p| byte << 1 | usize::from(p <= limit));
                word |= byte << (b * BLOCK);
            }
            packed.setBulk(k * BIT_FIELD_BASE_BITS, word);
        }
        bits.setRow(y as u32, &packed);
    }
    Some(bits)
}

/// The threshold of each block on its own; 0 if it holds no edge.
fn thresholds(plane: &Plane<'_>, across: usize, down: usize) -> Vec<u8> {
    let mut found: Vec<u8> = Vec::with_capacity(across * down);
    let mut blocks = vec![(255u8, 0u8, 0u32, 0u32); across];
    for by in 0..down {
        blocks.fill((255, 0, 0, 0));
        for y in by * BLOCK..((by + 1) * BLOCK).min(plane.height) {
            for ((low, high, sum, count), pixels) in blocks.iter_mut().zip(plane.row(y).chunks(BLOCK)) {
                for p in pixels {
                    *low = (*low).min(*p);
                    *high = (*high).max(*p);
                    *sum += u32::from(*p);
                }
                *count += pixels.len() as u32;
            }
        }
        let mean = |(low, high, sum, count): &(u8, u8, u32, u32)| {
            if high.saturating_sub(*low) > FLAT { (sum / (*count).max(1)).max(1) as u8 } else { 0 }
        };
        found.extend(blocks.iter().map(mean));
    }
    found
}

/// The mean threshold of the blocks with edges among five by five; at the borders the five by five are moved inwards. 0 if
/// none of them holds an edge.
fn smooth(raw: &[u8], across: usize, down: usize) -> Vec<u8> {
    let (wide, high) = (across.min(5), down.min(5));
    let mut out = Vec::with_capacity(raw.len());
    for y in 0..down {
        let top = y.saturating_sub(2).min(down - high);
        for x in 0..across {
            let left = x.saturating_sub(2).min(across - wide);
            let rows = (top..top + high).filter_map(|y| raw.get(y * across + left..y * across + left + wide));
            let (sum, count) =
                rows.flatten().fold((0u32, 0u32), |(sum, count), t| (sum + u32::from(*t), count + u32::from(*t > 0)));
            out.push((sum / count.max(1)) as u8);
        }
    }
    out
}

/// Data Matrix codes by rxing's search, which starts every eight pixels.
pub(crate) fn data_matrix(black: &BinaryImage) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
    for candidate in zxing_cpp_detector::detect(black.bits(), true, true).unwrap_or_default() {
        let points = candidate.getPoints().iter().map(|p| Point { x: p.x, y: p.y }).collect();
        if let Some(symbol) = data_matrix_symbol(candidate.getBits(), points) {
            add_new(&mut found, symbol);
        }
    }
    found
}

/// Decodes the modules of a Data Matrix, borders included.
pub(crate) fn data_matrix_symbol(modules: &BitMatrix, points: Vec<Point>) -> Option<Symbol> {
    let decoded = DataMatrixDecoder::new().decode(modules).ok()?;
    let modifier = decoded.getSymbologyModifier();
    let text = data_matrix_text(decoded.getText(), modifier);
    if text.is_empty() {
        return None;
    }
    Some(Symbol {
        format: BarcodeFormat::DataMatrix,
        add_on: None,
        bytes: latin_bytes(decoded.getText()).unwrap_or_else(|| text.as_bytes().to_vec()),
        text,
        aim: format!("]d{modifier}"),
        points,
    })
}

/// rxing ignores the character set that a Data Matrix declares (symbology modifiers 4 to 6) and decodes its bytes as Latin-1.
/// In practice the set is UTF-8; if the bytes are not valid UTF-8, the Latin-1 text stays.
fn data_matrix_text(text: &str, modifier: u32) -> String {
    if !(4..=6).contains(&modifier) {
        return text.to_owned();
    }
    latin_bytes(text).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

/// The text as Latin-1; `None` if a character is not in Latin-1.
fn latin_bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// PDF417 codes by rxing's reader.
pub(crate) fn pdf417(black: &BinaryImage) -> Vec<Symbol> {
    let found = PDF417Reader::new().decode_multiple(&mut BinaryBitmap::new(black));
    let mut symbols: Vec<Symbol> = Vec::new();
    for result in found.unwrap_or_default() {
        add_new(&mut symbols, symbol(&result, BarcodeFormat::Pdf417));
    }
    symbols
}

/// The symbol of a result of rxing.
pub(crate) fn symbol(result: &RXingResult, format: BarcodeFormat) -> Symbol {
    let metadata = result.getRXingResultMetadata();
    let aim = match metadata.get(&RXingResultMetadataType::SYMBOLOGY_IDENTIFIER) {
        Some(RXingResultMetadataValue::SymbologyIdentifier(id)) => id.clone(),
        _ => String::new(),
    };
    let text = result.getText().to_owned();
    let raw = result.getRawBytes();
    let bytes = if format == BarcodeFormat::Qr && !raw.is_empty() { raw.to_vec() } else { text.as_bytes().to_vec() };
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
        let black = BinaryImage::from_plane(&Plane::owned(pixels, 96, 96)).unwrap();
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
