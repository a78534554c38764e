//! Where a line of grey crosses from white to black and back, to fractions of a pixel. Owns: the three ways to choose the
//! threshold. Must never: know about symbologies.

/// How to choose what is black.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threshold {
    /// Half way between the dark and the light end of the whole line: quick, and best for clean prints.
    Middle,
    /// Half way between the darkest and lightest pixel nearby, on a sharpened line: shadows and blur.
    Local,
    /// The mean of the pixels nearby: the narrowest bars.
    Average,
}

/// The crossings of one line. Even positions go from white to black, odd ones back; there is an even number of them.
#[derive(Debug, Default, Clone)]
pub(super) struct Edges {
    pub(super) at: Vec<f32>,
    /// Pixels in the line.
    pub(super) len: f32,
}

impl Edges {
    /// The same line read from its other end.
    pub(super) fn reversed(&self) -> Self {
        Self { at: self.at.iter().rev().map(|e| self.len - e).collect(), len: self.len }
    }

    /// The same line with black and white swapped.
    pub(super) fn inverted(&self) -> Self {
        let mut at = Vec::with_capacity(self.at.len() + 2);
        at.push(0.0);
        at.extend_from_slice(&self.at);
        at.push(self.len);
        Self { at, len: self.len }
    }
}

/// Finds the crossings of `samples`; contrast below `floor` is taken for noise. Reuses `out`.
pub(super) fn find(samples: &[u8], how: Threshold, floor: i32, work: &mut Work, out: &mut Edges) {
    out.at.clear();
    out.len = samples.len() as f32;
    if samples.len() < 24 {
        return;
    }
    match how {
        Threshold::Middle => {
            let (low, high) = ends(samples);
            if high - low < floor {
                return;
            }
            let middle = low + high;
            cross(samples.iter().map(|s| 2 * i32::from(*s) - middle), 0, &mut out.at);
        }
        Threshold::Local => local(samples, floor, work, &mut out.at),
        Threshold::Average => average(samples, floor, work, &mut out.at),
    }
    if out.at.len() % 2 == 1 {
        out.at.push(out.len); // black up to the border
    }
}

/// Buffers reused from line to line.
#[derive(Default)]
pub(super) struct Work {
    sharp: Vec<i32>,
    low: Vec<i32>,
    high: Vec<i32>,
}

/// Grey that 3 % of the line stay below, and above.
fn ends(samples: &[u8]) -> (i32, i32) {
    let mut counts = [0usize; 256];
    for s in samples {
        if let Some(count) = counts.get_mut(usize::from(*s)) {
            *count += 1;
        }
    }
    let few = samples.len() / 32 + 1;
    let low = reaches(counts.iter().enumerate(), few);
    let high = reaches(counts.iter().enumerate().rev(), few);
    (low, high)
}

/// The grey at which `few` pixels are reached.
fn reaches<'a>(mut counts: impl Iterator<Item = (usize, &'a usize)>, few: usize) -> i32 {
    let mut sum = 0;
    let reached = counts.find(|(_, n)| {
        sum += **n;
        sum >= few
    });
    reached.map_or(0, |(grey, _)| grey as i32)
}

/// Turns signed distances from the threshold (negative is black) into crossings. A colour only counts once it goes beyond
/// `margin`; the crossing is then where the distance was zero.
fn cross(distances: impl Iterator<Item = i32>, margin: i32, out: &mut Vec<f32>) {
    let (mut dark, mut zero, mut previous) = (false, 0.0, 1);
    for (k, d) in distances.enumerate() {
        if (previous < 0) != (d < 0) && k > 0 {
            zero = (k - 1) as f32 + previous as f32 / (previous - d) as f32;
        }
        if (dark && d > margin) || (!dark && d < -margin) {
            dark = !dark;
            out.push(zero);
        }
        previous = d;
    }
}

const BLOCK: usize = 8;

/// Darkest and lightest value of each block's surroundings of `2 * reach + 1` blocks.
fn surroundings(values: &[i32], reach: usize, low: &mut Vec<i32>, high: &mut Vec<i32>) {
    let blocks: Vec<(i32, i32)> =
        values.chunks(BLOCK).map(|b| b.iter().fold((i32::MAX, i32::MIN), |(l, h), v| (l.min(*v), h.max(*v)))).collect();
    low.clear();
    high.clear();
    for k in 0..blocks.len() {
        let near = blocks.iter().skip(k.saturating_sub(reach)).take(k.min(reach) + reach + 1);
        let (l, h) = near.fold((i32::MAX, i32::MIN), |(l, h), b| (l.min(b.0), h.max(b.1)));
        low.push(l);
        high.push(h);
    }
}

