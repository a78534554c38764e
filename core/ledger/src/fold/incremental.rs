//! What a batch does to the cells it touches, without reading history where the rule allows it.
//!
//! Owns the shortcuts. A movement costs the candidates of its cells plus the complete closes of its locations that it did
//! not know, and never reads history; a count reads the movements past what it knew; a close those past the lowest `past`
//! of its counts. What is rare (voids, second closes of a session, complete closes that did not know each other, ops that
//! arrive behind a later one of their lane) has its cells evaluated from their whole history. Must agree with
//! [`super::evaluate`] whatever the order of arrival.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::{Body, Cell, Close, Lane, Location, SessionId};

use super::evaluate::{add, evaluate, observe, passed, truncate, waiting};
use super::liveness::Liveness;
use super::order::{OpStamp, all_before, relative_order};
use super::requests::{CellHistory, CellNeeds, CellWrite, HistoryNeed, LoadedCells, Restamp};
use super::state::{Candidate, CellState, OpenSession, Witness};
use super::{CloseFact, CountFact, Entry, MovementFact, add_facts, deltas};
use crate::exceptions::{self, ExceptionKind};

/// A cell in work.
#[derive(Debug, Default)]
struct Work {
    state: CellState,
    /// What was open before the batch; none where that is not known.
    open_before: Option<Vec<ExceptionKind>>,
    /// The state will be evaluated from the whole history; what is done to it until then does not count.
    whole: bool,
    /// Movements of the batch that its candidates have been shown, in order.
    added: Vec<MovementFact>,
    /// Candidates that lack the movements folded before them: by parts, with how many of `added` came before.
    lacking: Vec<(Vec<OpStamp>, usize)>,
}

/// The cells of one batch.
#[derive(Debug, Default)]
pub(super) struct CellFold {
    new: Vec<Entry>,
    /// Lanes of new ops that arrive behind a later op of their own replica.
    out_of_order: BTreeSet<Lane>,
    restamped: Vec<Restamp>,
    changed: Vec<(Entry, bool)>,
    closes: BTreeMap<Location, Vec<OpStamp>>,
    closed_sessions: BTreeSet<SessionId>,
    session_cells: BTreeMap<SessionId, BTreeSet<Cell>>,
    work: BTreeMap<Cell, Work>,
    facts: BatchFacts,
}

/// What the live ops of a batch say of cells, to be added to histories that end before the batch.
#[derive(Debug, Default)]
struct BatchFacts {
    /// Live ops: new, restamped, revived.
    entries: Vec<Entry>,
    /// Those that move or count, by cell.
    by_cell: BTreeMap<Cell, Vec<usize>>,
    /// Those that are closes.
    closes: Vec<usize>,
    /// Stored ops that no longer count, or count with another acceptance.
    replaced: BTreeSet<Lane>,
    /// Sessions of the counts and closes of the batch that name a cell.
    sessions: BTreeMap<Cell, BTreeSet<SessionId>>,
}

impl CellFold {
    /// The cells that a batch concerns, once it is known which of its ops count.
    pub(super) fn new(liveness: &Liveness, out_of_order: BTreeSet<Lane>) -> Self {
        let new: Vec<Entry> = liveness.new.iter().filter(|op| op.live).map(|op| op.entry.clone()).collect();
        let changed: Vec<(Entry, bool)> =
            liveness.changed.iter().map(|change| (change.entry.clone(), change.live)).collect();
        let restamped = liveness.restamped.clone();
        let mut facts = BatchFacts::default();
        facts.replaced.extend(changed.iter().map(|(entry, _)| entry.op.lane));
        facts.replaced.extend(restamped.iter().map(|restamp| restamp.entry.op.lane));
        let revived = changed.iter().filter(|(_, live)| *live).map(|(entry, _)| entry);
        let live = new.iter().chain(restamped.iter().map(|restamp| &restamp.entry)).chain(revived);
        live.for_each(|entry| facts.insert(entry));
        Self { new, out_of_order, restamped, changed, facts, ..Self::default() }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let changed = self.changed.iter().map(|(entry, _)| entry);
        self.new.iter().chain(changed).chain(self.restamped.iter().map(|restamp| &restamp.entry))
    }

