//! What the app's platform gives to the library: clock, secrets, a place for log lines, a listener for changes.
//!
//! Owns the traits that an app implements and how a failure of each is answered. None of them ends in a panic. Must never hold
//! state of the inventory.

use std::sync::Arc;

use stocksync_core::identity;
use stocksync_core::inventory;
use stocksync_core::time::{Clock, ClockReading as CoreReading, SystemClock};
use stocksync_schemas::{BootId, Cell, limits};

use crate::{CellRef, StocksyncError, Timestamp};

/// What the clocks of a device show.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClockReading {
    /// The wall clock.
    pub wall: Timestamp,
    /// Milliseconds since the device started; goes on while it sleeps.
    pub since_boot_ms: i64,
}

/// The clocks of the device. Implemented by the app where the library cannot read them: `System.currentTimeMillis` and
/// `SystemClock.elapsedRealtime` on Android, `mach_continuous_time` on iOS. Called on the library's threads for every op, while
/// the database is locked: answer at once and do not call the library. Where it throws, the library reads the machine's
/// clocks instead and treats that as a restart of the device.
#[uniffi::export(with_foreign)]
pub trait DeviceClock: Send + Sync {
    /// What the clocks show now.
    ///
    /// # Errors
    /// Logged; the machine's clocks are read instead.
    fn read(&self) -> Result<ClockReading, StocksyncError>;
}

/// Keeps secrets outside the database, such as Android's Keystore or the Keychain. Called on the library's threads, never while
/// the database is locked. What a method throws is what the call of the library that needed it throws.
#[uniffi::export(with_foreign)]
pub trait SecretStore: Send + Sync {
    /// The secret of this name; none if there is none.
    ///
    /// # Errors
    /// Any; passed on to the caller.
    fn load(&self, name: String) -> Result<Option<String>, StocksyncError>;

    /// Stores a secret in place of an older one of its name. It must be durable when this returns.
    ///
    /// # Errors
    /// Any; passed on to the caller.
    fn save(&self, name: String, secret: String) -> Result<(), StocksyncError>;

    /// Deletes the secret of this name; no error if there is none.
    ///
    /// # Errors
    /// Any; passed on to the caller.
    fn delete(&self, name: String) -> Result<(), StocksyncError>;
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum LogLevel {
    /// A defect, or an operation that failed.
    Error,
    /// Something odd; the library goes on.
    Warning,
    /// What the library does.
    Info,
}

/// Receives the library's log lines. They hold no credential and no text of people. One sink for the whole process: the newest
/// replaces the one before. Called on a thread of its own, so that it may take its time; lines are dropped if it falls
/// behind.
#[uniffi::export(with_foreign)]
pub trait LogSink: Send + Sync {
    /// One line.
    ///
    /// # Errors
    /// Ignored.
    fn log(&self, level: LogLevel, target: String, message: String) -> Result<(), StocksyncError>;
}

/// What changed with one transaction.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChangeView {
    /// Cells whose balance may have changed, at most 500.
    pub cells: Vec<CellRef>,
    /// Whether more changed than is named, records among it: read the whole screen again.
    pub more: bool,
}

/// Told of changes to what the app shows. Implemented by the app; called once per transaction on the library's threads,
/// never while it holds a lock.
#[uniffi::export(with_foreign)]
pub trait ChangeListener: Send + Sync {
    /// Something changed. Read again what is on the screen.
    ///
    /// # Errors
    /// Logged and ignored.
    fn changed(&self, change: ChangeView) -> Result<(), StocksyncError>;
}

/// The app's clock as the core reads it.
pub(crate) struct AppClock {
    clock: Arc<dyn DeviceClock>,
    boot: BootId,
    /// Stands in where the app's clock fails; its boot is another one, so that the two are never compared.
    fallback: SystemClock,
}

impl AppClock {
    pub(crate) fn new(clock: Arc<dyn DeviceClock>, boot: BootId, fallback: BootId) -> Self {
        Self { clock, boot, fallback: SystemClock::new(fallback) }
    }
}

impl Clock for AppClock {
    fn read(&self) -> CoreReading {
        match self.clock.read() {
            Ok(ClockReading { wall, since_boot_ms }) => {
                CoreReading { wall_ms: wall.0, boot_ms: since_boot_ms, boot: self.boot }
            }
            Err(error) => {
                tracing::warn!(%error, "the app's clock failed; the machine's clocks were read instead");
                self.fallback.read()
            }
        }
    }
}

/// The app's secret store as the core uses it.
pub(crate) struct AppSecrets(pub(crate) Arc<dyn SecretStore>);

impl identity::SecretStore for AppSecrets {
    fn load(&self, name: &str) -> Result<Option<String>, identity::SecretError> {
        Ok(self.0.load(name.to_owned())?)
    }

    fn save(&self, name: &str, secret: &str) -> Result<(), identity::SecretError> {
        Ok(self.0.save(name.to_owned(), secret.to_owned())?)
    }

    fn delete(&self, name: &str) -> Result<(), identity::SecretError> {
        Ok(self.0.delete(name.to_owned())?)
    }
}

/// The app's listener as the core knows one.
pub(crate) struct AppListener(pub(crate) Arc<dyn ChangeListener>);

impl inventory::ChangeListener for AppListener {
    fn changed(&self, cells: &[Cell]) {
        let most = limits::PAGE_ROWS as usize;
        let change = ChangeView {
            cells: cells.iter().take(most).map(CellRef::from).collect(),
            more: cells.is_empty() || cells.len() > most,
        };
        if let Err(error) = self.0.changed(change) {
            tracing::warn!(%error, "a change listener failed");
        }
    }
}
