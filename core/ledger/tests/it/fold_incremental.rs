//! The incremental form agrees with the naive fold on random histories, and does not read history for movements.

use proptest::prelude::*;
use stocksync_ledger::Entry;
use stocksync_schemas::acceptance::NOT_ACCEPTED;
use stocksync_schemas::{
    Acceptance, Body, BootId, CaptureTime, Cell, Close, ClosePart, Count, Lane, Location, Move, MovementLine, Op,
    ReplicaId, SessionId, UserId, VariantId, Void,
};

use crate::world::World;

/// Choices from which a history is made; every number is reduced to what exists at that point.
#[derive(Debug, Clone)]
struct Step {
    replica: u8,
    kind: u8,
    variant: u8,
    place: u8,
    quantity: i64,
    time: i64,
    uncertainty: u64,
    knows: u8,
    pick: u16,
    held_back: bool,
}

fn step() -> impl Strategy<Value = Step> {
    (
        0..3_u8,
        0..20_u8,
        0..2_u8,
        0..3_u8,
        1..9_i64,
        0..60_i64,
        0..6_u64,
        0..8_u8,
        any::<u16>(),
        prop::bool::weighted(0.06),
    )
        .prop_map(|(replica, kind, variant, place, quantity, time, uncertainty, knows, pick, held_back)| Step {
            replica,
            kind,
            variant,
            place,
            quantity,
            time,
            uncertainty,
            knows,
            pick,
            held_back,
        })
}

fn location(place: u8) -> Location {
    [Location([b'A'; 16]), Location([b'B'; 16]), Location::CUSTOMER]
        .get(usize::from(place))
        .copied()
        .unwrap_or(Location::LOSS)
}

fn body(step: &Step, history: &[Entry]) -> Body {
    let cell =
        |place| Cell { variant: VariantId([step.variant + 1; 16]), location: location(place), lot: String::new() };
    let real = step.place % 2;
    let session = SessionId([(step.pick % 3) as u8 + 1; 16]);
    let movement = |from, to| {
        let line = MovementLine {
            variant: VariantId([step.variant + 1; 16]),
            lot: String::new(),
            quantity: step.quantity,
            entered: String::new(),
            unit_cost: None,
        };
        Body::Move(Move { from, to, lines: vec![line], reason: String::new(), reference: String::new() })
    };
    let count = |session| Body::Count(Count { cell: cell(real), counted: step.quantity, expected: None, session });
    match step.kind {
        0..=5 => movement(Location::SUPPLIER, location(real)),
        6..=8 => movement(location(real), Location::CUSTOMER),
        9 => movement(location(0), location(1)),
        10..=12 => count(None),
        13..=15 => count(Some(session)),
        16..=17 => {
            // Names all counts of the session so far, at times all but one.
            let mut parts = std::collections::BTreeMap::<Cell, Vec<_>>::new();
            for entry in history {
                if let Body::Count(it) = &entry.op.body
                    && it.session == Some(session)
                    && !(step.knows == 0 && step.quantity == 1)
                {
                    parts.entry(it.cell.clone()).or_default().push(entry.reference());
                }
            }
            let parts = parts.into_iter().map(|(cell, counts)| ClosePart { cell, counts }).collect();
            let complete = if step.quantity % 2 == 0 { vec![location(real)] } else { vec![] };
            Body::Close(Close { session, parts, complete })
        }
        _ => match history.get(usize::from(step.pick) % history.len().max(1)) {
            Some(target) => Body::Void(Void { target: target.reference(), reason: String::new() }),
            None => movement(Location::SUPPLIER, location(real)),
        },
    }
}

