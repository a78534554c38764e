//! Ops into tables: the driver of the fold.
//!
//! Owns the one path by which own and others' ops change what cells show. Must hold no rule: `stocksync-ledger` has them.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_ledger::fold::{
    CellHistory, Changed, HistoryNeed, Restamped, VoidGraph, VoidOp, evaluate, reference::void_of,
};
use stocksync_ledger::{CellView, Entry, Fold};
use stocksync_schemas::{Acceptance, Body, Cell, Lane, LogPoint, OpRef, ReplicaId};

use crate::Error;
use crate::records;
use crate::store::{OwnState, Writer};

/// What one transaction adds to, and changes among, the ops held.
#[derive(Debug, Default)]
pub(crate) struct ApplyBatch {
    /// New ops in order of arrival.
    pub new: Vec<Entry>,
    /// Ops held whose acceptance is another now: with the new one.
    pub accepted: Vec<Entry>,
    /// Own ops that the server will not apply.
    pub refused: Vec<Lane>,
}

/// Cells that changed, with what they show now.
pub(crate) type Changes = BTreeMap<Cell, CellView>;

/// Brings every table up to date with a batch.
pub(crate) fn apply(writer: &Writer<'_>, batch: ApplyBatch) -> Result<Changes, Error> {
    let late = late(writer, &batch.new)?;
    // What the fold needs is what the tables held before the batch; names come from the batch alone, so states are loaded
    // after the rows are written: the rows do not touch them.
    let mut restamped = Vec::new();
    for entry in batch.accepted {
        let Some(before) = writer.read().op(entry.op.lane)? else { continue };
        writer.restamp(&entry, before.acceptance.position)?;
        restamped.push(Restamped { entry, before: before.stamp() });
    }
    let mut touched: BTreeSet<OpRef> = BTreeSet::new();
    let mut changed = Vec::new();
    for lane in batch.refused {
        let Some(entry) = writer.read().op(lane)? else { continue };
        touched.extend(void_of(&entry).map(|void| void.target));
        writer.forget_void(lane)?;
        if writer.read().is_live(lane)? {
            writer.set_live(lane, false)?;
            changed.push(Changed { entry, live: false });
        }
    }
    let new: BTreeSet<Lane> = batch.new.iter().map(|entry| entry.op.lane).collect();
    let closed_before = sessions_closed_before(writer, &batch.new)?;
    for entry in &batch.new {
        writer.insert_op(entry)?;
        touched.insert(entry.reference());
        touched.extend(void_of(entry).map(|void| void.target));
    }
    let settled = settle(writer, touched, &new)?;
    changed.extend(settled.changed);
    let counting = batch.new.into_iter().filter(|entry| !settled.dead.contains(&entry.op.lane)).collect();
    let mut standing = Vec::new();
    for it in restamped {
        if writer.read().is_live(it.entry.op.lane)? {
            standing.push(it);
        }
    }
    let mut fold = Fold::begin(counting, late, standing, changed);
    let mut loaded = writer.read().load(&fold.needs())?;
    // The batch's own closes are in the tables already; the fold learns of them as it takes them.
    loaded.closed_sessions.retain(|session| closed_before.contains(session));
    for closes in loaded.complete_closes.values_mut() {
        closes.retain(|close| !new.contains(&close.stamp.lane));
    }
    for need in fold.run(loaded) {
        let history = writer.read().history(&need)?;
        fold.finish(&need.cell, &history);
    }
    fold.states().into_iter().map(|(cell, state)| Ok((cell.clone(), writer.keep_cell(&cell, &state)?))).collect()
}

/// Sessions of the batch's counts and closes that had a close before it.
fn sessions_closed_before(writer: &Writer<'_>, new: &[Entry]) -> Result<BTreeSet<stocksync_schemas::SessionId>, Error> {
    let fold = Fold::begin(new.to_vec(), BTreeSet::new(), Vec::new(), Vec::new());
    let needs = stocksync_ledger::fold::Needs { sessions: fold.needs().sessions, ..Default::default() };
    Ok(writer.read().load(&needs)?.closed_sessions)
}

/// Lanes of new ops that arrive behind a later op of their replica.
fn late(writer: &Writer<'_>, new: &[Entry]) -> Result<BTreeSet<Lane>, Error> {
    let mut highest = BTreeMap::<ReplicaId, u64>::new();
    let mut late = BTreeSet::new();
    for lane in new.iter().map(|entry| entry.op.lane) {
        let known = match highest.get(&lane.replica) {
            Some(known) => *known,
            None => writer.read().highest_seq(lane.replica)?,
        };
        if lane.seq < known {
            late.insert(lane);
        }
        highest.insert(lane.replica, known.max(lane.seq));
    }
    Ok(late)
}