    /// The states and sessions that the batch needs.
    pub(super) fn needs(&self) -> CellNeeds {
        let mut needs = CellNeeds::default();
        for entry in self.entries() {
            needs.cells.extend(deltas(&entry.op.body).into_iter().map(|(cell, _)| cell));
            match &entry.op.body {
                Body::Close(close) => {
                    needs.whole_locations.extend(close.complete.iter().copied());
                    needs.session_cells.insert(close.session);
                }
                Body::Count(count) => needs.sessions.extend(count.session),
                _ => {}
            }
        }
        needs.sessions.retain(|session| !needs.session_cells.contains(session));
        needs
    }

    /// Takes the answer to [`CellFold::needs`].
    pub(super) fn load(&mut self, asked: CellNeeds, loaded: LoadedCells) {
        for cell in asked.cells {
            // No stored state: nothing was open.
            self.work.insert(cell, Work { open_before: Some(Vec::new()), ..Work::default() });
        }
        for (cell, state) in loaded.cells {
            let work = match state {
                Ok(state) => {
                    let open_before = Some(exceptions::open_kinds(&cell, &state.view()));
                    Work { state, open_before, ..Work::default() }
                }
                Err(_) => Work { whole: true, ..Work::default() },
            };
            self.work.insert(cell, work);
        }
        self.closed_sessions = loaded.closed_sessions;
        self.closed_sessions.extend(loaded.session_cells.keys().copied());
        self.session_cells = loaded.session_cells;
    }

    /// The locations whose complete closes matter, with the lowest position that some op of the batch knew the log up to.
    pub(super) fn unknown_closes_past(&self) -> BTreeMap<Location, u64> {
        let mut past = BTreeMap::new();
        let mut lower = |location: Location, known: u64| {
            if !location.is_virtual() {
                let lowest = past.entry(location).or_insert(known);
                *lowest = known.min(*lowest);
            }
        };
        for restamp in &self.restamped {
            if let Body::Move(_) = &restamp.entry.op.body {
                let known = restamp.entry.acceptance.past.min(restamp.before.past);
                deltas(&restamp.entry.op.body).into_iter().for_each(|(cell, _)| lower(cell.location, known));
            }
        }
        for entry in self.new.iter().filter(|entry| !self.out_of_order.contains(&entry.op.lane)) {
            let known = entry.acceptance.past;
            let Body::Close(close) = &entry.op.body else {
                deltas(&entry.op.body).into_iter().for_each(|(cell, _)| lower(cell.location, known));
                continue;
            };
            for cell in self.cells_of(close) {
                let open = self.work.get(&cell).into_iter().flat_map(|work| &work.state.sessions);
                let counts = open.filter(|open| open.session == close.session).flat_map(|open| &open.counts);
                let known = counts.map(|count| count.stamp.past).chain([known]).min().unwrap_or(known);
                lower(cell.location, known);
            }
        }
        past
    }

    /// The cells that a close names, and the loaded ones that it covers.
    fn cells_of(&self, close: &Close) -> BTreeSet<Cell> {
        let covered = self.work.keys().filter(|cell| close.complete.contains(&cell.location));
        close.parts.iter().map(|part| &part.cell).chain(covered).cloned().collect()
    }

    /// Folds the batch as far as that is possible without history. Takes live complete closes of the store, at least those
    /// past [`CellFold::unknown_closes_past`].
    pub(super) fn run(&mut self, closes: BTreeMap<Location, Vec<OpStamp>>) {
        self.closes = closes;
        for (entry, live) in std::mem::take(&mut self.changed) {
            self.recompute_all(&entry);
            if !live {
                self.closes.values_mut().for_each(|closes| closes.retain(|close| close.lane != entry.op.lane));
            }
        }
        for restamp in std::mem::take(&mut self.restamped) {
            self.restamp(&restamp);
        }
        for entry in std::mem::take(&mut self.new) {
            self.append(&entry);
        }
    }

    /// The histories that the cells in work lack.
    pub(super) fn histories(&self) -> Vec<HistoryNeed> {
        let need = |(cell, work): (&Cell, &Work)| {
            let lowest = work.lacking.iter().flat_map(|(parts, _)| parts.iter().map(|part| part.past)).min();
            if !work.whole {
                let sessions = BTreeSet::new();
                return lowest.map(|after| HistoryNeed { cell: cell.clone(), after: Some(after), sessions });
            }
            let sessions = self.facts.sessions.get(cell).cloned().unwrap_or_default();
            Some(HistoryNeed { cell: cell.clone(), after: None, sessions })
        };
        self.work.iter().filter_map(need).collect()
    }

