//! Dark shapes that hang together and the outline of each. Owns: the walk over the black and white picture and its limits.
//! Must never: decide what a shape means.

use rxing::common::BitMatrix;

use super::geometry::{Place, turn};

/// Runs of dark pixels in one picture at most, of which a run may take this many pixels: more is noise, and a picture of
/// noise holds no code.
const MAX_RUNS: usize = 600_000;
const LEAST_PIXELS: usize = 3;
/// Shapes given at most, the largest ones.
const MAX_SHAPES: usize = 48;

/// Dark pixels side by side.
struct Run {
    y: u32,
    from: u32,
    to: u32,
    label: u32,
}

/// What is known of a shape before its outline: the box around it.
#[derive(Clone, Copy)]
struct Extent {
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
}

impl Extent {
    fn joined(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            top: self.top.min(other.top),
            bottom: self.bottom.max(other.bottom),
        }
    }

    fn sides(&self) -> (u32, u32) {
        (self.right - self.left, self.bottom + 1 - self.top)
    }
}

/// Labels that stand for the same shape.
#[derive(Default)]
struct Labels {
    parents: Vec<u32>,
    extents: Vec<Extent>,
}

impl Labels {
    fn add(&mut self, extent: Extent) -> u32 {
        let label = self.parents.len() as u32;
        self.parents.push(label);
        self.extents.push(extent);
        label
    }

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

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        let (low, high) = (one.min(other), one.max(other));
        if low == high {
            return;
        }
        if let Some(slot) = self.parents.get_mut(high as usize) {
            *slot = low;
        }
        let added = self.extents.get(high as usize).copied();
        if let (Some(slot), Some(added)) = (self.extents.get_mut(low as usize), added) {
            *slot = slot.joined(added);
        }
    }
}

/// The outlines of the dark shapes at least `least` pixels wide and high, largest first: the corners of what a rubber band
/// around each would touch, so that the inside lies to the left when walked on a screen.
pub(crate) fn outlines(bits: &BitMatrix, least: u32) -> Vec<Vec<Place>> {
    let Some((runs, mut labels)) = runs(bits) else { return Vec::new() };
    let mut large: Vec<(u32, Extent)> = Vec::new();
    for (label, extent) in labels.extents.iter().enumerate() {
        let (wide, high) = extent.sides();
        if labels.parents.get(label) == Some(&(label as u32)) && wide >= least && high >= least {
            large.push((label as u32, *extent));
        }
    }
    // The label decides between shapes of the same size, so that the order is always the same.
    large.sort_by_key(|(label, extent)| (std::cmp::Reverse(extent.sides().0 * extent.sides().1), *label));
    large.truncate(MAX_SHAPES);
    let mut rows: Vec<Vec<(u32, u32)>> =
        large.iter().map(|(_, extent)| vec![(u32::MAX, 0); extent.sides().1 as usize]).collect();
    let mut places = vec![usize::MAX; labels.parents.len()];
    for (place, (label, _)) in large.iter().enumerate() {
        if let Some(slot) = places.get_mut(*label as usize) {
            *slot = place;
        }
    }
    for run in &runs {
        let place = places.get(labels.root(run.label) as usize).copied().unwrap_or(usize::MAX);
        let Some((_, extent)) = large.get(place) else { continue };
        if let Some((from, to)) = rows.get_mut(place).and_then(|rows| rows.get_mut((run.y - extent.top) as usize)) {
            *from = (*from).min(run.from);
            *to = (*to).max(run.to);
        }
    }
    large.iter().zip(&rows).map(|((_, extent), rows)| band(extent.top, rows)).collect()
}

/// All dark runs, with labels that are joined where runs of neighbouring rows touch, corners included.
fn runs(bits: &BitMatrix) -> Option<(Vec<Run>, Labels)> {
    let (mut runs, mut labels): (Vec<Run>, Labels) = (Vec::new(), Labels::default());
    let most = (bits.width() as usize * bits.height() as usize / LEAST_PIXELS).min(MAX_RUNS);
    let mut above = 0..0;
    for y in 0..bits.height() {
        let row = bits.getRow(y);
        let first = runs.len();
        let mut near = above.start;
        let mut at = row.getNextSet(0);
        while at < row.get_size() {
            let end = row.getNextUnset(at);
            let (from, to) = (at as u32, end as u32);
            // Runs above that end before this one starts touch none of the later ones either.
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
            let extent = Extent { left: from, right: to, top: y, bottom: y };
            let label = match label {
                Some(label) => {
                    let root = labels.root(label);
                    if let Some(slot) = labels.extents.get_mut(root as usize) {
                        *slot = slot.joined(extent);
                    }
                    root
                }
                None => labels.add(extent),
            };
            runs.push(Run { y, from, to, label });
            at = row.getNextSet(end);
        }
        if runs.len() > most {
            return None;
        }
        above = first..runs.len();
    }
    Some((runs, labels))
}

/// The convex outline of rows of pixels.
fn band(top: u32, rows: &[(u32, u32)]) -> Vec<Place> {
    // The inside lies to the left of the left side walked downwards, and to the right of the right side.
    let side = |pick: fn(&(u32, u32)) -> u32, inwards: f32| {
        let mut chain: Vec<Place> = Vec::new();
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
