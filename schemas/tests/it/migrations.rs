//! Migrations: every released file is as it was released, and none is missing from its list.

use std::path::Path;

use stocksync_schemas::migrations::{DEVICE, Migration, SERVER};

/// Lines of `SHA-256  path`, one for each released migration; a new migration adds its line and changes no other.
const RELEASED: &str = include_str!("../../migrations.sha256");

fn listed() -> Vec<String> {
    let line = |folder: &'static str| {
        move |migration: &Migration| format!("{}  {folder}/{}.sql", migration.checksum(), migration.name)
    };
    DEVICE.iter().map(line("device")).chain(SERVER.iter().map(line("server"))).collect()
}

/// A01: a database in the field was made by exactly these statements.
#[test]
fn a_released_migration_is_never_edited() {
    assert_eq!(RELEASED.lines().collect::<Vec<_>>(), listed());
}

#[test]
fn migrations_are_numbered_without_gaps_and_every_file_is_listed() {
    for (folder, migrations) in [("device", DEVICE), ("server", SERVER)] {
        for (at, migration) in migrations.iter().enumerate() {
            assert_eq!(migration.number as usize, at + 1, "{folder}");
            assert!(migration.name.starts_with(&format!("{:04}_", migration.number)), "{}", migration.name);
        }
        let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
        assert_eq!(files.count(), migrations.len(), "{folder}");
    }
}
