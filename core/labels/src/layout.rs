//! The layout of a label in dots. Owns: sizes, quiet zones and line breaks. Must never: set a dot.
//!
//! Wide labels have a two-dimensional symbol at the left and text beside it. All others have text, symbol and the text of the
//! symbol one below the other. First the symbol is made as large as fits, then the text. Both have a smallest readable size; a
//! label on which they do not fit at that size is refused.

use super::{Label, LabelError, LabelPicture, LabelSymbology, Media, PayloadError, font};
use stocksync_scan::encode::Modules;

/// A dark rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DarkRect {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// A line of text; `x` and `y` are its upper left corner, `scale` the dots of one dot of the font.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextLine {
    pub x: u32,
    pub y: u32,
    pub scale: u32,
    pub text: String,
}

/// Everything that is dark on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drawing {
    pub width: u32,
    pub height: u32,
    /// The dark modules of the symbol.
    pub bars: Vec<DarkRect>,
    /// The dark dots of the picture.
    pub picture: Vec<DarkRect>,
    pub lines: Vec<TextLine>,
}

/// Margin of the label in 1/100 mm, like all lengths below. Printers are off by up to that much.
const MARGIN: u32 = 100;
/// Space between symbol and text.
const GAP: u32 = 100;
/// Smallest module that hand scanners and phones read.
const MIN_MODULE: u32 = 25;
/// Module that scanners read easily; text is made smaller before the module is.
const GOOD_MODULE: u32 = 38;
/// Largest module of bars and GS1 symbols (General Specifications 5.12).
const MAX_MODULE: u32 = 100;
/// Largest module of other codes, which cameras may read from a distance.
const MAX_MODULE_FAR: u32 = 300;
/// Shortest bars (General Specifications 5.4.6.3).
const MIN_BARS: u32 = 500;
/// Share of the height of the label that bars have if possible.
const BARS_PERCENT: u32 = 40;
/// Longest bars.
const MAX_BARS: u32 = 3_200;
/// Smallest height of capitals.
const MIN_CAPITALS: u32 = 150;
/// Smallest height of capitals that is easy to read.
const GOOD_CAPITALS: u32 = 250;
/// Largest height of capitals.
const MAX_CAPITALS: u32 = 1_000;
/// Largest height of capitals of the text of the symbol.
const MAX_SYMBOL_TEXT: u32 = 250;

/// A length of 1/100 mm in dots, rounded down.
pub(super) fn dots(hundredths: u32, dpi: u32) -> u64 {
    u64::from(hundredths) * u64::from(dpi) / 2_540
}

/// Lays out one label; `number` is its number in errors.
pub(super) fn drawing(label: &Label, number: usize, media: &Media) -> Result<Drawing, LabelError> {
    let payload = |error: PayloadError| LabelError::Payload { label: number, error };
    let modules = label.payload.modules(label.symbology).map_err(payload)?;
    for (line, text) in label.lines.iter().enumerate() {
        if let Some(character) = text.chars().find(|c| font::glyph(*c).is_none()) {
            return Err(LabelError::Unprintable { label: number, line: line + 1, character });
        }
    }
    LabelPlan::new(label, &modules, media).and_then(|plan| plan.best()).ok_or(LabelError::DoesNotFit { label: number })
}

/// What does not depend on the sizes that are tried. All lengths are in dots.
struct LabelPlan<'a> {
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

