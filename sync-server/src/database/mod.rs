//! The pool of database connections and the rule of how a tenant's transaction begins.
//!
//! Owns: how connections are made and limited, who may serve, and which failures can be tried again. It must never
//! hand out a transaction without a tenant, and holds no statement of a feature: those live in the store modules.

mod address;
mod reader;

use std::time::Duration;

use deadpool_postgres::{Hook, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Transaction};
use tokio_postgres::error::SqlState;
use uuid::Uuid;

pub use address::{AddressError, PostgresAddress};
pub use reader::TenantReader;

/// Most connections one server process opens.
pub const POOL_MAX: usize = 20;
/// How long a request waits for a connection before it is answered 503.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(2);

/// Run on every new connection. `local` sends `SET LOCAL` on to the nodes of a distributed database; plain Postgres
/// accepts the name and does nothing.
///
/// Every hot statement brings a set of keys and reaches its rows by index. These settings stop the planner from caching a
/// plan that it made while a table was small and that scans the whole table.
const ON_CONNECT: &str = "SET statement_timeout = '10s'; \
     SET idle_in_transaction_session_timeout = '60s'; \
     SET lock_timeout = '5s'; \
     SET timezone = 'UTC'; SET jit = off; \
     SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
     SET citus.propagate_set_commands = 'local'";

/// What the connected role may do, and whether it owns anything of ours.
pub const ROLE_ATTRIBUTES: &str = "SELECT r.rolname::text AS name, r.rolsuper, r.rolbypassrls, \
     EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname IN ('app', 'meta') AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owns \
     FROM pg_roles r WHERE r.rolname = current_user";

/// The tenant of the transaction, as a message of its own right after BEGIN.
pub const SET_TENANT: &str = "SELECT app.set_tenant($1)";

/// Names of the two roles that the schema knows.
#[derive(Debug)]
pub struct Roles;

impl Roles {
    /// Owns the schema, runs migrations, creates tenants; bypasses row security.
    pub const OWNER: &str = "stocksync_owner";
    /// What the server connects as: owns nothing, sees one tenant at a time.
    pub const APPLICATION: &str = "stocksync_app";
}

/// A failure of the database, by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection within two seconds, or the connection broke. Answer 503; the same request may be tried again.
    #[error("the database is not available")]
    Unavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// Another transaction was in the way. Nothing was written; run the transaction again.
    #[error("another transaction was in the way")]
    Contended(#[source] tokio_postgres::Error),
    /// A statement took longer than its limit. Nothing was written; answer 504.
    #[error("a statement took too long")]
    TimedOut(#[source] tokio_postgres::Error),
    /// The role may do more than a server should.
    #[error(
        "DATABASE_URL connects as `{role}`, {why}: row-level security would not hold. Connect as a role such as stocksync_app that owns nothing, and give the owner in STOCKSYNC_MIGRATE_URL"
    )]
    RoleTooStrong {
        /// The role.
        role: String,
        /// What it is or may.
        why: &'static str,
    },
    /// A statement failed in a way that trying again does not mend: a defect or a damaged database. Answer 500.
    #[error("the database refused a statement")]
    Failed(#[source] tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(state) = error.code().cloned() else {
            // No answer of the server: the connection is gone, or never came about.
            return Self::Unavailable(Some(Box::new(error)));
        };
        match state {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED | SqlState::LOCK_NOT_AVAILABLE => {
                Self::Contended(error)
            }
            SqlState::QUERY_CANCELED => Self::TimedOut(error),
            // 57P0x: shutting down, crashed, starting up; 53xxx: out of connections, memory or disk.
            state if state.code().starts_with("57P") || state.code().starts_with("53") => {
                Self::Unavailable(Some(Box::new(error)))
            }
            _ => Self::Failed(error),
        }
    }
}

impl From<PoolError> for DatabaseError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            other => Self::Unavailable(Some(Box::new(other))),
        }
    }
}

/// A pool of connections of one role to one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    pool: Pool,
}

impl Database {
    /// Makes the pool. No connection is opened yet.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`] if the pool cannot be made: a defect.
    pub fn new(address: PostgresAddress, connections: usize) -> Result<Self, DatabaseError> {
        let manager = address.into_manager(ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let on_connect = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
            Box::pin(
                async move { client.batch_execute(ON_CONNECT).await.map_err(deadpool_postgres::HookError::Backend) },
            )
        });
        let pool = Pool::builder(manager)
            .max_size(connections)
            .wait_timeout(Some(ACQUIRE_LIMIT))
            .create_timeout(Some(ACQUIRE_LIMIT))
            .recycle_timeout(Some(ACQUIRE_LIMIT))
            .runtime(Runtime::Tokio1)
            .post_create(on_connect)
            .build()
            .map_err(|error| DatabaseError::Unavailable(Some(Box::new(error))))?;
        Ok(Self { pool })
    }

    /// A connection, within two seconds. It goes back to the pool when dropped.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`]: answer 503.
    pub async fn connection(&self) -> Result<Object, DatabaseError> {
        Ok(self.pool.get().await?)
    }

    /// Begins a transaction of one tenant: everything in it sees and writes that tenant alone. Dropping it rolls back.
    ///
    /// # Errors
    /// As the variants of [`DatabaseError`] say.
    pub async fn begin(connection: &mut Object, tenant: Uuid) -> Result<Transaction<'_>, DatabaseError> {
        let transaction = connection.transaction().await?;
        let statement = transaction.prepare_cached(SET_TENANT).await?;
        transaction.query(&statement, &[&tenant]).await?;
        Ok(transaction)
    }

    /// Refuses a role for which row-level security is no protection.
    ///
    /// # Errors
    /// [`DatabaseError::RoleTooStrong`]: do not serve.
    pub async fn check_role(&self) -> Result<(), DatabaseError> {
        let row = self.connection().await?.query_one(ROLE_ATTRIBUTES, &[]).await?;
        let why = if row.get("rolsuper") {
            "a superuser"
        } else if row.get("rolbypassrls") {
            "which bypasses row-level security"
        } else if row.get("owns") {
            "the owner of the tables"
        } else {
            return Ok(());
        };
        Err(DatabaseError::RoleTooStrong { role: row.get("name"), why })
    }

    /// Closes every connection; for an orderly stop.
    pub fn close(&self) {
        self.pool.close();
    }
}
