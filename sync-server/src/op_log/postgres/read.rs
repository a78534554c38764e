//! What a transaction reads.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::fold::order::OpStamp;
use stocksync_ledger::fold::{
    CellHistory, CloseFact, CompleteClose, CountFact, HistoryNeed, LoadedCells, MovementFact, Needs, VoidOp, evaluate,
};
use stocksync_ledger::{CellState, Entry};
use stocksync_schemas::{
    Body, Cell, Close, DeviceId, Head, Kind, Lane, Location, LogPoint, OpRef, ReplicaId, SessionId,
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::rows::{self, acceptance, cell, get, hash, id, log_row, signed, stamp, unsigned};
use super::{PgTransaction, sql};
use crate::op_log::{Issued, Judgement, Known, LaneState, LogError, LogRow, TenantClock};

/// A live close that a history may need.
struct LiveClose {
    stamp: OpStamp,
    close: Close,
}

impl PgTransaction<'_> {
    pub(super) async fn read_clock(&self, now_ms: i64) -> Result<TenantClock, LogError> {
        let rows = self.query(sql::CLOCK, &[&now_ms]).await?;
        let row = rows.first().ok_or(LogError::Damaged("the tenant has no clock"))?;
        let point = LogPoint { position: unsigned(get(row, "position")?), head: Head(hash(row, "head")?) };
        Ok(TenantClock { point, now_ms: get(row, "now_ms")? })
    }

    pub(super) async fn read_lane(&self, replica: ReplicaId) -> Result<Option<LaneState>, LogError> {
        let rows = self.query(sql::LANE, &[&Uuid::from_bytes(replica.0)]).await?;
        let lane = |row: &Row| {
            Ok(LaneState { device: DeviceId(id(row, "device_id")?), max_seq: unsigned(get(row, "max_seq")?) })
        };
        rows.first().map(lane).transpose()
    }

    pub(super) async fn read_issued(&self, positions: &[u64]) -> Result<BTreeMap<u64, Issued>, LogError> {
        let positions: Vec<i64> = positions.iter().map(|position| signed(*position)).collect();
        let rows = self.query(sql::ISSUED, &[&positions]).await?;
        let issued = |row: &Row| {
            let it = Issued { head: Head(hash(row, "head")?), server_ms: get(row, "server_ms")? };
            Ok((unsigned(get(row, "position")?), it))
        };
        rows.iter().map(issued).collect()
    }

    pub(super) async fn read_known(&self, replica: ReplicaId, seqs: &[u64]) -> Result<BTreeMap<u64, Known>, LogError> {
        let replica = Uuid::from_bytes(replica.0);
        let seqs: Vec<i64> = seqs.iter().map(|seq| signed(*seq)).collect();
        let mut known = BTreeMap::new();
        for row in self.query(sql::KNOWN_REJECTED, &[&replica, &seqs]).await? {
            let judgement = Judgement::Rejected { code: get(&row, "code")?, text: get(&row, "reason")? };
            known.insert(unsigned(get(&row, "seq")?), Known { hash: hash(&row, "hash")?, judgement });
        }
        for row in self.query(sql::KNOWN, &[&replica, &seqs]).await? {
            let judgement = Judgement::Accepted(acceptance(&row)?);
            known.insert(unsigned(get(&row, "seq")?), Known { hash: hash(&row, "hash")?, judgement });
        }
        Ok(known)
    }

    pub(super) async fn read_page(&self, after: u64, limit: u32) -> Result<Vec<LogRow>, LogError> {
        let rows = self.query(sql::PAGE, &[&signed(after), &i64::from(limit)]).await?;
        rows.iter().map(log_row).collect()
    }

    pub(super) async fn read_voids(&self, touching: &[Lane]) -> Result<Vec<VoidOp>, LogError> {
        let (replicas, seqs) = rows::lanes(touching);
        let void = |row: &Row| {
            let target =
                Lane { replica: ReplicaId(id(row, "target_replica")?), seq: unsigned(get(row, "target_seq")?) };
            Ok(VoidOp {
                void: OpRef { lane: rows::lane(row)?, hash: hash(row, "hash")? },
                target: OpRef { lane: target, hash: hash(row, "target_hash")? },
            })
        };
        self.query(sql::VOIDS, &[&replicas, &seqs]).await?.iter().map(void).collect()
    }

    pub(super) async fn read_entries(&self, lanes: &[Lane]) -> Result<Vec<Entry>, LogError> {
        let (replicas, seqs) = rows::lanes(lanes);
        let rows = self.query(sql::ENTRIES, &[&replicas, &seqs]).await?;
        rows.iter().map(|row| Ok(log_row(row)?.entry)).collect()
    }

    pub(super) async fn read_needs(&self, needs: &Needs) -> Result<LoadedCells, LogError> {
        let mut loaded = LoadedCells::default();
        let (variants, locations, lots) = rows::columns(needs.cells.iter());
        let mut rows = self.query(sql::CELLS, &[&variants, &locations, &lots]).await?;
        if !needs.whole_locations.is_empty() {
            rows.extend(self.query(sql::LOCATION_CELLS, &[&location_ids(&needs.whole_locations)]).await?);
        }
        for row in &rows {
            let cell = cell(row)?;
            let state = match CellState::decode(get(row, "state")?) {
                Ok(state) => state,
                // A state of another form: history, which does not hold the new batch yet, gives it anew.
                Err(_) => {
                    let need = HistoryNeed { cell: cell.clone(), after: None };
                    let histories = self.read_histories(&[need]).await?;
                    histories.first().map(evaluate).unwrap_or_default()
                }
            };
            loaded.cells.insert(cell, state);
        }
        if !needs.closed_locations.is_empty() {
            let closes =
                self.closes(sql::COMPLETE_CLOSES, &location_ids(&needs.closed_locations), "location_id").await?;
            for (location, closes) in closes {
                let closes = closes.iter().map(|close| CompleteClose { stamp: close.stamp }).collect();
                loaded.complete_closes.insert(Location(location), closes);
            }
        }
        if !needs.sessions.is_empty() {
            for row in self.query(sql::CLOSED_SESSIONS, &[&session_ids(&needs.sessions)]).await? {
                loaded.closed_sessions.insert(SessionId(id(&row, "session_id")?));
            }
        }
        Ok(loaded)
    }

    /// Live closes by the id in column `key`.
    async fn closes(
        &self,
        sql: &'static str,
        ids: &[Uuid],
        key: &'static str,
    ) -> Result<BTreeMap<[u8; 16], Vec<LiveClose>>, LogError> {
        let mut closes = BTreeMap::<_, Vec<LiveClose>>::new();
        if ids.is_empty() {
            return Ok(closes);
        }
        for row in self.query(sql, &[&ids]).await? {
            if let Body::Close(close) = body(&row)? {
                closes.entry(id(&row, key)?).or_default().push(LiveClose { stamp: stamp(&row)?, close });
            }
        }
        Ok(closes)
    }

    pub(super) async fn read_histories(&self, needs: &[HistoryNeed]) -> Result<Vec<CellHistory>, LogError> {
        let mut histories = vec![CellHistory::default(); needs.len()];
        // By cell and position: a close may be found by several ways.
        let mut closes = vec![BTreeMap::<u64, CloseFact>::new(); needs.len()];
        let (variants, locations, lots) = rows::columns(needs.iter().map(|need| &need.cell));
        let past: Vec<i64> = needs.iter().map(|need| signed(need.after.unwrap_or(0))).collect();
        let whole: Vec<bool> = needs.iter().map(|need| need.after.is_none()).collect();
        for row in self.query(sql::HISTORY, &[&variants, &locations, &lots, &past, &whole]).await? {
            let at = usize::try_from(get::<i64>(&row, "n")? - 1).unwrap_or(usize::MAX);
            let (Some(need), Some(history), Some(closes)) = (needs.get(at), histories.get_mut(at), closes.get_mut(at))
            else {
                return Err(LogError::Damaged("n"));
            };
            let stamp = stamp(&row)?;
            if rows::kind(&row)?.0 == Kind::MOVE {
                let delta = i128::from(get::<i64>(&row, "delta")?);
                history.movements.push(MovementFact { stamp, delta });
                continue;
            }
            match body(&row)? {
                Body::Count(count) => history.counts.push(CountFact {
                    stamp,
                    hash: hash(&row, "hash")?,
                    counted: count.counted,
                    session: count.session,
                }),
                Body::Close(close) => {
                    closes.insert(stamp.position, CloseFact::of(&need.cell, &close, stamp));
                }
                _ => {}
            }
        }
        self.add_closes(needs, &histories, &mut closes).await?;
        for (history, closes) in histories.iter_mut().zip(closes) {
            history.closes = closes.into_values().collect();
        }
        Ok(histories)
    }

    /// Closes that cover a cell's location, or are of a session of one of its counts.
    async fn add_closes(
        &self,
        needs: &[HistoryNeed],
        histories: &[CellHistory],
        closes: &mut [BTreeMap<u64, CloseFact>],
    ) -> Result<(), LogError> {
        let locations: BTreeSet<Location> =
            needs.iter().filter(|need| need.after.is_none()).map(|need| need.cell.location).collect();
        let sessions: BTreeSet<SessionId> =
            histories.iter().flat_map(|it| &it.counts).filter_map(|count| count.session).collect();
        let by_location = self.closes(sql::COMPLETE_CLOSES, &location_ids(&locations), "location_id").await?;
        let by_session = self.closes(sql::SESSION_CLOSES, &session_ids(&sessions), "session_id").await?;
        for ((need, history), found) in needs.iter().zip(histories).zip(closes) {
            if need.after.is_some() {
                continue;
            }
            let sessions: BTreeSet<SessionId> = history.counts.iter().filter_map(|count| count.session).collect();
            let of_sessions = sessions.iter().filter_map(|session| by_session.get(&session.0)).flatten();
            let of_location = by_location.get(&need.cell.location.0).into_iter().flatten();
            for it in of_sessions.chain(of_location) {
                found.insert(it.stamp.position, CloseFact::of(&need.cell, &it.close, it.stamp));
            }
        }
        Ok(())
    }
}

fn body(row: &Row) -> Result<Body, LogError> {
    let (kind, version) = rows::kind(row)?;
    Body::decode(kind, version, get(row, "body")?).map_err(|_| LogError::Damaged("an op's body does not decode"))
}

fn location_ids(locations: &BTreeSet<Location>) -> Vec<Uuid> {
    locations.iter().map(|location| Uuid::from_bytes(location.0)).collect()
}

fn session_ids(sessions: &BTreeSet<SessionId>) -> Vec<Uuid> {
    sessions.iter().map(|session| Uuid::from_bytes(session.0)).collect()
}

/// Cells by key, in the order in which they are locked.
pub(super) fn in_key_order(cell: &Cell) -> (Location, stocksync_schemas::VariantId, &str) {
    (cell.location, cell.variant, &cell.lot)
}
