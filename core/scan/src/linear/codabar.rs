//! Codabar from the edges of one line (EN 798). Owns: which of the seven elements of a character are wide. Must never: accept a
//! text without start and stop character, because there is no check digit.
//!
//! The four widths of elements (narrow and wide bars, narrow and wide spaces) are measured on the start character, because their
//! ratio differs from print to print; each character is then the one whose expected widths fit clearly best.

use super::BarcodeFormat;
use super::reading::{BestFit, LineReading, quiet_after, quiet_before, read_all, widths};

/// All characters; the last four are the start and stop characters.
const ALPHABET: &[u8; 20] = b"0123456789-$:/.+ABCD";
/// Wide elements of each character of the alphabet, first element in the highest of seven bits.
#[rustfmt::skip]
const WIDE: [u8; 20] = [
    0x03, 0x06, 0x09, 0x60, 0x12, 0x42, 0x21, 0x24, 0x30, 0x48,
    0x0C, 0x18, 0x45, 0x51, 0x54, 0x15, 0x1A, 0x29, 0x0B, 0x0E,
];
/// Smallest quiet zone on both sides, in narrow elements.
const QUIET: f32 = 3.5;
/// Shortest text: shorter ones appear in blurred bars of other symbols.
const MIN_CHARACTERS: usize = 4;
/// Longest text.
const MAX_CHARACTERS: usize = 60;

/// Widths of narrow and wide bars and spaces.
#[derive(Clone, Copy)]
struct CodabarWidths([f32; 4]);

impl CodabarWidths {
    /// Width of a bar or a space that is wide or narrow.
    fn of(&self, bar: bool, wide: bool) -> f32 {
        let [narrow_bar, wide_bar, narrow_space, wide_space] = self.0;
        match (bar, wide) {
            (true, false) => narrow_bar,
            (true, true) => wide_bar,
            (false, false) => narrow_space,
            (false, true) => wide_space,
        }
    }

    /// Measures a start character: each has one wide bar and two wide spaces.
    fn measure(edges: &[f32; 8]) -> Option<Self> {
        let [b1, s1, b2, s2, b3, s3, b4] = widths(edges);
        let (mut bars, mut spaces) = ([b1, b2, b3, b4], [s1, s2, s3]);
        bars.sort_by(f32::total_cmp);
        spaces.sort_by(f32::total_cmp);
        let ([thin, _, narrow_bar, wide_bar], [narrow_space, wide_space, widest]) = (bars, spaces);
        let clear = wide_bar > 1.4 * narrow_bar && wide_space > 1.4 * narrow_space;
        let alike = narrow_bar < 2.0 * thin && widest < 1.7 * wide_space && wide_bar < 5.0 * narrow_bar;
        let narrow_bar = (thin + narrow_bar) / 2.0;
        let sizes = Self([narrow_bar, wide_bar, narrow_space, (wide_space + widest) / 2.0]);
        (clear && alike && narrow_space > 0.0).then_some(sizes)
    }
}

/// Adds all Codabar symbols of a line.
pub(crate) fn read(edges: &[f32], len: f32, out: &mut Vec<LineReading>) {
    read_all(edges, 8 * (MIN_CHARACTERS + 2), out, |k| symbol(edges, k, len));
}

/// The symbol whose first bar begins at edge `first`: a start character, the text, and a stop character.
fn symbol(edges: &[f32], first: usize, len: f32) -> Option<LineReading> {
    let window = edges.get(first..first + 8)?.as_array::<8>()?;
    let sizes = CodabarWidths::measure(window)?;
    let narrow = (sizes.of(true, false) + sizes.of(false, false)) / 2.0;
    if quiet_before(edges, first) < QUIET * narrow {
        return None;
    }
    let (start, mut scale) = character(window, sizes, 1.0)?;
    if !start.is_ascii_alphabetic() {
        return None;
    }
    let (mut text, mut at) = (String::new(), first + 8);
    loop {
        let gap = edges.get(at)? - edges.get(at - 1)?;
        if gap > 4.0 * sizes.of(false, true) * scale || text.len() > MAX_CHARACTERS {
            return None;
        }
        let (byte, now) = character(edges.get(at..at + 8)?.as_array::<8>()?, sizes, scale)?;
        if byte.is_ascii_alphabetic() {
            let whole = text.len() >= MIN_CHARACTERS && quiet_after(edges, at + 7, len) >= QUIET * narrow * now;
            return whole.then(|| LineReading::new(BarcodeFormat::Codabar, text, "]F0", first, at + 7));
        }
        text.push(char::from(byte));
        (at, scale) = (at + 8, now);
    }
}

/// The character whose elements fit best, unless another fits nearly as well, and its size relative to the start character:
/// a label seen from the side gets smaller towards its far end. `scale` is that of the previous character.
fn character(edges: &[f32; 8], sizes: CodabarWidths, scale: f32) -> Option<(u8, f32)> {
    let widths: [f32; 7] = widths(edges);
    let mut best = BestFit::new();
    for (byte, wide) in ALPHABET.iter().zip(WIDE) {
        let expected = |k: usize| sizes.of(k.is_multiple_of(2), wide >> (6 - k) & 1 == 1);
        let whole: f32 = (0..7).map(expected).sum();
        let here = (edges[7] - edges[0]) / whole;
        if !(0.8..1.25).contains(&(here / scale)) {
            continue;
        }
        let squares = widths.iter().enumerate().fold(0.0, |sum, (k, width)| {
            // In units of the difference between narrow and wide.
            let bar = k.is_multiple_of(2);
            let d = (width / here - expected(k)) / (sizes.of(bar, true) - sizes.of(bar, false));
            sum + d * d
        });
        best.add(squares, (*byte, here));
    }
    best.clear(1.6, 0.35)
}

#[cfg(test)]
mod tests {
    use super::super::drawing::{spread_ink, texts_with};
    use super::*;

    fn drawn(text: &str, ratio: f32, spread: f32, shrink: f32) -> Vec<f32> {
        let (mut at, mut unit) = (50.0, 2.0);
        let mut edges = vec![];
        for byte in text.bytes() {
            let wide = WIDE[ALPHABET.iter().position(|a| *a == byte).unwrap()];
            for k in 0..7 {
                edges.push(at);
                at += if wide >> (6 - k) & 1 == 1 { unit * ratio } else { unit };
            }
            edges.push(at);
            at += unit;
            unit *= shrink;
        }
        spread_ink(&edges, spread)
    }

    fn texts(edges: &[f32]) -> Vec<String> {
        texts_with(read, edges, 4000.0)
    }

    #[test]
    fn every_character_at_both_ratios_with_spread_ink_and_from_the_side() {
        let text = "0123456789-$:/.+";
        for (start, stop) in [("A", "B"), ("C", "D"), ("B", "A"), ("D", "C")] {
            for ratio in [2.0, 2.5, 3.0] {
                for (spread, shrink) in [(0.0, 1.0), (-0.25, 1.0), (0.3, 1.0), (0.0, 0.97)] {
                    let edges = drawn(&format!("{start}{text}{stop}"), ratio, spread, shrink);
                    assert_eq!(texts(&edges), [text], "{start} {ratio} {spread} {shrink}");
                }
            }
        }
    }

    #[test]
    fn both_ends_and_four_characters_are_needed() {
        for text in ["A1234", "1234A", "AB", "A123B", "12345"] {
            assert!(texts(&drawn(text, 2.5, 0.0, 1.0)).is_empty(), "{text}");
        }
    }
}
