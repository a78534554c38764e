//! EAN-13, UPC-A, EAN-8 and UPC-E from the edges of one line (ISO/IEC 15420). Owns: the refusal of readings whose bars deviate
//! from the bars of their text. Must never: accept a wrong check digit, or return add-on digits as part of a text (`addon` reads
//! them).
//!
//! How a symbol is read from the edge where it may begin:
//!
//! 1. The guards give the size of a module and the ink spread: bars get wider by what spaces lose.
//! 2. Each digit is four elements of seven modules. The ink spread is subtracted, and the digit whose widths fit clearly best is
//!    taken (`digits`).
//! 3. Which left digits are of set G gives the first digit of EAN-13, and number system and check digit of UPC-E.
//! 4. The mean deviation of all elements from their nominal widths is limited, and the check digit must be right.

use super::digits::{InkSpread, digit, text};
use super::reading::{LineReading, check_digit_holds, quiet_after, quiet_before, read_all};
use super::{BarcodeFormat, addon};

/// Which of the six left digits of an EAN-13 are of set G, by its first digit; highest bit first.
const FIRST_DIGIT: [u8; 10] = [0x00, 0x0B, 0x0D, 0x0E, 0x13, 0x19, 0x1C, 0x15, 0x16, 0x1A];
/// The same by the check digit of a UPC-E of number system 0; in number system 1 all sets are swapped.
const UPC_E_CHECK: [u8; 10] = [0x38, 0x34, 0x32, 0x31, 0x2C, 0x26, 0x23, 0x2A, 0x29, 0x25];

/// Smallest quiet zone on both sides, in modules: less than in the standard, because prints and thumbs often leave less.
const QUIET: f32 = 4.0;
/// Largest mean deviation of a bar or space from its nominal width, in modules.
const MEAN_ERROR: f32 = 0.23;

/// The digits of a symbol before its check digit is verified.
struct RetailBars {
    digits: Vec<u8>,
    /// Which of the left digits are of set G, first digit in the highest bit.
    sets: u8,
    ink: InkSpread,
}

/// Where the digits and guards of a symbology are.
struct RetailLayout {
    modules: f32,
    /// Index of the first element of each digit.
    digits: &'static [usize],
    /// Indices of the guard elements, each one module wide.
    guards: &'static [usize],
}

/// EAN-13 and UPC-A.
const EAN_13: RetailLayout = RetailLayout {
    modules: 95.0,
    digits: &[3, 7, 11, 15, 19, 23, 32, 36, 40, 44, 48, 52],
    guards: &[0, 1, 2, 27, 28, 29, 30, 31, 56, 57, 58],
};
/// EAN-8.
const EAN_8: RetailLayout = RetailLayout {
    modules: 67.0,
    digits: &[3, 7, 11, 15, 24, 28, 32, 36],
    guards: &[0, 1, 2, 19, 20, 21, 22, 23, 40, 41, 42],
};
/// UPC-E; it has no guard in the middle.
const UPC_E: RetailLayout =
    RetailLayout { modules: 51.0, digits: &[3, 7, 11, 15, 19, 23], guards: &[0, 1, 2, 27, 28, 29, 30, 31, 32] };

/// Adds all retail symbols of a line. `edges` are as in [`super::edges::Edges`].
pub(crate) fn read(edges: &[f32], len: f32, out: &mut Vec<LineReading>) {
    read_all(edges, 34, out, |k| start(edges, k, len));
}

