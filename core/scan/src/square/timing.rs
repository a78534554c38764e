//! The timing pattern of a Data Matrix code: the two sides with alternating dark and light modules. Owns: finding the direction
//! of a side, counting its modules and locating each. Must never: count runs whose lengths differ more than those of modules.
//!
//! The direction is searched around that of the opposite solid side, first within a small angle, then within a larger one for symbols
//! seen from the side. The best direction is the one along which dark and light runs alternate most evenly.

use super::geometry::{Position, ahead, leftwards};
use super::plane::Plane;

/// Directions tried for each timing pattern.
const MAX_DIRECTIONS: usize = 4;

/// Largest angle between a timing pattern and the opposite solid side, in radians: seen from the front, and from the side.
const FRONT_ANGLE: f32 = 0.08;
/// The same, seen from the side.
const SIDE_ANGLE: f32 = 0.35;

/// The timing pattern that starts at one end of the L.
pub(crate) struct TimingPattern {
    /// Direction, of length 1.
    pub(crate) direction: Position,
    /// Modules along it, an even number.
    pub(crate) count: usize,
    /// Distances of the centres of the modules from the start, in pixels; the last may be missing.
    middles: Vec<f32>,
}

impl TimingPattern {
    /// The timing pattern, as far as its modules can be told apart.
    pub(crate) fn find(edge: &TimingEdge<'_>) -> Option<Self> {
        let (direction, runs) = match edge.find_direction(FRONT_ANGLE) {
            Some((direction, runs)) if edge.is_whole(&runs) => (direction, runs),
            _ => edge.find_direction(SIDE_ANGLE)?,
        };
        let count = runs.len().div_ceil(2) * 2;
        let mut at = 0.0;
        let middles = runs.iter().map(|run| {
            at += run;
            at - run / 2.0
        });
        (8..=144).contains(&count).then(|| Self { direction, count, middles: middles.collect() })
    }

    /// The centres of `count` modules as shares of the side; `length` is the length in pixels up to a share. `None` if the number
    /// of modules differs.
    pub(crate) fn shares(&self, count: usize, length: impl Fn(f32) -> f32) -> Option<Vec<f32>> {
        if self.count != count {
            return None;
        }
        let mut shares: Vec<f32> = Vec::with_capacity(count);
        for middle in self.middles.iter().take(count) {
            let (mut low, mut high) = (0.0f32, 1.0f32);
            for _ in 0..14 {
                let mid = (low + high) / 2.0;
                if length(mid) < *middle { low = mid } else { high = mid }
            }
            shares.push(low);
        }
        while shares.len() < count {
            let [.., before, last] = shares.as_slice() else { return None };
            shares.push((2.0 * last - before).min(1.0));
        }
        Some(shares)
    }
}

/// Where a timing pattern is searched.
pub(crate) struct TimingEdge<'p> {
    pub(crate) plane: &'p Plane<'p>,
    /// The end of the L at which it starts.
    pub(crate) start: Position,
    /// Direction of the opposite solid side.
    pub(crate) along: Position,
    /// Direction into the symbol.
    pub(crate) inwards: Position,
    /// Length of the opposite solid side, in pixels.
    pub(crate) len: f32,
    /// Size of a module along and across, in pixels.
    pub(crate) module: (f32, f32),
}

