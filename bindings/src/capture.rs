//! What a person does to the stock, as it crosses from the app. Owns shapes and the reading of ids; the rules are
//! `ledger`'s.

use std::str::FromStr;

use stocksync_core::{Act, CapturedOp, Inventory as Core};
use stocksync_schemas::ids::IdError;
use stocksync_schemas::{Body, Cell, Count, Lane, Location, Move, MovementLine, OpHash, OpRef, Void};

use crate::{BalanceView, StocksyncError, views};

/// What a balance belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct CellRef {
    /// Id of the variant.
    pub variant: String,
    /// Id of a location, or a virtual one by name: `supplier`, `customer`, `loss`, `scrap`, `in_transit`, `production`.
    pub location: String,
    /// Empty, `10:CODE` or `21:SERIAL`.
    pub lot: String,
}

/// One line of a movement.
#[derive(Debug, Clone, uniffi::Record)]
pub struct LineRequest {
    /// Id of the variant.
    pub variant: String,
    /// Empty, `10:CODE` or `21:SERIAL`.
    pub lot: String,
    /// Thousandths of the base unit, 1 to 10^12.
    pub quantity: i64,
    /// What the person saw, such as `3 x CASE of 12`; may be empty.
    pub entered: String,
}

/// One act to record. Quantities are thousandths of the variant's base unit.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum CaptureRequest {
    /// Quantity leaves one location and arrives at another: a receipt comes from `supplier`, a sale goes to `customer`,
    /// waste to `scrap`, an adjustment from or to `loss`, a transfer joins two real locations.
    Move {
        /// Id of the location it leaves, or a virtual one by name.
        from: String,
        /// Id of the location it arrives at, or a virtual one by name; not `from`.
        to: String,
        /// What; 1 to 200.
        lines: Vec<LineRequest>,
        /// Reason code of the tenant's list; may be empty.
        reason: String,
        /// A document's number; may be empty.
        reference: String,
    },
    /// "This many were here": an observation of one cell, made between the beginning of the act and now.
    Count {
        /// What was counted.
        cell: CellRef,
        /// Thousandths, 0 to 10^12.
        counted: i64,
        /// The expectation that the person was shown; none in a blind count.
        expected: Option<i64>,
        /// Id of the session it belongs to; none if it stands alone.
        session: Option<String>,
    },
    /// A session of counts, begun with `begin_session` on this device, acts.
    Close {
        /// Id of the session.
        session: String,
        /// Ids of the locations that it covered completely.
        complete: Vec<String>,
    },
    /// An earlier act never happened. Goods that came back are a movement, not a void.
    Void {
        /// Reference of the act, as `capture` and `movements` give it.
        target: String,
        /// Why; may be empty.
        reason: String,
    },
}

/// An act that was recorded. It is durable on this device.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CapturedView {
    /// How other acts name this one.
    pub reference: String,
    /// Its number among the acts of this database: 1, 2, 3… without a gap.
    pub seq: i64,
    /// The cells that it changed or observed, as they are now; virtual locations are left out.
    pub balances: Vec<crate::BalanceView>,
}

/// Records an act as the app states it.
pub(crate) fn record(core: &Core, act: Option<&str>, request: CaptureRequest) -> Result<CapturedView, StocksyncError> {
    let act = act.map(act_of).transpose()?;
    let body = match request {
        CaptureRequest::Move { from, to, lines, reason, reference } => Body::Move(Move {
            from: location("from", &from)?,
            to: location("to", &to)?,
            lines: lines.into_iter().map(line).collect::<Result<_, _>>()?,
            reason,
            reference,
        }),
        CaptureRequest::Count { cell, counted, expected, session } => {
            let session = session.map(|text| id("session", &text)).transpose()?;
            Body::Count(Count { cell: cell.read()?, counted, expected, session })
        }
        CaptureRequest::Close { session, complete } => {
            let complete = complete.iter().map(|text| location("complete", text)).collect::<Result<_, _>>()?;
            return Ok(core.close_session(id("session", &session)?, complete)?.into());
        }
        CaptureRequest::Void { target, reason } => {
            let target = reference_of(&target)?;
            if !core.holds(&target)? {
                return Err(StocksyncError::NotFound { reason: "no such act is held here".to_owned() });
            }
            Body::Void(Void { target, reason })
        }
    };
    Ok(core.record(act, body)?.into())
}

fn line(request: LineRequest) -> Result<MovementLine, StocksyncError> {
    let LineRequest { variant, lot, quantity, entered } = request;
    Ok(MovementLine { variant: id("variant", &variant)?, lot, quantity, entered, unit_cost: None })
}

/// An id of any kind.
pub(crate) fn id<T: FromStr<Err = IdError>>(field: &str, text: &str) -> Result<T, StocksyncError> {
    text.parse().map_err(|error| StocksyncError::invalid(field, error))
}

/// A location by id, or a virtual one by name.
pub(crate) fn location(field: &str, text: &str) -> Result<Location, StocksyncError> {
    match Location::VIRTUAL.iter().find(|(_, name)| *name == text) {
        Some((location, _)) => Ok(*location),
        None => id(field, text),
    }
}

/// A virtual location's name, or the id.
pub(crate) fn location_text(location: Location) -> String {
    let named = Location::VIRTUAL.iter().find(|(it, _)| *it == location);
    named.map_or_else(|| location.to_string(), |(_, name)| (*name).to_owned())
}

/// An act in progress as text.
pub(crate) fn act_text(act: &Act) -> Result<String, StocksyncError> {
    serde_json::to_string(act).map_err(|error| StocksyncError::Internal { reason: error.to_string() })
}

fn act_of(text: &str) -> Result<Act, StocksyncError> {
    serde_json::from_str(text).map_err(|error| StocksyncError::invalid("act", error))
}

/// `replica.seq.hash`.
pub(crate) fn reference_text(reference: &OpRef) -> String {
    let OpRef { lane, hash } = reference;
    format!("{}.{}.{hash}", lane.replica, lane.seq)
}

fn reference_of(text: &str) -> Result<OpRef, StocksyncError> {
    let invalid = || StocksyncError::invalid("target", "not the reference of an act");
    let mut parts = text.splitn(3, '.');
    let mut part = || parts.next().ok_or_else(invalid);
    let lane = Lane { replica: id("target", part()?)?, seq: part()?.parse().map_err(|_| invalid())? };
    let hash: OpHash = id("target", part()?)?;
    Ok(OpRef { lane, hash })
}

impl CellRef {
    pub(crate) fn read(&self) -> Result<Cell, StocksyncError> {
        let CellRef { variant, location: place, lot } = self;
        Ok(Cell { variant: id("variant", variant)?, location: location("location", place)?, lot: lot.clone() })
    }
}

impl From<&Cell> for CellRef {
    fn from(cell: &Cell) -> Self {
        Self { variant: cell.variant.to_string(), location: location_text(cell.location), lot: cell.lot.clone() }
    }
}

impl From<CapturedOp> for CapturedView {
    fn from(it: CapturedOp) -> Self {
        let real = it.cells.iter().filter(|(cell, _)| !cell.location.is_virtual());
        Self {
            reference: reference_text(&it.reference),
            seq: views::signed(it.reference.lane.seq),
            balances: real.map(|(cell, view)| BalanceView::of(cell, *view)).collect(),
        }
    }
}
