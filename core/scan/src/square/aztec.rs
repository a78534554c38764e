//! Aztec codes anywhere in a picture, and the grid of their modules. rxing reads only a code at the centre of an upright picture.
//! Owns: finding the rings, and the grid fitted to the modules around them, if turned or in perspective. Must never: try more
//! than a few candidates, or accept rings without a valid mode message.
//!
//! 1. Rows of the black and white image are searched for nine even runs, whose column and diagonals must look the same: rings.
//! 2. A grid is laid over the rings, tried at several angles and sizes, and refined by hill climbing on the grey pixels until the
//!    contrast between dark and light rings is at its maximum.
//! 3. The grid is extended step by step to larger radii, each time refined on the differences between neighbouring modules.
//! 4. The mode message around the rings gives the size (`aztec_code`), then all modules are sampled and decoded.

use rxing::common::BitMatrix;

use super::aztec_code::ModeMessage;
use super::matrix::BinaryImage;
use super::plane::Plane;
use super::{BarcodeFormat, Point, Symbol, add_new};

/// Candidates tried in one picture: the largest and most even ones that look like rings along rows, columns and diagonals.
const MAX_CANDIDATES: usize = 8;
/// Before the fit, how much the means of the dark and of the light modules of the rings must differ, as a share of the range
/// from darkest to lightest. Print and noise that look like rings along a few lines fail this test.
const MIN_CONTRAST: f32 = 0.22;
/// Share of the modules of the rings that must have their colour, halfway through the fit.
const MIN_RINGS_HALFWAY: f32 = 0.65;
/// The same after the fit.
const MIN_RINGS_FITTED: f32 = 0.86;
/// If this share of modules is clearly black or white, the grid needs no further fit.
const CLEAR_SHARE: f32 = 0.97;
/// Radii up to which the grid is fitted, one after the other; each fit starts from a grid that is nearly right there.
const RADII: [i32; 7] = [6, 9, 13, 19, 28, 40, 56];
/// Distance of the mode message of full-range symbols from the centre, in modules.
const MODE_REACH: i32 = 7;

/// A position with rings around it; `module` is the size of a module in pixels.
#[derive(Debug, Clone, Copy)]
struct Bullseye {
    x: f32,
    y: f32,
    module: f32,
}

/// Aztec codes anywhere in a picture.
pub(crate) fn read(plane: &Plane<'_>, black: &BinaryImage) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
    for rings in candidates(black.bits()) {
        if let Some(symbol) = AztecGrid::fit_to_rings(plane, rings).and_then(|grid| grid.read(plane)) {
            add_new(&mut found, symbol);
        }
    }
    found
}

/// Maps modules, counted from the centre of the rings, to pixels: a plane in perspective.
#[derive(Debug, Clone, Copy)]
struct AztecGrid {
    /// Centre, one module to the right, one module down, and the perspective in both directions.
    at: [f32; 8],
    /// Grey half way between black and white.
    middle: f32,
    /// Difference of black and white.
    step: f32,
}

