//! The tables of device and server, by numbered migration with checksums.
//!
//! Owns the list of the SQL files. A released file is never edited: its line in `migrations.sha256` would no longer hold.

use sha2::{Digest, Sha256};

/// One migration.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, from 1, without gaps.
    pub number: u32,
    /// Its file name, without ending.
    pub name: &'static str,
    /// What it runs.
    pub sql: &'static str,
}

impl Migration {
    /// SHA-256 of the SQL text, hexadecimal; kept beside the number in each migrated database.
    #[must_use]
    pub fn checksum(&self) -> String {
        crate::ids::to_hex(&Sha256::digest(self.sql.as_bytes()))
    }
}

/// The device's migrations (SQLite), in order.
pub const DEVICE: &[Migration] = &[
    Migration { number: 1, name: "0001_initial", sql: include_str!("../device/0001_initial.sql") },
    Migration { number: 2, name: "0002_held_scans", sql: include_str!("../device/0002_held_scans.sql") },
    Migration { number: 3, name: "0003_variant_tracking", sql: include_str!("../device/0003_variant_tracking.sql") },
    Migration { number: 4, name: "0004_complete_closes", sql: include_str!("../device/0004_complete_closes.sql") },
];

/// The server's migrations (Postgres), in order.
pub const SERVER: &[Migration] = &[
    Migration { number: 1, name: "0001_initial", sql: include_str!("../server/0001_initial.sql") },
    Migration { number: 2, name: "0002_records", sql: include_str!("../server/0002_records.sql") },
];
