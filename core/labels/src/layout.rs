//! Where things stand on a label, in dots. Owns sizes, quiet zones and the breaking of lines; it never draws a dot.
//!
//! Wide labels have a two-dimensional symbol at the left and text beside it; all others have text, symbol and the symbol's
//! text one below the other. The symbol is made as large as fits, then the text; both have a size below which nobody reads
//! them, and a label that cannot have it is refused.

use super::{Label, LabelError, Media, PayloadError, Picture, Symbology, font};
use stocksync_scan::encode::Modules;

/// A dark rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bar {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// A line of text; `x` and `y` are its upper left corner, `scale` the dots of one dot of the font.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub x: u32,
    pub y: u32,
    pub scale: u32,
    pub text: String,
}

/// All that is dark on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drawing {
    pub width: u32,
    pub height: u32,
    /// Of the symbol.
    pub bars: Vec<Bar>,
    /// Of the picture.
    pub picture: Vec<Bar>,
    pub lines: Vec<Line>,
}

/// Between the edge and everything else: printers miss the edge by that much.
const MARGIN: u32 = 100;
/// Between symbol and text.
const GAP: u32 = 100;
/// Smallest module: what hand scanners and phones still read.
const MODULE: u32 = 25;
/// Module that scanners read with ease; text gets smaller before it does.
const GOOD_MODULE: u32 = 38;
/// Largest modules: that of bars and GS1 symbols (General Specifications 5.12), and of own codes that cameras read from afar.
const LARGEST_MODULE: u32 = 100;
const AFAR_MODULE: u32 = 300;
/// Shortest bars, the share of the label that they have if possible, and the longest (General Specifications 5.4.6.3).
const BARS: u32 = 500;
const BARS_PERCENT: u32 = 40;
const LONGEST_BARS: u32 = 3_200;
/// Capitals of text: smallest, smallest that reads well, largest; and largest of the symbol's own text.
const SMALLEST: u32 = 150;
const PLEASANT: u32 = 250;
const LARGEST: u32 = 1_000;
const READABLE: u32 = 250;

/// Dots of a length in 1/100 mm, rounded down.
pub(super) fn dots(hundredths: u32, dpi: u32) -> u64 {
    u64::from(hundredths) * u64::from(dpi) / 2_540
}

/// Draws one label; `number` is for the errors.
pub(super) fn drawing(label: &Label, number: usize, media: &Media) -> Result<Drawing, LabelError> {
    let payload = |error: PayloadError| LabelError::Payload { label: number, error };
    let modules = label.payload.modules(label.symbology).map_err(payload)?;
    for (line, text) in label.lines.iter().enumerate() {
        if let Some(character) = text.chars().find(|c| font::glyph(*c).is_none()) {
            return Err(LabelError::Unprintable { label: number, line: line + 1, character });
        }
    }
    Plan::new(label, &modules, media).and_then(|plan| plan.best()).ok_or(LabelError::DoesNotFit { label: number })
}

/// What is known before the sizes are chosen. All lengths in dots.
struct Plan<'a> {
    label: &'a Label,
    modules: &'a Modules,
    readable: Vec<String>,
    width: u32,
    height: u32,
    margin: u32,
    gap: u32,
    quiet: u32,
    dpi: u32,
}

impl<'a> Plan<'a> {
    fn new(label: &'a Label, modules: &'a Modules, media: &Media) -> Option<Self> {
        let length = |hundredths| u32::try_from(dots(hundredths, media.dpi)).ok();
        Some(Self {
            label,
            modules,
            readable: label.payload.readable(),
            width: length(media.width)?,
            height: length(media.height)?,
            margin: length(MARGIN)?,
            gap: length(GAP)?,
            quiet: match label.symbology {
                Symbology::Code128 => 10,
                Symbology::Qr => 4,
                Symbology::DataMatrix => 1,
            },
            dpi: media.dpi,
        })
    }

    fn length(&self, hundredths: u32) -> u32 {
        u32::try_from(dots(hundredths, self.dpi)).unwrap_or(u32::MAX)
    }

    /// Rounded up, for what must not be smaller.
    fn length_up(&self, hundredths: u32) -> u32 {
        (hundredths * self.dpi).div_ceil(2_540)
    }

