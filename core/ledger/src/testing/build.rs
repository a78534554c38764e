//! Ops for stories.

use std::collections::BTreeMap;

use stocksync_schemas::acceptance::NOT_ACCEPTED;
use stocksync_schemas::{
    Acceptance, Body, BootId, CaptureTime, Cell, Count, Lane, Location, Move, MovementLine, Op, ReplicaId, SessionId,
    UserId, VariantId,
};

use crate::fold::Entry;

/// A location.
pub const SHELF: Location = Location([0xA1; 16]);

/// The cell of the one variant at a location.
#[must_use]
pub fn cell(location: Location) -> Cell {
    Cell { variant: VariantId([1; 16]), location, lot: String::new() }
}

/// So many thousandths go from one location to another.
#[must_use]
pub fn movement(from: Location, to: Location, quantity: i64) -> Body {
    let line = MovementLine {
        variant: VariantId([1; 16]),
        lot: String::new(),
        quantity,
        entered: String::new(),
        unit_cost: None,
    };
    Body::Move(Move { from, to, lines: vec![line], reason: String::new(), reference: String::new() })
}

/// So many thousandths were counted at a location.
#[must_use]
pub fn count(location: Location, counted: i64, session: Option<SessionId>) -> Body {
    Body::Count(Count { cell: cell(location), counted, expected: None, session })
}

/// An op of a replica, captured at a time, with an acceptance.
#[must_use]
pub fn op_at(replica: u8, seq: u64, acceptance: Acceptance, body: Body) -> Entry {
    let time = acceptance.ended.max(0);
    let captured = CaptureTime { wall_ms: time, boot_ms: time, boot: BootId::default(), took_ms: 0 };
    let lane = Lane { replica: ReplicaId([replica; 16]), seq };
    Entry::new(Op::new(lane, captured, UserId::default(), body), acceptance)
}

/// Hands out ops of replicas in order of their lanes and positions. Each knows the whole log, and its own ops, unless it
/// is told otherwise.
#[derive(Debug, Default)]
pub struct Lanes {
    position: u64,
    seqs: BTreeMap<u8, u64>,
}

impl Lanes {
    /// The next op of `replica`, a minute after the one before it.
    pub fn op(&mut self, replica: u8, body: Body) -> Entry {
        let past = self.position;
        self.op_knowing(replica, past, body)
    }

    /// The next op of `replica`, begun when it knew the log up to `past`.
    pub fn op_knowing(&mut self, replica: u8, past: u64, body: Body) -> Entry {
        let seq = self.seqs.entry(replica).or_default();
        *seq += 1;
        self.position += 1;
        let time = i64::try_from(self.position).unwrap() * 60_000;
        let (position, own_past) = (self.position, *seq - 1);
        op_at(replica, *seq, Acceptance { position, began: time, ended: time, uncertainty: 1, past, own_past }, body)
    }

    /// An op that was handed out before and reaches the log only now.
    pub fn late(&mut self, entry: &Entry) -> Entry {
        self.position += 1;
        let acceptance = Acceptance { position: self.position, ..entry.acceptance };
        Entry { acceptance, ..entry.clone() }
    }

    /// An op that somebody captures and that reaches the log later, if at all ([`Lanes::late`]).
    pub fn offline(&mut self, replica: u8, body: Body) -> Entry {
        let position = self.position;
        let entry = self.op(replica, body);
        self.position = position;
        entry
    }
}

/// The op as a device folds it before the server has accepted it.
#[must_use]
pub fn provisional(entry: &Entry) -> Entry {
    let acceptance = Acceptance { position: NOT_ACCEPTED, ..entry.acceptance };
    Entry { acceptance, ..entry.clone() }
}
