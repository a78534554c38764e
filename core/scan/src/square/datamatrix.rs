//! Data Matrix codes anywhere in a picture, also bent, in perspective, small or of many regions, which rxing's walk along edges
//! does not find. Owns: finding the solid L among the dark shapes, and the sizes that a symbol may have. Must never: try more
//! than a few candidates.
//!
//! 1. The outlines of dark shapes (`shapes`) are searched for a corner between two solid sides: the L of a symbol.
//! 2. From both ends of the L the timing patterns are followed (`timing`); they give the numbers of columns and rows and, where they
//!    cross, the fourth corner.
//! 3. A grid is laid over the four corners, with columns and rows of even width or as wide as the timing patterns show them, and
//!    fitted to the borders (`datamatrix_fit`).

use rxing::common::BitMatrix;
use rxing::datamatrix::decoder::Version;

use super::datamatrix_fit::DataMatrixFit;
use super::geometry::{Position, ahead, crossing, distance, heading, leftwards, turn};
use super::matrix::BinaryImage;
use super::mesh::Patch;
use super::plane::Plane;
use super::timing::{TimingEdge, TimingPattern};
use super::{Symbol, add_new, shapes};

/// Smallest side of a symbol, in pixels.
const MIN_SIDE: u32 = 12;
/// Candidates tried in one picture.
const MAX_CORNERS: usize = 24;
/// Share of a solid side that must be dark.
const MIN_DARK: f32 = 0.85;

/// Data Matrix codes anywhere in a picture.
pub(crate) fn read(plane: &Plane<'_>, black: &BinaryImage) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
    let mut left = MAX_CORNERS;
    for outline in shapes::outlines(black.bits(), MIN_SIDE) {
        for corner in SolidL::all(black.bits(), &simplify(outline)) {
            if left == 0 {
                return found;
            }
            left -= 1;
            if let Some(symbol) = corner.read(plane) {
                add_new(&mut found, symbol);
            }
        }
    }
    found
}

/// Removes the corners of an outline that come from the pixel raster only.
fn simplify(mut outline: Vec<Position>) -> Vec<Position> {
    let size = outline.iter().fold(0.0f32, |size, p| {
        let first = outline.first().copied().unwrap_or(*p);
        size.max((p.0 - first.0).abs()).max((p.1 - first.1).abs())
    });
    let least = 1.2f32.max(size * 0.02);
    while outline.len() > 3 {
        let n = outline.len();
        let flat = (0..n).filter_map(|k| {
            let (a, b, c) = (outline.get((k + n - 1) % n)?, outline.get(k)?, outline.get((k + 1) % n)?);
            Some((k, turn(*a, *b, *c).abs() / distance(*a, *c).max(1.0)))
        });
        match flat.min_by(|one, other| one.1.total_cmp(&other.1)) {
            Some((k, off)) if off < least => outline.remove(k),
            _ => break,
        };
    }
    outline
}

/// A solid L: its upper end, its corner and its right end.
#[derive(Debug, Clone, Copy)]
struct SolidL {
    top: Position,
    corner: Position,
    right: Position,
    /// Estimated width and height of a module, in pixels.
    module: (f32, f32),
}

impl SolidL {
    /// All solid Ls of an outline.
    fn all(bits: &BitMatrix, outline: &[Position]) -> Vec<Self> {
        let n = outline.len();
        let corner = |k: usize| outline.get(k % n.max(1)).copied();
        (0..n).filter_map(|k| Self::measure(bits, corner(k + n - 1)?, corner(k)?, corner(k + 1)?)).collect()
    }

    /// The L at three corners of an outline, if both of its sides are solid.
    fn measure(bits: &BitMatrix, top: Position, corner: Position, right: Position) -> Option<Self> {
        let (left_leg, lower_leg) = (distance(top, corner), distance(corner, right));
        let square = turn(top, corner, right).abs() / (left_leg * lower_leg).max(1.0);
        if left_leg < 8.0 || lower_leg < 8.0 || left_leg.max(lower_leg) > 20.0 * left_leg.min(lower_leg) || square < 0.7
        {
            return None;
        }
        let wide = thickness(bits, top, corner)?;
        let high = thickness(bits, corner, right)?;
        (0.3..3.3).contains(&(wide / high)).then_some(Self { top, corner, right, module: (wide, high) })
    }
}

