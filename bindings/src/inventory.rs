//! The inventory of one device: everything an app does with stock. Owns the handle and its closing; all else is the core's.

use std::sync::Arc;

use crate::sync::Listener;
use crate::*;

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
pub struct Inventory {}

fn later<T>() -> Result<T, StocksyncError> {
    Err(StocksyncError::Internal { reason: "not there yet".to_owned() })
}

#[uniffi::export]
impl Inventory {
    /// Opens the database, makes it if needed, and brings an older one forward.
    ///
    /// # Errors
    /// `Busy` if another process has it open, `StorageFull`, `UpgradeRequired` if a newer app wrote it, `InvalidInput`.
    #[uniffi::constructor]
    pub async fn open(config: OpenConfig) -> Result<Arc<Self>, StocksyncError> {
        runtime::blocking(move || {
            later::<Arc<Self>>().map(|it| {
                let _ = config;
                it
            })
        })
        .await
    }

    /// Enrols this device with a one-time code. The credential is kept in the database.
    ///
    /// # Errors
    /// `Offline`, `Rejected` if the code is unknown, used or expired, `InvalidInput`.
    pub async fn enrol(
        &self,
        server: String,
        code: String,
        device_name: String,
    ) -> Result<EnrolledView, StocksyncError> {
        let _ = (server, code, device_name);
        runtime::spawned(async { later() }).await
    }

    /// States who works with the device from now on; acts carry it. None: nobody is signed in.
    ///
    /// # Errors
    /// `InvalidInput` if it is not an id.
    pub async fn set_user(&self, user: Option<String>) -> Result<(), StocksyncError> {
        let _ = user;
        runtime::blocking(later).await
    }

    /// Says what a scanned or typed code is. `symbology` is the identifier beside a scanned text (`]E0`), none if typed.
    ///
    /// # Errors
    /// `InvalidInput` if the text is empty or too long. An unknown code is no error: it has no match.
    pub async fn lookup(&self, text: String, symbology: Option<String>) -> Result<LookupView, StocksyncError> {
        let _ = (text, symbology);
        runtime::blocking(later).await
    }

    /// Reads the codes in a camera frame or photograph. No code is the usual answer of a frame, and no error.
    ///
    /// # Errors
    /// `InvalidInput` if the sizes do not fit each other or their limits.
    pub async fn scan_frame(&self, frame: FrameRequest) -> Result<Vec<SymbolView>, StocksyncError> {
        let _ = frame;
        runtime::blocking(later).await
    }

    /// States that the person begins an act: what is known now is what the act knew. Give the answer to `capture`.
    ///
    /// # Errors
    /// `StorageFull`.
    pub async fn begin_act(&self) -> Result<i64, StocksyncError> {
        runtime::blocking(later).await
    }

    /// Begins a session of counts on this device; its id goes into the counts and the close.
    ///
    /// # Errors
    /// `StorageFull`.
    pub async fn begin_session(&self) -> Result<String, StocksyncError> {
        runtime::blocking(later).await
    }

    /// Records an act. When this returns, it is durable: only now sound the tone. Without `act` it began and ended now.
    ///
    /// # Errors
    /// `InvalidInput` names the field; `NotFound` if the act, session or target is unknown; `StorageFull`.
    pub async fn capture(&self, act: Option<i64>, request: CaptureRequest) -> Result<CapturedView, StocksyncError> {
        let _ = (act, request);
        runtime::blocking(later).await
    }

    /// Takes back the newest own act that was not taken back yet, by a void.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub async fn undo(&self) -> Result<CapturedView, StocksyncError> {
        runtime::blocking(later).await
    }

    /// One page of balances.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub async fn balances(&self, request: BalanceRequest) -> Result<BalancePage, StocksyncError> {
        let _ = request;
        runtime::blocking(later).await
    }

    /// The open exceptions, at most 500.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn exceptions(&self) -> Result<Vec<ExceptionView>, StocksyncError> {
        runtime::blocking(later).await
    }

    /// The acts that the server will not apply, at most 500.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn rejected(&self) -> Result<Vec<RejectedView>, StocksyncError> {
        runtime::blocking(later).await
    }

    /// One page of acts, own and others', newest first. `after` is `next` of the page before.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub async fn acts(&self, after: Option<String>, limit: u32) -> Result<ActPage, StocksyncError> {
        let _ = (after, limit);
        runtime::blocking(later).await
    }

    /// How this database stands.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn status(&self) -> Result<StatusView, StocksyncError> {
        runtime::blocking(later).await
    }

    /// Makes or changes records, at most 1,000 a call, all or none. Answers their ids in the same order.
    ///
    /// # Errors
    /// `InvalidInput` names the record and field; `NotFound`; `StorageFull`.
    pub async fn edit(&self, records: Vec<RecordRequest>) -> Result<Vec<String>, StocksyncError> {
        let _ = records;
        runtime::blocking(later).await
    }

    /// One record.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn record(&self, collection: Collection, id: String) -> Result<RecordView, StocksyncError> {
        let _ = (collection, id);
        runtime::blocking(later).await
    }

    /// Starts a sync that ends after `deadline_ms` at the latest. One runs at a time.
    ///
    /// # Errors
    /// `Busy` while one runs.
    pub fn sync(
        &self,
        deadline_ms: i64,
        listener: Option<Arc<dyn SyncListener>>,
    ) -> Result<Arc<SyncHandle>, StocksyncError> {
        let _: (i64, Listener) = (deadline_ms, listener);
        later()
    }

    /// Has `observer` told of every change from now on, in place of the one before; none ends it.
    ///
    /// # Errors
    /// `Closed`.
    pub fn observe(&self, observer: Option<Arc<dyn Observer>>) -> Result<(), StocksyncError> {
        let _ = observer;
        later()
    }

    /// Closes the database. Calls that run end first; later ones fail with `Closed`. May be called again.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn close(&self) -> Result<(), StocksyncError> {
        runtime::blocking(later).await
    }
}

/// A running sync. Dropping it cancels.
#[derive(uniffi::Object)]
pub struct SyncHandle {}

#[uniffi::export]
impl SyncHandle {
    /// Waits for the end of the sync.
    ///
    /// # Errors
    /// `Offline`, `SignInRequired`, `Rejected`, `UpgradeRequired`. What was done until then is kept.
    pub async fn wait(&self) -> Result<SyncSummary, StocksyncError> {
        runtime::spawned(async { later() }).await
    }

    /// Ends the sync after the exchange that is under way.
    ///
    /// # Errors
    /// None in practice.
    pub fn cancel(&self) -> Result<(), StocksyncError> {
        Ok(())
    }
}
