//! Own ops and the state of sync: outbox, log points, exchanges, single values.

use rusqlite::{OptionalExtension, Row, params};
use stocksync_ledger::Entry;
use stocksync_schemas::{BootId, CaptureContext, Estimate, Head, LogPoint, OpHash, ReplicaId, SessionId, UserId};

use super::ops::{ENTRY, entry};
use super::{Reader, Writer, fixed, signed};
use crate::Error;
use crate::acts::Act;
use crate::time::{ClockBounds, ExchangeSample};

/// Where an own op stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnState {
    /// In the outbox.
    Waits = 0,
    /// Accepted by the server.
    Accepted = 1,
    /// Refused for good.
    Rejected = 2,
}

/// An op of the outbox with what is known beside it.
#[derive(Debug, Clone)]
pub(crate) struct OutboxOp {
    pub entry: Entry,
    pub context: CaptureContext,
    /// The estimate has been sent before and must not change.
    pub estimate_kept: bool,
    /// Newest exchange when it was captured.
    pub after_exchange: i64,
}

/// An op that the server will not apply.
#[derive(Debug, Clone)]
pub(crate) struct RejectedRow {
    pub entry: Entry,
    pub code: String,
    pub reason: String,
}

fn point(row: &Row<'_>, at: usize) -> rusqlite::Result<LogPoint> {
    let head = Head(OpHash(fixed(row.get_ref(at + 1)?.as_blob()?)?));
    Ok(LogPoint { position: row.get::<_, i64>(at)?.unsigned_abs(), head })
}

fn exchange_sample(row: &Row<'_>) -> rusqlite::Result<ExchangeSample> {
    Ok(ExchangeSample {
        number: row.get(0)?,
        boot: BootId(fixed(row.get_ref(1)?.as_blob()?)?),
        sent_ms: row.get(2)?,
        received_ms: row.get(3)?,
        server_ms: row.get(4)?,
    })
}

/// What an act needs to know of its database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CaptureState {
    /// Applied up to here.
    pub cursor: LogPoint,
    /// Who works with the device.
    pub user: UserId,
    /// Highest own seq.
    pub captured_seq: u64,
    /// Number of the newest exchange; 0 before the first.
    pub exchange: i64,
    /// How often the server lost its tail.
    pub lost_tails: i64,
    /// The first own op that waits for the server.
    pub waits_from: Option<u64>,
}

impl CaptureState {
    /// The acknowledged mark: the highest own seq up to which every op has a final verdict.
    pub(crate) fn final_seq(&self) -> u64 {
        self.waits_from.map_or(self.captured_seq, |seq| seq.saturating_sub(1))
    }
}

const STANDING: &str =
    "SELECT (SELECT value FROM meta WHERE key = 'cursor'), (SELECT value FROM meta WHERE key = 'user'),
     (SELECT max(seq) FROM ops WHERE replica = ?1), (SELECT max(number) FROM exchanges),
     (SELECT max(number) FROM lost_tails), (SELECT min(seq) FROM own_ops WHERE state = 0)";
const BEFORE: &str = "SELECT number, boot, sent_ms, received_ms, server_ms FROM exchanges
     WHERE boot = ?1 AND received_ms <= ?2 AND number <= ?3 ORDER BY received_ms DESC LIMIT 1";
// The plus keeps SQLite from reading every exchange of the boot: what is wanted is near `number`.
const AFTER: &str = "SELECT number, boot, sent_ms, received_ms, server_ms FROM exchanges
     WHERE +boot = ?1 AND sent_ms >= ?2 AND number > ?3 ORDER BY number LIMIT 1";
const LAST_KNOWN: &str = "SELECT number, boot, sent_ms, received_ms, server_ms FROM exchanges
     WHERE number <= ?1 ORDER BY number DESC LIMIT 1";
const NEXT_KNOWN: &str = "SELECT number, boot, sent_ms, received_ms, server_ms FROM exchanges
     WHERE number > ?1 ORDER BY number LIMIT 1";

/// A log point as it rests among the single values.
fn meta_point(bytes: &[u8]) -> Result<LogPoint, Error> {
    let (position, head) = bytes.split_at_checked(8).ok_or(Error::Internal("a log point of another length"))?;
    Ok(LogPoint { position: u64::from_be_bytes(fixed(position)?), head: Head(OpHash(fixed(head)?)) })
}

