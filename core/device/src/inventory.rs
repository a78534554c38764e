//! The inventory of one device: the one object that an app needs.
//!
//! Owns the handle and the order of locks. Acts are captured in [`record`](Inventory::record), codes looked up in
//! [`lookup`](Inventory::lookup), others' acts fetched in [`sync`](Inventory::sync). Must never call out while it holds a
//! lock, and never start a thread or timer.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stocksync_ledger::exceptions::exception_id;
use stocksync_ledger::{CellView, Entry, ExceptionKind, rules};
use stocksync_schemas::{
    Acceptance, Body, CaptureContext, Cell, Close, ClosePart, Lane, Location, LogPoint, Op, OpRef, ReplicaId,
    SessionId, UserId, VariantId, Void, limits,
};

use crate::Error;
use crate::acts::{Act, CapturedOp};
use crate::apply::{ApplyBatch, apply};
use crate::identity::{Enrolment, IdSource, SystemIds};
use crate::store::{Balance, CaptureState, ExceptionRow, OpRow, Reader, RejectedRow, Store, Writer};
use crate::sync::run::{Parts, Progress, Report, SyncOptions, sync};
use crate::sync::transport::Transport;
use crate::time::{Clock, SystemClock, estimate};

/// Told once per transaction which cells changed.
pub trait Observer: Send + Sync {
    /// These cells show something else now; none: records changed.
    fn changed(&self, cells: &[Cell]);
}

/// How a device's database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// This life of the database.
    pub replica: ReplicaId,
    /// Ops waiting for the server.
    pub pending: u64,
    /// Wall clock of the oldest of them, ms.
    pub oldest_ms: Option<i64>,
    /// Ops that the server will not apply.
    pub rejected: u64,
    /// Cells that need a person, at most 500.
    pub exceptions: u64,
    /// Applied up to here.
    pub cursor: LogPoint,
    /// Highest own seq.
    pub captured_seq: u64,
    /// Server time of the newest exchange.
    pub synced_ms: Option<i64>,
}

/// An op that the server will not apply, and why.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// The op.
    pub entry: Entry,
    /// Registered code.
    pub code: String,
    /// For a person.
    pub reason: String,
}

/// One device's inventory. Safe to share between threads.
pub struct Inventory {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    replica: ReplicaId,
    syncing: AtomicBool,
    /// What the camera saw last, and when: one event of a shift at a time.
    camera: Mutex<Option<(String, i64)>>,
    observer: Mutex<Option<Arc<dyn Observer>>>,
}

impl std::fmt::Debug for Inventory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inventory").field("replica", &self.replica).finish_non_exhaustive()
    }
}

