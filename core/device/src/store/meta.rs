//! Single values by key.
//!
//! Owns the table `meta`: replica id, enrolment, cursor, acknowledged log point, state that features save under keys of their
//! own. Must never interpret a feature's value.

use rusqlite::{OptionalExtension, params};
use stocksync_schemas::{Head, LogPoint, OpHash, ReplicaId};

use super::{Reader, Writer, fixed};
use crate::Error;

/// Decodes a log point: 8 bytes of position, big-endian, then the head.
pub(super) fn decode_log_point(bytes: &[u8]) -> Result<LogPoint, Error> {
    let (position, head) = bytes.split_at_checked(8).ok_or(Error::Internal("a stored log point has another length"))?;
    Ok(LogPoint { position: u64::from_be_bytes(fixed(position)?), head: Head(OpHash(fixed(head)?)) })
}

impl Reader<'_> {
    /// The value under `key`.
    pub(crate) fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let mut statement = self.0.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// The values whose keys begin with `prefix`, in order of key.
    pub(crate) fn meta_by_prefix(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let sql = "SELECT key, value FROM meta WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1 ORDER BY key";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The log point under `key`; the start of the log if there is none.
    pub(crate) fn meta_point(&self, key: &str) -> Result<LogPoint, Error> {
        self.meta(key)?.map_or(Ok(LogPoint::default()), |bytes| decode_log_point(&bytes))
    }
}

impl Writer<'_> {
    /// Inserts or replaces the value under `key`.
    pub(crate) fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
        self.connection().prepare_cached(sql)?.execute(params![key, value])?;
        Ok(())
    }

    /// Deletes the value under `key`.
    pub(crate) fn delete_meta(&self, key: &str) -> Result<(), Error> {
        self.connection().prepare_cached("DELETE FROM meta WHERE key = ?1")?.execute([key])?;
        Ok(())
    }

    /// Inserts or replaces the log point under `key`.
    pub(crate) fn set_meta_point(&self, key: &str, point: LogPoint) -> Result<(), Error> {
        let mut bytes = point.position.to_be_bytes().to_vec();
        bytes.extend_from_slice(&point.head.0.0);
        self.set_meta(key, &bytes)
    }

    /// This database's replica id; `new_id` makes it on first use.
    pub(crate) fn load_or_insert_replica(
        &self,
        new_id: impl FnOnce() -> Result<[u8; 16], Error>,
    ) -> Result<ReplicaId, Error> {
        if let Some(bytes) = self.read().meta("replica")? {
            return Ok(ReplicaId(fixed(&bytes)?));
        }
        let id = new_id()?;
        self.set_meta("replica", &id)?;
        Ok(ReplicaId(id))
    }
}
