//! Labels: bin, product and pallet labels as a picture (PNG), a page (PDF) or a printer's language (ZPL).
//!
//! Owns: which payloads may be printed, the layout, and the three output formats. Must never: read a clock, a store or a font
//! file, decide what a code of ours means, or let a text of a label reach a printer as a command.
//!
//! ```text
//! label -> modules of the symbol -> layout in printer dots -> drawing: bars and lines of text
//!                                                               |-> bitmap -> PNG, ZPL (^GFA)
//!                                                               \-> rectangles and Courier -> PDF
//! ```
//!
//! **One drawing for all formats**: what the phone shows is what the printer prints. The ZPL holds a picture instead of the
//! printer's own `^BC`, `^BX` and `^BQ`, because firmwares and their imitations draw these differently (choice of code sets,
//! FNC1 escapes, offsets). A picture has the same dots everywhere, and it holds no text that could be a command. A repeated row
//! takes one character, so a label has a few kilobytes.
//!
//! **Quiet zones** of the standards lie inside the margin: 10 modules beside Code 128, 4 around QR Code, 1 around Data Matrix.
//! A module is a whole number of dots, as large as fits.
//!
//! **Text** may be in any European language with Latin letters, from Icelandic to Turkish. Other scripts (Thai, Greek, emoji)
//! are refused with [`LabelError::Unprintable`], never dropped or replaced: the app draws them with the phone's fonts and gives
//! them as a [`LabelPicture`].
//!
//! ```
//! use stocksync_labels::{LabelFormat, Label, Media, Payload, LabelSymbology, render};
//!
//! let bin = Label {
//!     symbology: LabelSymbology::Code128,
//!     payload: Payload::location("A-01-03")?,
//!     picture: None,
//!     lines: vec!["A-01-03".to_owned()],
//! };
//! let zpl = render(&[bin], &Media { width: 5_000, height: 2_500, dpi: 203 }, &LabelFormat::Zpl)?;
//! assert!(zpl.starts_with(b"^XA"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod font;
mod layout;
mod payload;
mod pdf;
mod raster;
mod zpl;

use std::fmt::Write;

use stocksync_schemas::Code;
use stocksync_schemas::limits::{
    LABEL_BYTES, LABEL_DOTS, LABEL_DPI, LABEL_LINE_BYTES, LABEL_LINES, LABEL_PICTURE_BYTES, LABEL_SIDE, LABELS,
};

pub use payload::{Payload, PayloadError};
pub use stocksync_gs1::encode::sscc;

/// The symbology of a label. With [`Payload::Elements`] it is GS1-128, GS1 QR Code or GS1 DataMatrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelSymbology {
    /// One row of bars, which every scanner reads. For short texts: 20 characters need some 70 mm at good print quality.
    Code128,
    /// QR Code with error correction M (15 %). Every phone camera reads it.
    Qr,
    /// Square Data Matrix (ECC 200). The smallest of the three, for product labels with lot, expiry and serial.
    DataMatrix,
}

/// The content of one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The symbology.
    pub symbology: LabelSymbology,
    /// The text of the symbol; also printed below or beside it for people.
    pub payload: Payload,
    /// Printed above the text: a logo, or text that the app drew in a script that the font does not have.
    pub picture: Option<LabelPicture>,
    /// Lines of text above or beside the symbol, most important first: at most [`LABEL_LINES`] of [`LABEL_LINE_BYTES`] bytes.
    /// Printed as large as fits, broken at spaces if needed.
    pub lines: Vec<String>,
}

/// A picture, printed dot for dot, with one bit a dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelPicture {
    /// Dots in a row, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
    /// One bit a dot, row by row, whole bytes a row, the first dot in the highest bit, 1 is dark.
    pub dark: Vec<u8>,
}

impl LabelPicture {
    /// Bytes of a row.
    fn stride(&self) -> usize {
        (self.width as usize).div_ceil(8)
    }

