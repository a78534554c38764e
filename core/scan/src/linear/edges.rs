//! Edges of a line of grey pixels: where it crosses from white to black and back, to fractions of a pixel. Owns: the ways to
//! choose the threshold. Must never: know about symbologies.
//!
//! A reader needs the widths of bars and spaces more precisely than in whole pixels: at two pixels a module a rounding error would
//! be a quarter of a module on each side. So the position of an edge is interpolated between the two pixels on both sides of the
//! threshold. No threshold suits every picture, and each takes one pass of its own:
//!
//! | threshold | for |
//! | --- | --- |
//! | [`Threshold::Middle`] | clean prints in even light |
//! | [`Threshold::Local`] | shadows and blur |
//! | [`Threshold::Average`] | bars of about two pixels |
//! | [`Threshold::Slope`] | the edge of a shadow across the code, heavy blur |

/// How black is told from white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// Half way between dark and light of the whole line: fast, and best for clean prints.
    Middle,
    /// Half way between the darkest and the lightest pixel nearby, on a sharpened line: for shadows and blur.
    Local,
    /// The mean of the pixels nearby: for the narrowest bars.
    Average,
    /// No threshold: edges are where the logarithm of brightness changes fastest. For codes across the edge of a shadow, and
    /// for bars too blurred to reach any threshold.
    Slope,
}

/// The edges of one line. Those with even index go from white to black, the others back; their number is even.
#[derive(Debug, Default, Clone)]
pub(crate) struct Edges {
    /// Positions along the line, in pixels, ascending.
    pub(crate) at: Vec<f32>,
    /// Pixels in the line.
    pub(crate) len: f32,
}

impl Edges {
    /// The same line read from its other end.
    pub(crate) fn reversed(&self) -> Self {
        Self { at: self.at.iter().rev().map(|e| self.len - e).collect(), len: self.len }
    }

    /// The same line with black and white swapped.
    pub(crate) fn inverted(&self) -> Self {
        let mut at = Vec::with_capacity(self.at.len() + 2);
        at.push(0.0);
        at.extend_from_slice(&self.at);
        at.push(self.len);
        Self { at, len: self.len }
    }
}

/// Writes the edges of `samples` to `out`. Contrast below `floor` is noise.
pub(crate) fn find(samples: &[u8], how: Threshold, floor: i32, buffers: &mut EdgeBuffers, out: &mut Edges) {
    out.at.clear();
    out.len = samples.len() as f32;
    if samples.len() < 24 {
        return;
    }
    match how {
        Threshold::Middle => {
            let (low, high) = dark_and_light(samples);
            if high - low < floor {
                return;
            }
            let middle = low + high;
            cross(samples.iter().map(|s| 2 * i32::from(*s) - middle), 0, &mut out.at);
        }
        Threshold::Local => local(samples, floor, buffers, &mut out.at),
        Threshold::Average => average(samples, floor, buffers, &mut out.at),
        Threshold::Slope => slope(samples, floor, buffers, &mut out.at),
    }
    if out.at.len() % 2 == 1 {
        out.at.push(out.len); // dark up to the border
    }
}

/// Buffers reused from line to line.
#[derive(Default)]
pub(crate) struct EdgeBuffers {
    sharp: Vec<i32>,
    low: Vec<i32>,
    high: Vec<i32>,
    /// [`log_brightness`] of each grey; filled when first needed.
    logarithms: Vec<i32>,
}

/// Dark and light of a line: the grey that 3 % of its pixels are below, and the grey that 3 % are above.
fn dark_and_light(samples: &[u8]) -> (i32, i32) {
    let mut counts = [0usize; 256];
    for s in samples {
        if let Some(count) = counts.get_mut(usize::from(*s)) {
            *count += 1;
        }
    }
    let few = samples.len() / 32 + 1;
    let low = quantile(counts.iter().enumerate(), few);
    let high = quantile(counts.iter().enumerate().rev(), few);
    (low, high)
}