/// Thickness of a solid side, measured to its left; the side may be slightly bent. `None` if it is not solid or too thick.
fn thickness(bits: &BitMatrix, from: Position, to: Position) -> Option<f32> {
    /// Step of the measurement, in pixels.
    const PACE: f32 = 0.5;
    let (len, direction) = (distance(from, to), heading(from, to));
    let inwards = leftwards(direction);
    let dark = |at: Position| at.0 >= 0.0 && at.1 >= 0.0 && bits.try_get(at.0 as u32, at.1 as u32) == Some(true);
    let deepest = 2.0f32.max(len * 0.04);
    let thickest = len / 6.0 + 2.0;
    let steps = (len * 0.5).clamp(16.0, 64.0) as usize;
    // For each step along the side: the depth at which it starts, and its thickness there.
    let mut sides: Vec<(f32, f32)> = Vec::with_capacity(steps);
    for k in 0..steps {
        let at = ahead(from, direction, len * (k as f32 + 0.5) / steps as f32);
        let depth = |from: f32, until_dark: bool, limit: f32| {
            let mut depth = from;
            while depth < limit && dark(ahead(at, inwards, depth)) != until_dark {
                depth += PACE;
            }
            depth
        };
        let start = depth(0.25, true, deepest);
        sides.push((start, depth(start, false, start + thickest) - start));
    }
    let mut thick: Vec<f32> = sides.iter().map(|side| side.1).filter(|thick| *thick > 0.0).collect();
    thick.sort_by(f32::total_cmp);
    let module = thick.get(thick.len() / 4).copied().filter(|module| *module < thickest)?;
    let smooth = (0..steps).filter(|k| {
        let near = sides.get(k.saturating_sub(4)..(k + 5).min(steps)).unwrap_or_default();
        let mut near: Vec<f32> = near.iter().map(|side| side.0).collect();
        near.sort_by(f32::total_cmp);
        let middle = near.get(near.len() / 2).copied().unwrap_or(0.0);
        let (start, thick) = sides.get(*k).copied().unwrap_or((deepest, 0.0));
        thick > 0.0 && (start - middle).abs() <= 0.4 * module.max(1.5)
    });
    (smooth.count() as f32 >= MIN_DARK * steps as f32).then_some(module)
}

impl SolidL {
    /// The symbol of this L: finds both timing patterns and fits the grid.
    fn read(&self, plane: &Plane<'_>) -> Option<Symbol> {
        let Self { top, corner, right, module } = *self;
        let (lower, left) = (distance(corner, right), distance(corner, top));
        let (start, along, inwards) = (top, heading(corner, right), heading(top, corner));
        let upper = TimingPattern::find(&TimingEdge { plane, start, along, inwards, len: lower, module })?;
        let (start, along, inwards) = (right, heading(corner, top), heading(right, corner));
        let far =
            TimingPattern::find(&TimingEdge { plane, start, along, inwards, len: left, module: (module.1, module.0) })?;
        let opposite = crossing(top, upper.direction, right, far.direction)?;
        let sheet = Patch::new([top, opposite, right, corner])?;
        for (columns, rows) in sizes(upper.count, far.count) {
            let Some(region) = region(columns, rows) else { continue };
            let flat = |count: usize| (0..count).map(|k| (k as f32 + 0.5) / count as f32).collect::<Vec<f32>>();
            let symbol = DataMatrixFit::new(plane, region, &sheet, &flat(columns), &flat(rows)).read();
            if symbol.is_some() {
                return symbol;
            }
            let across = upper.shares(columns, |u| distance(sheet.position(u, 0.0), top));
            let down = far.shares(rows, |v| distance(sheet.position(1.0, 1.0 - v), right));
            if let (Some(across), Some(mut down)) = (across, down) {
                down.reverse();
                let down: Vec<f32> = down.iter().map(|v| 1.0 - v).collect();
                let symbol = DataMatrixFit::new(plane, region, &sheet, &across, &down).read();
                if symbol.is_some() {
                    return symbol;
                }
            }
        }
        None
    }
}

/// Modules of a region of a symbol of this size, borders included. In a mirrored symbol rows and columns are swapped.
fn region(columns: usize, rows: usize) -> Option<(usize, usize)> {
    let size = |columns: usize, rows: usize| {
        let size = Version::getVersionForDimensions(rows as u32, columns as u32).ok()?;
        Some((size.getDataRegionSizeColumns() as usize + 2, size.getDataRegionSizeRows() as usize + 2))
    };
    size(columns, rows).or_else(|| size(rows, columns).map(|(wide, high)| (high, wide)))
}

/// Sizes to try for measured columns and rows. If both are similar the symbol is square, and one side was measured too short.
fn sizes(columns: usize, rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let square = if columns.abs_diff(rows) <= 6 && columns != rows {
        vec![columns.max(rows), columns.min(rows)]
    } else {
        vec![]
    };
    std::iter::once((columns, rows)).chain(square.into_iter().map(|side| (side, side)))
}
