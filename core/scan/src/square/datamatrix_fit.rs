//! Samples the modules of a Data Matrix code whose size and corners are known. Owns: fitting the corners of its regions to their
//! borders, which every symbol has (ISO/IEC 16022, 4.3: solid at the left and below, alternating above and at the right). Must
//! never: decode modules whose borders are wrong.
//!
//! A symbol of several regions is a mesh of patches, one for each region, because labels are bent. Each corner of a patch is moved in
//! steps from 0.6 to 0.07 modules as long as the contrast of the borders around it grows.

use rxing::common::BitMatrix;

use super::geometry::{Position, ahead, distance};
use super::matrix;
use super::mesh::{Mesh, Patch};
use super::plane::Plane;
use super::{Point, Symbol};

/// Share of the border modules that must have their colour after the fit.
const MIN_BORDERS_FITTED: f32 = 0.88;
/// The same before the fit.
const MIN_BORDERS_UNFITTED: f32 = 0.96;

/// A mesh over a symbol of a known size.
pub(crate) struct DataMatrixFit<'p> {
    plane: &'p Plane<'p>,
    /// Columns of modules in a region, borders included.
    wide: usize,
    /// Rows likewise.
    high: usize,
    /// The centre of each column, as a share of its region.
    columns: Vec<f32>,
    /// The centre of each row likewise.
    rows: Vec<f32>,
    mesh: Mesh,
}

/// The borders of regions of `count` modules, and the centre of each module as a share of its region.
fn regions(middles: &[f32], count: usize) -> (Vec<f32>, Vec<f32>) {
    let between = |k: usize| match (k.checked_sub(1).and_then(|k| middles.get(k)), middles.get(k)) {
        (Some(a), Some(b)) => (a + b) / 2.0,
        (None, _) => 0.0,
        (_, None) => 1.0,
    };
    let borders: Vec<f32> = (0..=middles.len() / count).map(|i| between(i * count)).collect();
    let inside = middles.iter().enumerate().map(|(k, middle)| {
        let (from, to) = (between(k / count * count), between((k / count + 1) * count));
        (middle - from) / (to - from).max(1e-3)
    });
    (borders.clone(), inside.collect())
}

impl<'p> DataMatrixFit<'p> {
    /// A mesh of regions of `wide` times `high` modules on a flat sheet. `across` and `down` are the centres of columns and rows as
    /// shares of the sheet.
    pub(crate) fn new(
        plane: &'p Plane<'p>,
        (wide, high): (usize, usize),
        sheet: &Patch,
        across: &[f32],
        down: &[f32],
    ) -> Self {
        let (across, columns) = regions(across, wide);
        let (down, rows) = regions(down, high);
        let mesh = Mesh::from_sheet(sheet, &across, &down);
        Self { plane, wide, high, columns, rows, mesh }
    }

    /// The symbol, if the borders are right, before or after a fit, and the error correction succeeds.
    pub(crate) fn read(mut self) -> Option<Symbol> {
        self.symbol(MIN_BORDERS_UNFITTED).or_else(|| {
            self.fit();
            self.symbol(MIN_BORDERS_FITTED)
        })
    }

    /// Samples and decodes the modules, if a share of `min_right` of the borders is right.
    fn symbol(&self, min_right: f32) -> Option<Symbol> {
        let (bits, right) = self.sample()?;
        if right < min_right {
            return None;
        }
        let nodes = &self.mesh.nodes;
        let corners = [0, self.mesh.across, nodes.len() - 1, nodes.len() - 1 - self.mesh.across];
        let points = corners.iter().filter_map(|k| nodes.get(*k)).map(|(x, y)| Point { x: *x, y: *y }).collect();
        matrix::data_matrix_symbol(&bits, points)
    }

    /// The border modules of a region, and whether each is dark.
    fn borders(&self) -> impl Iterator<Item = (usize, usize, bool)> + use<> {
        let (wide, high) = (self.wide, self.high);
        let upright = (0..high).flat_map(move |y| [(0, y, true), (wide - 1, y, y % 2 == 1)]);
        let level = (1..wide - 1).flat_map(move |x| [(x, 0, x % 2 == 0), (x, high - 1, true)]);
        upright.chain(level)
    }

