//! Where Aztec codes are, and their modules on a straight grid. Owns: finding the rings anywhere, and the grid that fits what
//! lies around them, turned, leaning or bent away; rxing looks only at the centre of an upright picture. Must never: look at
//! more than a few candidates, or believe rings without a mode message around them.

use rxing::common::BitMatrix;

use super::aztec_code::Mode;
use super::matrix::Black;
use super::plane::Plane;
use super::{Format, Point, Symbol};

/// Places looked at in one picture: the largest and most even of those that look like rings along rows, columns and
/// diagonals. The rest is noise and print.
const MAX_CANDIDATES: usize = 8;
/// Of the difference between their darkest and lightest, how much the mean dark and light module of the rings must differ
/// before the fit: print and noise that look like rings along a few lines do not.
const RINGS_CLEAR: f32 = 0.22;
/// Share of the modules of the rings that must have their colour: halfway through the fit, and after it.
const RINGS_LIKELY: f32 = 0.65;
const RINGS_RIGHT: f32 = 0.86;
/// Share of modules that are black or white once no better grid is needed.
const CLEAR: f32 = 0.97;
/// How far out the grid is fitted, step by step: each step starts from a grid that is nearly right there.
const RADII: [i32; 7] = [6, 9, 13, 19, 28, 40, 56];
/// Modules beyond the rings where the mode message of the larger kind ends.
const MODE_REACH: i32 = 7;

/// A place with rings around it.
#[derive(Debug, Clone, Copy)]
struct Rings {
    x: f32,
    y: f32,
    module: f32,
}

/// Aztec codes anywhere in a picture.
pub(crate) fn read(plane: &Plane<'_>, black: &Black) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
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
    /// From black to white.
    step: f32,
}

