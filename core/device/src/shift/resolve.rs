//! From an input to an event of the state machine: texts are parsed, codes looked up, serials looked for in the ledger.
//!
//! Owns the look-ups. Must never decide what an event does: the state machine does that.

use stocksync_gs1::{CodeKind, Meaning, ScanCandidate, ScanInput, Symbology, Warning};
use stocksync_schemas::{Location, RecordId, VariantId, limits};

use super::event::{HeldScan, ResolvedScan, SerialStatus, ShiftEvent, VariantMatch};
use super::label::{self, OwnLabel};
use super::quantity::is_serial;
use super::settings::{ShiftSettings, gs1_source};
use super::state::{NamedLocation, ShiftMode, ShiftState};
use super::{Scan, ShiftCommand, ShiftInput, document, held};
use crate::Error;
use crate::measure::Measures;
use crate::store::{IdentifierRow, Reader};
use crate::time::date_of;

/// Limits the variants among which a user chooses to what a screen can show.
const MAX_CHOICES: usize = 20;

/// An input with everything that was looked up for it.
pub(super) struct ResolvedInput {
    pub event: ShiftEvent,
    pub warnings: Vec<Warning>,
    /// What the label measures.
    pub measures: Measures,
}

impl From<ShiftEvent> for ResolvedInput {
    fn from(event: ShiftEvent) -> Self {
        Self { event, warnings: Vec::new(), measures: Measures::default() }
    }
}

/// Resolves inputs against one state of the database.
pub(super) struct Resolver<'a> {
    pub reader: &'a Reader<'a>,
    pub state: &'a ShiftState,
    pub settings: &'a ShiftSettings,
    pub wall_ms: i64,
}

