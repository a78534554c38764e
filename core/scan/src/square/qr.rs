//! QR codes: finder patterns and the reading of modules are rxing's, and the modules are first taken as rxing takes them.
//! Owns: how much of a picture is tried, and a second way to take them, from the grey of a grid fitted to what every symbol
//! shows (ISO/IEC 18004, 6.3), for codes that are small, blurred or seen from the side. Must never: try without end.

use rxing::common::{BitMatrix, DetectorRXingResult};
use rxing::qrcode::cpp_port::{decoder::Decode, detector};
use rxing::{BarcodeFormat, RXingResult};

use super::geometry::{Place, ahead, distance};
use super::matrix::{Black, symbol};
use super::mesh::Patch;
use super::plane::Plane;
use super::{Format, Symbol};

/// Finder patterns of QR codes looked at in one picture, the largest: three for each of [`MAX_SYMBOLS`](super::MAX_SYMBOLS).
const MAX_FINDERS: usize = 192;
/// Triples of finder patterns tried in vain before the search ends, and again after each code. rxing's own reader tries
/// every triple, which takes seconds on a wall of tiles.
const MAX_TRIPLES: usize = 48;
/// Triples of them to which a grid is fitted.
const MAX_GRIDS: usize = 6;
/// Which way a corner may go.
const WAYS: [Place; 4] = [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)];
/// Of the 147 modules of finder patterns, how many must look right on the flat grid.
const FINDERS_LIKELY: usize = 105;
/// Share of the modules that every symbol has that must have their colour.
const KNOWN_RIGHT: f32 = 0.85;

/// QR codes anywhere in a picture. `harder` looks at every third row for their corners.
pub(crate) fn read(plane: &Plane<'_>, black: &Black, harder: bool) -> Vec<Symbol> {
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
        let mut read = sampled.and_then(|sampled| decoded(sampled.getBits(), sampled.getPoints()));
        if read.is_none() && grids > 0 {
            grids -= 1;
            let size = corners.iter().map(|corner| corner.size as f32 / 7.0).sum::<f32>() / 3.0;
            read = gridded(plane, corners.map(|corner| (corner.p.x, corner.p.y)), size);
        }
        if let Some(symbol) = read {
            used.extend(corners);
            (left, grids) = (MAX_TRIPLES, MAX_GRIDS);
            found.push(symbol);
        }
    }
    found
}

/// The symbol whose modules these are.
fn decoded(modules: &BitMatrix, points: &[rxing::Point]) -> Option<Symbol> {
    let decoded = Decode(modules).ok().filter(|decoded| decoded.isValid())?;
    let read = RXingResult::with_decoder_result(decoded, points, BarcodeFormat::QR_CODE);
    Some(symbol(&read, Format::Qr)).filter(|symbol| !symbol.text.is_empty())
}

/// The symbol with finder patterns around these places: below, at the corner and beside it, of modules about so large.
fn gridded(plane: &Plane<'_>, [bl, tl, tr]: [Place; 3], module: f32) -> Option<Symbol> {
    let modules = (distance(bl, tl) + distance(tl, tr)) / (2.0 * module.max(0.5)) + 7.0;
    // Sides are 21, 25, 29… modules.
    let nearest = ((modules - 17.0) / 4.0).round().clamp(1.0, 40.0) as usize;
    for version in [nearest, nearest + 1, nearest.saturating_sub(1)] {
        if !(1..=40).contains(&version) {
            continue;
        }
        let grid = Grid::new(plane, [bl, tl, tr], 17 + 4 * version);
        let Some(mut grid) = grid.filter(Grid::promises) else { continue };
        // By what every symbol shows, and where that says too little of the corner without a finder pattern, by all modules.
        for fit in [Grid::fit, Grid::fit_far_corner] {
            fit(&mut grid);
            let Some((bits, right)) = grid.sampled() else { break };
            if right < KNOWN_RIGHT {
                break;
            }
            let points = grid.corners.map(|(x, y)| rxing::Point { x, y });
            let symbol = decoded(&bits, &points);
            if symbol.is_some() {
                return symbol;
            }
        }
    }
    None
}

/// A square of modules on the picture.
struct Grid<'p> {
    plane: &'p Plane<'p>,
    /// Modules on a side.
    side: usize,
    /// Of the symbol: top left, top right, bottom right, bottom left.
    corners: [Place; 4],
    /// Column, row and whether it is dark, of the modules that every symbol of this size has.
    known: Vec<(usize, usize, bool)>,
}

