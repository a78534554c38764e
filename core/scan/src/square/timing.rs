//! The broken edge of a Data Matrix code: dark and light modules in turn. Owns: finding which way it runs, counting its modules
//! and where each is. Must never: count what is not as even as modules are.

use super::geometry::{Place, ahead, leftwards};
use super::plane::Plane;

/// Ways looked at for each broken edge.
const MAX_WAYS: usize = 4;

/// Angles that a broken edge and the leg opposite are turned against each other, in radians: seen from in front, and from aside.
const SLIGHT: f32 = 0.08;
const STRONG: f32 = 0.35;

/// The broken edge that starts at one end of the L.
pub(crate) struct Timing {
    pub(crate) way: Place,
    /// Modules along it, an even number.
    pub(crate) count: usize,
    /// How far the middles of the modules are along it, in pixels; the last may be missing.
    middles: Vec<f32>,
}

impl Timing {
    /// The edge as far as its modules can be told.
    pub(crate) fn find(edge: &Edge<'_>) -> Option<Self> {
        let (way, runs) = match edge.look(SLIGHT) {
            Some((way, runs)) if edge.is_whole(&runs) => (way, runs),
            _ => edge.look(STRONG)?,
        };
        let count = runs.len().div_ceil(2) * 2;
        let mut at = 0.0;
        let middles = runs.iter().map(|run| {
            at += run;
            at - run / 2.0
        });
        (8..=144).contains(&count).then(|| Self { way, count, middles: middles.collect() })
    }

    /// The middles of the modules as shares of the edge, whose length up to a share is `length`. None if they are not as many.
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

/// Where a broken edge may be.
pub(crate) struct Edge<'p> {
    pub(crate) plane: &'p Plane<'p>,
    /// The end of the L where it starts.
    pub(crate) start: Place,
    /// The way of the leg opposite, and from the edge into the symbol.
    pub(crate) along: Place,
    pub(crate) inwards: Place,
    /// Length of the leg opposite.
    pub(crate) len: f32,
    /// Size of a module along and across, in pixels.
    pub(crate) module: (f32, f32),
}

impl Edge<'_> {
    /// In the middle of the modules of the edge.
    fn first(&self) -> Place {
        ahead(self.start, self.inwards, self.module.1 * 0.5)
    }

    /// The way with most changes of grey, up to an angle from that of the opposite leg, and the runs along it.
    fn look(&self, widest: f32) -> Option<(Place, Vec<f32>)> {
        let step = 0.5 * self.module.0 / self.len;
        let turns = (widest / step) as i32;
        let turned = |k: f32| {
            let (sin, cos) = (k * step).sin_cos();
            (self.along.0 * cos - self.along.1 * sin, self.along.0 * sin + self.along.1 * cos)
        };
        let mut scores: Vec<i32> = (-turns..=turns).map(|k| self.changes(turned(k as f32))).collect();
        let mut best: Option<(Place, Vec<f32>)> = None;
        for _ in 0..MAX_WAYS {
            let most = *scores.iter().max()?;
            // Anywhere inside the edge is as good: the middle of what is nearly the best.
            let at = scores.iter().position(|score| *score == most)?;
            let good = |score: &&i32| **score * 20 >= most * 19;
            let after = scores.iter().skip(at).take_while(good).count();
            let before = scores.iter().take(at).rev().take_while(good).count();
            let way = turned(at as f32 - turns as f32 + (after as f32 - 1.0 - before as f32) / 2.0);
            let from = ahead(self.first(), way, self.module.0 * 0.4);
            let runs = runs(self.plane, from, way, self.len * 1.6, self.module.0);
            if best.as_ref().is_none_or(|(_, most)| even(most) < even(&runs)) {
                best = Some((way, runs));
            }
            let around = at.saturating_sub(before + 3)..(at + after + 3).min(scores.len());
            scores.get_mut(around)?.fill(0);
        }
        best
    }

    /// How much the grey changes along a way.
    fn changes(&self, way: Place) -> i32 {
        let (first, pace) = (self.first(), (self.module.0 / 3.0).max(0.5));
        let (mut sum, mut k, mut before) = (0, 0.0, i32::from(self.plane.grey(first)));
        while k < self.len {
            let grey = i32::from(self.plane.grey(ahead(first, way, k)));
            sum += (grey - before).abs();
            before = grey;
            k += pace;
        }
        sum
    }

    /// Whether runs are even and end where the leg opposite does: no better way is needed.
    fn is_whole(&self, runs: &[f32]) -> bool {
        let len = runs.iter().sum::<f32>() / self.len;
        runs.len() >= 7 && even(runs) > 0.88 * runs.len() as f32 && (0.8..1.2).contains(&len)
    }
}

/// How much like modules runs are: their number, less what they differ from those of the same colour beside them.
fn even(runs: &[f32]) -> f32 {
    let unlike: f32 = runs.iter().zip(runs.iter().skip(2)).map(|(a, b)| (a - b).abs()).sum();
    runs.len() as f32 * (1.0 - unlike / runs.iter().sum::<f32>().max(1.0))
}

/// Lengths of the dark and light runs from a place on, until the modules end.
fn runs(plane: &Plane<'_>, from: Place, way: Place, len: f32, module: f32) -> Vec<f32> {
    let pace = (module / 12.0).max(0.25);
    let aside = leftwards(way);
    let grey = |k: usize| {
        let at = ahead(from, way, k as f32 * pace);
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
            // A run unlike those before it is no module: the edge has ended.
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