impl Resolver<'_> {
    pub(super) fn resolve(&self, input: &ShiftInput) -> Result<ResolvedInput, Error> {
        let event = match input {
            ShiftInput::Scan(scan) => return self.resolve_scan(scan),
            ShiftInput::Location(location) => {
                ShiftEvent::Location(*location, self.reader.location_name(*location)?.unwrap_or_default())
            }
            ShiftInput::Command(command) => command_event(*command),
            ShiftInput::Amount(amount) => ShiftEvent::Amount(*amount),
            ShiftInput::Choose(variant) => {
                let lot = self.state.pending_question.as_ref().map_or("", |question| question.scan.lot.as_str());
                ShiftEvent::Choose(*variant, self.serial_status(*variant, lot, true)?)
            }
            ShiftInput::Lot(lot) => {
                if lot.len() > limits::LOT_BYTES {
                    let reason = format!("at most {} bytes", limits::LOT_BYTES);
                    return Err(Error::Invalid { field: "lot", reason });
                }
                let serial = match self.variant_in_question() {
                    Some(variant) => self.serial_status(variant, lot, true)?,
                    None => None,
                };
                ShiftEvent::Lot(lot.clone(), serial)
            }
            ShiftInput::Expect(document) => ShiftEvent::Expect(document.clone().map(document::validate).transpose()?),
        };
        Ok(event.into())
    }

    fn resolve_scan(&self, scan: &Scan) -> Result<ResolvedInput, Error> {
        let input = ScanInput {
            text: &scan.text,
            symbology: scan.aim.as_deref().and_then(Symbology::from_aim),
            source: gs1_source(scan),
        };
        let today = date_of(self.settings.local_ms(self.wall_ms));
        let meaning = self.settings.understand(&input, scan.source, today.0)?;
        let event = match label::parse(&meaning.text) {
            Some(OwnLabel::Command(command)) => command_event(command),
            Some(OwnLabel::Location(code)) => match self.reader.location_by_code(&code)? {
                Some((location, name)) => ShiftEvent::Location(location, name),
                None => ShiftEvent::InvalidLabel(code),
            },
            Some(OwnLabel::Invalid) => ShiftEvent::InvalidLabel(meaning.text),
            None => {
                let scan = self.resolve_code(&meaning, today)?;
                let (measures, warnings) = (scan.measures.clone(), meaning.warnings);
                return Ok(ResolvedInput { event: ShiftEvent::Scanned(scan), warnings, measures });
            }
        };
        Ok(event.into())
    }

    fn resolve_code(&self, meaning: &Meaning, today: (u16, u8, u8)) -> Result<ResolvedScan, Error> {
        let (mut rows, candidate) = self.reader.named(meaning)?;
        // The tenant's own barcodes take precedence over any parse.
        if rows.iter().any(|row| row.scheme == "raw") {
            rows.retain(|row| row.scheme == "raw");
        }
        rows.truncate(MAX_CHOICES);
        let mut scan = ResolvedScan {
            text: meaning.text.clone(),
            warnings: meaning.warnings.iter().map(|warning| format!("{warning:?}")).collect(),
            measures: candidate.map(Measures::of).unwrap_or_default(),
            ..ResolvedScan::default()
        };
        for row in rows {
            let IdentifierRow { variant, name, pack_numerator, pack_denominator, .. } = row;
            let pack = (pack_numerator, pack_denominator);
            scan.matches.push(resolve_variant(self.reader, variant, name, pack, &scan.measures)?);
        }
        if let Some(candidate) = candidate {
            self.apply_candidate(&mut scan, candidate, today)?;
        }
        Ok(scan)
    }

    /// Fills in what a code says beside the variant it names: lot, pallet, packs, expiry.
    fn apply_candidate(
        &self,
        scan: &mut ResolvedScan,
        candidate: &ScanCandidate,
        today: (u16, u8, u8),
    ) -> Result<(), Error> {
        let gtin = candidate.gtin.as_ref().or(candidate.contained_gtin.as_ref());
        // In-store codes of one item differ in their value; the shared digits name the item.
        scan.gtin = candidate.restricted_key.clone().or_else(|| gtin.map(ToString::to_string)).unwrap_or_default();
        scan.lot = candidate.lot_code();
        scan.sscc = candidate.sscc.clone().unwrap_or_default();
        let packs = candidate.variable_count.or(candidate.contained_count.filter(|_| candidate.gtin.is_none()));
        scan.contained_packs = packs.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let names_nothing = gtin.is_none() && candidate.sscc.is_none() && scan.matches.is_empty();
        scan.only_lot = candidate.kind == CodeKind::ElementString && names_nothing && !scan.lot.is_empty();
        scan.expired = candidate.expiry.as_ref().is_some_and(|expiry| expiry.last_day() < today);
        // A lot alone belongs to the variant in question; a remembered lot belongs to the variant scanned now.
        let remembered = self.state.remembered_lot.as_ref().map_or("", |(lot, _)| lot.as_str());
        let lot = if scan.lot.is_empty() { remembered } else { scan.lot.as_str() };
        let variant = match scan.matches.as_slice() {
            [only] => Some(only.variant),
            _ => self.variant_in_question().filter(|_| scan.only_lot),
        };
        if let Some(variant) = variant {
            scan.serial = self.serial_status(variant, lot, scan.only_lot)?;
        }
        scan.already_held = scan.matches.is_empty() && self.is_held(&scan.text)?;
        Ok(())
    }

    /// The variant whose lot or quantity is asked for.
    fn variant_in_question(&self) -> Option<VariantId> {
        match self.state.pending_question.as_ref()?.scan.matches.as_slice() {
            [only] => Some(only.variant),
            _ => None,
        }
    }

    /// What is known of a serial; none for other lots. `answer`: looked for at the location where the question was asked.
    fn serial_status(&self, variant: VariantId, lot: &str, answer: bool) -> Result<Option<SerialStatus>, Error> {
        if !is_serial(lot) {
            return Ok(None);
        }
        let id = |named: &Option<NamedLocation>| named.as_ref().map(|(location, _)| *location);
        let question = self.state.pending_question.as_ref().filter(|question| answer && question.location.is_some());
        let (location, target) = match question {
            Some(question) => (id(&question.location), id(&question.target)),
            None if self.state.mode == ShiftMode::DamagedReturn => (Some(Location::SCRAP), None),
            None => (id(&self.state.location), id(&self.state.target)),
        };
        let mut status = SerialStatus::default();
        for (cell_location, on_hand) in self.reader.cells_of_lot(variant, lot)? {
            status.known = true;
            status.in_stock |= on_hand > 0 && !cell_location.is_virtual();
            status.at_location |= on_hand > 0 && Some(cell_location) == location;
            status.at_target |= on_hand > 0 && Some(cell_location) == target;
        }
        if let Some(session) = self.state.session {
            let counted = self.reader.session_counts(session)?;
            status.counted = counted.keys().any(|cell| cell.variant == variant && cell.lot == lot);
        }
        Ok(Some(status))
    }

    /// Whether a text is held already from the same mode, location and session.
    fn is_held(&self, text: &str) -> Result<bool, Error> {
        let ShiftState { mode, location, session, .. } = self.state;
        let location = location.as_ref().map(|(location, _)| *location);
        let same = |scan: &HeldScan| scan.mode == *mode && Some(scan.location) == location && scan.session == *session;
        Ok(held::decode_all(self.reader.held_scans_of_text(text)?).iter().any(|held| same(&held.scan)))
    }
}

