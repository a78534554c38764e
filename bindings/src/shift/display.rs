//! What a screen shows of a shift, with names and units.

use stocksync_core::Inventory as Core;
use stocksync_core::shift::{self as core, HeldScanEntry, NamedLocation, Question, VariantMatch};
use stocksync_schemas::{VariantId, limits};

use super::convert::{FeedbackParts, feedback_parts};
use super::{Feedback, SetAsideView, ShiftMode, ShiftSettings, ShiftSignal};
use crate::views::{Named, Wanted, signed};
use crate::{
    CellView, LocationView, MeasureView, Pack, PageToken, Quantity, ScanWarning, StocksyncError, Timestamp, VariantView,
};

/// A variant that a scanned code may name.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VariantMatchView {
    /// The variant.
    pub variant: VariantView,
    /// How many base units one scan is.
    pub pack: Pack,
}

/// The answer to an input. Whatever was to be recorded is durable.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ShiftOutcome {
    /// The tone; none: stay silent (the camera still shows the same code).
    pub signal: Option<ShiftSignal>,
    /// The reason.
    pub feedback: Feedback,
    /// The cell of the scan.
    pub cell: Option<CellView>,
    /// The quantity of this scan.
    pub quantity: Quantity,
    /// On hand of the cell; in a count, what was shown when its line began, and none in a blind one.
    pub on_hand: Option<Quantity>,
    /// What the document still expects of the variant; negative where more was scanned than expected.
    pub left: Option<Quantity>,
    /// The variant found, or those among which to choose.
    pub choices: Vec<VariantMatchView>,
    /// The unknown code, the serial or pallet that was scanned before, the label that did not verify.
    pub text: String,
    /// What the label measures.
    pub measures: Vec<MeasureView>,
    /// Oddities of the code.
    pub warnings: Vec<ScanWarning>,
}

/// The count line in progress.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CountingView {
    /// Which cell.
    pub cell: CellView,
    /// Counted so far.
    pub counted: Quantity,
}

/// What a document still expects of one variant.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ExpectedLineView {
    /// Which variant.
    pub variant: VariantView,
    /// How much is still expected; negative where more was scanned than expected.
    pub left: Quantity,
    /// Tolerance.
    pub over: Quantity,
}

/// The pending question; it is still open after a restart.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct QuestionView {
    /// `ChooseVariant`, `NeedLot`, `NeedQuantity` or `UnusableMeasure`.
    pub feedback: Feedback,
    /// The variant, or those among which to choose.
    pub choices: Vec<VariantMatchView>,
    /// Where the scan was made; its answer is recorded there.
    pub location: Option<LocationView>,
    /// How many packs.
    pub times: u32,
    /// What the label measures.
    pub measures: Vec<MeasureView>,
}

/// A shift, for display. It is the same after a restart.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ShiftView {
    /// What scanning does.
    pub mode: ShiftMode,
    /// Where the person works; in a move, the source.
    pub location: Option<LocationView>,
    /// The destination of a move.
    pub target: Option<LocationView>,
    /// The next scan counts this many times.
    pub times: Option<u32>,
    /// The count line in progress.
    pub counting: Option<CountingView>,
    /// A count is open.
    pub count_open: bool,
    /// Number of the document that is worked off, or empty.
    pub document: String,
    /// What it still expects.
    pub expected: Vec<ExpectedLineView>,
    /// The question that is open.
    pub question: Option<QuestionView>,
    /// Its settings.
    pub settings: ShiftSettings,
    /// What did not decode since the last view, so that the shift or its settings started anew. Each is reported once;
    /// `Shift.set_aside` has it from then on.
    pub set_aside: Vec<SetAsideView>,
    /// Scans that wait for a person: of unknown codes, and of questions that nobody answered.
    pub held: i64,
    /// Ops that wait to be sent.
    pub pending: i64,
    /// Ops that the server will not apply.
    pub rejected: i64,
    /// When the newest exchange was, by the server's clock; none before the first.
    pub synced: Option<Timestamp>,
}

/// A scan that waits for a person: of an unknown code, or of a question that was not answered.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HeldScanView {
    /// Its number.
    pub number: i64,
    /// The exact text: give it to `Shift.attach`.
    pub text: String,
    /// GTIN-14 (`Records.gtin_ids` gives the ids of a product made for it), the 13 digits that the shop's own codes of one item
    /// share, or empty.
    pub gtin: String,
    /// The variants that the code names by now; none where it is unknown.
    pub variants: Vec<VariantView>,
    /// Lot, or empty.
    pub lot: String,
    /// The mode of the shift at the scan; `LookUp`: its stored form does not decode, so it can only be discarded.
    pub mode: ShiftMode,
    /// The location of the shift at the scan.
    pub location: LocationView,
    /// How many packs.
    pub times: u32,
    /// Number of the document, or empty.
    pub document: String,
    /// What the label measures.
    pub measures: Vec<MeasureView>,
    /// Wall clock of the scan.
    pub scanned: Timestamp,
}

/// One page of held scans, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HeldScanPage {
    /// The rows.
    pub rows: Vec<HeldScanView>,
    /// Where the next page begins; none on the last.
    pub next: Option<PageToken>,
}

