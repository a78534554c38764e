//! A private Postgres for the case that no `DATABASE_URL` is given: one command is enough to try the server.
//!
//! Owns: finding the binaries of an installed Postgres, making a cluster under the data directory, running it as a
//! foreground child on a unix socket of its own, its roles, and stopping it. It must never listen on a network
//! address, never run as root, and never leave a Postgres behind when this process dies.
//!
//! ```text
//! <data dir>/postgres.lock     held by the process that runs the cluster
//! <data dir>/postgres/         the cluster (0700, owned by the user Postgres runs as)
//! <data dir>/socket/           its socket (0700: who may enter may connect), or a short path when this one is too long
//! <data dir>/postgres.log      what Postgres wrote since its last start
//! ```

mod binaries;
mod child;
mod user;

use std::fs::{self, File, TryLockError};
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio_postgres::{Client, Config, NoTls};

pub use binaries::Binaries;
use child::PostgresChild;
use user::RunAs;

use crate::database::{PostgresAddress, Roles};

/// The role that `initdb` makes. Used to create the other two and for nothing else.
const ADMIN_ROLE: &str = "stocksync_admin";
/// Longest directory that still leaves room for `/.s.PGSQL.5432` within the 100 bytes that every Unix accepts.
const SOCKET_DIR_MAX: usize = 85;
/// How long a start may take before it is given up: a cluster that crashed replays its log first.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Why the private Postgres could not be had. Every text names what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No Postgres is installed where we look.
    #[error(
        "no Postgres 15 or newer was found ({looked}); install one, point STOCKSYNC_PG_BIN at its bin folder, or set DATABASE_URL"
    )]
    NoBinaries {
        /// The places that were looked at.
        looked: String,
    },
    /// `STOCKSYNC_PG_BIN` names a folder that does not hold what is needed.
    #[error("STOCKSYNC_PG_BIN: {path} does not hold `postgres` and `initdb` of version 15 or newer")]
    BadBinaries {
        /// The folder.
        path: PathBuf,
    },
    /// Running as root, and neither `postgres` nor `nobody` exists to run Postgres as.
    #[error("Postgres does not run as root, and neither user `postgres` nor `nobody` exists; start as another user")]
    NoUser,
    /// Running as root, and the user Postgres runs as cannot reach the data directory.
    #[error(
        "user `{user}` cannot pass through {path}, so Postgres cannot reach its data; allow it (chmod o+x) or set STOCKSYNC_DATA_DIR to a directory whose parents it may enter, such as /var/lib/stocksync"
    )]
    Unreachable {
        /// The user Postgres runs as.
        user: String,
        /// The first directory that it may not pass.
        path: PathBuf,
    },
    /// Another process runs the cluster of this data directory.
    #[error("another stocksync-server runs on {path}")]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// `initdb` failed.
    #[error("initdb failed: {output}")]
    Init {
        /// The end of what it wrote.
        output: String,
    },
    /// Postgres ended, or did not answer in time.
    #[error("Postgres did not start: {log}")]
    Start {
        /// The end of its log.
        log: String,
    },
    /// The socket's short directory belongs to somebody else.
    #[error("{path} exists and is not ours; remove it or use a shorter STOCKSYNC_DATA_DIR")]
    ForeignSocketDir {
        /// The directory.
        path: PathBuf,
    },
    /// The file system refused something.
    #[error("{what} {path}: {source}")]
    File {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Postgres runs, but refused a statement of the set-up.
    #[error("setting up the private Postgres: {0}")]
    Database(#[from] tokio_postgres::Error),
}

fn file_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError {
    let path = path.to_owned();
    move |source| EmbeddedError::File { what, path, source }
}

/// Where the cluster lives and how it is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; made when missing.
    pub data_dir: PathBuf,
    /// The folder with `postgres` and `initdb`; searched for when `None`.
    pub binaries: Option<PathBuf>,
    /// Gives up durability for speed. For tests only: a power loss destroys such a cluster.
    pub throw_away: bool,
}

/// A private Postgres, running. Dropping it stops it when this process started it.
#[derive(Debug)]
pub struct Cluster {
    socket_dir: PathBuf,
    /// `None` when another process runs the cluster and this one only connects to it.
    child: Option<PostgresChild>,
    _lock: Option<File>,
}

