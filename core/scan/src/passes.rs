//! The passes over a picture and their order. Owns: the lists of passes, each justified by a measurement
//! (`core/docs/decisions/0004-scanning-pipeline.md`), and the rule when to stop. Must never: depend on chance; every order is
//! fixed.
//!
//! | mode | passes | ends |
//! | --- | --- | --- |
//! | `Live` | [`LIVE`] | at the first code |
//! | `Still` | [`STILL`] | at the first code |
//! | `Every` | [`STILL`] | after the last pass |
//!
//! Fast passes that read most pictures come first; those for rare symbologies, bad light and small codes come last. A linear code
//! counts once enough lines agree on it (`votes`); a two-dimensional code counts at once, because its error correction verified it.

use super::linear::edges::{self, EdgeBuffers, Edges, Threshold};
use super::linear::reading::LineReading;
use super::linear::rows::{self, RareReaders};
use super::linear::votes::Votes;
use super::plane::{Plane, ScanLine};
use super::square::matrix::{self, BinaryImage};
use super::square::{aztec, datamatrix, qr};
use super::{ScanMode, Symbol};

/// One way of reading a picture.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pass {
    /// Scan lines: direction (index into [`DIRECTIONS`]), threshold, number of lines.
    Lines(usize, Threshold, usize),
    /// The same with black and white swapped.
    Inverted(usize, Threshold, usize),
    /// Scan lines through the readers of the rarer symbologies.
    RareReaders(usize, Threshold, usize),
    /// QR codes; `true` searches more rows for finder patterns.
    Qr(bool),
    /// Data Matrix codes anywhere; `true` adds rxing's search.
    DataMatrix(bool),
    Pdf417,
    Aztec,
    /// The two-dimensional readers on a picture of half the size, for large, blurred or noisy codes.
    Half,
    /// The two-dimensional readers with black and white swapped.
    Negative,
    /// The main passes on a picture of twice the size, for pictures of at most [`SMALL`] pixels.
    Double,
}

/// Sine and cosine of 45 degrees.
const SLANT: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// Directions of scan lines: rows, columns, then the ones between.
#[rustfmt::skip]
pub(super) const DIRECTIONS: [(f32, f32); 8] = [
    (1.0, 0.0), (0.0, 1.0),
    (0.9239, 0.3827), (0.9239, -0.3827), (SLANT, SLANT), (SLANT, -SLANT), (0.3827, 0.9239), (0.3827, -0.9239),
];
/// Largest picture that is read at twice its size, in pixels.
const SMALL: usize = 640 * 480;

use Pass::{Aztec, DataMatrix, Double, Half, Inverted, Lines, Negative, Pdf417, Qr, RareReaders as Rare};
use Threshold::{Average, Local, Middle, Slope};

/// Passes over every live frame.
pub(super) const LIVE: &[Pass] = &[
    Lines(0, Middle, 24),
    Qr(false),
    Lines(1, Middle, 24),
    Inverted(0, Middle, 24),
    DataMatrix(false),
    Lines(0, Local, 32),
    Lines(1, Local, 32),
    Lines(0, Slope, 32),
];

/// Passes over a photograph, until one finds a code.
const STILL: &[Pass] = &[
    Lines(0, Middle, 32),
    Lines(1, Middle, 32),
    Qr(false),
    Lines(0, Local, 32),
    Lines(1, Local, 32),
    Rare(0, Middle, 32),
    Lines(0, Average, 32),
    Lines(1, Average, 32),
    Lines(0, Slope, 32),
    Lines(1, Slope, 32),
    DataMatrix(true),
    Qr(true),
    Rare(1, Middle, 32),
    Lines(2, Local, 32),
    Lines(3, Local, 32),
    Lines(4, Local, 32),
    Lines(5, Local, 32),
    Lines(6, Local, 32),
    Lines(7, Local, 32),
    Pdf417,
    Aztec,
    Inverted(0, Local, 32),
    Inverted(1, Local, 32),
    Rare(0, Local, 40),
    Rare(1, Local, 40),
    Half,
    Negative,
    Double,
];

/// Reads a picture by the passes of a mode.
pub(super) fn run(plane: &Plane<'_>, mode: ScanMode) -> Vec<Symbol> {
    let mut picture = PictureReader::new(plane, mode == ScanMode::Every);
    picture.run_passes(if mode == ScanMode::Live { LIVE } else { STILL });
    picture.into_symbols()
}

