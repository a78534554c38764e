//! Code 39 from the edges of one line (ISO/IEC 16388). Owns: which of the nine elements of a character are wide. Must never:
//! combine pairs into full ASCII, or accept a text without both asterisks, because there is no check digit.
//!
//! The four widths of elements (narrow and wide bars, narrow and wide spaces) are measured on the first asterisk, because their ratio
//! differs from print to print; each character is then the one whose expected widths fit clearly best.

use super::BarcodeFormat;
use super::reading::{BestFit, LineReading, quiet_or_border_after, quiet_or_border_before, read_all, widths};

/// All characters; the last one, the asterisk, starts and ends each symbol.
const ALPHABET: &[u8; 44] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*";
/// Wide elements of each character of the alphabet, first element in the highest of nine bits.
#[rustfmt::skip]
const WIDE: [u16; 44] = [
    0x034, 0x121, 0x061, 0x160, 0x031, 0x130, 0x070, 0x025, 0x124, 0x064,
    0x109, 0x049, 0x148, 0x019, 0x118, 0x058, 0x00D, 0x10C, 0x04C, 0x01C,
    0x103, 0x043, 0x142, 0x013, 0x112, 0x052, 0x007, 0x106, 0x046, 0x016,
    0x181, 0x0C1, 0x1C0, 0x091, 0x190, 0x0D0, 0x085, 0x184, 0x0C4, 0x0A8,
    0x0A2, 0x08A, 0x02A, 0x094,
];
/// Smallest quiet zone on both sides, in mean elements of the first character.
const QUIET: f32 = 3.5;
/// Longest text.
const MAX_CHARACTERS: usize = 80;

/// Widths of narrow and wide bars and spaces.
struct Code39Widths {
    /// `[narrow bar, wide bar, narrow space, wide space]`, learned from the asterisk.
    element: [f32; 4],
    character: f32,
}

/// Adds all Code 39 symbols of a line.
pub(crate) fn read(edges: &[f32], len: f32, out: &mut Vec<LineReading>) {
    read_all(edges, 30, out, |k| symbol(edges, k, len));
}

/// The symbol whose first bar begins at edge `first`: an asterisk, the text, and another asterisk.
fn symbol(edges: &[f32], first: usize, len: f32) -> Option<LineReading> {
    let sizes = asterisk(edges.get(first..first + 10)?.as_array::<10>()?)?;
    let quiet = QUIET * sizes.character / 9.0;
    if quiet_or_border_before(edges, first) < quiet {
        return None;
    }
    let (mut text, mut at, mut previous) = (String::new(), first + 10, sizes.character);
    loop {
        // The gap between two characters has no fixed width, but it is narrower than about four narrow elements.
        let gap = edges.get(at)? - edges.get(at - 1)?;
        let window = edges.get(at..at + 10)?.as_array::<10>()?;
        let width = window[9] - window[0];
        // Characters get narrower towards the far end of a label, but each is about as wide as the one before.
        if gap > previous / 2.5 || !(0.75..1.33).contains(&(width / previous)) {
            return None;
        }
        previous = width;
        match character(window, &sizes)? {
            b'*' if text.is_empty() || quiet_or_border_after(edges, at + 9, len) < QUIET * width / 9.0 => return None,
            b'*' => return Some(LineReading::new(BarcodeFormat::Code39, text, "]A0", first, at + 9)),
            byte => text.push(char::from(byte)),
        }
        if text.len() > MAX_CHARACTERS {
            return None;
        }
        at += 10;
    }
}

/// The widths of narrow and wide bars and spaces, if these nine elements are an asterisk: its second, fifth and seventh
/// element are wide.
fn asterisk(edges: &[f32; 10]) -> Option<Code39Widths> {
    let w = widths(edges);
    let [b1, s1, b2, s2, b3, s3, b4, s4, b5] = w;
    let wide_bar = (b3 + b4) / 2.0;
    let narrow_bar = (b1 + b2 + b5) / 3.0;
    let narrow_space = (s2 + s3 + s4) / 3.0;
    let bars = b3.min(b4) > 1.35 * b1.max(b2).max(b5);
    let spaces = s1 > 1.35 * s2.max(s3).max(s4);
    let ratio = (wide_bar + s1) / (narrow_bar + narrow_space);
    (bars && spaces && (1.6..3.7).contains(&ratio))
        .then(|| Code39Widths { element: [narrow_bar, wide_bar, narrow_space, s1], character: edges[9] - edges[0] })
}

/// The character whose elements fit best, unless another fits nearly as well.
fn character(edges: &[f32; 10], sizes: &Code39Widths) -> Option<u8> {
    let widths: [f32; 9] = widths(edges);
    let scale = sizes.character / (edges[9] - edges[0]);
    let [narrow_bar, wide_bar, narrow_space, wide_space] = sizes.element;
    let mut best = BestFit::new();
    for (byte, wide) in ALPHABET.iter().zip(WIDE) {
        let mut squares = 0.0;
        for (k, w) in widths.iter().enumerate() {
            let (narrow, broad) = if k % 2 == 0 { (narrow_bar, wide_bar) } else { (narrow_space, wide_space) };
            let is_wide = wide >> (8 - k) & 1 == 1;
            // In units of the difference between narrow and wide.
            let d = (w * scale - if is_wide { broad } else { narrow }) / (broad - narrow);
            squares += d * d;
        }
        best.add(squares, *byte);
    }
    best.clear(0.9, 0.5)
}

#[cfg(test)]
mod tests {
    use super::super::drawing::{spread_ink, texts_with};
    use super::*;

    fn drawn(text: &str, ratio: f32, spread: f32) -> Vec<f32> {
        let mut at = 50.0;
        let mut edges = vec![];
        for byte in text.bytes() {
            let wide = WIDE[ALPHABET.iter().position(|a| *a == byte).unwrap()];
            for k in 0..9 {
                edges.push(at);
                at += if wide >> (8 - k) & 1 == 1 { 2.0 * ratio } else { 2.0 };
            }
            edges.push(at);
            at += 2.0;
        }
        spread_ink(&edges, spread)
    }

    fn texts(edges: &[f32]) -> Vec<String> {
        texts_with(read, edges, 4000.0)
    }

    #[test]
    fn every_character_at_both_ratios_and_with_spread_ink() {
        let text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
        for ratio in [2.0, 2.5, 3.0] {
            for spread in [-0.3, 0.0, 0.4] {
                assert_eq!(texts(&drawn(&format!("*{text}*"), ratio, spread)), [text], "{ratio} {spread}");
            }
        }
    }

    #[test]
    fn both_asterisks_are_needed() {
        assert!(texts(&drawn("*AB", 2.5, 0.0)).is_empty());
        assert!(texts(&drawn("AB*", 2.5, 0.0)).is_empty());
        assert!(texts(&drawn("**", 2.5, 0.0)).is_empty());
    }
}
