//! The inventory of one device: everything an app does with stock.
//!
//! Owns the handle, its closing, and the frames remembered while a camera runs; all else is the core's. Must never call the
//! core on the caller's thread.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use stocksync_core::Inventory as Core;
use stocksync_core::sync::http;
use stocksync_scan::FrameDecoder;

use crate::{
    ActPage, BalancePage, BalanceRequest, CaptureRequest, CapturedView, Collection, ExceptionView, FrameRequest,
    GtinIds, HeldScanView, LookupView, Observer, RecordRequest, RecordView, RejectedView, SetAsideView, ShiftInput,
    ShiftOutcome, ShiftSettings, ShiftView, StatusView, StocksyncError, SymbolView, SyncHandle, SyncListener, capture,
    catalogue, frame, runtime, shift, sync, views,
};

/// Where and as what to open.
#[derive(Debug, Clone, uniffi::Record)]
pub struct OpenConfig {
    /// Path of the database file; it is made if it is not there, its folder is not.
    pub path: String,
    /// Certificates in PEM of a server that signs its own; may be empty.
    pub extra_roots: Vec<String>,
}

/// As whom a device was enrolled.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct EnrolledView {
    /// Id of the tenant.
    pub tenant: String,
    /// Id of the device.
    pub device: String,
}

/// One device's inventory: a local database, the acts recorded in it, and its sync. Safe to share between threads.
#[derive(uniffi::Object)]
pub struct Inventory {
    /// None once closed. Calls that run keep theirs until they end.
    core: RwLock<Option<Arc<Core>>>,
    decoder: Arc<FrameDecoder>,
    extra_roots: Vec<String>,
    /// Of the newest sync; set by closing.
    cancel: Mutex<Arc<AtomicBool>>,
}

impl Inventory {
    fn core(&self) -> Result<Arc<Core>, StocksyncError> {
        self.core.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StocksyncError::Closed)
    }

    /// Has the core do something on the library's threads.
    async fn on_core<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Core) -> Result<T, StocksyncError> + Send + 'static,
    ) -> Result<T, StocksyncError> {
        let core = self.core()?;
        runtime::blocking(move || work(&core)).await
    }
}

#[uniffi::export]
impl Inventory {
    /// Opens the database, makes it if needed, and brings an older one forward.
    ///
    /// # Errors
    /// `StorageFull`, `UpgradeRequired` if a newer app wrote it, `Internal` if it is no database.
    #[uniffi::constructor]
    pub async fn open(config: OpenConfig) -> Result<Arc<Self>, StocksyncError> {
        let OpenConfig { path, extra_roots } = config;
        let core = runtime::blocking(move || Core::open(Path::new(&path))).await?;
        Ok(Arc::new(Self {
            core: RwLock::new(Some(Arc::new(core))),
            decoder: Arc::default(),
            extra_roots,
            cancel: Mutex::default(),
        }))
    }

    /// Enrols this device with a one-time code. The credential is kept in the database. `server` begins with `https://`;
    /// plain HTTP is for a server on this machine.
    ///
    /// # Errors
    /// `Offline`, `Rejected` if the code is unknown, used or expired, `InvalidInput`.
    pub async fn enrol(
        &self,
        server: String,
        code: String,
        device_name: String,
    ) -> Result<EnrolledView, StocksyncError> {
        let roots = self.extra_roots.clone();
        self.on_core(move |core| {
            let enrolment = http::enrol(&server, &code, &device_name, &roots)?;
            core.set_enrolment(&enrolment)?;
            Ok(EnrolledView { tenant: enrolment.tenant.to_string(), device: enrolment.device.to_string() })
        })
        .await
    }

    /// States who works with the device from now on; acts carry it. None: nobody is signed in.
    ///
    /// # Errors
    /// `InvalidInput` if it is not an id.
    pub async fn set_user(&self, user: Option<String>) -> Result<(), StocksyncError> {
        self.on_core(move |core| {
            let user = user.map(|id| capture::id("user", &id)).transpose()?.unwrap_or_default();
            Ok(core.set_user(user)?)
        })
        .await
    }

    /// Says what a scanned or typed code is. `symbology` is the identifier beside a scanned text (`]E0`), none or
    /// empty if typed.
    ///
    /// # Errors
    /// `InvalidInput` if the text is empty or too long. An unknown code is no error: it has no match.
    pub async fn lookup(&self, text: String, symbology: Option<String>) -> Result<LookupView, StocksyncError> {
        self.on_core(move |core| Ok(core.lookup(&text, symbology.as_deref().filter(|it| !it.is_empty()))?.into())).await
    }

