//! Scans that wait for a person: of unknown codes, and of questions that were not answered.
//!
//! Owns how they become ops. Must never lose one: it is deleted when its op is recorded, or when a person discards it.

use stocksync_schemas::{RecordId, VariantId};

use super::event::{HeldScan, identifier_of};
use super::machine::held_scan_body;
use super::persistence::update_state;
use super::quantity::held_quantity;
use super::resolve::resolve_variant;
use super::state::ShiftMode;
use super::{ChangedCells, event::VariantMatch};
use crate::records::RecordEdit;
use crate::store::{HeldScanRow, IdentifierRow, Reader, Writer};
use crate::{Error, Inventory};

/// A held scan with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldScanEntry {
    /// Its number.
    pub number: i64,
    /// Wall clock of the scan, ms.
    pub wall_ms: i64,
    /// What to record. In [`ShiftMode::LookUp`] nothing: the stored form does not decode, only its code is known; a person
    /// looks at it and discards it.
    pub scan: HeldScan,
}

/// From the stored form. One that does not decode still has its code.
fn decode(row: HeldScanRow) -> HeldScanEntry {
    let HeldScanRow { number, text, gtin, wall_ms, scan } = row;
    let scan = serde_json::from_str(&scan).unwrap_or_else(|_| HeldScan::unreadable(text, gtin));
    HeldScanEntry { number, wall_ms, scan }
}

pub(super) fn decode_all(rows: Vec<HeldScanRow>) -> Vec<HeldScanEntry> {
    rows.into_iter().map(decode).collect()
}

fn encode(scan: &HeldScan) -> Result<String, Error> {
    serde_json::to_string(scan).map_err(|_| Error::Internal("a held scan does not encode"))
}

/// Inserts a held scan and answers its number.
pub(super) fn insert_held_scan(writer: &Writer<'_>, scan: &HeldScan, wall_ms: i64) -> Result<i64, Error> {
    writer.insert_held_scan(&scan.text, &scan.gtin, wall_ms, &encode(scan)?)
}

/// Sets the number of packs of a held scan, whatever the code itself says is inside.
pub(super) fn set_held_times(writer: &Writer<'_>, number: i64, times: u32) -> Result<(), Error> {
    let Some(row) = writer.read().held_scan(number)? else { return Ok(()) };
    let scan = HeldScan { times, contained_packs: None, ..decode(row).scan };
    writer.update_held_scan(number, &encode(&scan)?)
}

