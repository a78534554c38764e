//! Add-ons: the two or five digits beside the EAN or UPC of magazines and books (GS1 General Specifications 5.2.5). Owns: their
//! parity check, the only check they have. Must never: search for an add-on anywhere but beside a symbol that was read.

use super::digits::{InkSpread, digit, text};
use super::reading::quiet_after;

/// Space between the symbol and its add-on, in modules. The standard requires 7 to 12.
const GAP: std::ops::Range<f32> = 5.0..16.0;
/// Smallest quiet zone after the add-on, in modules.
const QUIET: f32 = 4.0;
/// Which of five digits are of set G, first digit in the highest bit, by the value of the check sum.
const FIVE: [u8; 10] = [0x18, 0x14, 0x12, 0x11, 0x0C, 0x06, 0x03, 0x0A, 0x09, 0x05];

/// The digits of the add-on that follows edge `last` of a symbol printed with this ink spread.
pub(crate) fn read(edges: &[f32], last: usize, len: f32, ink: InkSpread) -> Option<String> {
    let gap = edges.get(last + 1)? - edges.get(last)?;
    if !GAP.contains(&(gap / ink.module)) {
        return None;
    }
    five(edges, last + 1, len, ink).or_else(|| two(edges, last + 1, len, ink))
}

/// Two digits: their number modulo 4 says which of them are of set G.
fn two(edges: &[f32], first: usize, len: f32, ink: InkSpread) -> Option<String> {
    let ([a, b], sets) = digits::<2>(edges, first, len, ink)?;
    (sets == (a * 10 + b) % 4).then(|| text(&[a, b]))
}

/// Five digits: a weighted sum modulo 10 says which of them are of set G, by [`FIVE`].
fn five(edges: &[f32], first: usize, len: f32, ink: InkSpread) -> Option<String> {
    let (all @ [a, b, c, d, e], sets) = digits::<5>(edges, first, len, ink)?;
    let sum = 3 * (a + c + e) + 9 * (b + d);
    (FIVE.get(usize::from(sum % 10)) == Some(&sets)).then(|| text(&all))
}

/// `N` digits and which of them are of set G. A guard of 1, 1 and 2 modules comes first; separators of 1 and 1 lie between digits.
fn digits<const N: usize>(edges: &[f32], first: usize, len: f32, ink: InkSpread) -> Option<([u8; N], u8)> {
    let last = first + 3 + 4 * N + 2 * (N - 1);
    let whole = edges.get(last)? - edges.get(first)?;
    let modules = 4.0 + 7.0 * N as f32 + 2.0 * (N - 1) as f32;
    let module = whole / modules;
    if !(0.8..1.25).contains(&(module / ink.module)) || quiet_after(edges, last, len) < QUIET * module {
        return None;
    }
    let run = |k: usize| Some((edges.get(k + 1)? - edges.get(k)?) / module);
    let like = |width: f32, wanted: f32| (width - wanted).abs() < 0.6;
    let bar = |k: usize, wanted: f32| run(k).is_some_and(|width| like(width - ink.spread, wanted));
    let space = |k: usize| run(k).is_some_and(|width| like(width + ink.spread, 1.0));
    if !(bar(first, 1.0) && space(first + 1) && bar(first + 2, 2.0)) {
        return None;
    }
    let (mut found, mut sets) = ([0; N], 0);
    for (n, slot) in found.iter_mut().enumerate() {
        let at = first + 3 + 6 * n;
        if n > 0 && !(space(at - 2) && bar(at - 1, 1.0)) {
            return None;
        }
        let (value, of_set_g, _) = digit(edges.get(at..at + 5)?, ink.spread, true, module)?;
        *slot = value;
        sets = sets << 1 | u8::from(of_set_g);
    }
    Some((found, sets))
}

#[cfg(test)]
mod tests {
    use super::super::digits::DIGITS;
    use super::super::drawing::{self, spread_ink};
    use super::*;

    const MODULE: f32 = 2.0;

    /// Edges of an add-on, nine modules after an edge at 40, its bars `spread` pixels wider on each side.
    fn drawn(text: &str, sets: u8, spread: f32) -> Vec<f32> {
        let mut runs = vec![9, 1, 1, 2];
        for (n, byte) in text.bytes().enumerate() {
            if n > 0 {
                runs.extend([1, 1]);
            }
            let mut widths = DIGITS[usize::from(byte - b'0')];
            if sets >> (text.len() - 1 - n) & 1 == 1 {
                widths.reverse();
            }
            runs.extend(widths);
        }
        // The first element is the space before the add-on.
        spread_ink(&drawing::edges(40.0, runs.into_iter().map(|run| f32::from(run) * MODULE)), -spread)
    }

    fn found(edges: &[f32], spread: f32) -> Option<String> {
        read(edges, 0, 400.0, InkSpread { module: MODULE, spread: spread * 2.0 / MODULE })
    }

    #[test]
    fn two_and_five_digits_with_their_parity() {
        for spread in [-0.3, 0.0, 0.4] {
            for (text, sets) in [("04", 0), ("05", 1), ("38", 2), ("47", 3)] {
                assert_eq!(found(&drawn(text, sets, spread), spread).as_deref(), Some(text), "{text} {spread}");
            }
            // 3 * (5 + 4 + 5) + 9 * (2 + 9) = 141
            assert_eq!(found(&drawn("52495", 0x14, spread), spread).as_deref(), Some("52495"), "{spread}");
        }
    }

    #[test]
    fn wrong_parity_is_no_add_on() {
        assert_eq!(found(&drawn("04", 1, 0.0), 0.0), None);
        for sets in 0..32 {
            let expected = (sets == 0x14).then(|| "52495".to_owned());
            assert_eq!(found(&drawn("52495", sets, 0.0), 0.0), expected, "{sets:05b}");
        }
    }

    #[test]
    fn a_cut_off_add_on_is_none() {
        let edges = drawn("52495", 0x14, 0.0);
        for cut in 1..edges.len() - 1 {
            assert_eq!(found(&edges[..edges.len() - cut], 0.0), None, "{cut}");
        }
    }
}
