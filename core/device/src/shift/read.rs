//! From what a person does to an event of the machine: texts are understood, codes looked up, pieces asked of the ledger.
//!
//! Owns the look-ups. Must never decide what an event does: that is the machine's.

use stocksync_gs1::{CodeKind, Meaning, ScanCandidate, ScanInput, Symbology};
use stocksync_schemas::{Location, RecordId, VariantId, limits};

use super::event::{Event, HeldScan, Piece, Reading, Thing};
use super::label::{self, Label};
use super::settings::{Settings, gs1_source};
use super::state::{Mode, Source, State};
use super::{Command, Input, Scan, document};
use crate::measure::Measures;
use crate::store::{IdentifierRow, Reader};
use crate::time::date_of;
use crate::{Error, Inventory};

/// Most things of one code among which a person chooses.
const MAX_CHOICES: usize = 20;

/// An input, looked up.
pub(super) struct Read {
    pub event: Event,
    /// The text that a scan showed, and to whom.
    pub sight: Option<(String, Source)>,
    pub warnings: Vec<String>,
    /// What the label measures.
    pub measures: Measures,
}

/// The shift as it stands, with what can be looked up.
pub(super) struct Look<'a> {
    pub inventory: &'a Inventory,
    pub reader: &'a Reader<'a>,
    pub state: &'a State,
    pub settings: &'a Settings,
}

