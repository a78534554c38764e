//! Drawings as ZPL II: pictures (`^GFA`) in the run-length encoding of the language. Owns: the bytes sent to a printer. Must
//! never: write a text of a label; the output consists of fixed commands and numbers, so a text cannot be read as a command.

use stocksync_schemas::limits::LABEL_BYTES;

use super::layout::Drawing;
use super::raster::Bitmap;
use super::{LabelError, append};

/// Most bytes of one `^GF` command (ZPL II Programming Guide).
const FIELD_BYTES: usize = 99_999;

/// One format (`^XA` to `^XZ`) for each label.
pub(super) fn document(drawings: impl Iterator<Item = Result<Drawing, LabelError>>) -> Result<Vec<u8>, LabelError> {
    let mut text = String::new();
    for drawing in drawings {
        write_label(&drawing?, &mut text);
        if text.len() > LABEL_BYTES {
            return Err(LabelError::TooLarge);
        }
    }
    Ok(text.into_bytes())
}

/// Sets width, length and origin, because printers remember those of the previous label.
fn write_label(drawing: &Drawing, text: &mut String) {
    let bitmap = Bitmap::new(drawing);
    append(text, format_args!("^XA\n^PW{}\n^LL{}\n^LH0,0\n", drawing.width, drawing.height));
    // Rows without a dark dot are skipped; the others are split into pieces that fit one field.
    let rows: Vec<&[u8]> = bitmap.bits.chunks(bitmap.stride).collect();
    let max_rows = (FIELD_BYTES / bitmap.stride.max(1)).max(1);
    let mut y = 0;
    for run in rows.chunk_by(|a, b| is_blank(a) == is_blank(b)) {
        for piece in run.chunks(max_rows) {
            if !piece.first().is_some_and(|row| is_blank(row)) {
                let bytes = piece.len() * bitmap.stride;
                append(text, format_args!("^FO0,{y}^GFA,{bytes},{bytes},{},", bitmap.stride));
                write_rows(piece, text);
                text.push_str("^FS\n");
            }
            y += piece.len();
        }
    }
    text.push_str("^XZ\n");
}

fn is_blank(row: &[u8]) -> bool {
    row.iter().all(|byte| *byte == 0)
}

/// Rows in hexadecimal. `:` repeats the previous row, `,` fills with zeros to the end of the row, `!` with ones. A letter before
/// a digit is its repeat count: `G` to `Y` for 1 to 19, `g` to `z` for 20 to 400.
fn write_rows(rows: &[&[u8]], text: &mut String) {
    let mut before: Option<&[u8]> = None;
    for row in rows {
        if before == Some(row) {
            text.push(':');
        } else {
            write_row(row, text);
        }
        before = Some(row);
    }
}

fn write_row(row: &[u8], text: &mut String) {
    let digits: Vec<u8> = row.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let mut left = digits.len();
    for run in digits.chunk_by(|a, b| a == b) {
        left -= run.len();
        match run.first() {
            Some(0) if left == 0 => text.push(','),
            Some(15) if left == 0 => text.push('!'),
            Some(digit) => {
                write_count(run.len(), text);
                text.extend(char::from_digit(u32::from(*digit), 16).map(|digit| digit.to_ascii_uppercase()));
            }
            None => {}
        }
    }
}

/// The letters of a repeat count; none for 1.
fn write_count(mut count: usize, text: &mut String) {
    if count == 1 {
        return;
    }
    while count >= 20 {
        let twenties = (count / 20).min(20);
        text.push(char::from(b'f' + twenties as u8));
        count -= twenties * 20;
    }
    if count > 0 {
        text.push(char::from(b'F' + count as u8));
    }
}
