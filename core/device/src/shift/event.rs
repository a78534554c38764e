//! What goes into the machine of a shift and what comes out. Plain data; what waits for a person rests in the database as JSON.

use serde::{Deserialize, Serialize};
use stocksync_schemas::{Body, BootId, Cell, Location, LogPoint, SessionId, VariantId};

use super::document::Expected;
use super::state::Mode;
use crate::acts::Act;
use crate::measure::{Measured, Measures};

/// One thing that a code may be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Thing {
    /// Which variant.
    pub variant: VariantId,
    /// For the screen.
    pub name: String,
    /// Its base unit, in people's words.
    #[serde(default)]
    pub unit: String,
    /// Base units in one scan, numerator.
    pub pack_numerator: i64,
    /// Base units in one scan, denominator.
    pub pack_denominator: i64,
    /// Lots must be named.
    pub wants_lot: bool,
    /// What the label says of how much this is.
    #[serde(default)]
    pub measured: Option<Measured>,
}

/// What the ledger knows about a single piece (a serial).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Piece {
    /// It is at the place of the shift.
    pub here: bool,
    /// It is where a move goes.
    pub there: bool,
    /// It is at some real place.
    pub somewhere: bool,
    /// It was handled before.
    pub known: bool,
    /// The open count session has counted it.
    pub counted: bool,
}

/// What a scanned text says, looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// The exact text, as identifiers are stored.
    pub text: String,
    /// GTIN-14, or the 13 digits that in-store codes of one item share; empty where the code has neither.
    pub gtin: String,
    /// Lot as ops name it: empty, `10:CODE` or `21:SERIAL`.
    pub lot: String,
    /// What it names, best first. More than one: a person chooses.
    pub things: Vec<Thing>,
    /// It carries a lot and nothing that could name a thing: the second symbol of a box.
    pub only_lot: bool,
    /// How many packs the code says there are (AI 30, or AI 37 of a pallet).
    pub inside: Option<u32>,
    /// Pallet number (SSCC), where the code carries one.
    pub sscc: String,
    /// Where the lot is a serial.
    pub piece: Option<Piece>,
    /// The same text is held from the same work.
    #[serde(default)]
    pub held: bool,
    /// It expired before today.
    pub expired: bool,
    /// What is odd about the code.
    pub warnings: Vec<String>,
    /// What the label measures.
    #[serde(default)]
    pub measures: Measures,
    /// How much it is, thousandths, whatever pack and label say: the person said so.
    #[serde(default)]
    pub amount: Option<i64>,
}

/// What happens to a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A code was scanned, and looked up.
    Scanned(Reading),
    /// A label of ours was misread, or no place has its code.
    BadLabel(String),
    /// The label of a place was scanned, or the place picked.
    Place(Location, String),
    /// The mode changes.
    Mode(Mode),
    /// The next scan counts so many times.
    Times(u32),
    /// The last scan was of so many packs: instead of what was recorded. 0 in a count: none are there.
    Quantity(u32),
    /// The last scan was so much, thousandths: instead of what was recorded, or asked about.
    Amount(i64),
    /// The person chose among several things; with what is known of it if it is a serial.
    Choose(VariantId, Option<Piece>),
    /// The lot that was asked for, as ops name it; empty: there is none. With what is known of it if it is a serial.
    Lot(String, Option<Piece>),
    /// Only this is expected: an order to pick, a delivery to receive. None: anything.
    Expect(Option<Expected>),
    /// Take the last scan back.
    Undo,
    /// The count line or the whole count is done; `complete`: every cell of the places was looked at.
    Finish {
        /// The person looked at everything.
        complete: bool,
    },
}

