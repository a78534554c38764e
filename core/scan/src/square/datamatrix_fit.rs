//! The modules of a Data Matrix code whose size and corners are known. Owns: moving the corners of its regions to where what
//! every symbol shows is clearest (ISO/IEC 16022, 4.3: for each region a solid left and lower border, an alternating upper and
//! right one). Must never: hand on modules whose borders are not right.

use rxing::common::BitMatrix;

use super::geometry::{Place, ahead, distance};
use super::matrix;
use super::mesh::{Mesh, Patch};
use super::plane::Plane;
use super::{Point, Symbol};

/// Share of the modules of the borders that must have their colour.
const BORDERS_RIGHT: f32 = 0.88;
/// The same before anything is fitted.
const BORDERS_CLEAR: f32 = 0.96;

/// A mesh over a symbol of a known size.
pub(crate) struct Fit<'p> {
    plane: &'p Plane<'p>,
    /// Modules of a region, borders included.
    wide: usize,
    high: usize,
    /// Where in its region the middle of each column and row is, as a share.
    columns: Vec<f32>,
    rows: Vec<f32>,
    mesh: Mesh,
}

/// The borders of regions of `count` modules, and where in its region each middle is.
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

impl<'p> Fit<'p> {
    /// A mesh of regions of so many modules on a flat sheet, with the middles of columns and rows at these shares of it.
    pub(crate) fn new(
        plane: &'p Plane<'p>,
        (wide, high): (usize, usize),
        sheet: &Patch,
        across: &[f32],
        down: &[f32],
    ) -> Self {
        let (across, columns) = regions(across, wide);
        let (down, rows) = regions(down, high);
        let mesh = Mesh::on(sheet, &across, &down);
        Self { plane, wide, high, columns, rows, mesh }
    }

    /// The symbol, if the mesh lies right or can be fitted so that its borders are right and its error correction finds a
    /// text.
    pub(crate) fn read(mut self) -> Option<Symbol> {
        self.symbol(BORDERS_CLEAR).or_else(|| {
            self.fit();
            self.symbol(BORDERS_RIGHT)
        })
    }

    fn symbol(&self, least: f32) -> Option<Symbol> {
        let (bits, right) = self.sampled()?;
        if right < least {
            return None;
        }
        let nodes = &self.mesh.nodes;
        let corners = [0, self.mesh.across, nodes.len() - 1, nodes.len() - 1 - self.mesh.across];
        let points = corners.iter().filter_map(|k| nodes.get(*k)).map(|(x, y)| Point { x: *x, y: *y }).collect();
        matrix::data_matrix_symbol(&bits, points)
    }

    /// The modules of a region that every symbol has, and whether they are dark.
    fn borders(&self) -> impl Iterator<Item = (usize, usize, bool)> + use<> {
        let (wide, high) = (self.wide, self.high);
        let upright = (0..high).flat_map(move |y| [(0, y, true), (wide - 1, y, y % 2 == 1)]);
        let level = (1..wide - 1).flat_map(move |x| [(x, 0, x % 2 == 0), (x, high - 1, true)]);
        upright.chain(level)
    }

    /// Grey at a module of region (i, j), or `out` modules to the left of or below its border.
    fn grey(&self, patch: &Patch, (i, j): (usize, usize), (x, y): (usize, usize), out: (f32, f32)) -> f32 {
        let u = self.columns.get(i * self.wide + x).copied().unwrap_or(0.5);
        let v = self.rows.get(j * self.high + y).copied().unwrap_or(0.5);
        let at = patch.place(u - out.0 / self.wide as f32, v + out.1 / self.high as f32);
        f32::from(self.plane.grey(at))
    }

    /// Mean grey of the modules of the borders that are dark and of those that are light.
    fn levels(&self, patch: &Patch, (i, j): (usize, usize)) -> [(f32, f32); 2] {
        let (mut dark, mut light) = ((0.0, 0.0), (0.0, 0.0));
        for (x, y, black) in self.borders() {
            let side = if black { &mut dark } else { &mut light };
            *side = (side.0 + self.grey(patch, (i, j), (x, y), (0.0, 0.0)), side.1 + 1.0);
        }
        [dark, light]
    }

    /// How much lighter the light modules of the borders of a region are than the dark ones.
    fn contrast(&self, i: usize, j: usize) -> f32 {
        let Some(patch) = self.mesh.patch(i, j) else { return 0.0 };
        let [dark, mut light] = self.levels(&patch, (i, j));
        // Outside the solid borders it is light, unless another region is there.
        let outside = (0..self.high).map(|y| (0, y, (1.3, 0.0))).filter(|_| i == 0);
        let below = (0..self.wide).map(|x| (x, self.high - 1, (0.0, 1.3))).filter(|_| j + 1 == self.mesh.down);
        for (x, y, out) in outside.chain(below) {
            light = (light.0 + self.grey(&patch, (i, j), (x, y), out), light.1 + 1.0);
        }
        light.0 / light.1 - dark.0 / dark.1
    }

    /// Moves the corners of the regions to where the borders are clearest.
    fn fit(&mut self) {
        let module = self.mesh.patch(0, 0).map_or(1.0, |patch| {
            let (a, b) = (patch.place(0.0, 0.0), patch.place(1.0, 1.0));
            distance(a, b) / (self.wide as f32).hypot(self.high as f32)
        });
        for step in [0.6, 0.3, 0.15, 0.07] {
            for _ in 0..4 {
                let moved = (0..self.mesh.nodes.len()).filter(|node| self.moved(*node, step * module)).count();
                if moved == 0 {
                    break;
                }
            }
        }
    }

    /// Moves one corner if that makes the borders around it clearer.
    fn moved(&mut self, node: usize, steps: f32) -> bool {
        let clear = |it: &Self| it.mesh.around(node).map(|(i, j)| it.contrast(i, j)).sum::<f32>();
        let start = clear(self);
        let mut most = start;
        for way in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            let Some(place) = self.mesh.nodes.get(node).copied() else { return false };
            self.put(node, ahead(place, way, steps));
            let found = clear(self);
            if found > most + 0.01 {
                most = found;
            } else {
                self.put(node, place);
            }
        }
        most > start
    }

    fn put(&mut self, node: usize, place: Place) {
        if let Some(slot) = self.mesh.nodes.get_mut(node) {
            *slot = place;
        }
    }

    /// The modules in black and white, and the share of the borders that are as they must be.
    fn sampled(&self) -> Option<(BitMatrix, f32)> {
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
