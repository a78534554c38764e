//! H06: hot statements reach their rows by index. The generic plan is asked for: it is what a prepared statement ends with.

use stocksync_server::auth::store as auth;
use stocksync_server::database::Database;
use stocksync_server::features::catalogue::store as catalogue;
use stocksync_server::features::{devices, exceptions, rejected, stock};
use stocksync_server::op_log::postgres::sql;
use tokio_postgres::SimpleQueryMessage;

use crate::support::{TestDatabase, connect};

/// A log of some 40 000 movements of 500 variants at 4 locations, made by the database itself.
const FILL: &str = "
INSERT INTO app.ops SELECT t.tenant_id, n, '00000000-0000-0000-0000-000000000001', n, sha256(n::text::bytea), ''::bytea,
    '00000000-0000-0000-0000-000000000002', n, n, '00000000-0000-0000-0000-000000000003', 0,
    '00000000-0000-0000-0000-000000000004', 1, 1, ''::bytea, n, n, 1, n - 1, n - 1, n
FROM app.tenants t, generate_series(1, 40000) n;
INSERT INTO app.op_cells SELECT tenant_id, md5((position % 500)::text)::uuid, md5((position % 4)::text || 'l')::uuid, '',
    position, 1000, true FROM app.ops;
INSERT INTO app.cells SELECT DISTINCT tenant_id, location_id, variant_id, lot, ''::bytea, 1, 1, 0::smallint, 1
    FROM app.op_cells;
INSERT INTO app.records SELECT t.tenant_id, 'products', md5(n::text)::uuid, ''::bytea, 0, n, n, NULL, true,
    'S' || n, md5((n % 500)::text)::uuid, 'S' || n, '{}' FROM app.tenants t, generate_series(1, 20000) n;
INSERT INTO app.products SELECT tenant_id, record_id, 'x', code FROM app.records;
INSERT INTO app.variants SELECT tenant_id, record_id, record_id, 'x', code FROM app.records;
UPDATE app.tenant_clock SET position = 40000;";

#[tokio::test]
async fn hot_statements_reach_their_rows_by_the_index_meant_for_them() {
    let Some(test) = TestDatabase::new().await else { return };
    let tenant = test.tenant().await;
    let owner = connect(&test.owner()).await;
    owner.batch_execute(FILL).await.unwrap();
    // A server that has just filled its tables has no statistics; one that has run for a while has.
    plans(&test, tenant).await;
    owner.batch_execute("ANALYZE").await.unwrap();
    plans(&test, tenant).await;
}

