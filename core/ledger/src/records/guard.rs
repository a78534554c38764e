//! Validation of untrusted bytes before and after Automerge 0.12 parses them.
//!
//! Owns the checks of a change and the permit to decode. Must never let a panic or an unloadable document out.
//!
//! Automerge panics on hostile bytes, does not verify a change's checksum, can be led to save documents that it cannot load
//! again, and allocates hundreds of megabytes for a hundred bytes. A change is therefore accepted only if it is one plain change
//! chunk of bounded size with a right checksum, by the actor that it claims, next in that actor's sequence, with everything that it
//! builds on present. It is applied to a scratch copy, which is saved, loaded again and read completely before it replaces the
//! document. A process decodes one change at a time, so that the memory of several is not needed together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use automerge::{ActorId, AutoCommit, Change, ROOT, ReadDoc};
use sha2::{Digest, Sha256};
use stocksync_schemas::{ReplicaId, limits};

use super::{Document, Merged, RecordError};

/// First bytes of every Automerge chunk.
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Chunk type of one uncompressed change. Documents (0) and compressed changes (2) are refused.
const CHANGE: u8 = 1;

/// The permit to decode: one change at a time in a process.
static PERMIT: Mutex<()> = Mutex::new(());

/// The result of trying a change on a document.
pub(super) enum GuardOutcome {
    /// It applies: this is the new document.
    Adopt(Box<AutoCommit>),
    /// The document has it already.
    AlreadyThere,
    /// A change that it builds on is missing.
    Waits,
}

/// Runs `work` with the permit; `None` if it panicked.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let _permit = PERMIT.lock().unwrap_or_else(PoisonError::into_inner);
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Checks the size of a change.
pub(super) fn check_size(change: &[u8]) -> Result<(), RecordError> {
    if change.len() <= limits::RECORD_CHANGE_BYTES { Ok(()) } else { Err(RecordError::Change("it is too large")) }
}

/// Checks what needs no document: size, form, checksum, actor. A server calls this before it takes a lock.
///
/// # Errors
/// [`RecordError::Change`]: reject the op for good.
pub fn check_change(change: &[u8], replica: ReplicaId) -> Result<(), RecordError> {
    envelope(change)?;
    caught(|| decode(change, replica).map(|_| ())).unwrap_or(Err(RecordError::Change("it cannot be decoded")))
}

/// Checks size, magic, type and checksum.
fn envelope(change: &[u8]) -> Result<(), RecordError> {
    check_size(change)?;
    let refuse = |reason| Err(RecordError::Change(reason));
    let Some((magic, rest)) = change.split_at_checked(4) else { return refuse("it is too short") };
    let Some((checksum, body)) = rest.split_at_checked(4) else { return refuse("it is too short") };
    if magic != MAGIC || body.first() != Some(&CHANGE) {
        return refuse("it is not one plain change");
    }
    if Sha256::digest(body).get(..4) != Some(checksum) {
        return refuse("its checksum is wrong");
    }
    Ok(())
}

/// Decodes a change whose envelope is right. The caller has the permit and catches panics.
fn decode(change: &[u8], replica: ReplicaId) -> Result<Change, RecordError> {
    let decoded = Change::from_bytes(change.to_vec()).map_err(|_| RecordError::Change("it cannot be decoded"))?;
    if decoded.raw_bytes() != change {
        return Err(RecordError::Change("it is more than one change"));
    }
    if *decoded.actor_id() != ActorId::from(&replica.0[..]) {
        return Err(RecordError::Change("it is of another replica"));
    }
    Ok(decoded)
}

/// Tries a change on a scratch copy of `document`.
pub(super) fn merge(document: &AutoCommit, change: &[u8], replica: ReplicaId) -> Result<GuardOutcome, RecordError> {
    envelope(change)?;
    caught(|| {
        let decoded = decode(change, replica)?;
        let mut scratch = document.clone();
        match sequel(&mut scratch, &decoded)? {
            Sequel::Next => {}
            Sequel::Known => return Ok(GuardOutcome::AlreadyThere),
            Sequel::Early => return Ok(GuardOutcome::Waits),
        }
        scratch.apply_changes([decoded]).map_err(|_| RecordError::Change("it does not apply"))?;
        let (proven, _) = check_whole(&mut scratch)?;
        Ok(GuardOutcome::Adopt(Box::new(proven)))
    })
    .unwrap_or(Err(RecordError::Change("it cannot be applied")))
}

/// Applies a change to the document itself, which cannot be used any more after [`RecordError::Document`].
pub(super) fn merge_unchecked(
    document: &mut AutoCommit,
    change: &[u8],
    replica: ReplicaId,
) -> Result<Merged, RecordError> {
    envelope(change)?;
    caught(|| {
        let decoded = decode(change, replica)?;
        match sequel(document, &decoded)? {
            Sequel::Next => {}
            Sequel::Known => return Ok(Merged::AlreadyThere),
            Sequel::Early => return Ok(Merged::Waits),
        }
        document.apply_changes([decoded]).map_err(|_| RecordError::Document)?;
        let fits = document.keys(ROOT).count() <= MAX_FIELDS;
        if fits { Ok(Merged::Applied) } else { Err(RecordError::Document) }
    })
    .unwrap_or(Err(RecordError::Document))
}

/// The document as it loads after a save, with the saved bytes.
pub(super) fn verify(document: &mut AutoCommit) -> Result<(AutoCommit, Vec<u8>), RecordError> {
    caught(|| check_whole(document)).and_then(Result::ok).ok_or(RecordError::Document)
}

/// How a change relates to those of its actor in a document.
enum Sequel {
    /// It is the next one.
    Next,
    /// The document has it.
    Known,
    /// A change before it, or one that it builds on, is missing.
    Early,
}

/// How `change` relates to `document`.
fn sequel(document: &mut AutoCommit, change: &Change) -> Result<Sequel, RecordError> {
    if document.get_change_meta_by_hash(&change.hash()).is_some() {
        return Ok(Sequel::Known);
    }
    if change.deps().iter().any(|dep| document.get_change_meta_by_hash(dep).is_none()) {
        return Ok(Sequel::Early);
    }
    // The actor of the document has no other use here. Asking for the last local change of an actor is the only query that does
    // not read the whole history.
    document.set_actor(change.actor_id().clone());
    let last = document.get_last_local_change().map_or(0, |last| last.seq());
    match change.seq() {
        seq if seq == last + 1 => Ok(Sequel::Next),
        // A later change waits for those between; an earlier one with another hash is a fork.
        seq if seq > last + 1 => Ok(Sequel::Early),
        _ => Err(RecordError::Change("its number is taken by another change")),
    }
}

/// Saves the document, loads it again and reads all of it.
fn check_whole(document: &mut AutoCommit) -> Result<(AutoCommit, Vec<u8>), RecordError> {
    let saved = document.save();
    let mut reloaded =
        AutoCommit::load(&saved).map_err(|_| RecordError::Change("the document would not load again"))?;
    if reloaded.get_heads() != document.get_heads() {
        return Err(RecordError::Change("the document would load as another"));
    }
    if reloaded.keys(ROOT).count() > MAX_FIELDS {
        return Err(RecordError::Change("too many fields"));
    }
    let _ = Document(reloaded.clone()).row();
    Ok((reloaded, saved))
}

/// Largest number of fields in a document, those of later versions included.
const MAX_FIELDS: usize = 200;
