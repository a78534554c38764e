//! When exchanges took place, by the device's boot clock and by the server's.
//!
//! Owns the table `exchanges`. Must never reckon a time from it: `crate::time` does.

use rusqlite::{OptionalExtension, Row, ToSql, params};
use stocksync_schemas::BootId;

use super::{Reader, Writer, fixed};
use crate::Error;

/// When one exchange took place, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeSample {
    /// Its number; later ones are higher.
    pub number: i64,
    /// Boot of the device in which it took place.
    pub boot: BootId,
    /// Boot clock when the request left, ms.
    pub sent_ms: i64,
    /// Boot clock when the answer had arrived, ms.
    pub received_ms: i64,
    /// Server time in between, ms since 1970.
    pub server_ms: i64,
}

const BEFORE: &str = "SELECT number, boot, sent_ms, received_ms, server_ms FROM exchanges
     WHERE boot = ?1 AND received_ms <= ?2 AND number <= ?3 ORDER BY received_ms DESC LIMIT 1";
// Unary `+` stops the planner from using the index on `boot`; `number` is the selective one.
const AFTER: &str = "SELECT number, boot, sent_ms, received_ms, server_ms FROM exchanges
     WHERE +boot = ?1 AND sent_ms >= ?2 AND number > ?3 ORDER BY number LIMIT 1";
const LAST: &str = "SELECT number, boot, sent_ms, received_ms, server_ms FROM exchanges
     WHERE number <= ?1 ORDER BY number DESC LIMIT 1";
const NEXT: &str = "SELECT number, boot, sent_ms, received_ms, server_ms FROM exchanges
     WHERE number > ?1 ORDER BY number LIMIT 1";

fn exchange_sample(row: &Row<'_>) -> rusqlite::Result<ExchangeSample> {
    Ok(ExchangeSample {
        number: row.get(0)?,
        boot: BootId(fixed(row.get_ref(1)?.as_blob()?)?),
        sent_ms: row.get(2)?,
        received_ms: row.get(3)?,
        server_ms: row.get(4)?,
    })
}

impl Reader<'_> {
    /// The last exchange of `boot` that had ended at `boot_ms`, among those up to `number`.
    pub(crate) fn exchange_before(
        &self,
        boot: BootId,
        boot_ms: i64,
        number: i64,
    ) -> Result<Option<ExchangeSample>, Error> {
        self.exchange(BEFORE, &[&boot.0, &boot_ms, &number])
    }

    /// The first exchange of `boot` that began at `boot_ms` or later, among those past `number`.
    pub(crate) fn exchange_after(
        &self,
        boot: BootId,
        boot_ms: i64,
        number: i64,
    ) -> Result<Option<ExchangeSample>, Error> {
        self.exchange(AFTER, &[&boot.0, &boot_ms, &number])
    }

    /// The last exchange of any boot up to `number`.
    pub(crate) fn last_exchange(&self, number: i64) -> Result<Option<ExchangeSample>, Error> {
        self.exchange(LAST, &[&number])
    }

    /// The first exchange of any boot past `number`.
    pub(crate) fn next_exchange(&self, number: i64) -> Result<Option<ExchangeSample>, Error> {
        self.exchange(NEXT, &[&number])
    }

    fn exchange(&self, sql: &'static str, values: &[&dyn ToSql]) -> Result<Option<ExchangeSample>, Error> {
        Ok(self.0.prepare_cached(sql)?.query_row(values, exchange_sample).optional()?)
    }

    /// Server time of the newest exchange, ms since 1970.
    pub(crate) fn synced_ms(&self) -> Result<Option<i64>, Error> {
        let sql = "SELECT server_ms FROM exchanges ORDER BY number DESC LIMIT 1";
        Ok(self.0.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?)
    }

    /// Whether an exchange took place in `boot`.
    pub(crate) fn has_exchanged(&self, boot: BootId) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM exchanges WHERE boot = ?1)";
        Ok(self.0.prepare_cached(sql)?.query_row([boot.0], |row| row.get(0))?)
    }
}

impl Writer<'_> {
    /// Inserts an exchange; deletes those beyond the newest 500 that no pending op was captured after.
    pub(crate) fn insert_exchange(
        &self,
        boot: BootId,
        sent_ms: i64,
        received_ms: i64,
        server_ms: i64,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO exchanges (number, boot, sent_ms, received_ms, server_ms)
             VALUES ((SELECT ifnull(max(number), 0) + 1 FROM exchanges), ?1, ?2, ?3, ?4)";
        self.connection().prepare_cached(sql)?.execute(params![boot.0, sent_ms, received_ms, server_ms])?;
        let sql = "DELETE FROM exchanges WHERE number < (SELECT max(number) FROM exchanges) - 500 AND number <
             (SELECT ifnull(min(after_exchange), 9223372036854775807) FROM own_ops WHERE state = 0)";
        self.connection().prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}
