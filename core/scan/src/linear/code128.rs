//! Code 128 and GS1-128 from the edges of one line (ISO/IEC 15417). Owns: which character each six elements are, and the check
//! character. The text of the characters, code sets and FNC1 included, comes from rxing. Must never: choose between two
//! characters that fit about equally well.
//!
//! How a symbol is read from the edge where it may begin: six elements of eleven modules are a character, whose widths must fit
//! clearly better than those of the 105 others. The size of a module is measured for each character anew, so that a label seen from
//! the side or around a bottle is read. After the stop pattern the check character modulo 103 must be right.

use rxing::common::BitArray;
use rxing::oned::{Code128Reader, OneDReader};
use rxing::{DecodeHints, RXingResultMetadataType, RXingResultMetadataValue};

use super::BarcodeFormat;
use super::reading::{BestFit, LineReading, quiet_or_border_after, quiet_or_border_before, read_all, widths};

/// Widths in modules of the characters 0 to 105, black first.
#[rustfmt::skip]
const CHARACTERS: [&[u8; 6]; 106] = [
    b"212222", b"222122", b"222221", b"121223", b"121322", b"131222", b"122213", b"122312", b"132212", b"221213",
    b"221312", b"231212", b"112232", b"122132", b"122231", b"113222", b"123122", b"123221", b"223211", b"221132",
    b"221231", b"213212", b"223112", b"312131", b"311222", b"321122", b"321221", b"312212", b"322112", b"322211",
    b"212123", b"212321", b"232121", b"111323", b"131123", b"131321", b"112313", b"132113", b"132311", b"211313",
    b"231113", b"231311", b"112133", b"112331", b"132131", b"113123", b"113321", b"133121", b"313121", b"211331",
    b"231131", b"213113", b"213311", b"213131", b"311123", b"311321", b"331121", b"312113", b"312311", b"332111",
    b"314111", b"221411", b"431111", b"111224", b"111422", b"121124", b"121421", b"141122", b"141221", b"112214",
    b"112412", b"122114", b"122411", b"142112", b"142211", b"241211", b"221114", b"413111", b"241112", b"134111",
    b"111242", b"121142", b"121241", b"114212", b"124112", b"124211", b"411212", b"421112", b"421211", b"212141",
    b"214121", b"412121", b"111143", b"111341", b"131141", b"114113", b"114311", b"411113", b"411311", b"113141",
    b"114131", b"311141", b"411131", b"211412", b"211214", b"211232",
];
/// Widths of the stop pattern; it has one bar more than other characters.
const STOP: [u8; 7] = *b"2331112";
/// Value of FNC1 in all code sets.
const FNC1: usize = 102;
/// Value of the start character of code set A; those of B and C follow.
const START_A: usize = 103;

/// Smallest quiet zone on both sides, in modules.
const QUIET: f32 = 5.0;
/// Largest squared deviation of a character, and by how much that of every other character must be larger.
const ERROR: f32 = 0.9;
/// By how much the deviation of every other character must exceed the best one.
const MARGIN: f32 = 0.3;
/// Longest symbol, in characters: GS1-128 ends at 48, other symbols are hardly longer.
const MAX_CHARACTERS: usize = 120;

/// Adds all Code 128 symbols of a line.
pub(crate) fn read(edges: &[f32], len: f32, out: &mut Vec<LineReading>) {
    // Start, one character, check and stop have 26 edges.
    read_all(edges, 26, out, |k| symbol(edges, k, len));
}

/// The symbol whose first bar begins at edge `first`: start character, text, check character and stop pattern.
fn symbol(edges: &[f32], first: usize, len: f32) -> Option<LineReading> {
    let window = edges.get(first..first + 7)?;
    let width = window.last()? - window.first()?;
    let module = width / 11.0;
    // The cheapest test comes first: start characters begin with elements of 2, 1 and 1 modules.
    let two = window.get(2)? - window.first()?;
    if !(2.0..4.2).contains(&(two / module)) || quiet_or_border_before(edges, first) < QUIET * module {
        return None;
    }
    let start = character(window).filter(|c| (START_A..START_A + 3).contains(c))?;
    let (mut codes, mut at, mut unit) = (vec![start], first + 6, width);
    loop {
        if let Some(last) = stop(edges, at, unit, len) {
            return finish(&codes, first, last);
        }
        let window = edges.get(at..at + 7)?;
        let next = window.last()? - window.first()?;
        if codes.len() >= MAX_CHARACTERS || !(0.75..1.33).contains(&(next / unit)) {
            return None;
        }
        codes.push(character(window).filter(|c| *c < START_A)?);
        (at, unit) = (at + 6, next);
    }
}

/// The character of six elements. Ink spread is removed first: it adds to all bars what it takes from all spaces.
fn character(edges: &[f32]) -> Option<usize> {
    let widths: [f32; 6] = modules(edges.as_array::<7>()?, 11.0);
    let mut best = BestFit::new();
    for (code, pattern) in CHARACTERS.iter().enumerate() {
        best.add(deviation(&widths, *pattern), code);
    }
    best.clear(ERROR, MARGIN)
}

/// Widths of elements in modules; together they are `total` modules wide.
fn modules<const N: usize, const M: usize>(edges: &[f32; N], total: f32) -> [f32; M] {
    let unit = (edges.last().unwrap_or(&1.0) - edges.first().unwrap_or(&0.0)) / total;
    widths::<M>(edges).map(|width| width / unit)
}

