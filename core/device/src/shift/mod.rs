//! A shift: work by scanning, one code after the other, with the eyes on the shelf and the ears on the tone.
//!
//! Owns the way from a scanned text to a recorded act and its tone. The rules are in [`machine`], a pure state machine; here
//! codes are looked up before it and its effects carried out after it, all in one transaction with what the shift
//! remembers: a kill leaves a scan whole or not done, and never done without its tone's promise. Works with camera, scanner
//! and keyboard alike.

mod label;
mod last;
pub mod machine;
mod state;
mod wedge;

use stocksync_gs1::{Kind, Meaning};
use stocksync_schemas::{Body, Cell, Close, ClosePart, Location, RecordId, SessionId, VariantId, limits};

pub use label::{Command, command_label, place_label};
pub use state::{Effect, Event, Expected, HeldScan, Mode, Piece, Reading, Say, Signal, Source, State, Step, Thing};
pub use wedge::{Wedge, scan_of_intent};

use crate::lookup::date_of;
use crate::records::RecordEdit;
use crate::store::{HeldRow, IdentifierRow, Reader, Writer};
use crate::{Error, Inventory};
use machine::{Now, handle};

/// Under which key a shift rests among the single values.
const KEY: &str = "shift";
/// Most things of one code among which a person chooses.
const MOST_CHOICES: usize = 20;

/// A scanned or typed text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// As delivered.
    pub text: String,
    /// The symbology identifier beside it (`]C1`), where the decoder gives one.
    pub aim: Option<String>,
    /// Where it came from.
    pub source: Source,
}

/// What the person does.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Scans or types a code: of a thing, a place or a command.
    Scan(Scan),
    /// Picks a place from a list.
    Place(Location),
    /// Presses a button.
    Command(Command),
    /// Says which of several things it is.
    Choose(VariantId),
    /// Says which lot (`10:CODE`, `21:SERIAL`), or that there is none (empty).
    Lot(String),
    /// Works off a document, or no longer.
    Expect(Option<Expected>),
}

/// What came of it. Whatever was to be recorded is durable.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The tone; none: stay silent.
    pub signal: Option<Signal>,
    /// Why, for the screen.
    pub say: Say,
    /// What the cell of the scan shows now, thousandths; none where no cell is concerned.
    pub on_hand: Option<i64>,
    /// What is odd about the code, for the screen.
    pub warnings: Vec<String>,
}

/// How a shift stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftView {
    /// Mode, places and what is being counted.
    pub state: State,
    /// Scans of unknown codes that wait for a person.
    pub held: u64,
}

impl Inventory {
    /// Takes what the person does. When this returns, whatever was to be recorded is durable: only now the tone.
    ///
    /// # Errors
    /// [`Error::Rule`], [`Error::OutboxFull`], [`Error::StorageFull`]: nothing of the event was kept, the shift stands as
    /// before. [`Error::Invalid`] for a text that is empty or too long, a lot or a document beyond its limits.
    pub fn shift(&self, input: Input) -> Result<Outcome, Error> {
        let (outcome, cells) = {
            let mut seen = self.camera();
            let (before, read) = self.store().read(|reader| {
                let before = load(reader)?;
                let read = self.read_input(reader, input, &before)?;
                Ok((before, read))
            })?;
            let Read { event, sight, warnings } = read;
            let mut state = before.clone();
            state.seen = seen.take();
            let now = Now { ms: self.clock().read().boot_ms, act: self.begin_act()?, session: self.fresh_session()? };
            if let Some((text, source)) = sight
                && machine::still_seen(&mut state, &text, source, &now)
            {
                *seen = state.seen.take();
                return Ok(Outcome { signal: None, say: Say::Set, on_hand: None, warnings: Vec::new() });
            }
            let step = handle(&mut state, event, &now);
            *seen = state.seen.take();
            let (say, signal) = (step.say.clone(), step.signal);
            let (say, signal, cells) = if step.effects.is_empty() && state == before {
                (say, signal, Vec::new())
            } else {
                let full = step.effects.iter().any(|it| matches!(it, Effect::Hold(_))) && self.held_full()?;
                if full {
                    (Say::HeldFull, Some(Signal::Error), Vec::new())
                } else {
                    let done = self.store().write(|writer| self.carry_out(writer, state, step.effects));
                    // What was not kept was not seen either: the camera's next look is another try.
                    (say, signal, done.inspect_err(|_| *seen = None)?)
                }
            };
            let on_hand = match &say {
                Say::Done(cell, _) | Say::Expired(cell, _) | Say::Unexpected(cell, _) => {
                    Some(self.balance(cell)?.on_hand)
                }
                _ => None,
            };
            (Outcome { signal, say, on_hand, warnings }, cells)
        };
        if !cells.is_empty() {
            self.tell(&cells);
        }
        Ok(outcome)
    }