/// What voids did to which ops count.
#[derive(Default)]
struct Settled {
    /// Ops held before that count now and did not, or did and no longer do.
    changed: Vec<Changed>,
    /// New ops that do not count.
    dead: BTreeSet<Lane>,
}

/// Works out which ops count, as far as voids connect them with `touched`. New ops rest as counting.
fn settle(writer: &Writer<'_>, touched: BTreeSet<OpRef>, new: &BTreeSet<Lane>) -> Result<Settled, Error> {
    let mut reached: BTreeSet<Lane> = touched.iter().map(|op| op.lane).collect();
    let mut frontier: Vec<Lane> = reached.iter().copied().collect();
    let mut graph = VoidGraph::default();
    let mut ops = touched;
    let mut connected = BTreeSet::new();
    while let Some(lane) = frontier.pop() {
        for void in writer.read().voids(lane)? {
            graph.insert(void);
            let VoidOp { void, target } = void;
            for op in [void, target] {
                ops.insert(op);
                connected.insert(op.lane);
                if reached.insert(op.lane) {
                    frontier.push(op.lane);
                }
            }
        }
    }
    let mut settled = Settled::default();
    for op in ops {
        if new.contains(&op.lane) && !connected.contains(&op.lane) {
            continue;
        }
        // A void that names another hash than is held in that lane names nothing; a rejected op never counts.
        let Some(entry) = writer.read().op(op.lane)?.filter(|entry| entry.hash == op.hash) else { continue };
        let live = graph.is_live(&op) && !is_rejected(writer, op.lane)?;
        if live != writer.read().is_live(op.lane)? {
            writer.set_live(op.lane, live)?;
            if new.contains(&op.lane) {
                settled.dead.insert(op.lane);
            } else {
                settled.changed.push(Changed { entry, live });
            }
        }
    }
    Ok(settled)
}

fn is_rejected(writer: &Writer<'_>, lane: Lane) -> Result<bool, Error> {
    let own = writer.read().meta("replica")?.is_some_and(|replica| replica == lane.replica.0);
    Ok(own && writer.read().own_state(lane.seq)? == Some(OwnState::Rejected as i64))
}

/// Forgets all acceptances past `common`: own ops go back to the outbox, others' are dropped, and every cell and record
/// that they touched is made again.
pub(crate) fn forget_past(writer: &Writer<'_>, own: ReplicaId, common: LogPoint) -> Result<(), Error> {
    writer.lower_seen(common)?;
    writer.note_lost_tail(common)?;
    let mut records = BTreeSet::new();
    for entry in writer.read().past(common.position)? {
        if entry.op.lane.replica != own {
            writer.forget_op(&entry)?;
            if let Body::Record(body) = entry.op.body {
                records.insert((body.collection, body.record));
            }
            continue;
        }
        let Some((context, _)) = writer.read().context(entry.op.lane.seq)? else { continue };
        let before = entry.acceptance.position;
        let acceptance = Acceptance {
            position: stocksync_schemas::acceptance::NOT_ACCEPTED,
            past: context.seen.position,
            own_past: context.own_seen,
            ..entry.acceptance
        };
        writer.restamp(&Entry { acceptance, ..entry.clone() }, before)?;
        if writer.read().own_state(entry.op.lane.seq)? == Some(OwnState::Accepted as i64) {
            writer.set_own(entry.op.lane.seq, OwnState::Waits, "", "")?;
        }
    }
    records::remake(writer, own, &records)?;
    rebuild(writer)
}

/// Makes what counts, and what every cell shows, again from the ops held.
pub(crate) fn rebuild(writer: &Writer<'_>) -> Result<(), Error> {
    let targets = writer.void_targets()?;
    settle(writer, targets, &BTreeSet::new())?;
    revive_unvoided(writer)?;
    writer.clear_cells()?;
    for cell in writer.read().touched_cells()? {
        let need = HistoryNeed { cell, after: None };
        let history: CellHistory = writer.read().history(&need)?;
        writer.keep_cell(&need.cell, &evaluate(&history))?;
    }
    Ok(())
}

/// Ops whose voids are gone count again.
fn revive_unvoided(writer: &Writer<'_>) -> Result<(), Error> {
    for entry in writer.read().dead()? {
        let named = writer.read().voids(entry.op.lane)?.iter().any(|void| void.target == entry.reference());
        if !named && !is_rejected(writer, entry.op.lane)? {
            writer.set_live(entry.op.lane, true)?;
        }
    }
    Ok(())
}
