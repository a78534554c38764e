//! A batch of ops as columns: lanes, envelope, bodies.
//!
//! Owns the layout of `OpColumns`. Must return every op with the hash it had.
//!
//! A batch is written column by column: lanes as runs, then each field of the envelope, then the bodies by kind
//! ([`super::bodies`]). The boot clock is written as its difference to the wall clock, which hardly changes within a boot.

use super::WireError;
use super::bodies::{BodyReader, BodyWriter, Groups};
use super::column::{self, Column};
use super::dictionary::{self, DictionaryWriter};
use super::pb::exchange as pb;
use crate::ids::{BootId, Lane, ReplicaId, UserId};
use crate::op::{CaptureTime, Kind, Op};

/// The columns of `ops`, in their order. `known` are the replicas that the message names elsewhere.
pub(super) fn write<'a>(ops: impl Iterator<Item = &'a Op> + Clone, known: &[[u8; 16]]) -> pb::OpColumns {
    let mut columns = pb::OpColumns { count: ops.clone().count() as u32, ..Default::default() };
    write_lanes(ops.clone(), known, &mut columns);
    let mut boots = DictionaryWriter::new();
    let mut users = DictionaryWriter::new();
    columns.boot = map(ops.clone(), |op| boots.name(&op.captured.boot.0));
    columns.user = map(ops.clone(), |op| users.name(&op.user.0));
    columns.boots = boots.bytes();
    columns.users = users.bytes();
    columns.wall = map(ops.clone(), |op| op.captured.wall_ms);
    columns.boot_behind = map(ops.clone(), |op| op.captured.wall_ms.wrapping_sub(op.captured.boot_ms));
    columns.took = map(ops.clone(), |op| i64::from(op.captured.took_ms));
    columns.kind = map(ops.clone(), |op| i64::from(op.kind.0) - 1);
    columns.version = map(ops.clone(), |op| i64::from(op.version) - 1);
    let mut bodies = BodyWriter::new();
    ops.for_each(|op| bodies.push(&op.body));
    bodies.finish(&mut columns);
    columns
}

/// The column of a value of each item.
fn map<T>(items: impl Iterator<Item = T>, value: impl FnMut(T) -> i64) -> Vec<u8> {
    column::write(&items.map(value).collect::<Vec<_>>())
}

/// Writes the lanes as runs of one replica with consecutive seqs.
fn write_lanes<'a>(ops: impl Iterator<Item = &'a Op>, known: &[[u8; 16]], columns: &mut pb::OpColumns) {
    let mut replicas = DictionaryWriter::after(known.iter().copied());
    // Replica, first seq, ops of each run.
    let mut runs: Vec<(i64, u64, u64)> = Vec::new();
    for op in ops {
        let replica = replicas.name(&op.lane.replica.0);
        match runs.last_mut() {
            Some((last, first, length)) if *last == replica && first.checked_add(*length) == Some(op.lane.seq) => {
                *length += 1;
            }
            _ => runs.push((replica, op.lane.seq, 1)),
        }
    }
    columns.replicas = replicas.bytes();
    columns.more_runs = runs.len().saturating_sub(1) as u32;
    columns.run_replica = map(runs.iter(), |run| run.0);
    columns.run_first = map(runs.iter(), |run| run.1.cast_signed());
    runs.pop();
    columns.run_length = map(runs.iter(), |run| run.2.cast_signed() - 1);
}

/// The ops of `columns`, of which the caller has checked the count; `budget` bounds their bodies together, bytes.
pub(super) fn read(columns: &pb::OpColumns, known: &[[u8; 16]], budget: usize) -> Result<Vec<Op>, WireError> {
    let count = columns.count as usize;
    if count == 0 {
        return Ok(Vec::new());
    }
    let lanes = read_lanes(columns, known, count)?;
    let forms = read_forms(columns, count)?;
    let boots = dictionary::read_ids("boots", &[], &columns.boots)?;
    let users = dictionary::read_ids("users", &[], &columns.users)?;
    let mut wall = Column::read("wall", &columns.wall, count)?;
    let mut behind = Column::read("boot_behind", &columns.boot_behind, count)?;
    let mut boot = Column::read("boot", &columns.boot, count)?;
    let mut took = Column::read("took", &columns.took, count)?;
    let mut user = Column::read("user", &columns.user, count)?;
    let mut bodies = BodyReader::read(columns, Groups::of(forms.iter().copied()), budget)?;
    let mut ops = Vec::with_capacity(count);
    for (lane, (kind, version)) in lanes.into_iter().zip(forms) {
        let wall_ms = wall.next()?;
        let captured = CaptureTime {
            wall_ms,
            boot_ms: wall_ms.wrapping_sub(behind.next()?),
            boot: BootId(*boots.get(&mut boot)?),
            took_ms: took.next_u32()?,
        };
        let user = UserId(*users.get(&mut user)?);
        let body = bodies.next(kind, version)?;
        ops.push(Op { lane, captured, user, kind, version, body });
    }
    bodies.finish()?;
    Ok(ops)
}

/// Kind and version of each op.
fn read_forms(columns: &pb::OpColumns, count: usize) -> Result<Vec<(Kind, u32)>, WireError> {
    let mut kinds = Column::read("kind", &columns.kind, count)?;
    let mut versions = Column::read("version", &columns.version, count)?;
    let number = |column: &mut Column, name| {
        let value = column.next()?.checked_add(1).and_then(|value| u32::try_from(value).ok());
        value.ok_or(WireError::Columns(name))
    };
    (0..count).map(|_| Ok((Kind(number(&mut kinds, "kind")?), number(&mut versions, "version")?))).collect()
}

/// The lane of each op, from the runs.
fn read_lanes(columns: &pb::OpColumns, known: &[[u8; 16]], count: usize) -> Result<Vec<Lane>, WireError> {
    const NAME: &str = "runs";
    let replicas = dictionary::read_ids("replicas", known, &columns.replicas)?;
    let runs = (columns.more_runs as usize).saturating_add(1);
    if runs > count {
        return Err(WireError::Columns(NAME));
    }
    let mut replica = Column::read("run_replica", &columns.run_replica, runs)?;
    let mut first = Column::read("run_first", &columns.run_first, runs)?;
    let mut length = Column::read("run_length", &columns.run_length, runs - 1)?;
    let mut lanes = Vec::with_capacity(count);
    for run in 0..runs {
        let left = count - lanes.len();
        let ops = if run + 1 == runs { left } else { length.next_index()?.saturating_add(1) };
        if ops == 0 || ops > left {
            return Err(WireError::Columns(NAME));
        }
        let replica = ReplicaId(*replicas.get(&mut replica)?);
        let first = first.next_u64()?;
        for at in 0..ops as u64 {
            lanes.push(Lane { replica, seq: first.checked_add(at).ok_or(WireError::Columns(NAME))? });
        }
    }
    Ok(lanes)
}