    /// How the shift stands; it is the same after a restart.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn shift_view(&self) -> Result<ShiftView, Error> {
        self.store().read(|reader| Ok(ShiftView { state: load(reader)?, held: reader.held_count()? }))
    }

    /// Scans of unknown codes, oldest first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn held_scans(&self) -> Result<Vec<HeldRow>, Error> {
        self.store().read(|reader| reader.held(None))
    }

    /// Says that a text is a variant in packs of `pack`: the identifier is made, and every held scan of the text, or of the
    /// GTIN in it, is recorded once, with what was known when it was scanned. Durable when it returns; answers how many acts that were.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the variant is not here or nothing is held under the text; [`Error::Invalid`] where a pack is
    /// no whole number of thousandths; else as [`Inventory::edit`]. Nothing is kept then.
    pub fn attach(&self, text: &str, variant: VariantId, pack: (i64, i64)) -> Result<u64, Error> {
        let camera = self.camera();
        let (acts, cells) = self.store().write(|writer| {
            let held = writer.read().held(Some(text))?;
            let gtin = held.first().ok_or(Error::NotFound("held scan"))?.scan.gtin.clone();
            let held = if gtin.is_empty() { held } else { writer.read().held_of_gtin(&gtin)? };
            let mut thing = self.thing(&writer.read(), variant, String::new(), pack)?;
            thing.wants_lot = false;
            writer.read().document("variants", RecordId(variant.0))?.ok_or(Error::NotFound("variant"))?;
            self.edit_in(writer, &identifier(text, &gtin, variant, pack))?;
            let (mut acts, mut cells) = (0, Vec::new());
            for scan in together(held.iter().map(|row| &row.scan)) {
                let reason = || "a pack of this is no whole number of thousandths".to_owned();
                let body = machine::release(&scan, &thing)
                    .ok_or_else(|| Error::Invalid { field: "pack", reason: reason() })?;
                cells.extend(self.capture(writer, Some(scan.act), body)?.cells);
                acts += 1;
            }
            forget(writer, &held.iter().map(|row| row.number).collect::<Vec<_>>())?;
            Ok((acts, cells))
        })?;
        drop(camera);
        self.tell(&cells);
        Ok(acts)
    }

    /// Drops a held scan: a person says that it was nothing.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn drop_held(&self, number: i64) -> Result<(), Error> {
        let _camera = self.camera();
        self.store().write(|writer| forget(writer, &[number]))
    }

    fn held_full(&self) -> Result<bool, Error> {
        self.store().read(|reader| Ok(reader.held_count()? >= limits::HELD_SCANS))
    }

    fn fresh_session(&self) -> Result<SessionId, Error> {
        Ok(SessionId(self.ids().id()?))
    }

    /// Everything that an event does, in one transaction.
    fn carry_out(&self, writer: &Writer<'_>, mut state: State, effects: Vec<Effect>) -> Result<Cells, Error> {
        let mut cells = Vec::new();
        for effect in effects {
            match effect {
                Effect::Record(body, act) => {
                    let takes_back = matches!(body, Body::Void(_));
                    let captured = self.capture(writer, act, body)?;
                    if !takes_back {
                        state.recorded(captured.reference);
                    }
                    cells.extend(captured.cells);
                }
                Effect::OpenSession(session, act) => writer.open_session(session, &act)?,
                Effect::CloseSession(session, complete) => cells.extend(self.close_in(writer, session, complete)?),
                Effect::Hold(scan) => state.kept(writer.hold(&scan, self.clock().read().wall_ms)?),
                Effect::HoldTimes(number, times) => writer.hold_times(number, times)?,
                Effect::LetGo(number) => writer.let_go(number)?,
            }
        }
        save(writer, &state)?;
        Ok(cells)
    }

    fn close_in(&self, writer: &Writer<'_>, session: SessionId, complete: Vec<Location>) -> Result<Cells, Error> {
        let act = writer.read().session_act(session)?;
        let counts = writer.read().session_counts(session)?;
        writer.end_session(session)?;
        if counts.is_empty() && complete.is_empty() {
            return Ok(Vec::new());
        }
        let parts = counts.into_iter().map(|(cell, counts)| ClosePart { cell, counts }).collect();
        Ok(self.capture(writer, act, Body::Close(Close { session, parts, complete }))?.cells)
    }

    /// What an input says, looked up.
    fn read_input(&self, reader: &Reader<'_>, input: Input, state: &State) -> Result<Read, Error> {
        let event = match input {
            Input::Scan(scan) => return self.read_scan(reader, &scan, state),
            Input::Place(place) => Event::Place(place, reader.place_name(place)?.unwrap_or_default()),
            Input::Command(command) => event_of(command),
            Input::Choose(variant) => {
                let lot = state.asked.as_ref().map_or("", |asked| asked.reading.lot.as_str());
                Event::Choose(variant, piece(reader, state, variant, lot)?)
            }
            Input::Lot(lot) => {
                if lot.len() > limits::LOT_BYTES {
                    let reason = format!("at most {} bytes", limits::LOT_BYTES);
                    return Err(Error::Invalid { field: "lot", reason });
                }
                let piece = match asked_thing(state) {
                    Some(variant) => piece(reader, state, variant, &lot)?,
                    None => None,
                };
                Event::Lot(lot, piece)
            }
            Input::Expect(mut expected) => {
                let lines = expected.as_ref().map_or(0, |it| it.lines.len());
                if lines > limits::EXPECTED_LINES {
                    let reason = format!("at most {} lines", limits::EXPECTED_LINES);
                    return Err(Error::Invalid { field: "expected", reason });
                }
                if expected.as_ref().is_some_and(|it| it.reference.len() > limits::TEXT_BYTES) {
                    let reason = format!("at most {} bytes", limits::TEXT_BYTES);
                    return Err(Error::Invalid { field: "reference", reason });
                }
                if let Some(expected) = &mut expected {
                    expected.lines = one_a_variant(&expected.lines);
                }
                Event::Expect(expected)
            }
        };
        Ok(Read { event, sight: None, warnings: Vec::new() })
    }

    fn read_scan(&self, reader: &Reader<'_>, scan: &Scan, state: &State) -> Result<Read, Error> {
        let meaning = self.understand(&scan.text, scan.aim.as_deref())?;
        let (event, warnings) = match label::parse(&meaning.text) {
            Some(label::Label::Command(command)) => (event_of(command), Vec::new()),
            Some(label::Label::Place(code)) => match reader.place_of_code(&code)? {
                Some((place, name)) => (Event::Place(place, name), Vec::new()),
                None => (Event::BadLabel(code), Vec::new()),
            },
            Some(label::Label::Bad) => (Event::BadLabel(meaning.text.clone()), Vec::new()),
            None => {
                let reading = self.reading(reader, &meaning, state)?;
                let warnings = reading.warnings.clone();
                (Event::Scanned(reading), warnings)
            }
        };
        Ok(Read { event, sight: Some((meaning.text, scan.source)), warnings })
    }

    fn reading(&self, reader: &Reader<'_>, meaning: &Meaning, state: &State) -> Result<Reading, Error> {
        let mut rows = reader.named(meaning)?;
        // The tenant's own barcodes beat any parse.
        if rows.iter().any(|row| row.scheme == "raw") {
            rows.retain(|row| row.scheme == "raw");
        }
        rows.truncate(MOST_CHOICES);
        let mut reading = Reading {
            text: meaning.text.clone(),
            warnings: meaning.warnings.iter().map(|warning| format!("{warning:?}")).collect(),
            ..Reading::default()
        };
        for IdentifierRow { variant, name, pack_numerator, pack_denominator, .. } in rows {
            reading.things.push(self.thing(reader, variant, name, (pack_numerator, pack_denominator))?);
        }
        let Some(first) = meaning.candidates.first() else { return Ok(reading) };
        let gtin = first.gtin.as_ref().or(first.contained_gtin.as_ref());
        reading.gtin = gtin.map(ToString::to_string).unwrap_or_default();
        reading.lot = first.lot_code();
        reading.sscc = first.sscc.clone().unwrap_or_default();
        let inside = first.variable_count.or(first.contained_count.filter(|_| first.gtin.is_none()));
        reading.inside = inside.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let names_something = first.gtin.is_some() || first.contained_gtin.is_some() || first.sscc.is_some();
        reading.only_lot = first.kind == Kind::ElementString
            && !names_something
            && !reading.lot.is_empty()
            && reading.things.is_empty();
        let today = date_of(self.clock().read().wall_ms);
        reading.expired = first.expiry.as_ref().is_some_and(|it| it.last_day() < today);
        // A second symbol speaks of the thing that was asked about, a first one of the thing after it.
        let thing = reading.things.first().filter(|_| reading.things.len() == 1).map(|thing| thing.variant);
        let noted = state.lot.as_ref().map_or("", |(lot, _)| lot.as_str());
        let lot = if reading.lot.is_empty() { noted } else { reading.lot.as_str() };
        if let Some(variant) = thing.or_else(|| asked_thing(state).filter(|_| reading.only_lot)) {
            reading.piece = piece(reader, state, variant, lot)?;
        }
        reading.held = reading.things.is_empty() && held_here(reader, state, &reading.text)?;
        Ok(reading)
    }

    fn thing(&self, reader: &Reader<'_>, variant: VariantId, name: String, pack: (i64, i64)) -> Result<Thing, Error> {
        // A variant that has not arrived yet is in somebody's hand all the same.
        let document = reader.document("variants", RecordId(variant.0))?;
        let wants_lot = document.is_some_and(|it| matches!(it.row().text("tracking"), "lot" | "serial"));
        Ok(Thing { variant, name, pack_numerator: pack.0, pack_denominator: pack.1, wants_lot })
    }
}

