//! From pictures to codes, and from codes to what they name.
//!
//! Owns the shapes of frames and look-ups. What a frame may cost is the scanner's; what a code means is the core's.

use std::sync::Arc;

use stocksync_core::Inventory as Core;
use stocksync_core::lookup::{LookupMatch, LookupResult};
use stocksync_scan::{self as scan, BarcodeFormat as Format, Frame, FrameDecoder, FrameResult, Roi, ScanError, Symbol};

use crate::handle::Handle;
use crate::views::Wanted;
use crate::{BalanceView, MeasureView, Pack, ScanWarning, StocksyncError, VariantView, runtime};

/// A part of a frame, in pixels; positions found in it are still those of the whole frame.
#[derive(Debug, Clone, uniffi::Record)]
pub struct RegionRequest {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Columns, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
}

/// How much work a picture is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ScanMode {
    /// One of many camera frames: frames are remembered for a moment, so that codes without a check digit are believed only
    /// once two frames agree.
    Live,
    /// One photograph: every way of reading until a code is found.
    Still,
    /// One photograph with several codes on it: every code.
    Every,
}

/// One grey frame. An Android `YUV_420_888` plane 0 and an iOS bi-planar plane 0 are given as they are.
#[derive(Debug, Clone, uniffi::Record)]
pub struct FrameRequest {
    /// At least `stride * (height - 1) + width` bytes, 0 black to 255 white.
    pub luma: Vec<u8>,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from one row to the next: cameras pad their rows.
    pub stride: u32,
    /// Where to look; none is everywhere.
    #[uniffi(default = None)]
    pub region: Option<RegionRequest>,
    /// How much work the picture is worth.
    pub mode: ScanMode,
}

/// The symbologies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum BarcodeFormat {
    /// EAN-13.
    Ean13,
    /// UPC-A.
    UpcA,
    /// EAN-8.
    Ean8,
    /// UPC-E.
    UpcE,
    /// Code 128 and GS1-128.
    Code128,
    /// Code 39.
    Code39,
    /// Code 93.
    Code93,
    /// Interleaved 2 of 5 and ITF-14.
    Itf,
    /// Codabar.
    Codabar,
    /// GS1 DataBar.
    DataBar,
    /// GS1 DataBar Expanded.
    DataBarExpanded,
    /// QR Code.
    QrCode,
    /// Data Matrix.
    DataMatrix,
    /// PDF417.
    Pdf417,
    /// Aztec.
    Aztec,
    /// Another one.
    Other,
}

/// One code that was read in a frame.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SymbolView {
    /// Its symbology.
    pub format: BarcodeFormat,
    /// Its text; a group separator is 0x1D.
    pub text: String,
    /// ISO/IEC 15424 symbology identifier, such as `]E0`: give it to `lookup` beside the text.
    pub symbology: String,
    /// The two or five digits beside an EAN or UPC; they are no part of its number.
    pub add_on: Option<String>,
    /// The bytes behind the text.
    pub bytes: Vec<u8>,
    /// Where it was seen, in pixels of the frame: both ends of a linear code, corners of the others.
    pub points: Vec<PointView>,
}

/// A point of a frame, in pixels from its top left corner.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PointView {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

/// What a scanned or typed code is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LookupView {
    /// What was read, in its normal form.
    pub text: String,
    /// The variants that carry this code. None: an unknown code. Several: a person picks.
    pub matches: Vec<MatchView>,
    /// The GTIN in the code, 14 digits.
    pub gtin: Option<String>,
    /// The lot in the code as ops name it: `10:CODE` or `21:SERIAL`; empty where there is none.
    pub lot: String,
    /// The expiry in the code, `YYYY-MM-DD`.
    pub expiry: Option<String>,
    /// What the label measures.
    pub measures: Vec<MeasureView>,
    /// What was odd about the code; none of it refuses the scan.
    pub warnings: Vec<ScanWarning>,
}

/// A variant that carries a code.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MatchView {
    /// The variant.
    pub variant: VariantView,
    /// How many base units one scan is.
    pub pack: Pack,
    /// Its balances at real locations, those with stock first, at most 20.
    pub balances: Vec<BalanceView>,
}

/// Reads pictures and codes. A part of [`Inventory`](crate::Inventory).
#[derive(uniffi::Object)]
pub struct BarcodeScanner {
    handle: Arc<Handle>,
    /// Its one slot is for live frames.
    decoder: Arc<FrameDecoder>,
}

impl BarcodeScanner {
    pub(crate) fn new(handle: Arc<Handle>) -> Arc<Self> {
        Arc::new(Self { handle, decoder: Arc::default() })
    }
}

#[uniffi::export]
impl BarcodeScanner {
    /// Reads the codes in a camera frame or photograph. No code is the usual answer of a frame, and no error. A live frame
    /// that arrives while another one is decoded is skipped at once, with no code for an answer.
    ///
    /// # Errors
    /// `InvalidInput` if the sizes do not fit each other or their limits.
    pub async fn read_frame(&self, frame: FrameRequest) -> Result<Vec<SymbolView>, StocksyncError> {
        let lease = self.handle.lease()?;
        let decoder = Arc::clone(&self.decoder);
        runtime::blocking(move || {
            let _running = lease;
            read(&decoder, &frame)
        })
        .await
    }