impl TimingEdge<'_> {
    /// The centre of the first module, at right angles to the side.
    fn first(&self) -> Position {
        ahead(self.start, self.inwards, self.module.1 * 0.5)
    }

    /// The direction with the most even runs among those with the most changes of grey, within an angle from that of the opposite
    /// side; and its runs.
    fn find_direction(&self, widest: f32) -> Option<(Position, Vec<f32>)> {
        let step = 0.5 * self.module.0 / self.len;
        let turns = (widest / step) as i32;
        let turned = |k: f32| {
            let (sin, cos) = (k * step).sin_cos();
            (self.along.0 * cos - self.along.1 * sin, self.along.0 * sin + self.along.1 * cos)
        };
        let mut scores: Vec<i32> = (-turns..=turns).map(|k| self.changes(turned(k as f32))).collect();
        let mut best: Option<(Position, Vec<f32>)> = None;
        for _ in 0..MAX_DIRECTIONS {
            let most = *scores.iter().max()?;
            // All directions inside the pattern score about the same, so the middle one of these is used.
            let at = scores.iter().position(|score| *score == most)?;
            let good = |score: &&i32| **score * 20 >= most * 19;
            let after = scores.iter().skip(at).take_while(good).count();
            let before = scores.iter().take(at).rev().take_while(good).count();
            let direction = turned(at as f32 - turns as f32 + (after as f32 - 1.0 - before as f32) / 2.0);
            let from = ahead(self.first(), direction, self.module.0 * 0.4);
            let runs = runs(self.plane, from, direction, self.len * 1.6, self.module.0);
            if best.as_ref().is_none_or(|(_, most)| evenness(most) < evenness(&runs)) {
                best = Some((direction, runs));
            }
            let searched = at.saturating_sub(before + 3)..(at + after + 3).min(scores.len());
            scores.get_mut(searched)?.fill(0);
        }
        best
    }

    /// The sum of the changes of grey in a direction.
    fn changes(&self, direction: Position) -> i32 {
        let (first, pace) = (self.first(), (self.module.0 / 3.0).max(0.5));
        let (mut sum, mut k, mut before) = (0, 0.0, i32::from(self.plane.grey(first)));
        while k < self.len {
            let grey = i32::from(self.plane.grey(ahead(first, direction, k)));
            sum += (grey - before).abs();
            before = grey;
            k += pace;
        }
        sum
    }

    /// Whether the runs are even and end where the opposite side ends, so that no other direction needs to be tried.
    fn is_whole(&self, runs: &[f32]) -> bool {
        let len = runs.iter().sum::<f32>() / self.len;
        runs.len() >= 7 && evenness(runs) > 0.88 * runs.len() as f32 && (0.8..1.2).contains(&len)
    }
}

/// How even runs are: their number, reduced by their differences from the neighbours of the same colour.
fn evenness(runs: &[f32]) -> f32 {
    let unlike: f32 = runs.iter().zip(runs.iter().skip(2)).map(|(a, b)| (a - b).abs()).sum();
    runs.len() as f32 * (1.0 - unlike / runs.iter().sum::<f32>().max(1.0))
}

/// Lengths of the dark and light runs from a position on, until the modules end.
fn runs(plane: &Plane<'_>, from: Position, direction: Position, len: f32, module: f32) -> Vec<f32> {
    let pace = (module / 12.0).max(0.25);
    let aside = leftwards(direction);
    let grey = |k: usize| {
        let at = ahead(from, direction, k as f32 * pace);
        let across = [-0.25, 0.0, 0.25].map(|off| u16::from(plane.grey(ahead(at, aside, off * module))));
        (across.iter().sum::<u16>() / 3) as u8
    };
    let greys: Vec<u8> = (0..(len / pace) as usize).map(grey).collect();
    let window = ((module * 1.6 / pace) as usize).max(2);
    let mut runs: Vec<f32> = Vec::new();
    let (mut dark, mut started) = (true, -0.4 * module);
    let mut most = 0u8;
    for k in 0..greys.len() {
        let near = greys.get(k.saturating_sub(window)..(k + window).min(greys.len())).unwrap_or_default();
        let (low, high) = near.iter().fold((255, 0), |(low, high), g| (*g.min(&low), *g.max(&high)));
        most = most.max(high.saturating_sub(low));
        let mid = (u16::from(low) + u16::from(high)) / 2;
        let here = k as f32 * pace;
        let grey = u16::from(greys.get(k).copied().unwrap_or(255));
        let flat = high.saturating_sub(low) < most / 3;
        if !flat && (grey < mid) != dark {
            let run = here - started;
            // A run of another length than those before it is not a module: the pattern has ended.
            let before = runs.get(runs.len().saturating_sub(4)..).unwrap_or_default();
            let usual = before.iter().sum::<f32>() / before.len().max(1) as f32;
            if before.len() > 2 && !(0.3 * usual..1.45 * usual).contains(&run) {
                break;
            }
            runs.push(run);
            (dark, started) = (!dark, here);
        }
        if here - started > 2.3 * module {
            break;
        }
    }
    runs
}