async fn plans(test: &TestDatabase, tenant: uuid::Uuid) {
    let mut connection = test.database().connection().await.unwrap();
    connection.batch_execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
    let served = Database::begin(&mut connection, tenant).await.unwrap();
    let id = uuid::Uuid::nil();
    let (ids, numbers): (String, &str) = (format!("ARRAY['{id}']::uuid[]"), "ARRAY[1]::bigint[]");
    // Name, statement, its parameters, the index.
    let cases = [
        ("CLOCK", sql::CLOCK, "1".to_owned(), "tenant_clock_pk"),
        ("ISSUED", sql::ISSUED, numbers.to_owned(), "ops_pk"),
        ("KNOWN", sql::KNOWN, format!("'{id}', {numbers}"), "ops_lane_uk"),
        ("PAGE", sql::PAGE, "39000, 1000".to_owned(), "ops_pk"),
        ("VOIDS", sql::VOIDS, format!("{ids}, {numbers}"), "voids_lane"),
        ("ENTRIES", sql::ENTRIES, format!("{ids}, {numbers}"), "ops_lane_uk"),
        ("CELLS", sql::CELLS, format!("{ids}, {ids}, ARRAY['']"), "cells_pk"),
        ("HISTORY", sql::HISTORY, format!("{ids}, {ids}, ARRAY[''], {numbers}, ARRAY[true]"), "op_cells_pk"),
        ("SET_LIVE", sql::SET_LIVE, format!("{numbers}, ARRAY[true]"), "op_cells_position"),
        ("CLOSE_EXCEPTIONS", sql::CLOSE_EXCEPTIONS, "1, ARRAY['']::bytea[]".to_owned(), "exceptions_pk"),
        ("SESSION_CLOSES", sql::SESSION_CLOSES, ids.clone(), "closes_pk"),
        ("COMPLETE_CLOSES", sql::COMPLETE_CLOSES, format!("{ids}, {numbers}"), "complete_closes_pk"),
        ("LOCATION_CLOSES", sql::LOCATION_CLOSES, ids.clone(), "complete_closes_pk"),
        ("LANE_HEADS", sql::LANE_HEADS, ids.clone(), "lanes_pk"),
        ("BALANCES", stock::store::BALANCES, format!("'{id}', '{id}', '', '{id}', '{id}', '{id}', 50"), "cells_pk"),
        ("RECORDS", sql::RECORDS, format!("ARRAY['products'], {ids}"), "records_pk"),
        ("RECORD_WAITS", sql::RECORD_WAITS, format!("ARRAY['products'], {ids}"), "record_waits_pk"),
        ("DELETE_WAITS", sql::DELETE_WAITS, format!("ARRAY['products'], {ids}, {numbers}"), "record_waits_pk"),
        ("CLAIMS", sql::CLAIMS, "ARRAY['products'], ARRAY['S7']".to_owned(), "records_unique_key"),
        ("CHANGED", catalogue::CHANGED, format!("'products', 7, '{id}', false, 50"), "records_position"),
        ("BY_CODE", catalogue::BY_CODE, format!("'products', ARRAY['S7'], '', '{id}', false, 50"), "records_code"),
        ("BY_PARENT", catalogue::BY_PARENT, format!("'products', '{id}', '{id}', false, 50"), "records_parent"),
        ("ONE", catalogue::ONE, format!("'products', '{id}'"), "records_pk"),
        ("PRODUCT_FIELDS", catalogue::PRODUCT_FIELDS, ids.clone(), "products_pk"),
        ("VARIANT_NAMES", catalogue::VARIANT_NAMES, ids.clone(), "variants_pk"),
        ("LOCATION_NAMES", catalogue::LOCATION_NAMES, ids.clone(), "locations_pk"),
        ("LOT_EXPIRIES", catalogue::LOT_EXPIRIES, ids.clone(), "lots_pk"),
        ("REJECTED", rejected::store::REJECTED, format!("'{id}', 0, ''::bytea, 50"), "rejected_ops_pk"),
        ("EXCEPTIONS", exceptions::store::EXCEPTIONS, "1, ''::bytea, 50".to_owned(), "exceptions_open"),
        ("DEVICES", devices::store::DEVICES, format!("'{id}', 50"), "devices_pk"),
        ("CREDENTIALS", auth::CREDENTIALS, format!("'{id}'"), "credentials_pk"),
        ("MOVEMENTS", stock::store::MOVEMENTS, "39000, 50".to_owned(), "ops_pk"),
    ];
    for (name, statement, parameters, index) in cases {
        served.batch_execute(&format!("PREPARE {name} AS {statement}")).await.unwrap();
        let explain = format!("EXPLAIN EXECUTE {name} ('{tenant}', {parameters})");
        let rows = served.simple_query(&explain).await.unwrap();
        let lines = rows.iter().filter_map(|row| match row {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        let plan = lines.collect::<Vec<_>>().join("\n");
        assert!(plan.contains(&format!("using {index} ")) || plan.contains(&format!("on {index} ")), "{name}:\n{plan}");
        for slow in ["Seq Scan on ", "Hash Join", "Merge Join"] {
            assert!(!plan.contains(slow), "{name}:\n{plan}");
        }
    }
}