    /// Scale of the font for capitals of this height, to the nearest dot.
    fn scale(&self, capitals: u32) -> u32 {
        ((self.length(capitals) + font::CAPITAL / 2) / font::CAPITAL).max(1)
    }

    /// Inside the margins.
    fn inner(&self) -> Option<(u32, u32)> {
        Some((self.width.checked_sub(2 * self.margin)?, self.height.checked_sub(2 * self.margin)?))
    }

    /// Sizes are tried from the best down: text that reads well beside the largest symbol, in whole lines if possible, then
    /// smaller text beside a smaller symbol, then any symbol that can be read beside the smallest text.
    fn best(&self) -> Option<Drawing> {
        let (width, height) = self.inner()?;
        let across = u32::try_from(self.modules.width).ok()? + 2 * self.quiet;
        let room = match self.shape(width, height) {
            Shape::Linear => width,
            Shape::Beside => height.min(width / 2),
            Shape::Stacked => width.min(height * 3 / 5),
        };
        let near = self.label.symbology == Symbology::Code128 || self.label.payload.is_gs1();
        let most = self.length(if near { LARGEST_MODULE } else { AFAR_MODULE });
        let largest = (room / across).min(most);
        let least = self.length_up(MODULE);
        let good = self.length_up(GOOD_MODULE).min(largest);
        let (smallest, pleasant, biggest) = (self.scale(SMALLEST), self.scale(PLEASANT), self.scale(LARGEST));
        let good_bars = (height * BARS_PERCENT / 100).min(self.length(LONGEST_BARS)).max(self.length(BARS));
        let sized = |module: u32, scale: u32, breaks: Breaks, bars: u32| {
            (module >= least).then(|| self.sized(&Sizes { module, across: across * module, scale, breaks, bars }))?
        };
        let pleasing = |breaks| (pleasant..=biggest).rev().find_map(|scale| sized(largest, scale, breaks, good_bars));
        let bars = self.length(BARS);
        let smaller = |module| (smallest..=pleasant).rev().find_map(|scale| sized(module, scale, Breaks::Spaces, bars));
        pleasing(Breaks::Nowhere)
            .or_else(|| pleasing(Breaks::Spaces))
            .or_else(|| (good..=largest).rev().find_map(smaller))
            .or_else(|| (least..=largest).rev().find_map(|module| sized(module, smallest, Breaks::Words, bars)))
    }

    fn shape(&self, width: u32, height: u32) -> Shape {
        match self.label.symbology {
            Symbology::Code128 => Shape::Linear,
            _ if width >= height + height / 2 => Shape::Beside,
            _ => Shape::Stacked,
        }
    }

    /// The label in these sizes; None if something does not fit.
    fn sized(&self, sizes: &Sizes) -> Option<Drawing> {
        let (width, height) = self.inner()?;
        let shape = self.shape(width, height);
        let column = if shape == Shape::Beside { width.checked_sub(sizes.across + self.gap)? } else { width };
        let title = Block::new(&self.label.lines, sizes.scale, column, sizes.breaks)?;
        let title = Title { picture: self.label.picture.as_ref().filter(|it| it.width > 0), lines: title };
        if title.picture.is_some_and(|picture| picture.width > column) {
            return None;
        }
        let readable = self.readable(sizes, column)?;
        if shape == Shape::Beside {
            return self.beside(sizes, column, &title, &readable);
        }
        let gap = if title.height() == 0 { 0 } else { self.gap };
        let left = height.checked_sub(title.height() + gap + readable.height())?;
        let symbol = if shape == Shape::Linear { left.min(self.length(LONGEST_BARS)) } else { sizes.across };
        if symbol > left || (shape == Shape::Linear && symbol < sizes.bars) {
            return None;
        }
        let top = self.margin + (left - symbol) / 2;
        let symbol_top = top + title.height() + gap;
        let mut drawing = self.blank();
        title.place(self.margin, top, column, true, &mut drawing);
        self.symbol(sizes, (self.width - sizes.across) / 2, symbol_top, symbol, &mut drawing);
        readable.place(self.margin, symbol_top + symbol, column, true, &mut drawing);
        Some(drawing)
    }

