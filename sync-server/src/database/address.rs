//! Where Postgres is and how the connection is protected.
//!
//! Owns the meaning of `sslmode` and `sslrootcert` in an address, and TLS. Must never show an address: it may hold a
//! password.
//!
//! | `sslmode` | encrypted | the server's certificate |
//! | --- | --- | --- |
//! | `disable` | no | |
//! | `prefer`, the default | where the server offers it | not verified |
//! | `require` | yes | not verified; as `verify-ca` with a root certificate |
//! | `verify-ca` | yes | signed by a trusted root |
//! | `verify-full`, the default with a root certificate | yes | signed by a trusted root, for this host name |
//!
//! These are the meanings of libpq. Trusted roots are those of `sslrootcert`, of `STOCKSYNC_PG_ROOT_CERT` where the
//! address names none, and else the public ones that the build carries. Unix sockets are never encrypted.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection attempt may take where the address does not say.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The task that drives a connection; it answers why the connection ended.
pub type ConnectionTask = JoinHandle<Result<(), tokio_postgres::Error>>;

/// How much of the server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CertificateCheck {
    Nothing,
    Chain,
    ChainAndName,
}

/// An address that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It does not parse. The text of the error does not hold the address.
    #[error("not a Postgres address: {0}")]
    Syntax(#[source] tokio_postgres::Error),
    /// An unknown `sslmode`.
    #[error("sslmode is one of disable, prefer, require, verify-ca and verify-full")]
    Mode,
    /// The root certificates cannot be read.
    #[error("the root certificates of {path} cannot be read: {source}")]
    RootCertificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rustls::pki_types::pem::Error,
    },
    /// The file holds no usable root certificate.
    #[error("{path} holds no root certificate in PEM form")]
    NoRootCertificate {
        /// The file.
        path: PathBuf,
    },
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The roots cannot be used to verify certificates.
    #[error("the root certificates cannot be used: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// Where Postgres is, as whom to connect, and TLS. Cheap to clone.
#[derive(Clone)]
pub struct PostgresAddress {
    config: Config,
    /// `None` for a unix socket of this machine.
    tls: Option<MakeRustlsConnect>,
    verified: bool,
}

impl std::fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // `Config` leaves its password out.
        f.debug_struct("PostgresAddress").field("config", &self.config).field("verified", &self.verified).finish()
    }
}

impl PostgresAddress {
    /// Parses an address, as a URL or as `key=value` words. `root_certificate` is used where it names none.
    ///
    /// ```
    /// use stocksync_server::database::PostgresAddress;
    ///
    /// let address = PostgresAddress::parse("postgres://stocksync_app@db.example/stock?sslmode=verify-full", None)?;
    /// assert!(address.is_verified());
    /// assert!(PostgresAddress::parse("postgres://db.example/stock?sslmode=maybe", None).is_err());
    /// # Ok::<(), stocksync_server::database::AddressError>(())
    /// ```
    ///
    /// # Errors
    /// Each variant of [`AddressError`] says what the operator can do.
    pub fn parse(text: &str, root_certificate: Option<&Path>) -> Result<Self, AddressError> {
        let (rest, mode, named_roots) = take_tls_settings(text);
        let mut config: Config = rest.parse().map_err(AddressError::Syntax)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_LIMIT);
        }
        let roots = named_roots.as_deref().or(root_certificate);
        let default = if roots.is_some() { "verify-full" } else { "prefer" };
        let (mode, check) = match mode.as_deref().unwrap_or(default) {
            "disable" => (SslMode::Disable, CertificateCheck::Nothing),
            "prefer" => (SslMode::Prefer, CertificateCheck::Nothing),
            "require" if roots.is_none() => (SslMode::Require, CertificateCheck::Nothing),
            "require" | "verify-ca" => (SslMode::Require, CertificateCheck::Chain),
            "verify-full" => (SslMode::Require, CertificateCheck::ChainAndName),
            _ => return Err(AddressError::Mode),
        };
        config.ssl_mode(mode);
        Self::new(config, check, roots)
    }

    /// A server on a unix socket of this machine.
    #[must_use]
    pub fn local(config: Config) -> Self {
        Self { config, tls: None, verified: true }
    }

    fn new(config: Config, check: CertificateCheck, roots: Option<&Path>) -> Result<Self, AddressError> {
        let tls = MakeRustlsConnect::new(client_config(check, roots, config.get_ssl_negotiation())?);
        Ok(Self { config, tls: Some(tls), verified: check != CertificateCheck::Nothing })
    }

    /// Whether somebody between this machine and the database could not take the database's place: the certificate is
    /// verified, or the connection does not leave the machine.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        let local = |host: &Host| match host {
            Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        self.verified || self.config.get_hosts().iter().all(local)
    }

    /// The same server as another user.
    #[must_use]
    pub fn with_user(mut self, user: &str) -> Self {
        self.config.user(user);
        self
    }

    /// Connects. The connection is driven by a task, which ends when the client is dropped.
    ///
    /// # Errors
    /// What the network or Postgres answered.
    pub async fn connect(&self) -> Result<(Client, ConnectionTask), tokio_postgres::Error> {
        match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                Ok((client, tokio::spawn(connection)))
            }
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                Ok((client, tokio::spawn(connection)))
            }
        }
    }

    /// What a pool makes its connections with.
    pub(super) fn into_manager(self, settings: ManagerConfig) -> Manager {
        match self.tls {
            None => Manager::from_config(self.config, NoTls, settings),
            Some(tls) => Manager::from_config(self.config, tls, settings),
        }
    }
}

