//! The fold as ops arrive: in order of position, each batch once.
//!
//! Owns what a batch does to the cells it touches. A movement costs the candidates of its cells plus the complete closes of
//! its locations that it did not know, and never reads history; a count reads the movements past what it knew; a close
//! those past the lowest `past` of its counts; a void, an op that arrives behind a later one of its lane, and whatever
//! else is rare recompute their cells.
//!
//! The caller and [`Fold`] take turns, with no I/O in between:
//! 1. [`Fold::begin`] takes the batch and what changed among ops already folded;
//! 2. the caller loads what [`Fold::needs`] names into [`LoadedCells`];
//! 3. [`Fold::run`] answers with the histories it lacks;
//! 4. the caller keeps the batch, loads those histories (the batch included) and calls [`Fold::finish`] for each.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::{Body, Cell, Close, Lane, Location, SessionId};

use super::evaluate::{add, evaluate, observe, passed, truncate, waiting};
use super::order::{OpStamp, all_before};
use super::state::{Candidate, CellState, OpenSession, Witness};
use super::{CloseFact, CountFact, Entry, MovementFact, deltas};

/// The live ops that concern one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellHistory {
    /// Live movements, one entry an op.
    pub movements: Vec<MovementFact>,
    /// Live counts that name the cell.
    pub counts: Vec<CountFact>,
    /// Live closes that name the cell, cover its location completely, or are of a session of one of `counts`. Others do
    /// no harm.
    pub closes: Vec<CloseFact>,
}

/// An op that was folded with another acceptance: a device's own, now accepted.
#[derive(Clone, Debug)]
pub struct Restamped {
    /// With its new acceptance.
    pub entry: Entry,
    /// Where it stood before.
    pub before: OpStamp,
}

/// An op folded before that counts now and did not, or did and no longer does: voided, revived, rejected.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The op.
    pub entry: Entry,
    /// Whether it counts now.
    pub live: bool,
}

/// What a batch needs from the tables, as they were before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Cells whose state is wanted; those that have none are simply left out of the answer.
    pub cells: BTreeSet<Cell>,
    /// Locations all of whose cells are wanted.
    pub whole_locations: BTreeSet<Location>,
    /// Locations whose live complete closes are wanted.
    pub closed_locations: BTreeSet<Location>,
    /// Sessions of which it matters whether any close, live or not, is known.
    pub sessions: BTreeSet<SessionId>,
    /// Sessions all of whose cells are wanted: those that any count or close of the session, live or not, names.
    pub whole_sessions: BTreeSet<SessionId>,
}

/// The answer to [`Needs`].
#[derive(Clone, Debug, Default)]
pub struct LoadedCells {
    /// The states asked for.
    pub cells: BTreeMap<Cell, CellState>,
    /// Live complete closes by location: those of the tables, not those of the batch.
    pub complete_closes: BTreeMap<Location, Vec<CompleteClose>>,
    /// Of the sessions asked for, those that have a close.
    pub closed_sessions: BTreeSet<SessionId>,
    /// The cells of the whole sessions asked for, whether they have a state or not.
    pub session_cells: BTreeMap<SessionId, BTreeSet<Cell>>,
}

/// A complete close of a location, as far as movements need to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompleteClose {
    /// Whose.
    pub stamp: OpStamp,
}

/// A history that a cell needs before its state is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryNeed {
    /// Which cell.
    pub cell: Cell,
    /// Only live movements with a position greater than this, and nothing else; none: the whole [`CellHistory`].
    pub after: Option<u64>,
}

/// A cell in work.
#[derive(Debug, Default)]
struct Work {
    state: CellState,
    /// The state will be evaluated from the whole history; what is done to it until then does not count.
    whole: bool,
    /// Movements of the batch that its candidates have been shown, in order.
    added: Vec<Lane>,
    /// Candidates that lack the movements folded before them: by parts, with how many of `added` came before.
    lacking: Vec<(Vec<OpStamp>, usize)>,
}