/// Cells that changed, with what they show.
type Cells = Vec<(Cell, stocksync_ledger::CellView)>;

/// An input, looked up.
struct Read {
    event: Event,
    /// The text that a scan showed, and to whom.
    sight: Option<(String, Source)>,
    warnings: Vec<String>,
}

/// The one thing whose lot was asked for.
fn asked_thing(state: &State) -> Option<VariantId> {
    match state.asked.as_ref()?.reading.things.as_slice() {
        [thing] => Some(thing.variant),
        _ => None,
    }
}

/// What is known of a serial; none for other lots.
fn piece(reader: &Reader<'_>, state: &State, variant: VariantId, lot: &str) -> Result<Option<Piece>, Error> {
    if !lot.starts_with("21:") {
        return Ok(None);
    }
    let of = |it: &Option<(Location, String)>| it.as_ref().map(|(place, _)| *place);
    let mut piece = reader.piece(variant, lot, (of(&state.place), of(&state.target)))?;
    if let Some(session) = state.session {
        let counted = reader.session_counts(session)?;
        piece.counted = counted.keys().any(|cell| cell.variant == variant && cell.lot == lot);
    }
    Ok(Some(piece))
}

/// Whether a text is held already from the same work at the same place.
fn held_here(reader: &Reader<'_>, state: &State, text: &str) -> Result<bool, Error> {
    let place = state.place.as_ref().map(|(place, _)| *place);
    let same = |it: &HeldScan| it.mode == state.mode && Some(it.place) == place && it.session == state.session;
    Ok(reader.held(Some(text))?.iter().any(|row| same(&row.scan)))
}