    /// Says what a scanned or typed code is and where its variants are. `symbology` is the identifier beside a scanned text
    /// (`]E0`), none or empty if typed.
    ///
    /// # Errors
    /// `InvalidInput` if the text is empty or too long. An unknown code is no error: it has no match.
    #[uniffi::method(default(symbology = None))]
    pub async fn lookup(&self, text: String, symbology: Option<String>) -> Result<LookupView, StocksyncError> {
        self.handle
            .run(move |core| {
                let found = core.lookup(&text, symbology.as_deref().filter(|aim| !aim.is_empty()))?;
                lookup_view(core, found)
            })
            .await
    }
}

/// Reads one frame.
fn read(decoder: &FrameDecoder, request: &FrameRequest) -> Result<Vec<SymbolView>, StocksyncError> {
    let region = request.region.as_ref();
    let roi =
        region.map(|region| Roi { left: region.left, top: region.top, width: region.width, height: region.height });
    let FrameRequest { luma, width, height, stride, .. } = request;
    let frame = Frame { luma, width: *width, height: *height, stride: *stride, roi };
    let found = match request.mode {
        ScanMode::Live => decoder.try_decode(&frame).map(FrameResult::into_symbols),
        ScanMode::Still => scan::scan(&frame, scan::ScanMode::Still),
        ScanMode::Every => scan::scan(&frame, scan::ScanMode::Every),
    };
    Ok(found?.into_iter().map(SymbolView::from).collect())
}

fn lookup_view(core: &Core, found: LookupResult) -> Result<LookupView, StocksyncError> {
    let mut wanted = Wanted::default();
    for LookupMatch { identifier, balances } in &found.matches {
        wanted.variants.insert(identifier.variant);
        balances.iter().for_each(|row| wanted.cell(&row.cell));
    }
    let named = wanted.load(core)?;
    let view = |LookupMatch { identifier, balances }: &LookupMatch| MatchView {
        variant: named.variant(identifier.variant),
        pack: Pack { numerator: identifier.pack_numerator, denominator: identifier.pack_denominator },
        balances: balances.iter().map(|row| named.balance(&row.cell, &row.view)).collect(),
    };
    Ok(LookupView {
        matches: found.matches.iter().map(view).collect(),
        text: found.text,
        gtin: found.gtin,
        lot: found.lot,
        expiry: found.expiry,
        measures: found.measures.into_iter().map(Into::into).collect(),
        warnings: found.warnings.into_iter().map(Into::into).collect(),
    })
}

/// Grey pixels of an RGBA picture, as Android's bitmaps are: give them to a frame whose stride is its width. `stride` is in
/// bytes. Runs on the caller's thread.
///
/// # Errors
/// `InvalidInput` if the sizes do not fit the pixels.
#[uniffi::export]
pub fn luma_from_rgba(pixels: Vec<u8>, width: u32, height: u32, stride: u32) -> Result<Vec<u8>, StocksyncError> {
    Ok(scan::luma_from_rgba(&pixels, width, height, stride)?)
}

/// Grey pixels of a BGRA picture, as iOS gives them; else as `luma_from_rgba`.
///
/// # Errors
/// `InvalidInput` if the sizes do not fit the pixels.
#[uniffi::export]
pub fn luma_from_bgra(pixels: Vec<u8>, width: u32, height: u32, stride: u32) -> Result<Vec<u8>, StocksyncError> {
    Ok(scan::luma_from_bgra(&pixels, width, height, stride)?)
}

/// Grey pixels of an NV21 frame of an old Android camera; else as `luma_from_rgba`.
///
/// # Errors
/// `InvalidInput` if the sizes do not fit the pixels.
#[uniffi::export]
pub fn luma_from_nv21(pixels: Vec<u8>, width: u32, height: u32, stride: u32) -> Result<Vec<u8>, StocksyncError> {
    Ok(scan::luma_from_nv21(&pixels, width, height, stride)?)
}

impl From<ScanError> for StocksyncError {
    fn from(error: ScanError) -> Self {
        let field = match error {
            ScanError::Empty | ScanError::TooLarge { .. } => "width",
            ScanError::Stride { .. } => "stride",
            ScanError::Length { .. } => "luma",
            ScanError::Region => "region",
            ScanError::Decoder => return Self::Internal { reason: error.to_string() },
        };
        Self::invalid(field, error)
    }
}

impl From<Symbol> for SymbolView {
    fn from(symbol: Symbol) -> Self {
        let point = |point: &scan::Point| PointView { x: point.x.round() as i32, y: point.y.round() as i32 };
        Self {
            format: format_of(symbol.format),
            text: symbol.text,
            add_on: symbol.add_on,
            bytes: symbol.bytes,
            symbology: symbol.aim,
            points: symbol.points.iter().map(point).collect(),
        }
    }
}

fn format_of(format: Format) -> BarcodeFormat {
    match format {
        Format::Ean13 => BarcodeFormat::Ean13,
        Format::UpcA => BarcodeFormat::UpcA,
        Format::Ean8 => BarcodeFormat::Ean8,
        Format::UpcE => BarcodeFormat::UpcE,
        Format::Code128 => BarcodeFormat::Code128,
        Format::Code39 => BarcodeFormat::Code39,
        Format::Code93 => BarcodeFormat::Code93,
        Format::Itf => BarcodeFormat::Itf,
        Format::Codabar => BarcodeFormat::Codabar,
        Format::DataBar => BarcodeFormat::DataBar,
        Format::DataBarExpanded => BarcodeFormat::DataBarExpanded,
        Format::Qr => BarcodeFormat::QrCode,
        Format::DataMatrix => BarcodeFormat::DataMatrix,
        Format::Pdf417 => BarcodeFormat::Pdf417,
        Format::Aztec => BarcodeFormat::Aztec,
        _ => BarcodeFormat::Other,
    }
}
