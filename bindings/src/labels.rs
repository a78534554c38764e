//! Labels as they cross to the app. Owns shapes; what is printed and how it looks is `core/labels`'.

use stocksync_labels::{self as labels, Label, LabelError, Media, Payload, PayloadError, Sheet};

use crate::{StocksyncError, runtime};

/// The kind of symbol. With elements they are GS1-128, GS1 QR Code and GS1 DataMatrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LabelSymbology {
    /// One row of bars, read by every scanner. For short codes.
    Code128,
    /// Read by the camera of every phone.
    QrCode,
    /// The smallest, for product labels with lot, expiry and serial.
    DataMatrix,
}

/// One GS1 application identifier and its value.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LabelElement {
    /// Its digits: `00` SSCC, `01` GTIN, `10` lot, `17` expiry, `21` serial…
    pub ai: String,
    /// As printed: a GTIN has 14 digits, a date is `YYMMDD` (`00` leaves the day open).
    pub value: String,
}

/// What a symbol says.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum LabelPayload {
    /// A code of one's own, such as `location_label` and `shift_label` give: digits, capitals and `-.:/`, which every scanner can
    /// type on every keyboard.
    Code {
        /// The code.
        text: String,
    },
    /// Any printable ASCII text, such as a web address; a scanner that types may garble it on a foreign keyboard.
    Text {
        /// The text.
        text: String,
    },
    /// GS1 application identifiers, in any order.
    Elements {
        /// Each AI once.
        elements: Vec<LabelElement>,
    },
}

/// A picture, printed dot for dot.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LabelPicture {
    /// Dots in a row, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
    /// One bit a dot, row by row, whole bytes a row, the first dot in the highest bit, 1 is dark; at most 128 KiB.
    pub dark: Vec<u8>,
}

/// What is printed on one label.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LabelRequest {
    /// The kind of symbol.
    pub symbology: LabelSymbology,
    /// What it says; the same is printed beside it for people.
    pub payload: LabelPayload,
    /// Above the text: a sign of the house, or text that the app drew in another script; or none.
    pub picture: Option<LabelPicture>,
    /// Text above or beside it, most important first, at most 8 lines. Latin letters of European languages; others as a picture.
    pub lines: Vec<String>,
}

/// The label to print on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct LabelMedia {
    /// Width in 1/100 mm.
    pub width: u32,
    /// Height in 1/100 mm.
    pub height: u32,
    /// Dots per inch of the printer, 150 to 600: 203 and 300 are usual.
    pub dpi: u32,
}

/// A sheet of labels for an office printer, in 1/100 mm; filled row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct LabelSheet {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LabelFormat {
    /// A picture of exactly one label, to show or share.
    Png,
    /// For office printers.
    Pdf {
        /// Several labels a page; none is a page for each label.
        sheet: Option<LabelSheet>,
    },
    /// For Zebra printers and those that speak their language: send it as it is.
    Zpl,
}

/// Draws at most 500 labels. The same labels give the same bytes; the picture, the page and the print look alike.
///
/// # Errors
/// `InvalidInput` names what is wrong: `payload`, `lines` (text that cannot be printed), `size` (too small to be read),
/// `labels` (too many for one call) or a field of the media or sheet. Nothing is made then.
#[uniffi::export]
pub async fn render_labels(
    labels: Vec<LabelRequest>,
    media: LabelMedia,
    format: LabelFormat,
) -> Result<Vec<u8>, StocksyncError> {
    runtime::blocking(move || {
        let made = labels.into_iter().enumerate().map(|(index, it)| {
            let payload = it.payload.read().map_err(|error| LabelError::Payload { label: index + 1, error })?;
            let picture =
                it.picture.map(|LabelPicture { width, height, dark }| labels::LabelPicture { width, height, dark });
            Ok(Label { symbology: it.symbology.into(), payload, picture, lines: it.lines })
        });
        let made = made.collect::<Result<Vec<Label>, LabelError>>()?;
        labels::render(&made, &media.into(), &format.into())
    })
    .await
}

/// The 18 digits of a new SSCC (AI 00) from an extension digit, a GS1 company prefix and a serial number that was not used
/// for at least a year.
///
/// # Errors
/// `InvalidInput` if the prefix is not 4 to 12 digits or the number does not fit behind it.
#[uniffi::export]
pub fn sscc(extension: u32, company_prefix: String, serial: u64) -> Result<String, StocksyncError> {
    let number = u8::try_from(extension).ok().and_then(|it| labels::sscc(it, &company_prefix, serial));
    number.ok_or_else(|| StocksyncError::invalid("company_prefix", "prefix, extension and serial make no SSCC"))
}

impl LabelPayload {
    fn read(self) -> Result<Payload, PayloadError> {
        match self {
            Self::Code { text } => Ok(Payload::Code(text)),
            Self::Text { text } => Ok(Payload::Text(text)),
            Self::Elements { elements } => {
                let pairs: Vec<(String, String)> = elements.into_iter().map(|it| (it.ai, it.value)).collect();
                Payload::elements(&pairs)
            }
        }
    }
}

impl From<LabelSymbology> for labels::LabelSymbology {
    fn from(symbology: LabelSymbology) -> Self {
        match symbology {
            LabelSymbology::Code128 => Self::Code128,
            LabelSymbology::QrCode => Self::Qr,
            LabelSymbology::DataMatrix => Self::DataMatrix,
        }
    }
}

impl From<LabelMedia> for Media {
    fn from(media: LabelMedia) -> Self {
        let LabelMedia { width, height, dpi } = media;
        Self { width, height, dpi }
    }
}

impl From<LabelFormat> for labels::LabelFormat {
    fn from(format: LabelFormat) -> Self {
        match format {
            LabelFormat::Png => Self::Png,
            LabelFormat::Zpl => Self::Zpl,
            LabelFormat::Pdf { sheet } => Self::Pdf(sheet.map(|it| {
                let LabelSheet { width, height, columns, rows, left, top, across, down, used } = it;
                Sheet { width, height, columns, rows, left, top, across, down, used }
            })),
        }
    }
}

impl From<LabelError> for StocksyncError {
    fn from(error: LabelError) -> Self {
        let field = match error {
            LabelError::Payload { .. } => "payload",
            LabelError::Unprintable { .. } => "lines",
            LabelError::DoesNotFit { .. } => "size",
            LabelError::OutOfRange { field } => field,
            LabelError::TooLarge => "labels",
        };
        Self::invalid(field, error)
    }
}
