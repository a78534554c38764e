//! The broken edge of a Data Matrix code: dark and light modules in turn. Owns: finding which way it runs, counting its modules
//! and where each is. Must never: count what is not as even as modules are.

use super::geometry::{Place, ahead, leftwards};
use super::plane::Plane;

/// Ways looked at for each broken edge.
const MAX_WAYS: usize = 5;

/// The broken edge that starts at one end of the L.
pub(super) struct Timing {
    pub(super) way: Place,
    /// Modules along it, an even number.
    pub(super) count: usize,
    /// How far the middles of the modules are along it, in pixels; the last may be missing.
    middles: Vec<f32>,
}

impl Timing {
    /// Looks from `start` roughly in direction `along` for the way with most changes of grey. `module` is along and across.
    pub(super) fn find(
        plane: &Plane<'_>,
        start: Place,
        along: Place,
        across: Place,
        len: f32,
        module: (f32, f32),
    ) -> Option<Self> {
        let first = ahead(start, across, module.1 * 0.5);
        let step = 0.35 * module.0 / len;
        let turns = (0.3 / step) as i32;
        let pace = (module.0 / 4.0).max(0.5);
        let changes = |way: Place| {
            let (mut sum, mut k, mut before) = (0i32, 0.0, i32::from(plane.grey(first)));
            while k < len {
                let at = ahead(first, way, k);
                let grey = i32::from(plane.grey(at));
                sum += (grey - before).abs();
                before = grey;
                k += pace;
            }
            sum
        };
        let turned = |k: f32| {
            let (sin, cos) = (k * step).sin_cos();
            (along.0 * cos - along.1 * sin, along.0 * sin + along.1 * cos)
        };
        let mut scores: Vec<i32> = (-turns..=turns).map(|k| changes(turned(k as f32))).collect();
        let mut best: Option<(Place, Vec<f32>)> = None;
        for _ in 0..MAX_WAYS {
            let most = *scores.iter().max()?;
            // Anywhere inside the edge is as good: the middle of what is nearly the best.
            let at = scores.iter().position(|score| *score == most)?;
            let good = |score: &&i32| **score * 20 >= most * 19;
            let after = scores.iter().skip(at).take_while(good).count();
            let before = scores.iter().take(at).rev().take_while(good).count();
            let way = turned(at as f32 - turns as f32 + (after as f32 - 1.0 - before as f32) / 2.0);
            let runs = runs(plane, ahead(first, way, module.0 * 0.4), way, len * 1.6, module.0);
            if best.as_ref().is_none_or(|(_, most)| even(most) < even(&runs)) {
                best = Some((way, runs));
            }
            let around = at.saturating_sub(before + 3)..(at + after + 3).min(scores.len());
            scores.get_mut(around)?.fill(0);
        }
        let (way, runs) = best?;
        let count = runs.len().div_ceil(2) * 2;
        let mut at = 0.0;
        let middles = runs.iter().map(|run| {
            at += run;
            at - run / 2.0
        });
        (8..=144).contains(&count).then(|| Self { way, count, middles: middles.collect() })
    }

    /// The middles of the modules as shares of the edge, whose length up to a share is `length`. None if they are not as many.
    pub(super) fn shares(&self, count: usize, length: impl Fn(f32) -> f32) -> Option<Vec<f32>> {
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

/// How much like modules runs are: their number, less what they differ from those of the same colour beside them.
fn even(runs: &[f32]) -> f32 {
    let unlike: f32 = runs.iter().zip(runs.iter().skip(2)).map(|(a, b)| (a - b).abs()).sum();
    runs.len() as f32 * (1.0 - unlike / runs.iter().sum::<f32>().max(1.0))
}

/// Lengths of the dark and light runs from a place on, until the modules end.
fn runs(plane: &Plane<'_>, from: Place, way: Place, len: f32, module: f32) -> Vec<f32> {
    const PACE: f32 = 0.25;
    let aside = leftwards(way);
    let grey = |k: usize| {
        let at = ahead(from, way, k as f32 * PACE);
        let across = [-0.25, 0.0, 0.25].map(|off| u16::from(plane.grey(ahead(at, aside, off * module))));
        (across.iter().sum::<u16>() / 3) as u8
    };
    let greys: Vec<u8> = (0..(len / PACE) as usize).map(grey).collect();
    let window = ((module * 1.6 / PACE) as usize).max(2);
    let mut runs: Vec<f32> = Vec::new();
    let (mut dark, mut started) = (true, -0.4 * module);
    let mut most = 0u8;
    for k in 0..greys.len() {
        let near = greys.get(k.saturating_sub(window)..(k + window).min(greys.len())).unwrap_or_default();
        let (low, high) = near.iter().fold((255, 0), |(low, high), g| (*g.min(&low), *g.max(&high)));
        most = most.max(high.saturating_sub(low));
        let mid = (u16::from(low) + u16::from(high)) / 2;
        let here = k as f32 * PACE;
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
