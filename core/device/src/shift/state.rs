//! The state of a shift between two events.
//!
//! Owns its stored form: JSON, whose keys stay what the first version wrote (`serde(rename)`), so that a state written by any
//! earlier version decodes. Must never hold a rule: those are in [`machine`](super::machine).

use serde::{Deserialize, Serialize};
use stocksync_schemas::{Cell, Location, OpRef, SessionId, VariantId, limits};

use super::document::ExpectedDocument;
use super::event::ResolvedScan;
use crate::acts::Act;

/// A location and its name.
pub type NamedLocation = (Location, String);

/// What scanning a variant does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShiftMode {
    /// Shows what the code names; records nothing.
    #[default]
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
    /// first are recorded by [`ShiftMode::Return`] to the location where that happens.
    DamagedReturn,
}

impl ShiftMode {
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

    /// Source, destination and reason of the movement that this mode records; none in the modes that record no movement.
    pub(super) fn movement_ends(
        self,
        location: Location,
        target: Location,
    ) -> Option<(Location, Location, &'static str)> {
        Some(match self {
            Self::LookUp | Self::Count => return None,
            Self::Receive => (Location::SUPPLIER, location, "receipt"),
            Self::Issue => (location, Location::CUSTOMER, "sale"),
            Self::Move => (location, target, "transfer"),
            Self::Return => (Location::CUSTOMER, location, "sale_return"),
            Self::Damage => (location, Location::SCRAP, "damage"),
            Self::Waste => (location, Location::SCRAP, "waste"),
            Self::SupplierReturn => (location, Location::SUPPLIER, "supplier_return"),
            Self::DamagedReturn => (Location::CUSTOMER, location, "damaged_return"),
        })
    }

    /// Whether the movement takes stock away from the location.
    pub(super) fn is_outbound(self) -> bool {
        matches!(self, Self::Issue | Self::Move | Self::Damage | Self::Waste | Self::SupplierReturn)
    }
}

/// Which input device delivered a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanSource {
    /// A camera. It reports the same code with every frame; see [`COOLDOWN_MS`](super::COOLDOWN_MS).
    #[default]
    Camera,
    /// A scanner with a trigger: every pull counts.
    Scanner,
    /// A scanner that types as a keyboard does; what the keyboard layout changed is undone.
    Wedge,
    /// A person at a keyboard.
    Typed,
}

/// The count line in progress: scans of one cell that are not recorded as an op yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CountLine {
    pub cell: Cell,
    /// Thousandths.
    pub counted: i64,
    /// One pack of the last scan, thousandths.
    pub pack: i64,
    /// The last scans of the line, for undo.
    pub steps: Vec<CountStep>,
    pub act: Act,
    /// The on hand that was shown to the person when the line began, thousandths.
    #[serde(default, rename = "shown")]
    pub shown_on_hand: Option<i64>,
}

/// One scan of a count line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CountStep {
    /// Thousandths.
    pub quantity: i64,
    /// The pallets (SSCC) that were counted by it.
    pub pallets: Vec<String>,
}

/// The last use of a pallet in this shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PalletEntry {
    pub sscc: String,
    pub mode: ShiftMode,
    /// In a move, the source location: the same pallet may be moved again from another one.
    pub from: Option<Location>,
}

/// A recorded op or a held scan that undo and a later correction can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UndoEntry {
    /// The recorded op; none until [`ShiftState::set_op_ref`].
    pub op: Option<OpRef>,
    /// Number of the held scan, 0 until [`ShiftState::set_held_number`]; none for an op.
    #[serde(default, rename = "held")]
    pub held_number: Option<i64>,
    /// What was consumed from the document and is restored by undo: variant and thousandths.
    #[serde(rename = "expected")]
    pub consumed: Option<(VariantId, i64)>,
    pub cell: Cell,
    /// One pack, thousandths: the unit of a later correction.
    pub pack: i64,
    pub mode: ShiftMode,
    pub sscc: String,
    /// Where the goods went.
    pub target: Location,
    /// Number of the document.
    pub reference: String,
}

