//! Migrations run once, in order, and not after they were changed.

use stocksync_server::clock::now_ms;
use stocksync_server::migrate::{MigrateError, migrate, needed};

use crate::support::{TestDatabase, connect};

#[tokio::test]
async fn two_servers_that_start_together_migrate_once() {
    let Some(test) = TestDatabase::empty().await else { return };
    let owner = test.owner();
    let (one, other) = tokio::join!(migrate(&owner, now_ms()), migrate(&owner, now_ms()));
    let mut ran = one.unwrap();
    ran.extend(other.unwrap());
    assert_eq!(ran, (1..=needed()).collect::<Vec<_>>());
    assert!(migrate(&owner, now_ms()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let Some(test) = TestDatabase::new().await else { return };
    let owner = connect(&test.owner()).await;
    owner.execute("UPDATE meta.migrations SET checksum = 'another' WHERE number = 1", &[]).await.unwrap();
    let error = migrate(&test.owner(), now_ms()).await.unwrap_err();
    assert!(matches!(error, MigrateError::Changed { .. }), "{error}");
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let Some(test) = TestDatabase::new().await else { return };
    let owner = connect(&test.owner()).await;
    owner.execute("INSERT INTO meta.migrations VALUES (9999, '9999_later', 'x', 0)", &[]).await.unwrap();
    assert!(migrate(&test.owner(), now_ms()).await.unwrap().is_empty());
}
