//! The tables as the fold asks for them.
//!
//! Owns the translation of the fold's requests into look-ups, and of what it writes into rows. Must hold no rule: each
//! answer is exactly what was asked for.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::fold::{
    CellHistory, CellNeeds, FoldStore, FoldWrite, HistoryNeed, LoadedCells, OpStamp, StoredOp, VoidOp,
};
use stocksync_schemas::{Lane, Location, ReplicaId};

use super::Writer;
use crate::Error;

impl FoldStore for &Writer<'_> {
    type Error = Error;

    fn lane_heads(&mut self, replicas: &BTreeSet<ReplicaId>) -> Result<BTreeMap<ReplicaId, u64>, Error> {
        replicas.iter().map(|replica| Ok((*replica, self.read().highest_seq(*replica)?))).collect()
    }

    fn ops(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<StoredOp>, Error> {
        let found: Vec<Option<StoredOp>> =
            lanes.iter().map(|lane| self.read().stored_op(*lane)).collect::<Result<_, _>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    fn voids(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<VoidOp>, Error> {
        let mut found = BTreeSet::new();
        for lane in lanes {
            found.extend(self.read().voids(*lane)?);
        }
        Ok(found.into_iter().collect())
    }

    fn cells(&mut self, needs: &CellNeeds) -> Result<LoadedCells, Error> {
        let reader = self.read();
        let mut loaded = LoadedCells::default();
        for location in &needs.whole_locations {
            loaded.cells.extend(reader.states_at(*location)?);
        }
        for cell in needs.cells.iter().filter(|cell| !needs.whole_locations.contains(&cell.location)) {
            if let Some(state) = reader.state(cell)? {
                loaded.cells.insert(cell.clone(), state);
            }
        }
        for session in &needs.sessions {
            if reader.is_closed(*session)? {
                loaded.closed_sessions.insert(*session);
            }
        }
        for session in &needs.session_cells {
            if let Some(cells) = reader.cells_closed_in(*session)? {
                loaded.session_cells.insert(*session, cells);
            }
        }
        Ok(loaded)
    }

    fn complete_closes(&mut self, past: &BTreeMap<Location, u64>) -> Result<BTreeMap<Location, Vec<OpStamp>>, Error> {
        let mut found = BTreeMap::new();
        for (location, past) in past {
            let closes = self.read().complete_closes(*location, *past)?;
            if !closes.is_empty() {
                found.insert(*location, closes);
            }
        }
        Ok(found)
    }

    fn histories(&mut self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, Error> {
        needs.iter().map(|need| self.read().history(need)).collect()
    }

    fn write(&mut self, write: &FoldWrite) -> Result<(), Error> {
        write.dropped.iter().try_for_each(|entry| self.delete_op(entry))?;
        write.rejected.iter().try_for_each(|entry| self.delete_void(entry.op.lane))?;
        for op in &write.new {
            self.insert_op(&op.entry, op.live)?;
            self.insert_projections(&op.entry)?;
        }
        for op in &write.decoded {
            self.set_live(op.entry.op.lane, op.live)?;
            self.insert_projections(&op.entry)?;
        }
        for restamp in &write.accepted {
            self.restamp(&restamp.entry, restamp.before.position)?;
            self.insert_void(&restamp.entry)?;
        }
        write.changed.iter().try_for_each(|change| self.set_live(change.entry.op.lane, change.live))?;
        write.cells.iter().try_for_each(|(cell, write)| self.upsert_cell(cell, &write.state))
    }
}
