//! The inventory of one device: opening, enrolling, its parts, its end.
//!
//! Owns the object that an app holds. All else is the core's. Must never call the core on the caller's thread.

use std::path::Path;
use std::sync::Arc;

use stocksync_core::Inventory as Core;
use stocksync_core::identity::{EnrolledDevice, IdSource, SystemIds};
use stocksync_core::sync::http;
use stocksync_core::time::{Clock, SystemClock};
use stocksync_schemas::{BootId, DeviceId, TenantId, UserId};

use crate::handle::Handle;
use crate::platform::{AppClock, AppListener, AppSecrets};
use crate::{
    BarcodeScanner, ChangeListener, DeviceClock, Labels, LogSink, Records, SecretStore, Shift, Stock, StocksyncError,
    SyncService, Timestamp, logging, runtime, views,
};

/// What to open, and what the platform gives to it.
#[derive(Clone, uniffi::Record)]
pub struct OpenConfig {
    /// Path of the database file; it is made if it is not there, its folder is not.
    pub path: String,
    /// Certificates in PEM of a server that signs its own.
    #[uniffi(default)]
    pub extra_roots: Vec<String>,
    /// The device's clocks; none: the library reads the machine's. Needed where it cannot read how long the device has been
    /// running, as on Android and iOS.
    #[uniffi(default = None)]
    pub clock: Option<Arc<dyn DeviceClock>>,
    /// Which boot of the device `clock` counts from: 16 bytes in hexadecimal, another one after each start of the device. None:
    /// every opening counts as a start, and times are less certain. Only beside `clock`.
    #[uniffi(default = None)]
    pub boot_id: Option<String>,
    /// Where the device's credential is stored; none: in the database. One that is in the database is moved there.
    #[uniffi(default = None)]
    pub secret_store: Option<Arc<dyn SecretStore>>,
    /// Receives the log lines of the whole process from now on; none leaves that as it is.
    #[uniffi(default = None)]
    pub log_sink: Option<Arc<dyn LogSink>>,
}

/// As whom a device was enrolled.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct EnrolmentView {
    /// The tenant.
    pub tenant: TenantId,
    /// The device.
    pub device: DeviceId,
    /// Address of the server.
    pub server: String,
}

/// How this database stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StatusView {
    /// As whom it was enrolled; none before.
    pub enrolment: Option<EnrolmentView>,
    /// Ops that wait to be sent.
    pub pending: i64,
    /// Ops that the server will not apply and that no person has decided on.
    pub rejected: i64,
    /// Cells with an open exception, at most 500.
    pub exceptions: i64,
    /// Up to where in the tenant's log this database knows everything.
    pub cursor: i64,
    /// Number of the newest own op.
    pub captured_seq: i64,
    /// Wall clock of the oldest op that waits.
    pub oldest_pending: Option<Timestamp>,
    /// When the newest exchange was, by the server's clock; none before the first.
    pub synced: Option<Timestamp>,
}

/// One device's inventory: a local database, the ops recorded in it, and its sync. Safe to share between threads. Its parts
/// may be fetched once and kept; they end with it.
#[derive(uniffi::Object)]
pub struct Inventory {
    handle: Arc<Handle>,
    shift: Arc<Shift>,
    stock: Arc<Stock>,
    records: Arc<Records>,
    sync: Arc<SyncService>,
    scanner: Arc<BarcodeScanner>,
    labels: Arc<Labels>,
}

#[uniffi::export]
impl Inventory {
    /// Opens the database, makes it if needed, and brings an older one forward. Needs no network.
    ///
    /// # Errors
    /// `NewerDatabase` if a newer app wrote it: update the app. `StorageCorrupt` if it is damaged or no database: keep the file.
    /// `StorageFull`, `StorageBusy`, `StorageReadOnly`. `InvalidInput` for a boot id of another form. What the secret store
    /// throws.
    #[uniffi::constructor]
    pub async fn open(config: OpenConfig) -> Result<Arc<Self>, StocksyncError> {
        let OpenConfig { path, extra_roots, clock, boot_id, secret_store, log_sink } = config;
        if let Some(sink) = log_sink {
            logging::install(sink);
        }
        let core = runtime::blocking(move || {
            let ids = SystemIds;
            let clock = clock_of(clock, boot_id.as_deref(), &ids)?;
            let core = Core::open_with(Path::new(&path), clock, Arc::new(ids))?;
            let core = match secret_store {
                Some(store) => core.with_secret_store(Arc::new(AppSecrets(store)))?,
                None => core,
            };
            tracing::info!("database opened");
            Ok::<_, StocksyncError>(core)
        });
        Ok(Self::of(Handle::new(core.await?, extra_roots)))
    }

    /// Enrols this device with a one-time code. The credential is durable when this returns: in the secret store, or else in the
    /// database. `server` begins with `https://`; plain HTTP is for a server on this machine. Needs the network.
    ///
    /// # Errors
    /// `Offline` to try again; `Rejected` if the code is unknown, used or expired; `InvalidInput`. What the secret store throws.
    pub async fn enrol(
        &self,
        server: String,
        code: String,
        device_name: String,
    ) -> Result<EnrolmentView, StocksyncError> {
        let roots = self.handle.extra_roots();
        self.handle
            .run(move |core| {
                let enrolment = http::enrol(&server, &code, &device_name, &roots)?;
                core.set_enrolment(&enrolment)?;
                Ok(enrolment.enrolled_device().into())
            })
            .await
    }

