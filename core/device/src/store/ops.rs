//! Ops at rest, and the tables by which the fold finds them.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, params};
use stocksync_ledger::Entry;
use stocksync_ledger::fold::{VoidOp, deltas};
use stocksync_schemas::op::Kind;
use stocksync_schemas::{Acceptance, Body, BootId, CaptureTime, Lane, Op, OpHash, OpRef, ReplicaId, UserId};

use super::{Reader, Writer, fixed, rest, signed, wake};
use crate::Error;

/// Columns of [`entry`], in its order.
pub(super) const ENTRY: &str = "o.replica, o.seq, o.hash, o.position, o.wall_ms, o.boot_ms, o.boot, o.took_ms, o.user, \
     o.kind, o.version, o.body, o.began, o.ended, o.uncertainty, o.past, o.own_past";

/// An entry read from the columns of [`ENTRY`].
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let bytes = |at| row.get_ref(at).and_then(|value| Ok(value.as_blob()?));
    let kind = Kind(row.get(9)?);
    let version = row.get(10)?;
    let body = bytes(11)?;
    let op = Op {
        lane: Lane { replica: ReplicaId(fixed(bytes(0)?)?), seq: row.get::<_, i64>(1)?.unsigned_abs() },
        captured: CaptureTime {
            wall_ms: row.get(4)?,
            boot_ms: row.get(5)?,
            boot: BootId(fixed(bytes(6)?)?),
            took_ms: row.get(7)?,
        },
        user: UserId(fixed(bytes(8)?)?),
        kind,
        version,
        // What rests here was decoded once; a kind that was opaque then may be known now.
        body: Body::decode(kind, version, body).unwrap_or_else(|_| Body::Opaque(body.to_vec())),
    };
    let acceptance = Acceptance {
        position: wake(row.get(3)?),
        began: row.get(12)?,
        ended: row.get(13)?,
        uncertainty: row.get::<_, i64>(14)?.unsigned_abs(),
        past: row.get::<_, i64>(15)?.unsigned_abs(),
        own_past: row.get::<_, i64>(16)?.unsigned_abs(),
    };
    Ok(Entry { hash: OpHash(fixed(bytes(2)?)?), op, acceptance })
}

