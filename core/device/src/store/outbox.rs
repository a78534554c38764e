//! Own ops for as long as they may have to be sent again.
//!
//! Owns the table `own_ops`: pending, accepted and rejected ops with what was known when each was captured. Must never
//! delete a pending or rejected op.

use rusqlite::{OptionalExtension, Row, params};
use stocksync_ledger::Entry;
use stocksync_schemas::{CaptureContext, Estimate, LogPoint, ReplicaId, UserId};

use super::log_points::log_point;
use super::meta::decode_log_point;
use super::ops::{ENTRY, entry};
use super::{Reader, Writer, signed};
use crate::Error;

/// State of an own op, as stored in `own_ops.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnOpState {
    /// In the outbox.
    Pending = 0,
    /// Accepted by the server.
    Accepted = 1,
    /// Rejected by the server for good.
    Rejected = 2,
}

impl OwnOpState {
    fn decode(state: i64) -> Self {
        match state {
            1 => Self::Accepted,
            2 => Self::Rejected,
            _ => Self::Pending,
        }
    }
}

/// A pending op with what was known when it was captured.
#[derive(Debug, Clone)]
pub(crate) struct OutboxOp {
    pub entry: Entry,
    pub context: CaptureContext,
    /// The estimate has been sent before and must not change.
    pub estimate_is_fixed: bool,
    /// Number of the newest exchange when it was captured.
    pub after_exchange: i64,
}

/// How many ops are pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutboxSize {
    pub pending: u64,
    /// Wall clock of the oldest, ms since 1970.
    pub oldest_ms: Option<i64>,
}

/// An op that the server will not apply.
#[derive(Debug, Clone)]
pub(crate) struct RejectedRow {
    pub entry: Entry,
    /// Registered code of the rejection.
    pub code: String,
    /// Text for a person.
    pub reason: String,
}

/// What a capture reads of the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CaptureState {
    /// Log point up to which the log is applied.
    pub cursor: LogPoint,
    /// Current user of the device.
    pub user: UserId,
    /// Highest own seq.
    pub captured_seq: u64,
    /// Number of the newest exchange; 0 before the first.
    pub exchange: i64,
    /// How often the server was found without the end of its log.
    pub lost_tails: i64,
    /// Seq of the oldest pending op.
    pub pending_from: Option<u64>,
}

impl CaptureState {
    /// The acknowledged mark: the highest own seq up to which every op has a final verdict.
    pub(crate) fn final_seq(&self) -> u64 {
        self.pending_from.map_or(self.captured_seq, |seq| seq.saturating_sub(1))
    }
}

const CAPTURE_STATE: &str =
    "SELECT (SELECT value FROM meta WHERE key = 'cursor'), (SELECT value FROM meta WHERE key = 'user'),
     (SELECT max(seq) FROM ops WHERE replica = ?1), (SELECT max(number) FROM exchanges),
     (SELECT max(number) FROM lost_tails), (SELECT min(seq) FROM own_ops WHERE state = 0)";

