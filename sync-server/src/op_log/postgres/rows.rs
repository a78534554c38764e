//! Between rows of Postgres and the types of `schemas`: ids, unsigned numbers, ops.

use std::collections::BTreeSet;

use stocksync_ledger::Entry;
use stocksync_ledger::fold::order::OpStamp;
use stocksync_schemas::{
    Acceptance, BootId, CaptureTime, Cell, Head, Kind, Lane, Location, Op, OpHash, ReplicaId, UserId, VariantId,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::op_log::{LogError, LogRow};

/// Postgres has no unsigned integer; every value kept is checked to be below 2^63 before it gets here.
pub fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A number that was kept by [`signed`].
pub fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A column that must be there and of its type: a missing one is a defect of the statement, found by tests.
pub fn get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, name: &'static str) -> Result<T, LogError> {
    row.try_get(name).map_err(|_| LogError::Damaged(name))
}

/// An id of 16 bytes.
pub fn id(row: &Row, name: &'static str) -> Result<[u8; 16], LogError> {
    get::<Uuid>(row, name).map(|id| *id.as_bytes())
}

/// A hash of 32 bytes.
pub fn hash(row: &Row, name: &'static str) -> Result<OpHash, LogError> {
    OpHash::from_slice(get(row, name)?).ok_or(LogError::Damaged(name))
}

/// A lane from the columns `replica` and `seq`.
pub fn lane(row: &Row) -> Result<Lane, LogError> {
    Ok(Lane { replica: ReplicaId(id(row, "replica")?), seq: unsigned(get(row, "seq")?) })
}

/// An acceptance from its columns.
pub fn acceptance(row: &Row) -> Result<Acceptance, LogError> {
    Ok(Acceptance {
        position: unsigned(get(row, "position")?),
        began: get(row, "began")?,
        ended: get(row, "ended")?,
        uncertainty: unsigned(get(row, "uncertainty")?),
        past: unsigned(get(row, "past")?),
        own_past: unsigned(get(row, "own_past")?),
    })
}

/// An op's place in knowledge and time.
pub fn stamp(row: &Row) -> Result<OpStamp, LogError> {
    Ok(OpStamp::new(lane(row)?, &acceptance(row)?))
}

/// A cell from the columns `variant_id`, `location_id` and `lot`.
pub fn cell(row: &Row) -> Result<Cell, LogError> {
    Ok(Cell {
        variant: VariantId(id(row, "variant_id")?),
        location: Location(id(row, "location_id")?),
        lot: get(row, "lot")?,
    })
}

/// Kind and version.
pub fn kind(row: &Row) -> Result<(Kind, u32), LogError> {
    let number = |name| u32::try_from(get::<i64>(row, name)?).map_err(|_| LogError::Damaged(name));
    Ok((Kind(number("kind")?), number("version")?))
}

/// A whole row of the log.
pub fn log_row(row: &Row) -> Result<LogRow, LogError> {
    let captured = CaptureTime {
        wall_ms: get(row, "wall_ms")?,
        boot_ms: get(row, "boot_ms")?,
        boot: BootId(id(row, "boot")?),
        took_ms: u32::try_from(get::<i64>(row, "took_ms")?).map_err(|_| LogError::Damaged("took_ms"))?,
    };
    let (kind, version) = kind(row)?;
    let op = Op::from_parts(lane(row)?, captured, UserId(id(row, "user_id")?), kind, version, get(row, "body")?);
    let op = op.map_err(|_| LogError::Damaged("an op's body does not decode"))?;
    let entry = Entry { op, hash: hash(row, "hash")?, acceptance: acceptance(row)? };
    Ok(LogRow { entry, head: Head(hash(row, "head")?) })
}

/// Cells as three parallel arrays: variants, locations, lots.
pub fn columns<'a>(cells: impl Iterator<Item = &'a Cell>) -> (Vec<Uuid>, Vec<Uuid>, Vec<&'a str>) {
    let (mut variants, mut locations, mut lots) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        variants.push(Uuid::from_bytes(cell.variant.0));
        locations.push(Uuid::from_bytes(cell.location.0));
        lots.push(cell.lot.as_str());
    }
    (variants, locations, lots)
}

/// Lanes as two parallel arrays.
pub fn lanes(lanes: &BTreeSet<Lane>) -> (Vec<Uuid>, Vec<i64>) {
    lanes.iter().map(|lane| (Uuid::from_bytes(lane.replica.0), signed(lane.seq))).unzip()
}
