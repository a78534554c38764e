//! Scans that wait for a person: of codes that nobody knew, and of questions that nobody answered.
//!
//! Owns how they become acts. Must never lose one: it goes when its act is recorded, or when a person says it was nothing.

use stocksync_schemas::{RecordId, VariantId};

use super::event::{HeldScan, Thing, identified};
use super::machine::release;
use super::quantity::held_quantity;
use super::read::thing;
use super::saved::change;
use super::state::Mode;
use crate::records::RecordEdit;
use crate::store::{HeldRow, IdentifierRow, Reader, Writer};
use crate::{Error, Inventory};

impl Inventory {
    /// Scans that wait for a person, oldest first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn held_scans(&self) -> Result<Vec<HeldRow>, Error> {
        self.store().read(|reader| reader.held(None))
    }

    /// Says that a text is a variant in packs of `pack`: the identifier is made where there is none, and every held scan of
    /// the text, of the GTIN in it, or of the item of a code that the shop laid out, is recorded once, with what was known
    /// when it was scanned. Where a label says how much there is in the variant's unit, that is the quantity. Durable when
    /// it returns; answers how many acts that were.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the variant is not here or nothing is held under the text; [`Error::Invalid`] where a pack or
    /// a measure is no whole number of thousandths; else as [`Inventory::edit`]. Nothing is kept then.
    pub fn attach(&self, text: &str, variant: VariantId, pack: (i64, i64)) -> Result<u64, Error> {
        let camera = self.camera();
        let (acts, cells) = self.store().write(|writer| {
            let held = writer.read().held(Some(text))?;
            let gtin = held.first().ok_or(Error::NotFound("held scan"))?.scan.gtin.clone();
            let mut held = if gtin.is_empty() { held } else { writer.read().held_of_gtin(&gtin)? };
            held.retain(|row| row.scan.mode != Mode::LookUp);
            writer.read().document("variants", RecordId(variant.0))?.ok_or(Error::NotFound("variant"))?;
            let (scheme, value) = identified(text, &gtin);
            let same = |it: &IdentifierRow| it.variant == variant && (it.pack_numerator, it.pack_denominator) == pack;
            if !writer.read().identifiers(scheme, value)?.iter().any(same) {
                self.edit_in(writer, &RecordEdit::identifier(variant, scheme, value, pack))?;
            }
            self.let_act(writer, &held, variant, pack)
        })?;
        drop(camera);
        self.notify(&cells);
        Ok(acts)
    }

    /// Answers the question of one held scan, of a code that is known: which variant it was, and which lot (`10:CODE`,
    /// `21:SERIAL`; empty: what the code itself says). It is recorded once, with what was known when it was scanned.
    ///
    /// # Errors
    /// [`Error::NotFound`] if nothing is held under the number or the code does not name the variant; [`Error::Invalid`]
    /// where a pack or a measure is no whole number of thousandths; [`Error::Rule`] for a lot that is none. Nothing is kept then.
    pub fn answer_held(&self, number: i64, variant: VariantId, lot: &str) -> Result<(), Error> {
        let camera = self.camera();
        let (_, cells) = self.store().write(|writer| {
            let row = writer.read().held_scan(number)?.filter(|row| row.scan.mode != Mode::LookUp);
            let mut row = row.ok_or(Error::NotFound("held scan"))?;
            let (scheme, value) = identified(&row.scan.text, &row.scan.gtin);
            let mut named = writer.read().identifiers("raw", &row.scan.text)?;
            named.extend(writer.read().identifiers(scheme, value)?);
            let pack = named
                .iter()
                .find(|it| it.variant == variant)
                .map(|it| (it.pack_numerator, it.pack_denominator))
                .ok_or(Error::NotFound("identifier of the variant"))?;
            if !lot.is_empty() {
                lot.clone_into(&mut row.scan.lot);
            }
            self.let_act(writer, &[row], variant, pack)
        })?;
        drop(camera);
        self.notify(&cells);
        Ok(())
    }

    /// Drops a held scan: a person says that it was nothing.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn drop_held(&self, number: i64) -> Result<(), Error> {
        let _camera = self.camera();
        self.store().write(|writer| {
            writer.let_go(number)?;
            change(writer, |state| state.forget(&[number]))
        })
    }

    /// Records held scans as what they were, and holds them no more.
    fn let_act(
        &self,
        writer: &Writer<'_>,
        held: &[HeldRow],
        variant: VariantId,
        pack: (i64, i64),
    ) -> Result<(u64, super::Cells), Error> {
        let scans = together(&writer.read(), held, variant, pack)?;
        let numbers: Vec<i64> = held.iter().map(|row| row.number).collect();
        let mut sessions = Vec::new();
        change(writer, |state| {
            sessions = scans.iter().map(|(scan, _)| state.join(scan.session)).collect();
            state.forget(&numbers);
        })?;
        let (mut acts, mut cells) = (0, Vec::new());
        for (at, (scan, quantity)) in scans.iter().enumerate() {
            let session = sessions.get(at).copied().flatten();
            let body = release(scan, variant, *quantity, session).ok_or(Error::NotFound("what was being done"))?;
            cells.extend(self.capture(writer, Some(scan.act), body)?.cells);
            acts += 1;
        }
        for number in numbers {
            writer.let_go(number)?;
        }
        Ok((acts, cells))
    }
}

/// Held scans as they are recorded, with how much each is: those of one line of one count are one count, the others one
/// act each.
fn together(
    reader: &Reader<'_>,
    held: &[HeldRow],
    variant: VariantId,
    pack: (i64, i64),
) -> Result<Vec<(HeldScan, i64)>, Error> {
    let mut acts: Vec<(HeldScan, i64)> = Vec::new();
    for HeldRow { scan, .. } in held {
        let quantity = quantity(&thing(reader, variant, String::new(), pack, &scan.measures)?, scan)?;
        let same = |(it, _): &&mut (HeldScan, i64)| {
            let counts = it.mode == Mode::Count && scan.mode == Mode::Count && it.session == scan.session;
            counts && it.place == scan.place && it.lot == scan.lot
        };
        match acts.iter_mut().find(same) {
            Some((_, sum)) => *sum = sum.saturating_add(quantity),
            None => acts.push((scan.clone(), quantity)),
        }
    }
    Ok(acts)
}

fn quantity(thing: &Thing, scan: &HeldScan) -> Result<i64, Error> {
    let reason = || "a pack or a measure of this is no whole number of thousandths".to_owned();
    held_quantity(thing, scan).ok_or_else(|| Error::Invalid { field: "pack", reason: reason() })
}