impl Reader<'_> {
    /// Pending ops after `seq`, in order, at most `limit`.
    pub(crate) fn outbox(&self, after: u64, limit: usize) -> Result<Vec<OutboxOp>, Error> {
        // CROSS JOIN fixes the order: the other one reads every own op.
        let sql = format!(
            "SELECT {ENTRY}, w.seen_position, w.seen_head, w.own_seen, w.after_exchange, w.sent_began, w.sent_ended,
                 w.sent_uncertainty
             FROM own_ops w CROSS JOIN ops o
             WHERE w.state = 0 AND w.seq > ?1
                 AND o.replica = (SELECT value FROM meta WHERE key = 'replica') AND o.seq = w.seq
             ORDER BY w.seq LIMIT ?2"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![signed(after), signed(limit as u64)], outbox_op)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many ops are pending, and since when.
    pub(crate) fn outbox_size(&self) -> Result<OutboxSize, Error> {
        let sql = "SELECT count(*), min(seq) FROM own_ops WHERE state = 0";
        let (pending, first) = self
            .0
            .prepare_cached(sql)?
            .query_row([], |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, Option<i64>>(1)?)))?;
        let sql = "SELECT wall_ms FROM ops WHERE replica = (SELECT value FROM meta WHERE key = 'replica') AND seq = ?1";
        let oldest_ms = match first {
            Some(seq) => self.0.prepare_cached(sql)?.query_row([seq], |row| row.get(0)).optional()?,
            None => None,
        };
        Ok(OutboxSize { pending, oldest_ms })
    }

    /// How many own ops were rejected.
    pub(crate) fn rejected_count(&self) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM own_ops WHERE state = 2";
        Ok(self.0.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// Rejected own ops before the own seq `before`, newest first, at most `limit`.
    pub(crate) fn rejected(&self, before: Option<u64>, limit: u32) -> Result<Vec<RejectedRow>, Error> {
        let sql = format!(
            "SELECT {ENTRY}, w.code, w.reason FROM own_ops w CROSS JOIN ops o
             WHERE w.state = 2 AND w.seq < ?1
                 AND o.replica = (SELECT value FROM meta WHERE key = 'replica') AND o.seq = w.seq
             ORDER BY w.seq DESC LIMIT ?2"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![before.map_or(i64::MAX, signed), limit], |row| {
            Ok(RejectedRow { entry: entry(row)?, code: row.get(17)?, reason: row.get(18)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// State of an own op.
    pub(crate) fn own_op_state(&self, seq: u64) -> Result<Option<OwnOpState>, Error> {
        let mut statement = self.0.prepare_cached("SELECT state FROM own_ops WHERE seq = ?1")?;
        Ok(statement.query_row([signed(seq)], |row| Ok(OwnOpState::decode(row.get(0)?))).optional()?)
    }

    /// What was known when an own op was captured (without its estimate), and the newest exchange then.
    pub(crate) fn capture_context(&self, seq: u64) -> Result<Option<(CaptureContext, i64)>, Error> {
        let sql = "SELECT seen_position, seen_head, own_seen, after_exchange FROM own_ops WHERE seq = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let found = statement
            .query_row([signed(seq)], |row| {
                let (estimate, own_seen) = (Estimate::default(), row.get::<_, i64>(2)?.unsigned_abs());
                Ok((CaptureContext { estimate, seen: log_point(row, 0)?, own_seen }, row.get(3)?))
            })
            .optional()?;
        Ok(found)
    }

    /// What a capture needs, in one statement: every scan runs it.
    pub(crate) fn capture_state(&self, own: ReplicaId) -> Result<CaptureState, Error> {
        let found = self.0.prepare_cached(CAPTURE_STATE)?.query_row([own.0], |row| {
            let number = |at| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.unwrap_or(0));
            let numbers = (number(2)?, number(3)?, number(4)?, row.get::<_, Option<i64>>(5)?);
            Ok((row.get::<_, Option<Vec<u8>>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?, numbers))
        })?;
        let (cursor, user, (captured_seq, exchange, lost_tails, pending_from)) = found;
        Ok(CaptureState {
            cursor: cursor.map_or(Ok(LogPoint::default()), |bytes| decode_log_point(&bytes))?,
            user: user.and_then(|bytes| UserId::from_slice(&bytes)).unwrap_or_default(),
            captured_seq: captured_seq.unsigned_abs(),
            exchange,
            lost_tails,
            pending_from: pending_from.map(i64::unsigned_abs),
        })
    }
}

fn outbox_op(row: &Row<'_>) -> rusqlite::Result<OutboxOp> {
    let sent: Option<i64> = row.get(21)?;
    let estimate = match sent {
        Some(began) => Estimate { began, ended: row.get(22)?, uncertainty: row.get::<_, i64>(23)?.unsigned_abs() },
        None => Estimate::default(),
    };
    let own_seen = row.get::<_, i64>(19)?.unsigned_abs();
    Ok(OutboxOp {
        entry: entry(row)?,
        context: CaptureContext { estimate, seen: log_point(row, 17)?, own_seen },
        estimate_is_fixed: sent.is_some(),
        after_exchange: row.get(20)?,
    })
}

impl Writer<'_> {
    /// Inserts an own op as pending.
    pub(crate) fn insert_own_op(&self, seq: u64, context: &CaptureContext, after_exchange: i64) -> Result<(), Error> {
        let sql = "INSERT INTO own_ops (seq, state, seen_position, seen_head, own_seen, after_exchange)
             VALUES (?1, 0, ?2, ?3, ?4, ?5)";
        self.connection().prepare_cached(sql)?.execute(params![
            signed(seq),
            signed(context.seen.position),
            context.seen.head.0.0,
            signed(context.own_seen),
            after_exchange
        ])?;
        Ok(())
    }

    /// Stores the estimate with which an op is about to be sent; from then on it does not change.
    pub(crate) fn update_estimate(&self, seq: u64, estimate: &Estimate) -> Result<(), Error> {
        let sql = "UPDATE own_ops SET sent_began = ?2, sent_ended = ?3, sent_uncertainty = ?4 WHERE seq = ?1";
        self.connection().prepare_cached(sql)?.execute(params![
            signed(seq),
            estimate.began,
            estimate.ended,
            signed(estimate.uncertainty)
        ])?;
        Ok(())
    }

    /// Moves an own op to another state, with the code and reason of a rejection.
    pub(crate) fn update_own_op(&self, seq: u64, state: OwnOpState, code: &str, reason: &str) -> Result<(), Error> {
        let sql = "UPDATE own_ops SET state = ?2, code = ?3, reason = ?4, attempts = attempts + 1 WHERE seq = ?1";
        self.connection().prepare_cached(sql)?.execute(params![signed(seq), state as i64, code, reason])?;
        Ok(())
    }

    /// Lowers the `seen` of every own op past `common` to `common`.
    pub(crate) fn lower_seen(&self, common: LogPoint) -> Result<(), Error> {
        let sql = "UPDATE own_ops SET seen_position = ?1, seen_head = ?2 WHERE seen_position > ?1";
        self.connection().prepare_cached(sql)?.execute(params![signed(common.position), common.head.0.0])?;
        Ok(())
    }
}
