//! What the fold asks of history.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Row, params};
use stocksync_ledger::fold::{
    CellHistory, CloseFact, CompleteClose, CountFact, HistoryNeed, LoadedCells, MovementFact, Needs, OpStamp,
};
use stocksync_schemas::op::Kind;
use stocksync_schemas::{Acceptance, Body, Cell, Lane, Location, ReplicaId, SessionId, VariantId};

use super::ops::{ENTRY, entry};
use super::{Reader, fixed, rest, wake};
use crate::Error;

/// Columns of [`stamp`], in its order.
const STAMP: &str = "o.replica, o.seq, o.position, o.began, o.ended, o.uncertainty, o.past, o.own_past";

fn stamp(row: &Row<'_>) -> rusqlite::Result<OpStamp> {
    let lane =
        Lane { replica: ReplicaId(fixed(row.get_ref(0)?.as_blob()?)?), seq: row.get::<_, i64>(1)?.unsigned_abs() };
    let acceptance = Acceptance {
        position: wake(row.get(2)?),
        began: row.get(3)?,
        ended: row.get(4)?,
        uncertainty: row.get::<_, i64>(5)?.unsigned_abs(),
        past: row.get::<_, i64>(6)?.unsigned_abs(),
        own_past: row.get::<_, i64>(7)?.unsigned_abs(),
    };
    Ok(OpStamp::new(lane, &acceptance))
}

