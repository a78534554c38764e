//! What is the same for every route: envelopes, request ids, limits, probes.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use serde_json::Value;
use stocksync_server::database::Database;
use stocksync_server::embedded::{Cluster, Options};
use stocksync_server::features::app;
use stocksync_server::http::AppState;
use stocksync_server::{clock, migrate};
use tower::ServiceExt;

use crate::support::{TestDatabase, folder};

pub async fn json(response: Response<Body>) -> Value {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&bytes)))
}

pub async fn get(app: &Router, path: &str) -> Response<Body> {
    app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn probes_answer_and_draining_ends_readiness() {
    let Some(test) = TestDatabase::new().await else { return };
    let state = AppState::new(test.database());
    let app = app(state.clone());
    assert_eq!(get(&app, "/health/live").await.status(), StatusCode::OK);
    let ready = get(&app, "/health/ready").await;
    assert_eq!(ready.status(), StatusCode::OK);
    let body = json(ready).await;
    assert_eq!(body["success"], true);
    assert_eq!(body["data"]["migration"], migrate::needed());
    assert!(body["meta"]["timestamp"].as_str().unwrap().ends_with('Z'));
    state.drain();
    assert_eq!(get(&app, "/health/ready").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&app, "/health/live").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_old_schema_is_not_ready() {
    let Some(test) = TestDatabase::new().await else { return };
    let owner = crate::support::connect(&test.owner()).await;
    owner.execute("DELETE FROM meta.migrations WHERE number = $1", &[&migrate::needed()]).await.unwrap();
    let response = get(&test.app(), "/health/ready").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = json(response).await;
    assert_eq!(body["error"]["code"], "unavailable");
    assert_eq!(body["error"]["details"][0]["field"], "migrations");
}

#[tokio::test]
async fn readiness_follows_the_database_and_liveness_does_not() {
    if TestDatabase::empty().await.is_none() {
        return;
    }
    let options = Options { data_dir: folder("outage"), binaries: None, throw_away: true };
    let _ = std::fs::remove_dir_all(&options.data_dir);
    let cluster = Cluster::start(&options).await.unwrap();
    cluster.create_database("stocksync").await.unwrap();
    migrate::migrate(&cluster.owner("stocksync"), clock::now_ms()).await.unwrap();
    let app = app(AppState::new(Database::new(cluster.application("stocksync"), 4).unwrap()));
    assert_eq!(get(&app, "/health/ready").await.status(), StatusCode::OK);
    cluster.stop().await;
    let begin = std::time::Instant::now();
    assert_eq!(get(&app, "/health/ready").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(begin.elapsed().as_secs() < 5);
    assert_eq!(get(&app, "/health/live").await.status(), StatusCode::OK);
    let cluster = Cluster::start(&options).await.unwrap();
    assert_eq!(get(&app, "/health/ready").await.status(), StatusCode::OK, "without a restart of the server");
    cluster.stop().await;
    std::fs::remove_dir_all(&options.data_dir).unwrap();
}

#[tokio::test]
async fn f07_request_ids_are_taken_or_made_and_echoed() {
    let Some(test) = TestDatabase::new().await else { return };
    let app = test.app();
    let ask = |id: &'static str| Request::get("/health/live").header("x-request-id", id).body(Body::empty()).unwrap();
    let given = "018f3b1e-0000-7000-8000-00000000abcd";
    let response = app.clone().oneshot(ask(given)).await.unwrap();
    assert_eq!(response.headers()["x-request-id"], given);
    assert_eq!(json(response).await["meta"]["requestId"], given);
    let response = app.clone().oneshot(ask("not-a-uuid; DROP TABLE")).await.unwrap();
    let made = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert!(uuid::Uuid::parse_str(&made).is_ok());
    assert_eq!(json(response).await["meta"]["requestId"], made);
}

#[tokio::test]
async fn f02_unknown_paths_and_methods_are_registered_errors() {
    let Some(test) = TestDatabase::new().await else { return };
    let app = test.app();
    let cases = [
        (Request::get("/nowhere"), StatusCode::NOT_FOUND, "not_found"),
        (Request::delete("/health/live"), StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        (Request::get("/api/v1/enrol"), StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
    ];
    for (request, status, code) in cases {
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().contains_key("allow"), status == StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let body = json(response).await;
        assert_eq!(body["success"], false);
        assert_eq!(body["error"]["code"], code);
        assert!(body["error"]["requestId"].is_string());
    }
}