    /// Whether the number of bytes fits the size and the limit.
    fn is_whole(&self) -> bool {
        let bytes = (self.width as usize).div_ceil(8).checked_mul(self.height as usize);
        bytes == Some(self.dark.len()) && (1..=LABEL_PICTURE_BYTES).contains(&self.dark.len())
    }
}

/// The physical label and the resolution of the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// Width in 1/100 mm, at most [`LABEL_SIDE`].
    pub width: u32,
    /// Height in 1/100 mm.
    pub height: u32,
    /// Dots per inch of the printer, within [`LABEL_DPI`]: 203, 300 and 600 are usual.
    pub dpi: u32,
}

/// A sheet of labels for an office printer, in 1/100 mm. Filled row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet {
    /// Width of the sheet.
    pub width: u32,
    /// Height of the sheet.
    pub height: u32,
    /// Labels in a row of the sheet.
    pub columns: u32,
    /// Rows of labels.
    pub rows: u32,
    /// From the left edge of the sheet to the first label.
    pub left: u32,
    /// From the upper edge of the sheet to the first label.
    pub top: u32,
    /// From the left edge of one label to that of the next.
    pub across: u32,
    /// From the upper edge of one label to that of the next.
    pub down: u32,
    /// Labels at the beginning of the first sheet that are used up and stay empty.
    pub used: u32,
}

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelFormat {
    /// A grey picture of exactly one label, one bit a dot, with its resolution.
    Png,
    /// PDF with a page for each label, or with sheets of labels. Symbols are rectangles, not pictures.
    Pdf(Option<Sheet>),
    /// ZPL II, for Zebra printers and compatible ones. Send it to the printer unchanged.
    Zpl,
}

/// Why labels were not drawn. Nothing is drawn then. `label` counts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The payload could not be read after printing: correct it.
    #[error("label {label}: {error}")]
    Payload {
        /// Number of the label.
        label: usize,
        /// What is wrong with it.
        error: PayloadError,
    },
    /// The font lacks a character of a line. Write the line differently, or give it as a picture.
    #[error("label {label}, line {line}: the font has no {character:?}")]
    Unprintable {
        /// Number of the label.
        label: usize,
        /// Number of the line, from 1.
        line: usize,
        /// The first character that is missing.
        character: char,
    },
    /// Symbol and text do not fit at a readable size: use a larger label, a smaller symbology or less text.
    #[error("label {label} does not fit on the media at a readable size")]
    DoesNotFit {
        /// Number of the label.
        label: usize,
    },
    /// A number is out of range: a size, the number of labels of a sheet or call, the lines of a label.
    #[error("{field} is out of range")]
    OutOfRange {
        /// Name of the field.
        field: &'static str,
    },
    /// The call needs more dots or bytes than one call may: print the labels in several calls.
    #[error("too many labels for one call: print them in several calls")]
    TooLarge,
}

impl LabelError {
    /// The error code of the registry in `schemas`.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Payload { .. } => Code::LabelPayloadInvalid,
            Self::Unprintable { .. } => Code::LabelTextUnprintable,
            Self::DoesNotFit { .. } => Code::LabelDoesNotFit,
            Self::OutOfRange { .. } => Code::InvalidRequest,
            Self::TooLarge => Code::TooLarge,
        }
    }
}

