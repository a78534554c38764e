//! What a person does to the stock, as it crosses from the app.

use stocksync_core::{CapturedOp, Inventory as Core};
use stocksync_schemas::{Body, Count, Move, MovementLine as CoreLine, SessionId, VariantId, Void};

use crate::{ActToken, BalanceView, CellRef, LocationId, OpReference, Quantity, StocksyncError, views};

/// One line of a movement.
#[derive(Debug, Clone, uniffi::Record)]
pub struct MovementLine {
    /// What moves.
    pub variant: VariantId,
    /// How much, 1 to 10^12 thousandths.
    pub quantity: Quantity,
    /// Empty, `10:CODE` or `21:SERIAL`.
    #[uniffi(default = "")]
    pub lot: String,
    /// What the person saw, such as `3 x CASE of 12`; may be empty.
    #[uniffi(default = "")]
    pub entered: String,
}

/// One op to record.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum OpRequest {
    /// Goods leave one location and arrive at another: a receipt comes from `supplier`, a sale goes to `customer`, waste to
    /// `scrap`, an adjustment from or to `loss`, a transfer joins two real locations.
    Move {
        /// Where they leave.
        source: LocationId,
        /// Where they arrive; not `source`.
        destination: LocationId,
        /// What; 1 to 200 lines.
        lines: Vec<MovementLine>,
        /// Reason code of the tenant's list; may be empty.
        #[uniffi(default = "")]
        reason: String,
        /// Number of the document it belongs to; may be empty.
        #[uniffi(default = "")]
        document: String,
    },
    /// "This many were here": an observation of one cell, made between the beginning of the act and now.
    Count {
        /// What was counted.
        cell: CellRef,
        /// How much was there, 0 to 10^12 thousandths.
        counted: Quantity,
        /// The expectation that the person was shown; none in a blind count.
        #[uniffi(default = None)]
        expected: Option<Quantity>,
        /// The session it belongs to; none if it stands alone.
        #[uniffi(default = None)]
        session: Option<SessionId>,
    },
    /// A session of counts that was begun on this device takes effect.
    CloseSession {
        /// Which.
        session: SessionId,
        /// The locations that it covered completely: what was not counted there is not there.
        complete: Vec<LocationId>,
    },
    /// An earlier op never happened. Goods that came back are a movement, not a void.
    Void {
        /// Which.
        target: OpReference,
        /// Why; may be empty.
        #[uniffi(default = "")]
        reason: String,
    },
}

/// An op that was recorded. It is durable on this device.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RecordedOp {
    /// How other ops name it.
    pub reference: OpReference,
    /// Its number among the ops of this database: 1, 2, 3… without a gap.
    pub seq: i64,
    /// The cells that it changed or observed, as they are now; virtual locations are left out.
    pub balances: Vec<BalanceView>,
}

/// Records an op as the app states it.
pub(super) fn record(core: &Core, act: Option<ActToken>, request: OpRequest) -> Result<RecordedOp, StocksyncError> {
    let body = match request {
        OpRequest::Move { source, destination, lines, reason, document } => Body::Move(Move {
            from: source,
            to: destination,
            lines: lines.into_iter().map(Into::into).collect(),
            reason,
            reference: document,
        }),
        OpRequest::Count { cell, counted, expected, session } => Body::Count(Count {
            cell: cell.into(),
            counted: counted.0,
            expected: expected.map(|quantity| quantity.0),
            session,
        }),
        OpRequest::CloseSession { session, complete } => {
            return recorded(core, core.close_session(session, complete)?);
        }
        OpRequest::Void { target, reason } => {
            if !core.holds(&target)? {
                return Err(StocksyncError::NotFound { reason: "the op to void is not on this device".to_owned() });
            }
            Body::Void(Void { target, reason })
        }
    };
    recorded(core, core.record(act.map(|token| token.0), body)?)
}

pub(super) fn recorded(core: &Core, op: CapturedOp) -> Result<RecordedOp, StocksyncError> {
    let CapturedOp { reference, mut cells } = op;
    cells.retain(|(cell, _)| !cell.location.is_virtual());
    let balances = views::balances(core, &cells)?;
    Ok(RecordedOp { reference, seq: views::signed(reference.lane.seq), balances })
}

impl From<MovementLine> for CoreLine {
    fn from(line: MovementLine) -> Self {
        let MovementLine { variant, quantity, lot, entered } = line;
        Self { variant, lot, quantity: quantity.0, entered, unit_cost: None }
    }
}
