//! What a person does to the stock, as it crosses from the app. Owns shapes; the rules are `ledger`'s.

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