impl AztecGrid {
    /// The grid fitted to a candidate, if it shows rings.
    fn fit_to_rings(plane: &Plane<'_>, rings: Bullseye) -> Option<Self> {
        let turned = |(x, y): (f32, f32), degrees: f32, scale: f32| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let module = rings.module * scale;
            let at = [rings.x + x, rings.y + y, module * cos, module * sin, -module * sin, module * cos, 0.0, 0.0];
            Self { at, middle: 0.0, step: 0.0 }
        };
        // By four-fold symmetry 90 degrees are enough. A run across turned rings is longer than a module, so smaller ones are tried.
        let scaled =
            |at: (f32, f32), step: i32| [0.64, 0.74, 0.86, 1.0].map(|scale| turned(at, step as f32 * 6.0, scale));
        // A line through a corner of a turned ring looks like one through the centre.
        let aside = [2.0, -2.0, 4.0, -4.0].map(|off| off * rings.module);
        let corners = aside.into_iter().flat_map(|off| [(off, 0.0), (0.0, off)]);
        let starts = (0..15).flat_map(|step| scaled((0.0, 0.0), step));
        let starts = starts.chain(corners.flat_map(|at| (4..12).flat_map(move |step| scaled(at, step))));
        let steps = [0.4, 0.4, 0.06, 0.06, 0.06, 0.06, 0.002, 0.002];
        let start =
            best_start(plane, starts).filter(|grid| grid.contrast(plane) >= MIN_CONTRAST * grid.range(plane))?;
        let grid = start.hill_climb(steps, 3, |grid| grid.contrast(plane));
        // Rings found at a corner are off by one or two modules.
        let shifts = (-2..=2).flat_map(|j| (-2..=2).map(move |i| (i as f32, j as f32)));
        let mut grid = best_start(plane, shifts.map(|(i, j)| grid.shifted(i, j)))?;
        grid.set_levels(plane).filter(|right| *right >= MIN_RINGS_HALFWAY)?;
        grid = grid.hill_climb(steps, 5, |grid| grid.contrast(plane));
        grid.set_levels(plane).filter(|right| *right >= MIN_RINGS_FITTED)?;
        Some(grid)
    }

    /// Measures black and white on the rings. Returns the share of their modules that have their colour; `None` if black and
    /// white hardly differ.
    fn set_levels(&mut self, plane: &Plane<'_>) -> Option<f32> {
        let (dark, light) = self.rings(plane);
        self.middle = (dark + light) / 2.0;
        self.step = light - dark;
        let right = ring_modules().filter(|(i, j, black)| (self.grey(plane, *i, *j) < self.middle) == *black).count();
        (self.step > 16.0).then_some(right as f32 / ring_modules().count() as f32)
    }

    /// The grid fitted to the modules from the first radius to the second: at the centre of a module the grey is black or
    /// white, at its border neither.
    fn extend(self, plane: &Plane<'_>, from: i32, to: i32) -> Self {
        let radii = RADII.into_iter().filter(|radius| *radius > from && *radius < to).chain([to]);
        radii.fold(self, |grid, radius| {
            if grid.is_clear(plane, radius) {
                return grid;
            }
            let share = 0.5 / radius as f32;
            let steps = [0.2, 0.2, share, share, share, share, share * 0.05, share * 0.05];
            grid.hill_climb(steps, if radius == to { 4 } else { 3 }, |grid| grid.sharpness(plane, radius))
        })
    }

    /// Whether nearly every module is clearly black or white.
    fn is_clear(&self, plane: &Plane<'_>, reach: i32) -> bool {
        let greys = GreyModules::sample(self, plane, reach).greys;
        let clear = greys.iter().filter(|grey| (**grey - self.middle).abs() > 0.4 * self.step).count();
        clear as f32 >= CLEAR_SHARE * greys.len() as f32
    }

    /// Changes one parameter after the other by small steps as long as the score grows; steps are in modules and halve each time.
    fn hill_climb(self, steps: [f32; 8], halvings: u32, score: impl Fn(&Self) -> f32) -> Self {
        let (mut best, mut highest) = (self, score(&self));
        let module = self.at[2].hypot(self.at[3]);
        for halving in 0..halvings {
            for _ in 0..4 {
                let before = highest;
                for (which, step) in steps.iter().enumerate() {
                    let unit = if which < 6 { module } else { 1.0 };
                    for sign in [1.0, -1.0] {
                        let mut next = best;
                        if let Some(value) = next.at.get_mut(which) {
                            *value += sign * step * unit / (1_u32 << halving) as f32;
                        }
                        let found = score(&next);
                        if found > highest {
                            (best, highest) = (next, found);
                            break;
                        }
                    }
                }
                if highest <= before {
                    break;
                }
            }
        }
        best
    }

    /// The same grid, with another module as its centre.
    fn shifted(&self, i: f32, j: f32) -> Self {
        let (x, y) = self.pixel(i, j);
        let mut shifted = *self;
        let [at_x, at_y, ..] = &mut shifted.at;
        (*at_x, *at_y) = (x, y);
        shifted
    }

    /// The position of a module in the picture.
    fn pixel(&self, i: f32, j: f32) -> (f32, f32) {
        let [x, y, across_x, across_y, down_x, down_y, lean_i, lean_j] = self.at;
        let depth = (1.0 + lean_i * i + lean_j * j).max(0.2);
        (x + (across_x * i + down_x * j) / depth, y + (across_y * i + down_y * j) / depth)
    }

    /// Grey at the centre of a module.
    fn grey(&self, plane: &Plane<'_>, i: i32, j: i32) -> f32 {
        let (x, y) = self.pixel(i as f32, j as f32);
        f32::from(plane.interpolate(x, y))
    }

    /// Mean grey of four points around the centre of a module: clearest if the grid is centred, unlike the grey of one point.
    fn core_grey(&self, plane: &Plane<'_>, i: i32, j: i32) -> f32 {
        /// Distance of the four points from the centre, in modules.
        const OFFSET: f32 = 0.22;
        let (i, j) = (i as f32, j as f32);
        let [_, _, across_x, across_y, down_x, down_y, lean_i, lean_j] = self.at;
        let (x, y) = self.pixel(i, j);
        let share = OFFSET / (1.0 + lean_i * i + lean_j * j).max(0.2);
        let (one_x, one_y) = ((across_x + down_x) * share, (across_y + down_y) * share);
        let (two_x, two_y) = ((across_x - down_x) * share, (across_y - down_y) * share);
        let points = [(one_x, one_y), (-one_x, -one_y), (two_x, two_y), (-two_x, -two_y)];
        points.iter().map(|(dx, dy)| f32::from(plane.interpolate(x + dx, y + dy))).sum::<f32>() / 4.0
    }

    /// Mean grey of the dark and of the light rings.
    fn rings(&self, plane: &Plane<'_>) -> (f32, f32) {
        let (mut dark, mut light) = ((0.0, 0.0), (0.0, 0.0));
        for (i, j, black) in ring_modules() {
            let side = if black { &mut dark } else { &mut light };
            *side = (side.0 + self.core_grey(plane, i, j), side.1 + 1.0);
        }
        (dark.0 / dark.1, light.0 / light.1)
    }

    /// Difference of the darkest and the lightest module of the rings.
    fn range(&self, plane: &Plane<'_>) -> f32 {
        let greys = ring_modules().map(|(i, j, _)| self.grey(plane, i, j));
        let (low, high) = greys.fold((255.0f32, 0.0f32), |(low, high), grey| (low.min(grey), high.max(grey)));
        high - low
    }

    /// Difference of the mean grey of light and dark rings.
    fn contrast(&self, plane: &Plane<'_>) -> f32 {
        let (dark, light) = self.rings(plane);
        light - dark
    }

    /// Sum of the differences of neighbouring modules: smaller where the grid lies on their borders, in light and in shadow. Of
    /// a large symbol only some pairs of rows are used.
    fn sharpness(&self, plane: &Plane<'_>, radius: i32) -> f32 {
        let left_out = radius / 20;
        let stride = 2 + left_out;
        let differ = |(a, b): (&f32, &f32)| (a - b).abs().min(self.step);
        let (mut row, mut above, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for j in (-radius..=radius).filter(|j| (j + radius) % stride < 2) {
            std::mem::swap(&mut row, &mut above);
            row.clear();
            row.extend((-radius..=radius).map(|i| self.core_grey(plane, i, j)));
            sum += row.iter().zip(row.iter().skip(1)).map(differ).sum::<f32>();
            if left_out == 0 || (j + radius) % stride == 1 {
                sum += row.iter().zip(&above).map(differ).sum::<f32>();
            }
        }
        sum
    }

    /// Decodes the symbol around the rings.
    fn read(&self, plane: &Plane<'_>) -> Option<Symbol> {
        let grid = self.extend(plane, 5, MODE_REACH);
        let near = GreyModules::sample(&grid, plane, MODE_REACH);
        let mode = ModeMessage::read(|i, j| near.dark(i, j, grid.middle))
            .or_else(|| ModeMessage::read(|i, j| near.dark(i, j, near.local_middle(i, j))))?;
        let reach = mode.reach();
        let grid = grid.extend(plane, MODE_REACH, reach);
        let all = GreyModules::sample(&grid, plane, reach);
        let text = mode
            .text(|i, j| all.dark(i, j, grid.middle))
            .or_else(|| mode.text(|i, j| all.dark(i, j, all.local_middle(i, j))))?;
        let out = reach as f32 + 0.5;
        let corners = [(-out, -out), (out, -out), (out, out), (-out, out)].map(|(i, j)| grid.pixel(i, j));
        // A leading FNC1 shows in the symbology identifier only.
        let gs1 = text.starts_with('\u{1d}');
        let text = text.trim_start_matches('\u{1d}').to_owned();
        Some(Symbol {
            format: BarcodeFormat::Aztec,
            add_on: None,
            bytes: text.as_bytes().to_vec(),
            text,
            aim: if gs1 { "]z1" } else { "]z0" }.to_owned(),
            points: corners.map(|(x, y)| Point { x, y }).to_vec(),
        })
    }
}