impl Grid {
    /// The grid whose rings are where rings seem to be, if they are rings.
    fn around(plane: &Plane<'_>, rings: Rings) -> Option<Self> {
        let turned = |(x, y): (f32, f32), degrees: f32, scale: f32| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let module = rings.module * scale;
            let at = [rings.x + x, rings.y + y, module * cos, module * sin, -module * sin, module * cos, 0.0, 0.0];
            Self { at, middle: 0.0, step: 0.0 }
        };
        // Four-fold symmetry covers the rest of the circle; a run across turned rings is longer than a module.
        let scaled =
            |at: (f32, f32), step: i32| [0.64, 0.74, 0.86, 1.0].map(|scale| turned(at, step as f32 * 6.0, scale));
        // A line through a corner of a turned ring looks like one through the middle.
        let aside = [2.0, -2.0, 4.0, -4.0].map(|off| off * rings.module);
        let corners = aside.into_iter().flat_map(|off| [(off, 0.0), (0.0, off)]);
        let starts = (0..15).flat_map(|step| scaled((0.0, 0.0), step));
        let starts = starts.chain(corners.flat_map(|at| (4..12).flat_map(move |step| scaled(at, step))));
        let steps = [0.4, 0.4, 0.06, 0.06, 0.06, 0.06, 0.002, 0.002];
        let start = clearest(plane, starts).filter(|grid| grid.contrast(plane) >= RINGS_CLEAR * grid.range(plane))?;
        let grid = start.climbed(steps, 3, |it| it.contrast(plane));
        // Rings seen from a corner seem to be a module or two away.
        let shifts = (-2..=2).flat_map(|j| (-2..=2).map(move |i| (i as f32, j as f32)));
        let mut grid = clearest(plane, shifts.map(|(i, j)| grid.shifted(i, j)))?;
        grid.levelled(plane).filter(|right| *right >= RINGS_LIKELY)?;
        grid = grid.climbed(steps, 5, |it| it.contrast(plane));
        grid.levelled(plane).filter(|right| *right >= RINGS_RIGHT)?;
        Some(grid)
    }

    /// Sets the grey between black and white; gives the share of the modules of the rings that are on their side of it. None
    /// if there is hardly a difference.
    fn levelled(&mut self, plane: &Plane<'_>) -> Option<f32> {
        let (dark, light) = self.rings(plane);
        self.middle = (dark + light) / 2.0;
        self.step = light - dark;
        let right = ring_modules().filter(|(i, j, black)| (self.grey(plane, *i, *j) < self.middle) == *black).count();
        (self.step > 16.0).then_some(right as f32 / ring_modules().count() as f32)
    }

    /// Fitted to all that lies around, from the first radius to the second: in the middle of a module the grey is black or
    /// white, on its border neither.
    fn widened(self, plane: &Plane<'_>, from: i32, to: i32) -> Self {
        let radii = RADII.into_iter().filter(|radius| *radius > from && *radius < to).chain([to]);
        radii.fold(self, |grid, radius| {
            if grid.is_clear(plane, radius) {
                return grid;
            }
            let share = 0.5 / radius as f32;
            let steps = [0.2, 0.2, share, share, share, share, share * 0.05, share * 0.05];
            grid.climbed(steps, if radius == to { 4 } else { 3 }, |it| it.sharpness(plane, radius))
        })
    }

    /// Whether nearly every module is black or white already.
    fn is_clear(&self, plane: &Plane<'_>, reach: i32) -> bool {
        let greys = Modules::of(self, plane, reach).greys;
        let clear = greys.iter().filter(|grey| (**grey - self.middle).abs() > 0.4 * self.step).count();
        clear as f32 >= CLEAR * greys.len() as f32
    }

    /// Better by small steps, each half of the one before. Steps are in modules.
    fn climbed(self, steps: [f32; 8], halvings: u32, score: impl Fn(&Self) -> f32) -> Self {
        let (mut best, mut most) = (self, score(&self));
        let module = self.at[2].hypot(self.at[3]);
        for halving in 0..halvings {
            let mut again = 4;
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
                            break;
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

    /// The same grid counted from another module.
    fn shifted(&self, i: f32, j: f32) -> Self {
        let (x, y) = self.pixel(i, j);
        let mut it = *self;
        let [at_x, at_y, ..] = &mut it.at;
        (*at_x, *at_y) = (x, y);
        it
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

    /// Mean grey of the middle of a module: unlike at one point, it is clearest where the grid is centred.
    fn core(&self, plane: &Plane<'_>, i: i32, j: i32) -> f32 {
        const ASIDE: f32 = 0.22;
        let (i, j) = (i as f32, j as f32);
        let [_, _, across_x, across_y, down_x, down_y, lean_i, lean_j] = self.at;
        let (x, y) = self.pixel(i, j);
        let share = ASIDE / (1.0 + lean_i * i + lean_j * j).max(0.2);
        let (one_x, one_y) = ((across_x + down_x) * share, (across_y + down_y) * share);
        let (two_x, two_y) = ((across_x - down_x) * share, (across_y - down_y) * share);
        let around = [(one_x, one_y), (-one_x, -one_y), (two_x, two_y), (-two_x, -two_y)];
        around.iter().map(|(dx, dy)| f32::from(plane.between(x + dx, y + dy))).sum::<f32>() / 4.0
    }

    /// Mean grey of the rings that are dark and of those that are light.
    fn rings(&self, plane: &Plane<'_>) -> (f32, f32) {
        let (mut dark, mut light) = ((0.0, 0.0), (0.0, 0.0));
        for (i, j, black) in ring_modules() {
            let side = if black { &mut dark } else { &mut light };
            *side = (side.0 + self.core(plane, i, j), side.1 + 1.0);
        }
        (dark.0 / dark.1, light.0 / light.1)
    }

    /// From the darkest to the lightest module of the rings.
    fn range(&self, plane: &Plane<'_>) -> f32 {
        let greys = ring_modules().map(|(i, j, _)| self.grey(plane, i, j));
        let (low, high) = greys.fold((255.0f32, 0.0f32), |(low, high), grey| (low.min(grey), high.max(grey)));
        high - low
    }

    fn contrast(&self, plane: &Plane<'_>) -> f32 {
        let (dark, light) = self.rings(plane);
        light - dark
    }

    /// How much neighbouring modules differ: less wherever the grid lies across their borders, in light and in shadow. Of a
    /// large symbol only some pairs of rows are looked at.
    fn sharpness(&self, plane: &Plane<'_>, radius: i32) -> f32 {
        let left_out = radius / 20;
        let stride = 2 + left_out;
        let differ = |(a, b): (&f32, &f32)| (a - b).abs().min(self.step);
        let (mut row, mut above, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for j in (-radius..=radius).filter(|j| (j + radius) % stride < 2) {
            std::mem::swap(&mut row, &mut above);
            row.clear();
            row.extend((-radius..=radius).map(|i| self.core(plane, i, j)));
            sum += row.iter().zip(row.iter().skip(1)).map(differ).sum::<f32>();
            if left_out == 0 || (j + radius) % stride == 1 {
                sum += row.iter().zip(&above).map(differ).sum::<f32>();
            }
        }
        sum
    }

    /// The code around the rings.
    fn read(&self, plane: &Plane<'_>) -> Option<Symbol> {
        let grid = self.widened(plane, 5, MODE_REACH);
        let near = Modules::of(&grid, plane, MODE_REACH);
        let mode = Mode::read(|i, j| near.dark(i, j, grid.middle))
            .or_else(|| Mode::read(|i, j| near.dark(i, j, near.around(i, j))))?;
        let reach = mode.reach();
        let grid = grid.widened(plane, MODE_REACH, reach);
        let all = Modules::of(&grid, plane, reach);
        let text = mode
            .text(|i, j| all.dark(i, j, grid.middle))
            .or_else(|| mode.text(|i, j| all.dark(i, j, all.around(i, j))))?;
        let out = reach as f32 + 0.5;
        let corners = [(-out, -out), (out, -out), (out, out), (-out, out)].map(|(i, j)| grid.pixel(i, j));
        // A leading FNC1 is in the identifier.
        let gs1 = text.starts_with('\u{1d}');
        let text = text.trim_start_matches('\u{1d}').to_owned();
        Some(Symbol {
            format: Format::Aztec,
            add_on: None,
            bytes: text.as_bytes().to_vec(),
            text,
            aim: if gs1 { "]z1" } else { "]z0" }.to_owned(),
            points: corners.map(|(x, y)| Point { x, y }).to_vec(),
        })
    }
}

/// The greys of the modules up to `reach` from the middle.
struct Modules {
    reach: i32,
    greys: Vec<f32>,
}

impl Modules {
    fn of(grid: &Grid, plane: &Plane<'_>, reach: i32) -> Self {
        let places = (-reach..=reach).flat_map(|j| (-reach..=reach).map(move |i| (i, j)));
        Self { reach, greys: places.map(|(i, j)| grid.core(plane, i, j)).collect() }
    }

    fn grey(&self, i: i32, j: i32) -> Option<f32> {
        let inside = i.abs().max(j.abs()) <= self.reach;
        let at = (j + self.reach) * (2 * self.reach + 1) + i + self.reach;
        self.greys.get(at as usize).copied().filter(|_| inside)
    }

    fn dark(&self, i: i32, j: i32, middle: f32) -> bool {
        self.grey(i, j).is_some_and(|grey| grey < middle)
    }

    /// Grey between black and white near a module: shadows fall across codes.
    fn around(&self, i: i32, j: i32) -> f32 {
        let near = (j - 3..=j + 3).flat_map(|j| (i - 3..=i + 3).filter_map(move |i| self.grey(i, j)));
        let (low, high) = near.fold((255.0f32, 0.0f32), |(low, high), grey| (low.min(grey), high.max(grey)));
        (low + high) / 2.0
    }
}

/// The grid with the clearest rings.
fn clearest(plane: &Plane<'_>, grids: impl Iterator<Item = Grid>) -> Option<Grid> {
    let rough = |grid: &Grid| -> f32 {
        let signed = |(i, j, black)| if black { -grid.grey(plane, i, j) } else { grid.grey(plane, i, j) };
        ring_modules().map(signed).sum()
    };
    let scored = grids.map(|grid| (rough(&grid), grid));
    scored.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, grid)| grid)
}

/// The modules of the rings that every Aztec code has (ISO/IEC 24778, 7.1), and whether they are black.
fn ring_modules() -> impl Iterator<Item = (i32, i32, bool)> {
    (-4..=4).flat_map(|j: i32| (-4..=4).map(move |i: i32| (i, j, i.abs().max(j.abs()) % 2 == 0)))
}

/// Places where nine even runs cross along rows, columns and diagonals; the largest and most even first.
fn candidates(bits: &BitMatrix) -> Vec<Rings> {
    let mut found: Vec<(f32, Rings)> = Vec::new();
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
            let Some(uneven) = slants(bits, &rings) else { continue };
            let next = ((uneven + 0.2) / rings.module, rings);
            let near = |r: &Rings| (r.x - rings.x).abs() + (r.y - rings.y).abs() < 3.0 * rings.module.max(r.module);
            match found.iter_mut().find(|(_, r)| near(r)) {
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

/// How uneven the rings are along both diagonals; None if they are not rings there.
fn slants(bits: &BitMatrix, rings: &Rings) -> Option<f32> {
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
    Some(Rings { x: (from + to) as f32 / 2.0, y: centre, module: (module + height) / 2.0 })
}

/// Steps from (x, y) to the first four changes of colour in a direction. None if they are too far for rings of such modules.
fn changes(bits: &BitMatrix, x: u32, y: u32, (dx, dy): (i32, i32), module: f32) -> Option<[u32; 4]> {
    let most = (module * 8.0) as i32;
    let (mut colour, mut n, mut changes) = (bits.try_get(x, y)?, 0, [0; 4]);
    for change in &mut changes {
        loop {
            n += 1;
            if n > most {
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
