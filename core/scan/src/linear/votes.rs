//! How many lines must agree before a text is believed. Owns: those numbers, and the decision between two texts over the same
//! bars. Must never: count one line twice for a text, however often it was read.
//!
//! A single line can be wrong in a way that no check digit finds, so several lines must agree:
//!
//! | text | lines |
//! | --- | --- |
//! | EAN-13, UPC-A, Code 128, Code 93, DataBar, ITF-14 with its check digit | 2 |
//! | EAN-8, UPC-E (short; a part of a longer symbol can look like one) | 3 |
//! | Code 39, Codabar (no check digit) | 3, below five characters 5 |
//! | other ITF (no check digit; a part of it looks like a whole one) | 4 |
//!
//! Short symbologies must also be read by lines that lie apart, and a text over the same bars as another one needs twice its lines.

use std::collections::BTreeMap;

use super::reading::{LineReading, check_digit_holds};
use super::{BarcodeFormat, Point, Symbol};

/// One text, with the lines that read it.
struct Ballot {
    format: BarcodeFormat,
    text: String,
    aim: &'static str,
    /// Lines that read the text, each once.
    lines: Vec<u32>,
    /// Ends of the symbol on the line that read it first.
    ends: [Point; 2],
    /// The bounding box over all lines.
    low: Point,
    high: Point,
    /// Add-ons read beside it, each with its number of lines.
    add_ons: Vec<(String, usize)>,
}

impl Ballot {
    /// The symbol of the text.
    fn symbol(&self) -> Symbol {
        Symbol {
            add_on: self.add_on(),
            format: self.format,
            text: self.text.clone(),
            bytes: self.text.as_bytes().to_vec(),
            aim: self.aim.to_owned(),
            points: self.ends.to_vec(),
        }
    }

    /// Whether the text is more than a part of a longer symbol. A slanted line may leave the bars at a point that looks like the
    /// end of a symbol, and so read a shorter text; lines farther apart leave the bars at other points.
    fn is_whole(&self) -> bool {
        // The lines must lie apart by the length of the symbol divided by this.
        let part = match self.format {
            BarcodeFormat::UpcE | BarcodeFormat::Ean8 => 12.0,
            BarcodeFormat::Itf if self.aim != "]I1" => 8.0,
            _ => return true,
        };
        let [from, to] = self.ends;
        let length = (to.x - from.x).hypot(to.y - from.y);
        // First and last line of each direction; the direction is the highest byte of a line's number.
        let mut spans: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for line in &self.lines {
            let (first, last) = spans.entry(line >> 24).or_insert((*line, *line));
            (*first, *last) = ((*first).min(*line), (*last).max(*line));
        }
        let widest = spans.values().map(|(first, last)| last - first).max();
        widest.unwrap_or(0) as f32 >= length / part
    }

    /// The add-on that two lines agree on; `None` if a line read a different one.
    fn add_on(&self) -> Option<String> {
        match self.add_ons.as_slice() {
            [(text, 2..)] => Some(text.clone()),
            _ => None,
        }
    }

    /// Counts an add-on that a line read beside the text.
    fn count_add_on(&mut self, add_on: Option<String>) {
        let Some(text) = add_on else { return };
        if let Some((_, lines)) = self.add_ons.iter_mut().find(|(known, _)| *known == text) {
            *lines += 1;
        } else if self.add_ons.len() < MAX_ADD_ONS {
            self.add_ons.push((text, 1));
        }
    }
}

/// The readings of one picture.
#[derive(Default)]
pub(crate) struct Votes {
    ballots: Vec<Ballot>,
}

/// Most texts counted per picture, so that a hostile picture cannot make counting slow.
const MAX_BALLOTS: usize = 256;
/// Most different add-ons counted beside one text.
const MAX_ADD_ONS: usize = 4;

impl Votes {
    /// Counts a reading of line `line`, whose symbol lies between two positions of the picture.
    pub(crate) fn add(&mut self, reading: LineReading, line: u32, from: (f32, f32), to: (f32, f32)) {
        let ends = [Point { x: from.0, y: from.1 }, Point { x: to.0, y: to.1 }];
        let low = Point { x: from.0.min(to.0), y: from.1.min(to.1) };
        let high = Point { x: from.0.max(to.0), y: from.1.max(to.1) };
        let known = self.ballots.iter_mut().find(|b| b.format == reading.format && b.text == reading.text);
        if let Some(ballot) = known {
            if !ballot.lines.contains(&line) {
                ballot.lines.push(line);
                ballot.count_add_on(reading.add_on);
            }
            ballot.low = Point { x: ballot.low.x.min(low.x), y: ballot.low.y.min(low.y) };
            ballot.high = Point { x: ballot.high.x.max(high.x), y: ballot.high.y.max(high.y) };
        } else if self.ballots.len() < MAX_BALLOTS {
            let LineReading { format, text, aim, add_on, .. } = reading;
            let mut ballot = Ballot { format, text, aim, lines: vec![line], ends, low, high, add_ons: Vec::new() };
            ballot.count_add_on(add_on);
            self.ballots.push(ballot);
        }
    }