/// A history in order of capture, with the acceptances the server would give in that order, ops held back coming later.
fn history(steps: &[Step]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut held = Vec::new();
    for step in steps {
        let replica = ReplicaId([step.replica + 1; 16]);
        let position = entries.len() as u64 + 1;
        let own = entries.iter().chain(&held).filter(|it| it.op.lane.replica == replica).count() as u64;
        let own_past = own - u64::from(own > 0 && step.knows == 7);
        // Who knows an own op knows all that was known when it began.
        let known =
            entries.iter().chain(&held).filter(|it| it.op.lane.replica == replica && it.op.lane.seq <= own_past);
        let past = known
            .map(|it| it.acceptance.past)
            .max()
            .unwrap_or(0)
            .max((position - 1).saturating_sub(u64::from(step.knows)));
        let ended = 1_000 + step.time;
        let acceptance = Acceptance {
            position,
            began: ended - (step.time % 4),
            ended,
            uncertainty: step.uncertainty,
            past,
            own_past,
        };
        let captured = CaptureTime { wall_ms: ended, boot_ms: ended, boot: BootId::default(), took_ms: 0 };
        let op = Op::new(Lane { replica, seq: own + 1 }, captured, UserId::default(), body(step, &entries));
        let entry = Entry::new(op, acceptance);
        if step.held_back { held.push(entry) } else { entries.push(entry) }
    }
    for mut entry in held {
        entry.acceptance.position = entries.len() as u64 + 1;
        entries.push(entry);
    }
    entries
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6000, failure_persistence: None, ..ProptestConfig::default() })]

    /// I1 in the small: whatever the batches, the incremental form ends where the naive fold does, after every batch.
    #[test]
    fn i1_incremental_agrees_with_the_reference(steps in prop::collection::vec(step(), 1..40), size in 1..7_usize) {
        let entries = history(&steps);
        let mut world = World::default();
        for batch in entries.chunks(size) {
            world.arrive(batch.to_vec(), Vec::new());
            world.assert_agrees("in order of position");
        }
    }

    /// A device folds its own ops provisionally and restamps them when the server accepts them, between others' ops.
    #[test]
    fn own_ops_end_as_if_they_had_arrived_accepted(steps in prop::collection::vec(step(), 1..40), early in 1..12_usize) {
        let entries = history(&steps);
        let own = ReplicaId([1; 16]);
        let mut world = World::default();
        let mut waiting: Vec<Entry> = entries.iter().filter(|it| it.op.lane.replica == own).cloned().collect();
        waiting.sort_by_key(|it| it.op.lane.seq);
        let mut captured = 0;
        for (at, entry) in entries.iter().enumerate() {
            // Own ops are captured ahead of their acceptance, but only once what they name is here.
            while let Some(next) = waiting.get(captured) {
                let known = |it: &Entry| next.acceptance.past <= at as u64
                    && it.acceptance.position <= (at + early) as u64;
                if next.op.lane.seq > entry.op.lane.seq && entry.op.lane.replica == own || !known(next) {
                    break;
                }
                let mut provisional = next.clone();
                provisional.acceptance.position = NOT_ACCEPTED;
                world.arrive(vec![provisional], Vec::new());
                world.assert_agrees("provisional");
                captured += 1;
            }
            let here = world.entries.iter().any(|it| it.op.lane == entry.op.lane);
            if here {
                world.arrive(Vec::new(), vec![entry.clone()]);
            } else {
                world.arrive(vec![entry.clone()], Vec::new());
                captured += usize::from(entry.op.lane.replica == own && waiting.get(captured).is_some_and(|it| it.op.lane == entry.op.lane));
            }
            world.assert_agrees("accepted");
        }
    }
}

/// Rows read per later movement are the same after 10 and after 100 000 movements: none.
#[test]
fn movements_read_no_history() {
    let cell = |body: &Body| stocksync_ledger::fold::deltas(body).len();
    let steps: Vec<Step> = (0..3_000)
        .map(|at| Step {
            replica: (at % 3) as u8,
            kind: if at == 20 { 10 } else { (at % 9) as u8 },
            variant: 0,
            place: 0,
            quantity: 2,
            time: at,
            uncertainty: 2,
            knows: (at % 4) as u8,
            pick: 0,
            held_back: false,
        })
        .collect();
    let entries = history(&steps);
    assert!(entries.iter().all(|it| cell(&it.op.body) > 0));
    let mut world = World::default();
    for batch in entries.chunks(50).take(2) {
        world.arrive(batch.to_vec(), Vec::new());
    }
    let after_the_count = world.rows_read;
    for batch in entries.chunks(50).skip(2) {
        world.arrive(batch.to_vec(), Vec::new());
    }
    assert_eq!(world.rows_read, after_the_count);
}
