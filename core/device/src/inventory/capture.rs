//! Recording ops: what was known when the act began, the clocks at its end, the op, its outbox row and the cells that change,
//! in one transaction.

use stocksync_ledger::fold::FoldBatch;
use stocksync_ledger::{Entry, rules};
use stocksync_schemas::{
    Acceptance, Body, CaptureContext, CaptureTime, Close, ClosePart, Lane, Location, LogPoint, Op, SessionId, Void,
    limits,
};

use crate::acts::{Act, CapturedOp};
use crate::apply::apply;
use crate::store::{CaptureState, Reader, Writer};
use crate::time::estimate;
use crate::{Error, Inventory};

impl Inventory {
    /// A person begins an act: what this device knows now is what the op will have known. Nothing is stored.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn begin_act(&self) -> Result<Act, Error> {
        self.store.read(|reader| self.act_in(reader))
    }

    /// The act that begins now, in a transaction that is open already.
    pub(crate) fn act_in(&self, reader: &Reader<'_>) -> Result<Act, Error> {
        Ok(self.act(&reader.capture_state(self.replica)?))
    }

    fn act(&self, capture_state: &CaptureState) -> Act {
        let now = self.clock.read();
        Act {
            boot_ms: now.boot_ms,
            boot: now.boot,
            wall_ms: now.wall_ms,
            seen: capture_state.cursor,
            own_seen: capture_state.captured_seq,
            exchange: capture_state.exchange,
            lost_tails: capture_state.lost_tails,
        }
    }

    /// Opens a session of counts. Durable when it returns.
    ///
    /// # Errors
    /// [`Error::StorageFull`], [`Error::StorageBusy`], [`Error::StorageReadOnly`].
    pub fn begin_session(&self) -> Result<SessionId, Error> {
        let session = SessionId(self.ids.id()?);
        let act = self.begin_act()?;
        self.store.write(|writer| writer.insert_session(session, &act.encode()?))?;
        Ok(session)
    }

    /// Closes a session that was opened here, naming every count of it on this device; it takes effect. `complete` are the
    /// locations of which every cell was looked at.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the session was not opened here; else as [`Inventory::record`].
    pub fn close_session(&self, session: SessionId, complete: Vec<Location>) -> Result<CapturedOp, Error> {
        let (act, counts) = self.store.read(|reader| {
            let act = Act::decode(&reader.session_act(session)?.ok_or(Error::NotFound("session"))?)?;
            Ok((act, reader.session_counts(session)?))
        })?;
        let parts = counts.into_iter().map(|(cell, counts)| ClosePart { cell, counts }).collect();
        self.record(Some(act), Body::Close(Close { session, parts, complete }))
    }

    /// Records an op. It is durable when this returns `Ok`: only then may the tone sound. Without `act` it began and ended
    /// now.
    ///
    /// # Errors
    /// [`Error::Rule`]: correct the input. [`Error::OutboxFull`]: sync first. [`Error::StorageFull`], [`Error::StorageBusy`],
    /// [`Error::StorageReadOnly`]. Nothing is recorded then.
    pub fn record(&self, act: Option<Act>, body: Body) -> Result<CapturedOp, Error> {
        let captured = self.store.write(|writer| {
            if let Body::Close(close) = &body {
                writer.delete_session(close.session)?;
            }
            self.capture(writer, act, body)
        })?;
        self.notify(&captured.cells);
        Ok(captured)
    }

    /// Writes one own op into a transaction: op, outbox, cells.
    pub(crate) fn capture(&self, writer: &Writer<'_>, act: Option<Act>, body: Body) -> Result<CapturedOp, Error> {
        let reader = writer.read();
        let capture_state = reader.capture_state(self.replica)?;
        let act = act.unwrap_or_else(|| self.act(&capture_state));
        if capture_state.captured_seq - capture_state.final_seq() >= limits::OUTBOX_OPS {
            return Err(Error::OutboxFull);
        }
        let after_exchange = capture_state.exchange;
        let time = self.capture_times(&reader, &act, after_exchange)?;
        let lane = Lane { replica: self.replica, seq: capture_state.captured_seq + 1 };
        let op = Op::new(lane, time, capture_state.user, body);
        rules::check(&op)?;
        let bounds = reader.bounds_before(time.boot, time.boot_ms, after_exchange)?;
        let lost =
            if act.lost_tails < capture_state.lost_tails { reader.lost_tails(act.lost_tails)? } else { Vec::new() };
        let seen = lost.into_iter().fold(act.seen, lower);
        let context = CaptureContext { estimate: estimate(&time, &bounds), seen, own_seen: act.own_seen };
        let entry = Entry::new(op, Acceptance::provisional(&context));
        let reference = entry.reference();
        writer.insert_own_op(lane.seq, &context, after_exchange)?;
        let changes = apply(writer, FoldBatch { new: vec![entry], ..FoldBatch::default() })?;
        Ok(CapturedOp { reference, cells: changes.into_iter().collect() })
    }

    /// The clocks at the end of an act, and how long it took. Across a restart no clock measures that: then the act may have
    /// begun as early as the last exchange before it.
    fn capture_times(&self, reader: &Reader<'_>, act: &Act, after_exchange: i64) -> Result<CaptureTime, Error> {
        let now = self.clock.read();
        let mut time = CaptureTime {
            wall_ms: now.wall_ms.clamp(0, limits::TIME_MS),
            boot_ms: now.boot_ms.clamp(0, limits::TIME_MS),
            boot: now.boot,
            took_ms: 0,
        };
        let took = if act.boot == now.boot {
            now.boot_ms.saturating_sub(act.boot_ms)
        } else {
            let bounds = reader.bounds_before(time.boot, time.boot_ms, after_exchange)?;
            let ended = estimate(&time, &bounds);
            let latest = ended.ended.saturating_add(i64::try_from(ended.uncertainty).unwrap_or(i64::MAX));
            let earliest = reader.bounds_before(act.boot, act.boot_ms, act.exchange)?.last_known;
            earliest.map_or(i64::MAX, |contact| latest.saturating_sub(contact.server_ms))
        };
        time.took_ms = u32::try_from(took.max(0)).unwrap_or(u32::MAX).min(limits::TOOK_MS);
        Ok(time)
    }

    /// Voids the newest own movement, count or close that counts. Durable when it returns.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none; else as [`Inventory::record`].
    pub fn undo(&self) -> Result<CapturedOp, Error> {
        let target = self.store.read(|reader| reader.newest_undoable())?.ok_or(Error::NotFound("op to undo"))?;
        self.record(None, Body::Void(Void { target: target.reference(), reason: "undo".to_owned() }))
    }
}

/// What was seen, as far as the server still has it.
fn lower(seen: LogPoint, common: LogPoint) -> LogPoint {
    if seen.position > common.position { common } else { seen }
}
