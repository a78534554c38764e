//! TLS to Postgres: what each `sslmode` accepts, against a real server with a certificate of this test.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use stocksync_server::database::{Database, PostgresAddress};
use stocksync_server::embedded::{Cluster, Options};

use crate::support::{TestDatabase, folder};

/// A Postgres that takes encrypted connections over TCP alone. Ends when dropped.
struct TlsPostgres {
    child: Child,
    port: u16,
    data_dir: PathBuf,
}

impl Drop for TlsPostgres {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data_dir);
    }
}

/// Root, certificate of `localhost` signed by it, and another root, as PEM files; answers the folder of the cluster.
fn certificates(cluster: &Path, owner: (u32, u32)) {
    let root = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(cluster.join("..").join(name), certificate.pem()).unwrap();
        Issuer::new(params, key)
    };
    let issuer = root("root.pem");
    root("other.pem");
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    for (name, text) in [("server.crt", certificate.pem()), ("server.key", key.serialize_pem())] {
        let path = cluster.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.0), Some(owner.1)).unwrap();
    }
}

/// Makes a cluster as the server does, stops it, and runs it again with TLS on a port of this machine.
async fn start() -> TlsPostgres {
    let data_dir = folder("tls");
    let _ = fs::remove_dir_all(&data_dir);
    let options = Options { data_dir: data_dir.clone(), binaries: None, throw_away: true };
    let cluster = Cluster::start(&options).await.unwrap();
    let programs = cluster.admin("postgres").connect().await.unwrap().0;
    let setting = "SELECT setting FROM pg_config WHERE name = 'BINDIR'";
    let programs: String = programs.query_one(setting, &[]).await.unwrap().get(0);
    cluster.stop().await;
    let data = data_dir.canonicalize().unwrap().join("postgres");
    let meta = fs::metadata(&data).unwrap();
    certificates(&data, (meta.uid(), meta.gid()));
    fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(Path::new(&programs).join("postgres"));
    command.arg("-D").arg(&data).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    let port_setting = format!("port={port}");
    for setting in [&port_setting, "listen_addresses=127.0.0.1", "unix_socket_directories=", "ssl=on", "fsync=off"] {
        command.arg("-c").arg(setting);
    }
    if meta.uid() != fs::metadata("/proc/self").unwrap().uid() {
        command.uid(meta.uid()).gid(meta.gid());
    }
    TlsPostgres { child: command.spawn().unwrap(), port, data_dir }
}

#[tokio::test]
async fn each_sslmode_accepts_what_it_says() {
    if TestDatabase::empty().await.is_none() {
        return;
    }
    let postgres = start().await;
    let (root, other) = (postgres.data_dir.join("root.pem"), postgres.data_dir.join("other.pem"));
    let address = |settings: &str, root: Option<&Path>| {
        let url = format!(
            "postgres://stocksync_app@{settings}",
            settings = settings.replace("PORT", &postgres.port.to_string())
        );
        PostgresAddress::parse(&url, root).unwrap()
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while address("localhost:PORT/postgres?sslmode=require", None).connect().await.is_err() {
        assert!(Instant::now() < deadline, "Postgres with TLS did not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let cases = [
        ("localhost:PORT/postgres?sslmode=disable", None, false, "the server takes encrypted connections alone"),
        ("localhost:PORT/postgres", None, true, "prefer encrypts where it is offered"),
        ("127.0.0.1:PORT/postgres?sslmode=require", None, true, "require verifies nothing"),
        ("127.0.0.1:PORT/postgres?sslmode=require", Some(&root), true, "require with a root verifies the chain"),
        ("127.0.0.1:PORT/postgres?sslmode=require", Some(&other), false, "a root that did not sign it"),
        ("127.0.0.1:PORT/postgres?sslmode=verify-ca", Some(&root), true, "verify-ca takes any name"),
        ("localhost:PORT/postgres?sslmode=verify-ca", Some(&other), false, "a root that did not sign it"),
        ("localhost:PORT/postgres?sslmode=verify-full", Some(&root), true, "the right root and name"),
        ("localhost:PORT/postgres", Some(&root), true, "a root alone means verify-full"),
        ("127.0.0.1:PORT/postgres", Some(&root), false, "the certificate is not for this name"),
        ("localhost:PORT/postgres?sslmode=verify-full", Some(&other), false, "a root that did not sign it"),
        ("localhost:PORT/postgres?sslmode=verify-full", None, false, "no public root signed it"),
    ];
    for (settings, root, accepted, why) in cases {
        let connected = address(settings, root.map(PathBuf::as_path)).connect().await;
        assert_eq!(connected.is_ok(), accepted, "{settings}: {why}: {:?}", connected.err());
        if let Ok((client, _)) = connected {
            let row = client.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await.unwrap();
            assert!(row.get::<_, bool>(0), "{settings} is encrypted");
        }
    }
    // The pool speaks TLS, too; the address names its own root.
    let url = format!("localhost:PORT/postgres?sslmode=verify-full&sslrootcert={}", root.display());
    let pool = Database::new(address(&url, Some(&other)), 1).unwrap();
    let _ = pool.connection().await.unwrap();
}
