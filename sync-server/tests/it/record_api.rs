//! Records over the API: lists, lookups, names beside ids, and what people may put into a name.

use serde_json::{Value, json};
use stocksync_ledger::records::{Document, Edit, FieldValue};
use stocksync_schemas::collections::{ALL, LOTS, PRODUCTS, VARIANTS};
use stocksync_schemas::{Body, Cell, Count, Location, Move, MovementLine, RecordId, VariantId, wire};
use uuid::Uuid;

use crate::api::{ApiClient, EXCHANGE};
use crate::conformance::{Phone, movement};
use crate::record_conformance::{catalogue, change, edit, named, text};
use crate::support::TestDatabase;

pub const AISLE: Location = Location([5; 16]);
const LOOSE_LEAF: VariantId = VariantId([2; 16]);

/// Sends what the phone captured; it stays in sync with the log.
async fn push(client: &ApiClient, phone: &mut Phone) {
    let answer = crate::api::bytes(client.send(EXCHANGE, wire::encode_request(&phone.request().request)).await).await;
    phone.take(&wire::decode_response(&answer).unwrap());
}

fn id(n: u8) -> String {
    Uuid::from_bytes([n; 16]).to_string()
}

pub fn receipt(quantity: i64) -> Body {
    let line =
        MovementLine { variant: LOOSE_LEAF, lot: "10:L7".into(), quantity, entered: "1 x".into(), unit_cost: None };
    let reference = String::new();
    Body::Move(Move { from: Location::SUPPLIER, to: AISLE, lines: vec![line], reason: "receipt".into(), reference })
}

/// B01: create, read, change, delete, gone, restore, there again.
#[tokio::test]
async fn b01_a_product_lives_over_the_api() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = ApiClient::enrol(&test, &test.app()).await;
    let mut phone = client.phone(1);
    let (mut tea, mut variant) = (Document::new(), Document::new());
    change(&mut phone, 0, &PRODUCTS, RecordId([1; 16]), &mut tea, &named("Tea"));
    let price = |price| edit(&[("price", FieldValue::Integer(price)), ("currency", text("EUR"))]);
    change(&mut phone, 0, &VARIANTS, RecordId([2; 16]), &mut variant, &price(9_999));
    push(&client, &mut phone).await;
    let path = format!("/api/v1/products/{}", id(1));
    let found = client.get(&path).await["data"].clone();
    assert_eq!((&found["id"], &found["name"], &found["status"]), (&json!(id(1)), &json!("Tea"), &json!("active")));
    assert_eq!((&found["complete"], &found["deleted_ms"], &found["lost"]), (&json!(true), &Value::Null, &json!({})));
    let price_path = format!("/api/v1/variants/{}", id(2));
    assert_eq!(client.get(&price_path).await["data"]["price"], 9_999);
    assert_eq!(
        client.get(&price_path).await["data"]["complete"],
        false,
        "what a merge left incomplete is shown as such"
    );
    change(&mut phone, 1, &VARIANTS, RecordId([2; 16]), &mut variant, &price(14_999));
    let delete = |deleted| Edit { deleted: Some(deleted), ..Edit::default() };
    change(&mut phone, 2, &PRODUCTS, RecordId([1; 16]), &mut tea, &delete(true));
    push(&client, &mut phone).await;
    assert_eq!(client.get(&price_path).await["data"]["price"], 14_999);
    assert_eq!(client.get(&path).await["error"]["code"], "not_found");
    assert_eq!(client.get("/api/v1/products").await["data"], json!([]));
    let tombstone = client.get("/api/v1/products?deleted=true").await["data"][0].clone();
    assert!(tombstone["deleted_ms"].is_i64() && tombstone["name"] == "Tea");
    change(&mut phone, 3, &PRODUCTS, RecordId([1; 16]), &mut tea, &delete(false));
    push(&client, &mut phone).await;
    assert_eq!(client.get(&path).await["data"]["name"], "Tea");
    assert_eq!(client.get(&format!("/api/v1/products/{}", id(7))).await["error"]["code"], "not_found");
    assert_eq!(client.get("/api/v1/products/nonsense").await["error"]["code"], "not_found");
}

