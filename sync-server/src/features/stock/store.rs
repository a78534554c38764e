//! Cells and movements.

use serde::Serialize;
use stocksync_schemas::{Body, Kind, Location, Move};
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use super::BalanceKey;
use crate::database::{DatabaseError, TenantReader};
use crate::features::catalogue::names::{LocationName, VariantName};

/// The greatest id of a virtual location: those ids are 15 zero bytes and a number.
pub const LAST_VIRTUAL: Uuid = Uuid::from_u128(0xff);

/// Cells of a range of locations in key order; the loss location is derived and has its own statement.
pub const BALANCES: &str = "SELECT location_id, variant_id, lot, on_hand, flags, changed_ms FROM app.cells \
     WHERE tenant_id = $1 AND (location_id, variant_id, lot) > ($2, $3, $4) \
         AND location_id BETWEEN $5 AND $6 AND location_id <> $7 \
     ORDER BY location_id, variant_id, lot LIMIT $8";

/// The loss location: what was moved there, and the other end of what counts revealed at real locations.
pub const LOSSES: &str = "SELECT $5::uuid AS location_id, variant_id, lot, \
         sum(CASE WHEN location_id = $5 THEN moved ELSE moved - on_hand END)::bigint AS on_hand, \
         0::smallint AS flags, max(changed_ms) AS changed_ms \
     FROM app.cells WHERE tenant_id = $1 AND ($2::uuid, variant_id, lot) > ($2, $3, $4) \
         AND (location_id = $5 OR location_id > $6) GROUP BY variant_id, lot \
     HAVING sum(CASE WHEN location_id = $5 THEN moved ELSE moved - on_hand END) <> 0 \
     ORDER BY variant_id, lot LIMIT $7";

/// Movements, newest first; `live` is false for those that were voided.
pub const MOVEMENTS: &str = "SELECT o.position, o.replica, o.seq, o.device_id, o.user_id, o.version, o.body, \
         o.began, o.ended, o.server_ms, \
         NOT EXISTS (SELECT 1 FROM app.op_cells c \
             WHERE c.tenant_id = $1 AND c.position = o.position AND NOT c.live) AS live \
     FROM app.ops o WHERE o.tenant_id = $1 AND o.kind = 1 AND o.position < $2 ORDER BY o.position DESC LIMIT $3";

/// Movements could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// An op of the log does not decode as a movement: a defect or a damaged database. Answer 500.
    #[error("the op at position {0} does not decode as a movement")]
    Damaged(i64),
}

impl From<tokio_postgres::Error> for StockError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

/// The balance of a cell.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Balance)]
pub struct BalanceRow {
    pub(super) location: Uuid,
    /// name of a virtual location: supplier, customer, loss, scrap, in_transit or production; missing for a real one
    #[serde(rename = "virtual", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    virtual_name: Option<&'static str>,
    #[serde(flatten)]
    pub(super) location_name: LocationName,
    pub(super) variant: Uuid,
    #[serde(flatten)]
    pub(super) variant_name: VariantName,
    pub(super) lot: String,
    /// of the lot
    #[schema(required, format = Date)]
    pub(super) expiry: Option<String>,
    /// thousandths of the base unit
    on_hand: i64,
    /// the sum is out of range; on_hand is its limit
    overflow: bool,
    count_overlap: bool,
    count_conflict: bool,
    count_open: bool,
    /// ms since 1970
    changed_ms: i64,
}

/// A movement of the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Movement)]
pub struct LoggedMovement {
    pub(super) position: i64,
    replica: Uuid,
    seq: i64,
    device: Uuid,
    user: Uuid,
    /// ms since 1970
    began: i64,
    /// ms since 1970
    ended: i64,
    /// ms since 1970
    server_ms: i64,
    /// false once voided
    live: bool,
    pub(super) from: Uuid,
    #[schema(required)]
    pub(super) from_name: Option<String>,
    pub(super) to: Uuid,
    #[schema(required)]
    pub(super) to_name: Option<String>,
    reason: String,
    reference: String,
    pub(super) lines: Vec<LoggedLine>,
}

