//! The binary as an operator uses it: one command serves, others set up beside it, signals end it, nothing is left behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{TestDatabase, folder};

fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stocksync-server"));
    for name in ["DATABASE_URL", "STOCKSYNC_MIGRATE_URL", "STOCKSYNC_LOG"] {
        command.env_remove(name);
    }
    command.env("STOCKSYNC_DATA_DIR", data_dir).env("STOCKSYNC_LISTEN", "127.0.0.1:0");
    command
}

/// Starts serving and reads the address from the log.
fn serve(data_dir: &Path) -> (Child, SocketAddr, Arc<Mutex<String>>) {
    let mut child = command(data_dir).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line: Value = serde_json::from_str(&lines.next().expect("it ended").unwrap()).unwrap();
        if line["message"] == "serving" {
            break line["metadata"]["address"].as_str().unwrap().parse().unwrap();
        }
    };
    let log = Arc::new(Mutex::new(String::new()));
    let sink = log.clone();
    std::thread::spawn(move || lines.for_each(|line| sink.lock().unwrap().push_str(&line.unwrap_or_default())));
    (child, address, log)
}

fn get(address: SocketAddr, path: &str) -> String {
    send(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
}

fn send(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn postmaster(data_dir: &Path) -> u32 {
    let text = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    text.lines().next().unwrap().trim().parse().unwrap()
}

fn ends(pid: u32) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Path::new(&format!("/proc/{pid}")).exists() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").arg(name).arg(child.id().to_string()).status().unwrap().success());
}

fn answer(mut command: Command) -> Value {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn one_command_serves_and_leaves_nothing_behind() {
    if TestDatabase::empty().await.is_none() {
        return;
    }
    let data_dir = folder("binary");
    let _ = std::fs::remove_dir_all(&data_dir);
    let (mut child, address, log) = serve(&data_dir);
    assert!(get(address, "/health/ready").starts_with("HTTP/1.1 200"));

    let mut create = command(&data_dir);
    create.args(["tenant", "create", "--name", "Oak & Sons"]);
    let tenant = answer(create)["tenant"].as_str().unwrap().to_owned();
    let mut code = command(&data_dir);
    code.args(["enrolment-code", "create", "--tenant", &tenant, "--expires", "60"]);
    let code = answer(code)["code"].as_str().unwrap().to_owned();
    assert!(code.starts_with(&tenant), "{code}");

    let body = format!(r#"{{"code":"{code}","device_name":"Dock of ann@example.org"}}"#);
    let head = format!("host: x\r\nconnection: close\r\ncontent-length: {}", body.len());
    let enrolled = send(address, &format!("POST /api/v1/enrol HTTP/1.1\r\n{head}\r\n\r\n{body}"));
    let enrolled: Value = serde_json::from_str(enrolled.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let credential = enrolled["data"]["credential"].as_str().unwrap();
    let bearer = format!("host: x\r\nconnection: close\r\nauthorization: Bearer {credential}");
    let listed = send(address, &format!("GET /api/v1/devices?after={credential} HTTP/1.1\r\n{bearer}\r\n\r\n"));
    assert!(listed.starts_with("HTTP/1.1 400"), "{listed}");

    let mut rebuild = command(&data_dir);
    rebuild.args(["rebuild", "--tenant", &tenant]);
    assert_eq!(answer(rebuild), serde_json::json!({ "ops": 0, "batches": 0 }));
    let mut rebuild = command(&data_dir);
    let refused = rebuild.args(["rebuild", "--tenant", "00000000-0000-0000-0000-000000000000"]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there is no tenant"));

    let second = command(&data_dir).output().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another stocksync-server"));

    let postgres = postmaster(&data_dir);
    signal(&child, "-TERM");
    assert!(child.wait().unwrap().success());
    assert!(ends(postgres), "Postgres outlived an orderly stop");
    // H04: a code, a credential and an address went through; none is in the log.
    let log = log.lock().unwrap().clone();
    assert!(log.contains("/api/v1/enrol") && log.contains("stopping"), "{log}");
    let last = |text: &str| text.rsplit('.').next().unwrap().to_owned();
    for secret in [last(&code), last(credential), "ann@example.org".to_owned()] {
        assert!(!log.contains(&secret), "{log}");
    }

    let (mut child, address, _) = serve(&data_dir);
    assert!(get(address, "/health/live").starts_with("HTTP/1.1 200"));
    let postgres = postmaster(&data_dir);
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert!(ends(postgres), "Postgres outlived a kill");

    // Its Postgres killed: the server says so and ends, so that whoever supervises it starts both again.
    let (mut child, address, _) = serve(&data_dir);
    assert!(get(address, "/health/ready").starts_with("HTTP/1.1 200"));
    let killed = Command::new("kill").args(["-KILL", &postmaster(&data_dir).to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(!child.wait().unwrap().success());
    let (mut child, address, _) = serve(&data_dir);
    assert!(get(address, "/health/ready").starts_with("HTTP/1.1 200"));
    signal(&child, "-TERM");
    assert!(child.wait().unwrap().success());
    std::fs::remove_dir_all(&data_dir).unwrap();
}

#[test]
fn mistakes_are_explained() {
    let mut open = command(&folder("unused"));
    let output = open.args(["--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--embedded"));
    let mut url = command(&folder("unused"));
    let output = url.env("DATABASE_URL", "postgres://u:hunter2@h:port/x").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("DATABASE_URL") && !text.contains("hunter2"), "{text}");
}
