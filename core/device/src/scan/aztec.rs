//! Where Aztec codes are, and their modules on a straight grid. Owns: finding the rings anywhere, and the grid that fits what
//! lies around them, turned, leaning or bent away; rxing looks only at the centre of an upright picture, so it gets one drawn
//! from the grid. Must never: look at more than a few candidates, or draw rings that are not there.

use rxing::common::BitMatrix;

use super::matrix::{self, Black};
use super::plane::Plane;
use super::{Point, Symbol};

/// Places looked at in one picture; most are print that looks like rings in one row and one column.
const MAX_CANDIDATES: usize = 24;
/// Pixels that a module gets in the drawing.
const DRAWN: usize = 5;
/// Modules drawn around the rings: half of a symbol of 79 modules, and its border. A smaller symbol is not hurt by what
/// lies around it.
const REACH: i32 = 41;
/// Share of the modules of the rings that must have their colour.
const RINGS_RIGHT: f32 = 0.86;
/// How far out the grid is fitted, step by step: each step starts from a grid that is nearly right there.
const RADII: [i32; 6] = [6, 9, 13, 19, 28, 40];

/// A place with rings around it.
#[derive(Debug, Clone, Copy)]
struct Rings {
    x: f32,
    y: f32,
    module: f32,
}

/// Aztec codes anywhere in a picture.
pub(super) fn read(plane: &Plane<'_>, black: &Black) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = matrix::aztec(black).into_iter().collect();
    for rings in candidates(black.bits()) {
        let symbol = Grid::around(plane, rings).and_then(|grid| grid.read(plane));
        if let Some(symbol) = symbol
            && !found.iter().any(|s| s.text == symbol.text)
        {
            found.push(symbol);
        }
    }
    found
}

/// From modules, counted from the middle of the rings, to pixels: a plane seen from somewhere.
#[derive(Debug, Clone, Copy)]
struct Grid {
    /// Middle, one module to the right, one module down, and how far the plane leans away along both.
    at: [f32; 8],
    /// Grey between black and white there.
    middle: f32,
}

impl Grid {
    /// The grid whose rings are where rings seem to be, if they are rings.
    fn around(plane: &Plane<'_>, rings: Rings) -> Option<Self> {
        let turned = |degrees: f32, scale: f32| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let module = rings.module * scale;
            let at = [rings.x, rings.y, module * cos, module * sin, -module * sin, module * cos, 0.0, 0.0];
            Self { at, middle: 0.0 }
        };
        // Four-fold symmetry covers the rest of the circle; a run across turned rings is longer than a module.
        let starts = (0..15).flat_map(|step| [0.72, 0.85, 1.0].map(|scale| turned(step as f32 * 6.0, scale)));
        let best = starts.max_by(|one, other| one.contrast(plane).total_cmp(&other.contrast(plane)))?;
        let mut grid = best.climbed([0.4, 0.4, 0.06, 0.06, 0.06, 0.06, 0.002, 0.002], 5, |it| it.contrast(plane));
        let (dark, light) = grid.rings(plane);
        grid.middle = (dark + light) / 2.0;
        let right = ring_modules().filter(|(i, j, black)| (grid.grey(plane, *i, *j) < grid.middle) == *black).count();
        let sure = right as f32 >= RINGS_RIGHT * ring_modules().count() as f32 && light - dark > 16.0;
        sure.then(|| grid.widened(plane))
    }

    /// Fitted to all that lies around: in the middle of a module the grey is black or white, on its border neither.
    fn widened(self, plane: &Plane<'_>) -> Self {
        RADII.into_iter().fold(self, |grid, radius| {
            let share = 0.5 / radius as f32;
            let steps = [0.2, 0.2, share, share, share, share, share * 0.05, share * 0.05];
            let stride = 1 + radius / 14;
            grid.climbed(steps, 4, |it| it.sharpness(plane, radius, stride))
        })
    }

    /// Better by small steps, each half of the one before. Steps are in modules.
    fn climbed(self, steps: [f32; 8], halvings: u32, score: impl Fn(&Self) -> f32) -> Self {
        let (mut best, mut most) = (self, score(&self));
        let module = self.at[2].hypot(self.at[3]);
        for halving in 0..halvings {
            let mut again = 6;
            while again > 0 {
                again -= 1;
                let before = most;
                for (which, step) in steps.iter().enumerate() {
                    let unit = if which < 6 { module } else { 1.0 };
                    for sign in [1.0, -1.0] {
                        let mut next = best;
                        if let Some(value) = next.at.get_mut(which) {
                            *value += sign * step * unit / (1_u32 << halving) as f32;
                        }
                        let found = score(&next);
                        if found > most {
                            (best, most) = (next, found);
                        }
                    }
                }
                if most <= before {
                    break;
                }
            }
        }
        best
    }

    /// Where a module is.
    fn pixel(&self, i: f32, j: f32) -> (f32, f32) {
        let [x, y, across_x, across_y, down_x, down_y, lean_i, lean_j] = self.at;
        let depth = (1.0 + lean_i * i + lean_j * j).max(0.2);
        (x + (across_x * i + down_x * j) / depth, y + (across_y * i + down_y * j) / depth)
    }

    fn grey(&self, plane: &Plane<'_>, i: i32, j: i32) -> f32 {
        let (x, y) = self.pixel(i as f32, j as f32);
        f32::from(plane.between(x, y))
    }

    /// Mean grey of the rings that are dark and of those that are light.
    fn rings(&self, plane: &Plane<'_>) -> (f32, f32) {
        let (mut dark, mut light) = ((0.0, 0.0), (0.0, 0.0));
        for (i, j, black) in ring_modules() {
            let side = if black { &mut dark } else { &mut light };
            *side = (side.0 + self.grey(plane, i, j), side.1 + 1.0);
        }
        (dark.0 / dark.1, light.0 / light.1)
    }

    fn contrast(&self, plane: &Plane<'_>) -> f32 {
        let (dark, light) = self.rings(plane);
        light - dark
    }

    fn sharpness(&self, plane: &Plane<'_>, radius: i32, stride: i32) -> f32 {
        let mut sum = 0.0;
        let mut line = -radius;
        while line <= radius {
            for other in -radius..=radius {
                sum += (self.grey(plane, other, line) - self.middle).abs().min(64.0);
                sum += (self.grey(plane, line, other) - self.middle).abs().min(64.0);
            }
            line += stride;
        }
        sum
    }

    /// What rxing reads from the drawing of the grid, with its points back in the picture.
    fn read(&self, plane: &Plane<'_>) -> Option<Symbol> {
        let modules = (2 * REACH + 1) as usize;
        let side = modules * DRAWN;
        let mut pixels = vec![255; side * side];
        for j in 0..modules {
            for i in 0..modules {
                if self.grey(plane, i as i32 - REACH, j as i32 - REACH) >= self.middle {
                    continue;
                }
                for row in 0..DRAWN {
                    let from = (j * DRAWN + row) * side + i * DRAWN;
                    pixels.get_mut(from..from + DRAWN)?.fill(0);
                }
            }
        }
        let mut symbol = matrix::aztec(&Black::of(&Plane::owned(pixels, side, side))?)?;
        let middle = side as f32 / 2.0;
        for point in &mut symbol.points {
            let (x, y) = self.pixel((point.x - middle) / DRAWN as f32, (point.y - middle) / DRAWN as f32);
            *point = Point { x, y };
        }
        Some(symbol)
    }
}

