//! A shift: work by scanning one code after the other, by picture, scanner or keyboard.
//!
//! Owns the way from a scanned text to a recorded op and its signal. The rules are in [`machine`], a pure state machine; here
//! codes are resolved before it and its effects carried out after it. An event is one read transaction, and one write
//! transaction if it changes anything: ops, held scans and the state of the shift are committed together, so a kill leaves a
//! scan whole or not done. Must never report a signal before its effects are committed.

mod camera_filter;
mod document;
mod event;
mod held;
mod label;
pub mod machine;
mod persistence;
mod quantity;
mod question;
mod resolve;
mod settings;
mod state;
mod undo;
mod wedge;

pub use stocksync_gs1::{InStoreValue, KeyboardLayout};
use stocksync_ledger::CellView;
use stocksync_schemas::{Body, Cell, Close, ClosePart, Location, SessionId, VariantId, limits};

pub use camera_filter::{COOLDOWN_MS, CameraFilter};
pub use document::{ExpectedDocument, ExpectedLine};
pub use event::{
    Feedback, HeldScan, ResolvedScan, SerialStatus, ShiftEffect, ShiftEvent, ShiftSignal, ShiftStep, VariantMatch,
};
pub use held::HeldScanEntry;
pub use label::{ShiftCommand, command_label, location_label};
pub use persistence::SetAsideValue;
pub use question::Question;
pub use settings::{InStoreLayout, ShiftSettings};
pub use state::{NamedLocation, ScanSource, ShiftMode, ShiftState};
pub use wedge::{Wedge, scan_of_intent};

use crate::acts::Act;
use crate::measure::LabelMeasure;
use crate::store::{Reader, Writer};
use crate::{Error, Inventory};
use machine::{EventContext, handle};
use persistence::{decode_shift, store_state};
use resolve::{ResolvedInput, Resolver};

/// A scanned or typed text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// As delivered.
    pub text: String,
    /// The symbology identifier beside it (`]C1`), where the decoder gives one.
    pub aim: Option<String>,
    /// Which input device delivered it.
    pub source: ScanSource,
}

/// What the user does.
#[derive(Debug, Clone, PartialEq)]
pub enum ShiftInput {
    /// Scans or types a code: of a variant, a location or a command.
    Scan(Scan),
    /// Picks a location from a list.
    Location(Location),
    /// Presses a button.
    Command(ShiftCommand),
    /// Enters the quantity of the last scan, thousandths of the base unit: replaces what was recorded, or answers a question.
    Amount(i64),
    /// Chooses one of several variants.
    Choose(VariantId),
    /// Enters a lot (`10:CODE`, `21:SERIAL`), or that there is none (empty).
    Lot(String),
    /// Sets the document that is worked off, or none.
    Expect(Option<ExpectedDocument>),
}

/// The answer to an input. Whatever was to be recorded is durable.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShiftOutcome {
    /// The tone; none: stay silent (the camera still shows the same code).
    pub signal: Option<ShiftSignal>,
    /// The reason, for display.
    pub feedback: Feedback,
    /// On hand of the cell of the scan, thousandths; in a count, what was shown when its line began. None where no cell is
    /// concerned, and in blind counts.
    pub on_hand: Option<i64>,
    /// What the document still expects of the variant, thousandths; negative where more was scanned than expected.
    pub left: Option<i64>,
    /// What the label measures.
    pub measures: Vec<LabelMeasure>,
    /// Oddities of the code, for display.
    pub warnings: Vec<stocksync_gs1::Warning>,
}

/// A shift, for display.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftView {
    /// Mode, locations and what is being counted.
    pub state: ShiftState,
    /// Its settings.
    pub settings: ShiftSettings,
    /// Number of scans that wait for a person.
    pub held: u64,
    /// What did not decode since the last view, so that the shift or its settings started anew. Each is reported once.
    pub set_aside: Vec<SetAsideValue>,
}

/// Cells that changed, with their views.
type ChangedCells = Vec<(Cell, CellView)>;

/// An event that is ready to be handled: the shift before it, with everything that was looked up.
struct PreparedEvent {
    state: ShiftState,
    settings: ShiftSettings,
    resolved: ResolvedInput,
    act: Act,
}

/// What an event wrote, and what is shown of it.
#[derive(Default)]
struct Written {
    cells: ChangedCells,
    on_hand: Option<i64>,
}

impl Inventory {
    /// Processes an input. When this returns, whatever was to be recorded is durable: only now may the tone sound.
    ///
    /// # Errors
    /// [`Error::Rule`], [`Error::OutboxFull`], [`Error::StorageFull`]: nothing of the event was recorded, the shift is as
    /// before. [`Error::Invalid`] for a text that is empty or too long, a lot or a document beyond its limits.
    pub fn shift(&self, input: ShiftInput) -> Result<ShiftOutcome, Error> {
        let mut filter = self.lock_shift();
        let ms = self.clock().read().boot_ms;
        if let ShiftInput::Scan(scan) = &input
            && filter.is_repeat(scan, ms)
        {
            return Ok(ShiftOutcome::default());
        }
        let PreparedEvent { mut state, settings, resolved, act } = self.prepare(&input)?;
        if let ShiftInput::Scan(scan) = input {
            filter.remember(scan, ms);
        }
        let before = state.clone();
        let now = EventContext { ms, act, session: SessionId(self.ids().id()?) };
        let ShiftStep { signal, feedback, effects } = handle(&mut state, resolved.event, &now);
        let written = if !effects.is_empty() || state != before {
            let write = |writer: &Writer<'_>| self.carry_out(writer, &mut state, &settings, effects, &feedback);
            // If the transaction fails, nothing was recorded: the camera's next frame tries again.
            self.store().write(write).inspect_err(|_| filter.clear())?
        } else if feedback.cell().is_some() {
            let on_hand = |reader: &Reader<'_>| displayed_on_hand(reader, &state, &settings, &feedback, &[]);
            Some(Written { cells: Vec::new(), on_hand: self.store().read(on_hand)? })
        } else {
            Some(Written::default())
        };
        drop(filter);
        let (signal, feedback, Written { cells, on_hand }) = match written {
            Some(written) => (signal, feedback, written),
            None => (ShiftSignal::Error, Feedback::TooManyHeldScans, Written::default()),
        };
        if !cells.is_empty() {
            self.notify(&cells);
        }
        let left = feedback.cell().and_then(|cell| state.left(cell.variant));
        let (measures, warnings) = (resolved.measures.all, resolved.warnings);
        Ok(ShiftOutcome { signal: Some(signal), feedback, on_hand, left, measures, warnings })
    }