#[tokio::test]
async fn codes_find_what_a_scan_would() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = ApiClient::enrol(&test, &test.app()).await;
    let mut phone = client.phone(1);
    catalogue(&mut phone, 0, "Tea");
    push(&client, &mut phone).await;
    // UPC-A, EAN-13 and GTIN-14 of one number, and an element string with it.
    for code in ["012345678905", "0012345678905", "00012345678905", "(01)00012345678905(10)L7"] {
        let found = client.get(&format!("/api/v1/identifiers?code={code}")).await["data"].clone();
        assert_eq!(found[0]["variant"], id(2), "{code}: {found}");
        assert_eq!((&found[0]["pack_numerator"], &found[0]["scheme"]), (&json!(12), &json!("gtin")));
    }
    let some = [
        ("variants?code=tea-1", 2),
        ("locations?code=A-3", 5),
        ("lots?code=L7", 6),
        ("lots?code=10:L7", 6),
        (&format!("variants?parent={}", id(1)), 2),
        (&format!("identifiers?parent={}", id(2)), 3),
        (&format!("lots?parent={}", id(2)), 6),
    ];
    for (asked, found) in some {
        let data = client.get(&format!("/api/v1/{asked}")).await["data"].clone();
        assert_eq!((data.as_array().unwrap().len(), &data[0]["id"]), (1, &json!(id(found))), "{asked}");
    }
    assert_eq!(client.get("/api/v1/lots?code=L7").await["data"][0]["expiry"], "2027-02-28");
    for none in ["identifiers?code=0012345678906", "variants?code=TEA-2", "products?code=TEA-1"] {
        assert_eq!(client.get(&format!("/api/v1/{none}")).await["data"], json!([]), "{none}");
    }
    for bad in [
        "code=",
        "code=x&parent=x",
        "code=%00",
        &format!("code=x&parent={}", id(1)),
        "changed_after=x",
        &format!("code=x&after={}.%00", id(1)),
    ] {
        let answer = client.get(&format!("/api/v1/products?{bad}")).await;
        assert_eq!(answer["error"]["code"], "invalid_request", "{bad}");
    }
}

/// F04: who follows the order of change misses nothing, whatever is added or edited meanwhile.
#[tokio::test]
async fn f04_changes_since_a_position_follow_on() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = ApiClient::enrol(&test, &test.app()).await;
    let mut phone = client.phone(1);
    let mut documents: Vec<Document> = (0..7).map(|_| Document::new()).collect();
    for (n, document) in (1_u8..).zip(&mut documents) {
        change(&mut phone, 0, &PRODUCTS, RecordId([n; 16]), document, &named(&format!("n{n}")));
    }
    push(&client, &mut phone).await;
    let first = client.get("/api/v1/products?limit=5").await;
    change(&mut phone, 1, &PRODUCTS, RecordId([1; 16]), &mut documents[0], &named("edited"));
    change(&mut phone, 1, &PRODUCTS, RecordId([8; 16]), &mut Document::new(), &named("n8"));
    push(&client, &mut phone).await;
    let next = first["meta"]["next"].as_str().unwrap();
    let rest = client.get(&format!("/api/v1/products?limit=5&after={next}")).await;
    let names: Vec<&str> = rest["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["n6", "n7", "edited", "n8"]);
    let since = client.get("/api/v1/products?changed_after=7").await["data"].clone();
    assert_eq!(since.as_array().unwrap().len(), 2);
    assert_eq!(since[0]["position"], 8);
}