impl<'a> LabelPlan<'a> {
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
                LabelSymbology::Code128 => 10,
                LabelSymbology::Qr => 4,
                LabelSymbology::DataMatrix => 1,
            },
            dpi: media.dpi,
        })
    }

    /// A length of 1/100 mm in dots, rounded down.
    fn length(&self, hundredths: u32) -> u32 {
        u32::try_from(dots(hundredths, self.dpi)).unwrap_or(u32::MAX)
    }

    /// The same rounded up, for minimum sizes.
    fn length_up(&self, hundredths: u32) -> u32 {
        (hundredths * self.dpi).div_ceil(2_540)
    }

    /// The scale of the font at which capitals have this height, to the nearest dot.
    fn scale(&self, capitals: u32) -> u32 {
        ((self.length(capitals) + font::CAPITAL / 2) / font::CAPITAL).max(1)
    }

    /// Width and height inside the margins.
    fn inner(&self) -> Option<(u32, u32)> {
        Some((self.width.checked_sub(2 * self.margin)?, self.height.checked_sub(2 * self.margin)?))
    }

    /// The best drawing that fits. Tried in this order: text of good size with the largest symbol, without line breaks if
    /// possible; then smaller text with a smaller symbol; then any readable symbol with the smallest text.
    fn best(&self) -> Option<Drawing> {
        let (width, height) = self.inner()?;
        let across = u32::try_from(self.modules.width).ok()? + 2 * self.quiet;
        let room = match self.arrangement(width, height) {
            Arrangement::Linear => width,
            Arrangement::Beside => height.min(width / 2),
            Arrangement::Stacked => width.min(height * 3 / 5),
        };
        let is_close = self.label.symbology == LabelSymbology::Code128 || self.label.payload.is_gs1();
        let max_module = self.length(if is_close { MAX_MODULE } else { MAX_MODULE_FAR });
        let largest = (room / across).min(max_module);
        let least = self.length_up(MIN_MODULE);
        let good = self.length_up(GOOD_MODULE).min(largest);
        let (smallest, good_scale, biggest) =
            (self.scale(MIN_CAPITALS), self.scale(GOOD_CAPITALS), self.scale(MAX_CAPITALS));
        let good_bars = (height * BARS_PERCENT / 100).min(self.length(MAX_BARS)).max(self.length(MIN_BARS));
        let try_sizes = |module: u32, scale: u32, breaks: Breaks, bars: u32| {
            (module >= least)
                .then(|| self.try_sizes(&TrialSizes { module, across: across * module, scale, breaks, bars }))?
        };
        let with_good_text =
            |breaks| (good_scale..=biggest).rev().find_map(|scale| try_sizes(largest, scale, breaks, good_bars));
        let bars = self.length(MIN_BARS);
        let with_smaller_text =
            |module| (smallest..=good_scale).rev().find_map(|scale| try_sizes(module, scale, Breaks::Spaces, bars));
        with_good_text(Breaks::Nowhere)
            .or_else(|| with_good_text(Breaks::Spaces))
            .or_else(|| (good..=largest).rev().find_map(with_smaller_text))
            .or_else(|| (least..=largest).rev().find_map(|module| try_sizes(module, smallest, Breaks::Words, bars)))
    }

    fn arrangement(&self, width: u32, height: u32) -> Arrangement {
        match self.label.symbology {
            LabelSymbology::Code128 => Arrangement::Linear,
            _ if width >= height + height / 2 => Arrangement::Beside,
            _ => Arrangement::Stacked,
        }
    }

    /// The drawing at these sizes; `None` if something does not fit.
    fn try_sizes(&self, sizes: &TrialSizes) -> Option<Drawing> {
        let (width, height) = self.inner()?;
        let arrangement = self.arrangement(width, height);
        let column =
            if arrangement == Arrangement::Beside { width.checked_sub(sizes.across + self.gap)? } else { width };
        let title = TextBlock::new(&self.label.lines, sizes.scale, column, sizes.breaks)?;
        let title = Title { picture: self.label.picture.as_ref().filter(|picture| picture.width > 0), lines: title };
        if title.picture.is_some_and(|picture| picture.width > column) {
            return None;
        }
        let readable = self.readable_block(sizes, column)?;
        if arrangement == Arrangement::Beside {
            return self.draw_beside(sizes, column, &title, &readable);
        }
        let gap = if title.height() == 0 { 0 } else { self.gap };
        let left = height.checked_sub(title.height() + gap + readable.height())?;
        let symbol = if arrangement == Arrangement::Linear { left.min(self.length(MAX_BARS)) } else { sizes.across };
        if symbol > left || (arrangement == Arrangement::Linear && symbol < sizes.bars) {
            return None;
        }
        let top = self.margin + (left - symbol) / 2;
        let symbol_top = top + title.height() + gap;
        let mut drawing = self.empty_drawing();
        title.draw(self.margin, top, column, true, &mut drawing);
        self.draw_symbol(sizes, (self.width - sizes.across) / 2, symbol_top, symbol, &mut drawing);
        readable.draw(self.margin, symbol_top + symbol, column, true, &mut drawing);
        Some(drawing)
    }

    /// The drawing with the symbol at the left and text beside it.
    fn draw_beside(&self, sizes: &TrialSizes, column: u32, title: &Title<'_>, readable: &TextBlock) -> Option<Drawing> {
        let (_, height) = self.inner()?;
        let left = height.checked_sub(title.height() + readable.height())?;
        let symbol_top = self.margin + height.checked_sub(sizes.across)? / 2;
        let (x, top) = (self.margin + sizes.across + self.gap, self.margin + left / 2);
        let mut drawing = self.empty_drawing();
        self.draw_symbol(sizes, self.margin, symbol_top, sizes.across, &mut drawing);
        title.draw(x, top, column, false, &mut drawing);
        readable.draw(x, top + title.height(), column, false, &mut drawing);
        Some(drawing)
    }

    /// The text of the symbol for people: as large as it fits in unbroken pieces, but not larger than the other text.
    fn readable_block(&self, sizes: &TrialSizes, width: u32) -> Option<TextBlock> {
        let (smallest, largest) = (self.scale(MIN_CAPITALS), self.scale(MAX_SYMBOL_TEXT).min(sizes.scale));
        let pieces = [self.readable.join(" ")];
        let whole = (smallest..=largest).rev().find_map(|scale| TextBlock::new(&pieces, scale, width, Breaks::Spaces));
        whole.or_else(|| {
            (sizes.breaks == Breaks::Words).then(|| TextBlock::new(&pieces, smallest, width, Breaks::Words))?
        })
    }

    fn empty_drawing(&self) -> Drawing {
        Drawing { width: self.width, height: self.height, bars: Vec::new(), picture: Vec::new(), lines: Vec::new() }
    }

    /// Draws the symbol with its upper left corner, quiet zone included, at `x` and `y`; bars are `height` long.
    fn draw_symbol(&self, sizes: &TrialSizes, x: u32, y: u32, height: u32, drawing: &mut Drawing) {
        let quiet = self.quiet * sizes.module;
        if self.label.symbology == LabelSymbology::Code128 {
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
fn runs(row: &[bool], left: u32, y: u32, module: u32, height: u32) -> Vec<DarkRect> {
    let mut x = left;
    let mut bars = Vec::new();
    for run in row.chunk_by(|a, b| a == b) {
        let width = u32::try_from(run.len()).unwrap_or(0) * module;
        if run.first() == Some(&true) {
            bars.push(DarkRect { x, y, width, height });
        }
        x += width;
    }
    bars
}

/// The arrangement of symbol and text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrangement {
    /// Text, bars and the text of the symbol, one below the other.
    Linear,
    /// A square symbol with all text at its right.
    Beside,
    /// Text, a square symbol and its text, one below the other.
    Stacked,
}

/// Where a line of text may be broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    /// Nowhere.
    Nowhere,
    /// At spaces.
    Spaces,
    /// At spaces and inside words.
    Words,
}