    /// Takes the answer to [`CellFold::histories`] and gives the cells to be written.
    pub(super) fn finish(self, needs: &[HistoryNeed], histories: Vec<CellHistory>) -> BTreeMap<Cell, CellWrite> {
        let Self { mut work, facts, .. } = self;
        for (need, mut history) in needs.iter().zip(histories) {
            let Some(work) = work.get_mut(&need.cell) else { continue };
            facts.update(need, &mut history);
            if work.whole {
                work.state = evaluate(&history);
            } else {
                work.complete(&history.movements);
            }
        }
        work.into_iter().map(|(cell, work)| (cell.clone(), work.write(&cell))).collect()
    }

    fn work(&mut self, cell: &Cell) -> &mut Work {
        self.work.entry(cell.clone()).or_default()
    }

    /// Every cell that `entry` could concern is evaluated from history.
    fn recompute_all(&mut self, entry: &Entry) {
        for (cell, _) in deltas(&entry.op.body) {
            self.work(&cell).whole = true;
        }
        if let Body::Close(close) = &entry.op.body {
            for (cell, work) in &mut self.work {
                work.whole |= close.complete.contains(&cell.location);
            }
            self.recompute_session(close.session);
            self.remember(close, entry.stamp());
        }
        if let Body::Count(count) = &entry.op.body {
            self.closed_sessions.extend(count.session);
        }
    }

    /// A second close of a session, or one that comes or goes out of order, may change what the others mean for any cell
    /// that they name.
    fn recompute_session(&mut self, session: SessionId) {
        for cell in self.session_cells.get(&session).cloned().unwrap_or_default() {
            self.work(&cell).whole = true;
        }
    }

    /// Later ops of the batch find this close as one of the store's.
    fn remember(&mut self, close: &Close, stamp: OpStamp) {
        for location in &close.complete {
            let known = self.closes.entry(*location).or_default();
            known.retain(|other| other.lane != stamp.lane);
            known.push(stamp);
        }
        self.closed_sessions.insert(close.session);
        let named = close.parts.iter().map(|part| part.cell.clone());
        self.session_cells.entry(close.session).or_default().extend(named);
    }

    /// An own op has another acceptance: nothing changes for a movement whose order relative to every observation stays.
    fn restamp(&mut self, restamp: &Restamp) {
        let (now, before) = (restamp.entry.stamp(), &restamp.before);
        if !matches!(restamp.entry.op.body, Body::Move(_)) {
            return self.recompute_all(&restamp.entry);
        }
        let knew_as_much = (now.past, now.own_past) == (before.past, before.own_past);
        let moved_back = now.position > before.position;
        for (cell, _) in deltas(&restamp.entry.op.body) {
            let closes = self.closes.get(&cell.location).cloned().unwrap_or_default();
            let work = self.work(&cell);
            let candidates = work.state.candidates.iter().map(|candidate| candidate.parts.clone());
            let closes = closes.iter().map(|close| vec![*close]);
            let same =
                candidates.chain(closes).all(|parts| relative_order(&now, &parts) == relative_order(before, &parts));
            work.whole |= moved_back || !(same && knew_as_much);
            work.state.first = work.state.first.map(|first| first.min(now.position));
        }
    }

    fn append(&mut self, entry: &Entry) {
        if self.out_of_order.contains(&entry.op.lane) {
            return self.recompute_all(entry);
        }
        match &entry.op.body {
            Body::Move(_) => {
                for (cell, delta) in deltas(&entry.op.body) {
                    self.movement(&cell, MovementFact { stamp: entry.stamp(), delta });
                }
            }
            Body::Count(count) => {
                let (counted, session) = (count.counted, count.session);
                self.count(&count.cell, &CountFact { stamp: entry.stamp(), hash: entry.hash, counted, session });
            }
            Body::Close(close) => self.close(close, entry.stamp()),
            Body::Void(_) | Body::Record(_) | Body::Opaque(_) => {}
        }
    }