    /// Reads the codes in a camera frame or photograph. No code is the usual answer of a frame, and no error. A live frame that
    /// arrives while another one is being decoded is dropped and has no codes; give the next one.
    ///
    /// # Errors
    /// `InvalidInput` if the sizes do not fit each other or their limits.
    pub async fn scan_frame(&self, frame: FrameRequest) -> Result<Vec<SymbolView>, StocksyncError> {
        self.core()?;
        let decoder = Arc::clone(&self.decoder);
        runtime::blocking(move || frame::read(&decoder, &frame)).await
    }

    /// Takes what a person does in a shift of scanning. Whatever was to be recorded is durable when this returns: only now
    /// the tone.
    ///
    /// # Errors
    /// `InvalidInput` for an empty or too long text or an id that is none; else as `capture`. The shift stands as before.
    pub async fn shift(&self, input: ShiftInput) -> Result<ShiftOutcome, StocksyncError> {
        self.on_core(move |core| shift::run(core, input)).await
    }

    /// How the shift stands, with the counters that are always visible; the same after a restart. A shift that cannot be read
    /// starts anew, and this says so once.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn shift_view(&self) -> Result<ShiftView, StocksyncError> {
        self.on_core(shift::view).await
    }

    /// Sets up the shifts on this device: scanner, day, blind counts. Durable when it returns, and kept when a shift starts
    /// anew.
    ///
    /// # Errors
    /// `InvalidInput` names the setting; `StorageFull`. The old ones stay then.
    pub async fn set_shift_settings(&self, settings: ShiftSettings) -> Result<(), StocksyncError> {
        self.on_core(move |core| Ok(core.set_shift_settings(&settings.read())?)).await
    }

    /// What of shifts could not be read, oldest first; the newest 16 are kept.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn set_aside(&self) -> Result<Vec<SetAsideView>, StocksyncError> {
        self.on_core(|core| Ok(core.set_aside()?.into_iter().map(Into::into).collect())).await
    }

    /// Drops what was set aside under a number: nobody needs it any more.
    ///
    /// # Errors
    /// `StorageFull`, `Internal`.
    pub async fn drop_set_aside(&self, number: i64) -> Result<(), StocksyncError> {
        self.on_core(move |core| Ok(core.delete_set_aside(number.unsigned_abs())?)).await
    }

    /// Ids of the counts that were opened on this device and not closed, the shift's own included. One that a shift forgot is
    /// closed by `capture`, or stays open for a person to look at.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn open_sessions(&self) -> Result<Vec<String>, StocksyncError> {
        self.on_core(|core| Ok(core.open_sessions()?.iter().map(ToString::to_string).collect())).await
    }

    /// Scans that wait for a person, oldest first, at most 1,000.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn held_scans(&self) -> Result<Vec<HeldScanView>, StocksyncError> {
        self.on_core(shift::held).await
    }

    /// Says that a text is a variant in packs of so many base units: its identifier is made where there is none, and every
    /// held scan of the text, of the GTIN in it, or of the item of a code that the shop laid out, is recorded once; where a
    /// label measures in the variant's unit, as much as it says. Durable when it returns; answers how many acts that were.
    ///
    /// # Errors
    /// `NotFound` if nothing is held under the text or the variant is not here; else as `edit` and `capture`.
    pub async fn attach(
        &self,
        text: String,
        variant: String,
        pack_numerator: i64,
        pack_denominator: i64,
    ) -> Result<i64, StocksyncError> {
        self.on_core(move |core| {
            let acts = core.attach(&text, capture::id("variant", &variant)?, (pack_numerator, pack_denominator))?;
            Ok(views::signed(acts))
        })
        .await
    }

    /// Answers the question of one held scan, of a code that is known: which variant, and which lot (`10:CODE`, `21:SERIAL`;
    /// empty: what the code itself says). It is recorded once, as what was done when it was scanned.
    ///
    /// # Errors
    /// `NotFound` if nothing is held under the number or its code is not the variant's; else as `capture`. It stays held then.
    pub async fn answer_held(&self, number: i64, variant: String, lot: String) -> Result<(), StocksyncError> {
        self.on_core(move |core| Ok(core.answer_held(number, capture::id("variant", &variant)?, &lot)?)).await
    }

    /// Drops a held scan: it was nothing.
    ///
    /// # Errors
    /// `StorageFull`, `Internal`.
    pub async fn drop_held(&self, number: i64) -> Result<(), StocksyncError> {
        self.on_core(move |core| Ok(core.discard_held(number)?)).await
    }

    /// States that the person begins an act: what is known now is what the act knew. Give the answer to `capture`; it is
    /// plain text that an app may keep over a restart, and losing it loses nothing else.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn begin_act(&self) -> Result<String, StocksyncError> {
        self.on_core(|core| capture::act_text(&core.begin_act()?)).await
    }

    /// Begins a session of counts on this device; its id goes into the counts and the close.
    ///
    /// # Errors
    /// `StorageFull`.
    pub async fn begin_session(&self) -> Result<String, StocksyncError> {
        self.on_core(|core| Ok(core.begin_session()?.to_string())).await
    }

    /// Records an act. When this returns, it is durable: only now sound the tone. Without `act` it began and ended now; a
    /// close began when its session did, whatever `act` says.
    ///
    /// # Errors
    /// `InvalidInput` names the field; `NotFound` if the session or target is unknown; `StorageFull`. Nothing is kept then.
    pub async fn capture(&self, act: Option<String>, request: CaptureRequest) -> Result<CapturedView, StocksyncError> {
        self.on_core(move |core| capture::record(core, act.as_deref(), request)).await
    }

    /// Takes back the newest own movement, count or close that was not taken back yet, by a void.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub async fn undo(&self) -> Result<CapturedView, StocksyncError> {
        self.on_core(|core| Ok(core.undo()?.into())).await
    }

    /// One page of balances in order of cells, those at virtual locations included.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub async fn balances(&self, request: BalanceRequest) -> Result<BalancePage, StocksyncError> {
        self.on_core(move |core| views::balances(core, &request)).await
    }

    /// The open exceptions, at most 500 cells' worth.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn exceptions(&self) -> Result<Vec<ExceptionView>, StocksyncError> {
        self.on_core(|core| Ok(core.exceptions()?.into_iter().map(Into::into).collect())).await
    }

    /// The acts that the server will not apply, newest first, at most 500.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn rejected(&self) -> Result<Vec<RejectedView>, StocksyncError> {
        self.on_core(|core| Ok(core.rejected()?.into_iter().map(Into::into).collect())).await
    }

    /// One page of acts, own and others', newest first. `after` is `next` of the page before, none for the first.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub async fn acts(&self, after: Option<String>, limit: u32) -> Result<ActPage, StocksyncError> {
        self.on_core(move |core| views::acts(core, after.as_deref(), limit)).await
    }

    /// How this database stands.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn status(&self) -> Result<StatusView, StocksyncError> {
        self.on_core(views::status).await
    }

    /// Makes or changes records, at most 1,000 a call, all or none. Answers their ids in the same order.
    ///
    /// # Errors
    /// `InvalidInput` names the field; `NotFound`; `StorageFull`.
    pub async fn edit(&self, records: Vec<RecordRequest>) -> Result<Vec<String>, StocksyncError> {
        self.on_core(move |core| catalogue::edit(core, records)).await
    }

    /// One record.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn record(&self, collection: Collection, id: String) -> Result<RecordView, StocksyncError> {
        self.on_core(move |core| catalogue::record(core, collection, &id)).await
    }

    /// The ids for a new product and variant behind a GTIN (14 digits) that nobody knows yet: devices that make them apart
    /// make the same ones.
    ///
    /// # Errors
    /// `SignInRequired` before the device was enrolled.
    pub async fn gtin_ids(&self, gtin: String) -> Result<GtinIds, StocksyncError> {
        self.on_core(move |core| catalogue::gtin_ids(core, &gtin)).await
    }

    /// Starts a sync; no exchange begins after `deadline_ms`. One runs at a time: a second one ends with `Busy`.
    ///
    /// # Errors
    /// `Closed`; all others come from `SyncHandle.wait`.
    pub fn sync(
        &self,
        deadline_ms: i64,
        listener: Option<Arc<dyn SyncListener>>,
    ) -> Result<Arc<SyncHandle>, StocksyncError> {
        let cancel = Arc::<AtomicBool>::default();
        let handle = sync::start(self.core()?, self.extra_roots.clone(), deadline_ms, listener, Arc::clone(&cancel))?;
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = cancel;
        Ok(handle)
    }

    /// Has `observer` told of every change from now on, in place of the one before; none ends it.
    ///
    /// # Errors
    /// `Closed`.
    pub fn observe(&self, observer: Option<Arc<dyn Observer>>) -> Result<(), StocksyncError> {
        self.core()?.observe(observer.map(sync::watching));
        Ok(())
    }

    /// Closes the database and cancels a sync that runs. Calls that run end by themselves; later ones fail with `Closed`.
    /// May be called again.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn close(&self) -> Result<(), StocksyncError> {
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner).store(true, Ordering::Relaxed);
        let core = self.core.write().unwrap_or_else(PoisonError::into_inner).take();
        runtime::blocking(move || {
            drop(core); // the last one closes its files, which waits for the disk
            Ok::<_, StocksyncError>(())
        })
        .await
    }
}
