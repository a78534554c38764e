//! The digits of EAN and UPC symbols and of their add-ons (ISO/IEC 15420). Owns: the refusal of a digit whose bars fit another
//! digit almost as well. Must never: know the index of a digit in its symbol.

use super::reading::{BestFit, fit};

/// Widths in modules of the digits 0 to 9 in set L, space first. Set R swaps the colours, set G reverses set R.
pub(crate) const DIGITS: [[u8; 4]; 10] = [
    [3, 2, 1, 1],
    [2, 2, 2, 1],
    [2, 1, 2, 2],
    [1, 4, 1, 1],
    [1, 1, 3, 2],
    [1, 2, 3, 1],
    [1, 1, 1, 4],
    [1, 3, 1, 2],
    [1, 2, 1, 3],
    [3, 1, 1, 2],
];
/// Largest squared deviation of a digit, and by how much that of every other digit must be larger.
const DIGIT_ERROR: f32 = 0.75;
/// By how much the deviation of every other digit must exceed the best one.
const DIGIT_MARGIN: f32 = 0.25;

/// How a symbol is printed.
#[derive(Clone, Copy)]
pub(crate) struct InkSpread {
    /// Width of a module, in pixels.
    pub(crate) module: f32,
    /// How much wider than nominal each bar is, in modules.
    pub(crate) spread: f32,
}

/// The digit of four elements: its value, whether it is of set G, and the sum of its deviations in modules.
pub(crate) fn digit(edges: &[f32], spread: f32, left: bool, module: f32) -> Option<(u8, bool, f32)> {
    let [a, b, c, d, e] = *edges.as_array::<5>()?;
    let unit = (e - a) / 7.0;
    // On a curved bottle the outer digits are narrower, but not by half.
    if !(0.6..1.6).contains(&(unit / module)) {
        return None;
    }
    let s = if left { -spread } else { spread };
    let widths = [(b - a) / unit - s, (c - b) / unit + s, (d - c) / unit - s, (e - d) / unit + s];
    let mut best = BestFit::new();
    for (value, pattern) in DIGITS.iter().enumerate() {
        let [p, q, r, s] = *pattern;
        for (of_set_g, pattern) in [(false, [p, q, r, s]), (true, [s, r, q, p])] {
            if of_set_g && !left {
                continue;
            }
            let (squares, sum) = fit(&widths, &pattern);
            best.add(squares, (value as u8, of_set_g, sum));
        }
    }
    best.clear(DIGIT_ERROR, DIGIT_MARGIN)
}

/// Digits as a text.
pub(crate) fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}
