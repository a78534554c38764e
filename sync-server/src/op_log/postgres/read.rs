//! What a transaction reads.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::CellState;
use stocksync_ledger::fold::{
    CellHistory, CellNeeds, CloseFact, CountFact, HistoryNeed, LoadedCells, MovementFact, OpStamp, StoredOp, VoidOp,
};
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

    pub(super) async fn read_lane_heads(
        &self,
        replicas: &BTreeSet<ReplicaId>,
    ) -> Result<BTreeMap<ReplicaId, u64>, LogError> {
        let replicas: Vec<Uuid> = replicas.iter().map(|replica| Uuid::from_bytes(replica.0)).collect();
        let head = |row: &Row| Ok((ReplicaId(id(row, "replica")?), unsigned(get(row, "max_seq")?)));
        self.query(sql::LANE_HEADS, &[&replicas]).await?.iter().map(head).collect()
    }

    pub(super) async fn read_voids(&self, lanes: &BTreeSet<Lane>) -> Result<Vec<VoidOp>, LogError> {
        let (replicas, seqs) = rows::lanes(lanes);
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

    pub(super) async fn read_ops(&self, lanes: &BTreeSet<Lane>) -> Result<Vec<StoredOp>, LogError> {
        let (replicas, seqs) = rows::lanes(lanes);
        let rows = self.query(sql::ENTRIES, &[&replicas, &seqs]).await?;
        rows.iter().map(|row| Ok(StoredOp { entry: log_row(row)?.entry, rejected: false })).collect()
    }

    pub(super) async fn read_cells(&self, needs: &CellNeeds) -> Result<LoadedCells, LogError> {
        let mut loaded = LoadedCells::default();
        let mut rows = Vec::new();
        if !needs.cells.is_empty() {
            let (variants, locations, lots) = rows::columns(needs.cells.iter());
            rows.extend(self.query(sql::CELLS, &[&variants, &locations, &lots]).await?);
        }
        if !needs.whole_locations.is_empty() {
            rows.extend(self.query(sql::LOCATION_CELLS, &[&location_ids(&needs.whole_locations)]).await?);
        }
        for row in &rows {
            loaded.cells.insert(cell(row)?, CellState::decode(get(row, "state")?));
        }
        if !needs.sessions.is_empty() {
            for row in self.query(sql::CLOSED_SESSIONS, &[&session_ids(&needs.sessions)]).await? {
                loaded.closed_sessions.insert(SessionId(id(&row, "session_id")?));
            }
        }
        let closes = self.closes(sql::SESSION_CLOSES, &session_ids(&needs.session_cells), "session_id").await?;
        for (session, closes) in closes {
            let parts = closes.iter().flat_map(|live| &live.close.parts);
            loaded.session_cells.insert(SessionId(session), parts.map(|part| part.cell.clone()).collect());
        }
        Ok(loaded)
    }

    pub(super) async fn read_complete_closes(
        &self,
        past: &BTreeMap<Location, u64>,
    ) -> Result<BTreeMap<Location, Vec<OpStamp>>, LogError> {
        let locations: Vec<Uuid> = past.keys().map(|location| Uuid::from_bytes(location.0)).collect();
        let positions: Vec<i64> = past.values().map(|position| signed(*position)).collect();
        let mut closes = BTreeMap::<Location, Vec<OpStamp>>::new();
        for row in self.query(sql::COMPLETE_CLOSES, &[&locations, &positions]).await? {
            closes.entry(Location(id(&row, "location_id")?)).or_default().push(stamp(&row)?);
        }
        Ok(closes)
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

    /// Adds the closes that cover a cell's location, or are of a session that its history concerns.
    async fn add_closes(
        &self,
        needs: &[HistoryNeed],
        histories: &[CellHistory],
        closes: &mut [BTreeMap<u64, CloseFact>],
    ) -> Result<(), LogError> {
        let whole = || needs.iter().zip(histories).zip(&*closes).filter(|((need, _), _)| need.after.is_none());
        let locations: BTreeSet<Location> = whole().map(|((need, _), _)| need.cell.location).collect();
        let sessions: BTreeSet<SessionId> =
            whole().flat_map(|((need, history), named)| sessions_of(need, history, named)).collect();
        let by_location = self.closes(sql::LOCATION_CLOSES, &location_ids(&locations), "location_id").await?;
        let by_session = self.closes(sql::SESSION_CLOSES, &session_ids(&sessions), "session_id").await?;
        for ((need, history), found) in needs.iter().zip(histories).zip(closes) {
            if need.after.is_some() {
                continue;
            }
            let sessions = sessions_of(need, history, found);
            let of_sessions = sessions.iter().filter_map(|session| by_session.get(&session.0)).flatten();
            let of_location = by_location.get(&need.cell.location.0).into_iter().flatten();
            for live in of_sessions.chain(of_location) {
                found.insert(live.stamp.position, CloseFact::of(&need.cell, &live.close, live.stamp));
            }
        }
        Ok(())
    }
}

/// The sessions whose live closes belong to a whole history: those that are asked for, and those of the cell's counts and
/// of the closes that name it.
fn sessions_of(need: &HistoryNeed, history: &CellHistory, named: &BTreeMap<u64, CloseFact>) -> BTreeSet<SessionId> {
    let of_counts = history.counts.iter().filter_map(|count| count.session);
    need.sessions.iter().copied().chain(of_counts).chain(named.values().map(|close| close.session)).collect()
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
