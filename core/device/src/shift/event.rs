//! What goes into the state machine of a shift and what comes out.
//!
//! Owns the shapes of events, effects and feedback. Those that wait for a person are stored as JSON, whose keys stay what the
//! first version wrote (`serde(rename)`).

use serde::{Deserialize, Serialize};
use stocksync_schemas::{Body, BootId, Cell, Location, LogPoint, SessionId, VariantId};

use super::document::ExpectedDocument;
use super::state::ShiftMode;
use crate::acts::Act;
use crate::measure::{LabelQuantity, Measures};

/// A variant that a scanned code may name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VariantMatch {
    /// Which variant.
    pub variant: VariantId,
    /// Its name, with its product's.
    pub name: String,
    /// Its base unit; empty if its record is not on this device.
    #[serde(default)]
    pub unit: String,
    /// Base units in one scan, numerator.
    pub pack_numerator: i64,
    /// Base units in one scan, denominator.
    pub pack_denominator: i64,
    /// Its stock is tracked by lot or serial, so a scan without one asks for it.
    #[serde(rename = "wants_lot")]
    pub needs_lot: bool,
    /// What the measures on the label say about the quantity.
    #[serde(default, rename = "measured")]
    pub label_quantity: Option<LabelQuantity>,
}

/// What the ledger knows about one serial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SerialStatus {
    /// It is at the location of the shift.
    #[serde(rename = "here")]
    pub at_location: bool,
    /// It is at the target of the move.
    #[serde(rename = "there")]
    pub at_target: bool,
    /// It is at some location that is not virtual.
    #[serde(rename = "somewhere")]
    pub in_stock: bool,
    /// A cell of this serial exists.
    pub known: bool,
    /// The open count session has counted it.
    pub counted: bool,
}

/// A scanned text with its meaning and what it names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResolvedScan {
    /// The exact text, as identifiers store it.
    pub text: String,
    /// GTIN-14, or the 13 digits that in-store codes of one item share; empty where the code has neither.
    pub gtin: String,
    /// Lot as ops name it: empty, `10:CODE` or `21:SERIAL`.
    pub lot: String,
    /// The variants that it names, best first. More than one: the user chooses.
    #[serde(rename = "things")]
    pub matches: Vec<VariantMatch>,
    /// It carries a lot and nothing that could name a variant: the second symbol of a box.
    pub only_lot: bool,
    /// How many packs the code says there are (AI 30, or AI 37 of a pallet).
    #[serde(rename = "inside")]
    pub contained_packs: Option<u32>,
    /// Pallet number (SSCC); empty where the code carries none.
    pub sscc: String,
    /// Present where the lot is a serial.
    #[serde(rename = "piece")]
    pub serial: Option<SerialStatus>,
    /// The same text is held already from the same mode, location and session.
    #[serde(default, rename = "held")]
    pub already_held: bool,
    /// It expired before today.
    pub expired: bool,
    /// Oddities of the code, for display.
    pub warnings: Vec<String>,
    /// What the label measures.
    #[serde(default)]
    pub measures: Measures,
    /// The quantity that the user entered, thousandths; takes precedence over pack and label.
    #[serde(default)]
    pub amount: Option<i64>,
}

/// What happens to a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShiftEvent {
    /// A code was scanned and resolved.
    Scanned(ResolvedScan),
    /// A label of ours did not verify, or no location has its code.
    InvalidLabel(String),
    /// A location was scanned or picked.
    Location(Location, String),
    /// The mode changes.
    Mode(ShiftMode),
    /// The next scan counts this many times.
    Times(u32),
    /// The last scan was this many packs: replaces what was recorded. 0 in a count: none are there.
    Quantity(u32),
    /// The last scan was this much, thousandths: replaces what was recorded, or answers a pending question.
    Amount(i64),
    /// The user chose one of several variants; with its status if the lot is a serial.
    Choose(VariantId, Option<SerialStatus>),
    /// The user entered the lot, as ops name it; empty: there is none. With its status if it is a serial.
    Lot(String, Option<SerialStatus>),
    /// Sets the document that is worked off; none: anything may be scanned.
    Expect(Option<ExpectedDocument>),
    /// Take the last scan back.
    Undo,
    /// Finishes the count line, the count and any pending question.
    Finish {
        /// Every cell of the counted locations was looked at.
        complete: bool,
    },
}

/// What the caller carries out, all effects of an event in one transaction, before it reports the signal.
#[derive(Debug, Clone, PartialEq)]
pub enum ShiftEffect {
    /// Record an op, with the act it belongs to (none: now); pass its reference to [`ShiftState::set_op_ref`] unless it is a
    /// void.
    ///
    /// [`ShiftState::set_op_ref`]: super::ShiftState::set_op_ref
    Record(Body, Option<Act>),
    /// Open a count session.
    OpenSession(SessionId, Act),
    /// Close a count session; the locations were counted completely.
    CloseSession(SessionId, Vec<Location>),
    /// Insert a held scan; pass its number to [`ShiftState::set_held_number`].
    ///
    /// [`ShiftState::set_held_number`]: super::ShiftState::set_held_number
    HoldScan(HeldScan),
    /// Set the number of packs of the held scan with this number.
    SetHeldTimes(i64, u32),
    /// Delete the held scan with this number.
    DeleteHeldScan(i64),
}