impl Work {
    fn lacks(&self, cell: &Cell) -> Option<HistoryNeed> {
        let lowest = self.lacking.iter().flat_map(|(parts, _)| parts.iter().map(|part| part.past)).min();
        let after = if self.whole { None } else { Some(lowest?) };
        Some(HistoryNeed { cell: cell.clone(), after })
    }
}

/// One batch on its way through the fold.
#[derive(Debug, Default)]
pub struct Fold {
    batch: Vec<Entry>,
    late: BTreeSet<Lane>,
    restamped: Vec<Restamped>,
    changed: Vec<Changed>,
    closes: BTreeMap<Location, Vec<CompleteClose>>,
    closed_sessions: BTreeSet<SessionId>,
    session_cells: BTreeMap<SessionId, BTreeSet<Cell>>,
    work: BTreeMap<Cell, Work>,
}

impl Fold {
    /// Takes a batch.
    ///
    /// - `batch`: new ops that count once all of it is known, in order of arrival (position, then seq).
    /// - `late`: lanes of those among them that arrive behind a later op of their own replica.
    /// - `restamped`: ops folded before that count and have another acceptance now.
    /// - `changed`: ops folded before that count now and did not, or did and no longer do.
    #[must_use]
    pub fn begin(batch: Vec<Entry>, late: BTreeSet<Lane>, restamped: Vec<Restamped>, changed: Vec<Changed>) -> Self {
        Self { batch, late, restamped, changed, ..Self::default() }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.batch
            .iter()
            .chain(self.changed.iter().map(|it| &it.entry))
            .chain(self.restamped.iter().map(|it| &it.entry))
    }

