//! One private cluster for all tests of the binary, and a fresh database for each.
//!
//! Without Postgres the tests skip and say so; where `CI=true` a missing one is a failure.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use stocksync_server::database::{Database, PostgresAddress};
use stocksync_server::embedded::{Cluster, EmbeddedError, Options};
use stocksync_server::features::app;
use stocksync_server::http::AppState;
use stocksync_server::{clock, migrate, setup};
use tokio::sync::OnceCell;
use tokio_postgres::Client;
use uuid::Uuid;

static CLUSTER: OnceCell<Option<Cluster>> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);
const TEMPLATE: &str = "test_template";

/// Folder of the tests' data; Postgres' user must be able to reach it.
pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A database of its own, migrated.
pub struct TestDatabase {
    cluster: &'static Cluster,
    pub name: String,
}

impl TestDatabase {
    /// `None` where there is no Postgres: skip.
    pub async fn new() -> Option<Self> {
        let cluster = cluster().await?;
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let admin = connect(&cluster.admin("postgres")).await;
        admin
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER stocksync_owner"))
            .await
            .unwrap();
        // Privileges of the database itself are not copied from a template.
        admin.batch_execute(&format!("REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")).await.unwrap();
        Some(Self { cluster, name })
    }

    /// An empty database, not migrated.
    pub async fn empty() -> Option<Self> {
        let cluster = cluster().await?;
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        cluster.create_database(&name).await.unwrap();
        Some(Self { cluster, name })
    }

    pub fn owner(&self) -> PostgresAddress {
        self.cluster.owner(&self.name)
    }

    pub fn application(&self) -> PostgresAddress {
        self.cluster.application(&self.name)
    }

    pub fn admin(&self) -> PostgresAddress {
        self.cluster.admin(&self.name)
    }

    pub fn database(&self) -> Database {
        Database::new(self.application(), 10).unwrap()
    }

    pub fn app(&self) -> axum::Router {
        app(AppState::new(self.database()))
    }

    pub async fn tenant(&self) -> Uuid {
        setup::create_tenant(&self.owner(), "Oak & Sons", clock::now_ms()).await.unwrap().tenant
    }
}

async fn cluster() -> Option<&'static Cluster> {
    CLUSTER.get_or_init(start).await.as_ref()
}

/// Another run of these tests may hold the folder: wait for it.
async fn start() -> Option<Cluster> {
    // The cluster's own work must outlive the runtime of the test that happens to come first.
    let options = Options { data_dir: folder("cluster"), binaries: None, throw_away: true };
    let deadline = Instant::now() + Duration::from_secs(120);
    let cluster = loop {
        match Cluster::start(&options).await {
            Err(EmbeddedError::InUse { .. }) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error @ (EmbeddedError::NoBinaries { .. } | EmbeddedError::Unreachable { .. })) => {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "Postgres is needed in CI: {error}");
                eprintln!("SKIPPED, no Postgres: {error}");
                return None;
            }
            other => break other.unwrap(),
        }
    };
    let admin = connect(&cluster.admin("postgres")).await;
    for row in admin.query("SELECT datname FROM pg_database WHERE datname LIKE 'test_%'", &[]).await.unwrap() {
        admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", row.get::<_, String>(0))).await.unwrap();
    }
    cluster.create_database(TEMPLATE).await.unwrap();
    migrate::migrate(&cluster.owner(TEMPLATE), clock::now_ms()).await.unwrap();
    Some(cluster)
}

pub async fn connect(address: &PostgresAddress) -> Client {
    address.connect().await.unwrap().0
}
