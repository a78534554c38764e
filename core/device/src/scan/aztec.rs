//! Where the rings of an Aztec code are. Owns: finding them anywhere and turning the picture until rxing, which looks only
//! at the centre of an upright picture, can read them. Must never: look at more than a few candidates.

use rxing::common::BitMatrix;

use super::matrix::{self, Black};
use super::plane::Plane;
use super::{Point, Symbol};

/// Rings looked at in one picture.
const MAX_CANDIDATES: usize = 3;
/// Tangents of the angles at which a candidate is tried; four-fold symmetry covers the rest of the circle.
const TURNS: [(f32, f32); 6] = [(1.0, 0.0), (0.966, 0.259), (0.866, 0.5), (0.707, 0.707), (0.5, 0.866), (0.259, 0.966)];
/// Pixels a module gets in the turned picture.
const MODULE: f32 = 10.0;
/// Modules shown around the rings: half of a symbol of 75 modules and its border.
const REACH: f32 = 40.0;

/// A place with rings around it.
#[derive(Debug, Clone, Copy)]
struct Rings {
    x: f32,
    y: f32,
    module: f32,
}

/// Aztec codes anywhere in a picture.
pub(super) fn read(plane: &Plane<'_>, black: &Black) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
    for rings in candidates(black.bits()) {
        let symbol = TURNS.iter().find_map(|turn| turned(plane, rings, *turn));
        if let Some(symbol) = symbol
            && !found.iter().any(|s| s.text == symbol.text)
        {
            found.push(symbol);
        }
    }
    found
}

/// The symbol around the rings, seen upright.
fn turned(plane: &Plane<'_>, rings: Rings, (cos, sin): (f32, f32)) -> Option<Symbol> {
    let scale = rings.module / MODULE; // pixels of the picture per pixel of the turned one
    // As far as the picture's farthest corner, at most what a symbol of a warehouse needs.
    let far = plane.width.max(plane.height) as f32 * 1.5 / scale;
    let half = far.min(REACH * MODULE) as usize;
    let side = 2 * half + 1;
    let mut pixels = Vec::with_capacity(side * side);
    for v in 0..side {
        for u in 0..side {
            let (du, dv) = ((u as f32 - half as f32) * scale, (v as f32 - half as f32) * scale);
            let (x, y) = (rings.x + du * cos - dv * sin, rings.y + du * sin + dv * cos);
            pixels.push(plane.between(x, y));
        }
    }
    let black = Black::of(&Plane::owned(pixels, side, side))?;
    let mut symbol = matrix::aztec(&black)?;
    for point in &mut symbol.points {
        let (du, dv) = ((point.x - half as f32) * scale, (point.y - half as f32) * scale);
        *point = Point { x: rings.x + du * cos - dv * sin, y: rings.y + du * sin + dv * cos };
    }
    Some(symbol)
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
