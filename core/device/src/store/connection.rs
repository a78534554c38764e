//! Connection setup (pragmas, time limits) and migrations.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use stocksync_schemas::migrations::DEVICE;

use crate::Error;

/// Settings that every connection needs. `synchronous` is FULL where ops are recorded.
pub(super) fn prepare(connection: &Connection, synchronous: &str) -> Result<(), Error> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    for (name, value) in [
        ("journal_mode", "WAL"),
        ("synchronous", synchronous),
        ("fullfsync", "ON"), // has an effect on Apple only, where FULL alone does not reach the disk
        ("temp_store", "MEMORY"),
        ("cache_size", "-4096"),
        ("journal_size_limit", "16777216"),
        // 8 MB: the log is normally checkpointed at the end of a sync, where nobody waits; else by one write in several
        // hundred.
        ("wal_autocheckpoint", "2048"),
        ("trusted_schema", "OFF"),
        ("foreign_keys", "ON"),
    ] {
        connection.pragma_update(None, name, value)?;
    }
    // Plans do not depend on bound values; otherwise SQLite prepares several statements of every scan again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Runs the migrations that are missing, each in a transaction of its own. The version is read inside that transaction, so
/// that two processes that open the same file run each migration once.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let known = DEVICE.last().map_or(0, |last| i64::from(last.number));
    let version = |connection: &Connection| connection.pragma_query_value(None, "user_version", |row| row.get(0));
    // Nothing to do needs no write lock: another process may hold it.
    while version(connection)? != known {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = version(&transaction)?;
        if found > known {
            return Err(Error::NewerDatabase { found, known });
        }
        let next = DEVICE.iter().find(|migration| i64::from(migration.number) == found + 1);
        let Some(migration) = next else { break };
        transaction.execute_batch(migration.sql)?;
        transaction.pragma_update(None, "user_version", migration.number)?;
        transaction.commit()?;
    }
    Ok(())
}