    /// Live complete closes of the cell's location that `op` did not know.
    fn unknown_closes(&self, cell: &Cell, op: &OpStamp) -> Vec<OpStamp> {
        let closes = self.closes.get(&cell.location).into_iter().flatten();
        closes.filter(|close| !close.before(op) && close.lane != op.lane).copied().collect()
    }

    fn movement(&mut self, cell: &Cell, fact: MovementFact) {
        let unknown = self.unknown_closes(cell, &fact.stamp);
        let work = self.work(cell);
        // A cell's witnesses are the closes that it has weighed; each other one that the op did not know has to be weighed
        // from history.
        let weighed = |close: &OpStamp| {
            passed(close, &work.state.candidates)
                || work.state.witnesses.iter().any(|witness| witness.close.lane == close.lane)
        };
        work.whole |= !unknown.iter().all(weighed);
        if work.whole {
            return;
        }
        work.added.push(fact);
        let state = &mut work.state;
        state.total += fact.delta;
        state.first = Some(state.first.map_or(fact.stamp.position, |first| first.min(fact.stamp.position)));
        for candidate in &mut state.candidates {
            add(candidate, &fact.stamp, fact.delta);
        }
        for witness in &mut state.witnesses {
            observe(witness, &fact.stamp, fact.delta);
        }
    }

    fn count(&mut self, cell: &Cell, fact: &CountFact) {
        let unknown = self.unknown_closes(cell, &fact.stamp);
        let acted = fact.session.is_some_and(|session| self.closed_sessions.contains(&session));
        let work = self.work(cell);
        work.whole |= acted || !unknown.is_empty();
        if work.whole {
            return;
        }
        let state = &mut work.state;
        state.first = Some(state.first.map_or(fact.stamp.position, |first| first.min(fact.stamp.position)));
        for witness in &mut state.witnesses {
            observe(witness, &fact.stamp, 0);
        }
        match fact.session {
            None => work.anchor(vec![fact.stamp], fact.counted.into()),
            Some(session) => match state.sessions.iter_mut().find(|open| open.session == session) {
                Some(open) => open.counts.push(waiting(fact)),
                None => {
                    state.sessions.push(OpenSession { session, counts: vec![waiting(fact)] });
                    state.sessions.sort_by_key(|open| open.session);
                }
            },
        }
    }

    fn close(&mut self, close: &Close, stamp: OpStamp) {
        let again = self.closed_sessions.contains(&close.session);
        if again {
            self.recompute_session(close.session);
        }
        for cell in self.cells_of(close) {
            let fact = CloseFact::of(&cell, close, stamp);
            // What the anchor would be made of must have known every other complete close, or that one has to be weighed.
            let sessions = self.work(&cell).state.sessions.iter().find(|open| open.session == close.session).cloned();
            let counts = sessions.into_iter().flat_map(|open| open.counts).map(|count| count.stamp);
            let mut unknown = counts.chain([stamp]).flat_map(|part| self.unknown_closes(&cell, &part));
            let others = unknown.any(|other| other.lane != stamp.lane);
            let work = self.work(&cell);
            // A second close of a session, or complete closes that did not know each other, are rare: history decides.
            work.whole |= again || others || !work.close(&fact);
        }
        self.remember(close, stamp);
    }
}

impl Work {
    /// Lets the first close of a session act on the cell; false where only history can tell what it does.
    fn close(&mut self, fact: &CloseFact) -> bool {
        let open = self.state.sessions.iter().find(|open| open.session == fact.session);
        let counts = open.map(|open| open.counts.clone()).unwrap_or_default();
        let mut live: Vec<_> = counts.iter().map(super::state::OpenCount::reference).collect();
        live.sort_unstable();
        if fact.named != live {
            return false;
        }
        if counts.is_empty() {
            // Nothing was there, and somebody knew of an op here: an anchor of 0. Otherwise own ops may still be before it.
            return match self.state.first {
                None => true,
                Some(first) if fact.complete && first <= fact.stamp.past => {
                    self.anchor(vec![fact.stamp], 0);
                    self.mark_weighed(fact);
                    true
                }
                Some(_) => !fact.complete,
            };
        }
        self.state.sessions.retain(|open| open.session != fact.session);
        let mut parts: Vec<OpStamp> = counts.iter().map(|count| count.stamp).collect();
        parts.sort_unstable();
        let value = counts.iter().map(|count| i128::from(count.counted)).sum();
        self.anchor(parts, value);
        self.mark_weighed(fact);
        true
    }

