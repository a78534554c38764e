//! Records: encoded documents, changes whose predecessors have not arrived, and the rows that lists and look-ups read.
//!
//! Owns the tables `records`, `record_waits`, `products`, `variants`, `identifiers`, `locations`, `lots`. Must never decode a
//! document.

use rusqlite::{OptionalExtension, params};
use stocksync_ledger::records::Row;
use stocksync_schemas::{Lane, RecordId, ReplicaId};

use super::{Reader, Writer, fixed, signed};
use crate::Error;

impl Reader<'_> {
    /// The encoded document of a record.
    pub(crate) fn document_bytes(&self, collection: &str, id: RecordId) -> Result<Option<Vec<u8>>, Error> {
        let sql = "SELECT document FROM records WHERE collection = ?1 AND record = ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row(params![collection, id.0], |row| row.get(0)).optional()?)
    }

    /// Lanes of ops whose changes of the record wait for an earlier change.
    pub(crate) fn record_waits(&self, collection: &str, id: RecordId) -> Result<Vec<Lane>, Error> {
        let sql = "SELECT replica, seq FROM record_waits WHERE collection = ?1 AND record = ?2 ORDER BY replica, seq";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![collection, id.0], |row| {
            let replica = ReplicaId(fixed(row.get_ref(0)?.as_blob()?)?);
            Ok(Lane { replica, seq: row.get::<_, i64>(1)?.unsigned_abs() })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Inserts or replaces the encoded document of a record.
    pub(crate) fn upsert_document(&self, collection: &str, id: RecordId, bytes: &[u8]) -> Result<(), Error> {
        let sql = "INSERT INTO records (collection, record, document) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET document = excluded.document";
        self.connection().prepare_cached(sql)?.execute(params![collection, id.0, bytes])?;
        Ok(())
    }

    /// Records that the change in `lane` waits for an earlier one.
    pub(crate) fn insert_record_wait(&self, collection: &str, id: RecordId, lane: Lane) -> Result<(), Error> {
        let sql = "INSERT OR IGNORE INTO record_waits (replica, seq, collection, record) VALUES (?1, ?2, ?3, ?4)";
        self.connection().prepare_cached(sql)?.execute(params![lane.replica.0, signed(lane.seq), collection, id.0])?;
        Ok(())
    }

    /// Records that the change in `lane` waits no more.
    pub(crate) fn delete_record_wait(&self, lane: Lane) -> Result<(), Error> {
        let sql = "DELETE FROM record_waits WHERE replica = ?1 AND seq = ?2";
        self.connection().prepare_cached(sql)?.execute(params![lane.replica.0, signed(lane.seq)])?;
        Ok(())
    }

    /// Records that no change of a record waits any more.
    pub(crate) fn delete_record_waits(&self, collection: &str, id: RecordId) -> Result<(), Error> {
        let sql = "DELETE FROM record_waits WHERE collection = ?1 AND record = ?2";
        self.connection().prepare_cached(sql)?.execute(params![collection, id.0])?;
        Ok(())
    }

    /// Replaces the row of a record that lists and look-ups read; `None` removes it.
    pub(crate) fn replace_projection(&self, collection: &str, id: RecordId, row: Option<&Row>) -> Result<(), Error> {
        let connection = self.connection();
        let remove = match collection {
            "products" => "DELETE FROM products WHERE record = ?1",
            "variants" => "DELETE FROM variants WHERE record = ?1",
            "identifiers" => "DELETE FROM identifiers WHERE record = ?1",
            "locations" => "DELETE FROM locations WHERE record = ?1",
            "lots" => "DELETE FROM lots WHERE record = ?1",
            _ => return Ok(()),
        };
        connection.prepare_cached(remove)?.execute([id.0])?;
        let Some(row) = row else { return Ok(()) };
        let reference = |name: &str| row.text(name).parse::<RecordId>().ok().map(|id| id.0);
        match collection {
            "products" => {
                let sql = "INSERT INTO products (record, name, sku, status) VALUES (?1, ?2, ?3, ?4)";
                connection.prepare_cached(sql)?.execute(params![
                    id.0,
                    row.text("name"),
                    row.text("sku"),
                    row.text("status")
                ])?
            }
            "variants" => {
                let sql = "INSERT INTO variants (record, product, name, sku, unit, decimals, tracking)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
                connection.prepare_cached(sql)?.execute(params![
                    id.0,
                    reference("product").unwrap_or_default(),
                    row.text("name"),
                    row.text("sku"),
                    row.text("unit"),
                    row.integer("decimals").unwrap_or(0),
                    row.text("tracking")
                ])?
            }
            "identifiers" => {
                let sql = "INSERT INTO identifiers (record, variant, scheme, value, pack_numerator, pack_denominator)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
                connection.prepare_cached(sql)?.execute(params![
                    id.0,
                    reference("variant").unwrap_or_default(),
                    row.text("scheme"),
                    row.text("value"),
                    row.integer("pack_numerator").unwrap_or(1),
                    row.integer("pack_denominator").unwrap_or(1)
                ])?
            }
            "locations" => {
                let sql = "INSERT INTO locations (record, name, code, kind, parent) VALUES (?1, ?2, ?3, ?4, ?5)";
                connection.prepare_cached(sql)?.execute(params![
                    id.0,
                    row.text("name"),
                    row.text("code"),
                    row.text("kind"),
                    reference("parent")
                ])?
            }
            _ => {
                let sql = "INSERT INTO lots (record, variant, code, expiry) VALUES (?1, ?2, ?3, ?4)";
                connection.prepare_cached(sql)?.execute(params![
                    id.0,
                    reference("variant").unwrap_or_default(),
                    row.text("code"),
                    row.text("expiry")
                ])?
            }
        };
        Ok(())
    }
}
