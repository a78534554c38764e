//! Record changes into documents: one load and one write a record, however many changes of it a batch has.
//!
//! Owns when a change is tried, what waits, and what is refused. Changes are applied without proof first and the documents
//! are proven at the end; only where that fails, every change is proven by itself, which costs as much as the document is
//! large. A change that no document can take is refused for good, before it has a position, so that no other device ever
//! sees it. One that waited and then cannot be taken is on the log already: it stays out of its document and opens an exception.

use std::collections::BTreeMap;

use stocksync_ledger::records::{Document, Merged, RecordError, typed};
use stocksync_schemas::{Code, Lane, RecordChange, limits};

use super::judge::{Decision, rejected};
use crate::op_log::{ChangedRecord, KeptRecord, LogError, RecordKey, Waiting};

/// The documents that a batch touches.
pub(super) struct Records {
    open: BTreeMap<RecordKey, Open>,
    /// Every change is proven by itself.
    careful: bool,
}

/// A record while a batch is judged.
struct Open {
    before: KeptRecord,
    kept: KeptRecord,
    document: Document,
    changed: bool,
}

/// Some change spoilt a document: judge the batch again, carefully.
pub(super) struct DocumentCorrupted;

/// An op that brings a change.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    /// The change.
    pub change: &'a RecordChange,
    /// Of the op.
    pub lane: Lane,
    /// That the op takes if its change is accepted.
    pub position: u64,
    /// Tenant clock.
    pub now_ms: i64,
}

impl Records {
    /// Opens records as they are kept; those that are not among them are new.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if a kept document cannot be read: the projections are to be rebuilt.
    pub fn open(kept: &BTreeMap<RecordKey, KeptRecord>, careful: bool) -> Result<Self, LogError> {
        let open = |(key, kept): (&RecordKey, &KeptRecord)| {
            let document = if kept.document.is_empty() { Ok(Document::new()) } else { Document::load(&kept.document) };
            let document = document.map_err(|_| LogError::Damaged("a record's document cannot be read"))?;
            Ok((*key, Open { before: kept.clone(), kept: kept.clone(), document, changed: false }))
        };
        Ok(Self { open: kept.iter().map(open).collect::<Result<_, LogError>>()?, careful })
    }

    /// Applies the change of a new op, or says why the op is refused.
    pub fn take(&mut self, arrival: Arrival<'_>) -> Result<Decision, DocumentCorrupted> {
        let RecordChange { collection, record, change } = arrival.change;
        let Some(key) = RecordKey::new(collection, *record) else { return Ok(Decision::Accept) };
        let careful = self.careful;
        let it = self.open.entry(key).or_insert_with(Open::new);
        match it.merge(change, arrival.lane, careful)? {
            Ok(Merged::AlreadyThere) => Ok(Decision::Accept),
            Ok(Merged::Applied) => {
                it.note(change, &arrival);
                it.retry(&arrival, careful)?;
                Ok(Decision::Accept)
            }
            Ok(Merged::Waits) if it.kept.waiting.iter().filter(|it| !it.refused).count() < limits::RECORD_WAITS => {
                it.wait(&arrival, false);
                Ok(Decision::Accept)
            }
            Ok(Merged::Waits) => {
                let code = Code::RecordChangeWaits;
                Ok(Decision::Answer(rejected(code, code.facts().2)))
            }
            Err((code, text)) => Ok(Decision::Reject(code, text)),
        }
    }

    /// Applies the change of an op that is on the log: what would be refused now stays out of the document.
    pub fn take_again(&mut self, arrival: Arrival<'_>) -> Result<(), DocumentCorrupted> {
        let Some(key) = RecordKey::new(&arrival.change.collection, arrival.change.record) else { return Ok(()) };
        match self.take(arrival)? {
            Decision::Accept => {}
            Decision::Answer(_) => self.open.entry(key).or_insert_with(Open::new).wait(&arrival, false),
            Decision::Reject(..) => self.open.entry(key).or_insert_with(Open::new).wait(&arrival, true),
        }
        Ok(())
    }