impl Look<'_> {
    /// What an input says.
    pub(super) fn input(&self, input: Input) -> Result<Read, Error> {
        let event = match input {
            Input::Scan(scan) => return self.scan(&scan),
            Input::Place(place) => Event::Place(place, self.reader.place_name(place)?.unwrap_or_default()),
            Input::Command(command) => event_of(command),
            Input::Amount(amount) => Event::Amount(amount),
            Input::Choose(variant) => {
                let lot = self.state.asked.as_ref().map_or("", |asked| asked.reading.lot.as_str());
                Event::Choose(variant, self.piece(variant, lot, true)?)
            }
            Input::Lot(lot) => {
                if lot.len() > limits::LOT_BYTES {
                    let reason = format!("at most {} bytes", limits::LOT_BYTES);
                    return Err(Error::Invalid { field: "lot", reason });
                }
                let piece = match self.asked_thing() {
                    Some(variant) => self.piece(variant, &lot, true)?,
                    None => None,
                };
                Event::Lot(lot, piece)
            }
            Input::Expect(expected) => Event::Expect(expected.map(document::checked).transpose()?),
        };
        Ok(Read { event, sight: None, warnings: Vec::new(), measures: Measures::default() })
    }

    fn scan(&self, scan: &Scan) -> Result<Read, Error> {
        let input = ScanInput {
            text: &scan.text,
            symbology: scan.aim.as_deref().and_then(Symbology::from_aim),
            source: gs1_source(scan),
        };
        let today = self.today();
        let meaning = self.settings.understand(&input, scan.source, today.0)?;
        let mut measures = Measures::default();
        let (event, warnings) = match label::parse(&meaning.text) {
            Some(Label::Command(command)) => (event_of(command), Vec::new()),
            Some(Label::Place(code)) => match self.reader.place_of_code(&code)? {
                Some((place, name)) => (Event::Place(place, name), Vec::new()),
                None => (Event::BadLabel(code), Vec::new()),
            },
            Some(Label::Bad) => (Event::BadLabel(meaning.text.clone()), Vec::new()),
            None => {
                let reading = self.reading(&meaning, today)?;
                measures = reading.measures.clone();
                let warnings = reading.warnings.clone();
                (Event::Scanned(reading), warnings)
            }
        };
        Ok(Read { event, sight: Some((meaning.text, scan.source)), warnings, measures })
    }

    /// Year, month and day where the person works.
    fn today(&self) -> (u16, u8, u8) {
        date_of(self.settings.local_ms(self.inventory.clock().read().wall_ms))
    }

    fn reading(&self, meaning: &Meaning, today: (u16, u8, u8)) -> Result<Reading, Error> {
        let (mut rows, candidate) = self.reader.named(meaning)?;
        // The tenant's own barcodes beat any parse.
        if rows.iter().any(|row| row.scheme == "raw") {
            rows.retain(|row| row.scheme == "raw");
        }
        rows.truncate(MAX_CHOICES);
        let mut reading = Reading {
            text: meaning.text.clone(),
            warnings: meaning.warnings.iter().map(|warning| format!("{warning:?}")).collect(),
            measures: candidate.map(Measures::of).unwrap_or_default(),
            ..Reading::default()
        };
        for IdentifierRow { variant, name, pack_numerator, pack_denominator, .. } in rows {
            let pack = (pack_numerator, pack_denominator);
            reading.things.push(thing(self.reader, variant, name, pack, &reading.measures)?);
        }
        if let Some(candidate) = candidate {
            self.say(&mut reading, candidate, today)?;
        }
        Ok(reading)
    }

    /// What a reading says beside what it names.
    fn say(&self, reading: &mut Reading, it: &ScanCandidate, today: (u16, u8, u8)) -> Result<(), Error> {
        let gtin = it.gtin.as_ref().or(it.contained_gtin.as_ref());
        // In-store codes of one item differ in their value: what they share names it.
        reading.gtin = it.restricted_key.clone().or_else(|| gtin.map(ToString::to_string)).unwrap_or_default();
        reading.lot = it.lot_code();
        reading.sscc = it.sscc.clone().unwrap_or_default();
        let inside = it.variable_count.or(it.contained_count.filter(|_| it.gtin.is_none()));
        reading.inside = inside.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let names_something = gtin.is_some() || it.sscc.is_some();
        reading.only_lot = it.kind == CodeKind::ElementString
            && !names_something
            && !reading.lot.is_empty()
            && reading.things.is_empty();
        reading.expired = it.expiry.as_ref().is_some_and(|it| it.last_day() < today);
        // A second symbol speaks of the thing that was asked about, a first one of the thing after it.
        let thing = reading.things.first().filter(|_| reading.things.len() == 1).map(|thing| thing.variant);
        let noted = self.state.lot.as_ref().map_or("", |(lot, _)| lot.as_str());
        let lot = if reading.lot.is_empty() { noted } else { reading.lot.as_str() };
        if let Some(variant) = thing.or_else(|| self.asked_thing().filter(|_| reading.only_lot)) {
            reading.piece = self.piece(variant, lot, reading.only_lot)?;
        }
        reading.held = reading.things.is_empty() && self.held_here(&reading.text)?;
        Ok(())
    }

    /// The one thing whose lot was asked for.
    fn asked_thing(&self) -> Option<VariantId> {
        match self.state.asked.as_ref()?.reading.things.as_slice() {
            [thing] => Some(thing.variant),
            _ => None,
        }
    }

    /// What is known of a serial; none for other lots. An answer is looked up where its question was asked.
    fn piece(&self, variant: VariantId, lot: &str, answer: bool) -> Result<Option<Piece>, Error> {
        if !lot.starts_with("21:") {
            return Ok(None);
        }
        let of = |it: &Option<(Location, String)>| it.as_ref().map(|(place, _)| *place);
        let asked = self.state.asked.as_ref().filter(|it| answer && it.place.is_some());
        let places = match asked {
            Some(asked) => (of(&asked.place), of(&asked.target)),
            None if self.state.mode == Mode::DamagedReturn => (Some(Location::SCRAP), None),
            None => (of(&self.state.place), of(&self.state.target)),
        };
        let mut piece = self.reader.piece(variant, lot, places)?;
        if let Some(session) = self.state.session {
            let counted = self.reader.session_counts(session)?;
            piece.counted = counted.keys().any(|cell| cell.variant == variant && cell.lot == lot);
        }
        Ok(Some(piece))
    }

    /// Whether a text is held already from the same work at the same place.
    fn held_here(&self, text: &str) -> Result<bool, Error> {
        let State { mode, place, session, .. } = self.state;
        let place = place.as_ref().map(|(place, _)| *place);
        let same = |it: &HeldScan| it.mode == *mode && Some(it.place) == place && it.session == *session;
        Ok(self.reader.held(Some(text))?.iter().any(|row| same(&row.scan)))
    }
}

/// A variant as a shift needs it, under a label with these measures.
pub(super) fn thing(
    reader: &Reader<'_>,
    variant: VariantId,
    name: String,
    pack: (i64, i64),
    measures: &Measures,
) -> Result<Thing, Error> {
    // A variant that has not arrived yet is in somebody's hand all the same.
    let row = reader.document("variants", RecordId(variant.0))?.map(|it| it.row());
    let wants_lot = row.as_ref().is_some_and(|it| matches!(it.text("tracking"), "lot" | "serial"));
    let unit = row.as_ref().map(|it| it.text("unit").to_owned()).unwrap_or_default();
    let decimals = row.as_ref().map_or(3, |it| it.integer("decimals").unwrap_or(0));
    let measured = measures.say(&unit, decimals);
    Ok(Thing { variant, name, unit, pack_numerator: pack.0, pack_denominator: pack.1, wants_lot, measured })
}

fn event_of(command: Command) -> Event {
    match command {
        Command::Mode(mode) => Event::Mode(mode),
        Command::Times(times) => Event::Times(times),
        Command::Quantity(packs) => Event::Quantity(packs),
        Command::Undo => Event::Undo,
        Command::Finish => Event::Finish { complete: false },
        Command::Complete => Event::Finish { complete: true },
    }
}
