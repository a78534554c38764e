//! A camera held over a code: many frames of the same thing. Owns: what is remembered from frame to frame. Must never: read
//! a clock, or answer differently to the same frames.

use super::linear::edges::Threshold::{Local, Middle, Slope};
use super::linear::votes::{needed, unchecked};
use super::passes::{LIVE, Pass, Picture};
use super::{Frame, ScanError, Symbol, guarded, plane_of, shifted};

/// Work beyond [`Mode::Live`](super::Mode::Live) that the frames share: one group a frame, in turn.
const GROUPS: [&[Pass]; 8] = [
    &[Pass::Rarer(0, Middle, 24), Pass::DataMatrix(true)],
    &[Pass::Lines(4, Local, 24), Pass::Lines(5, Local, 24)],
    &[Pass::Lines(1, Slope, 24), Pass::Inverted(1, Middle, 24), Pass::DataMatrix(true)],
    &[Pass::Lines(2, Local, 24), Pass::Lines(3, Local, 24)],
    &[Pass::Rarer(0, Local, 24)],
    &[Pass::Qr(true), Pass::Pdf417],
    &[Pass::Lines(6, Local, 24), Pass::Lines(7, Local, 24), Pass::DataMatrix(true)],
    &[Pass::Rarer(1, Middle, 16), Pass::Aztec],
];
/// Frames after which a text that was not seen again is forgotten.
const MEMORY: u64 = 8;
/// Texts remembered at most.
const MAX_REMEMBERED: usize = 32;

/// A text seen before.
struct Sight {
    symbol: Symbol,
    lines: usize,
    frames: usize,
    last: u64,
}

/// Reads a stream of camera frames. One value per camera session; the same frames give the same answers.
///
/// Texts without a check digit (Code 39, Codabar, ITF other than cartons) are returned only once two frames agreed on them.
#[derive(Default)]
pub struct Scanner {
    frame: u64,
    sights: Vec<Sight>,
}

impl Scanner {
    /// A scanner that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next frame. An empty answer is the usual one: keep the frames coming.
    ///
    /// # Errors
    /// As [`scan`](super::scan). The memory of earlier frames stays.
    pub fn next(&mut self, frame: &Frame<'_>) -> Result<Vec<Symbol>, ScanError> {
        let (plane, offset) = plane_of(frame)?;
        self.frame += 1;
        let turn = (self.frame % GROUPS.len() as u64) as usize;
        let (symbols, tally) = guarded(|| {
            let mut picture = Picture::new(&plane, false);
            picture.work_through(LIVE);
            picture.work_through(GROUPS.get(turn).copied().unwrap_or_default());
            let tally: Vec<(Symbol, usize)> = picture.votes.tally().collect();
            (picture.into_symbols(), tally)
        })?;
        Ok(shifted(self.remember(symbols, tally), offset))
    }

    /// Forgets everything seen, as when the person turns to another shelf.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn remember(&mut self, symbols: Vec<Symbol>, tally: Vec<(Symbol, usize)>) -> Vec<Symbol> {
        let now = self.frame;
        self.sights.retain(|s| now - s.last <= MEMORY);
        let mut answer: Vec<Symbol> = symbols.iter().filter(|s| !unchecked(s)).cloned().collect();
        for (symbol, lines) in tally {
            let known =
                self.sights.iter_mut().find(|s| s.symbol.format == symbol.format && s.symbol.text == symbol.text);
            let (lines, frames) = match known {
                Some(sight) => {
                    sight.lines += lines;
                    sight.frames += 1;
                    sight.last = now;
                    (sight.lines, sight.frames)
                }
                None => {
                    if self.sights.len() < MAX_REMEMBERED {
                        self.sights.push(Sight { symbol: symbol.clone(), lines, frames: 1, last: now });
                    }
                    (lines, 1)
                }
            };
            // One line more than within one frame: the frames of a hand that does not move are not independent.
            let enough = frames >= 2 && lines > needed(symbol.format, &symbol.text);
            if enough && !answer.iter().any(|s| s.format == symbol.format && s.text == symbol.text) {
                answer.push(symbol);
            }
        }
        answer
    }
}
