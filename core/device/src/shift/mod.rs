//! A shift: work by scanning, one code after the other, with the eyes on the shelf and the ears on the tone.
//!
//! Owns the way from a scanned text to a recorded act and its tone. The rules are in [`machine`], a pure state machine; here
//! codes are looked up before it and its effects carried out after it, all in one transaction with what the shift
//! remembers: a kill leaves a scan whole or not done, and never done without its tone's promise. Works with camera, scanner
//! and keyboard alike.

mod document;
mod event;
mod held;
mod label;
mod last;
pub mod machine;
mod quantity;
mod question;
mod read;
mod saved;
mod settings;
mod state;
mod wedge;

pub use stocksync_gs1::{InStoreValue, KeyboardLayout};
use stocksync_schemas::{Body, Cell, Close, ClosePart, Location, SessionId, VariantId, limits};

pub use document::{Expected, ExpectedLine};
pub use event::{Effect, Event, HeldScan, Piece, Reading, Say, Signal, Step, Thing};
pub use label::{Command, command_label, place_label};
pub use question::Question;
pub use saved::SetAside;
pub use settings::{InStore, Settings};
pub use state::{Mode, Source, State};
pub use wedge::{Wedge, scan_of_intent};

use crate::measure::LabelMeasure;
use crate::store::Writer;
use crate::{Error, Inventory};
use machine::{Now, handle};
use read::{Look, Read};

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
    /// Says how much the last scan was, thousandths of the base unit: in place of what was recorded or asked about.
    Amount(i64),
    /// Says which of several things it is.
    Choose(VariantId),
    /// Says which lot (`10:CODE`, `21:SERIAL`), or that there is none (empty).
    Lot(String),
    /// Works off a document, or no longer.
    Expect(Option<Expected>),
}

/// What came of it. Whatever was to be recorded is durable.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The tone; none: stay silent.
    pub signal: Option<Signal>,
    /// Why, for the screen.
    pub say: Say,
    /// What the cell of the scan shows now, thousandths; in a count, what it showed when its line began. None where no cell
    /// is concerned, or where who counts is not shown.
    pub on_hand: Option<i64>,
    /// What the document still asks for of this thing, thousandths; below zero: so much more came.
    pub left: Option<i64>,
    /// What the label measures.
    pub measures: Vec<LabelMeasure>,
    /// What is odd about the code, for the screen.
    pub warnings: Vec<String>,
}

/// How a shift stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftView {
    /// Mode, places and what is being counted.
    pub state: State,
    /// How it is set up.
    pub settings: Settings,
    /// Scans that wait for a person.
    pub held: u64,
    /// What could not be read since the last view, so that the shift or its settings started anew. Told once.
    pub set_aside: Vec<SetAside>,
}

impl Inventory {
    /// Takes what the person does. When this returns, whatever was to be recorded is durable: only now the tone.
    ///
    /// # Errors
    /// [`Error::Rule`], [`Error::OutboxFull`], [`Error::StorageFull`]: nothing of the event was kept, the shift stands as
    /// before. [`Error::Invalid`] for a text that is empty or too long, a lot or a document beyond its limits.
    pub fn shift(&self, input: Input) -> Result<Outcome, Error> {
        let mut seen = self.camera();
        let (before, settings) = self.memory()?;
        let Read { event, sight, warnings, measures } = self.store().read(|reader| {
            let look = Look { inventory: self, reader, state: &before, settings: &settings };
            look.input(input)
        })?;
        let mut state = before.clone();
        state.seen = seen.take();
        let now = Now { ms: self.clock().read().boot_ms, act: self.begin_act()?, session: self.fresh_session()? };
        if let Some((text, source)) = sight
            && machine::still_seen(&mut state, &text, source, &now)
        {
            *seen = state.seen.take();
            return Ok(Outcome::default());
        }
        let Step { mut say, mut signal, effects } = handle(&mut state, event, &now);
        *seen = state.seen.take();
        let mut cells = Vec::new();
        if effects.iter().any(|it| matches!(it, Effect::Hold(_))) && self.held_full()? {
            (say, signal, state) = (Say::HeldFull, Some(Signal::Error), before);
        } else if !effects.is_empty() || state != before {
            let done = self.store().write(|writer| self.carry_out(writer, &mut state, &settings, effects));
            // What was not kept was not seen either: the camera's next look is another try.
            cells = done.inspect_err(|_| *seen = None)?;
        }
        let (on_hand, left) = match &say {
            Say::Done(cell, _) | Say::Expired(cell, _) | Say::Unexpected(cell, _) => {
                (self.shown(&state, &settings, cell)?, state.left(cell.variant))
            }
            _ => (None, None),
        };
        drop(seen);
        if !cells.is_empty() {
            self.notify(&cells);
        }
        Ok(Outcome { signal, say, on_hand, left, measures: measures.all, warnings })
    }

    /// How the shift stands; it is the same after a restart. What of it could not be read is told once, and from then on by
    /// [`set_aside`](Inventory::set_aside).
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn shift_view(&self) -> Result<ShiftView, Error> {
        let _one = self.camera();
        let (state, settings) = self.memory()?;
        let held = self.store().read(|reader| reader.held_count())?;
        Ok(ShiftView { state, settings, held, set_aside: self.untold()? })
    }

    fn held_full(&self) -> Result<bool, Error> {
        self.store().read(|reader| Ok(reader.held_count()? >= limits::HELD_SCANS))
    }

    fn fresh_session(&self) -> Result<SessionId, Error> {
        Ok(SessionId(self.ids().id()?))
    }

    /// What the person is shown of a cell. In a count it goes into the op, so it is the same from the first scan of a line.
    fn shown(&self, state: &State, settings: &Settings, cell: &Cell) -> Result<Option<i64>, Error> {
        match &state.line {
            Some(line) if line.cell == *cell => Ok(line.shown),
            _ if settings.blind_counts && state.mode == Mode::Count => Ok(None),
            _ => Ok(Some(self.balance(cell)?.on_hand)),
        }
    }

    /// Everything that an event does, in one transaction.
    fn carry_out(
        &self,
        writer: &Writer<'_>,
        state: &mut State,
        settings: &Settings,
        effects: Vec<Effect>,
    ) -> Result<Cells, Error> {
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
        if let Some(line) = state.line.as_mut().filter(|it| it.shown.is_none() && !settings.blind_counts) {
            line.shown = Some(writer.read().view(&line.cell)?.on_hand);
        }
        saved::save(writer, state)?;
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
}

/// Cells that changed, with what they show.
type Cells = Vec<(Cell, stocksync_ledger::CellView)>;