/// A document may name a thing on several lines; scanning works off their sum.
fn one_a_variant(lines: &[(VariantId, i64)]) -> Vec<(VariantId, i64)> {
    let mut sums: Vec<(VariantId, i64)> = Vec::new();
    for (variant, quantity) in lines {
        match sums.iter_mut().find(|(it, _)| it == variant) {
            Some((_, sum)) => *sum = sum.saturating_add(*quantity),
            None => sums.push((*variant, *quantity)),
        }
    }
    sums
}

/// Held scans go, and the shift takes none of them for its last scan.
fn forget(writer: &Writer<'_>, numbers: &[i64]) -> Result<(), Error> {
    for number in numbers {
        writer.let_go(*number)?;
    }
    let mut state = load(&writer.read())?;
    state.forget(numbers);
    save(writer, &state)
}

fn save(writer: &Writer<'_>, state: &State) -> Result<(), Error> {
    let text = serde_json::to_vec(state).map_err(|_| Error::Internal("a shift cannot be written"))?;
    writer.set_meta(KEY, &text)
}

fn load(reader: &Reader<'_>) -> Result<State, Error> {
    let Some(bytes) = reader.meta(KEY)? else { return Ok(State::default()) };
    serde_json::from_slice(&bytes).map_err(|_| Error::Internal("a shift cannot be read"))
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

/// Held scans as they are recorded: those of one line of one count are one count, the others one act each.
fn together<'a>(held: impl Iterator<Item = &'a HeldScan>) -> Vec<HeldScan> {
    let mut acts: Vec<HeldScan> = Vec::new();
    for scan in held {
        let same = |it: &&mut HeldScan| {
            let counts = it.mode == Mode::Count && scan.mode == Mode::Count && it.session == scan.session;
            counts && it.place == scan.place && it.lot == scan.lot
        };
        match acts.iter_mut().find(same) {
            Some(line) => line.times = line.times.saturating_add(scan.times),
            None => acts.push(scan.clone()),
        }
    }
    acts
}

fn identifier(text: &str, gtin: &str, variant: VariantId, pack: (i64, i64)) -> RecordEdit {
    let (scheme, value) = if gtin.is_empty() { ("raw", text) } else { ("gtin", gtin) };
    RecordEdit::identifier(variant, scheme, value, pack)
}