/// The first grey at which `few` pixels have been counted.
fn quantile<'a>(mut counts: impl Iterator<Item = (usize, &'a usize)>, few: usize) -> i32 {
    let mut sum = 0;
    let reached = counts.find(|(_, n)| {
        sum += **n;
        sum >= few
    });
    reached.map_or(0, |(grey, _)| grey as i32)
}

/// Turns signed distances from the threshold (negative is black) into edges. A change of colour counts once the distance
/// exceeds `margin`; the edge is where the distance was zero.
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

/// Pixels of a line that share a local threshold.
const BLOCK: usize = 8;

/// Smallest and largest value around each block: in `2 * reach + 1` blocks of [`BLOCK`] values.
fn local_extremes(values: &[i32], reach: usize, low: &mut Vec<i32>, high: &mut Vec<i32>) {
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

/// Edges by [`Threshold::Local`]. A block whose surroundings have less contrast than noise is white.
fn local(samples: &[u8], floor: i32, buffers: &mut EdgeBuffers, out: &mut Vec<f32>) {
    let EdgeBuffers { sharp, low, high, .. } = buffers;
    sharpen(samples, sharp);
    local_extremes(sharp, 4, low, high);
    let thresholds = low.iter().zip(high.iter()).map(|(l, h)| if h - l < 2 * floor { None } else { Some((l + h) / 2) });
    let pairs = sharp.chunks(BLOCK).zip(thresholds);
    cross(pairs.flat_map(|(block, t)| block.iter().map(move |v| t.map_or(1, |t| v - t))), 0, out);
}

/// Twice the grey, minus the second difference: sharpens the edges.
fn sharpen(samples: &[u8], out: &mut Vec<i32>) {
    out.clear();
    let first = samples.first().copied().unwrap_or(0);
    let last = samples.last().copied().unwrap_or(0);
    let left = std::iter::once(first).chain(samples.iter().copied());
    let right = samples.iter().copied().skip(1).chain(std::iter::once(last));
    out.extend(samples.iter().zip(left).zip(right).map(|((c, l), r)| 4 * i32::from(*c) - i32::from(l) - i32::from(r)));
}

/// Edges by [`Threshold::Average`]: the mean of 21 pixels, in flat blocks white.
fn average(samples: &[u8], floor: i32, buffers: &mut EdgeBuffers, out: &mut Vec<f32>) {
    /// Pixels on both sides that count for the mean.
    const REACH: usize = 10;
    let EdgeBuffers { sharp, low, high, .. } = buffers;
    sharp.clear();
    sharp.extend(samples.iter().map(|s| i32::from(*s)));
    local_extremes(sharp, 1, low, high);
    let flat: Vec<bool> = low.iter().zip(high.iter()).map(|(l, h)| h - l < floor).collect();
    // Sum over a sliding window, which is shorter at both ends of the line.
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

/// Edges where the slope is steepest. Of several neighbours in the same direction only the steepest counts: on a logarithmic
/// scale the edge of a shadow is less steep than that of a bar.
fn slope(samples: &[u8], floor: i32, buffers: &mut EdgeBuffers, out: &mut Vec<f32>) {
    let EdgeBuffers { sharp, low, high, logarithms } = buffers;
    if logarithms.is_empty() {
        logarithms.extend((0..=255).map(log_brightness));
    }
    let logarithm = |grey: u8| logarithms.get(usize::from(grey)).copied().unwrap_or(0);
    sharp.clear();
    sharp.push(0);
    sharp.extend(samples.windows(3).map(|w| match w {
        [a, _, b] => logarithm(*b) - logarithm(*a),
        _ => 0,
    }));
    sharp.push(0);
    local_extremes(sharp, 2, low, high);
    let mut last: Option<(bool, i32)> = None;
    for (k, triple) in sharp.windows(3).enumerate() {
        let [a, b, c] = *triple else { continue };
        let (rising, steep) = (b > 0, b.abs());
        let (before, after) = if rising { (a, c) } else { (-a, -c) };
        if steep <= before || steep < after {
            continue;
        }
        let near = |at: &[i32]| at.get((k + 1) / BLOCK).map_or(0, |v| v.abs());
        let light = samples.get(k + 1).map_or(0, |s| i32::from(*s));
        if 8 * steep < near(low).max(near(high)) || steep * (light + DARK) < floor * STEP {
            continue;
        }
        // The vertex of the parabola through the three values.
        let bend = before + after - 2 * steep;
        let position = (k + 1) as f32 + 0.5 + if bend < 0 { (before - after) as f32 / (2 * bend) as f32 } else { 0.0 };
        match last {
            Some((direction, height)) if direction == rising => {
                if steep > height {
                    out.pop();
                    out.push(position);
                    last = Some((rising, steep));
                }
            }
            None if rising => {}
            _ => {
                out.push(position);
                last = Some((rising, steep));
            }
        }
    }
}

/// Added to each grey before the logarithm is taken, so that noise in black areas is not exaggerated.
const DARK: i32 = 12;
/// Steps of [`log_brightness`] in a factor of e, and in a factor of 2.
const STEP: i32 = 739;
/// Steps in a factor of 2.
const OCTAVE: u32 = 512;

/// 512 times the binary logarithm of brightness. Computed in integers, so that every machine finds the same edges.
fn log_brightness(grey: u8) -> i32 {
    let value = u64::from(grey) + DARK as u64;
    let octave = value.ilog2();
    // The mantissa in [1, 2) with 32 fraction bits; each squaring yields one more bit of the logarithm.
    let mut mantissa = value << (32 - octave);
    let mut bits = octave;
    for _ in 0..OCTAVE.ilog2() {
        let square = (u128::from(mantissa) * u128::from(mantissa)) >> 32;
        let carry = square >= 1 << 33;
        mantissa = (square >> u32::from(carry)) as u64;
        bits = bits << 1 | u32::from(carry);
    }
    bits as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossings(samples: &[u8], how: Threshold) -> Vec<f32> {
        let mut edges = Edges::default();
        find(samples, how, 20, &mut EdgeBuffers::default(), &mut edges);
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
        for how in [Threshold::Middle, Threshold::Local, Threshold::Average, Threshold::Slope] {
            assert!(crossings(&[120; 100], how).is_empty());
            let at = crossings(&bars, how);
            assert_eq!(at.len(), 40, "{how:?} {at:?}");
            assert!(at.windows(2).all(|w| (w[1] - w[0] - 3.0).abs() < 0.7), "{how:?} {at:?}");
        }
    }

    #[test]
    fn equal_ratios_are_equal_steps() {
        for (grey, wanted) in [(0, 12.0f64), (4, 16.0), (52, 64.0), (116, 128.0), (255, 267.0)] {
            assert!(
                (f64::from(log_brightness(grey)) - 512.0 * wanted.log2()).abs() < 1.01,
                "{grey} {}",
                log_brightness(grey)
            );
        }
    }

    #[test]
    fn the_edge_of_a_shadow_is_no_bar() {
        // Bars of four pixels; from the middle of a space on, a shadow leaves 30 % of the light.
        let samples: Vec<u8> = (0..160)
            .map(|k| {
                let grey = if (k / 4) % 2 == 0 { 220.0 } else { 25.0 };
                (if k < 82 { grey } else { grey * 0.3 }) as u8
            })
            .collect();
        let at = crossings(&samples, Threshold::Slope);
        assert_eq!(at.len(), 40, "{at:?}");
        assert!(at.windows(2).all(|w| (w[1] - w[0] - 4.0).abs() < 0.8), "{at:?}");
    }

    #[test]
    fn turning_a_line_round_keeps_its_bars() {
        let mut samples = vec![200u8; 50];
        samples[10..14].fill(0);
        samples[20..22].fill(0);
        let mut edges = Edges::default();
        find(&samples, Threshold::Middle, 20, &mut EdgeBuffers::default(), &mut edges);
        let widths = |e: &Edges| e.at.windows(2).map(|w| (w[1] - w[0]).round() as i32).collect::<Vec<_>>();
        assert_eq!(widths(&edges), [4, 6, 2]);
        assert_eq!(widths(&edges.reversed()), [2, 6, 4]);
        assert_eq!(widths(&edges.inverted())[1..4], [4, 6, 2]);
    }
}