    /// What the caller loads before [`Fold::run`].
    #[must_use]
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for entry in self.entries() {
            for (cell, _) in deltas(&entry.op.body) {
                if !cell.location.is_virtual() {
                    needs.closed_locations.insert(cell.location);
                }
                needs.cells.insert(cell);
            }
            match &entry.op.body {
                Body::Close(close) => {
                    needs.whole_locations.extend(close.complete.iter().copied());
                    needs.sessions.insert(close.session);
                    needs.whole_sessions.insert(close.session);
                }
                Body::Count(count) => needs.sessions.extend(count.session),
                _ => {}
            }
        }
        needs.closed_locations.extend(needs.whole_locations.iter().copied());
        needs
    }

    /// Folds the batch as far as it can and names the histories that are missing.
    pub fn run(&mut self, loaded: LoadedCells) -> Vec<HistoryNeed> {
        let LoadedCells { cells, complete_closes, closed_sessions, session_cells } = loaded;
        self.work = cells.into_iter().map(|(cell, state)| (cell, Work { state, ..Work::default() })).collect();
        self.closes = complete_closes;
        self.closed_sessions = closed_sessions;
        self.session_cells = session_cells;
        for it in std::mem::take(&mut self.changed) {
            self.recompute_all(&it.entry);
            if !it.live {
                self.closes.values_mut().for_each(|closes| closes.retain(|close| close.stamp.lane != it.entry.op.lane));
            }
        }
        for it in std::mem::take(&mut self.restamped) {
            self.restamp(&it);
        }
        for entry in std::mem::take(&mut self.batch) {
            self.take(&entry);
        }
        self.work.iter().filter_map(|(cell, work)| work.lacks(cell)).collect()
    }

    /// Gives a cell the history that [`Fold::run`] named.
    pub fn finish(&mut self, cell: &Cell, history: &CellHistory) {
        let Some(work) = self.work.get_mut(cell) else { return };
        if work.whole {
            *work = Work { state: evaluate(history), ..Work::default() };
            return;
        }
        for (parts, shown) in std::mem::take(&mut work.lacking) {
            let later: BTreeSet<&Lane> = work.added.iter().skip(shown).collect();
            if let Some(candidate) = work.state.candidates.iter_mut().find(|candidate| candidate.parts == parts) {
                for movement in history.movements.iter().filter(|movement| !later.contains(&movement.stamp.lane)) {
                    add(candidate, &movement.stamp, movement.delta);
                }
            }
        }
    }

    /// The states to keep, once every history named has been given.
    #[must_use]
    pub fn states(self) -> BTreeMap<Cell, CellState> {
        self.work.into_iter().map(|(cell, work)| (cell, work.state)).collect()
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

    /// A second close of a session, or one that comes or goes late, may change what the others mean for any of its cells.
    fn recompute_session(&mut self, session: SessionId) {
        for cell in self.session_cells.get(&session).cloned().unwrap_or_default() {
            self.work(&cell).whole = true;
        }
    }

    /// A close stands from now on in this batch.
    fn remember(&mut self, close: &Close, stamp: OpStamp) {
        for location in &close.complete {
            let known = self.closes.entry(*location).or_default();
            known.retain(|it| it.stamp.lane != stamp.lane);
            known.push(CompleteClose { stamp });
        }
        self.closed_sessions.insert(close.session);
        let named = close.parts.iter().map(|part| part.cell.clone());
        self.session_cells.entry(close.session).or_default().extend(named);
    }

    /// An own op has its real acceptance: nothing changes for a movement that stands to every observation as before.
    fn restamp(&mut self, it: &Restamped) {
        if !matches!(it.entry.op.body, Body::Move(_)) {
            return self.recompute_all(&it.entry);
        }
        let now = it.entry.stamp();
        let knew_as_much = (now.past, now.own_past) == (it.before.past, it.before.own_past);
        for (cell, _) in deltas(&it.entry.op.body) {
            let closes = self.closes.get(&cell.location).cloned().unwrap_or_default();
            let work = self.work(&cell);
            let observations = work.state.candidates.iter().map(|candidate| candidate.parts.clone());
            let witnesses = closes.iter().map(|close| vec![close.stamp]);
            let same = observations.chain(witnesses).all(|parts| {
                super::order::relative_order(&now, &parts) == super::order::relative_order(&it.before, &parts)
            });
            work.whole |= !(same && knew_as_much);
            work.state.first = work.state.first.map(|first| first.min(now.position));
        }
    }

    fn take(&mut self, entry: &Entry) {
        if self.late.contains(&entry.op.lane) {
            return self.recompute_all(entry);
        }
        match &entry.op.body {
            Body::Move(_) => {
                for (cell, delta) in deltas(&entry.op.body) {
                    self.movement(&cell, &MovementFact { stamp: entry.stamp(), delta });
                }
            }
            Body::Count(count) => {
                let fact = CountFact {
                    stamp: entry.stamp(),
                    hash: entry.hash,
                    counted: count.counted,
                    session: count.session,
                };
                self.count(&count.cell, &fact);
            }
            Body::Close(close) => self.close(close, entry.stamp()),
            Body::Void(_) | Body::Record(_) | Body::Opaque(_) => {}
        }
    }

    /// Live complete closes of the cell's location that `op` did not know.
    fn unknown_closes(&self, cell: &Cell, op: &OpStamp) -> Vec<OpStamp> {
        self.closes
            .get(&cell.location)
            .into_iter()
            .flatten()
            .map(|close| close.stamp)
            .filter(|close| !close.before(op) && close.lane != op.lane)
            .collect()
    }

    fn movement(&mut self, cell: &Cell, fact: &MovementFact) {
        let unknown = self.unknown_closes(cell, &fact.stamp);
        let work = self.work(cell);
        if work.whole {
            return;
        }
        // A cell without a state has seen no close: each one that the op did not know has to be weighed from history.
        let unweighed = unknown.iter().any(|close| {
            !passed(close, &work.state.candidates) && !work.state.witnesses.iter().any(|it| it.close.lane == close.lane)
        });
        if unweighed {
            work.whole = true;
            return;
        }
        let state = &mut work.state;
        work.added.push(fact.stamp.lane);
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
        if work.whole || acted || !unknown.is_empty() {
            work.whole = true;
            return;
        }
        let state = &mut work.state;
        state.first = Some(state.first.map_or(fact.stamp.position, |first| first.min(fact.stamp.position)));
        for witness in &mut state.witnesses {
            observe(witness, &fact.stamp, 0);
        }
        if let Some(session) = fact.session {
            self.session_cells.entry(session).or_default().insert(cell.clone());
        }
        let work = self.work(cell);
        let state = &mut work.state;
        match fact.session {
            None => anchor(work, vec![fact.stamp], fact.counted.into()),
            Some(session) => match state.sessions.iter_mut().find(|it| it.session == session) {
                Some(open) => open.counts.push(waiting(fact)),
                None => {
                    state.sessions.push(OpenSession { session, counts: vec![waiting(fact)] });
                    state.sessions.sort_by_key(|it| it.session);
                }
            },
        }
    }

    fn close(&mut self, close: &Close, stamp: OpStamp) {
        let again = self.closed_sessions.contains(&close.session);
        if again {
            self.recompute_session(close.session);
        }
        let mut cells: BTreeSet<Cell> = close.parts.iter().map(|part| part.cell.clone()).collect();
        cells.extend(self.work.keys().filter(|cell| close.complete.contains(&cell.location)).cloned());
        for cell in cells {
            let fact = CloseFact::of(&cell, close, stamp);
            // What the anchor would be made of must have known every other complete close, or that one has to be weighed.
            let counts = self.work(&cell).state.sessions.iter().find(|it| it.session == close.session).cloned();
            let parts = counts.into_iter().flat_map(|it| it.counts).map(|count| count.stamp).chain([stamp]);
            let others = parts.flat_map(|part| self.unknown_closes(&cell, &part)).any(|it| it.lane != stamp.lane);
            let work = self.work(&cell);
            // A second close of a session, or complete closes that did not know each other, are rare: history decides.
            if again || others || !close_one(work, &fact) {
                work.whole = true;
            }
        }
        self.remember(close, stamp);
    }
}

