//! Which work a picture gets, in which order. Owns: the lists of passes, measured one by one
//! (`docs/decisions/0004-scanning-pipeline.md`), and the rule when to stop. Must never: change the answer by chance; every
//! order here is fixed.

use super::linear::edges::{self, Edges, Threshold, Work};
use super::linear::reading::Reading;
use super::linear::rows::{self, Rarer};
use super::linear::votes::Votes;
use super::plane::{Line, Plane};
use super::square::matrix::{self, Black};
use super::square::{aztec, datamatrix, qr};
use super::{Mode, Symbol};

/// One piece of work on a picture.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pass {
    /// Scan lines: direction (index into [`DIRECTIONS`]), how black is told from white, number of lines.
    Lines(usize, Threshold, usize),
    /// The same with black and white swapped.
    Inverted(usize, Threshold, usize),
    /// Lines through rxing's readers for the rarer symbologies.
    Rarer(usize, Threshold, usize),
    /// QR codes; `true` looks at every row.
    Qr(bool),
    /// Data Matrix anywhere; `true` also looks as rxing does.
    DataMatrix(bool),
    Pdf417,
    Aztec,
    /// The two-dimensional readers on a picture of half the size: large, blurred or noisy codes.
    Half,
    /// The two-dimensional readers with black and white swapped.
    Negative,
    /// Everything again at twice the size, for pictures of at most [`SMALL`] pixels.
    Double,
}

const SLANT: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// Rows, columns, then the directions between.
#[rustfmt::skip]
pub(super) const DIRECTIONS: [(f32, f32); 8] = [
    (1.0, 0.0), (0.0, 1.0),
    (0.9239, 0.3827), (0.9239, -0.3827), (SLANT, SLANT), (SLANT, -SLANT), (0.3827, 0.9239), (0.3827, -0.9239),
];
/// Pixels up to which doubling is worth its time.
const SMALL: usize = 640 * 480;

use Pass::{Aztec, DataMatrix, Double, Half, Inverted, Lines, Negative, Pdf417, Qr, Rarer as Rare};
use Threshold::{Average, Local, Middle, Slope};

/// What every live frame gets.
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

/// What a photograph gets until a code is found.
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

pub(super) fn run(plane: &Plane<'_>, mode: Mode) -> Vec<Symbol> {
    let mut picture = Picture::new(plane, mode == Mode::Every);
    picture.work_through(if mode == Mode::Live { LIVE } else { STILL });
    picture.into_symbols()
}

/// A picture being read.
pub(super) struct Picture<'p> {
    plane: &'p Plane<'p>,
    /// Do not stop at the first code.
    every: bool,
    /// Least contrast of a bar.
    floor: i32,
    black: Option<Black>,
    pub(super) votes: Votes,
    /// Two-dimensional codes: their error correction makes one sight enough.
    found: Vec<Symbol>,
    buffers: Buffers,
}

#[derive(Default)]
struct Buffers {
    samples: Vec<u8>,
    work: Work,
    edges: Edges,
    readings: Vec<Reading>,
}

/// Which readers look at a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Own,
    OwnInverted,
}

