//! QR codes. rxing finds the finder patterns and decodes the modules; the modules are sampled by rxing first. Owns: the limit on
//! the work spent on a picture, and a second way of sampling: on the grey pixels, by a grid fitted to the function patterns that
//! every symbol has (ISO/IEC 18004, 6.3), for codes that are small, blurred or seen from the side. Must never: search without a
//! limit.
//!
//! 1. rxing lists finder patterns and combines them to triples that may belong to one symbol.
//! 2. rxing samples the modules of a triple in the black and white image, and decodes them.
//! 3. If that fails, the number of modules is estimated from the distance of the finder patterns. A flat grid is laid over them, and
//!    its corners are moved to where the function patterns have the most contrast.
//! 4. If the result still does not decode, the corner without a finder pattern is moved to where all modules are clearest.

use rxing::RXingResult;
use rxing::common::{BitMatrix, DetectorRXingResult};
use rxing::qrcode::cpp_port::{decoder::Decode, detector};

use super::geometry::{Position, ahead, distance};
use super::matrix::{BinaryImage, symbol};
use super::mesh::Patch;
use super::plane::Plane;
use super::{BarcodeFormat, Symbol};

/// Finder patterns used of one picture, the largest ones: three for each of [`MAX_SYMBOLS`](super::MAX_SYMBOLS).
const MAX_FINDERS: usize = 192;
/// Triples of finder patterns tried without success before the search ends; starts anew after each code. rxing's own reader
/// tries every triple, which takes seconds on a wall of tiles.
const MAX_TRIPLES: usize = 48;
/// Triples to which a grid is fitted, likewise.
const MAX_GRIDS: usize = 6;
/// Directions in which a corner is moved.
const DIRECTIONS: [Position; 4] = [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)];
/// Of the 147 modules of the finder patterns, how many must have their colour on the flat grid.
const MIN_FINDER_MODULES: usize = 105;
/// Share of the modules of function patterns that must have their colour after the fit.
const MIN_KNOWN_RIGHT: f32 = 0.85;

/// QR codes anywhere in a picture. `harder` searches every third row for finder patterns.
pub(crate) fn read(plane: &Plane<'_>, black: &BinaryImage, harder: bool) -> Vec<Symbol> {
    let mut finders = detector::FindFinderPatterns(black.bits(), harder, 0);
    finders.sort_by_key(|finder| std::cmp::Reverse(finder.size));
    finders.truncate(MAX_FINDERS);
    let (mut found, mut used) = (Vec::new(), Vec::new());
    let (mut left, mut grids) = (MAX_TRIPLES, MAX_GRIDS);
    for triple in detector::GenerateFinderPatternSets(&mut finders) {
        let corners = [triple.bl, triple.tl, triple.tr];
        if corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        let sampled = detector::SampleQR(black.bits(), &triple).ok();
        let mut read = sampled.and_then(|sampled| decode(sampled.getBits(), sampled.getPoints()));
        if read.is_none() && grids > 0 {
            grids -= 1;
            let size = corners.iter().map(|corner| corner.size as f32 / 7.0).sum::<f32>() / 3.0;
            read = read_by_grid(plane, corners.map(|corner| (corner.p.x, corner.p.y)), size);
        }
        if let Some(symbol) = read {
            used.extend(corners);
            (left, grids) = (MAX_TRIPLES, MAX_GRIDS);
            found.push(symbol);
        }
    }
    found
}

/// Decodes the modules of a symbol.
fn decode(modules: &BitMatrix, points: &[rxing::Point]) -> Option<Symbol> {
    let decoded = Decode(modules).ok().filter(|decoded| decoded.isValid())?;
    let read = RXingResult::with_decoder_result(decoded, points, rxing::BarcodeFormat::QR_CODE);
    Some(symbol(&read, BarcodeFormat::Qr)).filter(|symbol| !symbol.text.is_empty())
}

