//! The API from outside: enrol, exchange in both forms, lists, and that no tenant sees another's data.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use stocksync_schemas::{DeviceId, Location, ReplicaId, Verdict, wire};
use stocksync_server::auth::Permission;
use stocksync_server::features::{api_document, routes};
use stocksync_server::http::Access;
use stocksync_server::{clock, setup};
use tower::ServiceExt;
use uuid::Uuid;

use crate::conformance::{OTHER_SHELF, Phone, SHELF, movement};
use crate::http::json as body_of;
use crate::record_conformance::catalogue;
use crate::support::{TestDatabase, connect};

pub struct ApiClient {
    app: Router,
    tenant: Uuid,
    device: Uuid,
    pub credential: String,
}

impl ApiClient {
    pub async fn enrol(test: &TestDatabase, app: &Router) -> Self {
        let tenant = test.tenant().await;
        let code = setup::create_enrolment_code(&test.owner(), tenant, 60, clock::now_ms()).await.unwrap().code;
        let answer = post_json(app, "/api/v1/enrol", &json!({ "code": code, "device_name": "Aisle 3" })).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        let data = body_of(answer).await["data"].clone();
        let id = |name: &str| data[name].as_str().unwrap().parse::<Uuid>().unwrap();
        assert_eq!(id("tenant"), tenant);
        let credential = data["credential"].as_str().unwrap().to_owned();
        Self { app: app.clone(), tenant, device: id("device"), credential }
    }

    pub async fn send(&self, path: &str, body: Vec<u8>) -> Response<Body> {
        let request = Request::post(path).header("authorization", format!("Bearer {}", self.credential));
        self.app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        let request = Request::get(path).header("authorization", format!("Bearer {}", self.credential));
        body_of(self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).await
    }

    pub fn phone(&self, number: u8) -> Phone {
        let mut phone = Phone::new(number);
        phone.device = DeviceId(*self.device.as_bytes());
        phone
    }
}

async fn post_json(app: &Router, path: &str, body: &Value) -> Response<Body> {
    let request = Request::post(path).header("content-type", "application/json").body(Body::from(body.to_string()));
    app.clone().oneshot(request.unwrap()).await.unwrap()
}

pub async fn bytes(response: Response<Body>) -> Vec<u8> {
    axum::body::to_bytes(response.into_body(), 1 << 22).await.unwrap().to_vec()
}

pub const EXCHANGE: &str = "/api/v1/sync/exchange";

#[tokio::test]
async fn a_device_enrols_once_and_exchanges_in_both_forms() {
    let Some(test) = TestDatabase::new().await else { return };
    let app = test.app();
    let client = ApiClient::enrol(&test, &app).await;
    let mut phone = client.phone(1);
    phone.capture(0, movement(Location::SUPPLIER, SHELF, 3_000));
    let answer = client.send(EXCHANGE, wire::encode_request(&phone.request().request)).await;
    assert_eq!(answer.headers()["content-type"], "application/x-protobuf");
    let answer = wire::decode_response(&bytes(answer).await).unwrap();
    assert!(matches!(answer.verdicts[0].verdict, Verdict::Ok(_)));

    let text = wire::json::encode_request(&phone.request().request).unwrap();
    let again = client.send(&format!("{EXCHANGE}?format=json"), text).await;
    assert_eq!(again.headers()["content-type"], "application/json");
    let again = wire::json::decode_response(&bytes(again).await).unwrap();
    assert!(matches!(again.verdicts[0].verdict, Verdict::Duplicate(_)));

    let balances = client.get("/api/v1/balances").await;
    let on_shelf = balances["data"].as_array().unwrap().iter().find(|row| row.get("virtual").is_none()).unwrap();
    assert_eq!(on_shelf["on_hand"], 3_000);
    let devices = client.get("/api/v1/devices").await;
    assert_eq!(devices["data"][0]["name"], "Aisle 3");
    assert!(devices["data"][0]["seen_ms"].is_i64());
    let movements = client.get("/api/v1/movements").await;
    assert_eq!(movements["data"][0]["lines"][0]["quantity"], 3_000);
    assert_eq!(movements["data"][0]["live"], true);
}

