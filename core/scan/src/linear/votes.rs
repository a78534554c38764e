//! How many lines must agree before a text is believed. Owns: those numbers, and what happens when two texts claim the same
//! bars. Must never: let one line, read in several ways, count as several.

use std::collections::BTreeMap;

use super::reading::{Reading, check_digit_holds};
use super::{Format, Point, Symbol};

/// One text and the lines that read it.
struct Ballot {
    format: Format,
    text: String,
    aim: &'static str,
    /// Lines that voted, without repetition.
    lines: Vec<u32>,
    /// Ends of the symbol on the line that read it first, and the box around all.
    ends: [Point; 2],
    low: Point,
    high: Point,
    /// Add-ons seen beside it, and on how many lines.
    add_ons: Vec<(String, usize)>,
}

impl Ballot {
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

    /// Whether this can be more than a part of a longer symbol: a slanted line that leaves the bars where they happen to look
    /// like an end reads a short text, but lines farther apart leave them elsewhere.
    fn is_whole(&self) -> bool {
        // Of the length of the symbol, the part that its lines must lie apart.
        let part = match self.format {
            Format::UpcE | Format::Ean8 => 12.0,
            Format::Itf if self.aim != "]I1" => 8.0,
            _ => return true,
        };
        let [from, to] = self.ends;
        let length = (to.x - from.x).hypot(to.y - from.y);
        // First and last line of each direction, which is the highest byte of a line's number.
        let mut spans: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for line in &self.lines {
            let (first, last) = spans.entry(line >> 24).or_insert((*line, *line));
            (*first, *last) = ((*first).min(*line), (*last).max(*line));
        }
        let widest = spans.values().map(|(first, last)| last - first).max();
        widest.unwrap_or(0) as f32 >= length / part
    }

    /// The add-on that two lines agree on, if no line saw another.
    fn add_on(&self) -> Option<String> {
        match self.add_ons.as_slice() {
            [(text, 2..)] => Some(text.clone()),
            _ => None,
        }
    }

    fn see(&mut self, add_on: Option<String>) {
        let Some(text) = add_on else { return };
        if let Some((_, lines)) = self.add_ons.iter_mut().find(|(known, _)| *known == text) {
            *lines += 1;
        } else if self.add_ons.len() < MAX_ADD_ONS {
            self.add_ons.push((text, 1));
        }
    }
}

/// Collects the readings of one picture.
#[derive(Default)]
pub(crate) struct Votes {
    ballots: Vec<Ballot>,
}

/// Texts counted per picture at most: a hostile picture shall not make counting slow.
const MAX_BALLOTS: usize = 256;
/// Different add-ons counted beside one text.
const MAX_ADD_ONS: usize = 4;

impl Votes {
    /// Counts a reading of line `line`, seen between two places of the picture.
    pub(crate) fn add(&mut self, reading: Reading, line: u32, from: (f32, f32), to: (f32, f32)) {
        let ends = [Point { x: from.0, y: from.1 }, Point { x: to.0, y: to.1 }];
        let low = Point { x: from.0.min(to.0), y: from.1.min(to.1) };
        let high = Point { x: from.0.max(to.0), y: from.1.max(to.1) };
        let known = self.ballots.iter_mut().find(|b| b.format == reading.format && b.text == reading.text);
        if let Some(ballot) = known {
            if !ballot.lines.contains(&line) {
                ballot.lines.push(line);
                ballot.see(reading.add_on);
            }
            ballot.low = Point { x: ballot.low.x.min(low.x), y: ballot.low.y.min(low.y) };
            ballot.high = Point { x: ballot.high.x.max(high.x), y: ballot.high.y.max(high.y) };
        } else if self.ballots.len() < MAX_BALLOTS {
            let Reading { format, text, aim, add_on, .. } = reading;
            let mut ballot = Ballot { format, text, aim, lines: vec![line], ends, low, high, add_ons: Vec::new() };
            ballot.see(add_on);
            self.ballots.push(ballot);
        }
    }

    /// Whether some text has its votes.
    pub(crate) fn decided(&self) -> bool {
        self.ballots.iter().any(|b| self.elected(b))
    }

