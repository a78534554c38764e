//! Points of the server's log.
//!
//! Owns the tables `log_points` (cursors and acknowledgements this device has had) and `lost_tails` (each time the server
//! was found without the end of its log). Must never invent a point: each was issued by the server.

use std::collections::BTreeMap;

use rusqlite::{Row, params};
use stocksync_schemas::{Head, LogPoint, OpHash};

use super::{Reader, Writer, fixed, signed};
use crate::Error;

/// Reads a log point from the columns `position, head` from `at` on.
pub(super) fn log_point(row: &Row<'_>, at: usize) -> rusqlite::Result<LogPoint> {
    let head = Head(OpHash(fixed(row.get_ref(at + 1)?.as_blob()?)?));
    Ok(LogPoint { position: row.get::<_, i64>(at)?.unsigned_abs(), head })
}

impl Reader<'_> {
    /// Log points this device has had, newest first.
    pub(crate) fn log_points(&self) -> Result<Vec<LogPoint>, Error> {
        let mut statement = self.0.prepare_cached("SELECT position, head FROM log_points ORDER BY position DESC")?;
        let rows = statement.query_map([], |row| log_point(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Lost tails after the first `known` ones: for each, the newest point that both sides had.
    pub(crate) fn lost_tails(&self, known: i64) -> Result<Vec<LogPoint>, Error> {
        let mut statement =
            self.0.prepare_cached("SELECT position, head FROM lost_tails WHERE number > ?1 ORDER BY number")?;
        let rows = statement.query_map([known], |row| log_point(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Inserts a lost tail and deletes the log points past `common`. Acts in progress read it when they are recorded.
    pub(crate) fn insert_lost_tail(&self, common: LogPoint) -> Result<(), Error> {
        let connection = self.connection();
        connection.execute("DELETE FROM log_points WHERE position > ?1", [signed(common.position)])?;
        let sql = "INSERT INTO lost_tails (number, position, head)
             VALUES ((SELECT ifnull(max(number), 0) + 1 FROM lost_tails), ?1, ?2)";
        connection.prepare_cached(sql)?.execute(params![signed(common.position), common.head.0.0])?;
        Ok(())
    }

    /// Inserts a log point and deletes old ones: about 64 stay, denser the newer they are.
    pub(crate) fn insert_log_point(&self, point: LogPoint) -> Result<(), Error> {
        if point.position == 0 {
            return Ok(());
        }
        let sql =
            "INSERT INTO log_points (position, head) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET head = excluded.head";
        self.connection().prepare_cached(sql)?.execute(params![signed(point.position), point.head.0.0])?;
        let points = self.read().log_points()?;
        for position in superfluous(&points) {
            self.connection()
                .prepare_cached("DELETE FROM log_points WHERE position = ?1")?
                .execute([signed(position)])?;
        }
        Ok(())
    }
}

/// Positions to delete: the 16 newest points stay, and two for each power of two of distance from the newest.
fn superfluous(newest_first: &[LogPoint]) -> Vec<u64> {
    let newest = newest_first.first().map_or(0, |point| point.position);
    let mut count_by_distance = BTreeMap::<u32, u32>::new();
    let old = newest_first.iter().skip(16);
    old.filter(|point| {
        let distance = (newest - point.position).max(1).ilog2();
        let count = count_by_distance.entry(distance).or_default();
        *count += 1;
        *count > 2
    })
    .map(|point| point.position)
    .collect()
}
