//! A shift: work by scanning, one code after the other, with the eyes on the shelf and the ears on the tone.
//!
//! Owns the way from a scanned text to a recorded act and its tone. The rules are in [`machine`], a pure state machine; here
//! codes are looked up before it and its effects carried out after it, all in one transaction with what the shift
//! remembers: a kill leaves a scan whole or not done, and never done without its tone's promise. Works with camera, scanner
//! and keyboard alike.

mod label;
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
            let (event, warnings) = match read {
                Ok(read) => read,
                Err(say) => {
                    let signal = Some(Signal::Error);
                    return Ok(Outcome { signal, say, on_hand: None, warnings: Vec::new() });
                }
            };
            let mut state = before.clone();
            state.seen = seen.take();
            let now = Now { ms: self.clock().read().boot_ms, act: self.begin_act()?, session: self.fresh_session()? };
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

    /// Says that a text is a variant in packs of `pack`: the identifier is made, and every held scan of the text is
    /// recorded once, with what was known when it was scanned. Durable when it returns; answers how many acts that were.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the variant is not here or nothing is held under the text; [`Error::Invalid`] where a pack is
    /// no whole number of thousandths; else as [`Inventory::edit`]. Nothing is kept then.
    pub fn attach(&self, text: &str, variant: VariantId, pack: (i64, i64)) -> Result<u64, Error> {
        let (acts, cells) = self.store().write(|writer| {
            let held = writer.read().held(Some(text))?;
            let gtin = held.first().ok_or(Error::NotFound("held scan"))?.scan.gtin.clone();
            let mut thing = self.thing(&writer.read(), variant, String::new(), pack)?;
            thing.wants_lot = false;
            self.edit_in(writer, &identifier(text, &gtin, variant, pack))?;
            let (mut acts, mut cells) = (0, Vec::new());
            for scan in together(held.iter().map(|row| &row.scan)) {
                let reason = || "a pack of this is no whole number of thousandths".to_owned();
                let body = machine::release(&scan, &thing)
                    .ok_or_else(|| Error::Invalid { field: "pack", reason: reason() })?;
                cells.extend(self.capture(writer, Some(scan.act), body)?.cells);
                acts += 1;
            }
            for row in held {
                writer.let_go(row.number)?;
            }
            Ok((acts, cells))
        })?;
        self.tell(&cells);
        Ok(acts)
    }

    /// Drops a held scan: a person says that it was nothing.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn drop_held(&self, number: i64) -> Result<(), Error> {
        self.store().write(|writer| writer.let_go(number))
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
                Effect::Hold(scan) => writer.hold(&scan, self.clock().read().wall_ms)?,
            }
        }
        let text = serde_json::to_vec(&state).map_err(|_| Error::Internal("a shift cannot be written"))?;
        writer.set_meta(KEY, &text)?;
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

    /// What an input says, looked up; or why it says nothing.
    #[allow(clippy::type_complexity)] // an event with its warnings, or why there is none
    fn read_input(
        &self,
        reader: &Reader<'_>,
        input: Input,
        state: &State,
    ) -> Result<Result<(Event, Vec<String>), Say>, Error> {
        let event = match input {
            Input::Scan(scan) => return self.read_scan(reader, &scan, state),
            Input::Place(place) => Event::Place(place, reader.place_name(place)?.unwrap_or_default()),
            Input::Command(command) => event_of(command),
            Input::Choose(variant) => Event::Choose(variant),
            Input::Lot(lot) => {
                if lot.len() > limits::LOT_BYTES {
                    let reason = format!("at most {} bytes", limits::LOT_BYTES);
                    return Err(Error::Invalid { field: "lot", reason });
                }
                Event::Lot(lot)
            }
            Input::Expect(expected) => {
                let lines = expected.as_ref().map_or(0, |it| it.lines.len());
                if lines > limits::EXPECTED_LINES {
                    let reason = format!("at most {} lines", limits::EXPECTED_LINES);
                    return Err(Error::Invalid { field: "expected", reason });
                }
                Event::Expect(expected)
            }
        };
        Ok(Ok((event, Vec::new())))
    }

    #[allow(clippy::type_complexity)] // as above
    fn read_scan(
        &self,
        reader: &Reader<'_>,
        scan: &Scan,
        state: &State,
    ) -> Result<Result<(Event, Vec<String>), Say>, Error> {
        let meaning = self.understand(&scan.text, scan.aim.as_deref())?;
        match label::parse(&meaning.text) {
            Some(label::Label::Command(command)) => return Ok(Ok((event_of(command), Vec::new()))),
            Some(label::Label::Place(code)) => {
                return Ok(match reader.place_of_code(&code)? {
                    Some((place, name)) => Ok((Event::Place(place, name), Vec::new())),
                    None => Err(Say::BadLabel(code)),
                });
            }
            Some(label::Label::Bad) => return Ok(Err(Say::BadLabel(meaning.text))),
            None => {}
        }
        let reading = self.reading(reader, &meaning, state)?;
        let warnings = reading.warnings.clone();
        Ok(Ok((Event::Scanned(reading, scan.source), warnings)))
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
        reading.gtin = first.gtin.as_ref().map(ToString::to_string).unwrap_or_default();
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
        if let ([thing], true) = (reading.things.as_slice(), reading.lot.starts_with("21:")) {
            let place = state.place.as_ref().map(|(place, _)| *place);
            let mut piece = reader.piece(thing.variant, &reading.lot, place)?;
            if let Some(session) = state.session {
                let counted = reader.session_counts(session)?;
                piece.counted = counted.keys().any(|cell| cell.variant == thing.variant && cell.lot == reading.lot);
            }
            reading.piece = Some(piece);
        }
        Ok(reading)
    }

    fn thing(&self, reader: &Reader<'_>, variant: VariantId, name: String, pack: (i64, i64)) -> Result<Thing, Error> {
        let document = reader.document("variants", RecordId(variant.0))?.ok_or(Error::NotFound("variant"))?;
        let wants_lot = matches!(document.row().text("tracking"), "lot" | "serial");
        Ok(Thing { variant, name, pack_numerator: pack.0, pack_denominator: pack.1, wants_lot })
    }
}

/// Cells that changed, with what they show.
type Cells = Vec<(Cell, stocksync_ledger::CellView)>;

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

/// Held scans as they are recorded: those of one count line are one count, the others one act each.
fn together<'a>(held: impl Iterator<Item = &'a HeldScan>) -> Vec<HeldScan> {
    let mut acts: Vec<HeldScan> = Vec::new();
    for scan in held {
        let same = |it: &&mut HeldScan| {
            it.mode == Mode::Count && scan.mode == Mode::Count && it.place == scan.place && it.lot == scan.lot
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