/// The symbol whose finder patterns are centred at these positions (bottom left, top left, top right), with modules of about
/// this size in pixels.
fn read_by_grid(plane: &Plane<'_>, [bl, tl, tr]: [Position; 3], module: f32) -> Option<Symbol> {
    let modules = (distance(bl, tl) + distance(tl, tr)) / (2.0 * module.max(0.5)) + 7.0;
    // Symbols have 21, 25, 29… modules on a side.
    let nearest = ((modules - 17.0) / 4.0).round().clamp(1.0, 40.0) as usize;
    for version in [nearest, nearest + 1, nearest.saturating_sub(1)] {
        if !(1..=40).contains(&version) {
            continue;
        }
        let grid = QrGrid::new(plane, [bl, tl, tr], 17 + 4 * version);
        let Some(mut grid) = grid.filter(QrGrid::shows_finders) else { continue };
        // First by the function patterns; if they are not precise enough at the corner without a finder pattern, by all modules.
        for fit in [QrGrid::fit, QrGrid::fit_far_corner] {
            fit(&mut grid);
            let Some((bits, share_right)) = grid.sample() else { break };
            if share_right < MIN_KNOWN_RIGHT {
                break;
            }
            let points = grid.corners.map(|(x, y)| rxing::Point { x, y });
            let symbol = decode(&bits, &points);
            if symbol.is_some() {
                return symbol;
            }
        }
    }
    None
}

/// The grid of modules of a symbol.
struct QrGrid<'p> {
    plane: &'p Plane<'p>,
    /// Modules on a side.
    side: usize,
    /// Corners of the symbol: top left, top right, bottom right, bottom left.
    corners: [Position; 4],
    /// Modules of function patterns: column, row, and whether the module is dark.
    known: Vec<(usize, usize, bool)>,
}

impl<'p> QrGrid<'p> {
    /// The flat grid through the centres of the finder patterns.
    fn new(plane: &'p Plane<'p>, [bl, tl, tr]: [Position; 3], side: usize) -> Option<Self> {
        let span = side as f32 - 7.0;
        let right = ((tr.0 - tl.0) / span, (tr.1 - tl.1) / span);
        let down = ((bl.0 - tl.0) / span, (bl.1 - tl.1) / span);
        let at = |x: f32, y: f32| ahead(ahead(tl, right, x - 3.5), down, y - 3.5);
        let all = side as f32;
        let corners = [at(0.0, 0.0), at(all, 0.0), at(all, all), at(0.0, all)];
        Patch::new(corners)?;
        Some(Self { plane, side, corners, known: function_patterns(side) })
    }

    /// Whether the flat grid shows finder patterns where they must be. Bars that look like one along a line fail this test.
    fn shows_finders(&self) -> bool {
        let Some(patch) = Patch::new(self.corners) else { return false };
        let finders = self.known.iter().take(3 * 49).map(|(x, y, black)| (self.grey(&patch, *x, *y), *black));
        let (low, high) = finders.clone().fold((f32::MAX, f32::MIN), |(l, h), (grey, _)| (l.min(grey), h.max(grey)));
        let middle = (low + high) / 2.0;
        finders.filter(|(grey, black)| (*grey < middle) == *black).count() >= MIN_FINDER_MODULES
    }

    /// Grey at the centre of a module.
    fn grey(&self, patch: &Patch, x: usize, y: usize) -> f32 {
        let share = |k: usize| (k as f32 + 0.5) / self.side as f32;
        f32::from(self.plane.grey(patch.position(share(x), share(y))))
    }

    /// Grey of all modules, row by row.
    fn greys(&self, patch: &Patch) -> Vec<f32> {
        (0..self.side * self.side).map(|k| self.grey(patch, k % self.side, k / self.side)).collect()
    }

    /// Mean difference between the light and the dark modules of function patterns.
    fn contrast(&self) -> f32 {
        let Some(patch) = Patch::new(self.corners) else { return 0.0 };
        let (mut dark, mut light) = ((0.0, 0.0f32), (0.0, 0.0f32));
        for (x, y, black) in &self.known {
            let side = if *black { &mut dark } else { &mut light };
            *side = (side.0 + self.grey(&patch, *x, *y), side.1 + 1.0);
        }
        light.0 / light.1.max(1.0) - dark.0 / dark.1.max(1.0)
    }

    /// Mean distance of the modules from their mean grey: small if the grid lies between modules.
    fn clarity(&self) -> f32 {
        let Some(patch) = Patch::new(self.corners) else { return 0.0 };
        let greys = self.greys(&patch);
        let middle = greys.iter().sum::<f32>() / greys.len() as f32;
        greys.iter().map(|grey| (grey - middle).abs()).sum::<f32>() / greys.len() as f32
    }

