//! Decodes the modules of an Aztec symbol (ISO/IEC 24778). Owns: the mode message, the order of the bits around the rings, and the
//! error correction. Must never: read pixels, or accept a text whose error correction failed.
//!
//! The orientation is found by trying all eight turns and mirror images: twelve orientation marks at the corners of the rings tell
//! them apart, and the mode message has an error correction of its own.

use rxing::aztec::decoder::highLevelDecode;
use rxing::common::reedsolomon::{PredefinedGenericGF, ReedSolomonDecoder};

/// How many of the twelve orientation marks may be wrong; those of different turns differ in eight.
const MAX_WRONG_MARKS: usize = 2;
/// Fewest words of error correction; with fewer, nearly any modules would decode to a text.
const MIN_CHECK_WORDS: usize = 3;

/// The mode message: the size of a symbol, and how its grid is turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ModeMessage {
    compact: bool,
    layers: usize,
    /// Words of data.
    words: usize,
    /// Quarter turns to the upright symbol.
    turns: u32,
    /// Whether rows and columns are swapped.
    mirrored: bool,
}

/// From a module of the upright symbol to that of the grid in the picture.
fn turn((i, j): (i32, i32), turns: u32, mirrored: bool) -> (i32, i32) {
    let (i, j) = if mirrored { (j, i) } else { (i, j) };
    (0..turns).fold((i, j), |(i, j), _| (-j, i))
}

impl ModeMessage {
    /// Reads the mode message around the rings. `dark` tells the colour of a module, counted from the centre.
    pub(crate) fn read(dark: impl Fn(i32, i32) -> bool) -> Option<Self> {
        let orientations = [false, true].into_iter().flat_map(|mirrored| (0..4).map(move |turns| (turns, mirrored)));
        for (turns, mirrored) in orientations {
            for compact in [true, false] {
                let upright = |i: i32, j: i32| {
                    let (i, j) = turn((i, j), turns, mirrored);
                    dark(i, j)
                };
                if let Some((layers, words)) = read_message(&upright, compact) {
                    return Some(Self { compact, layers, words, turns, mirrored });
                }
            }
        }
        None
    }

    /// Modules from the centre to the border.
    pub(crate) fn reach(&self) -> i32 {
        self.size() as i32 / 2
    }

    /// Modules in a row, without those of the reference grid.
    fn base(&self) -> usize {
        (if self.compact { 11 } else { 14 }) + 4 * self.layers
    }

    /// Modules in a row, with those of the reference grid.
    fn size(&self) -> usize {
        if self.compact { self.base() } else { self.base() + 1 + 2 * ((self.base() / 2 - 1) / 15) }
    }

    /// Positions of the data modules in a row, from the centre.
    fn data_positions(&self) -> Vec<i32> {
        let half = (self.base() / 2) as i32;
        (0..self.base() as i32)
            .map(|k| {
                if self.compact {
                    return k - half;
                }
                // The reference grid occupies the centre and every sixteenth module from it.
                let out = if k < half { half - 1 - k } else { k - half };
                let position = out + out / 15 + 1;
                if k < half { -position } else { position }
            })
            .collect()
    }

    /// The text, if the error correction succeeds. `dark` as for [`ModeMessage::read`].
    pub(crate) fn text(&self, dark: impl Fn(i32, i32) -> bool) -> Option<String> {
        let (width, field) = match self.layers {
            0..=2 => (6, PredefinedGenericGF::AztecData6),
            3..=8 => (8, PredefinedGenericGF::AztecData8),
            9..=22 => (10, PredefinedGenericGF::AztecData10),
            _ => (12, PredefinedGenericGF::AztecData12),
        };
        let bits = self.bits(dark);
        let all = bits.len() / width;
        if all < self.words + MIN_CHECK_WORDS {
            return None;
        }
        let mut words: Vec<i32> =
            bits.get(bits.len() % width..)?.chunks_exact(width).map(|word| number(word.iter().copied())).collect();
        ReedSolomonDecoder::new(field.into()).decode(&mut words, (all - self.words) as i32).ok()?;
        let text = highLevelDecode(&remove_stuffing(words.get(..self.words)?, width)?).ok()?;
        (!text.is_empty()).then_some(text)
    }

