//! What an operator can set, by flag or environment, and the commands of the binary.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use uuid::Uuid;

use crate::database::{AddressError, PostgresAddress};
use crate::embedded;

/// The sync server. Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "stocksync-server", version, about)]
pub struct Cli {
    /// Settings common to all commands.
    #[command(flatten)]
    pub config: ServerConfig,
    /// What to do; `serve` when left out.
    #[command(subcommand)]
    pub command: Option<ServerCommand>,
}

/// What the binary can do. Every command but `serve` prints JSON on stdout: `openapi` a document, the others one line.
#[derive(Debug, Clone, Subcommand)]
pub enum ServerCommand {
    /// Brings the schema forward and serves until SIGTERM or SIGINT
    Serve,
    /// Brings the schema forward and ends
    Migrate,
    /// Prints the API document: what schemas/openapi.json holds
    Openapi,
    /// Makes a tenant's balances, records and exceptions again from its op log; its pushes wait meanwhile
    Rebuild {
        /// Whose
        #[arg(long)]
        tenant: Uuid,
    },
    /// Customer organisations
    Tenant {
        /// What to do with them.
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// One-time codes with which a device enrols
    EnrolmentCode {
        /// What to do with them.
        #[command(subcommand)]
        command: EnrolmentCodeCommand,
    },
}

/// What can be done with tenants.
#[derive(Debug, Clone, Subcommand)]
pub enum TenantCommand {
    /// Creates a tenant and prints its id
    Create {
        /// Name of the organisation, 1 to 200 characters
        #[arg(long)]
        name: String,
    },
}

/// What can be done with enrolment codes.
#[derive(Debug, Clone, Subcommand)]
pub enum EnrolmentCodeCommand {
    /// Creates a code that enrols one device and prints it; it is shown once
    Create {
        /// The tenant that the device will belong to
        #[arg(long)]
        tenant: Uuid,
        /// Seconds until the code expires, at most 30 days
        #[arg(long, default_value_t = 86_400)]
        expires: u32,
    },
}

/// Settings of the server.
#[derive(Debug, Clone, Args)]
pub struct ServerConfig {
    /// Postgres as the application role; without it the server runs a private Postgres
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// Postgres as the owner of the schema, for migrations and new tenants
    #[arg(long, env = "STOCKSYNC_MIGRATE_URL", hide_env_values = true, global = true)]
    pub migrate_url: Option<String>,
    /// Root certificates (PEM) that Postgres' certificate is verified against, where an address has no sslrootcert
    #[arg(long, env = "STOCKSYNC_PG_ROOT_CERT", global = true)]
    pub pg_root_cert: Option<PathBuf>,
    /// Folder of `postgres` and `initdb` for the private Postgres; searched for when left out
    #[arg(long, env = "STOCKSYNC_PG_BIN", global = true)]
    pub pg_bin: Option<PathBuf>,
    /// Where the private Postgres keeps its data
    #[arg(long, env = "STOCKSYNC_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Address and port to serve on
    #[arg(long, env = "STOCKSYNC_LISTEN", default_value = "127.0.0.1:8080", global = true)]
    pub listen: SocketAddr,
    /// Allow the private Postgres behind an address that others can reach
    #[arg(long, global = true)]
    pub embedded: bool,
    /// Level of the log: off, error, warn, info, debug or trace
    #[arg(long, env = "STOCKSYNC_LOG", default_value = "info", global = true)]
    pub log: tracing::level_filters::LevelFilter,
}

/// A setting that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A private Postgres is for trying things out.
    #[error(
        "{listen} can be reached by others, and no DATABASE_URL is set: set one, or say --embedded to serve from the private Postgres"
    )]
    EmbeddedInPublic {
        /// The address.
        listen: SocketAddr,
    },
    /// A database address that cannot be used. Its text is not shown: it may hold a password.
    #[error("{name}: {source}")]
    Address {
        /// The setting.
        name: &'static str,
        /// Why not.
        source: AddressError,
    },
    /// The command needs the owner of the schema.
    #[error("STOCKSYNC_MIGRATE_URL is needed beside DATABASE_URL: this is done by the owner of the schema")]
    NoOwner,
    /// Serving needs the application role.
    #[error("DATABASE_URL is needed to serve; STOCKSYNC_MIGRATE_URL alone is the owner")]
    NoApplication,
    /// No home directory to put the data in.
    #[error("set STOCKSYNC_DATA_DIR: there is no home directory")]
    NoDataDir,
}

