//! Lists that an app shows. Owns shapes; pages are bounded by `schemas::limits::PAGE_ROWS`.

use crate::CellRef;

/// One cell's balance.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BalanceView {
    /// Which cell.
    pub cell: CellRef,
    /// What is there, thousandths of the base unit; below zero is shown truthfully.
    pub on_hand: i64,
    /// Whether the cell is being worked out anew and the number may change without anyone moving anything.
    pub recomputing: bool,
}

/// Which balances.
#[derive(Debug, Clone, uniffi::Record)]
pub struct BalanceRequest {
    /// Only of this variant.
    pub variant: Option<String>,
    /// Only at this location, by id or virtual name.
    pub location: Option<String>,
    /// `next` of the page before; none is the first page.
    pub after: Option<String>,
    /// Most rows, 1 to 500.
    pub limit: u32,
}

/// One page of balances, in order of cells.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BalancePage {
    /// The rows.
    pub rows: Vec<BalanceView>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// A merged fact that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ExceptionView {
    /// The same on every device.
    pub id: String,
    /// `oversold`, `count_overlap`, `count_conflict`, `count_open`…
    pub kind: String,
    /// Where.
    pub cell: CellRef,
}

/// An act that the server will not apply. It is kept, counts nowhere, and waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RejectedView {
    /// The act.
    pub reference: String,
    /// Its number among the acts of this database.
    pub seq: i64,
    /// Registered code.
    pub code: String,
    /// For a person.
    pub reason: String,
}

/// One act of the history, own or of others.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ActView {
    /// How other acts name it.
    pub reference: String,
    /// `move`, `count`, `close`, `void` or `record`.
    pub kind: String,
    /// Its number among the acts of its database.
    pub seq: i64,
    /// Its place in the tenant's log; none while it waits to be sent.
    pub position: Option<i64>,
    /// Wall clock of the device that recorded it, ms since 1970.
    pub captured_ms: i64,
    /// Whether this database recorded it.
    pub own: bool,
}

/// One page of acts, newest first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ActPage {
    /// The rows.
    pub rows: Vec<ActView>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// How this database stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StatusView {
    /// Whether it has a credential.
    pub enrolled: bool,
    /// Acts that wait to be sent.
    pub pending: i64,
    /// Acts that the server will not apply and that no person has decided on.
    pub rejected: i64,
    /// Open exceptions.
    pub exceptions: i64,
    /// Up to where in the tenant's log this database knows everything.
    pub cursor: i64,
    /// Number of the newest own act.
    pub captured_seq: i64,
    /// When the last exchange ended, ms since 1970 by this device's clock; none before the first.
    pub synced_ms: Option<i64>,
}