#[tokio::test]
async fn codes_are_good_once_and_in_time() {
    let Some(test) = TestDatabase::new().await else { return };
    let app = test.app();
    let tenant = test.tenant().await;
    let now = clock::now_ms();
    let good = setup::create_enrolment_code(&test.owner(), tenant, 60, now).await.unwrap().code;
    let expired = setup::create_enrolment_code(&test.owner(), tenant, 60, now - 61_000).await.unwrap().code;
    let enrol = |code: String| {
        let app = app.clone();
        async move { post_json(&app, "/api/v1/enrol", &json!({ "code": code, "device_name": "x" })).await }
    };
    assert_eq!(enrol(good.to_lowercase()).await.status(), StatusCode::CREATED);
    for code in [good, expired, format!("{tenant}.WRONG"), "nonsense".to_owned(), format!("{}.X", Uuid::nil())] {
        let answer = enrol(code).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(body_of(answer).await["error"]["code"], "enrolment_code_invalid");
    }
    let named = post_json(&app, "/api/v1/enrol", &json!({ "code": "x", "device_name": " " })).await;
    assert_eq!(body_of(named).await["error"]["details"][0]["field"], "device_name");
    let extra = post_json(&app, "/api/v1/enrol", &json!({ "code": "x", "device_name": "x", "admin": true })).await;
    assert_eq!(body_of(extra).await["error"]["code"], "invalid_request");
}

#[tokio::test]
async fn f02_bad_exchanges_give_registered_codes() {
    let Some(test) = TestDatabase::new().await else { return };
    let app = test.app();
    let client = ApiClient::enrol(&test, &app).await;
    let mut phone = client.phone(1);
    phone.capture(0, movement(Location::SUPPLIER, SHELF, 3_000));
    let good = wire::encode_request(&phone.request().request);
    let mut newer = phone.request().request;
    newer.protocol = 99;
    let mut bomb = vec![wire::ZSTD];
    bomb.extend_from_slice(&[0xff; 64]);
    let cases = [
        (Vec::new(), "undecodable"),
        (good[..good.len() - 3].to_vec(), "undecodable"),
        (bomb, "undecodable"),
        (vec![0; stocksync_schemas::limits::MESSAGE_BYTES + 1], "too_large"),
        (wire::encode_request(&newer), "upgrade_server"),
    ];
    for (bytes, code) in cases {
        let answer = body_of(client.send(EXCHANGE, bytes).await).await;
        assert_eq!(answer["error"]["code"], code, "{answer}");
    }
    // Every byte of a good message flipped once: a registered code or a verdict, never 500.
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        let status = client.send(EXCHANGE, bytes).await.status();
        assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "byte {at}");
    }
}