    /// Moves all corners to maximise the contrast of the function patterns, the corner without a finder pattern first.
    fn fit(&mut self) {
        self.climb(&[2, 0, 1, 3], &[2.0, 1.0, 0.5, 0.25, 0.12], Self::contrast);
    }

    /// Moves the corner without a finder pattern to maximise the clarity of all modules.
    fn fit_far_corner(&mut self) {
        self.climb(&[2], &[1.0, 0.5, 0.25, 0.12], Self::clarity);
    }

    /// Moves corners by steps, in modules, as long as the goal grows.
    fn climb(&mut self, corners: &[usize], steps: &[f32], goal: impl Fn(&Self) -> f32) {
        let module = distance(self.corners[0], self.corners[2]) / (self.side as f32 * std::f32::consts::SQRT_2);
        let mut best = goal(self);
        for step in steps.iter().map(|step| step * module) {
            for _ in 0..4 {
                let mut moved = false;
                for (corner, direction) in
                    corners.iter().flat_map(|corner| DIRECTIONS.map(|direction| (*corner, direction)))
                {
                    let Some(before) = self.corners.get(corner).copied() else { continue };
                    self.set_corner(corner, ahead(before, direction, step));
                    let now = goal(self);
                    if now > best + 0.01 {
                        (best, moved) = (now, true);
                    } else {
                        self.set_corner(corner, before);
                    }
                }
                if !moved {
                    break;
                }
            }
        }
    }

    /// Moves one corner.
    fn set_corner(&mut self, corner: usize, position: Position) {
        if let Some(slot) = self.corners.get_mut(corner) {
            *slot = position;
        }
    }

    /// The modules in black and white, and the share of the function patterns that have their colour.
    fn sample(&self) -> Option<(BitMatrix, f32)> {
        let patch = Patch::new(self.corners)?;
        let greys = self.greys(&patch);
        let grey = |x: usize, y: usize| greys.get(y * self.side + x).copied().unwrap_or(255.0);
        // Illumination is uneven, so the threshold depends on the modules around, of which about half are dark.
        let reach = 5;
        let threshold = |x: usize, y: usize| {
            let (mut low, mut high) = (f32::MAX, f32::MIN);
            for j in y.saturating_sub(reach)..(y + reach + 1).min(self.side) {
                for i in x.saturating_sub(reach)..(x + reach + 1).min(self.side) {
                    (low, high) = (low.min(grey(i, j)), high.max(grey(i, j)));
                }
            }
            (low + high) / 2.0
        };
        let mut bits = BitMatrix::new(self.side as u32, self.side as u32).ok()?;
        for (x, y) in (0..self.side).flat_map(|y| (0..self.side).map(move |x| (x, y))) {
            if grey(x, y) < threshold(x, y) {
                bits.set(x as u32, y as u32);
            }
        }
        let right = self.known.iter().filter(|(x, y, black)| bits.get(*x as u32, *y as u32) == *black).count();
        Some((bits, right as f32 / self.known.len().max(1) as f32))
    }
}

/// The modules of the function patterns: finder patterns with their separators, timing patterns, and the alignment pattern of
/// the corner without a finder pattern.
fn function_patterns(side: usize) -> Vec<(usize, usize, bool)> {
    let mut known = Vec::new();
    for (left, top) in [(0, 0), (side - 7, 0), (0, side - 7)] {
        for (x, y) in (0..7usize).flat_map(|y| (0..7usize).map(move |x| (x, y))) {
            let ring = x.abs_diff(3).max(y.abs_diff(3));
            known.push((left + x, top + y, ring != 2));
        }
    }
    for k in 0..8 {
        let far = side - 8;
        known.extend([(7, k, false), (k, 7, false), (far, k, false), (side - 1 - k, 7, false)]);
        known.extend([(k, far, false), (7, side - 1 - k, false)]);
    }
    for k in 8..side - 8 {
        known.extend([(k, 6, k % 2 == 0), (6, k, k % 2 == 0)]);
    }
    if side > 21 {
        for (x, y) in (0..5usize).flat_map(|y| (0..5usize).map(move |x| (x, y))) {
            let ring = x.abs_diff(2).max(y.abs_diff(2));
            known.push((side - 9 + x, side - 9 + y, ring != 1));
        }
    }
    known
}