/// Grey of each module up to `reach` modules from the centre.
struct GreyModules {
    reach: i32,
    greys: Vec<f32>,
}

impl GreyModules {
    /// Samples all modules up to `reach` from the centre.
    fn sample(grid: &AztecGrid, plane: &Plane<'_>, reach: i32) -> Self {
        let modules = (-reach..=reach).flat_map(|j| (-reach..=reach).map(move |i| (i, j)));
        Self { reach, greys: modules.map(|(i, j)| grid.core_grey(plane, i, j)).collect() }
    }

    /// Grey of a module; `None` beyond the sampled ones.
    fn grey(&self, i: i32, j: i32) -> Option<f32> {
        let inside = i.abs().max(j.abs()) <= self.reach;
        let at = (j + self.reach) * (2 * self.reach + 1) + i + self.reach;
        self.greys.get(at as usize).copied().filter(|_| inside)
    }

    /// Whether a module is darker than `middle`.
    fn dark(&self, i: i32, j: i32, middle: f32) -> bool {
        self.grey(i, j).is_some_and(|grey| grey < middle)
    }

    /// Grey half way between black and white around a module, for codes that are partly in shadow.
    fn local_middle(&self, i: i32, j: i32) -> f32 {
        let near = (j - 3..=j + 3).flat_map(|j| (i - 3..=i + 3).filter_map(move |i| self.grey(i, j)));
        let (low, high) = near.fold((255.0f32, 0.0f32), |(low, high), grey| (low.min(grey), high.max(grey)));
        (low + high) / 2.0
    }
}

