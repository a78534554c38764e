//! Camera frames as they cross from the app. Owns their shape; what a frame may cost is the scanner's to say.

use stocksync_scan::{self as scan, BarcodeFormat, Frame, FrameDecoder, FrameResult, Roi, ScanError, Symbol};

use crate::StocksyncError;

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
    pub region: Option<RegionRequest>,
    /// How much work the picture is worth.
    pub mode: ScanMode,
}

/// One code that was read in a frame.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SymbolView {
    /// Name of the symbology: `EAN_13`, `UPC_A`, `EAN_8`, `UPC_E`, `CODE_128`, `CODE_39`, `ITF`, `QR_CODE`, `DATA_MATRIX`…
    pub format: String,
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

/// Grey pixels of an RGBA picture, as Android's bitmaps are: give them to a frame whose stride is its width. `stride` is in
/// bytes.
///
/// # Errors
/// `InvalidInput`: the sizes do not fit the pixels.
#[uniffi::export]
pub fn luma_from_rgba(pixels: Vec<u8>, width: u32, height: u32, stride: u32) -> Result<Vec<u8>, StocksyncError> {
    Ok(scan::luma_from_rgba(&pixels, width, height, stride)?)
}

/// Grey pixels of a BGRA picture, as iOS gives them; else as `luma_from_rgba`.
///
/// # Errors
/// `InvalidInput`: the sizes do not fit the pixels.
#[uniffi::export]
pub fn luma_from_bgra(pixels: Vec<u8>, width: u32, height: u32, stride: u32) -> Result<Vec<u8>, StocksyncError> {
    Ok(scan::luma_from_bgra(&pixels, width, height, stride)?)
}

/// Grey pixels of an NV21 frame of an old Android camera; else as `luma_from_rgba`.
///
/// # Errors
/// `InvalidInput`: the sizes do not fit the pixels.
#[uniffi::export]
pub fn luma_from_nv21(pixels: Vec<u8>, width: u32, height: u32, stride: u32) -> Result<Vec<u8>, StocksyncError> {
    Ok(scan::luma_from_nv21(&pixels, width, height, stride)?)
}

/// Reads one frame. Live frames share `decoder`; one that arrives while another is being decoded is dropped, without symbols.
pub(crate) fn read(decoder: &FrameDecoder, request: &FrameRequest) -> Result<Vec<SymbolView>, StocksyncError> {
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
        let point = |at: &scan::Point| PointView { x: at.x.round() as i32, y: at.y.round() as i32 };
        Self {
            format: name(symbol.format).to_owned(),
            text: symbol.text,
            add_on: symbol.add_on,
            bytes: symbol.bytes,
            symbology: symbol.aim,
            points: symbol.points.iter().map(point).collect(),
        }
    }
}

fn name(format: BarcodeFormat) -> &'static str {
    match format {
        BarcodeFormat::Ean13 => "EAN_13",
        BarcodeFormat::UpcA => "UPC_A",
        BarcodeFormat::Ean8 => "EAN_8",
        BarcodeFormat::UpcE => "UPC_E",
        BarcodeFormat::Code128 => "CODE_128",
        BarcodeFormat::Code39 => "CODE_39",
        BarcodeFormat::Code93 => "CODE_93",
        BarcodeFormat::Itf => "ITF",
        BarcodeFormat::Codabar => "CODABAR",
        BarcodeFormat::DataBar => "DATA_BAR",
        BarcodeFormat::DataBarExpanded => "DATA_BAR_EXPANDED",
        BarcodeFormat::Qr => "QR_CODE",
        BarcodeFormat::DataMatrix => "DATA_MATRIX",
        BarcodeFormat::Pdf417 => "PDF_417",
        BarcodeFormat::Aztec => "AZTEC",
        _ => "OTHER",
    }
}
