//! The private Postgres: made, kept over a restart, joined by a second process, stopped.

use std::time::Duration;

use stocksync_server::embedded::{Cluster, EmbeddedError, Options};

use crate::support::{TestDatabase, connect, folder};

fn options(name: &str) -> Options {
    let data_dir = folder(name);
    let _ = std::fs::remove_dir_all(&data_dir);
    Options { data_dir, binaries: None, throw_away: true }
}

#[tokio::test]
async fn a_cluster_keeps_its_data_over_a_restart_and_is_run_once() {
    if TestDatabase::empty().await.is_none() {
        return;
    }
    let options = options("restart");
    let cluster = Cluster::start(&options).await.unwrap();
    cluster.create_database("kept").await.unwrap();
    let owner = connect(&cluster.owner("kept")).await;
    owner.batch_execute("CREATE TABLE t (n integer); INSERT INTO t VALUES (7)").await.unwrap();

    assert!(matches!(Cluster::start(&options).await, Err(EmbeddedError::InUse { .. })));
    let joined = Cluster::start_or_join(&options).await.unwrap();
    let row = connect(&joined.owner("kept")).await.query_one("SELECT n FROM t", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 7);
    joined.stop().await;
    owner.query_one("SELECT n FROM t", &[]).await.expect("the one who joined does not stop it");
    drop(owner);
    cluster.stop().await;

    let again = Cluster::start(&options).await.unwrap();
    let row = connect(&again.owner("kept")).await.query_one("SELECT n FROM t", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 7);
    again.stop().await;
    std::fs::remove_dir_all(&options.data_dir).unwrap();
}

#[tokio::test]
async fn a_half_made_cluster_is_made_anew() {
    if TestDatabase::empty().await.is_none() {
        return;
    }
    let options = options("half-made");
    std::fs::create_dir_all(options.data_dir.join("postgres.new/base")).unwrap();
    let cluster = Cluster::start(&options).await.unwrap();
    cluster.stop().await;
    assert!(!options.data_dir.join("postgres.new").exists());
    std::fs::remove_dir_all(&options.data_dir).unwrap();
}

#[tokio::test]
async fn nothing_listens_on_the_network() {
    let Some(test) = TestDatabase::empty().await else { return };
    let client = connect(&test.admin()).await;
    let addresses: String = client.query_one("SHOW listen_addresses", &[]).await.unwrap().get(0);
    assert_eq!(addresses, "");
}

#[tokio::test]
async fn a_broken_cluster_says_what_its_log_says() {
    if TestDatabase::empty().await.is_none() {
        return;
    }
    let options = options("broken");
    let cluster = Cluster::start(&options).await.unwrap();
    cluster.stop().await;
    std::fs::write(options.data_dir.join("postgres/PG_VERSION"), "9.1\n").unwrap();
    let begin = std::time::Instant::now();
    let error = Cluster::start(&options).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Start { .. }), "{error}");
    assert!(error.to_string().contains("9.1"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(10));
    std::fs::remove_dir_all(&options.data_dir).unwrap();
}