impl Cluster {
    /// Starts the cluster of a data directory, making it and its roles when they are missing. It accepts connections
    /// when this returns.
    ///
    /// # Errors
    /// [`EmbeddedError::InUse`] when another process runs it; else each variant names what the operator can do.
    pub async fn start(options: &Options) -> Result<Self, EmbeddedError> {
        let found = binaries::find(options.binaries.as_deref())?;
        let run_as = user::run_as()?;
        create_data_dir(&options.data_dir, run_as.as_ref())?;
        let data_dir = options.data_dir.canonicalize().map_err(file_error("resolve", &options.data_dir))?;
        let lock = lock(&data_dir)?.ok_or_else(|| EmbeddedError::InUse { path: data_dir.clone() })?;
        if let Some(user) = &run_as {
            user::check_reachable(&data_dir, user)?;
        }
        let cluster_dir = data_dir.join("postgres");
        if !cluster_dir.join("PG_VERSION").exists() {
            init(&found, &data_dir, &cluster_dir, run_as.as_ref(), options.throw_away)?;
        }
        let socket_dir = socket_dir(&data_dir);
        create_private_dir(&socket_dir, run_as.as_ref())?;
        let log = data_dir.join("postgres.log");
        let (child, admin) = launch(&found, &cluster_dir, &socket_dir, &log, run_as.as_ref(), options).await?;
        let cluster = Self { socket_dir, child: Some(child), _lock: Some(lock) };
        create_roles(&admin).await?;
        Ok(cluster)
    }

    /// Starts the cluster, or connects to it where another process already runs it: for the commands that an operator
    /// gives while the server runs.
    ///
    /// # Errors
    /// As [`Cluster::start`], without [`EmbeddedError::InUse`].
    pub async fn start_or_join(options: &Options) -> Result<Self, EmbeddedError> {
        match Self::start(options).await {
            Err(EmbeddedError::InUse { path }) => {
                let socket_dir = socket_dir(&path);
                let deadline = Instant::now() + START_LIMIT;
                loop {
                    match connect(&config(&socket_dir, ADMIN_ROLE, "postgres")).await {
                        Ok(_) => return Ok(Self { socket_dir, child: None, _lock: None }),
                        Err(error) if Instant::now() > deadline => return Err(error.into()),
                        Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                    }
                }
            }
            other => other,
        }
    }

    /// Creates a database owned by the owner role, unless it exists.
    ///
    /// # Errors
    /// What Postgres answered.
    pub async fn create_database(&self, name: &str) -> Result<(), EmbeddedError> {
        let admin = connect(&config(&self.socket_dir, ADMIN_ROLE, "postgres")).await?;
        let known = admin.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await?;
        if known.is_none() {
            let quoted = name.replace('"', "\"\"");
            admin.batch_execute(&format!("CREATE DATABASE \"{quoted}\" OWNER {}", Roles::OWNER)).await?;
        }
        Ok(())
    }

    /// How the owner of the schema (migrations, new tenants) connects to a database of this cluster.
    #[must_use]
    pub fn owner(&self, database: &str) -> PostgresAddress {
        PostgresAddress::local(config(&self.socket_dir, Roles::OWNER, database))
    }

    /// How the server's own role connects to a database of this cluster.
    #[must_use]
    pub fn application(&self, database: &str) -> PostgresAddress {
        PostgresAddress::local(config(&self.socket_dir, Roles::APPLICATION, database))
    }

    /// How the superuser connects. For tests that prove that the server refuses such a role.
    #[must_use]
    pub fn admin(&self, database: &str) -> PostgresAddress {
        PostgresAddress::local(config(&self.socket_dir, ADMIN_ROLE, database))
    }

    /// Completes when Postgres has ended, wanted or not; never for a cluster of another process.
    pub fn end(&self) -> impl Future<Output = ()> + Send + 'static {
        let end = self.child.as_ref().map(PostgresChild::end);
        async move {
            match end {
                Some(end) => end.await,
                None => std::future::pending().await,
            }
        }
    }

    /// Whether Postgres, started by this process, has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.child.as_ref().is_some_and(PostgresChild::has_ended)
    }

    /// Stops Postgres (fast shutdown) and waits until it has ended. Does nothing for a cluster of another process.
    pub async fn stop(mut self) {
        if let Some(child) = self.child.take() {
            child.stop().await;
        }
    }
}

fn config(socket_dir: &Path, user: &str, database: &str) -> Config {
    let mut config = Config::new();
    config.host_path(socket_dir).user(user).dbname(database).connect_timeout(Duration::from_secs(5));
    config
}

async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The data directory itself stays ours; only what Postgres needs inside it is given to the user it runs as.
fn create_data_dir(path: &Path, run_as: Option<&RunAs>) -> Result<(), EmbeddedError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(file_error("create", path))?;
    user::set_mode(path, if run_as.is_some() { 0o711 } else { 0o700 })
}

fn create_private_dir(path: &Path, run_as: Option<&RunAs>) -> Result<(), EmbeddedError> {
    match fs::create_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !user::is_ours(path, run_as)? {
                return Err(EmbeddedError::ForeignSocketDir { path: path.to_owned() });
            }
        }
        Err(error) => return Err(file_error("create", path)(error)),
    }
    user::set_mode(path, 0o700)?;
    user::give(path, run_as)
}

/// Beside the data where that is short enough; else a path in the temporary directory that depends on the data
/// directory alone, so that another process finds the same one.
fn socket_dir(data_dir: &Path) -> PathBuf {
    let beside = data_dir.join("socket");
    if beside.as_os_str().len() <= SOCKET_DIR_MAX {
        return beside;
    }
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Path::new("/tmp").join(format!("stocksync-{name}"))
}