/// Draws labels. Pure: the same labels give the same bytes.
///
/// ```
/// use stocksync_labels::{Label, LabelFormat, LabelSymbology, Media, Payload, Sheet, render};
///
/// let lot = Label {
///     symbology: LabelSymbology::DataMatrix,
///     payload: Payload::elements(&[("01", "09501101530003"), ("10", "AB-123")])?,
///     picture: None,
///     lines: vec!["Olive oil, 500 ml".to_owned()],
/// };
/// // A4 with 3 x 8 labels of 70 x 37 mm; the first four are used up.
/// let media = Media { width: 7_000, height: 3_700, dpi: 300 };
/// let sheet = Sheet {
///     width: 21_000, height: 29_700, columns: 3, rows: 8, left: 0, top: 50, across: 7_000, down: 3_700, used: 4,
/// };
/// let pdf = render(&[lot], &media, &LabelFormat::Pdf(Some(sheet)))?;
/// assert!(pdf.starts_with(b"%PDF-1.6"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`LabelError`]: the first mistake that was found. Nothing was drawn; correct it and call again.
pub fn render(labels: &[Label], media: &Media, format: &LabelFormat) -> Result<Vec<u8>, LabelError> {
    check(labels, media, format)?;
    let drawn = |(index, label)| layout::drawing(label, index + 1, media);
    let mut drawings = labels.iter().enumerate().map(drawn);
    let bytes = match format {
        LabelFormat::Png => {
            raster::png(&drawings.next().ok_or(LabelError::OutOfRange { field: "labels" })??, media.dpi)?
        }
        LabelFormat::Zpl => zpl::document(drawings)?,
        LabelFormat::Pdf(sheet) => pdf::document(drawings, media, sheet.as_ref())?,
    };
    if bytes.len() > LABEL_BYTES { Err(LabelError::TooLarge) } else { Ok(bytes) }
}

/// Appends formatted text.
fn append(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String never fails.
    let _ = text.write_fmt(arguments);
}

/// Checks the limits of a call.
fn check(labels: &[Label], media: &Media, format: &LabelFormat) -> Result<(), LabelError> {
    let max_labels = if *format == LabelFormat::Png { 1 } else { LABELS };
    let conditions = [
        ("labels", (1..=max_labels).contains(&labels.len())),
        ("width", (1..=LABEL_SIDE).contains(&media.width)),
        ("height", (1..=LABEL_SIDE).contains(&media.height)),
        ("dpi", (LABEL_DPI.0..=LABEL_DPI.1).contains(&media.dpi)),
        ("lines", labels.iter().all(|label| label.lines.len() <= LABEL_LINES)),
        ("picture", labels.iter().filter_map(|label| label.picture.as_ref()).all(LabelPicture::is_whole)),
        ("lines", labels.iter().flat_map(|label| &label.lines).all(|line| line.len() <= LABEL_LINE_BYTES)),
    ];
    if let Some((field, _)) = conditions.into_iter().find(|(_, holds)| !holds) {
        return Err(LabelError::OutOfRange { field });
    }
    if let LabelFormat::Pdf(Some(sheet)) = format {
        check_sheet(sheet, media)?;
    }
    if matches!(format, LabelFormat::Pdf(_)) {
        return Ok(()); // PDF has no dots
    }
    let dots = layout::dots(media.width, media.dpi) * layout::dots(media.height, media.dpi);
    if dots * labels.len() as u64 > LABEL_DOTS { Err(LabelError::TooLarge) } else { Ok(()) }
}

/// Checks that all labels lie on the sheet and do not overlap.
fn check_sheet(sheet: &Sheet, media: &Media) -> Result<(), LabelError> {
    let spans = |first: u32, count: u32, step: u32, side: u32, all: u32| {
        let end = u64::from(first) + u64::from(count.saturating_sub(1)) * u64::from(step) + u64::from(side);
        (1..=LABELS as u32).contains(&count)
            && all <= LABEL_SIDE
            && end <= u64::from(all)
            && (count == 1 || step >= side)
    };
    if !spans(sheet.left, sheet.columns, sheet.across, media.width, sheet.width) {
        return Err(LabelError::OutOfRange { field: "sheet columns" });
    }
    if !spans(sheet.top, sheet.rows, sheet.down, media.height, sheet.height) {
        return Err(LabelError::OutOfRange { field: "sheet rows" });
    }
    if sheet.used >= sheet.columns * sheet.rows {
        return Err(LabelError::OutOfRange { field: "used" });
    }
    Ok(())
}