    fn beside(&self, sizes: &Sizes, column: u32, title: &Title<'_>, readable: &Block) -> Option<Drawing> {
        let (_, height) = self.inner()?;
        let left = height.checked_sub(title.height() + readable.height())?;
        let symbol_top = self.margin + height.checked_sub(sizes.across)? / 2;
        let (x, top) = (self.margin + sizes.across + self.gap, self.margin + left / 2);
        let mut drawing = self.blank();
        self.symbol(sizes, self.margin, symbol_top, sizes.across, &mut drawing);
        title.place(x, top, column, false, &mut drawing);
        readable.place(x, top + title.height(), column, false, &mut drawing);
        Some(drawing)
    }

    /// What the symbol says, no larger than the text: as large as nothing must be broken for.
    fn readable(&self, sizes: &Sizes, width: u32) -> Option<Block> {
        let (smallest, largest) = (self.scale(SMALLEST), self.scale(READABLE).min(sizes.scale));
        let pieces = [self.readable.join(" ")];
        let whole = (smallest..=largest).rev().find_map(|scale| Block::new(&pieces, scale, width, Breaks::Spaces));
        whole
            .or_else(|| (sizes.breaks == Breaks::Words).then(|| Block::new(&pieces, smallest, width, Breaks::Words))?)
    }

    fn blank(&self) -> Drawing {
        Drawing { width: self.width, height: self.height, bars: Vec::new(), picture: Vec::new(), lines: Vec::new() }
    }

    /// The symbol with its upper left corner, quiet zone included, at `x` and `y`; bars are `height` long.
    fn symbol(&self, sizes: &Sizes, x: u32, y: u32, height: u32, drawing: &mut Drawing) {
        let quiet = self.quiet * sizes.module;
        if self.label.symbology == Symbology::Code128 {
            drawing.bars.extend(runs(&self.modules.dark, x + quiet, y, sizes.module, height));
            return;
        }
        let mut y = y + quiet;
        for row in self.modules.dark.chunks(self.modules.width) {
            drawing.bars.extend(runs(row, x + quiet, y, sizes.module, sizes.module));
            y += sizes.module;
        }
    }
}

/// The dark runs of one row of modules.
fn runs(row: &[bool], left: u32, y: u32, module: u32, height: u32) -> Vec<Bar> {
    let mut x = left;
    let mut bars = Vec::new();
    for run in row.chunk_by(|a, b| a == b) {
        let width = u32::try_from(run.len()).unwrap_or(0) * module;
        if run.first() == Some(&true) {
            bars.push(Bar { x, y, width, height });
        }
        x += width;
    }
    bars
}

/// How a label is arranged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Text, bars and the text of the bars, one below the other.
    Linear,
    /// A square symbol with text at its right.
    Beside,
    /// Text, a square symbol and its text, one below the other.
    Stacked,
}

/// Where a line of text may be broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Nowhere,
    Spaces,
    /// Inside words too.
    Words,
}

/// One try.
struct Sizes {
    module: u32,
    /// The symbol with its quiet zones.
    across: u32,
    scale: u32,
    breaks: Breaks,
    /// Shortest bars.
    bars: u32,
}

/// What stands above or beside the symbol: a picture over lines of text.
struct Title<'a> {
    picture: Option<&'a Picture>,
    lines: Block,
}

impl Title<'_> {
    fn height(&self) -> u32 {
        self.picture.map_or(0, |picture| picture.height) + self.lines.height()
    }

    fn place(&self, x: u32, y: u32, width: u32, centred: bool, drawing: &mut Drawing) {
        let mut y = y;
        if let Some(picture) = self.picture {
            let x = if centred { x + width.saturating_sub(picture.width) / 2 } else { x };
            for row in picture.dark.chunks(picture.stride()) {
                let dots =
                    (0..picture.width).map(|x| row.get(x as usize / 8).is_some_and(|byte| byte << (x % 8) & 0x80 != 0));
                drawing.picture.extend(runs(&dots.collect::<Vec<bool>>(), x, y, 1, 1));
                y += 1;
            }
        }
        self.lines.place(x, y, width, centred, drawing);
    }
}

/// Lines of one size.
struct Block {
    lines: Vec<String>,
    scale: u32,
}