/// Lets the first close of a session act on a cell; false where only history can tell what it does.
fn close_one(work: &mut Work, fact: &CloseFact) -> bool {
    let open = work.state.sessions.iter().position(|it| it.session == fact.session);
    let counts = open.and_then(|at| work.state.sessions.get(at)).map(|it| it.counts.clone()).unwrap_or_default();
    let mut live: Vec<_> = counts.iter().map(super::state::OpenCount::reference).collect();
    live.sort_unstable();
    if fact.named != live {
        return false;
    }
    if counts.is_empty() {
        // Nothing was there, and somebody knew of an op here: an anchor of 0. Otherwise own ops may still be before it.
        return match work.state.first {
            None => true,
            Some(first) if fact.complete && first <= fact.stamp.past => {
                anchor(work, vec![fact.stamp], 0);
                weigh_no_more(work, fact);
                true
            }
            Some(_) => !fact.complete,
        };
    }
    work.state.sessions.retain(|it| it.session != fact.session);
    let mut parts: Vec<OpStamp> = counts.iter().map(|count| count.stamp).collect();
    parts.sort_unstable();
    let value = counts.iter().map(|count| i128::from(count.counted)).sum();
    anchor(work, parts, value);
    weigh_no_more(work, fact);
    true
}

/// A complete close that has acted on the cell is remembered, so that a movement that did not know it need not ask again.
fn weigh_no_more(work: &mut Work, fact: &CloseFact) {
    if fact.complete && !passed(&fact.stamp, &work.state.candidates) {
        work.state.witnesses.push(Witness { close: fact.stamp, of_zero: false, after: 0, touched: false });
    }
}

/// A new anchor: candidates before it go, and it lacks the movements so far.
fn anchor(work: &mut Work, parts: Vec<OpStamp>, value: i128) {
    let state = &mut work.state;
    let before = state.candidates.len();
    state.candidates.retain(|candidate| !all_before(&candidate.parts, &parts));
    let removed = before != state.candidates.len();
    // What was dropped might be a candidate no longer; and what is known to this anchor's past is decided by history.
    if state.dropped && removed || state.candidates.iter().any(|candidate| all_before(&parts, &candidate.parts)) {
        work.whole = true;
        return;
    }
    state.candidates.push(Candidate { parts: parts.clone(), on_hand: value, touched: false });
    state.dropped |= truncate(&mut state.candidates);
    let candidates = state.candidates.clone();
    state.witnesses.retain(|witness| !passed(&witness.close, &candidates));
    work.lacking.push((parts, work.added.len()));
}
