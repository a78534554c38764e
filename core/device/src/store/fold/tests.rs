//! The suite of the ledger on the device's tables.

use stocksync_ledger::fold::{CellHistory, FoldStore};
use stocksync_ledger::testing::{TestStore, run_suite};
use stocksync_schemas::{CaptureContext, Cell};

use super::super::{OwnOpState, Store};
use super::*;

/// A database in which replica 1 is the device's own, each request in a transaction by itself.
struct DeviceStore {
    store: Store,
    _folder: tempfile::TempDir,
}

const OWN: ReplicaId = ReplicaId([1; 16]);

impl DeviceStore {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.sqlite")).unwrap();
        store.write(|writer| writer.load_or_insert_replica(|| Ok(OWN.0))).unwrap();
        Self { store, _folder: folder }
    }

    fn ask<T>(&self, ask: impl FnOnce(&mut &Writer<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.store.write(|mut writer| ask(&mut writer))
    }
}

impl FoldStore for DeviceStore {
    type Error = Error;

    fn lane_heads(&mut self, replicas: &BTreeSet<ReplicaId>) -> Result<BTreeMap<ReplicaId, u64>, Error> {
        self.ask(|store| store.lane_heads(replicas))
    }
    fn ops(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<StoredOp>, Error> {
        self.ask(|store| FoldStore::ops(store, lanes))
    }
    fn voids(&mut self, lanes: &BTreeSet<Lane>) -> Result<Vec<VoidOp>, Error> {
        self.ask(|store| store.voids(lanes))
    }
    fn cells(&mut self, needs: &CellNeeds) -> Result<LoadedCells, Error> {
        self.ask(|store| store.cells(needs))
    }
    fn complete_closes(&mut self, past: &BTreeMap<Location, u64>) -> Result<BTreeMap<Location, Vec<OpStamp>>, Error> {
        self.ask(|store| store.complete_closes(past))
    }
    fn histories(&mut self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, Error> {
        self.ask(|store| store.histories(needs))
    }
    /// States of own ops are written beside the fold, by whoever recorded the op or received the verdict.
    fn write(&mut self, write: &FoldWrite) -> Result<(), Error> {
        self.ask(|store| {
            store.write(write)?;
            for op in write.new.iter().filter(|op| op.entry.op.lane.replica == OWN) {
                store.insert_own_op(op.entry.op.lane.seq, &CaptureContext::default(), 0)?;
            }
            let rejected = write.rejected.iter().map(|entry| (entry, OwnOpState::Rejected));
            let accepted = write.accepted.iter().map(|restamp| (&restamp.entry, OwnOpState::Accepted));
            rejected
                .chain(accepted)
                .try_for_each(|(entry, state)| store.update_own_op(entry.op.lane.seq, state, "", ""))
        })
    }
}

impl TestStore for DeviceStore {
    const IS_DEVICE: bool = true;

    fn damage_state(&mut self, cell: &Cell, bytes: &[u8]) {
        let sql = "UPDATE cells SET state = ?4 WHERE variant = ?1 AND location = ?2 AND lot = ?3";
        let parameters = rusqlite::params![cell.variant.0, cell.location.0, cell.lot, bytes];
        let changed = self.store.write(|writer| Ok(writer.connection().execute(sql, parameters)?)).unwrap();
        assert_eq!(changed, 1);
    }
}

#[test]
fn the_device_store_conforms() {
    run_suite(DeviceStore::new, 0..25);
}