impl<'p> Grid<'p> {
    /// The flat grid through the middles of the finder patterns.
    fn new(plane: &'p Plane<'p>, [bl, tl, tr]: [Place; 3], side: usize) -> Option<Self> {
        let span = side as f32 - 7.0;
        let right = ((tr.0 - tl.0) / span, (tr.1 - tl.1) / span);
        let down = ((bl.0 - tl.0) / span, (bl.1 - tl.1) / span);
        let at = |x: f32, y: f32| ahead(ahead(tl, right, x - 3.5), down, y - 3.5);
        let all = side as f32;
        let corners = [at(0.0, 0.0), at(all, 0.0), at(all, all), at(0.0, all)];
        Patch::new(corners)?;
        Some(Self { plane, side, corners, known: known(side) })
    }

    /// Whether the flat grid shows finder patterns where they must be: bars that look like some along a line do not.
    fn promises(&self) -> bool {
        let Some(patch) = Patch::new(self.corners) else { return false };
        let finders = self.known.iter().take(3 * 49).map(|(x, y, black)| (self.grey(&patch, *x, *y), *black));
        let (low, high) = finders.clone().fold((f32::MAX, f32::MIN), |(l, h), (grey, _)| (l.min(grey), h.max(grey)));
        let middle = (low + high) / 2.0;
        finders.filter(|(grey, black)| (*grey < middle) == *black).count() >= FINDERS_LIKELY
    }

    fn grey(&self, patch: &Patch, x: usize, y: usize) -> f32 {
        let share = |k: usize| (k as f32 + 0.5) / self.side as f32;
        f32::from(self.plane.grey(patch.place(share(x), share(y))))
    }

    /// How much lighter the light modules that every symbol has are than the dark ones.
    fn contrast(&self) -> f32 {
        let Some(patch) = Patch::new(self.corners) else { return 0.0 };
        let (mut dark, mut light) = ((0.0, 0.0f32), (0.0, 0.0f32));
        for (x, y, black) in &self.known {
            let side = if *black { &mut dark } else { &mut light };
            *side = (side.0 + self.grey(&patch, *x, *y), side.1 + 1.0);
        }
        light.0 / light.1.max(1.0) - dark.0 / dark.1.max(1.0)
    }

    /// How far the modules are from the grey between black and white: a grid between two modules sees neither.
    fn clarity(&self) -> f32 {
        let Some(patch) = Patch::new(self.corners) else { return 0.0 };
        let greys: Vec<f32> =
            (0..self.side * self.side).map(|k| self.grey(&patch, k % self.side, k / self.side)).collect();
        let middle = greys.iter().sum::<f32>() / greys.len() as f32;
        greys.iter().map(|grey| (grey - middle).abs()).sum::<f32>() / greys.len() as f32
    }

    /// Moves all corners to where the modules that every symbol has are clearest, the least sure one first.
    fn fit(&mut self) {
        self.climb(&[2, 0, 1, 3], &[2.0, 1.0, 0.5, 0.25, 0.12], Self::contrast);
    }

    /// Moves the corner without a finder pattern to where all modules are clearest.
    fn fit_far_corner(&mut self) {
        self.climb(&[2], &[1.0, 0.5, 0.25, 0.12], Self::clarity);
    }

    /// Moves corners by steps in modules for as long as that makes something larger.
    fn climb(&mut self, corners: &[usize], steps: &[f32], goal: impl Fn(&Self) -> f32) {
        let module = distance(self.corners[0], self.corners[2]) / (self.side as f32 * std::f32::consts::SQRT_2);
        let mut best = goal(self);
        for step in steps.iter().map(|step| step * module) {
            for _ in 0..4 {
                let mut moved = false;
                for (corner, way) in corners.iter().flat_map(|corner| WAYS.map(|way| (*corner, way))) {
                    let Some(before) = self.corners.get(corner).copied() else { continue };
                    self.put(corner, ahead(before, way, step));
                    let now = goal(self);
                    if now > best + 0.01 {
                        (best, moved) = (now, true);
                    } else {
                        self.put(corner, before);
                    }
                }
                if !moved {
                    break;
                }
            }
        }
    }

    fn put(&mut self, corner: usize, place: Place) {
        if let Some(slot) = self.corners.get_mut(corner) {
            *slot = place;
        }
    }

    /// The modules in black and white, and the share of the known ones that are as they must be.
    fn sampled(&self) -> Option<(BitMatrix, f32)> {
        let patch = Patch::new(self.corners)?;
        let greys: Vec<f32> =
            (0..self.side * self.side).map(|k| self.grey(&patch, k % self.side, k / self.side)).collect();
        let grey = |x: usize, y: usize| greys.get(y * self.side + x).copied().unwrap_or(255.0);
        // Light falls unevenly: the threshold is that of the modules around, of which about half are dark.
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

/// Finder patterns with the white around them, timing patterns, and the alignment pattern opposite the corner.
fn known(side: usize) -> Vec<(usize, usize, bool)> {
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