fn lock(data_dir: &Path) -> Result<Option<File>, EmbeddedError> {
    let path = data_dir.join("postgres.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(file_error("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(file_error("lock", &path)(error)),
    }
}

/// Makes the cluster in a folder of another name and renames it when complete: a crash half-way leaves nothing that
/// looks like a cluster.
fn init(
    found: &Binaries,
    data_dir: &Path,
    cluster_dir: &Path,
    run_as: Option<&RunAs>,
    throw_away: bool,
) -> Result<(), EmbeddedError> {
    let unfinished = data_dir.join("postgres.new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(file_error("remove", &unfinished))?;
    }
    create_private_dir(&unfinished, run_as)?;
    let mut command = user::command(&found.initdb(), run_as);
    command.arg("-D").arg(&unfinished).arg("--username").arg(ADMIN_ROLE);
    // Who may enter the socket's directory may connect; nobody else may. C: the same order on every machine.
    command.args(["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C"]);
    if throw_away {
        command.arg("--no-sync");
    }
    let output = command.output().map_err(file_error("run", &found.initdb()))?;
    if !output.status.success() {
        let mut text = output.stdout;
        text.extend_from_slice(&output.stderr);
        return Err(EmbeddedError::Init { output: tail(&String::from_utf8_lossy(&text)) });
    }
    fs::rename(&unfinished, cluster_dir).map_err(file_error("rename", &unfinished))
}

/// Starts Postgres and waits for a real connection. The process that ran the cluster before may still be ending:
/// then its postmaster.pid is in the way for a moment, and the start is tried again.
async fn launch(
    found: &Binaries,
    cluster_dir: &Path,
    socket_dir: &Path,
    log: &Path,
    run_as: Option<&RunAs>,
    options: &Options,
) -> Result<(PostgresChild, Client), EmbeddedError> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let output = fresh_log(log).map_err(file_error("create", log))?;
        let mut command = user::command(&found.postgres(), run_as);
        command.arg("-D").arg(cluster_dir).arg("-k").arg(socket_dir);
        for setting in ["listen_addresses=", "unix_socket_permissions=0700", "max_connections=100", "timezone=UTC"] {
            command.arg("-c").arg(setting);
        }
        if options.throw_away {
            for setting in ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] {
                command.arg("-c").arg(setting);
            }
        }
        let child = PostgresChild::spawn(command, output).map_err(file_error("run", &found.postgres()))?;
        while Instant::now() < deadline && !child.has_ended() {
            if let Ok(admin) = connect(&config(socket_dir, ADMIN_ROLE, "postgres")).await {
                // Another postmaster, still ending, may have answered in place of ours.
                tokio::time::sleep(Duration::from_millis(50)).await;
                if !child.has_ended() {
                    return Ok((child, admin));
                }
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        // The Postgres of a killed server is still ending: it holds the lock, or held it when ours looked.
        let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
        let in_the_way = text.contains("postmaster.pid") || cluster_dir.join("postmaster.pid").exists();
        if !(child.has_ended() && in_the_way) || Instant::now() > deadline {
            child.stop().await;
            return Err(EmbeddedError::Start { log: tail(&text) });
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Empties the log and opens it for appending: two processes, one of them ending, must not write over each other.
fn fresh_log(path: &Path) -> io::Result<File> {
    File::create(path)?;
    File::options().append(true).open(path)
}

/// The owner runs migrations (BYPASSRLS: under forced row security a backfill would change no row and say nothing);
/// the application role owns nothing and sees one tenant at a time.
async fn create_roles(admin: &Client) -> Result<(), EmbeddedError> {
    let roles = [(Roles::OWNER, "LOGIN BYPASSRLS"), (Roles::APPLICATION, "LOGIN")];
    for (role, attributes) in roles {
        let known = admin.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&role]).await?;
        if known.is_none() {
            admin.batch_execute(&format!("CREATE ROLE {role} {attributes}")).await?;
        }
    }
    Ok(())
}

/// The last lines of a log: what an operator needs, within a bound.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(12);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_data_directory_gets_a_short_socket_path() {
        let long = Path::new("/srv").join("x".repeat(120));
        assert!(socket_dir(&long).as_os_str().len() <= SOCKET_DIR_MAX);
        assert_eq!(socket_dir(&long), socket_dir(&long));
        assert_eq!(socket_dir(Path::new("/srv/a")), Path::new("/srv/a/socket"));
    }

    #[test]
    fn a_lock_is_given_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = lock(dir.path()).unwrap();
        assert!(first.is_some());
        assert!(lock(dir.path()).unwrap().is_none());
        drop(first);
        assert!(lock(dir.path()).unwrap().is_some());
    }

    #[test]
    fn a_tail_is_bounded() {
        let text: String = (0..100).map(|n| format!("{n}\n")).collect();
        assert_eq!(tail(&text).lines().count(), 12);
        assert!(tail(&text).ends_with("99"));
    }
}