    /// States who works with the device from now on; ops carry it. None: nobody is signed in. Durable when this returns.
    ///
    /// # Errors
    /// `InvalidInput` if it is not an id; `StorageFull`, `StorageBusy`, `StorageReadOnly`.
    pub async fn set_user(&self, user: Option<UserId>) -> Result<(), StocksyncError> {
        self.handle.run(move |core| Ok(core.set_user(user.unwrap_or_default())?)).await
    }

    /// How this database stands.
    ///
    /// # Errors
    /// `StorageCorrupt`, `Internal`.
    pub async fn status(&self) -> Result<StatusView, StocksyncError> {
        self.handle.run(status).await
    }

    /// Has `listener` told of every change from now on, in place of the one before; none ends it.
    ///
    /// # Errors
    /// `Closed`.
    #[uniffi::method(default(listener = None))]
    pub fn observe(&self, listener: Option<Arc<dyn ChangeListener>>) -> Result<(), StocksyncError> {
        let listener = listener.map(|listener| Arc::new(AppListener(listener)) as Arc<_>);
        self.handle.lease()?.observe(listener);
        Ok(())
    }

    /// Work by scanning.
    ///
    /// # Errors
    /// `Closed`.
    pub fn shift(&self) -> Result<Arc<Shift>, StocksyncError> {
        self.part(&self.shift)
    }

    /// Balances, history and the recording of ops.
    ///
    /// # Errors
    /// `Closed`.
    pub fn stock(&self) -> Result<Arc<Stock>, StocksyncError> {
        self.part(&self.stock)
    }

    /// Products, variants, codes, locations and lots.
    ///
    /// # Errors
    /// `Closed`.
    pub fn records(&self) -> Result<Arc<Records>, StocksyncError> {
        self.part(&self.records)
    }

    /// Syncing with the server.
    ///
    /// # Errors
    /// `Closed`.
    pub fn sync(&self) -> Result<Arc<SyncService>, StocksyncError> {
        self.part(&self.sync)
    }

    /// From pictures to codes and what they name.
    ///
    /// # Errors
    /// `Closed`.
    pub fn scan(&self) -> Result<Arc<BarcodeScanner>, StocksyncError> {
        self.part(&self.scanner)
    }

    /// Labels to print.
    ///
    /// # Errors
    /// `Closed`.
    pub fn labels(&self) -> Result<Arc<Labels>, StocksyncError> {
        self.part(&self.labels)
    }

    /// Shuts down: later calls fail with `Closed`, a sync that runs is cancelled, and the files are closed once every call
    /// that runs has ended (a sync ends after the exchange under way). All of that is done when this returns. May be called
    /// again. Never wait for it in a callback of the library: it waits for the call that makes the callback.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn shutdown(&self) -> Result<(), StocksyncError> {
        self.handle.shutdown().await
    }
}

impl Inventory {
    fn of(handle: Arc<Handle>) -> Arc<Self> {
        Arc::new(Self {
            shift: Shift::new(Arc::clone(&handle)),
            stock: Stock::new(Arc::clone(&handle)),
            records: Records::new(Arc::clone(&handle)),
            sync: SyncService::new(Arc::clone(&handle)),
            scanner: BarcodeScanner::new(Arc::clone(&handle)),
            labels: Labels::new(Arc::clone(&handle)),
            handle,
        })
    }

    fn part<T>(&self, part: &Arc<T>) -> Result<Arc<T>, StocksyncError> {
        self.handle.lease().map(|_| Arc::clone(part))
    }
}

/// The app's clock, or the machine's.
fn clock_of(
    clock: Option<Arc<dyn DeviceClock>>,
    boot_id: Option<&str>,
    ids: &SystemIds,
) -> Result<Arc<dyn Clock>, StocksyncError> {
    let boot: Option<BootId> =
        boot_id.map(|text| text.parse().map_err(|error| StocksyncError::invalid("boot_id", error))).transpose()?;
    let fallback = BootId(ids.id()?);
    match (clock, boot) {
        (Some(clock), Some(boot)) => Ok(Arc::new(AppClock::new(clock, boot, fallback))),
        (Some(clock), None) => Ok(Arc::new(AppClock::new(clock, BootId(ids.id()?), fallback))),
        // The machine's clock has a boot of its own: the app's says nothing about it.
        (None, Some(_)) => Err(StocksyncError::invalid("boot_id", "needs the clock that counts from that boot")),
        (None, None) => Ok(Arc::new(SystemClock::new(fallback))),
    }
}

fn status(core: &Core) -> Result<StatusView, StocksyncError> {
    let enrolled = core.enrolled_device()?;
    let status = core.status()?;
    Ok(StatusView {
        enrolment: enrolled.map(Into::into),
        pending: views::signed(status.pending),
        rejected: views::signed(status.rejected),
        exceptions: views::signed(status.exceptions),
        cursor: views::signed(status.cursor.position),
        captured_seq: views::signed(status.captured_seq),
        oldest_pending: status.oldest_ms.map(Timestamp),
        synced: status.synced_ms.map(Timestamp),
    })
}

impl From<EnrolledDevice> for EnrolmentView {
    fn from(enrolled: EnrolledDevice) -> Self {
        let EnrolledDevice { tenant, device, server } = enrolled;
        Self { tenant, device, server }
    }
}
