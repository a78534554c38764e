//! A running camera held over a code: many frames of the same scene. Owns: what is remembered from frame to frame. Must
//! never: read a clock, or give different answers to the same sequence of frames.

use super::linear::edges::Threshold::{Local, Middle, Slope};
use super::linear::votes::{needed, unchecked};
use super::passes::{LIVE, Pass, PictureReader};
use super::{Frame, ScanError, Symbol, catch_panic, plane_of, to_frame_positions};

/// Passes beyond those of [`ScanMode::Live`](super::ScanMode::Live), spread over the frames: each frame gets one group, in
/// turn.
const GROUPS: [&[Pass]; 8] = [
    &[Pass::RareReaders(0, Middle, 24), Pass::DataMatrix(true)],
    &[Pass::Lines(4, Local, 24), Pass::Lines(5, Local, 24)],
    &[Pass::Lines(1, Slope, 24), Pass::Inverted(1, Middle, 24), Pass::DataMatrix(true)],
    &[Pass::Lines(2, Local, 24), Pass::Lines(3, Local, 24)],
    &[Pass::RareReaders(0, Local, 24)],
    &[Pass::Qr(true), Pass::Pdf417],
    &[Pass::Lines(6, Local, 24), Pass::Lines(7, Local, 24), Pass::DataMatrix(true)],
    &[Pass::RareReaders(1, Middle, 16), Pass::Aztec],
];
/// A text that was not seen again for this many frames is removed from memory.
const MEMORY_FRAMES: u64 = 8;
/// Most texts remembered.
const MAX_REMEMBERED: usize = 32;

/// A text seen in an earlier frame.
struct Sighting {
    symbol: Symbol,
    /// Scan lines that read it, over all its frames.
    lines: usize,
    /// Frames in which it was seen.
    frames: usize,
    /// Number of the newest of these frames.
    last: u64,
}

/// Reads a stream of camera frames. One value per camera session; the same frames give the same answers.
///
/// Texts without a check digit (Code 39, Codabar, ITF other than ITF-14) are returned only after two frames agreed on them.
/// For frames that arrive on several threads use [`FrameDecoder`](super::FrameDecoder).
///
/// ```
/// use stocksync_scan::{Frame, Scanner};
///
/// let mut scanner = Scanner::new();
/// let luma = vec![200u8; 320 * 240];
/// for _ in 0..3 {
///     assert!(scanner.next(&Frame::new(&luma, 320, 240))?.is_empty(), "grey without a code");
/// }
/// scanner.reset(); // the user closed the camera
/// # Ok::<(), stocksync_scan::ScanError>(())
/// ```
#[derive(Default)]
pub struct Scanner {
    frame: u64,
    sightings: Vec<Sighting>,
}

impl Scanner {
    /// A scanner without memory of earlier frames.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next frame. An empty answer is the usual one: go on with the next frame.
    ///
    /// A code that stays in view is returned from every frame that shows it; the shift removes repetitions.
    ///
    /// # Errors
    /// As [`scan`](super::scan). What earlier frames showed is still remembered.
    pub fn next(&mut self, frame: &Frame<'_>) -> Result<Vec<Symbol>, ScanError> {
        let (plane, offset) = plane_of(frame)?;
        self.frame += 1;
        let group = (self.frame % GROUPS.len() as u64) as usize;
        let (symbols, line_counts) = catch_panic(|| {
            let mut picture = PictureReader::new(&plane, false);
            picture.run_passes(LIVE);
            picture.run_passes(GROUPS.get(group).copied().unwrap_or_default());
            let line_counts: Vec<(Symbol, usize)> = picture.votes.line_counts().collect();
            (picture.into_symbols(), line_counts)
        })?;
        Ok(to_frame_positions(self.remember(symbols, line_counts), offset))
    }

    /// Clears the memory of earlier frames, for instance when the camera is opened again.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Adds the sightings of this frame to those of earlier ones; returns the texts that may be believed now.
    fn remember(&mut self, symbols: Vec<Symbol>, line_counts: Vec<(Symbol, usize)>) -> Vec<Symbol> {
        let now = self.frame;
        self.sightings.retain(|sighting| now - sighting.last <= MEMORY_FRAMES);
        let mut answer: Vec<Symbol> = symbols.iter().filter(|symbol| !unchecked(symbol)).cloned().collect();
        for (symbol, lines) in line_counts {
            let known = self
                .sightings
                .iter_mut()
                .find(|known| known.symbol.format == symbol.format && known.symbol.text == symbol.text);
            let (lines, frames) = match known {
                Some(sighting) => {
                    sighting.lines += lines;
                    sighting.frames += 1;
                    sighting.last = now;
                    (sighting.lines, sighting.frames)
                }
                None => {
                    if self.sightings.len() < MAX_REMEMBERED {
                        self.sightings.push(Sighting { symbol: symbol.clone(), lines, frames: 1, last: now });
                    }
                    (lines, 1)
                }
            };
            // One line more than within one frame, because frames of a camera at rest are not independent of each other.
            let enough = frames >= 2 && lines > needed(symbol.format, &symbol.text);
            if enough && !answer.iter().any(|known| known.format == symbol.format && known.text == symbol.text) {
                answer.push(symbol);
            }
        }
        answer
    }
}