/// Reads one picture, pass by pass.
pub(super) struct PictureReader<'p> {
    plane: &'p Plane<'p>,
    /// Go on after the first code.
    every: bool,
    /// Smallest contrast of a bar; less is noise.
    floor: i32,
    black: Option<BinaryImage>,
    pub(super) votes: Votes,
    /// Two-dimensional codes; their error correction makes one reading enough.
    found: Vec<Symbol>,
    buffers: Buffers,
}

/// Memory reused from line to line.
#[derive(Default)]
struct Buffers {
    samples: Vec<u8>,
    work: EdgeBuffers,
    edges: Edges,
    readings: Vec<LineReading>,
}

/// The colours of the bars that a pass looks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Polarity {
    DarkOnLight,
    LightOnDark,
}

impl<'p> PictureReader<'p> {
    /// A reader that has done nothing yet; with `every` it does not stop at the first code.
    pub(super) fn new(plane: &'p Plane<'p>, every: bool) -> Self {
        // A bar must exceed the noise of flat areas by 30 %: at a lower limit, noise costs three times the work.
        let floor = (i32::from(plane.noise()) * 13 / 10).clamp(12, 90);
        Self {
            plane,
            every,
            floor,
            black: None,
            votes: Votes::default(),
            found: Vec::new(),
            buffers: Buffers::default(),
        }
    }

    /// Runs the passes in order until a code is found; all of them if every code is wanted.
    pub(super) fn run_passes(&mut self, passes: &[Pass]) {
        for pass in passes {
            if self.is_done() {
                return;
            }
            self.run_pass(*pass);
        }
    }

    /// Whether reading may end.
    pub(super) fn is_done(&self) -> bool {
        !self.every && (!self.found.is_empty() || self.votes.is_decided())
    }

    /// All symbols found: linear ones first, each kind in the order of reading.
    pub(super) fn into_symbols(self) -> Vec<Symbol> {
        let mut symbols = self.votes.symbols();
        symbols.extend(self.found);
        symbols
    }

    /// Runs one pass.
    fn run_pass(&mut self, pass: Pass) {
        match pass {
            Lines(direction, how, count) => self.read_lines(direction, how, count, Polarity::DarkOnLight),
            Inverted(direction, how, count) => self.read_lines(direction, how, count, Polarity::LightOnDark),
            Rare(direction, how, count) => self.read_rarer(direction, how, count),
            Qr(harder) => self.read_matrix(|plane, black| qr::read(plane, black, harder)),
            DataMatrix(harder) => {
                let every = self.every;
                self.read_matrix(|plane, black| {
                    let mut found = datamatrix::read(plane, black);
                    if harder && (every || found.is_empty()) {
                        found.extend(matrix::data_matrix(black));
                    }
                    found
                });
            }
            Pdf417 => self.read_matrix(|_, black| matrix::pdf417(black)),
            Aztec => self.read_matrix(aztec::read),
            Half => {
                let half = self.plane.halved();
                if let Some(black) = BinaryImage::from_plane(&half) {
                    let found =
                        [qr::read(&half, &black, true), datamatrix::read(&half, &black), matrix::pdf417(&black)];
                    self.add_symbols(found.into_iter().flatten(), 2.0);
                }
            }
            Negative => self.read_matrix(|plane, black| {
                let negative = black.inverted();
                let plane = plane.inverted();
                let square = [qr::read(&plane, &negative, true), datamatrix::read(&plane, &negative)].concat();
                [square, aztec::read(&plane, &negative)].concat()
            }),
            Double => self.read_doubled(),
        }
    }

    /// Runs the main passes on the picture at twice its size.
    fn read_doubled(&mut self) {
        if self.plane.width * self.plane.height > SMALL {
            return;
        }
        let double = self.plane.doubled();
        let mut picture = PictureReader::new(&double, self.every);
        let passes = [Lines(0, Local, 32), Lines(1, Local, 32), Qr(true), DataMatrix(true), Pdf417];
        picture.run_passes(&passes);
        let symbols = picture.into_symbols();
        self.add_symbols(symbols.into_iter(), 0.5);
    }

