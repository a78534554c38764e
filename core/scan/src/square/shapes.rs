//! Connected dark shapes and their outlines. Owns: the pass over the black and white image and its limits. Must never: decide
//! what a shape means.
//!
//! One pass over the rows collects runs of dark pixels and joins those that touch runs of the row above (union-find). The convex
//! outline of each large shape is then built from the first and last dark pixel of its rows.

use rxing::common::BitMatrix;

use super::geometry::{Position, turn};

/// Most runs of dark pixels in one picture; more are noise, and a picture of noise holds no code.
const MAX_RUNS: usize = 600_000;
/// The limit for small pictures: one run for this many pixels.
const PIXELS_PER_RUN: usize = 3;
/// Most shapes returned, the largest ones.
const MAX_SHAPES: usize = 48;

/// Neighbouring dark pixels of a row.
struct DarkRun {
    y: u32,
    from: u32,
    to: u32,
    label: u32,
}

/// The bounding box of a shape.
#[derive(Clone, Copy)]
struct BoundingBox {
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
}

impl BoundingBox {
    /// The box around both.
    fn joined(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            top: self.top.min(other.top),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Width and height.
    fn sides(&self) -> (u32, u32) {
        (self.right - self.left, self.bottom + 1 - self.top)
    }
}

/// Labels of runs, as a union-find forest: labels with the same root belong to the same shape.
#[derive(Default)]
struct ShapeLabels {
    parents: Vec<u32>,
    boxes: Vec<BoundingBox>,
}

impl ShapeLabels {
    /// A new label, for a run with this box.
    fn add(&mut self, bounds: BoundingBox) -> u32 {
        let label = self.parents.len() as u32;
        self.parents.push(label);
        self.boxes.push(bounds);
        label
    }

    /// The root of the shape of a label; shortens the path to it.
    fn root(&mut self, mut label: u32) -> u32 {
        while let Some(parent) = self.parents.get(label as usize).copied().filter(|parent| *parent != label) {
            let above = self.parents.get(parent as usize).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(label as usize) {
                *slot = above;
            }
            label = above;
        }
        label
    }

    /// Makes two labels belong to the same shape.
    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        let (low, high) = (one.min(other), one.max(other));
        if low == high {
            return;
        }
        if let Some(slot) = self.parents.get_mut(high as usize) {
            *slot = low;
        }
        let added = self.boxes.get(high as usize).copied();
        if let (Some(slot), Some(added)) = (self.boxes.get_mut(low as usize), added) {
            *slot = slot.joined(added);
        }
    }
}

/// The convex outlines of the dark shapes that are at least `least` pixels wide and high, largest shape first. The inside lies
/// to the left of the outline, as seen on a screen.
pub(crate) fn outlines(bits: &BitMatrix, least: u32) -> Vec<Vec<Position>> {
    let Some((runs, mut labels)) = runs(bits) else { return Vec::new() };
    let mut large: Vec<(u32, BoundingBox)> = Vec::new();
    for (label, bounds) in labels.boxes.iter().enumerate() {
        let (wide, high) = bounds.sides();
        if labels.parents.get(label) == Some(&(label as u32)) && wide >= least && high >= least {
            large.push((label as u32, *bounds));
        }
    }
    // The label decides between shapes of the same size, so that the order is fixed.
    large.sort_by_key(|(label, bounds)| (std::cmp::Reverse(bounds.sides().0 * bounds.sides().1), *label));
    large.truncate(MAX_SHAPES);
    let mut rows: Vec<Vec<(u32, u32)>> =
        large.iter().map(|(_, bounds)| vec![(u32::MAX, 0); bounds.sides().1 as usize]).collect();
    let mut indices = vec![usize::MAX; labels.parents.len()];
    for (index, (label, _)) in large.iter().enumerate() {
        if let Some(slot) = indices.get_mut(*label as usize) {
            *slot = index;
        }
    }
    for run in &runs {
        let index = indices.get(labels.root(run.label) as usize).copied().unwrap_or(usize::MAX);
        let Some((_, bounds)) = large.get(index) else { continue };
        if let Some((from, to)) = rows.get_mut(index).and_then(|rows| rows.get_mut((run.y - bounds.top) as usize)) {
            *from = (*from).min(run.from);
            *to = (*to).max(run.to);
        }
    }
    large.iter().zip(&rows).map(|((_, bounds), rows)| convex_outline(bounds.top, rows)).collect()
}

/// All dark runs. Runs of neighbouring rows that touch, also at corners only, have labels of the same shape.
fn runs(bits: &BitMatrix) -> Option<(Vec<DarkRun>, ShapeLabels)> {
    let (mut runs, mut labels): (Vec<DarkRun>, ShapeLabels) = (Vec::new(), ShapeLabels::default());
    let max_runs = (bits.width() as usize * bits.height() as usize / PIXELS_PER_RUN).min(MAX_RUNS);
    let mut above = 0..0;
    for y in 0..bits.height() {
        let row = bits.getRow(y);
        let first = runs.len();
        let mut near = above.start;
        let mut at = row.getNextSet(0);
        while at < row.get_size() {
            let end = row.getNextUnset(at);
            let (from, to) = (at as u32, end as u32);
            // Runs above that end before this one starts cannot touch a later one either.
            while near < above.end && runs.get(near).is_some_and(|run| run.to < from) {
                near += 1;
            }
            let mut label = None;
            let mut touching = near;
            while let Some(run) = runs.get(touching).filter(|run| touching < above.end && run.from <= to) {
                match label {
                    None => label = Some(run.label),
                    Some(label) => labels.join(label, run.label),
                }
                touching += 1;
            }
            let bounds = BoundingBox { left: from, right: to, top: y, bottom: y };
            let label = match label {
                Some(label) => {
                    let root = labels.root(label);
                    if let Some(slot) = labels.boxes.get_mut(root as usize) {
                        *slot = slot.joined(bounds);
                    }
                    root
                }
                None => labels.add(bounds),
            };
            runs.push(DarkRun { y, from, to, label });
            at = row.getNextSet(end);
        }
        if runs.len() > max_runs {
            return None;
        }
        above = first..runs.len();
    }
    Some((runs, labels))
}

/// The convex outline of rows of pixels.
fn convex_outline(top: u32, rows: &[(u32, u32)]) -> Vec<Position> {
    // Going down, the inside lies to the left of the left side and to the right of the right side.
    let side = |pick: fn(&(u32, u32)) -> u32, inwards: f32| {
        let mut chain: Vec<Position> = Vec::new();
        for (k, row) in rows.iter().enumerate() {
            for y in [top as f32 + k as f32, top as f32 + k as f32 + 1.0] {
                let next = (pick(row) as f32, y);
                while let [.., a, b] = chain.as_slice()
                    && turn(*a, *b, next) * inwards >= 0.0
                {
                    chain.pop();
                }
                chain.push(next);
            }
        }
        chain
    };
    let mut left = side(|row| row.0, 1.0);
    let right = side(|row| row.1, -1.0);
    left.extend(right.iter().rev());
    left.dedup();
    left
}