    /// The believed texts in the order they were first seen.
    pub(crate) fn symbols(&self) -> Vec<Symbol> {
        let elected = self.ballots.iter().filter(|b| self.elected(b));
        elected.map(Ballot::symbol).collect()
    }

    fn elected(&self, ballot: &Ballot) -> bool {
        ballot.lines.len() >= needed(ballot.format, &ballot.text) && ballot.is_whole() && self.holds(ballot)
    }

    /// Texts with their number of lines, for the memory from frame to frame.
    pub(crate) fn tally(&self) -> impl Iterator<Item = (Symbol, usize)> {
        self.ballots.iter().filter(|b| b.is_whole() && self.holds(b)).map(|b| (b.symbol(), b.lines.len()))
    }

    /// Two texts over the same bars: only one with twice the lines of every other is believed.
    fn holds(&self, ballot: &Ballot) -> bool {
        self.ballots.iter().all(|other| {
            std::ptr::eq(other, ballot) || !overlap(ballot, other) || ballot.lines.len() >= 2 * other.lines.len()
        })
    }
}

fn overlap(a: &Ballot, b: &Ballot) -> bool {
    a.low.x <= b.high.x && b.low.x <= a.high.x && a.low.y <= b.high.y && b.low.y <= a.high.y
}

/// Lines that must agree on a text.
pub(crate) fn needed(format: Format, text: &str) -> usize {
    match format {
        Format::Ean8 | Format::UpcE => 3,
        Format::Code39 | Format::Codabar if text.len() < 5 => 5,
        Format::Code39 | Format::Codabar => 3,
        Format::Itf if text.len() == 14 && check_digit_holds(text) => 2,
        Format::Itf => 4,
        _ => 2,
    }
}

/// Whether a text has nothing in itself that would betray a misread character: such texts are asked for twice.
pub(crate) fn unchecked(symbol: &Symbol) -> bool {
    match symbol.format {
        Format::Code39 | Format::Codabar => true,
        Format::Itf => symbol.aim != "]I1",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(votes: &mut Votes, format: Format, text: &str, line: u32) {
        let y = line as f32;
        votes.add(Reading::new(format, text.to_owned(), "]E0", 0, 59), line, (10.0, y), (90.0, y));
    }

    #[test]
    fn one_line_is_not_enough_however_often_it_is_read() {
        let mut votes = Votes::default();
        for _ in 0..5 {
            vote(&mut votes, Format::Ean13, "4006381333931", 7);
        }
        assert!(!votes.decided());
        vote(&mut votes, Format::Ean13, "4006381333931", 8);
        assert!(votes.decided());
        assert_eq!(votes.symbols()[0].text, "4006381333931");
    }

    #[test]
    fn rivals_over_the_same_bars_need_twice_the_lines() {
        let mut votes = Votes::default();
        for line in 0..3 {
            vote(&mut votes, Format::Ean13, "4006381333931", line);
        }
        vote(&mut votes, Format::Ean13, "4006381333900", 1);
        vote(&mut votes, Format::Ean13, "4006381333900", 2);
        assert!(votes.symbols().is_empty());
        vote(&mut votes, Format::Ean13, "4006381333931", 4);
        assert_eq!(votes.symbols().len(), 1);
    }

    #[test]
    fn a_short_itf_that_only_neighbouring_lines_read_is_not_believed() {
        let mut votes = Votes::default();
        for line in 100..108 {
            vote(&mut votes, Format::Itf, "195239", line);
        }
        assert!(!votes.decided() && votes.tally().next().is_none(), "80 pixels long, 7 apart");
        vote(&mut votes, Format::Itf, "195239", 110);
        assert!(votes.decided(), "10 apart");
        let mut votes = Votes::default();
        for line in [100, 102, 1 << 24 | 200, 1 << 24 | 202] {
            vote(&mut votes, Format::Itf, "195239", line);
        }
        assert!(!votes.decided(), "lines of different directions do not say how far apart they are");
    }

    #[test]
    fn texts_without_a_check_digit_need_more() {
        assert!(needed(Format::Code39, "AB") > needed(Format::Code39, "ABCDEF"));
        assert!(needed(Format::Itf, "123456") > needed(Format::Itf, "15400141288763"));
        assert_eq!(needed(Format::Itf, "15400141288764"), 4);
    }
}