impl Inventory {
    /// Opens or makes the database at `path` with the machine's clocks and randomness.
    ///
    /// # Errors
    /// [`Error::NewerDatabase`]: update the app. [`Error::StorageFull`], [`Error::Database`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let ids = SystemIds;
        let clock = SystemClock::new(stocksync_schemas::BootId(ids.id()?));
        Self::open_with(path, Arc::new(clock), Arc::new(ids))
    }

    /// Opens with clocks and randomness of the caller's: the app's platform, or a simulation.
    ///
    /// # Errors
    /// As [`Inventory::open`].
    pub fn open_with(path: &Path, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Result<Self, Error> {
        let store = Store::open(path)?;
        let replica = store.write(|writer| writer.replica(|| ids.id()))?;
        let (camera, observer) = (Mutex::new(None), Mutex::new(None));
        Ok(Self { store, clock, ids, replica, syncing: AtomicBool::new(false), camera, observer })
    }

    /// This life of the database.
    #[must_use]
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }

    /// As whom this device speaks, if it was enrolled.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn enrolment(&self) -> Result<Option<Enrolment>, Error> {
        self.store.read(|reader| {
            let text = |key: &str| Ok::<_, Error>(reader.meta(key)?.and_then(|bytes| String::from_utf8(bytes).ok()));
            let parts = (text("tenant")?, text("device")?, text("server")?, text("credential")?);
            let (Some(tenant), Some(device), Some(server), Some(credential)) = parts else { return Ok(None) };
            let parsed = tenant.parse().ok().zip(device.parse().ok());
            Ok(parsed.map(|(tenant, device)| Enrolment { tenant, device, server, credential }))
        })
    }

    /// Keeps as whom this device speaks; durable when it returns. A device enrolled anew keeps its ops.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::StorageFull`].
    pub fn set_enrolment(&self, it: &Enrolment) -> Result<(), Error> {
        self.store.write(|writer| {
            writer.set_meta("tenant", it.tenant.to_string().as_bytes())?;
            writer.set_meta("device", it.device.to_string().as_bytes())?;
            writer.set_meta("server", it.server.as_bytes())?;
            writer.set_meta("credential", it.credential.as_bytes())
        })
    }

    /// States who works with the device from now on; acts carry it.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::StorageFull`].
    pub fn set_user(&self, user: UserId) -> Result<(), Error> {
        self.store.write(|writer| writer.set_meta("user", &user.0))
    }

    /// The person begins an act: what is known now is what the act knew.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn begin_act(&self) -> Result<Act, Error> {
        self.store.read(|reader| Ok(self.act(&reader.capture_state(self.replica)?)))
    }

    fn act(&self, capture_state: &CaptureState) -> Act {
        let now = self.clock.read();
        Act {
            boot_ms: now.boot_ms,
            boot: now.boot,
            wall_ms: now.wall_ms,
            seen: capture_state.cursor,
            own_seen: capture_state.captured_seq,
            exchange: capture_state.exchange,
            lost_tails: capture_state.lost_tails,
        }
    }

    /// Opens a session of counts; survives a kill of the app.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::StorageFull`].
    pub fn begin_session(&self) -> Result<SessionId, Error> {
        let session = SessionId(self.ids.id()?);
        let act = self.begin_act()?;
        self.store.write(|writer| writer.open_session(session, &act))?;
        Ok(session)
    }

    /// Closes a session opened here: it names every count of it that is held here, and acts. `complete` are locations
    /// all of whose cells were looked at.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the session was not opened here; else as [`Inventory::record`].
    pub fn close_session(&self, session: SessionId, complete: Vec<Location>) -> Result<CapturedOp, Error> {
        let (act, counts) = self.store.read(|reader| {
            let act = reader.session_act(session)?.ok_or(Error::NotFound("session"))?;
            Ok((act, reader.session_counts(session)?))
        })?;
        let parts = counts.into_iter().map(|(cell, counts)| ClosePart { cell, counts }).collect();
        self.record(Some(act), Body::Close(Close { session, parts, complete }))
    }

    /// Records an act. When this returns `Ok` it is durable: only now the tone. Without `act` it began and ended now.
    ///
    /// # Errors
    /// [`Error::Rule`] to correct; [`Error::OutboxFull`] to sync first; [`Error::StorageFull`]. Nothing is kept then.
    pub fn record(&self, act: Option<Act>, body: Body) -> Result<CapturedOp, Error> {
        let captured = self.store.write(|writer| {
            if let Body::Close(close) = &body {
                writer.end_session(close.session)?;
            }
            self.capture(writer, act, body)
        })?;
        self.tell(&captured.cells);
        Ok(captured)
    }

    /// Writes one own op into a transaction: op, outbox, cells.
    pub(crate) fn capture(&self, writer: &Writer<'_>, act: Option<Act>, body: Body) -> Result<CapturedOp, Error> {
        let reader = writer.read();
        let capture_state = reader.capture_state(self.replica)?;
        let act = act.unwrap_or_else(|| self.act(&capture_state));
        if capture_state.captured_seq - capture_state.final_seq() >= limits::OUTBOX_OPS {
            return Err(Error::OutboxFull);
        }
        let after_exchange = capture_state.exchange;
        let when = self.when(&reader, &act, after_exchange)?;
        let lane = Lane { replica: self.replica, seq: capture_state.captured_seq + 1 };
        let op = Op::new(lane, when, capture_state.user, body);
        rules::check(&op)?;
        let around = reader.before(when.boot, when.boot_ms, after_exchange)?;
        let lost =
            if act.lost_tails < capture_state.lost_tails { reader.lost_tails(act.lost_tails)? } else { Vec::new() };
        let seen = lost.into_iter().fold(act.seen, lower);
        let context = CaptureContext { estimate: estimate(&when, &around), seen, own_seen: act.own_seen };
        let entry = Entry::new(op, Acceptance::provisional(&context));
        let reference = entry.reference();
        writer.insert_own(lane.seq, &context, after_exchange)?;
        let changes = apply(writer, ApplyBatch { new: vec![entry], ..ApplyBatch::default() })?;
        Ok(CapturedOp { reference, cells: changes.into_iter().collect() })
    }

    /// The clocks at the end of an act, and how long it took. Across a restart no clock tells how long: then the act may
    /// have begun as early as the last exchange before it.
    fn when(
        &self,
        reader: &Reader<'_>,
        act: &Act,
        after_exchange: i64,
    ) -> Result<stocksync_schemas::CaptureTime, Error> {
        let now = self.clock.read();
        let mut when = stocksync_schemas::CaptureTime {
            wall_ms: now.wall_ms.clamp(0, limits::TIME_MS),
            boot_ms: now.boot_ms.clamp(0, limits::TIME_MS),
            boot: now.boot,
            took_ms: 0,
        };
        let took = if act.boot == now.boot {
            now.boot_ms.saturating_sub(act.boot_ms)
        } else {
            let around = reader.before(when.boot, when.boot_ms, after_exchange)?;
            let ended = estimate(&when, &around);
            let latest = ended.ended.saturating_add(i64::try_from(ended.uncertainty).unwrap_or(i64::MAX));
            let earliest = reader.before(act.boot, act.boot_ms, act.exchange)?.last_known;
            earliest.map_or(i64::MAX, |contact| latest.saturating_sub(contact.server_ms))
        };
        when.took_ms = u32::try_from(took.max(0)).unwrap_or(u32::MAX).min(limits::TOOK_MS);
        Ok(when)
    }

    /// Takes back the newest own act that counts, by a void.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none; else as [`Inventory::record`].
    pub fn undo(&self) -> Result<CapturedOp, Error> {
        let target = self.store.read(|reader| reader.newest_undoable())?.ok_or(Error::NotFound("act to take back"))?;
        self.record(None, Body::Void(Void { target: target.reference(), reason: "undo".to_owned() }))
    }

    /// One page of balances in order of cell, after `after`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a page larger than `limits::PAGE_ROWS`.
    pub fn balances(
        &self,
        variant: Option<VariantId>,
        location: Option<Location>,
        after: Option<&Cell>,
        limit: u32,
    ) -> Result<Vec<Balance>, Error> {
        let limit = page(limit)?;
        self.store.read(|reader| reader.balances(variant, location, after, limit))
    }

    /// What one cell shows.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn balance(&self, cell: &Cell) -> Result<CellView, Error> {
        self.store.read(|reader| reader.view(cell))
    }

    /// Open exceptions, of at most 500 cells.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn exceptions(&self) -> Result<Vec<ExceptionRow>, Error> {
        let cells = self.store.read(|reader| reader.open_cells(limits::PAGE_ROWS))?;
        Ok(cells.into_iter().flat_map(|it| exceptions_of(&it)).collect())
    }

    /// Own ops that the server will not apply, newest first, at most 500.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn rejected(&self) -> Result<Vec<Rejected>, Error> {
        let rows = self.store.read(|reader| reader.rejected(limits::PAGE_ROWS))?;
        let view = |RejectedRow { entry, code, reason }| Rejected { entry, code, reason };
        Ok(rows.into_iter().map(view).collect())
    }

    /// One page of ops, own and others', newest first. `before` is (position, seq) of the last of the page before, an
    /// unplaced op's position being `i64::MAX`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a page larger than `limits::PAGE_ROWS`.
    pub fn ops(&self, before: Option<(i64, i64)>, limit: u32) -> Result<Vec<OpRow>, Error> {
        let limit = page(limit)?;
        self.store.read(|reader| reader.ops_before(before, limit))
    }

    /// The op that `lane` names, if it is held here.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn op(&self, lane: Lane) -> Result<Option<Entry>, Error> {
        self.store.read(|reader| reader.op(lane))
    }

    /// Whether `reference` names an op that is held here.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn holds(&self, reference: &OpRef) -> Result<bool, Error> {
        Ok(self.op(reference.lane)?.is_some_and(|entry| entry.hash == reference.hash))
    }

    /// How this database stands.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn status(&self) -> Result<Status, Error> {
        self.store.read(|reader| {
            let (pending, oldest_ms) = reader.waiting()?;
            let capture_state = reader.capture_state(self.replica)?;
            Ok(Status {
                replica: self.replica,
                pending,
                oldest_ms,
                rejected: reader.rejected_count()?,
                exceptions: reader.open_cells(limits::PAGE_ROWS)?.len() as u64,
                cursor: capture_state.cursor,
                captured_seq: capture_state.captured_seq,
                synced_ms: reader.synced_ms()?,
            })
        })
    }

    /// Exchanges with the server until both sides know the same, `deadline_ms` passes or `cancel` is set. One sync runs at
    /// a time; capturing goes on meanwhile.
    ///
    /// # Errors
    /// [`Error::Busy`] while one runs; [`Error::Offline`] to try again later; [`Error::Refused`] says what the app must do.
    /// What was done until then is kept.
    pub fn sync(
        &self,
        transport: &dyn Transport,
        deadline_ms: i64,
        cancel: &AtomicBool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Report, Error> {
        if self.syncing.swap(true, Ordering::SeqCst) {
            return Err(Error::Busy);
        }
        let parts = Parts { store: &self.store, clock: self.clock.as_ref(), replica: self.replica, transport };
        let mut changed = |changes: &crate::apply::Changes| {
            let cells: Vec<(Cell, CellView)> = changes.iter().map(|(cell, view)| (cell.clone(), *view)).collect();
            self.tell(&cells);
        };
        let mut options = SyncOptions { deadline_ms, cancel, progress, changed: &mut changed };
        let _running = Running(&self.syncing);
        let report = sync(&parts, &mut options);
        self.store.checkpoint();
        report
    }

    /// Has `observer` told of changes from now on, in place of the one before.
    pub fn observe(&self, observer: Option<Arc<dyn Observer>>) {
        *self.observer.lock().unwrap_or_else(PoisonError::into_inner) = observer;
    }

    pub(crate) fn tell(&self, cells: &[(Cell, CellView)]) {
        let observer = self.observer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(observer) = observer {
            let cells: Vec<Cell> = cells.iter().map(|(cell, _)| cell.clone()).collect();
            observer.changed(&cells);
        }
    }

    pub(crate) fn camera(&self) -> MutexGuard<'_, Option<(String, i64)>> {
        self.camera.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn ids(&self) -> &dyn IdSource {
        self.ids.as_ref()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Has every page of the database checked; takes as long as reading all of it.
    ///
    /// # Errors
    /// [`Error::Database`] says what is damaged: keep the file, it holds acts that were not sent.
    pub fn check(&self) -> Result<(), Error> {
        self.store.read(|reader| reader.check())
    }

    /// Writes a compact copy of the database, for support or before an update. `path` must not exist.
    ///
    /// # Errors
    /// [`Error::StorageFull`], [`Error::Database`].
    pub fn copy_to(&self, path: &Path) -> Result<(), Error> {
        self.store.copy_to(path)
    }

    /// Has the process die after so many steps of SQLite or so many commits, or lets it live: then every write fails
    /// until the file is opened anew.
    ///
    /// # Errors
    /// [`Error::Database`].
    #[doc(hidden)]
    pub fn die_after(&self, when: Option<(u64, u64)>) -> Result<(), Error> {
        self.store.die_after(when)
    }

    /// Whether [`die_after`](Inventory::die_after) came true.
    #[doc(hidden)]
    pub fn has_died(&self) -> bool {
        self.store.has_died()
    }

    /// Steps of SQLite's machine since [`die_after`](Inventory::die_after), inside writes: they grow with the rows read.
    #[doc(hidden)]
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.store.steps()
    }

    /// Limits the database to `pages`, as a full disk does.
    ///
    /// # Errors
    /// [`Error::Database`].
    #[doc(hidden)]
    pub fn limit_pages(&self, pages: u32) -> Result<(), Error> {
        self.store.limit_pages(pages)
    }
}

/// Marks the sync as ended, also where a caller's callback panicked.
struct Running<'a>(&'a AtomicBool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

fn lower(seen: LogPoint, common: LogPoint) -> LogPoint {
    if seen.position > common.position { common } else { seen }
}

fn page(limit: u32) -> Result<u32, Error> {
    if (1..=limits::PAGE_ROWS).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::Invalid { field: "limit", reason: format!("a page holds 1 to {} rows", limits::PAGE_ROWS) })
    }
}

fn exceptions_of(it: &Balance) -> Vec<ExceptionRow> {
    let open = [
        (ExceptionKind::Oversold, it.view.on_hand < 0 && !it.cell.location.is_virtual()),
        (ExceptionKind::CountOverlap, it.view.count_overlap),
        (ExceptionKind::CountConflict, it.view.count_conflict),
        (ExceptionKind::CountOpen, it.view.count_open),
        (ExceptionKind::Overflow, it.view.overflow),
    ];
    open.into_iter()
        .filter(|(_, open)| *open)
        .map(|(kind, _)| ExceptionRow { id: exception_id(kind, &it.cell, &[]), kind, cell: it.cell.clone() })
        .collect()
}