impl Block {
    /// Breaks paragraphs into lines of at most `width` dots. None if one would be longer.
    fn new(paragraphs: &[String], scale: u32, width: u32, breaks: Breaks) -> Option<Self> {
        let capacity = ((width + scale) / (font::ADVANCE * scale)) as usize; // no space behind the last letter
        let mut lines = Vec::new();
        for paragraph in paragraphs {
            let mut line = String::new();
            for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
                let length = word.chars().count();
                if !line.is_empty() && line.chars().count() + 1 + length <= capacity {
                    line.push(' ');
                    line.push_str(word);
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                if length > capacity && (breaks != Breaks::Words || capacity == 0) {
                    return None;
                }
                let letters: Vec<char> = word.chars().collect();
                let mut parts = letters.chunks(capacity);
                line = parts.next_back().map(|part| part.iter().collect()).unwrap_or_default();
                lines.extend(parts.map(|part| part.iter().collect::<String>()));
            }
            if !line.is_empty() {
                lines.push(line);
            }
        }
        (breaks != Breaks::Nowhere || lines.len() <= paragraphs.len()).then_some(Self { lines, scale })
    }

    fn height(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(0) * font::ROWS * self.scale
    }

    fn place(&self, x: u32, y: u32, width: u32, centred: bool, drawing: &mut Drawing) {
        let mut y = y;
        for text in &self.lines {
            let letters = u32::try_from(text.chars().count()).unwrap_or(0);
            let own = (letters * font::ADVANCE).saturating_sub(1) * self.scale;
            let x = if centred { x + width.saturating_sub(own) / 2 } else { x };
            drawing.lines.push(Line { x, y, scale: self.scale, text: text.clone() });
            y += font::ROWS * self.scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Payload;

    /// Left, top, right, lower edge.
    type Area = [u32; 4];

    fn apart(a: &Area, b: &Area) -> bool {
        a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1]
    }

    fn written(line: &Line) -> Area {
        let width = (line.text.chars().count() as u32 * font::ADVANCE - 1) * line.scale;
        // Accents and what hangs below included.
        [line.x, line.y, line.x + width, line.y + font::ROWS * line.scale]
    }

    proptest! {
        #[test]
        fn nothing_touches_anything_else(
            text in "[ -~]{1,40}", lines in prop::collection::vec("[A-Za-z ]{0,60}", 0..6),
            symbology in prop::sample::select(vec![Symbology::Code128, Symbology::Qr, Symbology::DataMatrix]),
            width in 1_000..15_000_u32, height in 800..20_000_u32, dpi in 150..601_u32,
        ) {
            let label = Label { symbology, payload: Payload::Text(text), picture: None, lines };
            let Ok(drawing) = drawing(&label, 1, &Media { width, height, dpi }) else { return Ok(()) };
            let margin = dots(MARGIN, dpi) as u32;
            let module = drawing.bars.iter().map(|bar| bar.width).min().unwrap();
            prop_assert!(u64::from(module) * 2_540 >= u64::from(MODULE * dpi), "modules of {} dots at {}", module, dpi);
            let (mut symbol, mut areas) = ([u32::MAX, u32::MAX, 0, 0], Vec::new());
            for bar in &drawing.bars {
                symbol = [symbol[0].min(bar.x), symbol[1].min(bar.y), symbol[2].max(bar.x + bar.width), symbol[3].max(bar.y + bar.height)];
            }
            let (beside, above) = match symbology {
                Symbology::Code128 => (10 * module, 0),
                Symbology::Qr => (4 * module, 4 * module),
                Symbology::DataMatrix => (module, module),
            };
            areas.push([symbol[0] - beside, symbol[1] - above, symbol[2] + beside, symbol[3] + above]);
            areas.extend(drawing.lines.iter().map(written));
            for (index, area) in areas.iter().enumerate() {
                prop_assert!(area[0] >= margin && area[1] >= margin, "{:?}", drawing);
                prop_assert!(area[2] <= drawing.width - margin && area[3] <= drawing.height - margin, "{:?}", drawing);
                prop_assert!(areas.iter().skip(index + 1).all(|other| apart(area, other)), "{:?}", drawing);
            }
            // No letter is lost, whatever was broken.
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            let printed: String = drawing.lines.iter().map(|line| letters(&line.text)).collect();
            prop_assert_eq!(printed, letters(&(label.lines.concat() + &label.payload.readable().concat())));
        }
    }
}