    /// The shift as stored; the same after a restart. What of it did not decode is reported once, and is found in
    /// [`set_aside`](Inventory::set_aside) from then on.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn shift_view(&self) -> Result<ShiftView, Error> {
        let _lock = self.lock_shift();
        let (state, settings) = self.load_shift()?;
        let held = self.store().read(|reader| reader.held_scan_count())?;
        Ok(ShiftView { state, settings, held, set_aside: self.report_set_aside()? })
    }

    /// Loads the shift and resolves an input, in one read transaction.
    fn prepare(&self, input: &ShiftInput) -> Result<PreparedEvent, Error> {
        let wall_ms = self.clock().read().wall_ms;
        let prepare = |reader: &Reader<'_>| {
            let Some((state, settings)) = decode_shift(reader)? else { return Ok(None) };
            let resolved = Resolver { reader, state: &state, settings: &settings, wall_ms }.resolve(input)?;
            Ok(Some(PreparedEvent { act: self.act_in(reader)?, state, settings, resolved }))
        };
        if let Some(prepared) = self.store().read(prepare)? {
            return Ok(prepared);
        }
        self.load_shift()?; // sets aside what does not decode
        self.store().read(prepare)?.ok_or(Error::Internal("a shift that was set aside is still there"))
    }

    /// Carries out the effects of an event and stores the state, in the transaction of `writer`. None if as many scans are
    /// held as may be: nothing was written.
    fn carry_out(
        &self,
        writer: &Writer<'_>,
        state: &mut ShiftState,
        settings: &ShiftSettings,
        effects: Vec<ShiftEffect>,
        feedback: &Feedback,
    ) -> Result<Option<Written>, Error> {
        let holds = effects.iter().any(|effect| matches!(effect, ShiftEffect::HoldScan(_)));
        if holds && writer.read().held_scan_count()? >= limits::HELD_SCANS {
            return Ok(None);
        }
        let mut cells = Vec::new();
        for effect in effects {
            match effect {
                ShiftEffect::Record(body, act) => {
                    let is_void = matches!(body, Body::Void(_));
                    let captured = self.capture(writer, act, body)?;
                    if !is_void {
                        state.set_op_ref(captured.reference);
                    }
                    cells.extend(captured.cells);
                }
                ShiftEffect::OpenSession(session, act) => writer.insert_session(session, &act.encode()?)?,
                ShiftEffect::CloseSession(session, complete) => {
                    cells.extend(self.close_session_in(writer, session, complete)?);
                }
                ShiftEffect::HoldScan(scan) => {
                    state.set_held_number(held::insert_held_scan(writer, &scan, self.clock().read().wall_ms)?);
                }
                ShiftEffect::SetHeldTimes(number, times) => held::set_held_times(writer, number, times)?,
                ShiftEffect::DeleteHeldScan(number) => writer.delete_held_scan(number)?,
            }
        }
        if let Some(line) = state.line.as_mut().filter(|line| line.shown_on_hand.is_none() && !settings.blind_counts) {
            line.shown_on_hand = Some(writer.read().view(&line.cell)?.on_hand);
        }
        store_state(writer, state)?;
        let on_hand = displayed_on_hand(&writer.read(), state, settings, feedback, &cells)?;
        Ok(Some(Written { cells, on_hand }))
    }

    /// Closes a count session; one without counts and complete locations leaves no op.
    fn close_session_in(
        &self,
        writer: &Writer<'_>,
        session: SessionId,
        complete: Vec<Location>,
    ) -> Result<ChangedCells, Error> {
        let act = writer.read().session_act(session)?.map(|text| crate::Act::decode(&text)).transpose()?;
        let counts = writer.read().session_counts(session)?;
        writer.delete_session(session)?;
        if counts.is_empty() && complete.is_empty() {
            return Ok(Vec::new());
        }
        let parts = counts.into_iter().map(|(cell, counts)| ClosePart { cell, counts }).collect();
        Ok(self.capture(writer, act, Body::Close(Close { session, parts, complete }))?.cells)
    }
}

/// The on hand that the user is shown of the cell that was recorded or counted. In a count it is part of the op, so it stays
/// the same from the first scan of a line; in a blind count there is none.
fn displayed_on_hand(
    reader: &Reader<'_>,
    state: &ShiftState,
    settings: &ShiftSettings,
    feedback: &Feedback,
    changed: &[(Cell, CellView)],
) -> Result<Option<i64>, Error> {
    let Some(cell) = feedback.cell() else { return Ok(None) };
    match &state.line {
        Some(line) if line.cell == *cell => return Ok(line.shown_on_hand),
        _ if settings.blind_counts && state.mode == ShiftMode::Count => return Ok(None),
        _ => {}
    }
    match changed.iter().rev().find(|(of, _)| of == cell) {
        Some((_, view)) => Ok(Some(view.on_hand)),
        None => Ok(Some(reader.view(cell)?.on_hand)),
    }
}