/// One line of a movement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MovementLine)]
pub struct LoggedLine {
    pub(super) variant: Uuid,
    lot: String,
    /// thousandths of the base unit
    quantity: i64,
    /// what the person saw: "3 x CASE of 12"
    entered: String,
    /// what one base unit cost, where known
    #[schema(required)]
    unit_cost: Option<UnitCost>,
    #[serde(flatten)]
    pub(super) name: VariantName,
}

/// A cost of one base unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitCost {
    /// 1/10 000 of the currency's major unit
    amount: i64,
    /// ISO 4217
    currency: String,
}

/// Cells of the locations in `range`, both ends included, after a key.
pub(super) async fn balances(
    reader: &TenantReader<'_>,
    after: &BalanceKey,
    range: (Uuid, Uuid),
    limit: i64,
) -> Result<Vec<BalanceRow>, DatabaseError> {
    let loss = Uuid::from_bytes(Location::LOSS.0);
    let BalanceKey { location, variant, lot } = after;
    let rows = reader.query(BALANCES, &[location, variant, lot, &range.0, &range.1, &loss, &limit]).await?;
    rows.iter().map(balance).collect()
}

/// The derived cells of the loss location after a key.
pub(super) async fn losses(
    reader: &TenantReader<'_>,
    after: &BalanceKey,
    limit: i64,
) -> Result<Vec<BalanceRow>, DatabaseError> {
    let loss = Uuid::from_bytes(Location::LOSS.0);
    let BalanceKey { location, variant, lot } = after;
    let rows = reader.query(LOSSES, &[location, variant, lot, &loss, &LAST_VIRTUAL, &limit]).await?;
    rows.iter().map(balance).collect()
}

/// Movements below a position, newest first.
pub(super) async fn movements(
    reader: &TenantReader<'_>,
    before: i64,
    limit: i64,
) -> Result<Vec<LoggedMovement>, StockError> {
    reader.query(MOVEMENTS, &[&before, &limit]).await?.iter().map(movement).collect()
}

fn balance(row: &Row) -> Result<BalanceRow, DatabaseError> {
    let location: Uuid = row.try_get("location_id")?;
    let flags: i16 = row.try_get("flags")?;
    let mut names = Location::VIRTUAL.iter();
    Ok(BalanceRow {
        virtual_name: names.find(|(named, _)| named.0 == *location.as_bytes()).map(|(_, name)| *name),
        location,
        location_name: LocationName::default(),
        variant: row.try_get("variant_id")?,
        variant_name: VariantName::default(),
        lot: row.try_get("lot")?,
        expiry: None,
        on_hand: row.try_get("on_hand")?,
        overflow: flags & 1 != 0,
        count_overlap: flags & 2 != 0,
        count_conflict: flags & 4 != 0,
        count_open: flags & 8 != 0,
        changed_ms: row.try_get("changed_ms")?,
    })
}

fn movement(row: &Row) -> Result<LoggedMovement, StockError> {
    let position: i64 = row.try_get("position")?;
    let version = u32::try_from(row.try_get::<_, i64>("version")?).unwrap_or(0);
    let body = Body::decode(Kind::MOVE, version, row.try_get("body")?);
    let Ok(Body::Move(Move { from, to, lines, reason, reference })) = body else {
        return Err(StockError::Damaged(position));
    };
    let lines = lines.into_iter().map(|line| LoggedLine {
        variant: Uuid::from_bytes(line.variant.0),
        lot: line.lot,
        quantity: line.quantity,
        entered: line.entered,
        unit_cost: line.unit_cost.map(|cost| UnitCost { amount: cost.amount, currency: cost.currency }),
        name: VariantName::default(),
    });
    Ok(LoggedMovement {
        position,
        replica: row.try_get("replica")?,
        seq: row.try_get("seq")?,
        device: row.try_get("device_id")?,
        user: row.try_get("user_id")?,
        began: row.try_get("began")?,
        ended: row.try_get("ended")?,
        server_ms: row.try_get("server_ms")?,
        live: row.try_get("live")?,
        from: Uuid::from_bytes(from.0),
        from_name: None,
        to: Uuid::from_bytes(to.0),
        to_name: None,
        reason,
        reference,
        lines: lines.collect(),
    })
}
