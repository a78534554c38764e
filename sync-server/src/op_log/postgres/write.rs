//! What a transaction writes: arrays in, one statement a table, cells in the order of their key.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use stocksync_ledger::fold::CellWrite;
use stocksync_ledger::{Entry, Exception, ExceptionKind};
use stocksync_schemas::limits::{UNDECODABLE_BYTES, UNDECODABLE_OPS};
use stocksync_schemas::{Body, Cell};
use uuid::Uuid;

use super::read::in_key_order;
use super::rows::{columns, signed};
use super::{PgTransaction, sql};
use crate::op_log::{Batch, LogError, LogRow, cell_rows, flags};

/// A column of an array parameter.
fn column<T>(rows: &[LogRow], value: impl Fn(&LogRow) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

impl PgTransaction<'_> {
    pub(super) async fn insert_projections(&self, batch: &Batch) -> Result<(), LogError> {
        self.write_changed(batch).await?;
        self.write_op_cells(batch).await?;
        self.write_voids(batch).await?;
        self.write_closes(batch).await?;
        self.write_records(&batch.records, batch.now_ms).await
    }

    pub(super) async fn write_batch(&self, batch: &Batch) -> Result<(), LogError> {
        self.write_rejected(batch).await?;
        self.write_undecodable(batch).await?;
        let Some(last) = batch.rows.last() else { return Ok(()) };
        self.write_ops(batch).await?;
        let replica = Uuid::from_bytes(batch.replica.0);
        let highest = batch.rows.iter().map(|row| row.entry.op.lane.seq).max().unwrap_or(0);
        self.query(sql::RAISE_LANE, &[&replica, &signed(highest)]).await?;
        let newest = signed(last.entry.acceptance.position);
        let before = newest - i64::try_from(batch.rows.len()).unwrap_or(i64::MAX);
        let head = last.head.0.0.as_slice();
        let moved = self.query(sql::ADVANCE, &[&newest, &head, &before]).await?;
        if moved.len() == 1 { Ok(()) } else { Err(LogError::Damaged("the clock was not held")) }
    }

    async fn write_ops(&self, batch: &Batch) -> Result<(), LogError> {
        let (replica, device) = (Uuid::from_bytes(batch.replica.0), Uuid::from_bytes(batch.device.0));
        let rows = &batch.rows;
        let number = |value: fn(&LogRow) -> i64| column(rows, value);
        let inserted = self
            .query(
                sql::INSERT_OPS,
                &[
                    &replica,
                    &device,
                    &batch.now_ms,
                    &number(|it| signed(it.entry.acceptance.position)),
                    &number(|it| signed(it.entry.op.lane.seq)),
                    &column(rows, |it| it.entry.hash.0.to_vec()),
                    &column(rows, |it| it.head.0.0.to_vec()),
                    &number(|it| it.entry.op.captured.wall_ms),
                    &number(|it| it.entry.op.captured.boot_ms),
                    &column(rows, |it| Uuid::from_bytes(it.entry.op.captured.boot.0)),
                    &number(|it| i64::from(it.entry.op.captured.took_ms)),
                    &column(rows, |it| Uuid::from_bytes(it.entry.op.user.0)),
                    &number(|it| i64::from(it.entry.op.kind.0)),
                    &number(|it| i64::from(it.entry.op.version)),
                    &column(rows, |it| it.entry.op.body.encode()),
                    &number(|it| it.entry.acceptance.began),
                    &number(|it| it.entry.acceptance.ended),
                    &number(|it| signed(it.entry.acceptance.uncertainty)),
                    &number(|it| signed(it.entry.acceptance.past)),
                    &number(|it| signed(it.entry.acceptance.own_past)),
                ],
            )
            .await?;
        // Positions and lanes were free under the clock's lock.
        if inserted.len() == rows.len() { Ok(()) } else { Err(LogError::Damaged("a position or a lane was taken")) }
    }

    async fn write_op_cells(&self, batch: &Batch) -> Result<(), LogError> {
        let mut cells: Vec<(Cell, i64, i64, bool)> = Vec::new();
        for row in &batch.rows {
            let live = !batch.dead.contains(&row.entry.op.lane);
            let position = signed(row.entry.acceptance.position);
            let touched = cell_rows(&row.entry.op.body).into_iter();
            cells.extend(touched.map(|(cell, delta)| (cell, position, delta, live)));
        }
        if cells.is_empty() {
            return Ok(());
        }
        let (variants, locations, lots) = columns(cells.iter().map(|it| &it.0));
        let positions: Vec<i64> = cells.iter().map(|it| it.1).collect();
        let deltas: Vec<i64> = cells.iter().map(|it| it.2).collect();
        let live: Vec<bool> = cells.iter().map(|it| it.3).collect();
        self.query(sql::INSERT_OP_CELLS, &[&variants, &locations, &lots, &positions, &deltas, &live]).await.map(drop)
    }

    async fn write_voids(&self, batch: &Batch) -> Result<(), LogError> {
        let voids: Vec<_> = batch
            .rows
            .iter()
            .filter_map(|row| match &row.entry.op.body {
                Body::Void(void) => Some((void.target, row.entry.reference())),
                _ => None,
            })
            .collect();
        if voids.is_empty() {
            return Ok(());
        }
        let replica = |id: stocksync_schemas::ReplicaId| Uuid::from_bytes(id.0);
        let target_replicas: Vec<Uuid> = voids.iter().map(|it| replica(it.0.lane.replica)).collect();
        let target_seqs: Vec<i64> = voids.iter().map(|it| signed(it.0.lane.seq)).collect();
        let target_hashes: Vec<&[u8]> = voids.iter().map(|it| it.0.hash.0.as_slice()).collect();
        let replicas: Vec<Uuid> = voids.iter().map(|it| replica(it.1.lane.replica)).collect();
        let seqs: Vec<i64> = voids.iter().map(|it| signed(it.1.lane.seq)).collect();
        let hashes: Vec<&[u8]> = voids.iter().map(|it| it.1.hash.0.as_slice()).collect();
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&target_replicas, &target_seqs, &target_hashes, &replicas, &seqs, &hashes];
        self.query(sql::INSERT_VOIDS, &parameters).await.map(drop)
    }

    async fn write_closes(&self, batch: &Batch) -> Result<(), LogError> {
        let entries = batch.rows.iter().map(|row| (&row.entry, !batch.dead.contains(&row.entry.op.lane)));
        self.write_close_rows(entries, sql::INSERT_CLOSES, sql::INSERT_COMPLETE_CLOSES).await
    }

    async fn write_rejected(&self, batch: &Batch) -> Result<(), LogError> {
        if batch.rejected.is_empty() {
            return Ok(());
        }
        let (replica, device) = (Uuid::from_bytes(batch.replica.0), Uuid::from_bytes(batch.device.0));
        let seqs: Vec<i64> = batch.rejected.iter().map(|it| signed(it.op.lane.seq)).collect();
        let hashes: Vec<&[u8]> = batch.rejected.iter().map(|it| it.hash.0.as_slice()).collect();
        let codes: Vec<&str> = batch.rejected.iter().map(|it| it.code.as_str()).collect();
        let texts: Vec<&str> = batch.rejected.iter().map(|it| it.text.as_str()).collect();
        let ops: Vec<Vec<u8>> = batch.rejected.iter().map(|it| it.op.canonical_bytes()).collect();
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
            [&replica, &device, &batch.now_ms, &seqs, &hashes, &codes, &texts, &ops];
        self.query(sql::INSERT_REJECTED, &parameters).await.map(drop)
    }

    async fn write_undecodable(&self, batch: &Batch) -> Result<(), LogError> {
        if batch.undecodable.is_empty() {
            return Ok(());
        }
        let (replica, device) = (Uuid::from_bytes(batch.replica.0), Uuid::from_bytes(batch.device.0));
        let sent = &batch.undecodable;
        let seqs: Vec<i64> = sent.iter().map(|it| signed(it.seq)).collect();
        let hashes: Vec<Vec<u8>> = sent.iter().map(|it| Sha256::digest(&it.bytes).to_vec()).collect();
        let codes: Vec<&str> = sent.iter().map(|it| it.code.as_str()).collect();
        let texts: Vec<String> = sent.iter().map(|it| it.text.replace('\0', "")).collect();
        let sizes: Vec<i64> = sent.iter().map(|it| i64::try_from(it.bytes.len()).unwrap_or(i64::MAX)).collect();
        let bytes: Vec<&[u8]> = sent.iter().map(|it| it.bytes.get(..UNDECODABLE_BYTES).unwrap_or(&it.bytes)).collect();
        let most = i64::try_from(UNDECODABLE_OPS).unwrap_or(i64::MAX);
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 10] =
            [&replica, &device, &batch.now_ms, &most, &seqs, &hashes, &codes, &texts, &sizes, &bytes];
        self.query(sql::INSERT_UNDECODABLE, &parameters).await.map(drop)
    }

    async fn write_changed(&self, batch: &Batch) -> Result<(), LogError> {
        if batch.changed.is_empty() {
            return Ok(());
        }
        let positions: Vec<i64> = batch.changed.iter().map(|it| signed(it.entry.acceptance.position)).collect();
        let live: Vec<bool> = batch.changed.iter().map(|it| it.live).collect();
        self.query(sql::SET_LIVE, &[&positions, &live]).await?;
        let changed = batch.changed.iter().map(|it| (&it.entry, it.live));
        self.write_close_rows(changed, sql::SET_LIVE_CLOSES, sql::SET_LIVE_COMPLETE_CLOSES).await
    }

    /// Runs a statement over the sessions and one over the complete locations of the closes among `entries`.
    async fn write_close_rows<'e>(
        &self,
        entries: impl Iterator<Item = (&'e Entry, bool)>,
        by_session: &'static str,
        by_location: &'static str,
    ) -> Result<(), LogError> {
        let (mut sessions, mut locations) = (Vec::new(), Vec::new());
        for (entry, live) in entries {
            if let Body::Close(close) = &entry.op.body {
                let position = signed(entry.acceptance.position);
                sessions.push((Uuid::from_bytes(close.session.0), position, live));
                locations.extend(close.complete.iter().map(|location| (Uuid::from_bytes(location.0), position, live)));
            }
        }
        for (sql, found) in [(by_session, sessions), (by_location, locations)] {
            if found.is_empty() {
                continue;
            }
            let ids: Vec<Uuid> = found.iter().map(|it| it.0).collect();
            let positions: Vec<i64> = found.iter().map(|it| it.1).collect();
            let live: Vec<bool> = found.iter().map(|it| it.2).collect();
            self.query(sql, &[&ids, &positions, &live]).await?;
        }
        Ok(())
    }

    pub(super) async fn write_cells(&self, cells: &BTreeMap<Cell, CellWrite>, now_ms: i64) -> Result<(), LogError> {
        if cells.is_empty() {
            return Ok(());
        }
        let mut ordered: Vec<(&Cell, &CellWrite)> = cells.iter().collect();
        ordered.sort_by(|left, right| in_key_order(left.0).cmp(&in_key_order(right.0)));
        let (variants, locations, lots) = columns(ordered.iter().map(|(cell, _)| *cell));
        let views: Vec<_> = ordered.iter().map(|(_, write)| write.state.view()).collect();
        let bytes = ordered.iter().map(|(_, write)| write.state.encode()).collect::<Result<Vec<_>, _>>();
        let bytes = bytes.map_err(|_| LogError::Damaged("a cell's state does not encode"))?;
        let on_hand: Vec<i64> = views.iter().map(|view| view.on_hand).collect();
        let moved: Vec<i64> = views.iter().map(|view| view.moved).collect();
        let bits: Vec<i16> = views.iter().map(flags).collect();
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
            [&now_ms, &locations, &variants, &lots, &bytes, &on_hand, &moved, &bits];
        self.query(sql::UPSERT_CELLS, &parameters).await?;
        self.close_exceptions(&ordered, now_ms).await?;
        self.open_exceptions(&ordered, now_ms).await
    }

    async fn close_exceptions(&self, cells: &[(&Cell, &CellWrite)], now_ms: i64) -> Result<(), LogError> {
        let closed = cells.iter().flat_map(|(cell, write)| write.closed.iter().map(|kind| (*cell, *kind)));
        let ids: Vec<Vec<u8>> = closed.map(|(cell, kind)| Exception::of_cell(kind, cell).id().to_vec()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.query(sql::CLOSE_EXCEPTIONS, &[&now_ms, &ids]).await.map(drop)
    }

    async fn open_exceptions(&self, cells: &[(&Cell, &CellWrite)], now_ms: i64) -> Result<(), LogError> {
        let opened = cells.iter().flat_map(|(cell, write)| write.opened.iter().map(|kind| (*cell, *kind)));
        let opened: Vec<(&Cell, ExceptionKind)> = opened.collect();
        if opened.is_empty() {
            return Ok(());
        }
        let ids: Vec<Vec<u8>> =
            opened.iter().map(|(cell, kind)| Exception::of_cell(*kind, cell).id().to_vec()).collect();
        let kinds: Vec<&str> = opened.iter().map(|(_, kind)| kind.as_str()).collect();
        let (variants, locations, lots) = columns(opened.iter().map(|(cell, _)| *cell));
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&now_ms, &ids, &kinds, &locations, &variants, &lots];
        self.query(sql::OPEN_EXCEPTIONS, &parameters).await.map(drop)
    }
}