#[tokio::test]
async fn credentials_are_checked_and_devices_can_be_revoked() {
    let Some(test) = TestDatabase::new().await else { return };
    let app = test.app();
    let client = ApiClient::enrol(&test, &app).await;
    let (tenant, device, secret) = (client.tenant, client.device, client.credential.split('.').nth(2).unwrap());
    let other = test.tenant().await;
    for wrong in [
        String::new(),
        "Bearer".to_owned(),
        format!("Basic {}", client.credential),
        format!("Bearer {tenant}.{device}.{}", "A".repeat(32)),
        format!("Bearer {other}.{device}.{secret}"),
        format!("Bearer {tenant}.{}.{secret}", Uuid::nil()),
        format!("Bearer {tenant}.{device}"),
    ] {
        let request = Request::get("/api/v1/balances").header("authorization", &wrong).body(Body::empty()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let owner = connect(&test.owner()).await;
    owner.execute("UPDATE app.devices SET revoked_ms = 1 WHERE device_id = $1", &[&device]).await.unwrap();
    assert_eq!(client.get("/api/v1/balances").await["error"]["code"], "device_revoked");
}

#[tokio::test]
async fn i11_no_tenant_sees_or_writes_anothers_data() {
    let Some(test) = TestDatabase::new().await else { return };
    let app = test.app();
    let (one, other) = (ApiClient::enrol(&test, &app).await, ApiClient::enrol(&test, &app).await);
    let mut phone = one.phone(1);
    phone.capture(0, movement(SHELF, Location::CUSTOMER, 3_000));
    phone.capture(1, movement(SHELF, SHELF, 1));
    let target = phone.outbox[0].op.reference();
    let void = stocksync_schemas::Void { target, reason: String::new() };
    phone.capture(2, stocksync_schemas::Body::Void(void));
    phone.capture(3, movement(SHELF, Location::CUSTOMER, 3_000));
    let complete = vec![OTHER_SHELF];
    let session = stocksync_schemas::SessionId([4; 16]);
    let close = stocksync_schemas::Close { session, parts: Vec::new(), complete };
    phone.capture(4, stocksync_schemas::Body::Close(close));
    catalogue(&mut phone, 5, "Tea");
    let mut request = phone.request().request;
    let answer = one.send(EXCHANGE, wire::encode_request(&request)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let mut broken: Value = serde_json::from_slice(&wire::json::encode_request(&request).unwrap()).unwrap();
    broken["ops"] = json!([{ "op": { "lane": { "seq": 99 } } }]);
    let answer = one.send(&format!("{EXCHANGE}?format=json"), broken.to_string().into_bytes()).await;
    assert_eq!(answer.status(), StatusCode::OK);

    for route in
        ["balances", "exceptions", "movements", "products", "variants", "identifiers", "locations", "lots", "rejected"]
    {
        let path = format!("/api/v1/{route}?limit=500");
        assert_eq!(other.get(&path).await["data"], json!([]), "{route}");
    }
    assert_eq!(other.get("/api/v1/devices").await["data"][0]["device"], json!(other.device));
    // The other tenant may use the same replica and lane numbers: nothing meets.
    request.replica = ReplicaId([1; 16]);
    let bytes_ = bytes(other.send(EXCHANGE, wire::encode_request(&request)).await).await;
    let answer = wire::decode_response(&bytes_).unwrap();
    assert!(answer.ops.is_empty() && matches!(answer.verdicts[0].verdict, Verdict::Ok(a) if a.position == 1));

    let owner = connect(&test.owner()).await;
    let tables =
        "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r'";
    let third = test.tenant().await;
    let mut connection = test.database().connection().await.unwrap();
    for row in owner.query(tables, &[]).await.unwrap() {
        let table: String = row.get(0);
        let count = format!("SELECT count(*) FROM app.{table} WHERE tenant_id <> $1");
        let filled: i64 = owner.query_one(&count, &[&third]).await.unwrap().get(0);
        assert!(filled > 0, "the test fills {table}");
        let transaction = stocksync_server::database::Database::begin(&mut connection, third).await.unwrap();
        let seen: i64 = transaction.query_one(&count, &[&third]).await.unwrap().get(0);
        assert_eq!(seen, 0, "{table}");
        let insert = format!("INSERT INTO app.{table} (tenant_id) VALUES ($1)");
        assert!(transaction.execute(&insert, &[&one.tenant]).await.is_err(), "{table}");
    }
}

#[tokio::test]
async fn f04_pages_are_bounded_and_follow_on() {
    let Some(test) = TestDatabase::new().await else { return };
    let app = test.app();
    let client = ApiClient::enrol(&test, &app).await;
    let mut phone = client.phone(1);
    for n in 0..7 {
        phone.capture(n, movement(Location([0xC0 + u8::try_from(n).unwrap(); 16]), Location::CUSTOMER, 1_000));
    }
    client.send(EXCHANGE, wire::encode_request(&phone.request().request)).await;
    for (route, total) in [("balances", 8), ("exceptions", 7), ("movements", 7)] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("/api/v1/{route}?limit=3{after}")).await;
            found.extend(page["data"].as_array().unwrap().iter().map(Value::to_string));
            match page["meta"]["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        let all = found.len();
        found.sort();
        found.dedup();
        assert_eq!((found.len(), all), (total, total), "{route}");
    }
    let locations = |page: &Value| -> Vec<bool> {
        page["data"].as_array().unwrap().iter().map(|row| row.get("virtual").is_some()).collect()
    };
    let all = locations(&client.get("/api/v1/balances").await);
    assert_eq!(all, [[false; 7].as_slice(), &[true]].concat(), "real locations come first");
    assert_eq!(locations(&client.get("/api/v1/balances?virtual=false").await), [false; 7]);
    assert_eq!(locations(&client.get("/api/v1/balances?virtual=true").await), [true]);
    let both = client.get(&format!("/api/v1/balances?virtual=true&location={}", Uuid::nil())).await;
    assert_eq!(both["error"]["code"], "invalid_request");
    let zero = format!("after={}.{}.%00", Uuid::nil(), Uuid::nil());
    for bad in ["limit=100000", "limit=0", "limit=x", "after=zzz", "nonsense=1", &zero] {
        for route in ["balances", "exceptions", "products", "rejected"] {
            let answer = client.get(&format!("/api/v1/{route}?{bad}")).await;
            assert_eq!(answer["error"]["code"], "invalid_request", "{route}?{bad}");
        }
    }
}

/// I10: over all locations, the derived loss included, every variant and lot sums to zero.
#[tokio::test]
async fn i10_double_entry_sums_to_zero() {
    let Some(test) = TestDatabase::new().await else { return };
    let app = test.app();
    let client = ApiClient::enrol(&test, &app).await;
    let mut phone = client.phone(1);
    phone.capture(0, movement(Location::SUPPLIER, SHELF, 9_000));
    phone.capture(10, movement(SHELF, Location::LOSS, 500));
    phone.capture(20, crate::conformance::count(SHELF, 7_000, None));
    phone.capture(30, movement(SHELF, Location::CUSTOMER, 2_000));
    client.send(EXCHANGE, wire::encode_request(&phone.request().request)).await;
    let rows = client.get("/api/v1/balances").await["data"].as_array().unwrap().clone();
    let loss = Uuid::from_bytes(Location::LOSS.0);
    let losses = client.get(&format!("/api/v1/balances?location={loss}")).await["data"].as_array().unwrap().clone();
    assert_eq!(losses[0]["on_hand"], 2_000, "500 adjusted and 1 500 that the count revealed");
    let sum: i64 = rows.iter().chain(&losses).map(|row| row["on_hand"].as_i64().unwrap()).sum();
    assert_eq!(sum, 0);
}

/// `stocksync-server openapi > schemas/openapi.json` writes the file.
#[test]
fn f01_the_committed_api_document_is_the_one_of_the_route_table() {
    let committed = include_str!("../../../schemas/openapi.json");
    assert!(committed == api_document().to_json().unwrap(), "run `stocksync-server openapi > schemas/openapi.json`");
}

#[test]
fn every_operation_id_and_path_is_unique() {
    let routes = routes();
    let mut ids: Vec<&str> = routes.iter().map(|route| route.operation().id.as_ref()).collect();
    let mut paths: Vec<String> = routes.iter().map(|route| format!("{} {}", route.method(), route.path())).collect();
    for names in [&mut ids.iter().map(|id| (*id).to_owned()).collect(), &mut paths] {
        let all: usize = Vec::len(names);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }
    ids.retain(|id| id.is_empty() || id.contains(|c: char| !(c.is_ascii_lowercase() || c == '_')));
    assert_eq!(ids, Vec::<&str>::new(), "not in snake case");
}

/// A public route's handler gets no principal, and one that needs a permission uses the principal: what is read belongs to
/// its tenant.
#[test]
fn i11_a_handler_takes_a_principal_exactly_where_its_route_needs_a_permission() {
    let mut used = Vec::new();
    for route in routes() {
        let access = route.operation().access;
        assert_eq!(route.takes_principal(), access != Access::Public, "{}", route.path());
        if let Access::Requires(permission) = access {
            used.push(permission.name());
        }
    }
    for permission in Permission::ALL {
        assert!(used.contains(&permission.name()), "no route needs {}", permission.name());
    }
}

#[tokio::test]
async fn the_console_is_one_page_that_loads_nothing() {
    let Some(test) = TestDatabase::new().await else { return };
    let answer = crate::http::get(&test.app(), "/").await;
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let page = String::from_utf8(bytes(answer).await).unwrap();
    for loads in ["src=\"http", "href=\"http", "@import", "innerHTML"] {
        assert!(!page.contains(loads), "{loads}");
    }
}
