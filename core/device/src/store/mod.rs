//! The local database: the only place that knows SQLite.
//!
//! Owns connections, tables and transactions. [`Reader`] can only read; [`Writer`] is one transaction that is durable once
//! [`Writer::commit`] returns and leaves nothing behind if it is dropped. Must never be held across the network.

mod catalogue;
mod cells;
mod connection;
mod exchanges;
mod failpoint;
mod fold;
mod held_scans;
mod history;
mod lists;
mod log_points;
mod meta;
mod names;
mod ops;
mod outbox;
mod records;
mod sessions;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

pub use exchanges::ExchangeSample;
pub(crate) use held_scans::HeldScanRow;
pub use lists::{Balance, ExceptionRow, IdentifierRow, OpRow};
pub use names::{LocationInfo, VariantInfo};
pub(crate) use outbox::{CaptureState, OwnOpState, RejectedRow};

use crate::Error;
use failpoint::Failpoint;

/// Stored form of the position of an op that is not accepted yet.
const NOT_ACCEPTED: i64 = i64::MAX;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::StorageFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::StorageBusy,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::StorageReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::StorageCorrupt(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

/// The database of one device.
#[derive(Debug)]
pub(crate) struct Store {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    failpoint: Arc<Failpoint>,
}

/// One consistent state, for reading.
pub(crate) struct Reader<'a>(&'a Connection);

/// One write transaction.
pub(crate) struct Writer<'a>(rusqlite::Transaction<'a>);

impl Reader<'_> {
    /// Runs SQLite's check of every page and index.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let found: String = self.0.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(Error::StorageCorrupt(found)) }
    }
}

impl Writer<'_> {
    /// The same transaction, for reading.
    pub(crate) fn read(&self) -> Reader<'_> {
        Reader(&self.0)
    }

    fn connection(&self) -> &Connection {
        &self.0
    }

    /// Makes the transaction durable.
    pub(crate) fn commit(self) -> Result<(), Error> {
        Ok(self.0.commit()?)
    }
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens or makes the database at `path` and runs the migrations that are missing.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let mut writer = Connection::open_with_flags(path, OpenFlags::default())?;
        connection::prepare(&writer, "FULL")?;
        connection::migrate(&mut writer)?;
        let reader = Connection::open_with_flags(path, OpenFlags::default())?;
        connection::prepare(&reader, "NORMAL")?;
        Ok(Self { writer: Mutex::new(writer), reader: Mutex::new(reader), failpoint: Arc::default() })
    }

    /// Reads in one consistent state; the connection is released when `read` returns.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Reader<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = lock(&self.reader);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        read(&Reader(&transaction))
    }

    /// Writes in one transaction: all of it is durable when this returns `Ok`, none of it otherwise.
    pub(crate) fn write<T>(&self, write: impl FnOnce(&Writer<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = lock(&self.writer);
        self.failpoint.check()?;
        let writer = Writer(connection.transaction_with_behavior(TransactionBehavior::Immediate)?);
        self.failpoint.begun();
        let value = write(&writer)?;
        self.failpoint.check()?;
        writer.commit()?;
        self.failpoint.committed()?;
        Ok(value)
    }

    /// Writes a compact copy.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<(), Error> {
        let text = path.to_str().ok_or(Error::Invalid { field: "path", reason: "is not UTF-8".to_owned() })?;
        lock(&self.writer).execute("VACUUM INTO ?1", [text])?;
        Ok(())
    }

    /// Copies the write-ahead log into the database as far as no reader is in the way. A failure is ignored: a later
    /// write tries again.
    pub(crate) fn checkpoint(&self) {
        let _ = lock(&self.writer).query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    /// Test hook: simulates the death of the process after so many steps or commits; `None` disarms it.
    pub(crate) fn die_after(&self, when: Option<(u64, u64)>) -> Result<(), Error> {
        let mut writer = lock(&self.writer);
        match when {
            Some((steps, commits)) => self.failpoint.arm(&mut writer, steps, commits),
            None => self.failpoint.disarm(&mut writer),
        }
    }

    /// Test hook: steps of SQLite's virtual machine inside write transactions since the failpoint was armed.
    pub(crate) fn steps(&self) -> u64 {
        self.failpoint.steps()
    }

    /// Test hook: whether the failpoint fired.
    pub(crate) fn has_died(&self) -> bool {
        self.failpoint.has_fired()
    }

    /// Test hook: limits the database to `pages`, as a full disk does.
    #[doc(hidden)]
    pub(crate) fn limit_pages(&self, pages: u32) -> Result<(), Error> {
        Ok(lock(&self.writer).pragma_update(None, "max_page_count", pages)?)
    }
}

/// Stored form of a position: an op that is not accepted yet sorts after all others.
fn encode_position(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(NOT_ACCEPTED)
}

/// Position of its stored form.
fn decode_position(position: i64) -> u64 {
    if position == NOT_ACCEPTED { stocksync_schemas::acceptance::NOT_ACCEPTED } else { position.unsigned_abs() }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Bytes of a fixed length; the tables check the length, so another one means damage.
fn fixed<const N: usize>(bytes: &[u8]) -> rusqlite::Result<[u8; N]> {
    bytes
        .try_into()
        .map_err(|_| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, "another length".into()))
}
