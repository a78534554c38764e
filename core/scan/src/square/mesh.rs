//! A grid of modules over a picture: flat patches in perspective, joined at their corners. Owns: the map from modules to pixels.
//! Must never: know what a module means.
//!
//! A projective map with eight parameters takes the unit square to four corners; modules are points of the unit square. Bent labels
//! are approximated by several patches that share corners.

use super::geometry::Position;

/// A flat square in perspective: maps the unit square to pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patch([f32; 8]);

impl Patch {
    /// The patch whose corners (0, 0), (1, 0), (1, 1), (0, 1) are at these positions; `None` if they span no area.
    pub(crate) fn new([p0, p1, p2, p3]: [Position; 4]) -> Option<Self> {
        let (sx, sy) = (p0.0 - p1.0 + p2.0 - p3.0, p0.1 - p1.1 + p2.1 - p3.1);
        let (ax, ay) = (p1.0 - p2.0, p1.1 - p2.1);
        let (bx, by) = (p3.0 - p2.0, p3.1 - p2.1);
        let span = ax * by - bx * ay;
        if span.abs() < 1.0 {
            return None;
        }
        let (g, h) = ((sx * by - bx * sy) / span, (ax * sy - sx * ay) / span);
        let across = (p1.0 - p0.0 + g * p1.0, p1.1 - p0.1 + g * p1.1);
        let down = (p3.0 - p0.0 + h * p3.0, p3.1 - p0.1 + h * p3.1);
        Some(Self([across.0, down.0, p0.0, across.1, down.1, p0.1, g, h]))
    }

    /// The position in the picture of a point of the unit square.
    pub(crate) fn position(&self, u: f32, v: f32) -> Position {
        let [a, b, c, d, e, f, g, h] = self.0;
        let depth = (1.0 + g * u + h * v).max(0.05);
        ((a * u + b * v + c) / depth, (d * u + e * v + f) / depth)
    }
}

/// A grid of patches, each with the same number of modules.
#[derive(Debug, Clone)]
pub(crate) struct Mesh {
    /// Patches in a row.
    pub(crate) across: usize,
    /// Rows of patches.
    pub(crate) down: usize,
    /// Corners of the patches, row by row.
    pub(crate) nodes: Vec<Position>,
}

impl Mesh {
    /// A flat sheet cut into patches at these shares of its sides.
    pub(crate) fn from_sheet(sheet: &Patch, across: &[f32], down: &[f32]) -> Self {
        let nodes = down.iter().flat_map(|v| across.iter().map(|u| sheet.position(*u, *v))).collect();
        Self { across: across.len().saturating_sub(1), down: down.len().saturating_sub(1), nodes }
    }

    /// The patch in column `i` of row `j`.
    pub(crate) fn patch(&self, i: usize, j: usize) -> Option<Patch> {
        let node = |i: usize, j: usize| self.nodes.get(j * (self.across + 1) + i).copied();
        Patch::new([node(i, j)?, node(i + 1, j)?, node(i + 1, j + 1)?, node(i, j + 1)?])
    }

    /// Columns and rows of the patches that share a node.
    pub(crate) fn patches_around(&self, node: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (i, j) = (node % (self.across + 1), node / (self.across + 1));
        let (across, down) = (self.across, self.down);
        [(1, 1), (0, 1), (1, 0), (0, 0)].into_iter().filter_map(move |(left, above)| {
            let (i, j) = (i.checked_sub(left)?, j.checked_sub(above)?);
            (i < across && j < down).then_some((i, j))
        })
    }
}