impl Inventory {
    /// Scans that wait for a person, oldest first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn held_scans(&self) -> Result<Vec<HeldScanEntry>, Error> {
        Ok(decode_all(self.store().read(|reader| reader.held_scans())?))
    }

    /// Assigns a text to a variant in packs of `pack`: creates the identifier where there is none, and records every held scan
    /// of the text, of the GTIN in it, or of the item of an in-store code, with what was known when it was scanned. Where a
    /// label measures in the variant's unit, that is the quantity. Durable when it returns; answers how many ops were recorded.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the variant is not here or nothing is held under the text; [`Error::Invalid`] where a pack or
    /// a measure is no whole number of thousandths; else as [`Inventory::edit`]. Nothing is recorded then.
    pub fn attach(&self, text: &str, variant: VariantId, pack: (i64, i64)) -> Result<u64, Error> {
        self.write_held(|writer| {
            let reader = writer.read();
            let mut held = decode_all(reader.held_scans_of_text(text)?);
            let gtin = held.first().ok_or(Error::NotFound("held scan"))?.scan.gtin.clone();
            if !gtin.is_empty() {
                held = decode_all(reader.held_scans_of_gtin(&gtin)?);
            }
            held.retain(|entry| entry.scan.mode != ShiftMode::LookUp);
            reader.document_bytes("variants", RecordId(variant.0))?.ok_or(Error::NotFound("variant"))?;
            let (scheme, value) = identifier_of(text, &gtin);
            let same =
                |row: &IdentifierRow| row.variant == variant && (row.pack_numerator, row.pack_denominator) == pack;
            if !reader.identifiers(scheme, value)?.iter().any(same) {
                self.edit_in(writer, &RecordEdit::identifier(variant, scheme, value, pack))?;
            }
            self.record_held_scans(writer, &held, variant, pack)
        })
    }

    /// Answers the question of one held scan of a known code: which variant, and which lot (`10:CODE`, `21:SERIAL`; empty:
    /// what the code itself says). Records it with what was known when it was scanned; durable when it returns.
    ///
    /// # Errors
    /// [`Error::NotFound`] if nothing is held under the number or the code does not name the variant; [`Error::Invalid`]
    /// where a pack or a measure is no whole number of thousandths; [`Error::Rule`] for an invalid lot. Nothing is recorded
    /// then.
    pub fn answer_held(&self, number: i64, variant: VariantId, lot: &str) -> Result<(), Error> {
        self.write_held(|writer| {
            let reader = writer.read();
            let entry = reader.held_scan(number)?.map(decode).filter(|entry| entry.scan.mode != ShiftMode::LookUp);
            let mut entry = entry.ok_or(Error::NotFound("held scan"))?;
            let (scheme, value) = identifier_of(&entry.scan.text, &entry.scan.gtin);
            let mut identifiers = reader.identifiers("raw", &entry.scan.text)?;
            identifiers.extend(reader.identifiers(scheme, value)?);
            let identifier = identifiers.iter().find(|row| row.variant == variant);
            let pack = identifier.map(|row| (row.pack_numerator, row.pack_denominator));
            let pack = pack.ok_or(Error::NotFound("identifier of the variant"))?;
            if !lot.is_empty() {
                lot.clone_into(&mut entry.scan.lot);
            }
            self.record_held_scans(writer, &[entry], variant, pack)
        })?;
        Ok(())
    }

    /// Discards a held scan: nothing is to be recorded. Durable when it returns.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn discard_held(&self, number: i64) -> Result<(), Error> {
        let _lock = self.lock_shift();
        self.store().write(|writer| {
            writer.delete_held_scan(number)?;
            update_state(writer, |state| state.remove_held_entries(&[number]))
        })
    }

    /// Records held scans in one transaction under the shift's lock, and notifies of the cells. Answers how many ops.
    fn write_held(&self, write: impl FnOnce(&Writer<'_>) -> Result<(u64, ChangedCells), Error>) -> Result<u64, Error> {
        let lock = self.lock_shift();
        let (ops, cells) = self.store().write(write)?;
        drop(lock);
        self.notify(&cells);
        Ok(ops)
    }

    /// Records held scans of a variant, and deletes them.
    fn record_held_scans(
        &self,
        writer: &Writer<'_>,
        held: &[HeldScanEntry],
        variant: VariantId,
        pack: (i64, i64),
    ) -> Result<(u64, ChangedCells), Error> {
        let scans = merge_count_lines(&writer.read(), held, variant, pack)?;
        let numbers: Vec<i64> = held.iter().map(|entry| entry.number).collect();
        let mut sessions = Vec::new();
        update_state(writer, |state| {
            sessions = scans.iter().map(|(scan, _)| state.join_session(scan.session)).collect();
            state.remove_held_entries(&numbers);
        })?;
        let (mut ops, mut cells) = (0, Vec::new());
        for (index, (scan, quantity)) in scans.iter().enumerate() {
            let session = sessions.get(index).copied().flatten();
            let body = held_scan_body(scan, variant, *quantity, session).ok_or(Error::NotFound("mode of the scan"))?;
            cells.extend(self.capture(writer, Some(scan.act), body)?.cells);
            ops += 1;
        }
        for number in numbers {
            writer.delete_held_scan(number)?;
        }
        Ok((ops, cells))
    }
}

/// Held scans as they are recorded, with their quantities: those of one count line are one count, each of the others is an op
/// of its own.
fn merge_count_lines(
    reader: &Reader<'_>,
    held: &[HeldScanEntry],
    variant: VariantId,
    pack: (i64, i64),
) -> Result<Vec<(HeldScan, i64)>, Error> {
    let mut merged: Vec<(HeldScan, i64)> = Vec::new();
    for HeldScanEntry { scan, .. } in held {
        let found = resolve_variant(reader, variant, String::new(), pack, &scan.measures)?;
        let quantity = checked_quantity(&found, scan)?;
        let same_line = |(other, _): &&mut (HeldScan, i64)| {
            let counts = other.mode == ShiftMode::Count && scan.mode == ShiftMode::Count;
            counts && other.session == scan.session && other.location == scan.location && other.lot == scan.lot
        };
        match merged.iter_mut().find(same_line) {
            Some((_, sum)) => *sum = sum.saturating_add(quantity),
            None => merged.push((scan.clone(), quantity)),
        }
    }
    Ok(merged)
}

fn checked_quantity(found: &VariantMatch, scan: &HeldScan) -> Result<i64, Error> {
    let reason = "a pack or a measure is no whole number of thousandths";
    held_quantity(found, scan).ok_or_else(|| Error::Invalid { field: "pack", reason: reason.to_owned() })
}