/// The grid with the highest contrast of the rings.
fn best_start(plane: &Plane<'_>, grids: impl Iterator<Item = AztecGrid>) -> Option<AztecGrid> {
    let rough = |grid: &AztecGrid| -> f32 {
        let signed = |(i, j, black)| if black { -grid.grey(plane, i, j) } else { grid.grey(plane, i, j) };
        ring_modules().map(signed).sum()
    };
    let scored = grids.map(|grid| (rough(&grid), grid));
    scored.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, grid)| grid)
}

/// The modules of the rings (ISO/IEC 24778, 7.1), and whether each is black.
fn ring_modules() -> impl Iterator<Item = (i32, i32, bool)> {
    (-4..=4).flat_map(|j: i32| (-4..=4).map(move |i: i32| (i, j, i.abs().max(j.abs()) % 2 == 0)))
}

/// Positions where nine even runs cross along rows, columns and diagonals; the largest and most even first.
fn candidates(bits: &BitMatrix) -> Vec<Bullseye> {
    let mut found: Vec<(f32, Bullseye)> = Vec::new();
    let mut runs: Vec<usize> = Vec::new();
    for y in (0..bits.height()).step_by(2) {
        let row = bits.getRow(y);
        runs.clear();
        let mut at = row.getNextSet(0);
        while at < row.get_size() {
            runs.push(at);
            at = row.getNextUnset(at);
            runs.push(at);
            at = row.getNextSet(at);
        }
        for window in runs.windows(10).step_by(2) {
            let Some(rings) = rings(bits, window, y) else { continue };
            let Some(uneven) = diagonal_unevenness(bits, &rings) else { continue };
            let next = ((uneven + 0.2) / rings.module, rings);
            let near = |other: &Bullseye| {
                (other.x - rings.x).abs() + (other.y - rings.y).abs() < 3.0 * rings.module.max(other.module)
            };
            match found.iter_mut().find(|(_, other)| near(other)) {
                Some(known) if next.0 < known.0 => *known = next,
                Some(_) => continue,
                None => found.push(next),
            }
            found.sort_by(|one, other| one.0.total_cmp(&other.0));
            found.truncate(MAX_CANDIDATES);
        }
    }
    found.into_iter().map(|(_, rings)| rings).collect()
}