    /// Adds new symbols that were found on a copy of the picture scaled down by `scale`.
    fn add_symbols(&mut self, symbols: impl Iterator<Item = Symbol>, scale: f32) {
        for mut symbol in symbols {
            let known = |other: &Symbol| other.format == symbol.format && other.text == symbol.text;
            if symbol.text.is_empty() || self.found.iter().any(known) || self.votes.symbols().iter().any(known) {
                continue;
            }
            for point in &mut symbol.points {
                point.x *= scale;
                point.y *= scale;
            }
            self.found.push(symbol);
        }
    }

    /// Runs a two-dimensional reader. The picture is binarized for the first of them.
    fn read_matrix(&mut self, read: impl FnOnce(&Plane<'_>, &BinaryImage) -> Vec<Symbol>) {
        let black = self.black.take().or_else(|| BinaryImage::from_plane(self.plane));
        if let Some(black) = black {
            let found = read(self.plane, &black);
            self.add_symbols(found.into_iter(), 1.0);
            self.black = Some(black);
        }
    }

    /// Reads `count` lines of a direction with this crate's own readers.
    fn read_lines(&mut self, direction: usize, how: Threshold, count: usize, polarity: Polarity) {
        let Some(heading) = DIRECTIONS.get(direction).copied() else { return };
        for line in ScanLine::fan(self.plane, heading, count) {
            let promising = self.read_line(&line, direction, how, polarity);
            // A code lower than the distance between lines gets its further votes from lines beside this one.
            if promising && !self.is_done() {
                for offset in [3.0, -3.0, 6.0, -6.0, 12.0, -12.0] {
                    if let Some(line) = ScanLine::at_offset(self.plane, heading, line.off + offset) {
                        self.read_line(&line, direction, how, polarity);
                    }
                }
            }
            if self.is_done() {
                return;
            }
        }
    }

    /// Reads one line from both ends; returns whether any reader found a text.
    fn read_line(&mut self, line: &ScanLine, direction: usize, how: Threshold, polarity: Polarity) -> bool {
        let Buffers { samples, work, edges, readings } = &mut self.buffers;
        self.plane.sample_line(line, samples);
        edges::find(samples, how, self.floor, work, edges);
        let turned = match polarity {
            Polarity::DarkOnLight => [edges.clone(), edges.reversed()],
            Polarity::LightOnDark => [edges.inverted(), edges.inverted().reversed()],
        };
        let mut any = false;
        for (edges, backwards) in turned.iter().zip([false, true]) {
            readings.clear();
            rows::read_own(edges, readings);
            for reading in readings.drain(..) {
                any = true;
                vote(&mut self.votes, reading, line, direction, edges, backwards);
            }
        }
        any
    }

    /// Reads `count` lines of a direction with the readers of the rarer symbologies.
    fn read_rarer(&mut self, direction: usize, how: Threshold, count: usize) {
        let Some(heading) = DIRECTIONS.get(direction).copied() else { return };
        // One value for both ways of reading, because every other row of a stacked symbol runs backwards.
        let mut readers = RareReaders::default();
        // The DataBar reader orders the rows of stacked symbols by row number, so the lines are read in order.
        let mut lines = ScanLine::fan(self.plane, heading, count);
        lines.sort_by(|one, other| one.off.total_cmp(&other.off));
        for (row, line) in lines.iter().enumerate() {
            let Buffers { samples, work, edges, readings } = &mut self.buffers;
            self.plane.sample_line(line, samples);
            edges::find(samples, how, self.floor, work, edges);
            let turned = [edges.clone(), edges.reversed()];
            for (edges, backwards) in turned.iter().zip([false, true]) {
                readings.clear();
                readers.read(edges, row as u32, backwards, readings);
                for reading in readings.drain(..) {
                    vote(&mut self.votes, reading, line, direction, edges, backwards);
                }
            }
            if self.is_done() {
                return;
            }
        }
    }
}

/// Counts one reading of one line.
fn vote(votes: &mut Votes, reading: LineReading, line: &ScanLine, direction: usize, edges: &Edges, backwards: bool) {
    let position = |edge: usize| {
        let at = edges.at.get(edge).copied().unwrap_or(0.0);
        line.position(if backwards { edges.len - at } else { at })
    };
    let (from, to) = (position(reading.first), position(reading.last));
    // The direction in the highest byte, below it the distance from the middle of the picture in whole pixels.
    let number = (direction as u32) << 24 | (line.off.round() as i32 + (1 << 20)) as u32;
    votes.add(reading, number, from, to);
}