/// Squared deviation of widths from a pattern of ASCII digits, after the ink spread that fits best is removed.
fn deviation(widths: &[f32], pattern: &[u8]) -> f32 {
    let (mut squares, mut spread, mut sign) = (0.0, 0.0, 1.0);
    for (w, p) in widths.iter().zip(pattern) {
        let d = w - f32::from(p & 15);
        squares += d * d;
        spread += sign * d;
        sign = -sign;
    }
    let n = widths.len() as f32;
    // Ink spreads by 0.8 of a module at most.
    let common = (spread / n).clamp(-0.8, 0.8);
    squares - 2.0 * common * spread + n * common * common
}

/// Index of the last edge, if the stop pattern is at edge `at`.
fn stop(edges: &[f32], at: usize, unit: f32, len: f32) -> Option<usize> {
    let window = edges.get(at..at + 8)?;
    let width = window.last()? - window.first()?;
    if !(0.75..1.33).contains(&(width / unit * 11.0 / 13.0))
        || quiet_or_border_after(edges, at + 7, len) < QUIET * width / 13.0
    {
        return None;
    }
    let widths: [f32; 7] = modules(window.as_array::<8>()?, 13.0);
    (deviation(&widths, &STOP) < 1.3 * ERROR).then_some(at + 7)
}

/// Verifies the check character and lets rxing decode the text from a perfect drawing of the characters.
fn finish(codes: &[usize], first: usize, last: usize) -> Option<LineReading> {
    let (check, body) = codes.split_last()?;
    let sum: usize = body.iter().enumerate().map(|(k, code)| k.max(1) * code).sum();
    if body.len() < 2 || sum % 103 != *check {
        return None;
    }
    /// White before and after the drawing, in modules.
    const QUIET_BITS: usize = 12;
    let mut row = BitArray::with_size(2 * QUIET_BITS + codes.len() * 11 + 13);
    let mut bit = QUIET_BITS;
    let patterns = codes.iter().filter_map(|c| CHARACTERS.get(*c)).map(|p| p.as_slice());
    for pattern in patterns.chain([STOP.as_slice()]) {
        for (k, width) in pattern.iter().map(|p| usize::from(p & 15)).enumerate() {
            if k % 2 == 0 {
                (bit..bit + width).for_each(|b| row.set(b));
            }
            bit += width;
        }
    }
    // Without this hint rxing drops the separators of GS1-128 and glues lot and serial together.
    let hints = DecodeHints { AssumeGs1: Some(true), ..DecodeHints::default() };
    let found = Code128Reader.decode_row(0, &row, &hints).ok()?;
    // rxing takes a check character of the value of FNC1 for a separator after the text.
    let text = found.getText();
    let text = if *check == FNC1 { text.strip_suffix('\u{1d}').unwrap_or(text) } else { text };
    if let Some(elements) = text.strip_prefix("]C1") {
        return Some(LineReading::new(BarcodeFormat::Code128, elements.to_owned(), "]C1", first, last));
    }
    let aim = match found.getRXingResultMetadata().get(&RXingResultMetadataType::SYMBOLOGY_IDENTIFIER) {
        Some(RXingResultMetadataValue::SymbologyIdentifier(id)) if id == "]C2" => "]C2",
        Some(RXingResultMetadataValue::SymbologyIdentifier(id)) if id == "]C4" => "]C4",
        _ => "]C0",
    };
    Some(LineReading::new(BarcodeFormat::Code128, text.to_owned(), aim, first, last))
}

#[cfg(test)]
mod tests {
    use super::super::drawing::{self, spread_ink, texts_with};
    use super::*;

    fn drawn(codes: &[usize], module: f32, spread: f32) -> Vec<f32> {
        let patterns = codes.iter().map(|code| CHARACTERS[*code].as_slice()).chain([STOP.as_slice()]);
        spread_ink(&drawing::edges(40.0, patterns.flatten().map(|width| f32::from(width & 15) * module)), spread)
    }

    /// Start B, `Hi`, check.
    fn hi() -> Vec<usize> {
        let sum = 104 + 40 + 2 * 73;
        vec![104, 40, 73, sum % 103]
    }

    fn texts(edges: &[f32]) -> Vec<String> {
        texts_with(read, edges, 1000.0)
    }

    #[test]
    fn spread_ink_is_no_obstacle() {
        for spread in [-0.5, 0.0, 0.6] {
            assert_eq!(texts(&drawn(&hi(), 2.0, spread)), ["Hi"], "{spread}");
        }
    }

    #[test]
    fn a_wrong_check_character_gives_nothing() {
        let mut codes = hi();
        codes[3] = (codes[3] + 1) % 103;
        assert!(texts(&drawn(&codes, 2.0, 0.0)).is_empty());
    }

    #[test]
    fn fnc1_separates_and_identifies() {
        // Start C, FNC1, 10 12, FNC1, 21 34
        let body = [105, 102, 10, 12, 102, 21, 34];
        let sum: usize = body.iter().enumerate().map(|(k, c)| k.max(1) * c).sum();
        let codes = [&body[..], &[sum % 103]].concat();
        let mut out = Vec::new();
        read(&drawn(&codes, 3.0, 0.0), 1000.0, &mut out);
        assert_eq!(out.len(), 1);
        assert_eq!((out[0].aim, out[0].text.as_str()), ("]C1", "1012\u{1d}2134"));
    }

    #[test]
    fn a_check_character_like_fnc1_is_no_separator() {
        assert_eq!((105 + 102 + 2 * 10 + 3 * 27) % 103, 102);
        let mut out = Vec::new();
        read(&drawn(&[105, 102, 10, 27, 102], 3.0, 0.0), 1000.0, &mut out);
        assert_eq!((out[0].aim, out[0].text.as_str()), ("]C1", "1027"));
    }

    #[test]
    fn no_quiet_zone_no_reading() {
        let mut edges = drawn(&hi(), 2.0, 0.0);
        edges.splice(0..0, [32.0, 36.0]);
        assert!(texts(&edges).is_empty());
    }
}
