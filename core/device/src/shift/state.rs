//! What a shift remembers between two scans, and what goes in and out of its machine. Plain data: it rests in the database as
//! JSON and means the same after a kill.

use serde::{Deserialize, Serialize};
use stocksync_schemas::{Body, BootId, Cell, Location, LogPoint, OpRef, SessionId, VariantId};

use super::document::Expected;
use super::measure::{Measured, Measures};
use crate::acts::Act;

/// What scanning a thing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Shows what it is; records nothing.
    #[default]
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
    /// Comes back from a customer and is no good: it goes to scrap, not to the place. To a place where such goods are looked
    /// at, they come by [`Mode::Return`].
    DamagedReturn,
}

impl Mode {
    /// Every mode, with its word on command labels.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::LookUp, "LOOKUP"),
        (Self::Receive, "RECEIVE"),
        (Self::Issue, "ISSUE"),
        (Self::Move, "MOVE"),
        (Self::Count, "COUNT"),
        (Self::Return, "RETURN"),
        (Self::Damage, "DAMAGE"),
        (Self::Waste, "WASTE"),
        (Self::SupplierReturn, "SUPPLIER-RETURN"),
        (Self::DamagedReturn, "DAMAGED-RETURN"),
    ];

    /// From where to where goods go, and the reason that is recorded; none where nothing moves.
    pub(super) fn ends(self, place: Location, target: Location) -> Option<(Location, Location, &'static str)> {
        Some(match self {
            Self::LookUp | Self::Count => return None,
            Self::Receive => (Location::SUPPLIER, place, "receipt"),
            Self::Issue => (place, Location::CUSTOMER, "sale"),
            Self::Move => (place, target, "transfer"),
            Self::Return => (Location::CUSTOMER, place, "sale_return"),
            Self::Damage => (place, Location::SCRAP, "damage"),
            Self::Waste => (place, Location::SCRAP, "waste"),
            Self::SupplierReturn => (place, Location::SUPPLIER, "supplier_return"),
            Self::DamagedReturn => (Location::CUSTOMER, place, "damaged_return"),
        })
    }

    /// Whether goods leave the place.
    pub(super) fn takes(self) -> bool {
        matches!(self, Self::Issue | Self::Move | Self::Damage | Self::Waste | Self::SupplierReturn)
    }
}

/// Where a scan came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A camera, which sees the same code many times: the same one again counts after a pause.
    #[default]
    Camera,
    /// A scanner with a trigger: every pull counts.
    Scanner,
    /// The same, typing as a keyboard does: what the keyboard's layout made of it is undone.
    Wedge,
    /// A person at a keyboard.
    Typed,
}

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
    /// GTIN-14, where the code carries one.
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
    /// GTIN-14 or empty.
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

/// A line being counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub cell: Cell,
    pub counted: i64,
    /// One pack of the last scan, thousandths.
    pub pack: i64,
    /// The last scans: what undo takes away.
    pub steps: Vec<Counted>,
    pub act: Act,
    /// What the person was shown that the books say, thousandths.
    #[serde(default)]
    pub shown: Option<i64>,
}

/// One scan of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counted {
    /// Thousandths.
    pub quantity: i64,
    /// The pallets it was of.
    pub pallets: Vec<String>,
}

/// What was last done with a pallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pallet {
    pub sscc: String,
    pub mode: Mode,
    /// From where, in a move: it may go on from its next place.
    pub from: Option<Location>,
}

/// A recorded act or a held scan, which undo and a later quantity can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    /// None until the outside says how it was recorded.
    pub op: Option<OpRef>,
    /// Of a held scan: its number, 0 until the outside says which.
    #[serde(default)]
    pub held: Option<i64>,
    /// What undo gives back to the document.
    pub expected: Option<(VariantId, i64)>,
    /// For a later quantity: the cell, one pack in thousandths, the mode.
    pub cell: Cell,
    pub pack: i64,
    pub mode: Mode,
    pub sscc: String,
    /// Where goods went, and by which document.
    pub target: Location,
    pub reference: String,
}

/// A scan that waits for an answer. It belongs to the place where it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub reading: Reading,
    pub times: u32,
    pub at_ms: i64,
    #[serde(default)]
    pub place: Option<(Location, String)>,
    #[serde(default)]
    pub target: Option<(Location, String)>,
    /// What was known then.
    #[serde(default)]
    pub act: Option<Act>,
}

/// A shift between two events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// What scanning does.
    pub mode: Mode,
    /// Where, and its name.
    pub place: Option<(Location, String)>,
    /// Where to, and its name.
    pub target: Option<(Location, String)>,
    /// The next scan counts so many times.
    pub times: Option<u32>,
    /// What is expected.
    pub expected: Option<Expected>,
    pub(super) line: Option<Line>,
    pub(super) session: Option<SessionId>,
    pub(super) lines: usize,
    pub(super) counted_places: Vec<Location>,
    pub(super) done: Vec<Done>,
    pub(super) asked: Option<Asked>,
    pub(super) lot: Option<(String, i64)>,
    /// What a camera saw last, and when: forgotten with the process.
    #[serde(skip)]
    pub(super) seen: Option<(String, i64)>,
    pub(super) handled: Vec<Pallet>,
}

impl State {
    /// The cell being counted and how much so far, thousandths.
    #[must_use]
    pub fn counting(&self) -> Option<(&Cell, i64)> {
        self.line.as_ref().map(|line| (&line.cell, line.counted))
    }

    /// What the document still asks for of a variant, thousandths; below zero: so much more came.
    #[must_use]
    pub fn left(&self, variant: VariantId) -> Option<i64> {
        self.expected.as_ref()?.lines.iter().find(|it| it.variant == variant).map(|it| it.left)
    }

    /// Whether a count is open.
    #[must_use]
    pub fn in_session(&self) -> bool {
        self.session.is_some()
    }

    /// Tells how the first act that was not told yet was recorded.
    pub fn recorded(&mut self, op: OpRef) {
        if let Some(done) = self.done.iter_mut().find(|done| done.op.is_none() && done.held.is_none()) {
            done.op = Some(op);
        }
    }

    /// Tells under which number the first scan that was not told yet is held.
    pub fn kept(&mut self, number: i64) {
        if let Some(done) = self.done.iter_mut().find(|done| done.held == Some(0)) {
            done.held = Some(number);
        }
    }

    /// These are held no more: what a person has named or dropped is not the last scan.
    pub(super) fn forget(&mut self, numbers: &[i64]) {
        self.done.retain(|done| done.held.is_none_or(|number| !numbers.contains(&number)));
    }
}
