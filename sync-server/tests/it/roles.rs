//! Who may serve, and what a tenant's transaction sees.

use stocksync_server::database::{Database, DatabaseError};

use crate::support::{TestDatabase, connect};

#[tokio::test]
async fn serve_refuses_every_role_that_row_security_does_not_bind() {
    let Some(test) = TestDatabase::new().await else { return };
    for (address, word) in [(test.admin(), "superuser"), (test.owner(), "bypasses")] {
        let error = Database::new(address, 2).unwrap().check_role().await.unwrap_err();
        assert!(matches!(error, DatabaseError::RoleTooStrong { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
    test.database().check_role().await.unwrap();

    // Neither superuser nor bypassing, but a member of the owner: still an owner.
    let admin = connect(&test.admin()).await;
    let role = format!("member_{}", test.name);
    admin.batch_execute(&format!("CREATE ROLE {role} LOGIN; GRANT stocksync_owner TO {role}")).await.unwrap();
    let error = Database::new(test.owner().with_user(&role), 2).unwrap().check_role().await.unwrap_err();
    assert!(error.to_string().contains("owner of the tables"), "{error}");
    admin.batch_execute(&format!("DROP ROLE {role}")).await.unwrap();
}

#[tokio::test]
async fn a_transaction_sees_its_tenant_and_nothing_is_left_after_it() {
    let Some(test) = TestDatabase::new().await else { return };
    let (one, other) = (test.tenant().await, test.tenant().await);
    let database = Database::new(test.application(), 1).unwrap();
    let mut connection = database.connection().await.unwrap();
    for tenant in [one, other] {
        let transaction = Database::begin(&mut connection, tenant).await.unwrap();
        let rows = transaction.query("SELECT tenant_id FROM app.tenants", &[]).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.get::<_, uuid::Uuid>(0)).collect::<Vec<_>>(), [tenant]);
        transaction.commit().await.unwrap();
        let after = connection.query("SELECT tenant_id FROM app.tenants", &[]).await.unwrap();
        assert!(after.is_empty(), "the tenant ends with its transaction");
    }
    drop(Database::begin(&mut connection, one).await.unwrap());
    assert!(connection.query("SELECT 1 FROM app.tenants", &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn connections_carry_the_limits() {
    let Some(test) = TestDatabase::new().await else { return };
    let connection = test.database().connection().await.unwrap();
    for (setting, value) in [
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("citus.propagate_set_commands", "local"),
    ] {
        let row = connection.query_one("SELECT current_setting($1)", &[&setting]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), value, "{setting}");
    }
}

#[tokio::test]
async fn a_full_pool_is_unavailable_after_two_seconds() {
    let Some(test) = TestDatabase::new().await else { return };
    let database = Database::new(test.application(), 1).unwrap();
    let held = database.connection().await.unwrap();
    let begin = std::time::Instant::now();
    assert!(matches!(database.connection().await, Err(DatabaseError::Unavailable(_))));
    let waited = begin.elapsed().as_millis();
    assert!((1_900..4_000).contains(&waited), "{waited} ms");
    drop(held);
    let _ = database.connection().await.unwrap();
}
