//! Knowledge and time: which of two acts came first (design 5.2 and 5.6).
//!
//! Owns `before` and `after`. Knowledge goes before time everywhere; intervals are compared only where neither act knew of
//! the other.

use serde::{Deserialize, Serialize};
use stocksync_schemas::{Acceptance, Lane, ReplicaId};

/// An op's place in knowledge and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OpStamp {
    /// The op's lane.
    pub lane: Lane,
    /// Its position; [`stocksync_schemas::acceptance::NOT_ACCEPTED`] while it has none.
    pub position: u64,
    /// Estimated beginning, ms.
    pub began: i64,
    /// Estimated end, ms.
    pub ended: i64,
    /// How far both may be off, ms.
    pub uncertainty: u64,
    /// The log position known when it began.
    pub past: u64,
    /// The own seq known when it began.
    pub own_past: u64,
}

/// Decides between acts that neither knowledge nor time can order: latest end, then replica, then seq.
pub type Key = (i64, ReplicaId, u64);

impl OpStamp {
    /// The stamp of the op in `lane` with `acceptance`.
    #[must_use]
    pub fn new(lane: Lane, acceptance: &Acceptance) -> Self {
        Self {
            lane,
            position: acceptance.position,
            began: acceptance.began,
            ended: acceptance.ended,
            uncertainty: acceptance.uncertainty,
            past: acceptance.past,
            own_past: acceptance.own_past,
        }
    }

    /// Whoever did `later` knew this act when `later` began.
    #[must_use]
    pub fn before(&self, later: &OpStamp) -> bool {
        self.position <= later.past || (self.lane.replica == later.lane.replica && self.lane.seq <= later.own_past)
    }

    /// The tie-breaking key.
    #[must_use]
    pub fn key(&self) -> Key {
        (self.ended, self.lane.replica, self.lane.seq)
    }

    /// The interval the act surely lies in, ms.
    #[must_use]
    pub fn interval(&self) -> Interval {
        let uncertainty = i64::try_from(self.uncertainty).unwrap_or(i64::MAX);
        Interval { from: self.began.saturating_sub(uncertainty), to: self.ended.saturating_add(uncertainty) }
    }
}

/// A closed interval of time, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// First instant.
    pub from: i64,
    /// Last instant.
    pub to: i64,
}

impl Interval {
    /// Whether the two share an instant.
    #[must_use]
    pub fn touches(&self, other: &Interval) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

/// How an op stands to an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelativeOrder {
    /// The op happened after it.
    pub after: bool,
    /// Neither knew the other and their intervals touch: a person should look.
    pub touches: bool,
}

/// How `op` stands to the observation made of `parts` (at least one; none means nothing is after it).
#[must_use]
pub fn relative_order(op: &OpStamp, parts: &[OpStamp]) -> RelativeOrder {
    let ordered = |after| RelativeOrder { after, touches: false };
    let Some(latest) = parts.iter().map(OpStamp::key).max() else { return ordered(false) };
    if parts.iter().all(|part| op.before(part)) {
        return ordered(false);
    }
    if parts.iter().all(|part| part.before(op)) {
        return ordered(true);
    }
    let (mine, theirs) = (op.interval(), span(parts));
    if mine.touches(&theirs) {
        RelativeOrder { after: op.key() > latest, touches: true }
    } else {
        ordered(mine.from > theirs.to)
    }
}

/// Every part of `first` is before every part of `second`.
#[must_use]
pub fn all_before(first: &[OpStamp], second: &[OpStamp]) -> bool {
    first.iter().all(|x| second.iter().all(|y| x.before(y)))
}

fn span(parts: &[OpStamp]) -> Interval {
    parts.iter().map(OpStamp::interval).fold(Interval { from: i64::MAX, to: i64::MIN }, |span, part| Interval {
        from: span.from.min(part.from),
        to: span.to.max(part.to),
    })
}