/// A scan that waits for an answer. The answer is recorded where and when the scan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PendingQuestion {
    #[serde(rename = "reading")]
    pub scan: ResolvedScan,
    pub times: u32,
    pub at_ms: i64,
    #[serde(default, rename = "place")]
    pub location: Option<NamedLocation>,
    #[serde(default)]
    pub target: Option<NamedLocation>,
    /// What was known at the scan.
    #[serde(default)]
    pub act: Option<Act>,
}

/// A shift between two events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShiftState {
    /// What scanning does.
    pub mode: ShiftMode,
    /// Where the person works; in a move, the source.
    #[serde(rename = "place")]
    pub location: Option<NamedLocation>,
    /// The destination of a move.
    pub target: Option<NamedLocation>,
    /// The next scan counts this many times.
    pub times: Option<u32>,
    /// The document that is worked off.
    pub expected: Option<ExpectedDocument>,
    pub(super) line: Option<CountLine>,
    pub(super) session: Option<SessionId>,
    /// Count lines in the session, the one in progress included.
    #[serde(rename = "lines")]
    pub(super) line_count: usize,
    #[serde(rename = "counted_places")]
    pub(super) counted_locations: Vec<Location>,
    /// Oldest first.
    #[serde(rename = "done")]
    pub(super) undo_entries: Vec<UndoEntry>,
    #[serde(rename = "asked")]
    pub(super) pending_question: Option<PendingQuestion>,
    /// A lot that was scanned before its variant, and when (boot clock, ms).
    #[serde(rename = "lot")]
    pub(super) remembered_lot: Option<(String, i64)>,
    #[serde(rename = "handled")]
    pub(super) pallets: Vec<PalletEntry>,
}

impl ShiftState {
    /// The cell of the count line in progress and how much was counted, thousandths.
    #[must_use]
    pub fn counting(&self) -> Option<(&Cell, i64)> {
        self.line.as_ref().map(|line| (&line.cell, line.counted))
    }

    /// What the document still expects of a variant, thousandths; negative where more was scanned than expected.
    #[must_use]
    pub fn left(&self, variant: VariantId) -> Option<i64> {
        self.expected.as_ref()?.lines.iter().find(|line| line.variant == variant).map(|line| line.left)
    }

    /// Whether a count session is open.
    #[must_use]
    pub fn in_session(&self) -> bool {
        self.session.is_some()
    }

    /// Sets the reference of the oldest recorded op that has none yet.
    pub fn set_op_ref(&mut self, op: OpRef) {
        let without_ref = |entry: &&mut UndoEntry| entry.op.is_none() && entry.held_number.is_none();
        if let Some(entry) = self.undo_entries.iter_mut().find(without_ref) {
            entry.op = Some(op);
        }
    }

    /// Sets the number of the oldest held scan that has none yet.
    pub fn set_held_number(&mut self, number: i64) {
        if let Some(entry) = self.undo_entries.iter_mut().find(|entry| entry.held_number == Some(0)) {
            entry.held_number = Some(number);
        }
    }

    /// Adds a line to the open session for a held scan that was made in it. None if that session is closed or full: the
    /// count is then recorded without a session.
    pub(super) fn join_session(&mut self, session: Option<SessionId>) -> Option<SessionId> {
        let joined = session.filter(|_| self.session == session && self.line_count < limits::CLOSE_COUNTS)?;
        self.line_count += 1;
        Some(joined)
    }

    /// Removes held scans that the user has assigned or discarded; undo and corrections no longer reach them.
    pub(super) fn remove_held_entries(&mut self, numbers: &[i64]) {
        self.undo_entries.retain(|entry| entry.held_number.is_none_or(|number| !numbers.contains(&number)));
    }
}
