//! A shift, as it crosses to the app: work by scanning, with a tone for each event. Owns shapes; the rules are the core's.

mod convert;
mod setup;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use stocksync_core::Inventory as Core;
use stocksync_core::shift::{self as core, HeldScanEntry, ShiftInput as CoreInput, command_label};

pub use setup::*;

use crate::{CellRef, StocksyncError, capture, views};

/// What scanning a variant does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ShiftMode {
    /// Shows what the code names; records nothing.
    LookUp,
    /// Records a receipt: from a supplier to the location.
    Receive,
    /// Records a sale: from the location to a customer.
    Issue,
    /// Records a transfer: from the location to the target.
    Move,
    /// Counts what is at the location.
    Count,
    /// Records a customer's return: from a customer to the location.
    Return,
    /// Records damage: from the location to scrap.
    Damage,
    /// Records waste: from the location to scrap.
    Waste,
    /// Records a return to a supplier: from the location to a supplier.
    SupplierReturn,
    /// Records a customer's return of unsaleable goods: from a customer to scrap; needs no location. Goods that are inspected
    /// first are recorded by `Return` to the location where that happens.
    DamagedReturn,
}

/// Which input device delivered a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ScanSource {
    /// A camera. It reports the same code with every frame: the same code within 1.5 s counts as one scan.
    Camera,
    /// A scanner with a trigger: every pull counts.
    Scanner,
    /// A scanner that types as a keyboard does; what the keyboard layout changed is undone.
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
    /// What is still expected, thousandths; negative where more was scanned than expected.
    pub quantity: i64,
    /// Tolerance, thousandths: this much more than expected gives no warning at a delivery and is not refused at a pick.
    #[uniffi(default = 0)]
    pub over: i64,
}

/// What the user does.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum ShiftInput {
    /// Scans or types a code: of a variant, a location or a command.
    Scan {
        /// The code.
        scan: ScanText,
    },
    /// Picks a location from a list.
    Location {
        /// Its id.
        location: String,
    },
    /// Changes what scanning does.
    SetMode {
        /// The new mode.
        mode: ShiftMode,
    },
    /// The next scan counts this many times, 1 to 100,000.
    Times {
        /// How many.
        times: u32,
    },
    /// The last scan was this many packs: replaces what was recorded, held or asked about. 0 in a count: none are there.
    Quantity {
        /// How many.
        packs: u32,
    },
    /// The last scan was this much: replaces what was recorded or asked about.
    Amount {
        /// Thousandths of the base unit.
        quantity: i64,
    },
    /// Takes the last scan back.
    Undo,
    /// Finishes the count, which takes effect.
    Finish {
        /// Every cell of its locations was looked at: what was not counted is not there.
        complete: bool,
    },
    /// Chooses one of several variants.
    Choose {
        /// Id of the variant.
        variant: String,
    },
    /// Enters a lot.
    Lot {
        /// `10:CODE`, `21:SERIAL`, or empty: there is none.
        lot: String,
    },
    /// Sets the document that is worked off: an order to pick, a delivery to receive. Without lines its number is written into
    /// every op and anything may be scanned: a delivery received blind, a return. No lines and no reference: no document.
    Expect {
        /// Its number; written into every op.
        reference: String,
        /// What it expects.
        lines: Vec<ExpectedLine>,
    },
}

/// The tone of an answer: four that can be told apart without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ShiftSignal {
    /// Accepted; what was recorded is durable.
    Success,
    /// Accepted and durable, but the user should look; or a question is open.
    Warning,
    /// Nothing recorded: this serial or pallet was scanned before.
    Duplicate,
    /// Not recorded as meant: an unknown code (its scan is held), or a mistake.
    Error,
}

/// The reason of a signal, for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Feedback {
    /// Recorded or counted.
    Recorded,
    /// The code names a variant; nothing was recorded (look-up mode).
    Found,
    /// Mode, location, multiplier or document was set, or the count was finished.
    ShiftUpdated,
    /// The last scan was taken back.
    Undone,
    /// The code names several variants: choose one of `choices`.
    ChooseVariant,
    /// The variant is tracked by lot or serial: scan or enter it.
    NeedLot,
    /// The label measures in another unit than the variant is counted in: enter the quantity; `measures` offers what it says.
    NeedQuantity,
    /// Not recorded: the measure on the label is zero, too large, or finer than thousandths. Enter the quantity.
    UnusableMeasure,
    /// The code carries only a lot; it is applied to the variant that is scanned next.
    LotRemembered,
    /// Scan a location first.
    NeedLocation,
    /// Scan the destination of the move first.
    NeedTarget,
    /// The code is unknown. The scan is held until its code is assigned to a variant; not so in look-up mode.
    UnknownCode,
    /// This serial or pallet was scanned before.
    AlreadyScanned,
    /// Recorded, although it expired before today.
    RecordedExpired,
    /// Recorded, although the books have it elsewhere or the document expected less.
    RecordedUnexpected,
    /// Not recorded: not on the document, or more than it asks for.
    NotOnDocument,
    /// Not recorded: the quantity is no whole number of thousandths, beyond the limits, or not one of a serial.
    InvalidQuantity,
    /// Not recorded: the count holds as many lines or locations as it may; finish it first.
    CountFull,
    /// The label is one of ours and does not verify or is of a later version, or no location has this code.
    InvalidLabel,
    /// There is nothing to take back, to choose, to answer or to correct.
    NothingToChange,
    /// Not held: a thousand scans wait; assign or discard one first.
    TooManyHeldScans,
}