/// Names stand beside ids in every list; a hostile name comes as the text that it is.
#[tokio::test]
async fn names_stand_beside_ids() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = ApiClient::enrol(&test, &test.app()).await;
    let mut phone = client.phone(1);
    let hostile = "<script>alert(1)</script>";
    catalogue(&mut phone, 0, hostile);
    phone.capture(1, receipt(3_000));
    let cell = Cell { variant: LOOSE_LEAF, location: AISLE, lot: "10:L7".into() };
    let session = Some(stocksync_schemas::SessionId([1; 16]));
    phone.capture(2, Body::Count(Count { cell, counted: 2_000, expected: None, session }));
    phone.capture(3, movement(Location::SUPPLIER, AISLE, 1_000));
    push(&client, &mut phone).await;
    let balances = client.get(&format!("/api/v1/balances?location={}", id(5))).await["data"].clone();
    let (known, stranger) = (&balances[0], &balances[1]);
    assert_eq!(known["product_name"], hostile);
    assert_eq!((&known["variant_name"], &known["sku"]), (&json!("Loose leaf"), &json!("TEA-1")));
    assert_eq!((&known["location_name"], &known["location_code"]), (&json!("Aisle 3"), &json!("A-3")));
    assert_eq!((&known["unit"], &stranger["expiry"]), (&json!("each"), &Value::Null));
    assert_eq!((&stranger["product_name"], &stranger["sku"]), (&Value::Null, &Value::Null), "no record, no name");
    // The record of a lot has the id that its name gives it.
    let lot = stocksync_ledger::records::lot_id(LOOSE_LEAF, "10:L7");
    let expires = [("variant", text(&id(2))), ("code", text("10:L7")), ("expiry", text("2027-02-28"))];
    change(&mut phone, 4, &LOTS, lot, &mut Document::new(), &edit(&expires));
    push(&client, &mut phone).await;
    let balances = client.get(&format!("/api/v1/balances?location={}", id(5))).await["data"].clone();
    assert_eq!(balances[0]["expiry"], "2027-02-28");
    let movements = client.get("/api/v1/movements").await["data"].clone();
    assert_eq!((&movements[1]["to_name"], &movements[1]["from_name"]), (&json!("Aisle 3"), &Value::Null));
    assert_eq!(movements[1]["lines"][0]["sku"], "TEA-1");
    let exceptions = client.get("/api/v1/exceptions").await["data"].clone();
    let of = |kind: &str| exceptions.as_array().unwrap().iter().find(|row| row["kind"] == kind).unwrap();
    assert_eq!(of("count_open")["location_name"], "Aisle 3");
    assert_eq!(
        (&of("record_waits")["collection"], &of("record_waits")["subject"]),
        (&json!("products"), &json!(id(9)))
    );
}

/// What was refused, and what could not be read at all, lies there for a person.
#[tokio::test]
async fn refused_ops_can_be_looked_at() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = ApiClient::enrol(&test, &test.app()).await;
    let mut phone = client.phone(1);
    phone.capture(0, movement(AISLE, AISLE, 1));
    let mut request: Value =
        serde_json::from_slice(&wire::json::encode_request(&phone.request().request).unwrap()).unwrap();
    request["ops"].as_array_mut().unwrap().push(json!({ "op": { "lane": { "seq": 2 }, "note": "torn" } }));
    for _ in 0..2 {
        client.send(&format!("{EXCHANGE}?format=json"), request.to_string().into_bytes()).await;
    }
    let first = client.get("/api/v1/rejected?limit=1").await;
    assert_eq!((&first["data"][0]["code"], &first["data"][0]["decoded"]), (&json!("invalid_body"), &json!(true)));
    let next = first["meta"]["next"].as_str().unwrap();
    let second = client.get(&format!("/api/v1/rejected?limit=9&after={next}")).await["data"].clone();
    assert_eq!(second.as_array().unwrap().len(), 1, "sent twice, kept once");
    assert_eq!((&second[0]["seq"], &second[0]["decoded"]), (&json!(2), &json!(false)));
    let kept = stocksync_schemas::ids::bytes_from_hex(second[0]["bytes"].as_str().unwrap()).unwrap();
    assert!(String::from_utf8(kept).unwrap().contains("torn"));
    // It takes no place: the op itself, when it comes whole, is taken.
    phone.outbox.clear();
    phone.capture(1, movement(Location::SUPPLIER, AISLE, 1_000));
    push(&client, &mut phone).await;
    assert!(matches!(phone.verdicts[0].verdict, stocksync_schemas::Verdict::Ok(_)), "{:?}", phone.verdicts);
}

#[test]
fn f01_the_openapi_document_names_the_fields_of_every_collection() {
    let document: Value = serde_json::from_str(include_str!("../../../schemas/openapi.json")).unwrap();
    for collection in ALL {
        let list = &document["paths"][format!("/api/v1/{}", collection.name)]["get"]["responses"]["200"];
        let reference = &list["content"]["application/json"]["schema"]["properties"]["data"]["items"]["$ref"];
        let name = reference.as_str().unwrap().rsplit('/').next().unwrap();
        let properties = document["components"]["schemas"][name]["allOf"][1]["properties"].as_object().unwrap();
        let mut expected: Vec<&str> = collection.fields.iter().map(|field| field.name).collect();
        let mut documented: Vec<&str> = properties.keys().map(String::as_str).collect();
        expected.sort_unstable();
        documented.sort_unstable();
        assert_eq!(documented, expected, "{}", collection.name);
    }
}