    /// A complete close that has acted on the cell is stored with it, so that a movement that did not know it need not ask
    /// history again.
    fn mark_weighed(&mut self, fact: &CloseFact) {
        if fact.complete && !passed(&fact.stamp, &self.state.candidates) {
            self.state.witnesses.push(Witness { close: fact.stamp, of_zero: false, after: 0, touched: false });
        }
    }

    /// A new anchor: candidates before it go, and it lacks the movements so far.
    fn anchor(&mut self, parts: Vec<OpStamp>, value: i128) {
        let state = &mut self.state;
        let before = state.candidates.len();
        state.candidates.retain(|candidate| !all_before(&candidate.parts, &parts));
        let removed = before != state.candidates.len();
        // What was dropped might be a candidate again; and what is known to this anchor's past is decided by history.
        let superseded = state.candidates.iter().any(|candidate| all_before(&parts, &candidate.parts));
        if superseded || (state.dropped && removed) {
            self.whole = true;
            return;
        }
        state.candidates.push(Candidate { parts: parts.clone(), on_hand: value, touched: false });
        state.dropped |= truncate(&mut state.candidates);
        let candidates = &state.candidates;
        state.witnesses.retain(|witness| !passed(&witness.close, candidates));
        self.lacking.push((parts, self.added.len()));
    }

    /// Gives each candidate the movements it lacks: those of the store, and those of the batch that came before it.
    fn complete(&mut self, stored: &[MovementFact]) {
        for (parts, shown) in std::mem::take(&mut self.lacking) {
            if let Some(candidate) = self.state.candidates.iter_mut().find(|candidate| candidate.parts == parts) {
                for movement in stored.iter().chain(self.added.iter().take(shown)) {
                    add(candidate, &movement.stamp, movement.delta);
                }
            }
        }
    }

    fn write(self, cell: &Cell) -> CellWrite {
        let open = exceptions::open_kinds(cell, &self.state.view());
        let was_open = |kind: &ExceptionKind| self.open_before.as_ref().map(|before| before.contains(kind));
        let opened = open.iter().filter(|kind| was_open(kind) != Some(true)).copied().collect();
        let shut = ExceptionKind::OF_CELL.into_iter().filter(|kind| !open.contains(kind));
        let closed = shut.filter(|kind| was_open(kind) != Some(false)).collect();
        CellWrite { state: self.state, opened, closed }
    }
}

impl BatchFacts {
    fn insert(&mut self, entry: &Entry) {
        let index = self.entries.len();
        self.entries.push(entry.clone());
        let session = match &entry.op.body {
            Body::Close(close) => {
                self.closes.push(index);
                Some(close.session)
            }
            Body::Count(count) => count.session,
            _ => None,
        };
        for (cell, _) in deltas(&entry.op.body) {
            if let Some(session) = session {
                self.sessions.entry(cell.clone()).or_default().insert(session);
            }
            if !matches!(entry.op.body, Body::Close(_)) {
                self.by_cell.entry(cell).or_default().push(index);
            }
        }
    }

    /// Brings a stored history up to the end of the batch; one that asks for movements alone up to what was restamped.
    fn update(&self, need: &HistoryNeed, history: &mut CellHistory) {
        let stays = |stamp: &OpStamp| !self.replaced.contains(&stamp.lane);
        history.movements.retain(|fact| stays(&fact.stamp));
        history.counts.retain(|fact| stays(&fact.stamp));
        history.closes.retain(|fact| stays(&fact.stamp));
        let touching = self.by_cell.get(&need.cell).into_iter().flatten();
        let entries = touching.chain(&self.closes).filter_map(|index| self.entries.get(*index));
        if need.after.is_none() {
            entries.for_each(|entry| add_facts(&need.cell, entry, history));
        } else {
            // New movements are counted as they come; those that were restamped are taken out above.
            let restamped = entries.filter(|entry| self.replaced.contains(&entry.op.lane));
            let moves = restamped.filter(|entry| matches!(entry.op.body, Body::Move(_)));
            moves.for_each(|entry| add_facts(&need.cell, entry, history));
        }
    }
}