impl Reader<'_> {
    /// A single value.
    pub(crate) fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let mut statement = self.0.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// The single values whose keys begin so, by key.
    pub(crate) fn metas(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let sql = "SELECT key, value FROM meta WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A log point among the single values; the start of the log where there is none.
    pub(crate) fn meta_point(&self, key: &str) -> Result<LogPoint, Error> {
        self.meta(key)?.map_or(Ok(LogPoint::default()), |bytes| meta_point(&bytes))
    }

    /// The outbox after `seq`, in order, at most `limit`.
    pub(crate) fn outbox(&self, after: u64, limit: usize) -> Result<Vec<OutboxOp>, Error> {
        let sql = format!(
            "SELECT {ENTRY}, w.seen_position, w.seen_head, w.own_seen, w.after_exchange, w.sent_began, w.sent_ended,
                 w.sent_uncertainty
             FROM own_ops w JOIN ops o ON o.replica = (SELECT value FROM meta WHERE key = 'replica') AND o.seq = w.seq
             WHERE w.state = 0 AND w.seq > ?1 ORDER BY w.seq LIMIT ?2"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![signed(after), signed(limit as u64)], outbox_op)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many ops wait, and the wall clock of the oldest.
    pub(crate) fn waiting(&self) -> Result<(u64, Option<i64>), Error> {
        let sql = "SELECT count(*), min(seq) FROM own_ops WHERE state = 0";
        let (count, first) = self
            .0
            .prepare_cached(sql)?
            .query_row([], |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, Option<i64>>(1)?)))?;
        let sql = "SELECT wall_ms FROM ops WHERE replica = (SELECT value FROM meta WHERE key = 'replica') AND seq = ?1";
        let oldest = match first {
            Some(seq) => self.0.prepare_cached(sql)?.query_row([seq], |row| row.get(0)).optional()?,
            None => None,
        };
        Ok((count, oldest))
    }

    /// How many own ops were rejected.
    pub(crate) fn rejected_count(&self) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM own_ops WHERE state = 2";
        Ok(self.0.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// Own ops that were rejected, newest first: those before the own seq `before`.
    pub(crate) fn rejected(&self, before: Option<u64>, limit: u32) -> Result<Vec<RejectedRow>, Error> {
        let sql = format!(
            "SELECT {ENTRY}, w.code, w.reason
             FROM own_ops w JOIN ops o ON o.replica = (SELECT value FROM meta WHERE key = 'replica') AND o.seq = w.seq
             WHERE w.state = 2 AND w.seq < ?1 ORDER BY w.seq DESC LIMIT ?2"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![before.map_or(i64::MAX, signed), limit], |row| {
            Ok(RejectedRow { entry: entry(row)?, code: row.get(17)?, reason: row.get(18)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Where an own op stands.
    pub(crate) fn own_state(&self, seq: u64) -> Result<Option<i64>, Error> {
        let mut statement = self.0.prepare_cached("SELECT state FROM own_ops WHERE seq = ?1")?;
        Ok(statement.query_row([signed(seq)], |row| row.get(0)).optional()?)
    }

    /// What is known beside an own op.
    pub(crate) fn context(&self, seq: u64) -> Result<Option<(CaptureContext, i64)>, Error> {
        let sql = "SELECT seen_position, seen_head, own_seen, after_exchange FROM own_ops WHERE seq = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let found = statement
            .query_row([signed(seq)], |row| {
                let own_seen = row.get::<_, i64>(2)?.unsigned_abs();
                Ok((CaptureContext { estimate: Estimate::default(), seen: point(row, 0)?, own_seen }, row.get(3)?))
            })
            .optional()?;
        Ok(found)
    }

    /// Log points that this phone has stood at, newest first.
    pub(crate) fn log_points(&self) -> Result<Vec<LogPoint>, Error> {
        let mut statement = self.0.prepare_cached("SELECT position, head FROM log_points ORDER BY position DESC")?;
        let rows = statement.query_map([], |row| point(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What an act needs to know of this database, in one statement: every scan runs it.
    pub(crate) fn capture_state(&self, own: ReplicaId) -> Result<CaptureState, Error> {
        let capture_state = self.0.prepare_cached(STANDING)?.query_row([own.0], |row| {
            Ok((row.get::<_, Option<Vec<u8>>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?, {
                let number = |at| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.unwrap_or(0));
                (number(2)?, number(3)?, number(4)?, row.get::<_, Option<i64>>(5)?)
            }))
        })?;
        let (cursor, user, (captured_seq, exchange, lost_tails, waits_from)) = capture_state;
        Ok(CaptureState {
            cursor: cursor.map_or(Ok(LogPoint::default()), |bytes| meta_point(&bytes))?,
            user: user.and_then(|bytes| UserId::from_slice(&bytes)).unwrap_or_default(),
            captured_seq: captured_seq.unsigned_abs(),
            exchange,
            lost_tails,
            waits_from: waits_from.map(i64::unsigned_abs),
        })
    }

    /// Lost tails after the `known` first ones: the points both shared.
    pub(crate) fn lost_tails(&self, known: i64) -> Result<Vec<LogPoint>, Error> {
        let mut statement =
            self.0.prepare_cached("SELECT position, head FROM lost_tails WHERE number > ?1 ORDER BY number")?;
        let rows = statement.query_map([known], |row| point(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Server time of the newest exchange.
    pub(crate) fn synced_ms(&self) -> Result<Option<i64>, Error> {
        let sql = "SELECT server_ms FROM exchanges ORDER BY number DESC LIMIT 1";
        Ok(self.0.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?)
    }

    /// Whether an exchange was made in this boot.
    pub(crate) fn has_exchanged(&self, boot: BootId) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM exchanges WHERE boot = ?1)";
        Ok(self.0.prepare_cached(sql)?.query_row([boot.0], |row| row.get(0))?)
    }

    /// The exchanges before an act.
    pub(crate) fn before(&self, boot: BootId, boot_ms: i64, after_exchange: i64) -> Result<ClockBounds, Error> {
        let before = self.exchange_sample(BEFORE, &[&boot.0, &boot_ms, &after_exchange])?;
        let last_known = self.exchange_sample(LAST_KNOWN, &[&after_exchange])?;
        Ok(ClockBounds { before, last_known, ..ClockBounds::default() })
    }

    /// The exchanges around an act, as far as there were any after it.
    pub(crate) fn around(&self, boot: BootId, boot_ms: i64, after_exchange: i64) -> Result<ClockBounds, Error> {
        let after = self.exchange_sample(AFTER, &[&boot.0, &boot_ms, &after_exchange])?;
        let next_known = self.exchange_sample(NEXT_KNOWN, &[&after_exchange])?;
        Ok(ClockBounds { after, next_known, ..self.before(boot, boot_ms, after_exchange)? })
    }

    fn exchange_sample(
        &self,
        sql: &'static str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Option<ExchangeSample>, Error> {
        Ok(self.0.prepare_cached(sql)?.query_row(values, exchange_sample).optional()?)
    }

    /// The act with which a session opened here.
    pub(crate) fn session_act(&self, session: SessionId) -> Result<Option<Act>, Error> {
        let mut statement = self.0.prepare_cached("SELECT act FROM sessions WHERE session = ?1")?;
        let text: Option<String> = statement.query_row([session.0], |row| row.get(0)).optional()?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| Error::Internal("a session's act cannot be read")))
            .transpose()
    }

    /// Sessions opened here and not closed.
    pub(crate) fn open_sessions(&self) -> Result<Vec<SessionId>, Error> {
        let mut statement = self.0.prepare_cached("SELECT session FROM sessions ORDER BY session")?;
        let rows = statement.query_map([], |row| Ok(SessionId(fixed(row.get_ref(0)?.as_blob()?)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn outbox_op(row: &Row<'_>) -> rusqlite::Result<OutboxOp> {
    let sent: Option<i64> = row.get(21)?;
    let estimate = match sent {
        Some(began) => Estimate { began, ended: row.get(22)?, uncertainty: row.get::<_, i64>(23)?.unsigned_abs() },
        None => Estimate::default(),
    };
    Ok(OutboxOp {
        entry: entry(row)?,
        context: CaptureContext { estimate, seen: point(row, 17)?, own_seen: row.get::<_, i64>(19)?.unsigned_abs() },
        estimate_kept: sent.is_some(),
        after_exchange: row.get(20)?,
    })
}

impl Writer<'_> {
    /// Sets a single value.
    pub(crate) fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
        self.connection().prepare_cached(sql)?.execute(params![key, value])?;
        Ok(())
    }

    /// Forgets a single value.
    pub(crate) fn remove_meta(&self, key: &str) -> Result<(), Error> {
        self.connection().prepare_cached("DELETE FROM meta WHERE key = ?1")?.execute([key])?;
        Ok(())
    }

    /// Sets a log point among the single values.
    pub(crate) fn set_meta_point(&self, key: &str, point: LogPoint) -> Result<(), Error> {
        let mut bytes = point.position.to_be_bytes().to_vec();
        bytes.extend_from_slice(&point.head.0.0);
        self.set_meta(key, &bytes)
    }

    /// Puts an own op into the outbox.
    pub(crate) fn insert_own(&self, seq: u64, context: &CaptureContext, after_exchange: i64) -> Result<(), Error> {
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

    /// Keeps the estimate with which an op is about to be sent.
    pub(crate) fn keep_estimate(&self, seq: u64, it: &Estimate) -> Result<(), Error> {
        let sql = "UPDATE own_ops SET sent_began = ?2, sent_ended = ?3, sent_uncertainty = ?4 WHERE seq = ?1";
        self.connection().prepare_cached(sql)?.execute(params![
            signed(seq),
            it.began,
            it.ended,
            signed(it.uncertainty)
        ])?;
        Ok(())
    }

    /// Moves an own op to another state, with the code and reason of a rejection.
    pub(crate) fn set_own(&self, seq: u64, state: OwnState, code: &str, reason: &str) -> Result<(), Error> {
        let sql = "UPDATE own_ops SET state = ?2, code = ?3, reason = ?4, attempts = attempts + 1 WHERE seq = ?1";
        self.connection().prepare_cached(sql)?.execute(params![signed(seq), state as i64, code, reason])?;
        Ok(())
    }

    /// Lowers the `seen` of every own op that lies past `common` to it.
    pub(crate) fn lower_seen(&self, common: LogPoint) -> Result<(), Error> {
        let sql = "UPDATE own_ops SET seen_position = ?1, seen_head = ?2 WHERE seen_position > ?1";
        self.connection().prepare_cached(sql)?.execute(params![signed(common.position), common.head.0.0])?;
        Ok(())
    }

    /// Notes a lost tail, so that acts in progress are lowered when they are recorded.
    pub(crate) fn note_lost_tail(&self, common: LogPoint) -> Result<(), Error> {
        let connection = self.connection();
        connection.execute("DELETE FROM log_points WHERE position > ?1", [signed(common.position)])?;
        let sql = "INSERT INTO lost_tails (number, position, head)
             VALUES ((SELECT ifnull(max(number), 0) + 1 FROM lost_tails), ?1, ?2)";
        connection.prepare_cached(sql)?.execute(params![signed(common.position), common.head.0.0])?;
        Ok(())
    }

    /// Notes a log point; about 64 are kept, closer together the newer they are.
    pub(crate) fn note_point(&self, point: LogPoint) -> Result<(), Error> {
        if point.position == 0 {
            return Ok(());
        }
        let sql =
            "INSERT INTO log_points (position, head) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET head = excluded.head";
        self.connection().prepare_cached(sql)?.execute(params![signed(point.position), point.head.0.0])?;
        let points = self.read().log_points()?;
        for position in thinned(&points) {
            self.connection().execute("DELETE FROM log_points WHERE position = ?1", [signed(position)])?;
        }
        Ok(())
    }

    /// Notes when an exchange was. Old ones are kept as long as an op may need them.
    pub(crate) fn note_exchange(
        &self,
        boot: BootId,
        sent_ms: i64,
        received_ms: i64,
        server_ms: i64,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO exchanges (number, boot, sent_ms, received_ms, server_ms)
             VALUES ((SELECT ifnull(max(number), 0) + 1 FROM exchanges), ?1, ?2, ?3, ?4)";
        self.connection().prepare_cached(sql)?.execute(params![boot.0, sent_ms, received_ms, server_ms])?;
        let sql = "DELETE FROM exchanges WHERE number < (SELECT max(number) FROM exchanges) - 500 AND number <
             (SELECT ifnull(min(after_exchange), 9223372036854775807) FROM own_ops WHERE state = 0)";
        self.connection().prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Notes a session opened here.
    pub(crate) fn open_session(&self, session: SessionId, act: &Act) -> Result<(), Error> {
        let text = serde_json::to_string(act).map_err(|_| Error::Internal("an act cannot be written"))?;
        let sql = "INSERT INTO sessions (session, act) VALUES (?1, ?2)";
        self.connection().prepare_cached(sql)?.execute(params![session.0, text])?;
        Ok(())
    }

    /// Forgets a session that is closed.
    pub(crate) fn end_session(&self, session: SessionId) -> Result<(), Error> {
        self.connection().prepare_cached("DELETE FROM sessions WHERE session = ?1")?.execute([session.0])?;
        Ok(())
    }

    /// This database's replica id, made on first use.
    pub(crate) fn replica(&self, fresh: impl FnOnce() -> Result<[u8; 16], Error>) -> Result<ReplicaId, Error> {
        if let Some(bytes) = self.read().meta("replica")? {
            return Ok(ReplicaId(fixed(&bytes)?));
        }
        let id = fresh()?;
        self.set_meta("replica", &id)?;
        Ok(ReplicaId(id))
    }
}

/// Which points to forget: beyond the 16 newest, each power of two of distance keeps two.
fn thinned(newest_first: &[LogPoint]) -> Vec<u64> {
    let newest = newest_first.first().map_or(0, |point| point.position);
    let mut kept = std::collections::BTreeMap::<u32, u32>::new();
    let old = newest_first.iter().skip(16);
    old.filter(|point| {
        let distance = (newest - point.position).max(1).ilog2();
        let count = kept.entry(distance).or_default();
        *count += 1;
        *count > 2
    })
    .map(|point| point.position)
    .collect()
}