    /// Whether some text is believed.
    pub(crate) fn is_decided(&self) -> bool {
        self.ballots.iter().any(|b| self.is_believed(b))
    }

    /// The believed texts, in the order in which they were first read.
    pub(crate) fn symbols(&self) -> Vec<Symbol> {
        let believed = self.ballots.iter().filter(|b| self.is_believed(b));
        believed.map(Ballot::symbol).collect()
    }

    /// Whether enough lines agree on the text, and no other text over the same bars contradicts it.
    fn is_believed(&self, ballot: &Ballot) -> bool {
        ballot.lines.len() >= needed(ballot.format, &ballot.text) && ballot.is_whole() && self.outweighs_rivals(ballot)
    }

    /// Texts with their number of lines, for the memory of earlier frames.
    pub(crate) fn line_counts(&self) -> impl Iterator<Item = (Symbol, usize)> {
        self.ballots.iter().filter(|b| b.is_whole() && self.outweighs_rivals(b)).map(|b| (b.symbol(), b.lines.len()))
    }

    /// Whether the text has twice the lines of every other text over the same bars.
    fn outweighs_rivals(&self, ballot: &Ballot) -> bool {
        self.ballots.iter().all(|other| {
            std::ptr::eq(other, ballot) || !overlap(ballot, other) || ballot.lines.len() >= 2 * other.lines.len()
        })
    }
}

/// Whether two texts lie over the same bars: their bounding boxes overlap.
fn overlap(a: &Ballot, b: &Ballot) -> bool {
    a.low.x <= b.high.x && b.low.x <= a.high.x && a.low.y <= b.high.y && b.low.y <= a.high.y
}

/// How many lines must agree on a text.
pub(crate) fn needed(format: BarcodeFormat, text: &str) -> usize {
    match format {
        BarcodeFormat::Ean8 | BarcodeFormat::UpcE => 3,
        BarcodeFormat::Code39 | BarcodeFormat::Codabar if text.len() < 5 => 5,
        BarcodeFormat::Code39 | BarcodeFormat::Codabar => 3,
        BarcodeFormat::Itf if text.len() == 14 && check_digit_holds(text) => 2,
        BarcodeFormat::Itf => 4,
        _ => 2,
    }
}

/// Whether a text has no check digit that would reveal a misread character. A running camera must see such a text twice.
pub(crate) fn unchecked(symbol: &Symbol) -> bool {
    match symbol.format {
        BarcodeFormat::Code39 | BarcodeFormat::Codabar => true,
        BarcodeFormat::Itf => symbol.aim != "]I1",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(votes: &mut Votes, format: BarcodeFormat, text: &str, line: u32) {
        let y = line as f32;
        votes.add(LineReading::new(format, text.to_owned(), "]E0", 0, 59), line, (10.0, y), (90.0, y));
    }

    #[test]
    fn one_line_is_not_enough_however_often_it_is_read() {
        let mut votes = Votes::default();
        for _ in 0..5 {
            vote(&mut votes, BarcodeFormat::Ean13, "4006381333931", 7);
        }
        assert!(!votes.is_decided());
        vote(&mut votes, BarcodeFormat::Ean13, "4006381333931", 8);
        assert!(votes.is_decided());
        assert_eq!(votes.symbols()[0].text, "4006381333931");
    }

    #[test]
    fn rivals_over_the_same_bars_need_twice_the_lines() {
        let mut votes = Votes::default();
        for line in 0..3 {
            vote(&mut votes, BarcodeFormat::Ean13, "4006381333931", line);
        }
        vote(&mut votes, BarcodeFormat::Ean13, "4006381333900", 1);
        vote(&mut votes, BarcodeFormat::Ean13, "4006381333900", 2);
        assert!(votes.symbols().is_empty());
        vote(&mut votes, BarcodeFormat::Ean13, "4006381333931", 4);
        assert_eq!(votes.symbols().len(), 1);
    }

    #[test]
    fn a_short_itf_that_only_neighbouring_lines_read_is_not_believed() {
        let mut votes = Votes::default();
        for line in 100..108 {
            vote(&mut votes, BarcodeFormat::Itf, "195239", line);
        }
        assert!(!votes.is_decided() && votes.line_counts().next().is_none(), "80 pixels long, 7 apart");
        vote(&mut votes, BarcodeFormat::Itf, "195239", 110);
        assert!(votes.is_decided(), "10 apart");
        let mut votes = Votes::default();
        for line in [100, 102, 1 << 24 | 200, 1 << 24 | 202] {
            vote(&mut votes, BarcodeFormat::Itf, "195239", line);
        }
        assert!(!votes.is_decided(), "lines of different directions do not say how far apart they are");
    }

    #[test]
    fn texts_without_a_check_digit_need_more() {
        assert!(needed(BarcodeFormat::Code39, "AB") > needed(BarcodeFormat::Code39, "ABCDEF"));
        assert!(needed(BarcodeFormat::Itf, "123456") > needed(BarcodeFormat::Itf, "15400141288763"));
        assert_eq!(needed(BarcodeFormat::Itf, "15400141288764"), 4);
    }
}