fn local(samples: &[u8], floor: i32, work: &mut Work, out: &mut Vec<f32>) {
    let Work { sharp, low, high } = work;
    sharpen(samples, sharp);
    surroundings(sharp, 4, low, high);
    let thresholds = low.iter().zip(high.iter()).map(|(l, h)| if h - l < 2 * floor { None } else { Some((l + h) / 2) });
    let pairs = sharp.chunks(BLOCK).zip(thresholds);
    cross(pairs.flat_map(|(block, t)| block.iter().map(move |v| t.map_or(1, |t| v - t))), 0, out);
}

/// Twice the grey, with half the second difference taken away.
fn sharpen(samples: &[u8], out: &mut Vec<i32>) {
    out.clear();
    let first = samples.first().copied().unwrap_or(0);
    let last = samples.last().copied().unwrap_or(0);
    let left = std::iter::once(first).chain(samples.iter().copied());
    let right = samples.iter().copied().skip(1).chain(std::iter::once(last));
    out.extend(samples.iter().zip(left).zip(right).map(|((c, l), r)| 4 * i32::from(*c) - i32::from(l) - i32::from(r)));
}

fn average(samples: &[u8], floor: i32, work: &mut Work, out: &mut Vec<f32>) {
    const REACH: usize = 10;
    let Work { sharp, low, high } = work;
    sharp.clear();
    sharp.extend(samples.iter().map(|s| i32::from(*s)));
    surroundings(sharp, 1, low, high);
    let flat: Vec<bool> = low.iter().zip(high.iter()).map(|(l, h)| h - l < floor).collect();
    // Sum over a sliding window, shorter at both ends.
    let mut sum: i32 = sharp.iter().take(REACH).sum();
    let mut count = REACH.min(sharp.len()) as i32;
    let enter = sharp.iter().skip(REACH).map(Some).chain(std::iter::repeat(None));
    let leave = std::iter::repeat_n(None, REACH + 1).chain(sharp.iter().map(Some));
    let distances = sharp.iter().zip(enter).zip(leave).enumerate().map(|(k, ((value, enter), leave))| {
        if let Some(v) = enter {
            sum += v;
            count += 1;
        }
        if let Some(v) = leave {
            sum -= v;
            count -= 1;
        }
        if flat.get(k / BLOCK).copied().unwrap_or(true) { 1 } else { value * count - sum }
    });
    let distances: Vec<i32> = distances.collect();
    cross(distances.into_iter(), floor, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossings(samples: &[u8], how: Threshold) -> Vec<f32> {
        let mut edges = Edges::default();
        find(samples, how, 20, &mut Work::default(), &mut edges);
        edges.at
    }

    #[test]
    fn edges_lie_between_pixels() {
        let mut samples = vec![200u8; 60];
        for (k, value) in [(20, 150), (21, 0), (22, 0), (23, 0), (24, 50)] {
            samples[k] = value;
        }
        let at = crossings(&samples, Threshold::Middle);
        assert_eq!(at.len(), 2);
        assert!((at[0] - 20.33).abs() < 0.1, "{at:?}");
        assert!((at[1] - 24.33).abs() < 0.1, "{at:?}");
    }

    #[test]
    fn every_threshold_finds_even_bars_and_nothing_in_flat_grey() {
        let bars: Vec<u8> = (0..120).map(|k| if (k / 3) % 2 == 0 { 210 } else { 40 }).collect();
        for how in [Threshold::Middle, Threshold::Local, Threshold::Average] {
            assert!(crossings(&[120; 100], how).is_empty());
            let at = crossings(&bars, how);
            assert_eq!(at.len(), 40, "{how:?} {at:?}");
            assert!(at.windows(2).all(|w| (w[1] - w[0] - 3.0).abs() < 0.7), "{how:?} {at:?}");
        }
    }

    #[test]
    fn turning_a_line_round_keeps_its_bars() {
        let mut samples = vec![200u8; 50];
        samples[10..14].fill(0);
        samples[20..22].fill(0);
        let mut edges = Edges::default();
        find(&samples, Threshold::Middle, 20, &mut Work::default(), &mut edges);
        let widths = |e: &Edges| e.at.windows(2).map(|w| (w[1] - w[0]).round() as i32).collect::<Vec<_>>();
        assert_eq!(widths(&edges), [4, 6, 2]);
        assert_eq!(widths(&edges.reversed()), [2, 6, 4]);
        assert_eq!(widths(&edges.inverted())[1..4], [4, 6, 2]);
    }
}
