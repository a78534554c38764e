//! The digits of EAN and UPC symbols and of their add-ons (ISO/IEC 15420). Owns: the refusal of every digit whose bars fit
//! another one almost as well. Must never: know where in a symbol a digit stands.

use super::reading::fit;

/// Widths in modules of the digits 0 to 9, white first, as set L prints them. Set R swaps the colours, set G the order.
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
/// Worst squared deviation of one digit, and how much farther every other digit must be.
const DIGIT_ERROR: f32 = 0.75;
const DIGIT_MARGIN: f32 = 0.25;

/// How a symbol is printed: its module in pixels, and how much wider than printed black is, in modules.
#[derive(Clone, Copy)]
pub(crate) struct Inked {
    pub(crate) module: f32,
    pub(crate) spread: f32,
}

/// The digit that four runs print: its value, whether it is of set G, and the sum of its deviations in modules.
pub(crate) fn digit(edges: &[f32], spread: f32, left: bool, module: f32) -> Option<(u8, bool, f32)> {
    let [a, b, c, d, e] = *edges.as_array::<5>()?;
    let unit = (e - a) / 7.0;
    // A curved bottle narrows its outer digits, but not by half.
    if !(0.6..1.6).contains(&(unit / module)) {
        return None;
    }
    let s = if left { -spread } else { spread };
    let widths = [(b - a) / unit - s, (c - b) / unit + s, (d - c) / unit - s, (e - d) / unit + s];
    let (mut best, mut second, mut found) = (f32::MAX, f32::MAX, None);
    for (value, pattern) in DIGITS.iter().enumerate() {
        let [p, q, r, s] = *pattern;
        for (of_set_g, pattern) in [(false, [p, q, r, s]), (true, [s, r, q, p])] {
            if of_set_g && !left {
                continue;
            }
            let (squares, sum) = fit(&widths, &pattern);
            if squares < best {
                (second, best) = (best, squares);
                found = Some((value as u8, of_set_g, sum));
            } else if squares < second {
                second = squares;
            }
        }
    }
    found.filter(|_| best < DIGIT_ERROR && second - best > DIGIT_MARGIN)
}