impl ServerConfig {
    /// Options of the private Postgres.
    ///
    /// # Errors
    /// [`ConfigError::NoDataDir`].
    pub fn embedded_options(&self) -> Result<embedded::Options, ConfigError> {
        let data_dir = self.data_dir.clone().or_else(default_data_dir).ok_or(ConfigError::NoDataDir)?;
        Ok(embedded::Options { data_dir, binaries: self.pg_bin.clone(), throw_away: false })
    }

    /// The address in `DATABASE_URL`, if it is set.
    ///
    /// # Errors
    /// [`ConfigError::Address`] names the setting and does not show the address.
    pub fn application_address(&self) -> Result<Option<PostgresAddress>, ConfigError> {
        self.address("DATABASE_URL", self.database_url.as_deref())
    }

    /// The address in `STOCKSYNC_MIGRATE_URL`, if it is set.
    ///
    /// # Errors
    /// [`ConfigError::Address`] names the setting and does not show the address.
    pub fn owner_address(&self) -> Result<Option<PostgresAddress>, ConfigError> {
        self.address("STOCKSYNC_MIGRATE_URL", self.migrate_url.as_deref())
    }

    fn address(&self, name: &'static str, text: Option<&str>) -> Result<Option<PostgresAddress>, ConfigError> {
        let parse = |text| PostgresAddress::parse(text, self.pg_root_cert.as_deref());
        text.map(parse).transpose().map_err(|source| ConfigError::Address { name, source })
    }

    /// Refuses to serve others from a private Postgres unless told so.
    ///
    /// # Errors
    /// [`ConfigError::EmbeddedInPublic`].
    pub fn check_listen(&self) -> Result<(), ConfigError> {
        if self.database_url.is_none() && !self.embedded && !self.listen.ip().is_loopback() {
            return Err(ConfigError::EmbeddedInPublic { listen: self.listen });
        }
        Ok(())
    }
}

/// /var/lib for root, whose home other users may not enter; else the user's data folder.
fn default_data_dir() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let root = std::env::var_os("USER").is_some_and(|user| user == "root")
        || home.as_ref().is_some_and(|home| home.as_os_str() == "/root");
    if root {
        return Some(PathBuf::from("/var/lib/stocksync"));
    }
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    data.or_else(|| Some(home?.join(".local/share"))).map(|path| path.join("stocksync"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Cli {
        let args = std::iter::once("stocksync-server").chain(args.iter().copied());
        Cli::try_parse_from(args).unwrap()
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
        assert!(parse(&[]).command.is_none());
        let cli = parse(&["tenant", "create", "--name", "Oak & Sons", "--data-dir", "/srv/x"]);
        assert_eq!(cli.config.data_dir, Some(PathBuf::from("/srv/x")));
        assert!(matches!(cli.command, Some(ServerCommand::Tenant { .. })));
    }

    #[test]
    fn a_private_postgres_is_not_served_to_others_unasked() {
        let open = parse(&["--listen", "0.0.0.0:8080"]).config;
        assert!(ServerConfig { database_url: None, ..open.clone() }.check_listen().is_err());
        assert!(ServerConfig { database_url: None, embedded: true, ..open.clone() }.check_listen().is_ok());
        assert!(ServerConfig { database_url: Some("postgres://x".to_owned()), ..open }.check_listen().is_ok());
        assert!(parse(&[]).config.check_listen().is_ok());
    }
}
