//! From the edges of one line to readings. Owns: which linear readers run on a line, and the row of bits that is rebuilt for
//! rxing's readers. Must never: decide whether a reading is believed; `votes` does.
//!
//! Each line is read in both directions by all readers, because each is fast on lines without its symbology: it fails at the first
//! elements. rxing's readers are slower, and they need bits instead of edges, so they run in passes of their own.

use rxing::common::BitArray;
use rxing::oned::rss::expanded::RSSExpandedReader;
use rxing::oned::{CodaBarReader, Code93Reader, OneDReader};
use rxing::{DecodeHints, RXingResult};

use super::edges::Edges;
use super::omni::Halves;
use super::reading::LineReading;
use super::{BarcodeFormat, codabar, code39, code128, databar, itf, retail};

/// Adds what this crate's own readers find on a line: EAN/UPC, Code 128, Code 39, ITF, Codabar.
pub(crate) fn read_own(edges: &Edges, out: &mut Vec<LineReading>) {
    retail::read(&edges.at, edges.len, out);
    code128::read(&edges.at, edges.len, out);
    code39::read(&edges.at, edges.len, out);
    itf::read(&edges.at, edges.len, out);
    codabar::read(&edges.at, edges.len, out);
}

/// The readers of the rarer symbologies: DataBar, and rxing's for Code 93, traditional Codabar and DataBar Expanded. The
/// DataBar readers remember earlier rows, which stacked symbols need, so each pass over a picture has a value of its own.
#[derive(Default)]
pub(crate) struct RareReaders {
    omni: Halves,
    expanded: RSSExpandedReader,
    hints: DecodeHints,
}

/// Bits of the rebuilt row for each pixel of the line, so that rounding does no harm.
const SCALE: f32 = 3.0;
/// Longest rebuilt row, in bits.
const MAX_BITS: f32 = 16_384.0;
/// Fewest edges of any of these symbols: one row of a stacked DataBar.
const MIN_EDGES: usize = 20;

impl RareReaders {
    /// Reads a line. `row` is its number in the pass, ascending.
    pub(crate) fn read(&mut self, edges: &Edges, row: u32, backwards: bool, out: &mut Vec<LineReading>) {
        for (text, first, last) in self.omni.read(&edges.at, row, backwards) {
            out.push(LineReading::new(BarcodeFormat::DataBar, text, "]e0", first, last));
        }
        for (first, piece) in pieces(&edges.at) {
            let Some((bits, origin, scale)) = rebuild(piece) else { continue };
            let edges_of = |result: &RXingResult| -> (usize, usize) {
                let xs = result.getPoints().iter().map(|p| p.x / scale + origin);
                let (low, high) = xs.fold((f32::MAX, f32::MIN), |(l, h), x| (l.min(x), h.max(x)));
                let from = edges.at.partition_point(|e| *e < low).min(first + piece.len() - 1);
                let to = edges.at.partition_point(|e| *e < high).min(first + piece.len() - 1);
                (from, to.max(from))
            };
            let whole = (first, first + piece.len() - 1);
            if let Ok(found) = Code93Reader::default().decode_row(row, &bits, &self.hints) {
                let (a, b) = edges_of(&found);
                out.push(LineReading::new(BarcodeFormat::Code93, found.getText().to_owned(), "]G0", a, b));
            }
            // Traditional Codabar has eighteen element widths; the own reader expects four, rxing's expects none.
            if let Ok(found) = CodaBarReader::default().decode_row(row, &bits, &self.hints) {
                let (a, b) = edges_of(&found);
                out.push(LineReading::new(BarcodeFormat::Codabar, found.getText().to_owned(), "]F0", a, b));
            }
            if !databar::plausible(piece) {
                continue;
            }
            if let Ok(found) = self.expanded.decode_row(row, &bits, &self.hints)
                && let Some(text) = databar::expanded(found.getText())
            {
                out.push(LineReading::new(BarcodeFormat::DataBarExpanded, text, "]e0", whole.0, whole.1));
            }
        }
    }
}

/// The parts of a line between gaps of more than ten mean elements, each with the index of its first edge. rxing tries only the
/// first start pattern of a row, so each part becomes a row.
fn pieces(edges: &[f32]) -> Vec<(usize, &[f32])> {
    let mut found = Vec::new();
    let (mut first, mut k) = (0, 2);
    let mut add_piece = |from: usize, to: usize| {
        if let Some(piece) = edges.get(from..to).filter(|p| p.len() >= MIN_EDGES) {
            found.push((from, piece));
        }
    };
    while let (Some(a), Some(b)) = (edges.get(k - 1), edges.get(k)) {
        // The mean of the elements just before the gap, so that a wide bar far away has no influence. A mean of few elements is
        // uncertain, and a space of DataBar is up to nine modules wide, so the limit is higher then.
        let from = k.saturating_sub(9).max(first);
        let runs = k - 1 - from;
        let near = edges.get(from).map_or(0.0, |e| (a - e) / runs.max(1) as f32);
        let gap = if runs < 8 { 20.0 } else { 10.0 };
        if b - a > gap * near.max(0.5) {
            add_piece(first, k);
            first = k;
        }
        k += 2;
    }
    add_piece(first, edges.len());
    found
}

/// The row of bits that rxing reads: one bit for each third of a pixel, with white on both sides. Also the position of its
/// first bit and the bits per pixel.
fn rebuild(piece: &[f32]) -> Option<(BitArray, f32, f32)> {
    let (start, end) = (*piece.first()?, *piece.last()?);
    let quiet = ((end - start) / piece.len() as f32 * 12.0).max(8.0);
    let scale = SCALE.min(MAX_BITS / (end - start + 2.0 * quiet));
    let size = ((end - start + 2.0 * quiet) * scale) as usize;
    let mut bits = BitArray::with_size(size);
    let (pairs, _) = piece.as_chunks::<2>();
    for [from, to] in pairs {
        let bit = |e: f32| ((e - start + quiet) * scale + 0.5) as usize;
        for b in bit(*from)..bit(*to).min(size) {
            bits.set(b); // not setRange: it overflows when a run ends on the last bit of a word
        }
    }
    Some((bits, start - quiet, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_wide_gaps_only() {
        let symbol: Vec<f32> = (0..30).map(|k| k as f32 * 2.0).collect();
        let far: Vec<f32> = symbol.iter().map(|e| e + 100.0).collect();
        let edges = [symbol.clone(), far].concat();
        let found: Vec<(usize, usize)> = pieces(&edges).iter().map(|(k, p)| (*k, p.len())).collect();
        assert_eq!(found, [(0, 30), (30, 30)]);
        assert_eq!(pieces(&symbol[..10]).len(), 0, "too short for any symbol");
    }

    #[test]
    fn rebuilt_rows_have_a_quiet_zone() {
        let edges: Vec<f32> = (0..24).map(|k| 50.0 + k as f32).collect();
        let (bits, origin, scale) = rebuild(&edges).unwrap();
        let first = bits.getNextSet(0);
        assert_eq!((first as f32 / scale + origin).round(), 50.0);
        assert_eq!(bits.getNextUnset(first) - first, 3);
        assert!(first > 20);
    }
}
