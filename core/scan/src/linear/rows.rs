//! From the edges of one line to readings. Owns: which linear readers run on a line, and the row rebuilt for those of
//! rxing. Must never: trust a single line; that is for `votes`.

use rxing::common::BitArray;
use rxing::oned::rss::expanded::RSSExpandedReader;
use rxing::oned::{CodaBarReader, Code93Reader, OneDReader};
use rxing::{DecodeHints, RXingResult};

use super::edges::Edges;
use super::omni::Halves;
use super::reading::Reading;
use super::{Format, codabar, code39, code128, databar, itf, retail};

/// What one line says in its own readers: EAN/UPC, Code 128, Code 39, ITF, Codabar.
pub(crate) fn read_own(edges: &Edges, out: &mut Vec<Reading>) {
    retail::read(&edges.at, edges.len, out);
    code128::read(&edges.at, edges.len, out);
    code39::read(&edges.at, edges.len, out);
    itf::read(&edges.at, edges.len, out);
    codabar::read(&edges.at, edges.len, out);
}

/// rxing's readers for the rarer symbologies. The DataBar ones carry what they saw from row to row (stacked symbols need
/// that), so one value of this serves one direction of one pass over one picture.
#[derive(Default)]
pub(crate) struct Rarer {
    omni: Halves,
    expanded: RSSExpandedReader,
    hints: DecodeHints,
}

/// Bits a module must get, so that rounding does no harm.
const SCALE: f32 = 3.0;
/// Longest piece of a row that is rebuilt, in bits.
const MAX_BITS: f32 = 16_384.0;
/// Fewest edges of any of these symbols: a stacked half of DataBar.
const MIN_EDGES: usize = 20;

impl Rarer {
    /// Reads the pieces between wide white gaps.
    pub(crate) fn read(&mut self, edges: &Edges, row: u32, backwards: bool, out: &mut Vec<Reading>) {
        for (text, first, last) in self.omni.read(&edges.at, row, backwards) {
            out.push(Reading::new(Format::DataBar, text, "]e0", first, last));
        }
        for (first, piece) in pieces(&edges.at) {
            let Some((bits, origin, scale)) = rebuild(piece) else { continue };
            let place = |result: &RXingResult| -> (usize, usize) {
                let xs = result.getPoints().iter().map(|p| p.x / scale + origin);
                let (low, high) = xs.fold((f32::MAX, f32::MIN), |(l, h), x| (l.min(x), h.max(x)));
                let from = edges.at.partition_point(|e| *e < low).min(first + piece.len() - 1);
                let to = edges.at.partition_point(|e| *e < high).min(first + piece.len() - 1);
                (from, to.max(from))
            };
            let whole = (first, first + piece.len() - 1);
            if let Ok(found) = Code93Reader::default().decode_row(row, &bits, &self.hints) {
                let (a, b) = place(&found);
                out.push(Reading::new(Format::Code93, found.getText().to_owned(), "]G0", a, b));
            }
            // Traditional Codabar has eighteen widths, which only a reader without a measure of its own forgives.
            if let Ok(found) = CodaBarReader::default().decode_row(row, &bits, &self.hints) {
                let (a, b) = place(&found);
                out.push(Reading::new(Format::Codabar, found.getText().to_owned(), "]F0", a, b));
            }
            if !databar::plausible(piece) {
                continue;
            }
            if let Ok(found) = self.expanded.decode_row(row, &bits, &self.hints)
                && let Some(text) = databar::expanded(found.getText())
            {
                out.push(Reading::new(Format::DataBarExpanded, text, "]e0", whole.0, whole.1));
            }
        }
    }
}

/// The parts of a line between white gaps of more than ten mean runs, each with the number of its first edge: rxing tries
/// only the first thing in a row that looks like a start.
fn pieces(edges: &[f32]) -> Vec<(usize, &[f32])> {
    let mut found = Vec::new();
    let (mut first, mut k) = (0, 2);
    let mut keep = |from: usize, to: usize| {
        if let Some(piece) = edges.get(from..to).filter(|p| p.len() >= MIN_EDGES) {
            found.push((from, piece));
        }
    };
    while let (Some(a), Some(b)) = (edges.get(k - 1), edges.get(k)) {
        // Local: the runs just before the gap, so that one fat bar far away does not matter. A few narrow bars say little of
        // the mean, and a space of DataBar is up to nine of them wide.
        let from = k.saturating_sub(9).max(first);
        let runs = k - 1 - from;
        let near = edges.get(from).map_or(0.0, |e| (a - e) / runs.max(1) as f32);
        let gap = if runs < 8 { 20.0 } else { 10.0 };
        if b - a > gap * near.max(0.5) {
            keep(first, k);
            first = k;
        }
        k += 2;
    }
    keep(first, edges.len());
    found
}

/// The row as rxing wants it: one bit a third of a pixel, with white on both sides.
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
