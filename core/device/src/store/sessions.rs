//! Counting sessions opened on this device and not closed.
//!
//! Owns the table `sessions`. The act with which a session opened is stored as the text its feature encoded.

use rusqlite::{OptionalExtension, params};
use stocksync_schemas::SessionId;

use super::{Reader, Writer, fixed};
use crate::Error;

impl Reader<'_> {
    /// The encoded act with which a session opened here.
    pub(crate) fn session_act(&self, session: SessionId) -> Result<Option<String>, Error> {
        let mut statement = self.0.prepare_cached("SELECT act FROM sessions WHERE session = ?1")?;
        Ok(statement.query_row([session.0], |row| row.get(0)).optional()?)
    }

    /// Sessions opened here and not closed, in order of id.
    pub(crate) fn open_sessions(&self) -> Result<Vec<SessionId>, Error> {
        let mut statement = self.0.prepare_cached("SELECT session FROM sessions ORDER BY session")?;
        let rows = statement.query_map([], |row| Ok(SessionId(fixed(row.get_ref(0)?.as_blob()?)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writer<'_> {
    /// Inserts a session with its encoded act.
    pub(crate) fn insert_session(&self, session: SessionId, act: &str) -> Result<(), Error> {
        let sql = "INSERT INTO sessions (session, act) VALUES (?1, ?2)";
        self.connection().prepare_cached(sql)?.execute(params![session.0, act])?;
        Ok(())
    }

    /// Deletes a session, because it is closed.
    pub(crate) fn delete_session(&self, session: SessionId) -> Result<(), Error> {
        self.connection().prepare_cached("DELETE FROM sessions WHERE session = ?1")?.execute([session.0])?;
        Ok(())
    }
}
