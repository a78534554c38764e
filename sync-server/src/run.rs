//! The commands of the binary: from settings to a running server or one JSON object.

use std::future::Future;

use serde_json::json;
use stocksync_schemas::TenantId;
use tokio::net::TcpListener;

use crate::config::{Cli, ConfigError, EnrolmentCodeCommand, ServerCommand, ServerConfig, TenantCommand};
use crate::database::{Database, DatabaseError, POOL_MAX, PostgresAddress};
use crate::embedded::{Cluster, EmbeddedError};
use crate::features;
use crate::http::{AppState, ServeError, serve};
use crate::migrate::{MigrateError, migrate};
use crate::op_log::LogError;
use crate::op_log::postgres::rebuild_tenant;
use crate::setup::{SetupError, check_tenant, create_enrolment_code, create_tenant};
use crate::{clock, log};

/// Name of the database in the private Postgres.
const EMBEDDED_DATABASE: &str = "stocksync";

/// Why a command ended without success.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A setting.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The private Postgres.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The schema.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The op log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A tenant or a code.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The API document could not be written: a defect.
    #[error(transparent)]
    Document(#[from] serde_json::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The private Postgres ended while serving. Nothing that was acknowledged is lost: start the server again.
    #[error("the private Postgres ended; its log is postgres.log in the data directory; start the server again")]
    PostgresEnded,
    /// The socket failed while serving.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// The two ways into the database, and the private Postgres if it is ours.
struct Connections {
    application: Option<PostgresAddress>,
    owner: Option<PostgresAddress>,
    cluster: Option<Cluster>,
}

impl Connections {
    async fn open(config: &ServerConfig, serving: bool) -> Result<Self, RunError> {
        let (application, owner) = (config.application_address()?, config.owner_address()?);
        if application.is_some() || owner.is_some() {
            return Ok(Self { application, owner, cluster: None });
        }
        let options = config.embedded_options()?;
        let cluster = if serving { Cluster::start(&options).await? } else { Cluster::start_or_join(&options).await? };
        cluster.create_database(EMBEDDED_DATABASE).await?;
        Ok(Self {
            application: Some(cluster.application(EMBEDDED_DATABASE)),
            owner: Some(cluster.owner(EMBEDDED_DATABASE)),
            cluster: Some(cluster),
        })
    }

    fn owner(&self) -> Result<&PostgresAddress, ConfigError> {
        self.owner.as_ref().ok_or(ConfigError::NoOwner)
    }

    async fn close(self) {
        if let Some(cluster) = self.cluster {
            cluster.stop().await;
        }
    }
}

/// Runs one command. Answers the JSON to print, without a final line feed, or `None` after serving. `stop` ends serving.
///
/// # Errors
/// [`RunError`], whose text is for the operator. A private Postgres that was started has been stopped.
pub async fn run(cli: Cli, stop: impl Future<Output = ()> + Send + 'static) -> Result<Option<String>, RunError> {
    let command = cli.command.unwrap_or(ServerCommand::Serve);
    if matches!(command, ServerCommand::Openapi) {
        return Ok(Some(features::api_document().to_json()?.trim_end().to_owned()));
    }
    let serving = matches!(command, ServerCommand::Serve);
    log::init(cli.config.log, if serving { log::LogTarget::Stdout } else { log::LogTarget::Stderr });
    if serving {
        cli.config.check_listen()?;
    }
    let connections = Connections::open(&cli.config, serving).await?;
    let result = match command {
        ServerCommand::Serve => run_serve(&cli.config, &connections, stop).await.map(|()| None),
        command => run_setup(command, &connections).await.map(|answer| Some(answer.to_string())),
    };
    connections.close().await;
    result
}

async fn run_serve(
    config: &ServerConfig,
    connections: &Connections,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), RunError> {
    if let Some(owner) = &connections.owner {
        let ran = migrate(owner, clock::now_ms()).await?;
        tracing::info!(migrations = ran.len(), "schema is up to date");
    }
    let application = connections.application.clone().ok_or(ConfigError::NoApplication)?;
    if !application.is_verified() {
        tracing::warn!("the certificate of Postgres is not verified: set sslmode=verify-full in DATABASE_URL");
    }
    let database = Database::new(application, POOL_MAX)?;
    database.check_role().await?;
    let address = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
    let local = listener.local_addr().map_err(|source| RunError::Listen { address, source })?;
    tracing::info!(address = %local, private_postgres = connections.cluster.is_some(), "serving");
    // Without its database the server could only answer errors: it ends, so that its supervisor starts both again.
    let postgres = connections.cluster.as_ref().map(Cluster::end);
    let stop = async move {
        match postgres {
            Some(ended) => tokio::select! { () = stop => {}, () = ended => {} },
            None => stop.await,
        }
    };
    let served = serve(listener, AppState::new(database.clone()), features::routes(), stop).await;
    database.close();
    if connections.cluster.as_ref().is_some_and(Cluster::has_ended) {
        return Err(RunError::PostgresEnded);
    }
    tracing::info!("stopped");
    Ok(served?)
}

async fn run_setup(command: ServerCommand, connections: &Connections) -> Result<serde_json::Value, RunError> {
    let owner = connections.owner()?;
    let now_ms = clock::now_ms();
    let ran = migrate(owner, now_ms).await?;
    Ok(match command {
        ServerCommand::Serve | ServerCommand::Openapi | ServerCommand::Migrate => json!({ "migrations": ran }),
        ServerCommand::Rebuild { tenant } => {
            check_tenant(owner, tenant).await?;
            // As the owner: the role that serves may not delete projections.
            let database = Database::new(owner.clone(), 1)?;
            json!(rebuild_tenant(&database, TenantId(*tenant.as_bytes()), now_ms).await?)
        }
        ServerCommand::Tenant { command: TenantCommand::Create { name } } => {
            json!(create_tenant(owner, &name, now_ms).await?)
        }
        ServerCommand::EnrolmentCode { command: EnrolmentCodeCommand::Create { tenant, expires } } => {
            json!(create_enrolment_code(owner, tenant, expires, now_ms).await?)
        }
    })
}
