//! Ops into tables.
//!
//! Owns the one path by which own and others' ops change what cells show. Must hold no rule: the fold of
//! `stocksync-ledger` says what to load and what to write.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::fold::{FoldBatch, fold_into};
use stocksync_ledger::{CellView, Entry};
use stocksync_schemas::acceptance::NOT_ACCEPTED;
use stocksync_schemas::op::{KINDS, Kind};
use stocksync_schemas::{Acceptance, Body, Cell, LogPoint, ReplicaId};

use crate::Error;
use crate::records;
use crate::store::{OwnOpState, Writer};

/// Ops folded in one go after an upgrade.
const DECODED_AT_ONCE: usize = 1_000;

/// The kinds that every build knew before databases said how many theirs did.
const FIRST_KINDS: u32 = 5;

/// Cells that changed, with what they show now.
pub(crate) type Changes = BTreeMap<Cell, CellView>;

/// Brings every table up to date with a batch.
pub(crate) fn apply(writer: &Writer<'_>, batch: FoldBatch) -> Result<Changes, Error> {
    let mut store = writer;
    let write = fold_into(&mut store, batch)?;
    Ok(write.cells.into_iter().map(|(cell, write)| (cell, write.state.view())).collect())
}

/// Takes back all acceptances past `common`: own ops go back to the outbox, others' are dropped, and every cell and record
/// that they touched is folded again.
pub(crate) fn forget_past(writer: &Writer<'_>, own: ReplicaId, common: LogPoint) -> Result<(), Error> {
    writer.lower_seen(common)?;
    writer.insert_lost_tail(common)?;
    let mut records = BTreeSet::new();
    let mut batch = FoldBatch::default();
    let mut waiting = Vec::new();
    for entry in writer.read().past(common.position)? {
        let lane = entry.op.lane;
        if lane.replica != own {
            batch.dropped.insert(lane);
            if let Body::Record(body) = entry.op.body {
                records.insert((body.collection, body.record));
            }
            continue;
        }
        let Some((context, _)) = writer.read().capture_context(lane.seq)? else { continue };
        let state = writer.read().own_op_state(lane.seq)?;
        if state == Some(OwnOpState::Rejected) {
            continue;
        }
        if state == Some(OwnOpState::Accepted) {
            waiting.push(lane.seq);
        }
        let (past, own_past) = (context.seen.position, context.own_seen);
        let acceptance = Acceptance { position: NOT_ACCEPTED, past, own_past, ..entry.acceptance };
        batch.accepted.push(Entry { acceptance, ..entry });
    }
    apply(writer, batch)?;
    waiting.into_iter().try_for_each(|seq| writer.update_own_op(seq, OwnOpState::Pending, "", ""))?;
    records::remake(writer, own, &records)
}

/// Folds ops that a former build stored as opaque bytes and that this build can decode, and stores how many kinds it knows.
/// Ops that were folded already stay as they are.
pub(crate) fn decode_known_kinds(writer: &Writer<'_>) -> Result<(), Error> {
    let stored = writer.read().meta("kinds")?;
    let stored = match stored.as_deref().map(<[u8; 4]>::try_from) {
        Some(Ok(bytes)) => u32::from_be_bytes(bytes),
        _ => FIRST_KINDS,
    };
    if stored < KINDS {
        for (kind, version) in writer.read().stored_kinds()? {
            if Kind::known_since(kind, version).is_some_and(|since| since > stored) {
                decode_kind(writer, kind, version)?;
            }
        }
    }
    if stored != KINDS || writer.read().meta("kinds")?.is_none() {
        writer.set_meta("kinds", &KINDS.to_be_bytes())?;
    }
    Ok(())
}

fn decode_kind(writer: &Writer<'_>, kind: Kind, version: u32) -> Result<(), Error> {
    let own = writer.read().meta("replica")?;
    let mut decoded = Vec::new();
    for entry in writer.read().ops_of_kind(kind, version)? {
        let lane = entry.op.lane;
        let is_own = own.as_deref() == Some(lane.replica.0.as_slice());
        let rejected = is_own && writer.read().own_op_state(lane.seq)? == Some(OwnOpState::Rejected);
        if !rejected && !matches!(entry.op.body, Body::Opaque(_)) {
            decoded.push(entry);
        }
    }
    for decoded in decoded.chunks(DECODED_AT_ONCE) {
        apply(writer, FoldBatch { decoded: decoded.to_vec(), ..FoldBatch::default() })?;
        decoded.iter().try_for_each(|entry| records::merge(writer, entry))?;
    }
    Ok(())
}