/// The symbol whose first bar begins at edge `k`, of whichever symbology.
fn start(edges: &[f32], k: usize, len: f32) -> Option<LineReading> {
    // A guard has three equal elements; most bars of a picture fail this test.
    let [a, b, c, d] = *edges.get(k..k + 4)?.as_array::<4>()?;
    let (first, second) = (c - a, d - b);
    if first > 1.7 * second || second > 1.7 * first {
        return None;
    }
    if quiet_before(edges, k) < first {
        return None;
    }
    let with_add_on = |reading: LineReading, bars: &RetailBars| {
        let add_on = addon::read(edges, reading.last, len, bars.ink);
        LineReading { add_on, ..reading }
    };
    if let Some(bars) = symbol(edges, k, len, &EAN_13)
        && let Some((format, text)) = ean_13(&bars.digits, bars.sets)
    {
        return Some(with_add_on(LineReading::new(format, text, "]E0", k, k + 59), &bars));
    }
    if let Some(bars) = symbol(edges, k, len, &EAN_8).filter(|bars| bars.sets == 0)
        && let Some(text) = checked(&bars.digits)
    {
        return Some(LineReading::new(BarcodeFormat::Ean8, text, "]E4", k, k + 43));
    }
    let bars = symbol(edges, k, len, &UPC_E)?;
    let text = upc_e(&bars.digits, bars.sets)?;
    Some(with_add_on(LineReading::new(BarcodeFormat::UpcE, text, "]E0", k, k + 33), &bars))
}

/// The digits of the symbol that starts at edge `k`.
fn symbol(edges: &[f32], k: usize, len: f32, layout: &RetailLayout) -> Option<RetailBars> {
    let runs = layout.guards.last()? + 1;
    let bars = edges.get(k..=k + runs)?;
    let module = (bars.last()? - bars.first()?) / layout.modules;
    let single = |run: usize| Some(bars.get(run + 1)? - bars.get(run)?);
    // Two neighbouring guard elements are two modules wide, whatever the ink spread.
    for pair in layout.guards.windows(2) {
        let [a, b] = *pair.as_array::<2>()?;
        if b == a + 1 && !(1.2..2.8).contains(&((single(a)? + single(b)?) / module)) {
            return None;
        }
    }
    if quiet_before(edges, k) < QUIET * module || quiet_after(edges, k + runs, len) < QUIET * module {
        return None;
    }
    let spread = ink_spread(layout, module, single)?;
    let (mut digits, mut sets, mut error) = (Vec::with_capacity(layout.digits.len()), 0u8, 0.0);
    for (n, at) in layout.digits.iter().enumerate() {
        let left = at % 2 == 1; // space first
        let (digit, of_set_g, deviation) = digit(bars.get(*at..=at + 4)?, spread, left, module)?;
        digits.push(digit);
        error += deviation;
        if left && n < 6 {
            sets = sets << 1 | u8::from(of_set_g);
        }
    }
    for run in layout.guards {
        let sign = if run % 2 == 0 { 1.0 } else { -1.0 };
        error += (single(*run)? / module - sign * spread - 1.0).abs();
    }
    (error / (runs as f32) < MEAN_ERROR).then_some(RetailBars { digits, sets, ink: InkSpread { module, spread } })
}

/// How much wider than nominal the bars are, in modules, measured on the guards.
fn ink_spread(layout: &RetailLayout, module: f32, single: impl Fn(usize) -> Option<f32>) -> Option<f32> {
    let (mut black, mut blacks, mut white, mut whites) = (0.0, 0.0, 0.0, 0.0);
    for run in layout.guards {
        let width = single(*run)? / module;
        if run % 2 == 0 {
            (black, blacks) = (black + width, blacks + 1.0);
        } else {
            (white, whites) = (white + width, whites + 1.0);
        }
    }
    let spread = (black / blacks - white / whites) / 2.0;
    (spread.abs() < 0.7).then_some(spread)
}

/// EAN-13, or UPC-A if the first digit is 0. The first digit is in the sets of the left ones.
fn ean_13(digits: &[u8], sets: u8) -> Option<(BarcodeFormat, String)> {
    let first = FIRST_DIGIT.iter().position(|s| *s == sets)? as u8;
    let all: Vec<u8> = std::iter::once(first).chain(digits.iter().copied()).collect();
    let text = checked(&all)?;
    Some(match text.strip_prefix('0') {
        Some(upc_a) => (BarcodeFormat::UpcA, upc_a.to_owned()),
        None => (BarcodeFormat::Ean13, text),
    })
}

