//! Camera frames as they cross from the app. Owns their shape; what a frame may cost is the scanner's to say.

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