/// A variant as a shift needs it, scanned from a label with these measures.
pub(super) fn resolve_variant(
    reader: &Reader<'_>,
    variant: VariantId,
    name: String,
    pack: (i64, i64),
    measures: &Measures,
) -> Result<VariantMatch, Error> {
    let properties = variant_properties(reader, variant)?;
    let label_quantity = measures.quantity_in(&properties.unit, properties.decimals);
    let VariantProperties { unit, needs_lot, .. } = properties;
    let (pack_numerator, pack_denominator) = pack;
    Ok(VariantMatch { variant, name, unit, pack_numerator, pack_denominator, needs_lot, label_quantity })
}

/// What a shift needs to know of a variant's record.
struct VariantProperties {
    unit: String,
    decimals: i64,
    needs_lot: bool,
}

/// From the projected row. Deleted and incomplete variants have no row, and one that an older version wrote has no tracking
/// until [`backfill_tracking`](crate::records::backfill_tracking) has run: those are read from the document.
fn variant_properties(reader: &Reader<'_>, variant: VariantId) -> Result<VariantProperties, Error> {
    let needs_lot = |tracking: &str| matches!(tracking, "lot" | "serial");
    if let Some(row) = reader.variant_row(variant)?
        && let Some(tracking) = row.tracking
    {
        return Ok(VariantProperties { unit: row.unit, decimals: row.decimals, needs_lot: needs_lot(&tracking) });
    }
    let Some(document) = reader.document("variants", RecordId(variant.0))? else {
        // The record has not arrived yet; the variant can be worked with all the same.
        return Ok(VariantProperties { unit: String::new(), decimals: 3, needs_lot: false });
    };
    let row = document.row();
    Ok(VariantProperties {
        unit: row.text("unit").to_owned(),
        decimals: row.integer("decimals").unwrap_or(0),
        needs_lot: needs_lot(row.text("tracking")),
    })
}

fn command_event(command: ShiftCommand) -> ShiftEvent {
    match command {
        ShiftCommand::Mode(mode) => ShiftEvent::Mode(mode),
        ShiftCommand::Times(times) => ShiftEvent::Times(times),
        ShiftCommand::Quantity(packs) => ShiftEvent::Quantity(packs),
        ShiftCommand::Undo => ShiftEvent::Undo,
        ShiftCommand::Finish => ShiftEvent::Finish { complete: false },
        ShiftCommand::Complete => ShiftEvent::Finish { complete: true },
    }
}
