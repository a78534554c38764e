//! The console in a real browser: what it shows, and that a hostile name is text. Skips with a notice without Chromium.

use std::process::{Command, Stdio};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use stocksync_schemas::{Location, wire};
use tokio::net::TcpListener;

use crate::api::{ApiClient, EXCHANGE};
use crate::record_api::{AISLE, receipt};
use crate::record_conformance::catalogue;
use crate::support::{TestDatabase, folder};

fn browser() -> Option<&'static str> {
    let starts = |name: &&str| {
        let version = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(starts)
}

/// The page's elements after it has read the lists.
async fn shown(app: Router, credential: &str) -> Option<String> {
    let Some(browser) = browser() else {
        eprintln!("SKIPPED, no Chromium: the console in a browser");
        return None;
    };
    // Signs in as a person would, for a browser that cannot type.
    let enter = format!("<script>sessionStorage.setItem('credential', '{credential}'); location = '/'</script>");
    let app = app.route("/enter", get(move || async move { Html(enter) }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let profile = folder("browser");
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=6000", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", profile.display())).arg(format!("http://{address}/enter"));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    server.abort();
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_shows_names_and_runs_none_of_them() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = ApiClient::enrol(&test, &test.app()).await;
    let mut phone = client.phone(1);
    catalogue(&mut phone, 0, "<script>document.title='taken'</script><img src=x onerror=document.title='taken'>");
    phone.capture(1, receipt(3_000));
    phone.capture(2, crate::conformance::movement(AISLE, Location::CUSTOMER, 1_000));
    client.send(EXCHANGE, wire::encode_request(&phone.request().request)).await;
    let Some(page) = shown(test.app(), &client.credential).await else { return };
    assert!(page.contains("&lt;script&gt;document.title='taken'&lt;/script&gt;&lt;img"), "{page}");
    assert!(page.contains("<title>Stocksync</title>"), "nothing of it ran");
    for text in ["TEA-1", "Loose leaf", "Aisle 3", "L7", "Oversold", "supplier", "3<span class=\"unit\"> each</span>"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains(client.credential.split('.').nth(2).unwrap()), "no secret stands in the page");
}
