//! A shift, as it crosses to the app: work by scanning, with a tone for each event. Owns shapes; the rules are the core's.

mod convert;
mod setup;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use stocksync_core::shift::{self as core, Input, command_label};
use stocksync_core::{HeldRow, Inventory as Core};

pub use setup::*;

use crate::{CellRef, StocksyncError, capture, views};

/// What scanning a thing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ShiftMode {
    /// Shows what it is; records nothing.
    LookUp,
    /// Arrives at the place from a supplier.
    Receive,
    /// Leaves the place for a customer.
    Issue,
    /// Leaves the place for the target.
    Move,
    /// Is there.
    Count,
    /// Comes back from a customer.
    Return,
    /// Leaves the place as damaged.
    Damage,
    /// Leaves the place as waste.
    Waste,
    /// Goes back from the place to a supplier.
    SupplierReturn,
    /// Comes back from a customer and is no good: it goes to scrap and needs no place. To a place where such goods are
    /// looked at, they come by `Return`.
    DamagedReturn,
}

/// Where a scan came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ScanSource {
    /// A camera, which sees the same code many times: the same one counts again after a pause of 1.5 s.
    Camera,
    /// A scanner with a trigger: every pull counts.
    Scanner,
    /// The same, typing as a keyboard does: what the keyboard's layout made of it is undone.
    Wedge,
    /// A person at a keyboard.
    Typed,
}

/// A scanned or typed text.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ScanText {
    /// As delivered.
    pub text: String,
    /// The symbology identifier beside it (`]C1`), none or empty if there is none.
    pub symbology: Option<String>,
    /// Where it came from.
    pub source: ScanSource,
}

/// One line of a document that is worked off.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ExpectedLine {
    /// Id of the variant.
    pub variant: String,
    /// How much is to come or to go, thousandths; below zero: so much more came.
    pub quantity: i64,
    /// How much more than asked for is as good as asked for, thousandths: no warning at a delivery, no block at a pick.
    #[uniffi(default = 0)]
    pub over: i64,
}

/// What the person does.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum ShiftInput {
    /// Scans or types a code: of a thing, a place or a command.
    Scan {
        /// The code.
        scan: ScanText,
    },
    /// Picks a place from a list.
    Place {
        /// Its id.
        location: String,
    },
    /// Changes what scanning does.
    SetMode {
        /// To this.
        mode: ShiftMode,
    },
    /// The next scan counts so many times, 1 to 100,000.
    Times {
        /// So many.
        times: u32,
    },
    /// The last scan was so many packs: in place of what was recorded, held or asked about. 0 in a count: none are there.
    Quantity {
        /// So many.
        packs: u32,
    },
    /// The last scan was so much: in place of what was recorded or asked about.
    Amount {
        /// Thousandths of the base unit.
        quantity: i64,
    },
    /// Takes the last scan back.
    Undo,
    /// Ends a count: now it acts.
    Finish {
        /// Every cell of its places was looked at: what was not counted is not there.
        complete: bool,
    },
    /// Says which of several things it is.
    Choose {
        /// Id of the variant.
        variant: String,
    },
    /// Says which lot.
    Lot {
        /// `10:CODE`, `21:SERIAL`, or empty: there is none.
        lot: String,
    },
    /// Works off a document: an order to pick, a delivery to receive. Without lines its number stands in every act, and
    /// anything goes: a delivery received blind, a return. No lines and no reference: no longer.
    Expect {
        /// Its number; stands in every act.
        reference: String,
        /// What it says.
        lines: Vec<ExpectedLine>,
    },
}

/// The tone: four that can be told apart without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ShiftSignal {
    /// Done, and durable.
    Done,
    /// Done and durable, but look; or a question to answer.
    Attention,
    /// Nothing done: this piece was scanned before.
    Duplicate,
    /// Not done as meant: an unknown code (which is kept), or a mistake.
    Failed,
}

