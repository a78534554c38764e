//! What every op log must do, told once. Compiled by the tests alone, which run it on memory and on Postgres.
//!
//! Each case drives whole exchanges, so that every method of the trait is used as in service, and compares the kept cells
//! with the naive fold of the log.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use stocksync_ledger::CellView;
use stocksync_ledger::fold::{CellNeeds, deltas, reference};
use stocksync_schemas::wire::{DecodedRequest, Undecodable};
use stocksync_schemas::*;
use stocksync_server::exchange::ExchangeError;
use stocksync_server::op_log::{LogRow, LogTransaction};

/// An op log under test, with one tenant.
#[async_trait]
pub trait Subject: Send {
    /// Runs one exchange and keeps what it did.
    async fn exchange(
        &mut self,
        device: DeviceId,
        now_ms: i64,
        request: DecodedRequest,
    ) -> Result<ExchangeResponse, ExchangeError>;
    /// A transaction to read with.
    async fn read(&mut self) -> Box<dyn LogTransaction + '_>;
    /// Kinds of the open exceptions.
    async fn open_exceptions(&mut self) -> Vec<String>;
    /// Everything that follows from the log, as text.
    async fn projections(&mut self) -> Vec<String>;
    /// Makes it again from the log.
    async fn rebuild(&mut self);
    /// How many undecodable ops are kept.
    async fn undecodable(&mut self) -> usize;
}

pub const START: i64 = 1_700_000_000_000;

/// A phone that keeps what it must to speak.
#[derive(Clone)]
pub struct Phone {
    pub device: DeviceId,
    pub replica: ReplicaId,
    pub cursor: LogPoint,
    pub acknowledged: LogPoint,
    pub seq: u64,
    pub final_seq: u64,
    pub outbox: Vec<PushedOp>,
    pub pulled: Vec<AcceptedOp>,
    pub verdicts: Vec<OpVerdict>,
}