/// A variant that a scanned code may name.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VariantMatchView {
    /// Id of the variant.
    pub variant: String,
    /// Its name, with its product's.
    pub name: String,
    /// Its base unit; empty if its record is not on this device.
    pub unit: String,
    /// Base units in one scan, numerator.
    pub pack_numerator: i64,
    /// Base units in one scan, denominator.
    pub pack_denominator: i64,
}

/// The answer to an input. Whatever was to be recorded is durable.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ShiftOutcome {
    /// The tone; none: stay silent (the camera still shows the same code).
    pub signal: Option<ShiftSignal>,
    /// The reason.
    pub feedback: Feedback,
    /// The cell of the scan.
    pub cell: Option<CellRef>,
    /// The quantity of this scan, thousandths.
    pub quantity: i64,
    /// On hand of the cell, thousandths; in a count, what was shown when its line began, and none in a blind one.
    pub on_hand: Option<i64>,
    /// What the document still expects of the variant, thousandths; negative where more was scanned than expected.
    pub left: Option<i64>,
    /// The variant found, or those among which to choose.
    pub choices: Vec<VariantMatchView>,
    /// The unknown code, the serial or pallet that was scanned before, the label that did not verify.
    pub text: String,
    /// What the label measures.
    pub measures: Vec<MeasureView>,
    /// Oddities of the code.
    pub warnings: Vec<String>,
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
    pub reference: String,
    /// What it still expects.
    pub expected: Vec<ExpectedLine>,
    /// The question that is open.
    pub question: Option<QuestionView>,
    /// Its settings.
    pub settings: ShiftSettings,
    /// What did not decode since the last view, so that the shift or its settings started anew. Each is reported once; `set_aside`
    /// has it from then on.
    pub set_aside: Vec<SetAsideView>,
    /// Scans that wait for a person: of unknown codes, and of questions that nobody answered.
    pub held: i64,
    /// Ops that the server has not acknowledged.
    pub pending: i64,
    /// Ops that the server will not apply.
    pub rejected: i64,
    /// Server time of the newest exchange, ms.
    pub synced_ms: Option<i64>,
}

/// A location and its name.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LocationView {
    /// Its id.
    pub location: String,
    /// Its name.
    pub name: String,
}

/// The count line in progress.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CountingView {
    /// Which cell.
    pub cell: CellRef,
    /// Counted so far, thousandths.
    pub counted: i64,
}

/// A scan that waits for a person: of an unknown code, or of a question that was not answered.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HeldScanView {
    /// Its number.
    pub number: i64,
    /// The exact text: give it to `attach`.
    pub text: String,
    /// GTIN-14 (`gtin_ids` gives the ids of a product made for it), the 13 digits that the shop's own codes of one item share,
    /// or empty.
    pub gtin: String,
    /// Lot, or empty.
    pub lot: String,
    /// The mode of the shift at the scan; `LookUp`: its stored form does not decode, so it can only be discarded.
    pub mode: ShiftMode,
    /// The location of the shift at the scan.
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
    let lines = expected.map(|document| document.lines.as_slice()).unwrap_or_default();
    let line = |line: &core::ExpectedLine| ExpectedLine {
        variant: line.variant.to_string(),
        quantity: line.left,
        over: line.over,
    };
    Ok(ShiftView {
        mode: state.mode.into(),
        location: location_view(&state.location),
        target: location_view(&state.target),
        times: state.times,
        counting: state.counting().map(|(cell, counted)| CountingView { cell: cell.into(), counted }),
        count_open: state.in_session(),
        reference: expected.map(|document| document.reference.clone()).unwrap_or_default(),
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

fn location_view(named: &Option<core::NamedLocation>) -> Option<LocationView> {
    let view = |(location, name): &core::NamedLocation| LocationView {
        location: capture::location_text(*location),
        name: name.clone(),
    };
    named.as_ref().map(view)
}

pub(crate) fn held(core: &Core) -> Result<Vec<HeldScanView>, StocksyncError> {
    let view = |HeldScanEntry { number, wall_ms, scan }| HeldScanView {
        number,
        text: scan.text,
        gtin: scan.gtin,
        lot: scan.lot,
        mode: scan.mode.into(),
        location: capture::location_text(scan.location),
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
/// `InvalidInput` for an input that has no label.
#[uniffi::export]
pub fn shift_label(input: ShiftInput) -> Result<String, StocksyncError> {
    match input.read()? {
        CoreInput::Command(command) => Ok(command_label(command)),
        _ => Err(StocksyncError::invalid("input", "has no label")),
    }
}

/// The text of a location's label, from its `code`.
///
/// # Errors
/// `InvalidInput` if the code holds neither digit nor capital letter.
#[uniffi::export]
pub fn location_label(code: String) -> Result<String, StocksyncError> {
    core::location_label(&code).ok_or_else(|| StocksyncError::invalid("code", "neither digit nor capital letter"))
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
    /// Starts without keys.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was typed at `now_ms` of any clock that does not go back, one key or several; Enter and Tab end a code,
    /// Backspace and Delete (U+0008, U+007F) take its last character away.
    /// Answers the codes that this ended.
    pub fn keys(&self, typed: String, now_ms: i64) -> Vec<ScanText> {
        let mut wedge = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        typed.chars().filter_map(|key| wedge.key(key, now_ms)).map(ScanText::from).collect()
    }

    /// Passes the time: a scanner without terminator ends a code by a pause of 250 ms.
    pub fn tick(&self, now_ms: i64) -> Option<ScanText> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tick(now_ms).map(ScanText::from)
    }
}