impl Reader<'_> {
    /// The op in a lane.
    pub(crate) fn op(&self, lane: Lane) -> Result<Option<Entry>, Error> {
        let sql = format!("SELECT {ENTRY} FROM ops o WHERE o.replica = ?1 AND o.seq = ?2");
        let mut statement = self.0.prepare_cached(&sql)?;
        Ok(statement.query_row(params![lane.replica.0, signed(lane.seq)], entry).optional()?)
    }

    /// Whether the op counts.
    pub(crate) fn is_live(&self, lane: Lane) -> Result<bool, Error> {
        let mut statement = self.0.prepare_cached("SELECT live FROM ops WHERE replica = ?1 AND seq = ?2")?;
        Ok(statement
            .query_row(params![lane.replica.0, signed(lane.seq)], |row| row.get(0))
            .optional()?
            .unwrap_or(false))
    }

    /// The highest seq held of a replica.
    pub(crate) fn highest_seq(&self, replica: ReplicaId) -> Result<u64, Error> {
        let mut statement = self.0.prepare_cached("SELECT ifnull(max(seq), 0) FROM ops WHERE replica = ?1")?;
        Ok(statement.query_row([replica.0], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// Every void that is, or names, the op in `lane`.
    pub(crate) fn voids(&self, lane: Lane) -> Result<Vec<VoidOp>, Error> {
        let sql = "SELECT replica, seq, hash, target_replica, target_seq, target_hash FROM voids
             WHERE (target_replica = ?1 AND target_seq = ?2)
             UNION SELECT replica, seq, hash, target_replica, target_seq, target_hash FROM voids
             WHERE replica = ?1 AND seq = ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![lane.replica.0, signed(lane.seq)], |row| {
            Ok(VoidOp { void: reference(row, 0)?, target: reference(row, 3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Ops that do not count.
    pub(crate) fn dead(&self) -> Result<Vec<Entry>, Error> {
        let sql = format!("SELECT {ENTRY} FROM ops o WHERE NOT o.live");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every record op that counts, in order, those without a position last.
    pub(crate) fn record_ops(&self) -> Result<Vec<Entry>, Error> {
        let sql = format!("SELECT {ENTRY} FROM ops o WHERE o.kind = ?1 AND o.live ORDER BY o.position, o.seq");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([Kind::RECORD.0], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every op past a position, in order, those without a position last.
    pub(crate) fn past(&self, position: u64) -> Result<Vec<Entry>, Error> {
        let sql = format!("SELECT {ENTRY} FROM ops o WHERE o.position > ?1 ORDER BY o.position, o.seq");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([rest(position)], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn reference(row: &Row<'_>, at: usize) -> rusqlite::Result<OpRef> {
    let replica = ReplicaId(fixed(row.get_ref(at)?.as_blob()?)?);
    let hash = OpHash(fixed(row.get_ref(at + 2)?.as_blob()?)?);
    Ok(OpRef { lane: Lane { replica, seq: row.get::<_, i64>(at + 1)?.unsigned_abs() }, hash })
}

impl Writer<'_> {
    /// Keeps an op and makes it findable. `live` is settled later.
    pub(crate) fn insert_op(&self, entry: &Entry) -> Result<(), Error> {
        let (op, acceptance) = (&entry.op, &entry.acceptance);
        let sql = "INSERT INTO ops (replica, seq, hash, position, wall_ms, boot_ms, boot, took_ms, user, kind, version, \
                   body, began, ended, uncertainty, past, own_past, live) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, 1)";
        self.connection().prepare_cached(sql)?.execute(params![
            op.lane.replica.0,
            signed(op.lane.seq),
            entry.hash.0,
            rest(acceptance.position),
            op.captured.wall_ms,
            op.captured.boot_ms,
            op.captured.boot.0,
            op.captured.took_ms,
            op.user.0,
            op.kind.0,
            op.version,
            op.body.encode(),
            acceptance.began,
            acceptance.ended,
            signed(acceptance.uncertainty),
            signed(acceptance.past),
            signed(acceptance.own_past),
        ])?;
        self.insert_finders(entry)
    }

    fn insert_finders(&self, entry: &Entry) -> Result<(), Error> {
        let lane = params_of(entry.op.lane);
        let connection = self.connection();
        for (cell, delta) in deltas(&entry.op.body) {
            let sql = "INSERT INTO op_cells (variant, location, lot, position, replica, seq, kind, delta)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let delta = i64::try_from(delta).map_err(|_| Error::Internal("a movement beyond 64 bits"))?;
            connection.prepare_cached(sql)?.execute(params![
                cell.variant.0,
                cell.location.0,
                cell.lot,
                rest(entry.acceptance.position),
                lane.0,
                lane.1,
                entry.op.kind.0,
                delta
            ])?;
        }
        let session = match &entry.op.body {
            Body::Count(count) => count.session,
            Body::Close(close) => {
                for location in &close.complete {
                    let sql = "INSERT OR IGNORE INTO complete_closes (location, replica, seq) VALUES (?1, ?2, ?3)";
                    connection.prepare_cached(sql)?.execute(params![location.0, lane.0, lane.1])?;
                }
                Some(close.session)
            }
            Body::Void(void) => {
                let sql = "INSERT OR IGNORE INTO voids (target_replica, target_seq, target_hash, replica, seq, hash)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
                let target = params_of(void.target.lane);
                connection.prepare_cached(sql)?.execute(params![
                    target.0,
                    target.1,
                    void.target.hash.0,
                    lane.0,
                    lane.1,
                    entry.hash.0
                ])?;
                None
            }
            _ => None,
        };
        if let Some(session) = session {
            let sql = "INSERT OR IGNORE INTO session_ops (session, replica, seq, kind) VALUES (?1, ?2, ?3, ?4)";
            connection.prepare_cached(sql)?.execute(params![session.0, lane.0, lane.1, entry.op.kind.0])?;
        }
        Ok(())
    }

    /// Gives an op that stood at `before` another acceptance.
    pub(crate) fn restamp(&self, entry: &Entry, before: u64) -> Result<(), Error> {
        let (lane, it) = (params_of(entry.op.lane), &entry.acceptance);
        let sql = "UPDATE ops SET position = ?3, began = ?4, ended = ?5, uncertainty = ?6, past = ?7, own_past = ?8
             WHERE replica = ?1 AND seq = ?2";
        self.connection().prepare_cached(sql)?.execute(params![
            lane.0,
            lane.1,
            rest(it.position),
            it.began,
            it.ended,
            signed(it.uncertainty),
            signed(it.past),
            signed(it.own_past)
        ])?;
        for (cell, _) in deltas(&entry.op.body) {
            let sql = "UPDATE op_cells SET position = ?6 WHERE variant = ?1 AND location = ?2 AND lot = ?3
                 AND replica = ?4 AND seq = ?5 AND position = ?7";
            self.connection().prepare_cached(sql)?.execute(params![
                cell.variant.0,
                cell.location.0,
                cell.lot,
                lane.0,
                lane.1,
                rest(it.position),
                rest(before)
            ])?;
        }
        Ok(())
    }

    /// Says whether an op counts.
    pub(crate) fn set_live(&self, lane: Lane, live: bool) -> Result<(), Error> {
        let at = params_of(lane);
        let sql = "UPDATE ops SET live = ?3 WHERE replica = ?1 AND seq = ?2";
        self.connection().prepare_cached(sql)?.execute(params![at.0, at.1, live])?;
        Ok(())
    }

    /// A void that was rejected names nothing any more.
    pub(crate) fn forget_void(&self, lane: Lane) -> Result<(), Error> {
        let at = params_of(lane);
        self.connection()
            .prepare_cached("DELETE FROM voids WHERE replica = ?1 AND seq = ?2")?
            .execute(params![at.0, at.1])?;
        Ok(())
    }

    /// Forgets an op of somebody else that the server has lost.
    pub(crate) fn forget_op(&self, entry: &Entry) -> Result<(), Error> {
        let at = params_of(entry.op.lane);
        for table in ["ops", "session_ops", "complete_closes", "voids", "record_waits"] {
            // The names are those above: no text from outside reaches the statement.
            let sql = format!("DELETE FROM {table} WHERE replica = ?1 AND seq = ?2");
            self.connection().prepare_cached(&sql)?.execute(params![at.0, at.1])?;
        }
        for (cell, _) in deltas(&entry.op.body) {
            let sql = "DELETE FROM op_cells WHERE variant = ?1 AND location = ?2 AND lot = ?3 AND position = ?4
                 AND replica = ?5 AND seq = ?6";
            self.connection().prepare_cached(sql)?.execute(params![
                cell.variant.0,
                cell.location.0,
                cell.lot,
                rest(entry.acceptance.position),
                at.0,
                at.1
            ])?;
        }
        Ok(())
    }

    /// Every op that some void names.
    pub(crate) fn void_targets(&self) -> Result<BTreeSet<OpRef>, Error> {
        let mut statement =
            self.connection().prepare_cached("SELECT target_replica, target_seq, target_hash FROM voids")?;
        let rows = statement.query_map([], |row| reference(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn params_of(lane: Lane) -> ([u8; 16], i64) {
    (lane.replica.0, signed(lane.seq))
}
