//! Random histories: who did what, knowing what.

use stocksync_schemas::{
    Acceptance, Body, BootId, CaptureTime, Cell, Close, ClosePart, Count, Lane, Location, Move, MovementLine, Op,
    ReplicaId, SessionId, UserId, VariantId, Void,
};

use crate::fold::Entry;

/// A sequence of numbers that a seed decides.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The sequence of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number, below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound.max(1)
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// Choices from which an op is made; every number is reduced to what exists at that point.
#[derive(Debug, Clone)]
pub struct HistoryStep {
    /// Of three.
    pub replica: u8,
    /// Of twenty-two: movements, counts, closes, voids.
    pub kind: u8,
    /// Of two.
    pub variant: u8,
    /// Of two.
    pub location: u8,
    /// Thousandths.
    pub quantity: i64,
    /// Of its end, ms.
    pub time: i64,
    /// Of its time, ms.
    pub uncertainty: u64,
    /// How far behind the log the phone was.
    pub knows: u8,
    /// Which session, which target.
    pub pick: u16,
    /// It arrives after all others.
    pub held_back: bool,
}

/// Steps that a sequence of numbers decides.
pub fn random_steps(rng: &mut Rng, length: u64) -> Vec<HistoryStep> {
    let small = |number: u64| u8::try_from(number).unwrap();
    (0..length)
        .map(|_| HistoryStep {
            replica: small(rng.below(3)),
            kind: small(rng.below(22)),
            variant: small(rng.below(2)),
            location: small(rng.below(3)),
            quantity: i64::try_from(rng.below(8)).unwrap() + 1,
            time: i64::try_from(rng.below(60)).unwrap(),
            uncertainty: rng.below(6),
            knows: small(rng.below(8)),
            pick: u16::try_from(rng.below(1_000)).unwrap(),
            held_back: rng.once_in(16),
        })
        .collect()
}

fn location(number: u8) -> Location {
    [Location([b'A'; 16]), Location([b'B'; 16]), Location::CUSTOMER][usize::from(number)]
}

fn body(step: &HistoryStep, history: &[Entry]) -> Body {
    let variant = VariantId([step.variant + 1; 16]);
    let real = step.location % 2;
    let cell = || Cell { variant, location: location(real), lot: String::new() };
    let session = SessionId([u8::try_from(step.pick % 3).unwrap() + 1; 16]);
    let movement = |from, to| {
        let (lot, entered) = (String::new(), String::new());
        let line = MovementLine { variant, lot, quantity: step.quantity, entered, unit_cost: None };
        Body::Move(Move { from, to, lines: vec![line], reason: String::new(), reference: String::new() })
    };
    let count = |session| Body::Count(Count { cell: cell(), counted: step.quantity, expected: None, session });
    let void = |target: Option<&Entry>| match target {
        Some(target) => Body::Void(Void { target: target.reference(), reason: String::new() }),
        None => movement(Location::SUPPLIER, location(real)),
    };
    match step.kind {
        0..=5 => movement(Location::SUPPLIER, location(real)),
        6..=8 => movement(location(real), Location::CUSTOMER),
        9 => movement(location(0), location(1)),
        10..=12 => count(None),
        13..=15 => count(Some(session)),
        16..=17 => close(step, session, location(real), history),
        18..=19 => void(history.get(usize::from(step.pick) % history.len().max(1))),
        // Chains: the newest void is voided.
        _ => void(history.iter().rev().find(|entry| matches!(entry.op.body, Body::Void(_)))),
    }
}

/// Names all counts of the session so far, at times all but one, at times those of a single cell.
fn close(step: &HistoryStep, session: SessionId, covered: Location, history: &[Entry]) -> Body {
    let mut parts = std::collections::BTreeMap::<Cell, Vec<_>>::new();
    for entry in history {
        if let Body::Count(count) = &entry.op.body
            && count.session == Some(session)
            && !(step.knows == 0 && step.quantity == 1)
            && (!step.pick.is_multiple_of(5) || count.cell.location == covered)
        {
            parts.entry(count.cell.clone()).or_default().push(entry.reference());
        }
    }
    let parts = parts.into_iter().map(|(cell, counts)| ClosePart { cell, counts }).collect();
    let complete = if step.quantity % 2 == 0 { vec![covered] } else { vec![] };
    Body::Close(Close { session, parts, complete })
}

/// A history in order of capture, with the acceptances that the server would give in that order; ops held back come last.
#[must_use]
pub fn history(steps: &[HistoryStep]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut held = Vec::new();
    for step in steps {
        let replica = ReplicaId([step.replica + 1; 16]);
        let position = entries.len() as u64 + 1;
        let own: Vec<&Entry> = entries.iter().chain(&held).filter(|entry| entry.op.lane.replica == replica).collect();
        let newest = own.len() as u64;
        let own_past = newest - u64::from(newest > 0 && step.knows == 7);
        // Who knows an own op knows all that was known when it began.
        let known = own.iter().filter(|entry| entry.op.lane.seq <= own_past);
        let known = known.map(|entry| entry.acceptance.past).max().unwrap_or(0);
        let past = known.max((position - 1).saturating_sub(u64::from(step.knows)));
        let ended = 1_000 + step.time;
        let began = ended - (step.time % 4);
        let acceptance = Acceptance { position, began, ended, uncertainty: step.uncertainty, past, own_past };
        let captured = CaptureTime { wall_ms: ended, boot_ms: ended, boot: BootId::default(), took_ms: 0 };
        let op = Op::new(Lane { replica, seq: newest + 1 }, captured, UserId::default(), body(step, &entries));
        let entry = Entry::new(op, acceptance);
        if step.held_back { held.push(entry) } else { entries.push(entry) }
    }
    for mut entry in held {
        entry.acceptance.position = entries.len() as u64 + 1;
        entries.push(entry);
    }
    entries
}