/// Why, for the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ShiftReason {
    /// Recorded or counted.
    Done,
    /// Found; nothing was recorded.
    Found,
    /// Mode, place, multiplier or document is set, or the count is finished.
    Set,
    /// Taken back.
    Undone,
    /// Which of `choices` is it?
    Choose,
    /// Which lot?
    WhichLot,
    /// How much? The label measures in another unit than the thing is counted in: `measures` offers what it says.
    HowMuch,
    /// Not recorded: what the label measures is finer than thousandths, nothing, or too much. How much?
    Unfit,
    /// The lot was noted; now the thing.
    LotNoted,
    /// Scan a place first.
    NeedPlace,
    /// Scan where the goods go first.
    NeedTarget,
    /// The code is unknown. The scan is kept until somebody says what it was; not so in look-up.
    Unknown,
    /// This piece or pallet was scanned before.
    Again,
    /// Recorded, but it expired before today.
    Expired,
    /// Recorded, but it is not where the books have it, or more than expected.
    Unexpected,
    /// Not recorded: not in the document (nor known at all), or more than it says.
    NotExpected,
    /// Not recorded: a part of a pack cannot be counted, or several of one serial.
    NotWhole,
    /// Not recorded: the count has as many lines as one may have; finish it first.
    FinishFirst,
    /// A label of ours that was misread, or the code of no place.
    BadLabel,
    /// There is nothing to take back, to choose or to change.
    Nothing,
    /// Not kept: a thousand unknown codes wait; say what they were first.
    HeldFull,
}

/// A thing that a code may be.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ThingView {
    /// Id of the variant.
    pub variant: String,
    /// For the screen.
    pub name: String,
    /// Its base unit, in people's words; empty if it is not here.
    pub unit: String,
    /// Base units in one scan, numerator.
    pub pack_numerator: i64,
    /// Base units in one scan, denominator.
    pub pack_denominator: i64,
}

/// What came of an input. Whatever was to be recorded is durable.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ShiftOutcome {
    /// The tone; none: stay silent (the camera still sees the same code).
    pub signal: Option<ShiftSignal>,
    /// Why.
    pub reason: ShiftReason,
    /// The cell of the scan.
    pub cell: Option<CellRef>,
    /// What this scan was, thousandths.
    pub quantity: i64,
    /// What the cell shows now, thousandths; in a count, what it showed when its line began, and none in a blind one.
    pub on_hand: Option<i64>,
    /// What the document still asks for of this thing, thousandths; below zero: so much more came.
    pub left: Option<i64>,
    /// The thing found, or those among which to choose.
    pub choices: Vec<ThingView>,
    /// The unknown code, the serial or pallet seen again, the label that was misread.
    pub text: String,
    /// What the label measures.
    pub measures: Vec<MeasureView>,
    /// What is odd about the code.
    pub warnings: Vec<String>,
}

/// How a shift stands. It is the same after a restart.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ShiftView {
    /// What scanning does.
    pub mode: ShiftMode,
    /// Id of the place, and its name.
    pub place: Option<PlaceView>,
    /// Where goods go in a move.
    pub target: Option<PlaceView>,
    /// The next scan counts so many times.
    pub times: Option<u32>,
    /// The line being counted.
    pub counting: Option<CountingView>,
    /// A count is open.
    pub count_open: bool,
    /// Number of the document that is worked off, or empty.
    pub reference: String,
    /// What it still expects.
    pub expected: Vec<ExpectedLine>,
    /// The question that is open.
    pub question: Option<QuestionView>,
    /// How it is set up.
    pub settings: ShiftSettings,
    /// What could not be read since the last view, so that the shift or its settings started anew. Told once; `set_aside`
    /// has it from then on.
    pub set_aside: Vec<SetAsideView>,
    /// Scans that wait for a person: of unknown codes, and of questions that nobody answered.
    pub held: i64,
    /// Acts waiting for the server.
    pub pending: i64,
    /// Acts that the server will not apply.
    pub rejected: i64,
    /// Server time of the newest exchange, ms.
    pub synced_ms: Option<i64>,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlaceView {
    /// Its id.
    pub location: String,
    /// Its name.
    pub name: String,
}

/// A line being counted.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CountingView {
    /// Which cell.
    pub cell: CellRef,
    /// So far, thousandths.
    pub counted: i64,
}

/// A scan that waits for a person: of an unknown code, or of a question that nobody answered before other work.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HeldView {
    /// Its number.
    pub number: i64,
    /// The exact text: give it to `attach`.
    pub text: String,
    /// GTIN-14 (`gtin_ids` gives the ids of a product made for it), the 13 digits that the shop's own codes of one item share,
    /// or empty.
    pub gtin: String,
    /// Lot, or empty.
    pub lot: String,
    /// What was being done; `LookUp`: that cannot be read any more, so that nothing can be recorded, only dropped.
    pub mode: ShiftMode,
    /// Where.
    pub location: String,
    /// How many packs.
    pub times: u32,
    /// Number of the document, or empty.
    pub reference: String,
    /// What the label measures.
    pub measures: Vec<MeasureView>,
    /// Wall clock of the scan, ms.
    pub wall_ms: i64,
}