pub(super) fn outcome(core: &Core, outcome: core::ShiftOutcome) -> Result<ShiftOutcome, StocksyncError> {
    let core::ShiftOutcome { signal, feedback, on_hand, left, measures, warnings } = outcome;
    let (feedback, FeedbackParts { cell, choices, text }) = feedback_parts(feedback);
    let mut wanted = Wanted::of_cells(cell.iter().map(|(cell, _)| cell));
    wanted.variants.extend(choices.iter().map(|choice| choice.variant));
    let named = wanted.load(core)?;
    Ok(ShiftOutcome {
        signal: signal.map(ShiftSignal::from),
        feedback,
        cell: cell.as_ref().map(|(cell, _)| named.cell(cell)),
        quantity: Quantity(cell.map_or(0, |(_, quantity)| quantity)),
        on_hand: on_hand.map(Quantity),
        left: left.map(Quantity),
        choices: matches(&named, &choices),
        text,
        measures: measures.into_iter().map(Into::into).collect(),
        warnings: warnings.into_iter().map(Into::into).collect(),
    })
}

pub(super) fn view(core: &Core) -> Result<ShiftView, StocksyncError> {
    let (shift, status) = (core.shift_view()?, core.status()?);
    let state = &shift.state;
    let document = state.expected.as_ref();
    let lines = document.map(|document| document.lines.as_slice()).unwrap_or_default();
    let question = state.question();
    let (asked, parts) = question.as_ref().map(|asked| feedback_parts(asked.feedback.clone())).unzip();
    let choices = parts.map(|parts| parts.choices).unwrap_or_default();
    let mut wanted = Wanted::of_cells(state.counting().iter().map(|(cell, _)| *cell));
    wanted.variants.extend(lines.iter().map(|line| line.variant).chain(choices.iter().map(|choice| choice.variant)));
    let asked_at = question.as_ref().and_then(|question| question.location.as_ref());
    let locations: Vec<&NamedLocation> = state.location.iter().chain(&state.target).chain(asked_at).collect();
    wanted.locations.extend(locations.iter().map(|(location, _)| *location));
    let named = wanted.load(core)?;
    let location = |of: &Option<NamedLocation>| of.as_ref().map(|(location, _)| named.location(*location));
    let question_view = |question: Question, feedback| QuestionView {
        feedback,
        choices: matches(&named, &choices),
        location: location(&question.location),
        times: question.times,
        measures: question.measures.into_iter().map(Into::into).collect(),
    };
    let expected = |line: &core::ExpectedLine| ExpectedLineView {
        variant: named.variant(line.variant),
        left: Quantity(line.left),
        over: Quantity(line.over),
    };
    let counting = |(cell, counted)| CountingView { cell: named.cell(cell), counted: Quantity(counted) };
    Ok(ShiftView {
        mode: state.mode.into(),
        location: location(&state.location),
        target: location(&state.target),
        times: state.times,
        counting: state.counting().map(counting),
        count_open: state.in_session(),
        document: document.map(|document| document.reference.clone()).unwrap_or_default(),
        expected: lines.iter().map(expected).collect(),
        question: question.zip(asked).map(|(question, feedback)| question_view(question, feedback)),
        settings: shift.settings.clone().into(),
        set_aside: shift.set_aside.into_iter().map(Into::into).collect(),
        held: signed(shift.held),
        pending: signed(status.pending),
        rejected: signed(status.rejected),
        synced: status.synced_ms.map(Timestamp),
    })
}

fn matches(named: &Named, choices: &[VariantMatch]) -> Vec<VariantMatchView> {
    let view = |choice: &VariantMatch| VariantMatchView {
        variant: named.variant(choice.variant),
        pack: Pack { numerator: choice.pack_numerator, denominator: choice.pack_denominator },
    };
    choices.iter().map(view).collect()
}

pub(super) fn held_scans(core: &Core, after: Option<&PageToken>, limit: u32) -> Result<HeldScanPage, StocksyncError> {
    if !(1..=limits::PAGE_ROWS).contains(&limit) {
        return Err(StocksyncError::invalid("limit", format!("a page holds 1 to {} rows", limits::PAGE_ROWS)));
    }
    let after: Option<i64> = after
        .map(|token| token.0.parse().map_err(|_| StocksyncError::invalid("after", "not `next` of a page of this list")))
        .transpose()?;
    let limit = limit as usize;
    let mut rows = core.held_scans()?;
    rows.retain(|row| after.is_none_or(|after| row.number > after));
    rows.truncate(limit);
    let next = rows.last().filter(|_| rows.len() == limit).map(|row| PageToken(row.number.to_string()));
    let mut wanted = Wanted::default();
    let mut variants = Vec::new();
    for row in &rows {
        // A text that was held was scanned: that it is understood no more leaves it without a name.
        let found = core.lookup(&row.scan.text, None).map(|found| found.matches).unwrap_or_default();
        let found: Vec<VariantId> = found.iter().map(|found| found.identifier.variant).collect();
        wanted.variants.extend(&found);
        wanted.locations.insert(row.scan.location);
        variants.push(found);
    }
    let named = wanted.load(core)?;
    let view = |(row, variants): (HeldScanEntry, Vec<VariantId>)| held_scan(&named, row, &variants);
    Ok(HeldScanPage { rows: rows.into_iter().zip(variants).map(view).collect(), next })
}

fn held_scan(named: &Named, row: HeldScanEntry, variants: &[VariantId]) -> HeldScanView {
    let HeldScanEntry { number, wall_ms, scan } = row;
    HeldScanView {
        number,
        text: scan.text,
        gtin: scan.gtin,
        variants: variants.iter().map(|variant| named.variant(*variant)).collect(),
        lot: scan.lot,
        mode: scan.mode.into(),
        location: named.location(scan.location),
        times: scan.times,
        document: scan.reference,
        measures: scan.measures.all.into_iter().map(Into::into).collect(),
        scanned: Timestamp(wall_ms),
    }
}
