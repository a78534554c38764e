//! How connections are born and how the tables come forward.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use stocksync_schemas::migrations::DEVICE;

use crate::Error;

/// Settings that every connection needs. `synchronous` is FULL where ops are recorded.
pub(super) fn prepare(connection: &Connection, synchronous: &str) -> Result<(), Error> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    for (name, value) in [
        ("journal_mode", "WAL"),
        ("synchronous", synchronous),
        ("fullfsync", "ON"), // only Apple heeds it: there FULL alone does not reach the disk
        ("temp_store", "MEMORY"),
        ("cache_size", "-4096"),
        ("journal_size_limit", "16777216"),
        // 8 MB: the log goes into the database at the end of a sync, where nobody waits for a tone; else in one of
        // several hundred acts.
        ("wal_autocheckpoint", "2048"),
        ("trusted_schema", "OFF"),
        ("foreign_keys", "ON"),
    ] {
        connection.pragma_update(None, name, value)?;
    }
    // A plan never depends on the values bound: else SQLite parses several statements of every scan anew.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Runs the migrations that are missing, each in its own transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = DEVICE.last().map_or(0, |last| i64::from(last.number));
    if found > known {
        return Err(Error::NewerDatabase { found, known });
    }
    for migration in DEVICE.iter().filter(|it| i64::from(it.number) > found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration.sql)?;
        transaction.pragma_update(None, "user_version", migration.number)?;
        transaction.commit()?;
    }
    Ok(())
}