/// The modules of the rings that every Aztec code has (ISO/IEC 24778, 7.1), and whether they are black.
fn ring_modules() -> impl Iterator<Item = (i32, i32, bool)> {
    (-4..=4).flat_map(|j: i32| (-4..=4).map(move |i: i32| (i, j, i.abs().max(j.abs()) % 2 == 0)))
}

/// Places where nine even runs cross in both directions.
fn candidates(bits: &BitMatrix) -> Vec<Rings> {
    let mut found: Vec<Rings> = Vec::new();
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
            let near = |r: &Rings| (r.x - rings.x).abs() + (r.y - rings.y).abs() < 3.0 * rings.module.max(r.module);
            if !found.iter().any(near) {
                found.push(rings);
            }
            if found.len() >= MAX_CANDIDATES {
                return found;
            }
        }
    }
    found
}

/// The rings whose centre is the middle of nine runs, if the column through it looks the same.
fn rings(bits: &BitMatrix, window: &[usize], y: u32) -> Option<Rings> {
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
    // The same seven runs must lie across, and the middle one must be of the colour the row shows there.
    let (up, down) = (column(bits, x, y, -1)?, column(bits, x, y, 1)?);
    let [u0, u1, u2, u3] = up;
    let [d0, d1, d2, d3] = down;
    let height = (u3 + d3) as f32 / 7.0;
    let runs = [u3 - u2, u2 - u1, u1 - u0, u0 + d0 - 1, d1 - d0, d2 - d1, d3 - d2];
    let even = runs.iter().all(|r| (0.45..1.75).contains(&(*r as f32 / height)));
    if !even || !(0.6..1.7).contains(&(height / module)) {
        return None;
    }
    let centre = y as f32 + (d3 as f32 - u3 as f32) / 2.0;
    Some(Rings { x: (from + to) as f32 / 2.0, y: centre, module: (module + height) / 2.0 })
}

/// Pixels from (x, y) to the first four changes of colour, up or down.
fn column(bits: &BitMatrix, x: u32, y: u32, step: i32) -> Option<[u32; 4]> {
    let (mut colour, mut n, mut changes) = (bits.get(x, y), 0u32, [0; 4]);
    for change in &mut changes {
        loop {
            n += 1;
            let at = y.checked_add_signed(step * n as i32).filter(|at| *at < bits.height())?;
            let here = bits.get(x, at);
            if here != colour {
                colour = here;
                break;
            }
        }
        *change = n;
    }
    Some(changes)
}
