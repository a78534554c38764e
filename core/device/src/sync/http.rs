//! The way to a real server: HTTPS with bundled roots. The only place that knows reqwest.
//!
//! Owns TLS and time limits. The platform's certificate verifier is not used: on Android it needs a JNI context and
//! panics without one. An app may add the roots of a server that signs its own.

use std::sync::Arc;
use std::time::Duration;

use stocksync_schemas::{Code, DeviceId, TenantId, limits};

use super::transport::{Transport, TransportError};
use crate::Error;
use crate::identity::Enrolment;

/// Exchanges over HTTP with one server, as one device.
#[derive(Debug)]
pub struct HttpTransport {
    client: Client,
    url: String,
    authorization: String,
}

/// A client and the small runtime that drives it on the caller's thread.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    fn new(extra_roots: &[String]) -> Result<Self, Error> {
        let setup = |error: String| Error::Invalid { field: "extra_roots", reason: error };
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for pem in extra_roots {
            use rustls::pki_types::pem::PemObject;
            let certificates = rustls::pki_types::CertificateDer::pem_slice_iter(pem.as_bytes());
            for certificate in certificates {
                let certificate = certificate.map_err(|error| setup(error.to_string()))?;
                roots.add(certificate).map_err(|error| setup(error.to_string()))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| setup(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // One exchange at a time: HTTP/2 would carry nothing more, and weighs on the library.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(Duration::from_millis(limits::CONNECT_MS))
            .timeout(Duration::from_millis(limits::EXCHANGE_MS))
            .no_proxy()
            .build()
            .map_err(|error| setup(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| Error::Internal("no runtime can be made"))?;
        Ok(Self { http, runtime })
    }

    /// Posts a body; answers status and body, which is at most as large as a message may be.
    fn post(
        &self,
        url: &str,
        authorization: Option<&str>,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), TransportError> {
        let offline = |error: reqwest::Error| TransportError::Offline(error.without_url().to_string());
        self.runtime.block_on(async {
            let mut request = self.http.post(url).header("content-type", kind).body(body);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let mut response = request.send().await.map_err(offline)?;
            let status = response.status().as_u16();
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(offline)? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > limits::MESSAGE_BYTES {
                    return Err(TransportError::Offline("the answer is larger than a message may be".to_owned()));
                }
            }
            Ok((status, bytes))
        })
    }
}

/// Plain HTTP is for a server on this machine; anything else needs TLS.
fn check_address(server: &str) -> Result<&str, Error> {
    let server = server.trim_end_matches('/');
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let is_local = local
        .iter()
        .any(|prefix| server.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
    if server.starts_with("https://") || is_local {
        Ok(server)
    } else {
        Err(Error::Invalid { field: "server", reason: "the address must begin with https://".to_owned() })
    }
}

/// The refusal that a server's error body states.
fn refusal(status: u16, body: &[u8]) -> TransportError {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| value.pointer(&format!("/error/{name}")).and_then(|it| it.as_str()).unwrap_or_default();
    match Code::parse(text("code")) {
        Some(Code::Unavailable | Code::Timeout | Code::RateLimited) => {
            TransportError::Offline(text("message").to_owned())
        }
        Some(code) => TransportError::Refused { code, reason: text("message").to_owned() },
        // Not our server's words: something in between answered.
        None => TransportError::Offline(format!("status {status}")),
    }
}

impl HttpTransport {
    /// A transport to the server that `enrolment` names.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an address without TLS or certificates that cannot be read.
    pub fn new(enrolment: &Enrolment, extra_roots: &[String]) -> Result<Self, Error> {
        let server = check_address(&enrolment.server)?;
        Ok(Self {
            client: Client::new(extra_roots)?,
            url: format!("{server}/api/v1/sync/exchange"),
            authorization: format!("Bearer {}", enrolment.credential),
        })
    }
}

impl Transport for HttpTransport {
    fn exchange(&self, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        let kind = "application/x-protobuf";
        let (status, body) = self.client.post(&self.url, Some(&self.authorization), kind, request.to_vec())?;
        if status == 200 { Ok(body) } else { Err(refusal(status, &body)) }
    }
}

/// Trades a one-time code for a credential.
///
/// # Errors
/// [`Error::Offline`] to try again; [`Error::Refused`] if the code is unknown, used or expired.
pub fn enrol(server: &str, code: &str, device_name: &str, extra_roots: &[String]) -> Result<Enrolment, Error> {
    let server = check_address(server)?;
    let client = Client::new(extra_roots)?;
    let body = serde_json::json!({ "code": code, "device_name": device_name }).to_string();
    let posted = client.post(&format!("{server}/api/v1/enrol"), None, "application/json", body.into_bytes());
    let (status, body) = posted.map_err(|error| Error::Offline(error.to_string()))?;
    if !(200..300).contains(&status) {
        return Err(match refusal(status, &body) {
            TransportError::Offline(reason) => Error::Offline(reason),
            TransportError::Refused { code, reason } => Error::Refused { code, reason },
        });
    }
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let field = |name: &str| value.pointer(&format!("/data/{name}")).and_then(|it| it.as_str()).map(str::to_owned);
    let parsed = (|| {
        let tenant: TenantId = field("tenant")?.parse().ok()?;
        let device: DeviceId = field("device")?.parse().ok()?;
        Some(Enrolment { tenant, device, server: server.to_owned(), credential: field("credential")? })
    })();
    parsed.ok_or_else(|| Error::BadAnswer("enrolment".to_owned()))
}