    /// The records that changed, proven and as they are to be kept, in order of their keys.
    pub fn close(self) -> Result<Vec<ChangedRecord>, DocumentCorrupted> {
        let mut changed = Vec::new();
        for (key, mut it) in self.open {
            if it.before.waiting == it.kept.waiting && !it.changed {
                continue;
            }
            let mut row = None;
            if it.changed {
                it.kept.document = it.document.verify().map_err(|_| DocumentCorrupted)?;
                let typed = typed(key.fields(), &it.document.row());
                it.kept.unique_key = crate::op_log::key_of(&key, &typed);
                row = Some(typed);
            }
            let waits = |position: u64| it.kept.waiting.iter().any(|it| it.position == position);
            let ended = it.before.waiting.iter().map(|it| it.position).filter(|position| !waits(*position)).collect();
            changed.push(ChangedRecord { key, row, former_key: it.before.unique_key, ended, kept: it.kept });
        }
        Ok(changed)
    }
}

impl Open {
    fn new() -> Self {
        let (before, kept) = (KeptRecord::default(), KeptRecord::default());
        Self { before, kept, document: Document::new(), changed: false }
    }

    fn merge(
        &mut self,
        change: &[u8],
        lane: Lane,
        careful: bool,
    ) -> Result<Result<Merged, (Code, String)>, DocumentCorrupted> {
        let total = self.kept.change_bytes.saturating_add(change.len() as u64);
        if total > limits::RECORD_BYTES as u64 {
            let code = Code::RecordTooLarge;
            return Ok(Err((code, code.facts().2.to_owned())));
        }
        let merged = if careful {
            self.document.merge(change, lane.replica)
        } else {
            self.document.merge_unchecked(change, lane.replica)
        };
        match merged {
            Err(RecordError::Document) if !careful => Err(DocumentCorrupted),
            Err(error) => Ok(Err((error.code(), error.to_string()))),
            Ok(merged) => Ok(Ok(merged)),
        }
    }

    /// Notes that a change went into the document because of an arrival.
    fn note(&mut self, change: &[u8], arrival: &Arrival<'_>) {
        self.changed = true;
        self.kept.change_bytes += change.len() as u64;
        (self.kept.position, self.kept.changed_ms) = (arrival.position, arrival.now_ms);
        let deleted = self.document.row().deleted;
        self.kept.deleted_ms = deleted.then(|| self.kept.deleted_ms.unwrap_or(arrival.now_ms));
    }

    fn wait(&mut self, arrival: &Arrival<'_>, refused: bool) {
        let change = if refused { Vec::new() } else { arrival.change.change.clone() };
        let (position, replica) = (arrival.position, arrival.lane.replica);
        self.kept.waiting.push(Waiting { position, replica, change, refused });
    }

    /// Tries again what waits, in order of position, until nothing of it can be applied.
    fn retry(&mut self, arrival: &Arrival<'_>, careful: bool) -> Result<(), DocumentCorrupted> {
        let mut again = true;
        while again {
            again = false;
            for mut it in std::mem::take(&mut self.kept.waiting) {
                let lane = Lane { replica: it.replica, seq: 0 };
                let merged = if it.refused { Ok(Merged::Waits) } else { self.merge(&it.change, lane, careful)? };
                match merged {
                    Ok(Merged::Waits) => self.kept.waiting.push(it),
                    Ok(Merged::AlreadyThere) => {}
                    Ok(Merged::Applied) => {
                        self.note(&it.change, arrival);
                        again = true;
                    }
                    Err(_) => {
                        (it.refused, it.change) = (true, Vec::new());
                        self.kept.waiting.push(it);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Runs work that decodes documents where it holds up no other task: on the thread of its own that a runtime with several
/// gives, else here. Documents are decoded one at a time in a process (the guard's permit).
pub(super) fn decoding<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current() {
        Ok(runtime) if runtime.runtime_flavor() == RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}