/// How uneven the rings are along both diagonals; `None` if there are no rings.
fn diagonal_unevenness(bits: &BitMatrix, rings: &Bullseye) -> Option<f32> {
    let mut uneven = 0.0;
    for step in [(1, 1), (-1, -1), (1, -1), (-1, 1)] {
        let [a, b, c, d] = changes(bits, rings.x as u32, rings.y as u32, step, rings.module)?;
        let runs = [b - a, c - b, d - c].map(|run| run as f32);
        let mean = (d - a) as f32 / 3.0;
        let off = runs.iter().map(|run| (run - mean).abs()).fold(0.0, f32::max);
        if off > 0.5 * mean + 0.8 || !(0.4..1.7).contains(&(mean / rings.module)) {
            return None;
        }
        uneven += off / mean;
    }
    Some(uneven)
}

/// The rings centred at the middle of nine runs of a row, if the column through it shows rings too.
fn rings(bits: &BitMatrix, window: &[usize], y: u32) -> Option<Bullseye> {
    let inner = window.get(1..9)?;
    let (from, to) = (*inner.first()?, *inner.last()?);
    let module = (to - from) as f32 / 7.0;
    let even = inner.windows(2).all(|w| match w {
        [a, b] => (0.45..1.75).contains(&((b - a) as f32 / module)),
        _ => false,
    });
    if !even || module < 1.2 {
        return None;
    }
    let x = (from + to) as u32 / 2;
    // The column must show the same seven runs, the middle one of the same colour.
    let (up, down) = (changes(bits, x, y, (0, -1), module)?, changes(bits, x, y, (0, 1), module)?);
    let [u0, u1, u2, u3] = up;
    let [d0, d1, d2, d3] = down;
    let height = (u3 + d3) as f32 / 7.0;
    let runs = [u3 - u2, u2 - u1, u1 - u0, u0 + d0 - 1, d1 - d0, d2 - d1, d3 - d2];
    let even = runs.iter().all(|r| (0.45..1.75).contains(&(*r as f32 / height)));
    if !even || !(0.6..1.7).contains(&(height / module)) {
        return None;
    }
    let centre = y as f32 + (d3 as f32 - u3 as f32) / 2.0;
    Some(Bullseye { x: (from + to) as f32 / 2.0, y: centre, module: (module + height) / 2.0 })
}

/// Pixels from (x, y) to the first four changes of colour in a direction; `None` if they are too far away for rings of this
/// module size.
fn changes(bits: &BitMatrix, x: u32, y: u32, (dx, dy): (i32, i32), module: f32) -> Option<[u32; 4]> {
    let limit = (module * 8.0) as i32;
    let (mut colour, mut n, mut changes) = (bits.try_get(x, y)?, 0, [0; 4]);
    for change in &mut changes {
        loop {
            n += 1;
            if n > limit {
                return None;
            }
            let here = bits.try_get(x.checked_add_signed(dx * n)?, y.checked_add_signed(dy * n)?)?;
            if here != colour {
                colour = here;
                break;
            }
        }
        *change = n as u32;
    }
    Some(changes)
}