/// The address without `sslmode` and `sslrootcert`, whose values of libpq tokio-postgres does not know, and those two.
fn take_tls_settings(text: &str) -> (String, Option<String>, Option<PathBuf>) {
    let (mut mode, mut roots) = (None, None);
    let mut take = |word: &str| {
        match word.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", value)) => roots = Some(PathBuf::from(percent_decode(value))),
            _ => return false,
        }
        true
    };
    let rest = if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        match text.split_once('?') {
            None => text.to_owned(),
            Some((address, query)) => {
                let others: Vec<&str> = query.split('&').filter(|word| !take(word)).collect();
                if others.is_empty() { address.to_owned() } else { format!("{address}?{}", others.join("&")) }
            }
        }
    } else {
        // Words are removed where they stand: a quoted value may hold spaces.
        let taken = text.split_whitespace().filter(|word| take(word));
        taken.fold(text.to_owned(), |rest, word| rest.replacen(word, "", 1))
    };
    (rest, mode, roots)
}

/// `%2F` and the like; anything else stays as it is.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn client_config(
    check: CertificateCheck,
    roots: Option<&Path>,
    negotiation: SslNegotiation,
) -> Result<ClientConfig, AddressError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match check {
        CertificateCheck::Nothing => Arc::new(UnverifiedCertificate(provider.clone())),
        CertificateCheck::Chain | CertificateCheck::ChainAndName => {
            let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(load_roots(roots)?), provider.clone());
            let chain = chain.build()?;
            if check == CertificateCheck::Chain { Arc::new(AnyNameCertificate(chain)) } else { chain }
        }
    };
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    if negotiation == SslNegotiation::Direct {
        // Postgres takes a direct handshake only with its protocol's name.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(config)
}

fn load_roots(path: Option<&Path>) -> Result<RootCertStore, AddressError> {
    let Some(path) = path else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let unreadable = |source| AddressError::RootCertificate { path: path.to_owned(), source };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        store.add(certificate.map_err(unreadable)?)?;
    }
    if store.is_empty() { Err(AddressError::NoRootCertificate { path: path.to_owned() }) } else { Ok(store) }
}

/// Encrypts without knowing to whom, as `sslmode=prefer` and `require` do in libpq.
#[derive(Debug)]
struct UnverifiedCertificate(Arc<CryptoProvider>);

/// Accepts a certificate of a trusted root for any name: `sslmode=verify-ca`.
#[derive(Debug)]
struct AnyNameCertificate(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for UnverifiedCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for AnyNameCertificate {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // The chain is checked before the name.
        match self.0.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_settings_are_taken_out_of_both_forms() {
        let url = "postgres://u:p@h/d?sslmode=verify-full&application_name=x&sslrootcert=%2Fetc%2Fca.pem";
        let (rest, mode, roots) = take_tls_settings(url);
        assert_eq!(rest, "postgres://u:p@h/d?application_name=x");
        assert_eq!((mode.as_deref(), roots), (Some("verify-full"), Some(PathBuf::from("/etc/ca.pem"))));
        let (rest, mode, _) = take_tls_settings("host=h sslmode=require password='two  words'");
        assert_eq!((rest.as_str(), mode.as_deref()), ("host=h  password='two  words'", Some("require")));
        assert_eq!(percent_decode("a%zz%2Fb%"), "a%zz/b%");
    }

    #[test]
    fn an_error_does_not_show_the_password() {
        for text in ["postgres://u:hunter2@h:notaport/x", "postgres://u:hunter2@h/x?sslmode=no"] {
            let error = PostgresAddress::parse(text, None).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        let address = PostgresAddress::parse("postgres://u:hunter2@h/x", None).unwrap();
        assert!(!format!("{address:?}").contains("hunter2"), "{address:?}");
    }

    #[test]
    fn a_missing_root_certificate_is_named() {
        let error = PostgresAddress::parse("postgres://h/x", Some(Path::new("/no/such.pem"))).unwrap_err();
        assert!(error.to_string().contains("/no/such.pem"), "{error}");
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty.pem");
        std::fs::write(&empty, "").unwrap();
        assert!(PostgresAddress::parse("postgres://h/x", Some(&empty)).is_err());
    }

    #[test]
    fn only_a_network_without_a_verified_certificate_is_unverified() {
        let verified = |text| PostgresAddress::parse(text, None).unwrap().is_verified();
        assert!(!verified("postgres://db.example/x") && !verified("postgres://db.example/x?sslmode=require"));
        assert!(verified("postgres://db.example/x?sslmode=verify-ca") && verified("postgres://localhost/x"));
        assert!(verified("host=/run/postgresql dbname=x"));
    }
}