/// What the outside must do before the answer is given, all in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Record an act, begun then or now; its reference goes back by [`State::recorded`].
    Record(Body, Option<Act>),
    /// Open a session of counts.
    OpenSession(SessionId, Act),
    /// Close it.
    CloseSession(SessionId, Vec<Location>),
    /// Keep the scan of an unknown code; its number goes back by [`State::kept`].
    Hold(HeldScan),
    /// The scan held under this number was of so many packs.
    HoldTimes(i64, u32),
    /// Keep the scan held under this number no more.
    LetGo(i64),
}

/// A scan that waits for a person: what to record once its code is known, or its question answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldScan {
    /// The exact text.
    pub text: String,
    /// GTIN-14, or the 13 digits that in-store codes of one item share; or empty.
    pub gtin: String,
    /// Lot or empty.
    pub lot: String,
    /// What was being done.
    pub mode: Mode,
    /// Where.
    pub place: Location,
    /// Where to, in a move.
    pub target: Location,
    /// How many packs.
    pub times: u32,
    /// How many of them the code itself says there are.
    #[serde(default)]
    pub inside: Option<u32>,
    /// What the label measures.
    #[serde(default)]
    pub measures: Measures,
    /// Number of the document, or empty.
    pub reference: String,
    /// The count it belongs to.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// What was known then.
    pub act: Act,
}

/// Scheme and value of the identifier that names what such a scan names: all codes of its item, or its own text.
pub(crate) fn identified<'a>(text: &'a str, gtin: &'a str) -> (&'static str, &'a str) {
    match gtin.len() {
        0 => ("raw", text),
        13 => ("rcn", gtin),
        _ => ("gtin", gtin),
    }
}

impl HeldScan {
    /// Of which only the code is known any more.
    pub(crate) fn forgotten(text: String, gtin: String) -> Self {
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
            mode: Mode::LookUp,
            place: Location::default(),
            target: Location::default(),
            times: 0,
            inside: None,
            measures: Measures::default(),
            reference: String::new(),
            session: None,
            act,
        }
    }
}

/// The tone: four that can be told apart without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Done, and durable.
    Ok,
    /// Done and durable, but look; or a question to answer.
    Warning,
    /// Nothing done: this piece was scanned before.
    Duplicate,
    /// Not done as meant: unknown code (which is kept), or a mistake.
    Error,
}

/// Why, for the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Say {
    /// Recorded or counted: which cell, how much this scan was, thousandths.
    Done(Cell, i64),
    /// Found: nothing was recorded.
    Found(Thing),
    /// The mode, place, multiplier or document is set.
    #[default]
    Set,
    /// Taken back.
    Undone,
    /// Which of these is it?
    Choose(Vec<Thing>),
    /// Which lot?
    WhichLot(Thing),
    /// How much? Its label measures in another unit than it is counted in.
    HowMuch(Thing),
    /// Nothing was recorded: what its label measures is finer than thousandths of its unit, nothing, or too much. How much?
    Unfit(Thing),
    /// The lot was noted; now the thing.
    LotNoted,
    /// Scan a place first.
    NeedPlace,
    /// Scan where the goods go first.
    NeedTarget,
    /// The code is unknown; the scan is kept under this text.
    Unknown(String),
    /// This piece or pallet was scanned before.
    Again(String),
    /// It expired before today.
    Expired(Cell, i64),
    /// It is not where the books have it, or more than expected; recorded all the same.
    Unexpected(Cell, i64),
    /// Not in the document, or more than it says; nothing was recorded.
    NotExpected(String),
    /// A part of a pack cannot be counted in thousandths.
    NotWhole,
    /// The count has as many lines as one may have: finish it first.
    FinishFirst,
    /// The label is one of ours and misread or of a later version; or no place has this code.
    BadLabel(String),
    /// There is nothing to take back, to choose or to change.
    Nothing,
    /// So many unknown codes are kept that one must be cleared first.
    HeldFull,
}

/// The answer to one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// None: stay silent (a camera sees the same code still).
    pub signal: Option<Signal>,
    /// Why.
    pub say: Say,
    /// To do before that.
    pub effects: Vec<Effect>,
}
