//! Rules of `schemas/server` that hold for every table, read from the catalogue: a table that breaks one fails here.

use tokio_postgres::Client;

use crate::support::{TestDatabase, connect};

async fn names(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn i11_every_table_forces_row_security_by_tenant() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = connect(&test.owner()).await;
    let tables = names(
        &client,
        "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p')",
    )
    .await;
    assert!(tables.len() >= 5, "{tables:?}");
    let open = "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') \
         AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS ( \
             SELECT 1 FROM pg_policies p WHERE p.schemaname = 'app' AND p.tablename = c.relname AND p.cmd = 'ALL' \
             AND p.qual LIKE '(tenant_id = (NULLIF(current_setting(''app.tenant''%' AND p.with_check = p.qual))";
    assert_eq!(names(&client, open).await, Vec::<String>::new(), "without forced row security");
}

#[tokio::test]
async fn tenant_id_comes_first_in_every_index() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = connect(&test.owner()).await;
    let others = "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] \
         WHERE c.relnamespace = 'app'::regnamespace AND a.attname <> 'tenant_id'";
    assert_eq!(names(&client, others).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_application_owns_nothing_and_cannot_rewrite_the_log() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = connect(&test.owner()).await;
    let owned = "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace IN ('app'::regnamespace, 'meta'::regnamespace) \
         AND pg_has_role('stocksync_app', c.relowner, 'MEMBER')";
    assert_eq!(names(&client, owned).await, Vec::<String>::new());
    let sequences =
        "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'S'";
    assert_eq!(names(&client, sequences).await, Vec::<String>::new(), "a sequence is not an order");
    let triggers = "SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
         WHERE c.relnamespace = 'app'::regnamespace AND NOT t.tgisinternal";
    assert_eq!(names(&client, triggers).await, Vec::<String>::new());
    let temporary: bool = client
        .query_one("SELECT has_database_privilege('stocksync_app', current_database(), 'TEMP')", &[])
        .await
        .unwrap()
        .get(0);
    assert!(!temporary);
}

#[tokio::test]
async fn i11_without_a_tenant_every_table_is_empty() {
    let Some(test) = TestDatabase::new().await else { return };
    test.tenant().await;
    let client = connect(&test.application()).await;
    let readable = names(
        &client,
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.role_table_grants \
         WHERE table_schema = 'app' AND grantee = 'stocksync_app' AND privilege_type = 'SELECT'",
    )
    .await;
    assert!(!readable.is_empty());
    for table in readable {
        let rows = client.query(&format!("SELECT 1 FROM {table}"), &[]).await.unwrap();
        assert!(rows.is_empty(), "{table}");
    }
}
