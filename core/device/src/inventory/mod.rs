//! The inventory of one device: the one object that an app needs.
//!
//! Owns the open database, who works with it and the order of locks. What a caller does has a room of its own: recording ops
//! (`capture`), reading stock and history (`stock`), names for a screen (`names`), exchanging with the server (`sync`), looking
//! after the file (`maintenance`); work by scanning is [`shift`](crate::shift), records are [`records`](crate::records). Must
//! never call out while it holds a lock, and never start a thread or timer.

mod capture;
mod maintenance;
mod names;
mod stock;
mod sync;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stocksync_ledger::CellView;
use stocksync_schemas::{Cell, LogPoint, ReplicaId, UserId, limits};

pub use names::{LocationInfo, Names, VariantInfo};
pub use stock::{ExceptionPage, RejectedOp};

use crate::Error;
use crate::apply::decode_known_kinds;
use crate::identity::{EnrolledDevice, Enrolment, IdSource, SecretStore, SystemIds};
use crate::records::backfill_tracking;
use crate::shift::CameraFilter;
use crate::store::{Reader, Store};
use crate::time::{Clock, SystemClock};

/// Told once per transaction which cells changed.
pub trait ChangeListener: Send + Sync {
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
    /// Wall clock of the oldest of them, ms since 1970.
    pub oldest_ms: Option<i64>,
    /// Ops that the server will not apply.
    pub rejected: u64,
    /// Cells that need a person, at most 500.
    pub exceptions: u64,
    /// The log is applied up to here.
    pub cursor: LogPoint,
    /// Highest own seq.
    pub captured_seq: u64,
    /// Server time of the newest exchange, ms since 1970; none before the first.
    pub synced_ms: Option<i64>,
}

