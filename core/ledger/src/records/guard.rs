//! What stands between bytes from outside and Automerge 0.12.
//!
//! Automerge panics on hostile bytes, does not verify a change's checksum, can be led to save documents that it cannot load
//! again, and allocates hundreds of megabytes for a hundred bytes. So a change is taken only if it is one plain change chunk
//! of bounded size with a right checksum, by the actor it claims, next in that actor's row, with all it builds on present;
//! it is applied to a scratch copy, which is saved, loaded again and read whole before it is kept. One is decoded at a time
//! in a process, so that its memory is not multiplied.

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

static PERMIT: Mutex<()> = Mutex::new(());

/// What to do after a change was looked at.
pub(super) enum Outcome {
    Adopt(Box<AutoCommit>),
    AlreadyThere,
    Waits,
}

/// Runs `work`; none if it panicked.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let _permit = PERMIT.lock().unwrap_or_else(PoisonError::into_inner);
    catch_unwind(AssertUnwindSafe(work)).ok()
}

pub(super) fn check_size(change: &[u8]) -> Result<(), RecordError> {
    if change.len() <= limits::RECORD_CHANGE_BYTES {
        Ok(())
    } else {
        Err(RecordError::Change("larger than a change may be"))
    }
}

/// What can be said of a change without its document: size, form, checksum, actor. A server asks this before it accepts.
///
/// # Errors
/// [`RecordError::Change`]: refuse it for good.
pub fn check_change(change: &[u8], replica: ReplicaId) -> Result<(), RecordError> {
    envelope(change)?;
    caught(|| decode(change, replica).map(|_| ())).unwrap_or(Err(RecordError::Change("it cannot be decoded")))
}

/// Size, magic, type and checksum.
fn envelope(change: &[u8]) -> Result<(), RecordError> {
    check_size(change)?;
    let refuse = |reason| Err(RecordError::Change(reason));
    let Some((magic, rest)) = change.split_at_checked(4) else { return refuse("too short") };
    let Some((checksum, body)) = rest.split_at_checked(4) else { return refuse("too short") };
    if magic != MAGIC || body.first() != Some(&CHANGE) {
        return refuse("not one plain change");
    }
    if Sha256::digest(body).get(..4) != Some(checksum) {
        return refuse("its checksum is wrong");
    }
    Ok(())
}

/// Decodes a change whose envelope is right. Called with the permit held and panics caught.
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
pub(super) fn merge(document: &AutoCommit, change: &[u8], replica: ReplicaId) -> Result<Outcome, RecordError> {
    envelope(change)?;
    caught(|| {
        let decoded = decode(change, replica)?;
        let mut scratch = document.clone();
        match place(&mut scratch, &decoded)? {
            Place::Next => {}
            Place::Taken => return Ok(Outcome::AlreadyThere),
            Place::Later => return Ok(Outcome::Waits),
        }
        scratch.apply_changes([decoded]).map_err(|_| RecordError::Change("it does not apply"))?;
        let (proven, _) = check_whole(&mut scratch)?;
        Ok(Outcome::Adopt(Box::new(proven)))
    })
    .unwrap_or(Err(RecordError::Change("it cannot be applied")))
}

/// Applies a change to the document itself. After [`RecordError::Document`] it is spoilt.
pub(super) fn merge_unchecked(
    document: &mut AutoCommit,
    change: &[u8],
    replica: ReplicaId,
) -> Result<Merged, RecordError> {
    envelope(change)?;
    caught(|| {
        let decoded = decode(change, replica)?;
        match place(document, &decoded)? {
            Place::Next => {}
            Place::Taken => return Ok(Merged::AlreadyThere),
            Place::Later => return Ok(Merged::Waits),
        }
        document.apply_changes([decoded]).map_err(|_| RecordError::Document)?;
        let fits = document.keys(ROOT).count() <= MAX_FIELDS;
        if fits { Ok(Merged::Applied) } else { Err(RecordError::Document) }
    })
    .unwrap_or(Err(RecordError::Document))
}

/// A document that loads again as it was saved, with its bytes.
pub(super) fn verify(document: &mut AutoCommit) -> Result<(AutoCommit, Vec<u8>), RecordError> {
    caught(|| check_whole(document)).and_then(Result::ok).ok_or(RecordError::Document)
}

/// Where a change stands to a document.
enum Place {
    Next,
    Taken,
    Later,
}

fn place(document: &mut AutoCommit, change: &Change) -> Result<Place, RecordError> {
    if document.get_change_meta_by_hash(&change.hash()).is_some() {
        return Ok(Place::Taken);
    }
    if change.deps().iter().any(|dep| document.get_change_meta_by_hash(dep).is_none()) {
        return Ok(Place::Later);
    }
    // The document's own actor decides nothing here; asking as the change's is the one way that does not read all history.
    document.set_actor(change.actor_id().clone());
    let last = document.get_last_local_change().map_or(0, |last| last.seq());
    match change.seq() {
        seq if seq == last + 1 => Ok(Place::Next),
        // A later one waits for those between; an earlier one with another hash is a fork.
        seq if seq > last + 1 => Ok(Place::Later),
        _ => Err(RecordError::Change("its place is taken")),
    }
}

/// Saves the document, loads it again and reads it whole.
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

/// Fields that a document may have, those of later versions included.
const MAX_FIELDS: usize = 200;
