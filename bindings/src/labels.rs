//! Labels as they cross to the app. Owns shapes; what is printed and how it looks is `core/labels`'.

use std::sync::Arc;

use stocksync_labels::{self as labels, Label, LabelError, Media, Payload, PayloadError, Sheet};

use crate::handle::Handle;
use crate::{ShiftInput, StocksyncError, runtime, shift};

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
    /// A code of one's own, such as `location_text` and `command_text` give: digits, capitals and `-.:/`, which every scanner can
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
    /// Text above or beside it, most important first, at most 8 lines. Latin letters of European languages; others as a picture.
    #[uniffi(default)]
    pub lines: Vec<String>,
    /// Above the text: a sign of the house, or text that the app drew in another script; or none.
    #[uniffi(default = None)]
    pub picture: Option<LabelPicture>,
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
        #[uniffi(default = None)]
        sheet: Option<LabelSheet>,
    },
    /// For Zebra printers and those that speak their language: send it as it is.
    Zpl,
}

/// Labels to print and what their symbols say. A part of [`Inventory`](crate::Inventory).
#[derive(uniffi::Object)]
pub struct Labels {
    handle: Arc<Handle>,
}

impl Labels {
    pub(crate) fn new(handle: Arc<Handle>) -> Arc<Self> {
        Arc::new(Self { handle })
    }
}

#[uniffi::export]
impl Labels {
    /// Draws at most 500 labels. The same labels give the same bytes; the picture, the page and the print look alike. Nothing
    /// is stored.
    ///
    /// # Errors
    /// `InvalidInput` names what is wrong: `payload`, `lines` (text that cannot be printed), `size` (too small to be read),
    /// `labels` (too many for one call) or a field of the media or sheet. Nothing is made then.
    pub async fn render(
        &self,
        labels: Vec<LabelRequest>,
        media: LabelMedia,
        format: LabelFormat,
    ) -> Result<Vec<u8>, StocksyncError> {
        let lease = self.handle.lease()?;
        runtime::blocking(move || {
            let _running = lease;
            let labels = labels.into_iter().enumerate().map(|(index, request)| {
                let payload = request.payload.read();
                let payload = payload.map_err(|error| LabelError::Payload { label: index + 1, error })?;
                let picture = request.picture.map(Into::into);
                Ok(Label { symbology: request.symbology.into(), payload, picture, lines: request.lines })
            });
            let labels = labels.collect::<Result<Vec<Label>, LabelError>>()?;
            labels::render(&labels, &media.into(), &format.into())
        })
        .await
    }

    /// The text of the label that does what `input` does when it is scanned: mode, multiplier, packs, undo, finish.
    ///
    /// # Errors
    /// `InvalidInput` for an input that no label can say; `Closed`.
    pub fn command_text(&self, input: ShiftInput) -> Result<String, StocksyncError> {
        self.handle.lease()?;
        shift::command_text(input)
    }

    /// The text of a location's label, from the location's `code`.
    ///
    /// # Errors
    /// `InvalidInput` if the code holds neither digit nor capital letter; `Closed`.
    pub fn location_text(&self, code: String) -> Result<String, StocksyncError> {
        self.handle.lease()?;
        shift::location_text(&code)
    }

    /// The 18 digits of a new SSCC (AI 00) from an extension digit, a GS1 company prefix and a serial number that was not
    /// used for at least a year.
    ///
    /// # Errors
    /// `InvalidInput` if the prefix is not 4 to 12 digits or the number does not fit behind it; `Closed`.
    pub fn sscc(&self, extension: u32, company_prefix: String, serial: u64) -> Result<String, StocksyncError> {
        self.handle.lease()?;
        let number = u8::try_from(extension).ok();
        let number = number.and_then(|extension| labels::sscc(extension, &company_prefix, serial));
        number.ok_or_else(|| StocksyncError::invalid("company_prefix", "prefix, extension and serial make no SSCC"))
    }
}

impl LabelPayload {
    fn read(self) -> Result<Payload, PayloadError> {
        match self {
            Self::Code { text } => Ok(Payload::Code(text)),
            Self::Text { text } => Ok(Payload::Text(text)),
            Self::Elements { elements } => {
                let pairs: Vec<(String, String)> =
                    elements.into_iter().map(|element| (element.ai, element.value)).collect();
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

impl From<LabelPicture> for labels::LabelPicture {
    fn from(picture: LabelPicture) -> Self {
        let LabelPicture { width, height, dark } = picture;
        Self { width, height, dark }
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
            LabelFormat::Pdf { sheet } => Self::Pdf(sheet.map(|sheet| {
                let LabelSheet { width, height, columns, rows, left, top, across, down, used } = sheet;
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