/// One set of sizes to try, in dots.
struct TrialSizes {
    module: u32,
    /// Width of the symbol with its quiet zones.
    across: u32,
    scale: u32,
    breaks: Breaks,
    /// Shortest acceptable bars.
    bars: u32,
}

/// The content above or beside the symbol: a picture over lines of text.
struct Title<'a> {
    picture: Option<&'a LabelPicture>,
    lines: TextBlock,
}

impl Title<'_> {
    fn height(&self) -> u32 {
        self.picture.map_or(0, |picture| picture.height) + self.lines.height()
    }

    fn draw(&self, x: u32, y: u32, width: u32, centred: bool, drawing: &mut Drawing) {
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
        self.lines.draw(x, y, width, centred, drawing);
    }
}

/// Lines of text of one size.
struct TextBlock {
    lines: Vec<String>,
    scale: u32,
}

impl TextBlock {
    /// Breaks paragraphs into lines of at most `width` dots; `None` if a line would be longer.
    fn new(paragraphs: &[String], scale: u32, width: u32, breaks: Breaks) -> Option<Self> {
        let capacity = ((width + scale) / (font::ADVANCE * scale)) as usize; // the last letter needs no space after it
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

    fn draw(&self, x: u32, y: u32, width: u32, centred: bool, drawing: &mut Drawing) {
        let mut y = y;
        for text in &self.lines {
            let letters = u32::try_from(text.chars().count()).unwrap_or(0);
            let own = (letters * font::ADVANCE).saturating_sub(1) * self.scale;
            let x = if centred { x + width.saturating_sub(own) / 2 } else { x };
            drawing.lines.push(TextLine { x, y, scale: self.scale, text: text.clone() });
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

    fn written(line: &TextLine) -> Area {
        let width = (line.text.chars().count() as u32 * font::ADVANCE - 1) * line.scale;
        // Accents and descenders included.
        [line.x, line.y, line.x + width, line.y + font::ROWS * line.scale]
    }

    proptest! {
        #[test]
        fn nothing_touches_anything_else(
            text in "[ -~]{1,40}", lines in prop::collection::vec("[A-Za-z ]{0,60}", 0..6),
            symbology in prop::sample::select(vec![LabelSymbology::Code128, LabelSymbology::Qr, LabelSymbology::DataMatrix]),
            width in 1_000..15_000_u32, height in 800..20_000_u32, dpi in 150..601_u32,
        ) {
            let label = Label { symbology, payload: Payload::Text(text), picture: None, lines };
            let Ok(drawing) = drawing(&label, 1, &Media { width, height, dpi }) else { return Ok(()) };
            let margin = dots(MARGIN, dpi) as u32;
            let module = drawing.bars.iter().map(|bar| bar.width).min().unwrap();
            prop_assert!(u64::from(module) * 2_540 >= u64::from(MIN_MODULE * dpi), "modules of {} dots at {}", module, dpi);
            let (mut symbol, mut areas) = ([u32::MAX, u32::MAX, 0, 0], Vec::new());
            for bar in &drawing.bars {
                symbol = [symbol[0].min(bar.x), symbol[1].min(bar.y), symbol[2].max(bar.x + bar.width), symbol[3].max(bar.y + bar.height)];
            }
            let (beside, above) = match symbology {
                LabelSymbology::Code128 => (10 * module, 0),
                LabelSymbology::Qr => (4 * module, 4 * module),
                LabelSymbology::DataMatrix => (module, module),
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