pub(crate) fn run(core: &Core, input: ShiftInput) -> Result<ShiftOutcome, StocksyncError> {
    Ok(core.shift(input.read()?)?.into())
}

pub(crate) fn view(core: &Core) -> Result<ShiftView, StocksyncError> {
    let (shift, status) = (core.shift_view()?, core.status()?);
    let state = &shift.state;
    let expected = state.expected.as_ref();
    let lines = expected.map(|it| it.lines.as_slice()).unwrap_or_default();
    let line =
        |it: &core::ExpectedLine| ExpectedLine { variant: it.variant.to_string(), quantity: it.left, over: it.over };
    Ok(ShiftView {
        mode: state.mode.into(),
        place: place_view(&state.place),
        target: place_view(&state.target),
        times: state.times,
        counting: state.counting().map(|(cell, counted)| CountingView { cell: cell.into(), counted }),
        count_open: state.in_session(),
        reference: expected.map(|it| it.reference.clone()).unwrap_or_default(),
        expected: lines.iter().map(line).collect(),
        question: state.question().map(QuestionView::from),
        settings: shift.settings.clone().into(),
        set_aside: shift.set_aside.into_iter().map(SetAsideView::from).collect(),
        held: views::signed(shift.held),
        pending: views::signed(status.pending),
        rejected: views::signed(status.rejected),
        synced_ms: status.synced_ms,
    })
}

fn place_view(it: &Option<(stocksync_schemas::Location, String)>) -> Option<PlaceView> {
    it.as_ref().map(|(place, name)| PlaceView { location: capture::location_text(*place), name: name.clone() })
}

pub(crate) fn held(core: &Core) -> Result<Vec<HeldView>, StocksyncError> {
    let view = |HeldRow { number, wall_ms, scan }| HeldView {
        number,
        text: scan.text,
        gtin: scan.gtin,
        lot: scan.lot,
        mode: scan.mode.into(),
        location: capture::location_text(scan.place),
        times: scan.times,
        reference: scan.reference,
        measures: scan.measures.all.into_iter().map(MeasureView::from).collect(),
        wall_ms,
    };
    Ok(core.held_scans()?.into_iter().map(view).collect())
}

/// The text of a label that does what `input` does: mode, multiplier, quantity, undo, finish.
///
/// # Errors
/// `InvalidInput` for an input that no label can say.
#[uniffi::export]
pub fn shift_label(input: ShiftInput) -> Result<String, StocksyncError> {
    match input.read()? {
        Input::Command(command) => Ok(command_label(command)),
        _ => Err(StocksyncError::invalid("input", "no label says this")),
    }
}

/// The text of a place's label, from the location's `code`.
///
/// # Errors
/// `InvalidInput` if the code holds neither digit nor capital letter.
#[uniffi::export]
pub fn place_label(code: String) -> Result<String, StocksyncError> {
    core::place_label(&code).ok_or_else(|| StocksyncError::invalid("code", "neither digit nor capital letter"))
}

/// The scan in the extras of a vendor's broadcast: Zebra DataWedge or Honeywell. None where there is no text.
#[uniffi::export]
pub fn scan_of_intent(extras: HashMap<String, String>) -> Option<ScanText> {
    core::scan_of_intent(&extras).map(ScanText::from)
}

/// Gathers the keys of a scanner that types.
#[derive(Debug, Default, uniffi::Object)]
pub struct Wedge(Mutex<core::Wedge>);

#[uniffi::export]
impl Wedge {
    /// Nothing gathered.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was typed at `now_ms` of any clock that does not go back, one key or several; Enter and Tab end a code,
    /// Backspace and Delete (U+0008, U+007F) take its last character away.
    /// Answers the codes that this ended.
    pub fn keys(&self, typed: String, now_ms: i64) -> Vec<ScanText> {
        let mut wedge = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        typed.chars().filter_map(|key| wedge.key(key, now_ms)).map(ScanText::from).collect()
    }

    /// Says what time it is: a scanner without terminator ends a code by a pause of 250 ms.
    pub fn tick(&self, now_ms: i64) -> Option<ScanText> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tick(now_ms).map(ScanText::from)
    }
}