    /// Grey of module (x, y) of region (i, j), moved by `out` modules to the left and down.
    fn grey(&self, patch: &Patch, (i, j): (usize, usize), (x, y): (usize, usize), out: (f32, f32)) -> f32 {
        let u = self.columns.get(i * self.wide + x).copied().unwrap_or(0.5);
        let v = self.rows.get(j * self.high + y).copied().unwrap_or(0.5);
        let at = patch.position(u - out.0 / self.wide as f32, v + out.1 / self.high as f32);
        f32::from(self.plane.grey(at))
    }

    /// Sum and number of the greys of the dark border modules, and of the light ones.
    fn levels(&self, patch: &Patch, (i, j): (usize, usize)) -> [(f32, f32); 2] {
        let (mut dark, mut light) = ((0.0, 0.0), (0.0, 0.0));
        for (x, y, black) in self.borders() {
            let side = if black { &mut dark } else { &mut light };
            *side = (side.0 + self.grey(patch, (i, j), (x, y), (0.0, 0.0)), side.1 + 1.0);
        }
        [dark, light]
    }

    /// Mean difference of the light and the dark border modules of a region.
    fn contrast(&self, i: usize, j: usize) -> f32 {
        let Some(patch) = self.mesh.patch(i, j) else { return 0.0 };
        let [dark, mut light] = self.levels(&patch, (i, j));
        // Outside the solid borders the quiet zone is light, unless another region is there.
        let outside = (0..self.high).map(|y| (0, y, (1.3, 0.0))).filter(|_| i == 0);
        let below = (0..self.wide).map(|x| (x, self.high - 1, (0.0, 1.3))).filter(|_| j + 1 == self.mesh.down);
        for (x, y, out) in outside.chain(below) {
            light = (light.0 + self.grey(&patch, (i, j), (x, y), out), light.1 + 1.0);
        }
        light.0 / light.1 - dark.0 / dark.1
    }

    /// Moves the corners of the regions to maximise the contrast of the borders.
    fn fit(&mut self) {
        let module = self.mesh.patch(0, 0).map_or(1.0, |patch| {
            let (a, b) = (patch.position(0.0, 0.0), patch.position(1.0, 1.0));
            distance(a, b) / (self.wide as f32).hypot(self.high as f32)
        });
        for step in [0.6, 0.3, 0.15, 0.07] {
            for _ in 0..4 {
                let moved = (0..self.mesh.nodes.len()).filter(|node| self.move_node(*node, step * module)).count();
                if moved == 0 {
                    break;
                }
            }
        }
    }

    /// Moves one corner if the contrast around it grows; returns whether it did.
    fn move_node(&mut self, node: usize, steps: f32) -> bool {
        let contrast = |fit: &Self| fit.mesh.patches_around(node).map(|(i, j)| fit.contrast(i, j)).sum::<f32>();
        let start = contrast(self);
        let mut highest = start;
        for direction in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            let Some(position) = self.mesh.nodes.get(node).copied() else { return false };
            self.set_node(node, ahead(position, direction, steps));
            let found = contrast(self);
            if found > highest + 0.01 {
                highest = found;
            } else {
                self.set_node(node, position);
            }
        }
        highest > start
    }

    /// Moves one corner.
    fn set_node(&mut self, node: usize, position: Position) {
        if let Some(slot) = self.mesh.nodes.get_mut(node) {
            *slot = position;
        }
    }

    /// The modules in black and white, and the share of the border modules that have their colour.
    fn sample(&self) -> Option<(BitMatrix, f32)> {
        let (wide, high) = (self.wide, self.high);
        let mut bits = BitMatrix::new((self.mesh.across * wide) as u32, (self.mesh.down * high) as u32).ok()?;
        let (mut right, mut all) = (0.0, 0.0);
        for region in (0..self.mesh.down).flat_map(|j| (0..self.mesh.across).map(move |i| (i, j))) {
            let patch = self.mesh.patch(region.0, region.1)?;
            let [dark, light] = self.levels(&patch, region);
            let middle = (dark.0 / dark.1 + light.0 / light.1) / 2.0;
            let is_dark = |x, y| self.grey(&patch, region, (x, y), (0.0, 0.0)) < middle;
            for (x, y) in (0..high).flat_map(|y| (0..wide).map(move |x| (x, y))) {
                if is_dark(x, y) {
                    bits.set((region.0 * wide + x) as u32, (region.1 * high + y) as u32);
                }
            }
            for (x, y, black) in self.borders() {
                all += 1.0;
                if is_dark(x, y) == black {
                    right += 1.0;
                }
            }
        }
        Some((bits, right / all))
    }
}
