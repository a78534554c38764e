//! One reading of a line, and the measurements that readers share. Owns: quiet zones, the deviation of widths from a pattern,
//! and the check digit of GS1 numbers. Must never: know which readers there are.

use super::BarcodeFormat;

/// One text read on one line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LineReading {
    pub(crate) format: BarcodeFormat,
    pub(crate) text: String,
    pub(crate) aim: &'static str,
    /// First and last edge of the symbol.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// Digits of the add-on beside an EAN or UPC.
    pub(crate) add_on: Option<String>,
}

impl LineReading {
    /// A reading without add-on.
    pub(crate) fn new(format: BarcodeFormat, text: String, aim: &'static str, first: usize, last: usize) -> Self {
        Self { format, text, aim, first, last, add_on: None }
    }
}

/// Width of the quiet zone before edge `k`; unlimited at the border of the picture. For symbologies that the cut-off part of
/// another symbol cannot look like.
pub(crate) fn quiet_or_border_before(edges: &[f32], k: usize) -> f32 {
    if k == 0 { f32::MAX } else { quiet_before(edges, k) }
}

/// The same after edge `k`.
pub(crate) fn quiet_or_border_after(edges: &[f32], k: usize, len: f32) -> f32 {
    if k + 1 >= edges.len() { f32::MAX } else { quiet_after(edges, k, len) }
}

/// Width of the quiet zone before edge `k`, up to the border of the picture.
pub(crate) fn quiet_before(edges: &[f32], k: usize) -> f32 {
    let here = edges.get(k).copied().unwrap_or(0.0);
    let before = k.checked_sub(1).and_then(|k| edges.get(k)).copied().unwrap_or(0.0);
    here - before
}

/// The same after edge `k` of a line of `len` pixels.
pub(crate) fn quiet_after(edges: &[f32], k: usize, len: f32) -> f32 {
    let here = edges.get(k).copied().unwrap_or(len);
    edges.get(k + 1).copied().unwrap_or(len) - here
}

/// Widths of the `N` elements between edges.
pub(crate) fn widths<const N: usize>(edges: &[f32]) -> [f32; N] {
    let mut widths = [0.0; N];
    for (width, pair) in widths.iter_mut().zip(edges.windows(2)) {
        if let [a, b] = pair {
            *width = b - a;
        }
    }
    widths
}

/// Sums of the squared and of the absolute deviations of widths from a pattern, in modules.
pub(crate) fn fit(widths: &[f32], pattern: &[u8]) -> (f32, f32) {
    widths.iter().zip(pattern).fold((0.0, 0.0), |(squares, sum), (w, p)| {
        let d = w - f32::from(*p);
        (squares + d * d, sum + d.abs())
    })
}

/// The candidate that fits best, and how well the second best fits. Readers refuse a candidate that is not clearly better than
/// every other one.
pub(crate) struct BestFit<T> {
    best: f32,
    second: f32,
    candidate: Option<T>,
}

impl<T> BestFit<T> {
    /// No candidate yet.
    pub(crate) fn new() -> Self {
        Self { best: f32::MAX, second: f32::MAX, candidate: None }
    }

    /// Compares another candidate by its deviation from the measured widths.
    pub(crate) fn add(&mut self, deviation: f32, candidate: T) {
        if deviation < self.best {
            (self.second, self.best, self.candidate) = (self.best, deviation, Some(candidate));
        } else if deviation < self.second {
            self.second = deviation;
        }
    }

    /// The best candidate, if it deviates by less than `max` and every other one by more than `margin` beyond it.
    pub(crate) fn clear(self, max: f32, margin: f32) -> Option<T> {
        self.candidate.filter(|_| self.best < max && self.second - self.best > margin)
    }
}

/// Whether the last digit is the check digit of the others (GS1 General Specifications 7.9.1).
pub(crate) fn check_digit_holds(digits: &str) -> bool {
    let sum: u32 = digits.bytes().rev().zip([1, 3].iter().cycle()).map(|(b, w)| u32::from(b & 15) * w).sum();
    sum.is_multiple_of(10)
}

/// Adds every symbol of a line, from left to right. `symbol` reads the one whose first bar begins at an edge; fewer than
/// `least` edges are no symbol.
pub(crate) fn read_all(
    edges: &[f32],
    least: usize,
    out: &mut Vec<LineReading>,
    symbol: impl Fn(usize) -> Option<LineReading>,
) {
    let mut k = 0;
    while k + least <= edges.len() {
        match symbol(k) {
            Some(reading) => {
                k = reading.last + 1;
                out.push(reading);
            }
            None => k += 2,
        }
    }
}
