//! Probes. Live: this process answers, whatever its database does (a restart repairs no database). Ready: send requests.

pub mod api;

use std::time::Duration;

use crate::database::Database;
use crate::migrate;

/// Less than the probe's own limit of five seconds.
const CHECK_LIMIT: Duration = Duration::from_secs(3);

/// Why the server should not be sent requests now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    /// It is about to stop.
    Draining,
    /// The database does not answer within three seconds.
    DatabaseUnreachable,
    /// The schema is older than this build.
    MigrationMissing,
}

/// The number of the newest migration, if the server can serve.
///
/// # Errors
/// [`NotReady`] says why not.
pub async fn check_ready(database: &Database, draining: bool) -> Result<i32, NotReady> {
    if draining {
        return Err(NotReady::Draining);
    }
    let newest = tokio::time::timeout(CHECK_LIMIT, migrate::newest_applied(database)).await;
    let Ok(Ok(newest)) = newest else { return Err(NotReady::DatabaseUnreachable) };
    if newest < migrate::needed() { Err(NotReady::MigrationMissing) } else { Ok(newest) }
}