/// The eight digits of UPC-E: number system and check digit are in the sets. The check digit is that of the expanded number.
fn upc_e(digits: &[u8], sets: u8) -> Option<String> {
    let (system, check) = match UPC_E_CHECK.iter().position(|s| *s == sets) {
        Some(check) => (0, check as u8),
        None => (1, UPC_E_CHECK.iter().position(|s| *s ^ 0x3F == sets)? as u8),
    };
    let [a, b, c, d, e, f] = *digits.as_array::<6>()?;
    let full = match f {
        0..=2 => [system, a, b, f, 0, 0, 0, 0, c, d, e, check],
        3 => [system, a, b, c, 0, 0, 0, 0, 0, d, e, check],
        4 => [system, a, b, c, d, 0, 0, 0, 0, 0, e, check],
        _ => [system, a, b, c, d, e, 0, 0, 0, 0, f, check],
    };
    checked(&full)?;
    Some(text(&[system, a, b, c, d, e, f, check]))
}

/// The text, if its check digit is right.
fn checked(digits: &[u8]) -> Option<String> {
    Some(text(digits)).filter(|text| check_digit_holds(text))
}

#[cfg(test)]
mod tests {
    use super::super::digits::DIGITS;
    use super::super::drawing::{self, read_with, spread_ink};
    use super::*;

    /// Edges of EAN-13 with its bars `spread` pixels wider on each side.
    fn drawn(text: &str, module: f32, spread: f32) -> Vec<f32> {
        let digits: Vec<usize> = text.bytes().map(|b| usize::from(b - b'0')).collect();
        let mut runs = vec![1, 1, 1];
        for (k, digit) in digits[1..7].iter().enumerate() {
            let mut widths = DIGITS[*digit];
            if FIRST_DIGIT[digits[0]] >> (5 - k) & 1 == 1 {
                widths.reverse();
            }
            runs.extend(widths);
        }
        runs.extend([1; 5]);
        digits[7..].iter().for_each(|digit| runs.extend(DIGITS[*digit]));
        runs.extend([1, 1, 1]);
        spread_ink(&drawing::edges(60.0, runs.into_iter().map(|run| f32::from(run) * module)), spread)
    }

    fn texts(edges: &[f32]) -> Vec<(BarcodeFormat, String)> {
        read_with(read, edges, 900.0).into_iter().map(|reading| (reading.format, reading.text)).collect()
    }

    #[test]
    fn thin_and_thick_ink_reads_the_same() {
        for spread in [-0.5, 0.0, 0.7] {
            assert_eq!(
                texts(&drawn("4006381333931", 2.0, spread)),
                [(BarcodeFormat::Ean13, "4006381333931".to_owned())]
            );
        }
    }

    #[test]
    fn a_leading_zero_is_a_upc() {
        assert_eq!(texts(&drawn("0012345678905", 1.6, 0.1)), [(BarcodeFormat::UpcA, "012345678905".to_owned())]);
    }

    #[test]
    fn a_wrong_check_digit_gives_nothing() {
        assert!(texts(&drawn("4006381333932", 2.0, 0.0)).is_empty());
    }

    #[test]
    fn bars_between_two_digits_give_nothing() {
        let mut edges = drawn("4006381333931", 2.0, 0.0);
        // With half a module moved, the right 9 (3 1 1 2) is half way to a 0 (3 2 1 1).
        edges[46] += 1.0;
        edges[47] += 1.0;
        assert!(texts(&edges).is_empty());
    }

    #[test]
    fn every_upc_e_expansion_checks_its_own_digit() {
        for (text, sets) in [("01234565", 5), ("01264904", 4)] {
            let digits: Vec<u8> = text[1..7].bytes().map(|b| b - b'0').collect();
            assert_eq!(upc_e(&digits, UPC_E_CHECK[sets]).as_deref(), Some(text));
            assert_eq!(upc_e(&digits, UPC_E_CHECK[sets + 1]), None);
        }
    }
}