impl<'p> Picture<'p> {
    pub(super) fn new(plane: &'p Plane<'p>, every: bool) -> Self {
        // A bar must stand out of the flicker of flat areas by 30 %, or noise costs three times the work.
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

    pub(super) fn work_through(&mut self, passes: &[Pass]) {
        for pass in passes {
            if self.done() {
                return;
            }
            self.pass(*pass);
        }
    }

    pub(super) fn done(&self) -> bool {
        !self.every && (!self.found.is_empty() || self.votes.decided())
    }

    pub(super) fn into_symbols(self) -> Vec<Symbol> {
        let mut symbols = self.votes.symbols();
        symbols.extend(self.found);
        symbols
    }

    fn pass(&mut self, pass: Pass) {
        match pass {
            Lines(direction, how, count) => self.lines(direction, how, count, Readers::Own),
            Inverted(direction, how, count) => self.lines(direction, how, count, Readers::OwnInverted),
            Rare(direction, how, count) => self.rarer(direction, how, count),
            Qr(harder) => self.matrix(|plane, black| qr::read(plane, black, harder)),
            DataMatrix(harder) => {
                let every = self.every;
                self.matrix(|plane, black| {
                    let mut found = datamatrix::read(plane, black);
                    if harder && (every || found.is_empty()) {
                        found.extend(matrix::data_matrix(black));
                    }
                    found
                });
            }
            Pdf417 => self.matrix(|_, black| matrix::pdf417(black)),
            Aztec => self.matrix(aztec::read),
            Half => {
                let half = self.plane.halved();
                if let Some(black) = Black::of(&half) {
                    let found =
                        [qr::read(&half, &black, true), datamatrix::read(&half, &black), matrix::pdf417(&black)];
                    self.keep(found.into_iter().flatten(), 2.0);
                }
            }
            Negative => self.matrix(|plane, black| {
                let negative = black.inverted();
                let plane = plane.inverted();
                let square = [qr::read(&plane, &negative, true), datamatrix::read(&plane, &negative)].concat();
                [square, aztec::read(&plane, &negative)].concat()
            }),
            Double => self.double(),
        }
    }

    fn double(&mut self) {
        if self.plane.width * self.plane.height > SMALL {
            return;
        }
        let double = self.plane.doubled();
        let mut picture = Picture::new(&double, self.every);
        let passes = [Lines(0, Local, 32), Lines(1, Local, 32), Qr(true), DataMatrix(true), Pdf417];
        picture.work_through(&passes);
        let symbols = picture.into_symbols();
        self.keep(symbols.into_iter(), 0.5);
    }

    /// Keeps what a reader found on a picture `scale` times smaller.
    fn keep(&mut self, symbols: impl Iterator<Item = Symbol>, scale: f32) {
        for mut symbol in symbols {
            let known = |s: &Symbol| s.format == symbol.format && s.text == symbol.text;
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

    fn matrix(&mut self, read: impl FnOnce(&Plane<'_>, &Black) -> Vec<Symbol>) {
        let black = self.black.take().or_else(|| Black::of(self.plane));
        if let Some(black) = black {
            let found = read(self.plane, &black);
            self.keep(found.into_iter(), 1.0);
            self.black = Some(black);
        }
    }

    fn lines(&mut self, direction: usize, how: Threshold, count: usize, readers: Readers) {
        let Some(heading) = DIRECTIONS.get(direction).copied() else { return };
        for line in Line::fan(self.plane, heading, count) {
            let promising = self.line(&line, direction, how, readers);
            // A code lower than the distance of two lines gets its second vote beside the first.
            if promising && !self.done() {
                for aside in [3.0, -3.0, 6.0, -6.0, 12.0, -12.0] {
                    if let Some(line) = Line::beside(self.plane, heading, line.off + aside) {
                        self.line(&line, direction, how, readers);
                    }
                }
            }
            if self.done() {
                return;
            }
        }
    }

    /// Reads one line from both ends; says whether it gave anything.
    fn line(&mut self, line: &Line, direction: usize, how: Threshold, readers: Readers) -> bool {
        let Buffers { samples, work, edges, readings } = &mut self.buffers;
        self.plane.along(line, samples);
        edges::find(samples, how, self.floor, work, edges);
        let turned = match readers {
            Readers::Own => [edges.clone(), edges.reversed()],
            Readers::OwnInverted => [edges.inverted(), edges.inverted().reversed()],
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

    fn rarer(&mut self, direction: usize, how: Threshold, count: usize) {
        let Some(heading) = DIRECTIONS.get(direction).copied() else { return };
        // One for both ways: every other row of a stacked symbol runs backwards.
        let mut readers = Rarer::default();
        // The DataBar reader puts the rows of stacked symbols in order by their number, so lines come in order too.
        let mut lines = Line::fan(self.plane, heading, count);
        lines.sort_by(|a, b| a.off.total_cmp(&b.off));
        for (row, line) in lines.iter().enumerate() {
            let Buffers { samples, work, edges, readings } = &mut self.buffers;
            self.plane.along(line, samples);
            edges::find(samples, how, self.floor, work, edges);
            let turned = [edges.clone(), edges.reversed()];
            for (edges, backwards) in turned.iter().zip([false, true]) {
                readings.clear();
                readers.read(edges, row as u32, backwards, readings);
                for reading in readings.drain(..) {
                    vote(&mut self.votes, reading, line, direction, edges, backwards);
                }
            }
            if self.done() {
                return;
            }
        }
    }
}

fn vote(votes: &mut Votes, reading: Reading, line: &Line, direction: usize, edges: &Edges, backwards: bool) {
    let place = |edge: usize| {
        let at = edges.at.get(edge).copied().unwrap_or(0.0);
        line.place(if backwards { edges.len - at } else { at })
    };
    let (from, to) = (place(reading.first), place(reading.last));
    // Lines of one direction are told apart by how far beside the middle they run, to the pixel.
    let number = (direction as u32) << 24 | (line.off.round() as i32 + (1 << 20)) as u32;
    votes.add(reading, number, from, to);
}