    /// The data bits in the order of the standard: layer by layer inwards, around each layer, two modules wide.
    fn bits(&self, dark: impl Fn(i32, i32) -> bool) -> Vec<bool> {
        let positions = self.data_positions();
        let position = |k: usize| positions.get(k).copied().unwrap_or(0);
        let get = |x: usize, y: usize| {
            let (i, j) = turn((position(x), position(y)), self.turns, self.mirrored);
            dark(i, j)
        };
        let mut bits = Vec::new();
        for layer in 0..self.layers {
            let side = (self.layers - layer) * 4 + if self.compact { 9 } else { 12 };
            let (low, high) = (2 * layer, self.base() - 1 - 2 * layer);
            let pairs = move || (0..side).flat_map(|j| [(j, 0), (j, 1)]);
            bits.extend(pairs().map(|(j, k)| get(low + k, low + j)));
            bits.extend(pairs().map(|(j, k)| get(low + j, high - k)));
            bits.extend(pairs().map(|(j, k)| get(high - k, high - j)));
            bits.extend(pairs().map(|(j, k)| get(high - j, low + k)));
        }
        bits
    }
}

/// Layers and data words of an upright symbol, if its mode message is valid.
fn read_message(dark: &impl Fn(i32, i32) -> bool, compact: bool) -> Option<(usize, usize)> {
    let r: i32 = if compact { 5 } else { 7 };
    let marks = [
        (-r, -r, true),
        (1 - r, -r, true),
        (-r, 1 - r, true),
        (r, -r, true),
        (r - 1, -r, false),
        (r, 1 - r, true),
        (r, r, false),
        (r - 1, r, false),
        (r, r - 1, true),
        (-r, r, false),
        (1 - r, r, false),
        (-r, r - 1, false),
    ];
    if marks.iter().filter(|(i, j, black)| dark(*i, *j) != *black).count() > MAX_WRONG_MARKS {
        return None;
    }
    // In full-range symbols the reference grid crosses the middle of each side.
    let along = || (2 - r..=r - 2).filter(move |k| compact || *k != 0);
    let bits = along()
        .map(|k| dark(k, -r))
        .chain(along().map(|k| dark(r, k)))
        .chain(along().map(|k| dark(-k, r)))
        .chain(along().map(|k| dark(-r, -k)));
    let bits: Vec<bool> = bits.collect();
    let mut words: Vec<i32> = bits.chunks(4).map(|word| number(word.iter().copied())).collect();
    let data = if compact { 2 } else { 4 };
    let check = words.len().checked_sub(data)?;
    ReedSolomonDecoder::new(PredefinedGenericGF::AztecParam.into()).decode(&mut words, check as i32).ok()?;
    let message = words.iter().take(data).fold(0, |sum, word| sum << 4 | *word as usize);
    let (layers, words) =
        if compact { ((message >> 6) + 1, message & 0x3f) } else { ((message >> 11) + 1, message & 0x7ff) };
    // A symbol that initialises a reader is marked by an impossible number of words.
    let (few, mark) = if compact { (1, 0x20) } else { (22, 0x400) };
    Some((layers, if layers <= few { words & !mark } else { words } + 1))
}

/// The number that bits encode, highest bit first.
fn number(bits: impl Iterator<Item = bool>) -> i32 {
    bits.fold(0, |sum, bit| sum << 1 | i32::from(bit))
}

/// The bits of words, without the stuffed bits that keep words from being all zeros or all ones.
fn remove_stuffing(words: &[i32], width: usize) -> Option<Vec<bool>> {
    let ones = (1 << width) - 1;
    let mut bits = Vec::with_capacity(words.len() * width);
    for word in words {
        if *word == 0 || *word == ones {
            return None;
        }
        let stuffed = *word == 1 || *word == ones - 1;
        bits.extend((usize::from(stuffed)..width).rev().map(|bit| word >> bit & 1 == 1));
    }
    (bits.len() >= 5).then_some(bits)
}
