//! Ops as they are stored, and the tables by which the fold finds them.

use rusqlite::{OptionalExtension, Row, params};
use stocksync_ledger::Entry;
use stocksync_ledger::fold::{StoredOp, VoidOp, deltas, void_of};
use stocksync_schemas::op::Kind;
use stocksync_schemas::{Acceptance, Body, BootId, CaptureTime, Lane, Op, OpHash, OpRef, ReplicaId, UserId};

use super::{OwnOpState, Reader, Writer, decode_position, encode_position, fixed, signed};
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
        // What is stored here was decoded once; a kind that was opaque then may be known now.
        body: Body::decode(kind, version, body).unwrap_or_else(|_| Body::Opaque(body.to_vec())),
    };
    let acceptance = Acceptance {
        position: decode_position(row.get(3)?),
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

    /// The op in a lane, and whether it is an own one that was rejected.
    pub(super) fn stored_op(&self, lane: Lane) -> Result<Option<StoredOp>, Error> {
        let Some(entry) = self.op(lane)? else { return Ok(None) };
        let own = self.meta("replica")?.is_some_and(|replica| replica == lane.replica.0);
        let rejected = own && self.own_op_state(lane.seq)? == Some(OwnOpState::Rejected);
        Ok(Some(StoredOp { entry, rejected }))
    }

    /// The highest seq stored of a replica; 0 where there is none.
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

    /// Kinds and versions of which an op is stored.
    pub(crate) fn stored_kinds(&self) -> Result<Vec<(Kind, u32)>, Error> {
        let mut statement = self.0.prepare_cached("SELECT DISTINCT kind, version FROM ops ORDER BY kind, version")?;
        let rows = statement.query_map([], |row| Ok((Kind(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every op of a kind and version, in order, those without a position last.
    pub(crate) fn ops_of_kind(&self, kind: Kind, version: u32) -> Result<Vec<Entry>, Error> {
        let sql = format!("SELECT {ENTRY} FROM ops o WHERE o.kind = ?1 AND o.version = ?2 ORDER BY o.position, o.seq");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([kind.0, version], entry)?;
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
        let rows = statement.query_map([encode_position(position)], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn reference(row: &Row<'_>, at: usize) -> rusqlite::Result<OpRef> {
    let replica = ReplicaId(fixed(row.get_ref(at)?.as_blob()?)?);
    let hash = OpHash(fixed(row.get_ref(at + 2)?.as_blob()?)?);
    Ok(OpRef { lane: Lane { replica, seq: row.get::<_, i64>(at + 1)?.unsigned_abs() }, hash })
}

impl Writer<'_> {
    /// Inserts an op.
    pub(super) fn insert_op(&self, entry: &Entry, live: bool) -> Result<(), Error> {
        let (op, acceptance) = (&entry.op, &entry.acceptance);
        let sql = "INSERT INTO ops (replica, seq, hash, position, wall_ms, boot_ms, boot, took_ms, user, kind, version, \
                   body, began, ended, uncertainty, past, own_past, live) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
        self.connection().prepare_cached(sql)?.execute(params![
            op.lane.replica.0,
            signed(op.lane.seq),
            entry.hash.0,
            encode_position(acceptance.position),
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
            live,
        ])?;
        Ok(())
    }

    /// Makes an op findable by cell, session, location and target; what is there already stays.
    pub(super) fn insert_projections(&self, entry: &Entry) -> Result<(), Error> {
        let lane = params_of(entry.op.lane);
        let connection = self.connection();
        for (cell, delta) in deltas(&entry.op.body) {
            let sql = "INSERT OR IGNORE INTO op_cells (variant, location, lot, position, replica, seq, kind, delta)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let delta = i64::try_from(delta).map_err(|_| Error::Internal("a movement beyond 64 bits"))?;
            connection.prepare_cached(sql)?.execute(params![
                cell.variant.0,
                cell.location.0,
                cell.lot,
                encode_position(entry.acceptance.position),
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
                    let sql = "INSERT OR IGNORE INTO complete_closes (location, position, replica, seq)
                         VALUES (?1, ?2, ?3, ?4)";
                    let position = encode_position(entry.acceptance.position);
                    connection.prepare_cached(sql)?.execute(params![location.0, position, lane.0, lane.1])?;
                }
                Some(close.session)
            }
            _ => None,
        };
        if let Some(session) = session {
            let sql = "INSERT OR IGNORE INTO session_ops (session, replica, seq, kind) VALUES (?1, ?2, ?3, ?4)";
            connection.prepare_cached(sql)?.execute(params![session.0, lane.0, lane.1, entry.op.kind.0])?;
        }
        self.insert_void(entry)
    }

    /// Makes a void findable by what it names; other ops are left alone.
    pub(super) fn insert_void(&self, entry: &Entry) -> Result<(), Error> {
        let Some(VoidOp { void, target }) = void_of(entry) else { return Ok(()) };
        let sql = "INSERT OR IGNORE INTO voids (target_replica, target_seq, target_hash, replica, seq, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (at, named) = (params_of(void.lane), params_of(target.lane));
        let mut statement = self.connection().prepare_cached(sql)?;
        statement.execute(params![named.0, named.1, target.hash.0, at.0, at.1, void.hash.0])?;
        Ok(())
    }

    /// Gives an op, whose position was `before`, another acceptance.
    pub(super) fn restamp(&self, entry: &Entry, before: u64) -> Result<(), Error> {
        let (lane, acceptance) = (params_of(entry.op.lane), &entry.acceptance);
        let sql = "UPDATE ops SET position = ?3, began = ?4, ended = ?5, uncertainty = ?6, past = ?7, own_past = ?8
             WHERE replica = ?1 AND seq = ?2";
        self.connection().prepare_cached(sql)?.execute(params![
            lane.0,
            lane.1,
            encode_position(acceptance.position),
            acceptance.began,
            acceptance.ended,
            signed(acceptance.uncertainty),
            signed(acceptance.past),
            signed(acceptance.own_past)
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
                encode_position(acceptance.position),
                encode_position(before)
            ])?;
        }
        if let Body::Close(_) = &entry.op.body {
            let sql = "UPDATE complete_closes SET position = ?3 WHERE replica = ?1 AND seq = ?2";
            let position = encode_position(acceptance.position);
            self.connection().prepare_cached(sql)?.execute(params![lane.0, lane.1, position])?;
        }
        Ok(())
    }

    /// Stores whether an op counts.
    pub(super) fn set_live(&self, lane: Lane, live: bool) -> Result<(), Error> {
        let at = params_of(lane);
        let sql = "UPDATE ops SET live = ?3 WHERE replica = ?1 AND seq = ?2";
        self.connection().prepare_cached(sql)?.execute(params![at.0, at.1, live])?;
        Ok(())
    }

    /// A void that was rejected names nothing any more.
    pub(super) fn delete_void(&self, lane: Lane) -> Result<(), Error> {
        let at = params_of(lane);
        self.connection()
            .prepare_cached("DELETE FROM voids WHERE replica = ?1 AND seq = ?2")?
            .execute(params![at.0, at.1])?;
        Ok(())
    }

    /// Deletes an op of somebody else that the server has lost.
    pub(super) fn delete_op(&self, entry: &Entry) -> Result<(), Error> {
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
                encode_position(entry.acceptance.position),
                at.0,
                at.1
            ])?;
        }
        Ok(())
    }
}

fn params_of(lane: Lane) -> ([u8; 16], i64) {
    (lane.replica.0, signed(lane.seq))
}