/// One device's inventory: a local database, the ops recorded in it, and its sync. Safe to share between threads.
///
/// ```
/// use stocksync_core::Inventory;
/// use stocksync_schemas::{Body, Cell, Count, Location, VariantId};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("stock.sqlite");
/// let inventory = Inventory::open(&path)?;
///
/// // A person looks at a shelf, and enters what is there.
/// let cell = Cell { variant: VariantId([7; 16]), location: Location([9; 16]), lot: String::new() };
/// let act = inventory.begin_act()?;
/// let count = Count { cell: cell.clone(), counted: 45_000, expected: None, session: None };
/// let op = inventory.record(Some(act), Body::Count(count))?;
///
/// // The op is durable: only now may the tone sound. It waits to be sent to the server.
/// assert_eq!(op.reference.lane.seq, 1);
/// assert_eq!(inventory.status()?.pending, 1);
///
/// // A crash loses nothing, and neither does opening the file again.
/// drop(inventory);
/// assert_eq!(Inventory::open(&path)?.balance(&cell)?.on_hand, 45_000);
/// # Ok(())
/// # }
/// ```
pub struct Inventory {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    replica: ReplicaId,
    syncing: AtomicBool,
    /// Held while an event of the shift is processed.
    shift_lock: Mutex<CameraFilter>,
    listener: Mutex<Option<Arc<dyn ChangeListener>>>,
    /// Where the credential is; none: in the database.
    secrets: Option<Arc<dyn SecretStore>>,
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
    /// [`Error::NewerDatabase`]: update the app. [`Error::StorageCorrupt`]: keep the file, it may hold ops that were not sent.
    /// [`Error::StorageFull`], [`Error::StorageBusy`], [`Error::StorageReadOnly`]. [`Error::Invalid`] if the folder is not there.
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
        if path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            return Err(Error::Invalid { field: "path", reason: "the folder does not exist".to_owned() });
        }
        let store = Store::open(path)?;
        let replica = store.write(|writer| {
            let replica = writer.load_or_insert_replica(|| ids.id())?;
            decode_known_kinds(writer)?;
            Ok(replica)
        })?;
        backfill_tracking(&store)?;
        let (shift_lock, listener) = (Mutex::default(), Mutex::new(None));
        Ok(Self { store, clock, ids, replica, syncing: AtomicBool::new(false), shift_lock, listener, secrets: None })
    }

    /// Stores the credential in `secrets` from now on. One that is in the database is moved there.
    ///
    /// # Errors
    /// [`Error::SecretStore`]: the credential is where it was. Else as [`Inventory::set_user`].
    pub fn with_secret_store(mut self, secrets: Arc<dyn SecretStore>) -> Result<Self, Error> {
        let enrolled = self.enrolled_device()?;
        let credential = self.store.read(|reader| text(reader, CREDENTIAL))?;
        if let (Some(device), Some(credential)) = (enrolled, credential) {
            secrets.save(&device.secret_name(), &credential).map_err(Error::SecretStore)?;
            self.store.write(|writer| writer.delete_meta(CREDENTIAL))?;
        }
        self.secrets = Some(secrets);
        Ok(self)
    }

    /// This life of the database.
    #[must_use]
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }

    /// As which device of which server this one is enrolled, without its credential; none before it was.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn enrolled_device(&self) -> Result<Option<EnrolledDevice>, Error> {
        self.store.read(|reader| {
            let parts = (text(reader, "tenant")?, text(reader, "device")?, text(reader, "server")?);
            let (Some(tenant), Some(device), Some(server)) = parts else { return Ok(None) };
            let parsed = tenant.parse().ok().zip(device.parse().ok());
            Ok(parsed.map(|(tenant, device)| EnrolledDevice { tenant, device, server }))
        })
    }

    /// As whom this device speaks, with its credential; none if it was not enrolled or the credential is gone.
    ///
    /// # Errors
    /// [`Error::SecretStore`] where the app's secret store fails: try again. [`Error::Database`].
    pub fn enrolment(&self) -> Result<Option<Enrolment>, Error> {
        let Some(device) = self.enrolled_device()? else { return Ok(None) };
        let credential = match &self.secrets {
            Some(secrets) => secrets.load(&device.secret_name()).map_err(Error::SecretStore)?,
            None => self.store.read(|reader| text(reader, CREDENTIAL))?,
        };
        let EnrolledDevice { tenant, device, server } = device;
        Ok(credential.map(|credential| Enrolment { tenant, device, server, credential }))
    }

    /// Stores as whom this device speaks; durable when it returns. A device that is enrolled again keeps its ops.
    ///
    /// # Errors
    /// [`Error::SecretStore`], [`Error::StorageFull`], [`Error::StorageBusy`], [`Error::StorageReadOnly`]. It is enrolled as before
    /// then.
    pub fn set_enrolment(&self, enrolment: &Enrolment) -> Result<(), Error> {
        let before = self.enrolled_device()?;
        let device = enrolment.enrolled_device();
        // Secrets are named by device: one that is saved while the database is not changed is never taken for another's.
        if let Some(secrets) = &self.secrets {
            secrets.save(&device.secret_name(), &enrolment.credential).map_err(Error::SecretStore)?;
        }
        self.store.write(|writer| {
            writer.set_meta("tenant", device.tenant.to_string().as_bytes())?;
            writer.set_meta("device", device.device.to_string().as_bytes())?;
            writer.set_meta("server", device.server.as_bytes())?;
            match self.secrets {
                Some(_) => writer.delete_meta(CREDENTIAL),
                None => writer.set_meta(CREDENTIAL, enrolment.credential.as_bytes()),
            }
        })?;
        if let (Some(secrets), Some(before)) = (&self.secrets, before.filter(|before| before.device != device.device)) {
            // The old credential is of no use any more; that it stays behind harms nobody.
            let _ = secrets.delete(&before.secret_name());
        }
        Ok(())
    }

    /// States who works with the device from now on; ops carry it. Durable when it returns.
    ///
    /// # Errors
    /// [`Error::StorageFull`], [`Error::StorageBusy`], [`Error::StorageReadOnly`].
    pub fn set_user(&self, user: UserId) -> Result<(), Error> {
        self.store.write(|writer| writer.set_meta("user", &user.0))
    }

    /// How this database stands.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn status(&self) -> Result<Status, Error> {
        self.store.read(|reader| {
            let outbox = reader.outbox_size()?;
            let capture_state = reader.capture_state(self.replica)?;
            Ok(Status {
                replica: self.replica,
                pending: outbox.pending,
                oldest_ms: outbox.oldest_ms,
                rejected: reader.rejected_count()?,
                exceptions: reader.open_cells(None, limits::PAGE_ROWS)?.len() as u64,
                cursor: capture_state.cursor,
                captured_seq: capture_state.captured_seq,
                synced_ms: reader.synced_ms()?,
            })
        })
    }

    /// Has `listener` told of changes from now on, in place of the one before.
    pub fn observe(&self, listener: Option<Arc<dyn ChangeListener>>) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = listener;
    }

    /// Tells the listener which cells changed. Must be called without any lock of the inventory.
    pub(crate) fn notify(&self, cells: &[(Cell, CellView)]) {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(listener) = listener {
            let cells: Vec<Cell> = cells.iter().map(|(cell, _)| cell.clone()).collect();
            listener.changed(&cells);
        }
    }

    pub(crate) fn lock_shift(&self) -> MutexGuard<'_, CameraFilter> {
        self.shift_lock.lock().unwrap_or_else(PoisonError::into_inner)
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
}

/// Key of the credential among the single values.
const CREDENTIAL: &str = "credential";

/// A single value that is text.
fn text(reader: &Reader<'_>, key: &str) -> Result<Option<String>, Error> {
    Ok(reader.meta(key)?.and_then(|bytes| String::from_utf8(bytes).ok()))
}
