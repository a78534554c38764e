//! What a shift remembers between two scans. Plain data: it rests in the database as JSON and means the same after a kill.

use serde::{Deserialize, Serialize};
use stocksync_schemas::{Cell, Location, OpRef, SessionId, VariantId, limits};

use super::document::Expected;
use super::event::Reading;
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

    /// The open count, if a held scan was made in it and it has room: one more line of it.
    pub(super) fn join(&mut self, session: Option<SessionId>) -> Option<SessionId> {
        let joined = session.filter(|_| self.session == session && self.lines < limits::CLOSE_COUNTS)?;
        self.lines += 1;
        Some(joined)
    }

    /// These are held no more: what a person has named or dropped is not the last scan.
    pub(super) fn forget(&mut self, numbers: &[i64]) {
        self.done.retain(|done| done.held.is_none_or(|number| !numbers.contains(&number)));
    }
}
