//! A drawing as ZPL II: pictures (`^GFA`) in the run-length form of the language. Owns the bytes that a printer gets: they
//! are made of numbers alone, so that no text of a label can be read as a command.

use std::fmt::Write;

use stocksync_schemas::limits::LABEL_BYTES;

use super::LabelError;
use super::layout::Drawing;
use super::raster::Bitmap;

/// Most bytes that one `^GF` takes (ZPL II Programming Guide).
const FIELD_BYTES: usize = 99_999;

/// One format (`^XA` to `^XZ`) a label.
pub(super) fn document(drawings: impl Iterator<Item = Result<Drawing, LabelError>>) -> Result<Vec<u8>, LabelError> {
    let mut text = String::new();
    for drawing in drawings {
        label(&drawing?, &mut text);
        if text.len() > LABEL_BYTES {
            return Err(LabelError::TooLarge);
        }
    }
    Ok(text.into_bytes())
}

/// Width, length and origin are set because printers remember those of the label before.
fn label(drawing: &Drawing, text: &mut String) {
    let bitmap = Bitmap::new(drawing);
    put(text, format_args!("^XA\n^PW{}\n^LL{}\n^LH0,0\n", drawing.width, drawing.height));
    // Rows without a dot are left out; what is left goes in pieces that a field can take.
    let rows: Vec<&[u8]> = bitmap.bits.chunks(bitmap.stride).collect();
    let most = (FIELD_BYTES / bitmap.stride.max(1)).max(1);
    let mut y = 0;
    for run in rows.chunk_by(|a, b| blank(a) == blank(b)) {
        for piece in run.chunks(most) {
            if !piece.first().is_some_and(|row| blank(row)) {
                let bytes = piece.len() * bitmap.stride;
                put(text, format_args!("^FO0,{y}^GFA,{bytes},{bytes},{},", bitmap.stride));
                picture(piece, text);
                text.push_str("^FS\n");
            }
            y += piece.len();
        }
    }
    text.push_str("^XZ\n");
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String never fails.
    let _ = text.write_fmt(arguments);
}

fn blank(row: &[u8]) -> bool {
    row.iter().all(|byte| *byte == 0)
}

/// Rows in hexadecimal: `:` is the row before, `,` zeros to the end, `!` ones to the end, and a letter before a digit says how
/// often it stands (`G` to `Y` 1 to 19, `g` to `z` 20 to 400).
fn picture(rows: &[&[u8]], text: &mut String) {
    let mut before: Option<&[u8]> = None;
    for row in rows {
        if before == Some(row) {
            text.push(':');
        } else {
            compressed(row, text);
        }
        before = Some(row);
    }
}

fn compressed(row: &[u8], text: &mut String) {
    let digits: Vec<u8> = row.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let mut left = digits.len();
    for run in digits.chunk_by(|a, b| a == b) {
        left -= run.len();
        match run.first() {
            Some(0) if left == 0 => text.push(','),
            Some(15) if left == 0 => text.push('!'),
            Some(digit) => {
                repeated(run.len(), text);
                text.extend(char::from_digit(u32::from(*digit), 16).map(|it| it.to_ascii_uppercase()));
            }
            None => {}
        }
    }
}

/// The letters of a count; none for 1.
fn repeated(mut count: usize, text: &mut String) {
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
