//! Drawings as PDF 1.6: rectangles for symbols, Courier Bold for text. Owns: the file format. Must never: decide on a position or
//! size.
//!
//! Courier is used because every viewer has it and its letters are as wide as those of the bitmap font, so both share one layout.
//! It has the letters of Western European languages; lines with other letters are drawn in the bitmap font.

use stocksync_schemas::limits::LABEL_BYTES;

use super::layout::{Drawing, TextLine};
use super::{LabelError, Media, Sheet, append, font, raster};

/// Width of a letter of Courier, in thousandths of the font size.
const COURIER: u32 = 600;
/// Number of objects before the first page: catalogue, pages, font.
const FIXED_OBJECTS: usize = 3;

/// One page for each label, or sheets with several labels on a page.
pub(super) fn document(
    drawings: impl Iterator<Item = Result<Drawing, LabelError>>,
    media: &Media,
    sheet: Option<&Sheet>,
) -> Result<Vec<u8>, LabelError> {
    let single = Sheet {
        width: media.width,
        height: media.height,
        columns: 1,
        rows: 1,
        left: 0,
        top: 0,
        across: media.width,
        down: media.height,
        used: 0,
    };
    let sheet = sheet.unwrap_or(&single);
    let (columns, labels_per_page) = (sheet.columns.max(1), (sheet.columns * sheet.rows).max(1));
    let mut pages: Vec<String> = Vec::new();
    let mut bytes = 0;
    for (drawing, index) in drawings.zip(sheet.used..) {
        let index = index % labels_per_page;
        if pages.is_empty() || index == 0 {
            pages.push(String::new());
        }
        let (column, row) = (index % columns, index / columns);
        let (left, top) = (sheet.left + column * sheet.across, sheet.top + row * sheet.down);
        if let Some(page) = pages.last_mut() {
            let before = page.len();
            draw(&drawing?, left, sheet.height - top, media.dpi, page);
            bytes += page.len() - before;
        }
        if bytes > LABEL_BYTES {
            return Err(LabelError::TooLarge);
        }
    }
    Ok(file(&pages, sheet.width, sheet.height))
}

/// Draws one label with its upper left corner at `left` and `top`, in 1/100 mm from the lower left corner of the page.
/// Coordinates inside are dots.
fn draw(drawing: &Drawing, left: u32, top: u32, dpi: u32, page: &mut String) {
    let scale = decimal(72, dpi);
    append(page, format_args!("q {scale} 0 0 {scale} {} {} cm\n", points(left), points(top)));
    let (text, drawn): (Vec<&TextLine>, Vec<&TextLine>) =
        drawing.lines.iter().partition(|line| line.text.chars().all(|c| win_ansi(c).is_some()));
    for bar in raster::dark_rects(drawing, drawn) {
        append(page, format_args!("{} -{} {} {} re\n", bar.x, bar.y + bar.height, bar.width, bar.height));
    }
    // One path for all rectangles, because viewers show seams between separate ones that touch.
    page.push_str("f\n");
    for line in text {
        let size = font::ADVANCE * line.scale * 1_000 / COURIER;
        let baseline = line.y + font::ASCENT * line.scale;
        append(page, format_args!("BT /F1 {size} Tf {} -{baseline} Td <", line.x));
        // Hexadecimal strings need no escapes.
        line.text.chars().filter_map(win_ansi).for_each(|byte| append(page, format_args!("{byte:02X}")));
        page.push_str("> Tj ET\n");
    }
    page.push_str("Q\n");
}

/// The file: objects, cross-reference table and trailer.
fn file(pages: &[String], width: u32, height: u32) -> Vec<u8> {
    let page = |index: usize| FIXED_OBJECTS + 1 + 2 * index;
    let kids: Vec<String> = (0..pages.len()).map(|index| format!("{} 0 R", page(index))).collect();
    let mut objects = vec![
        // No scaling: otherwise viewers shrink the sheet to the printer's margins, and labels are printed off their positions.
        "<</Type/Catalog/Pages 2 0 R/ViewerPreferences<</PrintScaling/None>>>>".to_owned(),
        format!("<</Type/Pages/Count {}/Kids[{}]>>", pages.len(), kids.join(" ")),
        "<</Type/Font/Subtype/Type1/BaseFont/Courier-Bold/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    for (index, content) in pages.iter().enumerate() {
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {} {}]/Resources<</Font<</F1 3 0 R>>>>/Contents {} 0 R>>",
            points(width),
            points(height),
            page(index) + 1,
        ));
        objects.push(format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()));
    }
    let mut text = "%PDF-1.6\n".to_owned();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        append(&mut table, format_args!("{:010} 00000 n \n", text.len()));
        append(&mut text, format_args!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let start = text.len();
    append(&mut text, format_args!("{table}trailer\n<</Size {}/Root 1 0 R>>\n", objects.len() + 1));
    append(&mut text, format_args!("startxref\n{start}\n%%EOF\n"));
    text.into_bytes()
}

/// A length in 1/100 mm as points (1/72 inch).
fn points(hundredths: u32) -> String {
    decimal(hundredths * 72, 2_540)
}

/// A quotient with six decimals.
fn decimal(numerator: u32, denominator: u32) -> String {
    let millionths = u64::from(numerator) * 1_000_000 / u64::from(denominator.max(1));
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

/// The byte of a character in WinAnsiEncoding, if it has one.
fn win_ansi(character: char) -> Option<u8> {
    /// 0x80 to 0x9F; a space marks an unused byte.
    const SIGNS: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";
    match u32::from(character) {
        code @ (0x20..=0x7E | 0xA1..=0xFF) => u8::try_from(code).ok(),
        _ => SIGNS.chars().zip(0x80..).find(|(known, _)| *known == character).map(|(_, byte)| byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pdf_can_write_the_bitmap_font_can_draw() {
        let missing = |c: &char| win_ansi(*c).is_some() && font::glyph(*c).is_none();
        let missing: String = ('\u{20}'..='\u{2FFF}').filter(missing).collect();
        assert_eq!(missing, "\u{ad}ƒˆ˜‰™", "of little use on labels, and unreadable in five columns");
        assert_eq!(
            (win_ansi('€'), win_ansi('Ÿ'), win_ansi('é'), win_ansi('ł')),
            (Some(0x80), Some(0x9F), Some(0xE9), None)
        );
    }

    #[test]
    fn lengths_have_six_decimals() {
        assert_eq!((points(2_540).as_str(), points(21_000).as_str()), ("72.000000", "595.275590"));
    }
}
