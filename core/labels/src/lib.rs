//! Labels: bin, product and pallet labels as a picture (PNG), a page (PDF) or a printer's language (ZPL).
//!
//! Owns: which payloads are printed, the layout, and the three forms. Must never: read a clock, the store or a font file,
//! decide what a code of our own means, or let a text of a label reach a printer as a command.
//!
//! ```text
//! label -> modules of the symbol -> layout in printer dots -> drawing: bars and lines of text
//!                                                               |-> bitmap -> PNG, ZPL (^GFA)
//!                                                               \-> rectangles and Courier -> PDF
//! ```
//!
//! **One drawing for all forms**: what the phone shows is what the printer prints. ZPL is a picture and not the printer's
//! own `^BC`, `^BX` and `^BQ`, because those are drawn by each firmware and each imitation of it in its own way (code set
//! choice, FNC1 escapes, offsets), while a picture has its dots everywhere; and because no text of a label is in it, none
//! can be a command. Rows that repeat are one character, so a label is a few kilobytes.
//!
//! **Quiet zones** of the standards are kept inside the margin: 10 modules beside Code 128, 4 around QR, 1 around Data Matrix.
//! Modules are whole dots, as large as fits.
//!
//! **Text** is of languages in Latin letters, from Icelandic to Turkish. Other scripts (Thai, Greek, emoji) are refused with
//! [`LabelError::Unprintable`], never left out or replaced without a word: the app draws them with the phone's fonts and
//! gives the [`Picture`].
//!
//! ```
//! # use stocksync_labels::{Format, Label, Media, Payload, Symbology, render};
//! let bin = Label {
//!     symbology: Symbology::Code128,
//!     payload: Payload::location("A-01-03")?,
//!     picture: None,
//!     lines: vec!["A-01-03".to_owned()],
//! };
//! let zpl = render(&[bin], &Media { width: 5_000, height: 2_500, dpi: 203 }, &Format::Zpl)?;
//! assert!(zpl.starts_with(b"^XA"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod font;
mod layout;
mod payload;
mod pdf;
mod raster;
mod zpl;

use stocksync_schemas::Code;
use stocksync_schemas::limits::{
    LABEL_BYTES, LABEL_DOTS, LABEL_DPI, LABEL_LINE_BYTES, LABEL_LINES, LABEL_PICTURE_BYTES, LABEL_SIDE, LABELS,
};

pub use payload::{Payload, PayloadError};
pub use stocksync_gs1::encode::sscc;

/// The kind of symbol. With [`Payload::Elements`] they are GS1-128, GS1 QR Code and GS1 DataMatrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbology {
    /// One row of bars, read by every scanner. For short codes: 20 characters need some 70 mm in good print.
    Code128,
    /// QR Code, error correction M (15 %). Read by the camera of every phone.
    Qr,
    /// Square Data Matrix (ECC 200). The smallest of the three, for product labels with lot, expiry and serial.
    DataMatrix,
}

/// What is printed on one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The kind of symbol.
    pub symbology: Symbology,
    /// What it says. The same stands below or beside it for people.
    pub payload: Payload,
    /// Above the text: a sign of the house, or text that the app drew in a script that this module does not have.
    pub picture: Option<Picture>,
    /// Text above or beside it, most important first, at most [`LABEL_LINES`] of [`LABEL_LINE_BYTES`]. As large as fits,
    /// broken at spaces where needed.
    pub lines: Vec<String>,
}

/// A picture, printed dot for dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Dots in a row, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
    /// One bit a dot, row by row, whole bytes a row, the first dot in the highest bit, 1 is dark.
    pub dark: Vec<u8>,
}

impl Picture {
    /// Bytes of a row.
    fn stride(&self) -> usize {
        (self.width as usize).div_ceil(8)
    }

    fn is_whole(&self) -> bool {
        let bytes = (self.width as usize).div_ceil(8).checked_mul(self.height as usize);
        bytes == Some(self.dark.len()) && (1..=LABEL_PICTURE_BYTES).contains(&self.dark.len())
    }
}

