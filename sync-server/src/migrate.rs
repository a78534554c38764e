//! Brings a database's schema forward. Migrations are embedded in the binary, run once and in order by the owner, and
//! never go back; one that was changed after it ran is refused.

use std::time::{Duration, Instant};

use stocksync_schemas::migrations::{Migration, SERVER};
use tokio_postgres::Client;

use crate::database::{Database, DatabaseError, PostgresAddress, Roles};

/// Advisory lock held while migrating, so that two servers that start together migrate once.
const LOCK: i64 = 0x73_74_6f_63_6b_73_79_6e;
const LOCK_LIMIT: Duration = Duration::from_secs(60);

const PREPARE: &str = "CREATE SCHEMA IF NOT EXISTS meta; \
     CREATE TABLE IF NOT EXISTS meta.migrations ( \
         number integer NOT NULL, name text NOT NULL, checksum text NOT NULL, applied_ms bigint NOT NULL, \
         CONSTRAINT migrations_pk PRIMARY KEY (number))";
/// Migrations that ran here, in order.
pub const APPLIED: &str = "SELECT number, name, checksum FROM meta.migrations ORDER BY number";
/// Records one that ran.
pub const RECORD: &str = "INSERT INTO meta.migrations (number, name, checksum, applied_ms) VALUES ($1, $2, $3, $4)";
/// The newest migration that ran here; 0 before the first.
pub const NEWEST: &str = "SELECT coalesce(max(number), 0) FROM meta.migrations";

/// Why the schema could not be brought forward.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The role that the server connects as does not exist and the owner may not create it.
    #[error(
        "the role {role} is missing: as a superuser, CREATE ROLE {role} LOGIN PASSWORD '…' and use it in DATABASE_URL"
    )]
    NoApplicationRole {
        /// Its name.
        role: &'static str,
    },
    /// A migration that ran here has another text in this build.
    #[error("migration {name} ran here with another text: this build and this database do not belong together")]
    Changed {
        /// Its name.
        name: String,
    },
    /// Another process has been migrating for a minute.
    #[error("another process holds the migration lock")]
    Locked,
    /// A statement failed; the migration that it belongs to left nothing behind.
    #[error("migration {name}: {source}")]
    Statement {
        /// Its name.
        name: &'static str,
        /// What Postgres answered.
        source: tokio_postgres::Error,
    },
    /// The connection failed.
    #[error(transparent)]
    Connection(#[from] tokio_postgres::Error),
}

/// Runs what has not run yet, as the owner. Answers the numbers that ran now; durable when it returns.
///
/// # Errors
/// Each variant of [`MigrateError`] says what the operator can do; migrations before the failed one stay.
pub async fn migrate(owner: &PostgresAddress, now_ms: i64) -> Result<Vec<i32>, MigrateError> {
    let (mut client, connection) = owner.connect().await?;
    let result = migrate_on(&mut client, now_ms).await;
    // The lock is the session's: it goes with the connection.
    drop(client);
    let _ = connection.await;
    result
}

async fn migrate_on(client: &mut Client, now_ms: i64) -> Result<Vec<i32>, MigrateError> {
    let deadline = Instant::now() + LOCK_LIMIT;
    while !client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]).await?.get::<_, bool>(0) {
        if Instant::now() > deadline {
            return Err(MigrateError::Locked);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let role = Roles::APPLICATION;
    if client.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&role]).await?.is_none() {
        return Err(MigrateError::NoApplicationRole { role });
    }
    client.batch_execute(PREPARE).await?;
    let grants = format!("GRANT USAGE ON SCHEMA meta TO {role}; GRANT SELECT ON meta.migrations TO {role}");
    client.batch_execute(&grants).await?;
    let applied = client.query(APPLIED, &[]).await?;
    for row in &applied {
        let (number, name, checksum): (i32, String, String) = (row.get(0), row.get(1), row.get(2));
        let known = SERVER.iter().find(|migration| number_of(migration) == number);
        // A number that this build does not know was added by a newer one, which expands and never breaks.
        if known.is_some_and(|migration| migration.checksum() != checksum) {
            return Err(MigrateError::Changed { name });
        }
    }
    let newest = applied.last().map_or(0, |row| row.get::<_, i32>(0));
    let mut ran = Vec::new();
    for migration in SERVER.iter().filter(|migration| number_of(migration) > newest) {
        let failed = |source| MigrateError::Statement { name: migration.name, source };
        let transaction = client.transaction().await?;
        transaction.batch_execute(migration.sql).await.map_err(failed)?;
        let (number, checksum) = (number_of(migration), migration.checksum());
        transaction.execute(RECORD, &[&number, &migration.name, &checksum, &now_ms]).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        ran.push(number);
    }
    Ok(ran)
}

/// The number of the newest migration that ran in a database; for the readiness probe.
///
/// # Errors
/// As the variants of [`DatabaseError`] say.
pub async fn newest_applied(database: &Database) -> Result<i32, DatabaseError> {
    Ok(database.connection().await?.query_one(NEWEST, &[]).await?.try_get(0)?)
}

/// The newest migration that this build needs.
#[must_use]
pub fn needed() -> i32 {
    SERVER.last().map_or(0, number_of)
}

/// Postgres has no unsigned integer.
fn number_of(migration: &Migration) -> i32 {
    i32::try_from(migration.number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_in_the_names() {
        for (index, migration) in SERVER.iter().enumerate() {
            assert_eq!(number_of(migration), i32::try_from(index).unwrap() + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.number)));
        }
    }
}