/// A scan that waits for a person, with everything needed to record it once its code is known or its question answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldScan {
    /// The exact text.
    pub text: String,
    /// GTIN-14, or the 13 digits that in-store codes of one item share; or empty.
    pub gtin: String,
    /// Lot, or empty.
    pub lot: String,
    /// The mode of the shift at the scan.
    pub mode: ShiftMode,
    /// The location of the shift at the scan.
    #[serde(rename = "place")]
    pub location: Location,
    /// The target of the shift, in a move.
    pub target: Location,
    /// How many packs.
    pub times: u32,
    /// How many of them the code itself says there are.
    #[serde(default, rename = "inside")]
    pub contained_packs: Option<u32>,
    /// What the label measures.
    #[serde(default)]
    pub measures: Measures,
    /// Number of the document, or empty.
    pub reference: String,
    /// The count session it was made in.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// What was known at the scan.
    pub act: Act,
}

/// Scheme and value of the identifier that names what such a scan names: all codes of its item, or its own text.
pub(crate) fn identifier_of<'a>(text: &'a str, gtin: &'a str) -> (&'static str, &'a str) {
    match gtin.len() {
        0 => ("raw", text),
        13 => ("rcn", gtin),
        _ => ("gtin", gtin),
    }
}

impl HeldScan {
    /// A held scan whose stored form does not decode: only its code is known. Its mode is [`ShiftMode::LookUp`], so it cannot
    /// be recorded.
    pub(super) fn unreadable(text: String, gtin: String) -> Self {
        let act = Act {
            boot_ms: 0,
            boot: BootId::default(),
            wall_ms: 0,
            seen: LogPoint::default(),
            own_seen: 0,
            exchange: 0,
            lost_tails: 0,
        };
        Self {
            text,
            gtin,
            lot: String::new(),
            mode: ShiftMode::LookUp,
            location: Location::default(),
            target: Location::default(),
            times: 0,
            contained_packs: None,
            measures: Measures::default(),
            reference: String::new(),
            session: None,
            act,
        }
    }
}

/// The tone of an answer: four that can be told apart without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Feedback {
    /// Recorded or counted: the cell, and the quantity of this scan in thousandths.
    Recorded(Cell, i64),
    /// The variant that the code names; nothing was recorded (look-up mode).
    Found(VariantMatch),
    /// Mode, location, multiplier or document was set, or the count was finished.
    #[default]
    ShiftUpdated,
    /// The last scan was taken back.
    Undone,
    /// The code names several variants: the user chooses one.
    ChooseVariant(Vec<VariantMatch>),
    /// The variant is tracked by lot or serial: the user scans or enters it.
    NeedLot(VariantMatch),
    /// The label measures in another unit than the variant is counted in: the user enters the quantity.
    NeedQuantity(VariantMatch),
    /// Nothing was recorded: the measure on the label is zero, too large, or finer than thousandths of the variant's unit. The
    /// user enters the quantity.
    UnusableMeasure(VariantMatch),
    /// The code carries only a lot; it is applied to the variant that is scanned next.
    LotRemembered,
    /// A location must be scanned first.
    NeedLocation,
    /// The destination of the move must be scanned first.
    NeedTarget,
    /// The code is unknown; the scan is held under this text (not in look-up mode).
    UnknownCode(String),
    /// This serial or pallet was scanned before.
    AlreadyScanned(String),
    /// Recorded, although it expired before today.
    RecordedExpired(Cell, i64),
    /// Recorded, although the books have it elsewhere or the document expected less.
    RecordedUnexpected(Cell, i64),
    /// Nothing was recorded: not on the document, or more than it asks for.
    NotOnDocument(String),
    /// Nothing was recorded: the quantity is no whole number of thousandths, beyond the limits, or not one of a serial.
    InvalidQuantity,
    /// The count holds as many lines or locations as it may: finish it first.
    CountFull,
    /// The label is one of ours and does not verify or is of a later version, or no location has this code.
    InvalidLabel(String),
    /// There is nothing to take back, to choose, to answer or to correct.
    NothingToChange,
    /// Nothing was held: as many scans wait as may; assign or discard one first.
    TooManyHeldScans,
}

impl Feedback {
    /// The cell that was recorded or counted.
    #[must_use]
    pub fn cell(&self) -> Option<&Cell> {
        match self {
            Self::Recorded(cell, _) | Self::RecordedExpired(cell, _) | Self::RecordedUnexpected(cell, _) => Some(cell),
            _ => None,
        }
    }
}

/// The answer of the state machine to one event.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftStep {
    /// The tone.
    pub signal: ShiftSignal,
    /// Its reason.
    pub feedback: Feedback,
    /// To carry out before the tone sounds.
    pub effects: Vec<ShiftEffect>,
}