/// The label to print on.
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
    /// Labels side by side.
    pub columns: u32,
    /// Labels one below the other.
    pub rows: u32,
    /// From the left edge of the sheet to the first label.
    pub left: u32,
    /// From the upper edge of the sheet to the first label.
    pub top: u32,
    /// From the left edge of one label to that of the next.
    pub across: u32,
    /// From the upper edge of one label to that of the next.
    pub down: u32,
    /// Labels of the first sheet that were used before.
    pub used: u32,
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A grey picture of one bit a dot, with its resolution, of exactly one label.
    Png,
    /// A page for each label, or sheets. Symbols are rectangles, not pictures.
    Pdf(Option<Sheet>),
    /// For Zebra printers and those that speak their language. Send it to the printer as it is.
    Zpl,
}

/// Why labels were not made; none is made then. `label` counts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The payload cannot be printed so that it is read: correct it.
    #[error("label {label}: {error}")]
    Payload {
        /// Which label.
        label: usize,
        /// What is wrong.
        error: PayloadError,
    },
    /// A character of a text that the font does not have. Write it otherwise, or give it as a picture.
    #[error("label {label}, line {line}: the font has no {character:?}")]
    Unprintable {
        /// Which label.
        label: usize,
        /// Which line, from 1.
        line: usize,
        /// The first of them.
        character: char,
    },
    /// Symbol and text do not fit in readable size: take a larger label, a smaller symbol or less text.
    #[error("label {label} does not fit the media")]
    DoesNotFit {
        /// Which label.
        label: usize,
    },
    /// A number is out of its range: a size, the labels of a sheet or of a call, the lines of a label.
    #[error("{field} is out of range")]
    OutOfRange {
        /// Which.
        field: &'static str,
    },
    /// More dots or bytes than one call makes: print in several.
    #[error("too much for one call")]
    TooLarge,
}

impl LabelError {
    /// The registered code.
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
/// # Errors
/// [`LabelError`]: the first thing that is wrong; nothing was made.
pub fn render(labels: &[Label], media: &Media, format: &Format) -> Result<Vec<u8>, LabelError> {
    check(labels, media, format)?;
    let drawn = |(index, label)| layout::drawing(label, index + 1, media);
    let mut drawings = labels.iter().enumerate().map(drawn);
    let bytes = match format {
        Format::Png => raster::png(&drawings.next().ok_or(LabelError::OutOfRange { field: "labels" })??, media.dpi)?,
        Format::Zpl => zpl::document(drawings)?,
        Format::Pdf(sheet) => pdf::document(drawings, media, sheet.as_ref())?,
    };
    if bytes.len() > LABEL_BYTES { Err(LabelError::TooLarge) } else { Ok(bytes) }
}

/// The bounds of a call.
fn check(labels: &[Label], media: &Media, format: &Format) -> Result<(), LabelError> {
    let most = if *format == Format::Png { 1 } else { LABELS };
    let shape = [
        ("labels", (1..=most).contains(&labels.len())),
        ("width", (1..=LABEL_SIDE).contains(&media.width)),
        ("height", (1..=LABEL_SIDE).contains(&media.height)),
        ("dpi", (LABEL_DPI.0..=LABEL_DPI.1).contains(&media.dpi)),
        ("lines", labels.iter().all(|label| label.lines.len() <= LABEL_LINES)),
        ("picture", labels.iter().filter_map(|label| label.picture.as_ref()).all(Picture::is_whole)),
        ("lines", labels.iter().flat_map(|label| &label.lines).all(|line| line.len() <= LABEL_LINE_BYTES)),
    ];
    if let Some((field, _)) = shape.into_iter().find(|(_, holds)| !holds) {
        return Err(LabelError::OutOfRange { field });
    }
    if let Format::Pdf(Some(sheet)) = format {
        check_sheet(sheet, media)?;
    }
    if matches!(format, Format::Pdf(_)) {
        return Ok(()); // it has no dots
    }
    let dots = layout::dots(media.width, media.dpi) * layout::dots(media.height, media.dpi);
    if dots * labels.len() as u64 > LABEL_DOTS { Err(LabelError::TooLarge) } else { Ok(()) }
}

/// Every label lies on the sheet, and none on another.
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
