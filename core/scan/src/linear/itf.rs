//! Interleaved 2 of 5, ITF-14 included, from the edges of one line (ISO/IEC 16390). Owns: which elements are wide. Must never:
//! accept fewer digits than [`MIN_DIGITS`], because a slanted line that leaves a symbol early shows a shorter one.

use super::BarcodeFormat;
use super::reading::{LineReading, check_digit_holds, quiet_after, quiet_before, read_all};

/// Digits by their wide elements, first element in the highest of five bits.
const WIDE: [u8; 10] = [0b00110, 0b10001, 0b01001, 0b11000, 0b00101, 0b10100, 0b01100, 0b00011, 0b10010, 0b01010];
/// Smallest quiet zone on both sides, in narrow elements.
const QUIET: f32 = 6.0;
/// Shortest text; a slanted line that leaves a symbol early shows a shorter one.
const MIN_DIGITS: usize = 6;
/// Longest text.
const MAX_DIGITS: usize = 80;

/// Adds all ITF symbols of a line.
pub(crate) fn read(edges: &[f32], len: f32, out: &mut Vec<LineReading>) {
    read_all(edges, 4 + 5 * MIN_DIGITS + 4, out, |k| symbol(edges, k, len));
}

/// The symbol whose first bar begins at edge `first`. Each pair of digits is interleaved: the bars are the first, the spaces the
/// second.
fn symbol(edges: &[f32], first: usize, len: f32) -> Option<LineReading> {
    // The start pattern: four narrow elements.
    let [a, b, c, d, e] = *edges.get(first..first + 5)?.as_array::<5>()?;
    let narrow = (e - a) / 4.0;
    let pairs = [(c - a) / narrow, (d - b) / narrow, (e - c) / narrow];
    if !pairs.iter().all(|p| (1.4..2.6).contains(p)) || quiet_before(edges, first) < QUIET * narrow {
        return None;
    }
    let (mut text, mut at, mut size) = (String::new(), first + 4, None);
    loop {
        if text.len() >= MIN_DIGITS
            && let Some(last) = stop(edges, at, narrow, len)
        {
            let aim = if text.len() == 14 && check_digit_holds(&text) { "]I1" } else { "]I0" };
            return Some(LineReading::new(BarcodeFormat::Itf, text, aim, first, last));
        }
        let window = edges.get(at..at + 11)?.as_array::<11>()?;
        let width = window[10] - window[0];
        let expected = *size.get_or_insert(width);
        if text.len() >= MAX_DIGITS || !(0.75..1.33).contains(&(width / expected)) || width > 24.0 * narrow {
            return None;
        }
        let run = |k: usize| Some(window.get(k + 1)? - window.get(k)?);
        text.push(digit([run(0)?, run(2)?, run(4)?, run(6)?, run(8)?])?);
        text.push(digit([run(1)?, run(3)?, run(5)?, run(7)?, run(9)?])?);
        at += 10;
    }
}

/// The digit of five elements of one colour. Two must be clearly wider than the others, and each kind of similar width.
fn digit(widths: [f32; 5]) -> Option<char> {
    let mut sorted = widths;
    sorted.sort_by(f32::total_cmp);
    let [thinnest, _, narrow, wide, widest] = sorted;
    if wide < 1.45 * narrow || widest > 1.6 * wide || narrow > 2.2 * thinnest {
        return None;
    }
    let border = (narrow + wide) / 2.0;
    let bits = widths.iter().fold(0, |bits, w| bits << 1 | u8::from(*w > border));
    WIDE.iter().position(|w| *w == bits).map(|d| char::from(b'0' + d as u8))
}

/// Index of the last edge, if the stop pattern is at edge `at`: wide bar, narrow space, narrow bar.
fn stop(edges: &[f32], at: usize, narrow: f32, len: f32) -> Option<usize> {
    let [a, b, c, d] = *edges.get(at..at + 4)?.as_array::<4>()?;
    let (wide, thin) = (b - a, d - b);
    let shape = (1.35..4.0).contains(&(wide / narrow)) && (1.2..2.8).contains(&(thin / narrow)) && wide > 1.3 * (d - c);
    (shape && quiet_after(edges, at + 3, len) >= QUIET * narrow).then_some(at + 3)
}

#[cfg(test)]
mod tests {
    use super::super::drawing::{self, read_with};
    use super::*;

    fn drawn(text: &str, ratio: f32) -> Vec<f32> {
        let mut runs = vec![1.0; 4];
        let digits: Vec<u8> = text.bytes().map(|b| WIDE[usize::from(b - b'0')]).collect();
        for pair in digits.chunks(2) {
            for k in 0..5 {
                for digit in pair {
                    runs.push(if digit >> (4 - k) & 1 == 1 { ratio } else { 1.0 });
                }
            }
        }
        runs.extend([ratio, 1.0, 1.0]);
        drawing::edges(30.0, runs.into_iter().map(|run| 2.0 * run))
    }

    fn found(edges: &[f32], len: f32) -> Vec<(String, &'static str)> {
        read_with(read, edges, len).into_iter().map(|reading| (reading.text, reading.aim)).collect()
    }

    #[test]
    fn cartons_and_others_are_told_apart() {
        for ratio in [2.2, 3.0] {
            assert_eq!(found(&drawn("15400141288763", ratio), 999.0), [("15400141288763".into(), "]I1")]);
            assert_eq!(found(&drawn("15400141288764", ratio), 999.0), [("15400141288764".into(), "]I0")]);
        }
    }

    #[test]
    fn a_part_of_a_symbol_is_not_a_symbol() {
        let edges = drawn("154001412887", 2.5);
        assert!(found(&edges[..edges.len() - 14], 999.0).is_empty());
        assert!(found(&drawn("1234", 2.5), 999.0).is_empty(), "four digits turn up in any text");
    }
}