impl Reader<'_> {
    /// What a batch needs, as the tables are now.
    pub(crate) fn load(&self, needs: &Needs) -> Result<LoadedCells, Error> {
        let mut loaded = LoadedCells::default();
        let mut cells = needs.cells.clone();
        for session in &needs.whole_sessions {
            let named = self.session_cells(*session)?;
            cells.extend(named.iter().cloned());
            loaded.session_cells.insert(*session, named);
        }
        for location in &needs.whole_locations {
            cells.extend(self.cells_at(*location)?);
        }
        for cell in cells {
            if let Some(state) = self.state(&cell)? {
                loaded.cells.insert(cell, state);
            }
        }
        for location in &needs.closed_locations {
            let closes = self.complete_closes(*location)?;
            if !closes.is_empty() {
                loaded.complete_closes.insert(*location, closes);
            }
        }
        for session in &needs.sessions {
            let sql = "SELECT EXISTS (SELECT 1 FROM session_ops WHERE session = ?1 AND kind = ?2)";
            let closed = self
                .0
                .prepare_cached(sql)?
                .query_row(params![session.0, Kind::CLOSE.0], |row| row.get::<_, bool>(0))?;
            if closed {
                loaded.closed_sessions.insert(*session);
            }
        }
        Ok(loaded)
    }

    fn complete_closes(&self, location: Location) -> Result<Vec<CompleteClose>, Error> {
        let sql = format!(
            "SELECT {STAMP} FROM complete_closes c JOIN ops o ON o.replica = c.replica AND o.seq = c.seq
             WHERE c.location = ?1 AND o.live ORDER BY o.position, o.seq"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([location.0], |row| Ok(CompleteClose { stamp: stamp(row)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn session_cells(&self, session: SessionId) -> Result<BTreeSet<Cell>, Error> {
        let sql = format!(
            "SELECT {ENTRY} FROM session_ops s JOIN ops o ON o.replica = s.replica AND o.seq = s.seq WHERE s.session = ?1"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([session.0], entry)?;
        let mut cells = BTreeSet::new();
        for row in rows {
            cells.extend(stocksync_ledger::fold::deltas(&row?.op.body).into_iter().map(|(cell, _)| cell));
        }
        Ok(cells)
    }

    /// The history that a cell needs.
    pub(crate) fn history(&self, need: &HistoryNeed) -> Result<CellHistory, Error> {
        let mut history = CellHistory { movements: self.movements(&need.cell, need.after)?, ..CellHistory::default() };
        if need.after.is_some() {
            return Ok(history);
        }
        let mut closes = BTreeMap::new();
        for op in self.named_ops(&need.cell)? {
            match &op.op.body {
                Body::Count(count) => {
                    history.counts.push(CountFact {
                        stamp: op.stamp(),
                        hash: op.hash,
                        counted: count.counted,
                        session: count.session,
                    });
                    for close in count.session.map_or_else(|| Ok(Vec::new()), |it| self.closes_of(it))? {
                        closes.insert(close.op.lane, close);
                    }
                }
                Body::Close(_) => {
                    closes.insert(op.op.lane, op);
                }
                _ => {}
            }
        }
        for close in self.closes_covering(need.cell.location)? {
            closes.insert(close.op.lane, close);
        }
        for close in closes.into_values() {
            if let Body::Close(body) = &close.op.body {
                history.closes.push(CloseFact::of(&need.cell, body, close.stamp()));
            }
        }
        Ok(history)
    }

    fn movements(&self, cell: &Cell, after: Option<u64>) -> Result<Vec<MovementFact>, Error> {
        let sql = format!(
            "SELECT {STAMP}, c.delta FROM op_cells c JOIN ops o ON o.replica = c.replica AND o.seq = c.seq
             WHERE c.variant = ?1 AND c.location = ?2 AND c.lot = ?3 AND c.position > ?4 AND c.kind = ?5 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let after = after.map_or(-1, rest);
        let rows = statement
            .query_map(params![cell.variant.0, cell.location.0, cell.lot, after, Kind::MOVE.0], |row| {
                Ok(MovementFact { stamp: stamp(row)?, delta: row.get::<_, i64>(8)?.into() })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Live counts and closes that name the cell.
    fn named_ops(&self, cell: &Cell) -> Result<Vec<stocksync_ledger::Entry>, Error> {
        let sql = format!(
            "SELECT {ENTRY} FROM op_cells c JOIN ops o ON o.replica = c.replica AND o.seq = c.seq
             WHERE c.variant = ?1 AND c.location = ?2 AND c.lot = ?3 AND c.kind <> ?4 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![cell.variant.0, cell.location.0, cell.lot, Kind::MOVE.0], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn closes_of(&self, session: SessionId) -> Result<Vec<stocksync_ledger::Entry>, Error> {
        let sql = format!(
            "SELECT {ENTRY} FROM session_ops s JOIN ops o ON o.replica = s.replica AND o.seq = s.seq
             WHERE s.session = ?1 AND s.kind = ?2 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![session.0, Kind::CLOSE.0], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn closes_covering(&self, location: Location) -> Result<Vec<stocksync_ledger::Entry>, Error> {
        let sql = format!(
            "SELECT {ENTRY} FROM complete_closes c JOIN ops o ON o.replica = c.replica AND o.seq = c.seq
             WHERE c.location = ?1 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([location.0], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Live counts of a session that this phone holds, by cell: what a close of it names.
    pub(crate) fn session_counts(
        &self,
        session: SessionId,
    ) -> Result<BTreeMap<Cell, Vec<stocksync_schemas::OpRef>>, Error> {
        let sql = format!(
            "SELECT {ENTRY} FROM session_ops s JOIN ops o ON o.replica = s.replica AND o.seq = s.seq
             WHERE s.session = ?1 AND s.kind = ?2 AND o.live"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![session.0, Kind::COUNT.0], entry)?;
        let mut counts = BTreeMap::<Cell, Vec<_>>::new();
        for row in rows {
            let row = row?;
            if let Body::Count(count) = &row.op.body {
                counts.entry(count.cell.clone()).or_default().push(row.reference());
            }
        }
        Ok(counts)
    }

    /// Every cell that any op touches.
    pub(crate) fn touched_cells(&self) -> Result<BTreeSet<Cell>, Error> {
        let mut statement = self.0.prepare_cached("SELECT DISTINCT variant, location, lot FROM op_cells")?;
        let rows = statement.query_map([], |row| cell(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
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
