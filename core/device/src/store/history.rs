//! Histories of cells: the live movements, counts and closes that concern them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Row, params};
use stocksync_ledger::Entry;
use stocksync_ledger::fold::{CellHistory, HistoryNeed, MovementFact, OpStamp, add_facts};
use stocksync_schemas::op::Kind;
use stocksync_schemas::{Acceptance, Body, Cell, Close, Lane, Location, OpRef, ReplicaId, SessionId, VariantId};

use super::ops::{ENTRY, entry};
use super::{Reader, decode_position, encode_position, fixed};
use crate::Error;

/// Columns of [`stamp`], in its order.
const STAMP: &str = "o.replica, o.seq, o.position, o.began, o.ended, o.uncertainty, o.past, o.own_past";

fn stamp(row: &Row<'_>) -> rusqlite::Result<OpStamp> {
    let lane =
        Lane { replica: ReplicaId(fixed(row.get_ref(0)?.as_blob()?)?), seq: row.get::<_, i64>(1)?.unsigned_abs() };
    let acceptance = Acceptance {
        position: decode_position(row.get(2)?),
        began: row.get(3)?,
        ended: row.get(4)?,
        uncertainty: row.get::<_, i64>(5)?.unsigned_abs(),
        past: row.get::<_, i64>(6)?.unsigned_abs(),
        own_past: row.get::<_, i64>(7)?.unsigned_abs(),
    };
    Ok(OpStamp::new(lane, &acceptance))
}

impl Reader<'_> {
    /// Live complete closes of a location past a position. Reads the index and no body.
    pub(super) fn complete_closes(&self, location: Location, past: u64) -> Result<Vec<OpStamp>, Error> {
        let sql = format!(
            "SELECT {STAMP} FROM complete_closes c JOIN ops o ON o.replica = c.replica AND o.seq = c.seq
             WHERE c.location = ?1 AND c.position > ?2 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![location.0, encode_position(past)], stamp)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a session has a live close.
    pub(super) fn is_closed(&self, session: SessionId) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM session_ops s JOIN ops o ON o.replica = s.replica AND o.seq = s.seq
             WHERE s.session = ?1 AND s.kind = ?2 AND o.live)";
        Ok(self.0.prepare_cached(sql)?.query_row(params![session.0, Kind::CLOSE.0], |row| row.get(0))?)
    }

    /// The cells that the live closes of a session name; none where it has no live close.
    pub(super) fn cells_closed_in(&self, session: SessionId) -> Result<Option<BTreeSet<Cell>>, Error> {
        let closes = self.session_ops(session, Kind::CLOSE)?;
        let named = closes.iter().filter_map(close_of).flat_map(|close| &close.parts).map(|part| part.cell.clone());
        Ok((!closes.is_empty()).then(|| named.collect()))
    }

    /// The history that a cell needs.
    pub(super) fn history(&self, need: &HistoryNeed) -> Result<CellHistory, Error> {
        let cell = &need.cell;
        let mut history = CellHistory { movements: self.movements(cell, need.after)?, ..CellHistory::default() };
        if need.after.is_some() {
            return Ok(history);
        }
        let mut sessions = need.sessions.clone();
        let mut closes = BTreeMap::<Lane, Entry>::new();
        for op in self.naming_ops(cell)? {
            match &op.op.body {
                Body::Count(count) => {
                    sessions.extend(count.session);
                    add_facts(cell, &op, &mut history);
                }
                Body::Close(close) => {
                    sessions.insert(close.session);
                    closes.insert(op.op.lane, op);
                }
                _ => {}
            }
        }
        for session in sessions {
            closes.extend(self.session_ops(session, Kind::CLOSE)?.into_iter().map(|close| (close.op.lane, close)));
        }
        closes.extend(self.closes_covering(cell.location)?.into_iter().map(|close| (close.op.lane, close)));
        closes.values().for_each(|close| add_facts(cell, close, &mut history));
        Ok(history)
    }

    fn movements(&self, cell: &Cell, after: Option<u64>) -> Result<Vec<MovementFact>, Error> {
        let sql = format!(
            "SELECT {STAMP}, c.delta FROM op_cells c JOIN ops o ON o.replica = c.replica AND o.seq = c.seq
             WHERE c.variant = ?1 AND c.location = ?2 AND c.lot = ?3 AND c.position > ?4 AND c.kind = ?5 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let after = after.map_or(-1, encode_position);
        let rows = statement
            .query_map(params![cell.variant.0, cell.location.0, cell.lot, after, Kind::MOVE.0], |row| {
                Ok(MovementFact { stamp: stamp(row)?, delta: row.get::<_, i64>(8)?.into() })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Live counts and closes that name the cell.
    fn naming_ops(&self, cell: &Cell) -> Result<Vec<Entry>, Error> {
        let sql = format!(
            "SELECT {ENTRY} FROM op_cells c JOIN ops o ON o.replica = c.replica AND o.seq = c.seq
             WHERE c.variant = ?1 AND c.location = ?2 AND c.lot = ?3 AND c.kind <> ?4 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![cell.variant.0, cell.location.0, cell.lot, Kind::MOVE.0], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Live ops of a session: its counts, or its closes.
    fn session_ops(&self, session: SessionId, kind: Kind) -> Result<Vec<Entry>, Error> {
        let sql = format!(
            "SELECT {ENTRY} FROM session_ops s JOIN ops o ON o.replica = s.replica AND o.seq = s.seq
             WHERE s.session = ?1 AND s.kind = ?2 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![session.0, kind.0], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn closes_covering(&self, location: Location) -> Result<Vec<Entry>, Error> {
        let sql = format!(
            "SELECT {ENTRY} FROM complete_closes c JOIN ops o ON o.replica = c.replica AND o.seq = c.seq
             WHERE c.location = ?1 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([location.0], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Live counts of a session that this phone holds, by cell: what a close of it names.
    pub(crate) fn session_counts(&self, session: SessionId) -> Result<BTreeMap<Cell, Vec<OpRef>>, Error> {
        let mut counts = BTreeMap::<Cell, Vec<_>>::new();
        for entry in self.session_ops(session, Kind::COUNT)? {
            if let Body::Count(count) = &entry.op.body {
                counts.entry(count.cell.clone()).or_default().push(entry.reference());
            }
        }
        Ok(counts)
    }
}

fn close_of(entry: &Entry) -> Option<&Close> {
    match &entry.op.body {
        Body::Close(close) => Some(close),
        _ => None,
    }
}

/// A cell read from three columns.
pub(super) fn cell(row: &Row<'_>, at: usize) -> rusqlite::Result<Cell> {
    Ok(Cell {
        variant: VariantId(fixed(row.get_ref(at)?.as_blob()?)?),
        location: Location(fixed(row.get_ref(at + 1)?.as_blob()?)?),
        lot: row.get(at + 2)?,
    })
}
