//! A drawing as dots, and as a PNG. Owns: the bitmap. Must never: decide on a position or size.

use super::layout::{DarkRect, Drawing, TextLine};
use super::{LabelError, font};

/// The dots of a label: one bit each, row by row, whole bytes a row, 1 is dark.
pub(super) struct Bitmap {
    /// Bytes of a row.
    pub stride: usize,
    pub bits: Vec<u8>,
}

impl Bitmap {
    pub(super) fn new(drawing: &Drawing) -> Self {
        let stride = (drawing.width as usize).div_ceil(8);
        let mut bitmap = Self { stride, bits: vec![0; stride * drawing.height as usize] };
        for rect in dark_rects(drawing, &drawing.lines) {
            bitmap.fill(&rect);
        }
        bitmap
    }

    fn fill(&mut self, bar: &DarkRect) {
        let rows = self.bits.chunks_mut(self.stride).skip(bar.y as usize).take(bar.height as usize);
        for row in rows {
            for x in bar.x..bar.x + bar.width {
                if let Some(byte) = row.get_mut(x as usize / 8) {
                    *byte |= 0x80 >> (x % 8);
                }
            }
        }
    }
}

/// Everything dark as rectangles: symbol, picture, and these lines of text in the bitmap font.
pub(super) fn dark_rects<'a>(
    drawing: &'a Drawing,
    lines: impl IntoIterator<Item = &'a TextLine>,
) -> impl Iterator<Item = DarkRect> {
    let shapes = drawing.bars.iter().chain(&drawing.picture).copied();
    shapes.chain(lines.into_iter().flat_map(glyph_rects))
}

/// The dark dots of a line of text.
fn glyph_rects(line: &TextLine) -> Vec<DarkRect> {
    let mut bars = Vec::new();
    let mut x = line.x;
    for character in line.text.chars() {
        for column in font::glyph(character).unwrap_or_default() {
            let rows = (0..font::ROWS).filter(|row| column >> row & 1 == 1);
            let dot = |row| DarkRect { x, y: line.y + row * line.scale, width: line.scale, height: line.scale };
            bars.extend(rows.map(dot));
            x += line.scale;
        }
        x += (font::ADVANCE - font::COLUMNS) * line.scale;
    }
    bars
}

/// A PNG of one bit a dot that states its resolution, so that it is printed at its real size.
pub(super) fn png(drawing: &Drawing, dpi: u32) -> Result<Vec<u8>, LabelError> {
    let white: Vec<u8> = Bitmap::new(drawing).bits.iter().map(|byte| !byte).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, drawing.width, drawing.height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_filter(png::Filter::NoFilter); // the other filters do not help with single bits
    let per_metre = dpi * 10_000 / 254;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }));
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&white)?;
        writer.finish()
    });
    // Writing to memory fails only if the sizes do not fit the data.
    written.map(|()| bytes).map_err(|_| LabelError::TooLarge)
}