impl Phone {
    pub fn new(number: u8) -> Self {
        Self {
            device: DeviceId([number; 16]),
            replica: ReplicaId([number; 16]),
            cursor: LogPoint::default(),
            acknowledged: LogPoint::default(),
            seq: 0,
            final_seq: 0,
            outbox: Vec::new(),
            pulled: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// Captures an act that ended at `START + at`.
    pub fn capture(&mut self, at: i64, body: Body) -> OpRef {
        let own_seen = self.seq;
        self.seq += 1;
        let time = START + at;
        let captured = CaptureTime { wall_ms: time, boot_ms: at.max(0), boot: BootId([1; 16]), took_ms: 0 };
        let op = Op::new(Lane { replica: self.replica, seq: self.seq }, captured, UserId::default(), body);
        let estimate = Estimate { began: time, ended: time, uncertainty: 1 };
        let reference = op.reference();
        self.outbox.push(PushedOp { op, context: CaptureContext { estimate, seen: self.cursor, own_seen } });
        reference
    }

    pub fn request(&self) -> DecodedRequest {
        let request = ExchangeRequest {
            protocol: exchange::PROTOCOL,
            replica: self.replica,
            cursor: self.cursor,
            acknowledged: self.acknowledged,
            final_seq: self.final_seq,
            captured_seq: self.seq,
            pull_limit: 1_000,
            points: Vec::new(),
            ops: self.outbox.clone(),
        };
        DecodedRequest { request, undecodable: Vec::new() }
    }

    pub async fn sync(&mut self, log: &mut dyn Subject, at: i64) -> ExchangeResponse {
        let answer = log.exchange(self.device, START + at, self.request()).await.unwrap();
        self.take(&answer);
        answer
    }

    pub fn take(&mut self, answer: &ExchangeResponse) {
        assert_eq!(answer.lost_tail, None);
        self.cursor = answer.cursor;
        self.acknowledged = answer.acknowledged.map_or(self.acknowledged, |point| point.max(self.acknowledged));
        self.pulled.extend(answer.ops.iter().cloned());
        self.verdicts.extend(answer.verdicts.iter().cloned());
        self.outbox.clear();
        self.final_seq = self.seq;
    }
}

pub const SHELF: Location = Location([0xA1; 16]);
pub const OTHER_SHELF: Location = Location([0xA2; 16]);
pub const WIDGET: VariantId = VariantId([0xB1; 16]);

pub fn cell(location: Location) -> Cell {
    Cell { variant: WIDGET, location, lot: String::new() }
}

pub fn movement(from: Location, to: Location, quantity: i64) -> Body {
    let line =
        MovementLine { variant: WIDGET, lot: String::new(), quantity, entered: "1 x".to_owned(), unit_cost: None };
    Body::Move(Move { from, to, lines: vec![line], reason: "test".to_owned(), reference: String::new() })
}

pub fn count(location: Location, counted: i64, session: Option<SessionId>) -> Body {
    Body::Count(Count { cell: cell(location), counted, expected: None, session })
}

fn void(target: OpRef) -> Body {
    Body::Void(Void { target, reason: String::new() })
}

async fn log_of(log: &mut dyn Subject) -> Vec<LogRow> {
    log.read().await.page(0, 1_000_000).await.unwrap()
}

/// The kept cells, checked against the naive fold of the log, whose positions and heads are checked too.
pub async fn checked_cells(log: &mut dyn Subject) -> BTreeMap<Cell, CellView> {
    let rows = log_of(log).await;
    let mut point = LogPoint::default();
    for row in &rows {
        let acceptance = &row.entry.acceptance;
        point.position += 1;
        point.head = point.head.next(&row.entry.hash, &row.entry.op.lane, acceptance);
        assert_eq!((acceptance.position, row.head), (point.position, point.head), "the log is dense and chained");
        assert_eq!(row.entry.op.hash(), row.entry.hash);
    }
    let entries: Vec<_> = rows.into_iter().map(|row| row.entry).collect();
    let cells = entries.iter().flat_map(|entry| deltas(&entry.op.body)).map(|(cell, _)| cell).collect();
    let kept = log.read().await.cells(&CellNeeds { cells, ..CellNeeds::default() }).await.unwrap().cells;
    for (cell, expected) in reference::fold(&entries) {
        let view = kept.get(&cell).map(|state| state.as_ref().unwrap().view()).unwrap_or_default();
        assert_eq!(view, expected.view(), "{cell:?}");
    }
    kept.into_iter().map(|(cell, state)| (cell, state.unwrap().view())).collect()
}

async fn on_hand(log: &mut dyn Subject, location: Location) -> i64 {
    checked_cells(log).await.get(&cell(location)).map_or(0, |view| view.on_hand)
}

fn code(verdict: &OpVerdict) -> Option<(Code, bool)> {
    match &verdict.verdict {
        Verdict::Rejected { code, retryable, .. } => Some((*code, *retryable)),
        _ => None,
    }
}

/// Runs every case, each on a log of its own.
pub async fn suite<S: Subject>(mut fresh: impl AsyncFnMut() -> S) {
    an_op_counts_once(&mut fresh().await).await;
    one_bad_op_blocks_nothing(&mut fresh().await).await;
    a_lane_is_one_devices(&mut fresh().await).await;
    lost_points_are_found(&mut fresh().await).await;
    worked_cases(&mut fresh).await;
    voids_arrive_in_any_order(&mut fresh().await).await;
    exceptions_open_and_close(&mut fresh().await).await;
    pages_bring_everything_once(&mut fresh().await).await;
    for seed in 1..=6 {
        random_histories(&mut fresh().await, seed).await;
    }
}

/// I4: an op that is sent again is answered and not added.
async fn an_op_counts_once(log: &mut dyn Subject) {
    let mut phone = Phone::new(1);
    phone.capture(0, movement(Location::SUPPLIER, SHELF, 5_000));
    let request = phone.request();
    let first = phone.sync(log, 10).await;
    let Verdict::Ok(acceptance) = first.verdicts[0].verdict else { panic!("{first:?}") };
    assert_eq!(acceptance.position, 1);
    assert_eq!(first.acknowledged.map(|point| point.position), Some(1));
    assert_eq!((first.cursor.position, first.more, first.remaining), (1, false, 0));
    assert!(first.ops.is_empty(), "own ops do not come down");
    let again = log.exchange(phone.device, START + 5, request).await.unwrap();
    assert_eq!(again.verdicts[0].verdict, Verdict::Duplicate(acceptance));
    assert!(again.server_ms >= first.server_ms, "server time never goes back");
    assert_eq!(on_hand(log, SHELF).await, 5_000);

    // The answer got lost and the outbox too: passing an own op says what became of it.
    let mut forgetful = Phone { seq: 1, ..Phone::new(1) };
    let told = forgetful.sync(log, 20).await;
    assert_eq!(told.verdicts, [OpVerdict { seq: 1, verdict: Verdict::Duplicate(acceptance) }]);
    forgetful.final_seq = 1;
    assert!(forgetful.sync(log, 30).await.verdicts.is_empty());
}

/// I12, and every verdict that is not `ok`.
async fn one_bad_op_blocks_nothing(log: &mut dyn Subject) {
    let mut phone = Phone::new(1);
    phone.capture(0, movement(Location::SUPPLIER, SHELF, 1_000));
    phone.capture(1, movement(SHELF, SHELF, 1_000));
    phone.capture(2, movement(SHELF, Location::CUSTOMER, 0));
    phone.capture(3, movement(Location::SUPPLIER, SHELF, 2_000));
    let unknown = Op { kind: Kind(77), body: Body::Opaque(vec![1, 2, 3]), ..phone.outbox[0].op.clone() };
    phone.capture(4, Body::Opaque(Vec::new()));
    let lane = Lane { replica: phone.replica, seq: 5 };
    phone.outbox[4].op = Op { lane, ..unknown };
    let mut stranger = phone.outbox[0].clone();
    stranger.op.lane = Lane { replica: ReplicaId([9; 16]), seq: 6 };
    phone.outbox.push(stranger);
    let mut request = phone.request();
    let text = "cut".to_owned();
    request.undecodable.push(Undecodable { seq: 7, code: Code::InvalidOp, text, bytes: b"cut".to_vec() });
    let codes = |answer: &ExchangeResponse| answer.verdicts.iter().map(code).collect::<Vec<_>>();
    let first = log.exchange(phone.device, START + 10, request.clone()).await.unwrap();
    let expected = [
        None,
        Some((Code::InvalidBody, false)),
        Some((Code::QuantityOutOfRange, false)),
        None,
        Some((Code::UpgradeServer, true)),
        Some((Code::WrongLane, false)),
        Some((Code::InvalidOp, false)),
    ];
    assert_eq!(codes(&first), expected);
    assert_eq!(on_hand(log, SHELF).await, 3_000);
    assert_eq!(log.undecodable().await, 1, "what did not decode is kept for a person");
    let again = log.exchange(phone.device, START + 11, request.clone()).await.unwrap();
    assert_eq!(log.undecodable().await, 1);
    assert_eq!(codes(&again), expected, "a final rejection is answered alike when it comes again");

    // Another op in the place of an accepted one, and of a rejected one.
    request.request.ops[0].op.captured.wall_ms += 1;
    request.request.ops[1].op.captured.wall_ms += 1;
    let forked = log.exchange(phone.device, START + 12, request).await.unwrap();
    assert_eq!(codes(&forked)[..2], [Some((Code::Fork, true)), Some((Code::Fork, true))]);
    assert_eq!(log_of(log).await.len(), 2);
}

async fn a_lane_is_one_devices(log: &mut dyn Subject) {
    let mut phone = Phone::new(1);
    phone.capture(0, movement(Location::SUPPLIER, SHELF, 1_000));
    phone.sync(log, 1).await;
    let thief = Phone { device: DeviceId([2; 16]), ..phone };
    let refused = log.exchange(thief.device, START + 2, thief.request()).await;
    assert!(matches!(refused, Err(ExchangeError::Refused(Code::LaneTaken))), "{refused:?}");
    let mut request = thief.request();
    request.request.protocol = exchange::PROTOCOL + 1;
    let refused = log.exchange(thief.device, START + 2, request).await;
    assert!(matches!(refused, Err(ExchangeError::Refused(Code::UpgradeServer))), "{refused:?}");
}

/// A point that is not on the log stops everything and names the newest shared one.
async fn lost_points_are_found(log: &mut dyn Subject) {
    let mut phone = Phone::new(1);
    let mut points = vec![LogPoint::default()];
    for at in 0..3 {
        phone.capture(at, movement(Location::SUPPLIER, SHELF, 1_000));
        phone.sync(log, at).await;
        points.push(phone.cursor);
    }
    let elsewhere = LogPoint { position: 3, head: Head(OpHash([7; 32])) };
    let beyond = LogPoint { position: 9, head: Head(OpHash([7; 32])) };
    let ask = |change: &dyn Fn(&mut ExchangeRequest)| {
        let mut lost = phone.clone();
        lost.capture(9, movement(Location::SUPPLIER, SHELF, 1_000));
        let mut request = lost.request();
        change(&mut request.request);
        request
    };
    let cases: [(DecodedRequest, LogPoint); 4] = [
        (ask(&|it| it.cursor = beyond), points[3]),
        (
            ask(&|it| {
                it.cursor = elsewhere;
                it.acknowledged = beyond;
                it.ops[0].context.seen = points[1];
            }),
            points[1],
        ),
        (
            ask(&|it| {
                it.ops[0].context.seen = elsewhere;
                (it.cursor, it.acknowledged) = (beyond, elsewhere);
                it.points = vec![elsewhere, points[2], points[1]];
            }),
            points[2],
        ),
        (
            ask(&|it| {
                it.ops[0].context.seen = elsewhere;
                (it.cursor, it.acknowledged) = (elsewhere, elsewhere);
            }),
            LogPoint::default(),
        ),
    ];
    for (request, common) in cases {
        let cursor = request.request.cursor;
        let answer = log.exchange(phone.device, START + 20, request).await.unwrap();
        assert_eq!(answer.lost_tail, Some(common));
        assert_eq!((answer.verdicts.len(), answer.ops.len(), answer.cursor), (0, 0, cursor));
    }
    assert_eq!(log_of(log).await.len(), 3, "nothing else took place");
}

/// The worked cases of design 5, through exchanges.
async fn worked_cases<S: Subject>(fresh: &mut impl AsyncFnMut() -> S) {
    let hour = 3_600_000;
    // Sale at `sold`, count at `counted`, who syncs first, the on hand.
    for (sold, counted, count_first, expected) in
        [(1, 2, true, 45_000), (1, 2, false, 45_000), (2, 1, true, 43_000), (2, 1, false, 43_000)]
    {
        let log = &mut fresh().await;
        let (mut stock, mut a, mut b) = (Phone::new(9), Phone::new(1), Phone::new(2));
        stock.capture(0, movement(Location::SUPPLIER, SHELF, 48_000));
        stock.sync(log, 1).await;
        a.sync(log, 2).await;
        b.sync(log, 2).await;
        b.capture(sold * hour, movement(SHELF, Location::CUSTOMER, 2_000));
        a.capture(counted * hour, count(SHELF, 45_000, None));
        let (first, second) = if count_first { (&mut a, &mut b) } else { (&mut b, &mut a) };
        first.sync(log, 3 * hour).await;
        second.sync(log, 3 * hour + 1).await;
        assert_eq!(on_hand(log, SHELF).await, expected, "sold {sold}, counted {counted}, {count_first}");
    }
    // Two shelves' counts of one session add up once it closes.
    let log = &mut fresh().await;
    let (mut a, mut c) = (Phone::new(1), Phone::new(3));
    a.capture(0, movement(Location::SUPPLIER, SHELF, 48_000));
    a.sync(log, 1).await;
    c.sync(log, 1).await;
    let session = SessionId([5; 16]);
    let left = a.capture(hour, count(SHELF, 20_000, Some(session)));
    let right = c.capture(hour, count(SHELF, 25_000, Some(session)));
    c.sync(log, hour + 10).await;
    a.sync(log, hour + 11).await;
    assert_eq!(on_hand(log, SHELF).await, 48_000, "counted, not closed");
    assert_eq!(log.open_exceptions().await, ["count_open"]);
    let mut counts = vec![left, right];
    counts.sort_unstable();
    let close = Close { session, parts: vec![ClosePart { cell: cell(SHELF), counts }], complete: vec![SHELF] };
    a.capture(hour + 20, Body::Close(close));
    a.sync(log, hour + 30).await;
    assert_eq!(on_hand(log, SHELF).await, 45_000);
    assert!(log.open_exceptions().await.is_empty());
}

/// A void may arrive before what it names, be voided itself, and be said twice.
async fn voids_arrive_in_any_order(log: &mut dyn Subject) {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    let receipt = a.capture(0, movement(Location::SUPPLIER, SHELF, 7_000));
    let early = b.capture(5, void(receipt));
    b.sync(log, 10).await;
    a.sync(log, 11).await;
    assert_eq!(on_hand(log, SHELF).await, 0, "voided before it arrived");
    b.capture(20, void(early));
    b.sync(log, 21).await;
    assert_eq!(on_hand(log, SHELF).await, 7_000, "the void was voided");
    for phone in [&mut a, &mut b] {
        phone.capture(30, void(receipt));
        phone.sync(log, 31).await;
        assert_eq!(on_hand(log, SHELF).await, 0, "two managers void it, once");
    }
    // The right lane with another hash names nothing.
    let kept = a.capture(40, movement(Location::SUPPLIER, SHELF, 1_000));
    a.capture(41, void(OpRef { hash: OpHash([3; 32]), ..kept }));
    a.sync(log, 42).await;
    assert_eq!(on_hand(log, SHELF).await, 1_000);
}

/// Two phones sell the last unit: one `oversold`, closed by the next receipt.
async fn exceptions_open_and_close(log: &mut dyn Subject) {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    a.capture(0, movement(Location::SUPPLIER, SHELF, 1_000));
    a.sync(log, 1).await;
    b.sync(log, 1).await;
    for phone in [&mut a, &mut b] {
        phone.capture(10, movement(SHELF, Location::CUSTOMER, 1_000));
        phone.sync(log, 11).await;
    }
    assert_eq!(on_hand(log, SHELF).await, -1_000);
    assert_eq!(log.open_exceptions().await, ["oversold"]);
    a.capture(20, movement(Location::SUPPLIER, SHELF, 5_000));
    a.sync(log, 21).await;
    assert!(log.open_exceptions().await.is_empty());
    a.capture(30, movement(SHELF, Location::CUSTOMER, 9_000));
    a.sync(log, 31).await;
    assert_eq!(log.open_exceptions().await, ["oversold"], "it opens again");
}

async fn pages_bring_everything_once(log: &mut dyn Subject) {
    let mut writer = Phone::new(1);
    for at in 0..25 {
        writer.capture(at, movement(Location::SUPPLIER, SHELF, 1_000));
    }
    writer.sync(log, 30).await;
    let mut reader = Phone::new(2);
    for expected in [10, 20, 25] {
        let mut request = reader.request();
        request.request.pull_limit = 10;
        let answer = log.exchange(reader.device, START + 40, request).await.unwrap();
        reader.take(&answer);
        assert_eq!(answer.cursor.position, expected);
        assert_eq!((answer.more, answer.remaining), (expected < 25, 25 - expected));
    }
    let positions: Vec<u64> = reader.pulled.iter().map(|it| it.acceptance.position).collect();
    assert_eq!(positions, (1..=25).collect::<Vec<_>>());
    assert_eq!(writer.acknowledged.position, 25);
}

/// I1 in the small: whatever the phones do and in whatever batches it arrives, the kept cells equal the naive fold.
async fn random_histories(log: &mut dyn Subject, seed: u64) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = move |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    };
    let mut phones: Vec<Phone> = (1..=3).map(Phone::new).collect();
    let mut known: Vec<OpRef> = Vec::new();
    let mut counts: BTreeMap<(SessionId, Location), Vec<OpRef>> = BTreeMap::new();
    for step in 0..120_i64 {
        let at = step * 10 - i64::try_from(below(40)).unwrap();
        let place = if below(2) == 0 { SHELF } else { OTHER_SHELF };
        let session = SessionId([u8::try_from(below(2)).unwrap() + 1; 16]);
        let quantity = i64::try_from(below(9) + 1).unwrap() * 1_000;
        let phone = &mut phones[usize::try_from(below(3)).unwrap()];
        let kind = below(16);
        let body = match kind {
            0..=4 => movement(Location::SUPPLIER, place, quantity),
            5..=7 => movement(place, Location::CUSTOMER, quantity),
            8 => movement(SHELF, OTHER_SHELF, quantity),
            9 | 10 => count(place, quantity, None),
            11 | 12 => count(place, quantity, Some(session)),
            13 => {
                let parts = counts.iter().filter(|((id, _), _)| *id == session);
                let parts = parts.map(|((_, place), counts)| ClosePart { cell: cell(*place), counts: counts.clone() });
                let complete = if below(2) == 0 { vec![place] } else { vec![] };
                Body::Close(Close { session, parts: parts.collect(), complete })
            }
            _ if known.is_empty() => continue,
            _ => void(known[usize::try_from(below(known.len() as u64)).unwrap()]),
        };
        let reference = phone.capture(at, body);
        known.push(reference);
        if matches!(kind, 11 | 12) {
            counts.entry((session, place)).or_default().push(reference);
        }
        if below(4) == 0 {
            phone.sync(log, step * 10 + 5).await;
            if below(3) == 0 {
                checked_cells(log).await;
            }
        }
    }
    for _ in 0..2 {
        for phone in &mut phones {
            phone.sync(log, 2_000).await;
        }
    }
    checked_cells(log).await;
    let before = log.projections().await;
    log.rebuild().await;
    assert_eq!(log.projections().await, before, "dropped and made again from the log, every row is the same");
    let rows = log_of(log).await;
    let lanes: BTreeSet<Lane> = rows.iter().map(|row| row.entry.op.lane).collect();
    assert_eq!(lanes.len(), known.len(), "I3: every op recorded is on the log");
    for phone in &phones {
        let others = rows.iter().filter(|row| row.entry.op.lane.replica != phone.replica);
        let expected: Vec<Lane> = others.map(|row| row.entry.op.lane).collect();
        let pulled: Vec<Lane> = phone.pulled.iter().map(|it| it.op.lane).collect();
        assert_eq!(pulled, expected, "each phone saw every other op once, in order");
    }
}
