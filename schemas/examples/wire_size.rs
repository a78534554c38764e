//! Measures bytes per movement on the wire: `cargo run --release -p stocksync-schemas --example wire_size`.
//!
//! The workload is that of the floor: items by Zipf(1.0) over 10,000 variants, new clock times for every movement, some
//! twenty percent of lots named, two shelves. "Ids" is the dictionary of 16-byte ids, which random ids cannot make smaller;
//! "rest" is everything else in the message, frame and request fields included.
#![allow(clippy::print_stdout, clippy::float_arithmetic, clippy::indexing_slicing, clippy::unwrap_used)]

use std::time::Instant;

use stocksync_schemas::wire;
use stocksync_schemas::*;

const VARIANTS: usize = 10_000;

struct SampleRandom(u64);

impl SampleRandom {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn id(&mut self) -> [u8; 16] {
        ((u128::from(self.next()) << 64) | u128::from(self.next())).to_be_bytes()
    }
}

/// Cumulative weights of Zipf(1.0).
fn zipf() -> Vec<f64> {
    let mut sum = 0.0;
    let weights: Vec<f64> = (1..=VARIANTS)
        .map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        })
        .collect();
    weights.iter().map(|weight| weight / sum).collect()
}

/// What one device does: its movements, as it pushes them and as the others get them.
struct SampleDevice {
    replica: ReplicaId,
    boot: BootId,
    users: [UserId; 3],
    wall_ms: i64,
    random: SampleRandom,
}

impl SampleDevice {
    fn new(number: u64) -> Self {
        let mut random = SampleRandom(0x5EED_0000 ^ (number << 32));
        Self {
            replica: ReplicaId(random.id()),
            boot: BootId(random.id()),
            users: [UserId(random.id()), UserId(random.id()), UserId(random.id())],
            wall_ms: 1_790_000_000_000 + number as i64 * 137,
            random,
        }
    }

    fn movement(&mut self, seq: u64, zipf: &[f64], variants: &[[u8; 16]], shelves: &[Location; 2]) -> Op {
        let random = &mut self.random;
        self.wall_ms += 2_000 + random.below(58_000) as i64;
        let kind = random.unit();
        let here = shelves[0];
        let (from, to, reason, quantity) = match kind {
            k if k < 0.70 => (here, Location::CUSTOMER, "sale", 1 + random.below(5)),
            k if k < 0.88 => (Location::SUPPLIER, here, "receive", 1 + random.below(120)),
            k if k < 0.91 => (here, Location::LOSS, "adjust", 1 + random.below(10)),
            k if k < 0.94 => (Location::LOSS, here, "adjust", 1 + random.below(10)),
            k if k < 0.96 => (here, Location::SCRAP, "damage", 1 + random.below(3)),
            _ => (here, shelves[1], "transfer", 1 + random.below(20)),
        };
        let draw = random.unit();
        let item = zipf.partition_point(|weight| *weight < draw).min(VARIANTS - 1);
        let lot = if item % 5 == 0 { format!("10:L{:05}", item * 7 % 100_000) } else { String::new() };
        let line = MovementLine {
            variant: VariantId(variants[item]),
            lot,
            quantity: quantity as i64 * 1000,
            entered: String::new(),
            unit_cost: None,
        };
        let captured = CaptureTime {
            wall_ms: self.wall_ms,
            // Two clocks read one after the other, each rounded down to a millisecond.
            boot_ms: self.wall_ms - 1_789_000_000_000 - random.below(2) as i64,
            boot: self.boot,
            took_ms: 500 + random.below(3_500) as u32,
        };
        let user = self.users[if random.below(50) == 0 { 1 } else { 0 }];
        let body = Body::Move(Move { from, to, lines: vec![line], reason: reason.into(), reference: String::new() });
        Op::new(Lane { replica: self.replica, seq }, captured, user, body)
    }
}

/// The estimate of a device whose clock runs 431 ms behind and that exchanged `since` ms ago.
fn estimate(op: &Op, since: i64) -> Estimate {
    let ended = op.captured.wall_ms + 431;
    Estimate { began: ended - i64::from(op.captured.took_ms), ended, uncertainty: 40 + since as u64 / 10_000 }
}

fn main() {
    let mut random = SampleRandom(1);
    let variants: Vec<[u8; 16]> = (0..VARIANTS).map(|_| random.id()).collect();
    let shelves = [Location(random.id()), Location(random.id())];
    let zipf = zipf();
    println!(
        "{:>6} {:>10} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "batch", "direction", "total", "per op", "ids", "rest", "encode us", "decode us"
    );
    for batch in [1_u64, 10, 30, 100, 1_000] {
        let mut device = SampleDevice::new(1);
        let start = device.wall_ms;
        let ops: Vec<Op> = (1..=batch).map(|seq| device.movement(5_000 + seq, &zipf, &variants, &shelves)).collect();
        let seen = LogPoint { position: 812_345, head: Head(OpHash([9; 32])) };
        let request = ExchangeRequest {
            protocol: 1,
            replica: device.replica,
            cursor: seen,
            acknowledged: LogPoint { position: 812_001, head: Head(OpHash([8; 32])) },
            final_seq: 5_000,
            captured_seq: 5_000 + batch,
            pull_limit: 2_000,
            points: vec![],
            ops: ops
                .iter()
                .map(|op| PushedOp {
                    op: op.clone(),
                    context: CaptureContext {
                        estimate: estimate(op, op.captured.wall_ms - start),
                        seen,
                        own_seen: op.lane.seq - 1,
                    },
                })
                .collect(),
        };
        let ids = 16 * distinct(&ops);
        let time = Instant::now();
        let bytes = wire::encode_request(&request);
        let encode = time.elapsed().as_micros();
        let time = Instant::now();
        assert_eq!(wire::decode_request(&bytes).unwrap().request, request);
        report(batch, "up", bytes.len(), ids, encode, time.elapsed().as_micros());

        let response = response(&request);
        let time = Instant::now();
        let bytes = wire::encode_response(&response.0);
        let encode = time.elapsed().as_micros();
        let time = Instant::now();
        assert_eq!(wire::decode_response(&bytes).unwrap(), response.0);
        report(batch, "verdicts", bytes.len(), 0, encode, time.elapsed().as_micros());

        let time = Instant::now();
        let bytes = wire::encode_response(&response.1);
        let encode = time.elapsed().as_micros();
        let time = Instant::now();
        assert_eq!(wire::decode_response(&bytes).unwrap(), response.1);
        report(batch, "down", bytes.len(), ids, encode, time.elapsed().as_micros());
    }
}

/// The verdicts for a request, and the same ops as another device gets them.
fn response(request: &ExchangeRequest) -> (ExchangeResponse, ExchangeResponse) {
    let accepted: Vec<AcceptedOp> = request
        .ops
        .iter()
        .zip(812_346_u64..)
        .map(|(pushed, position)| {
            let Estimate { began, ended, uncertainty } = pushed.context.estimate;
            let (past, own_past) = (pushed.context.seen.position, pushed.context.own_seen);
            AcceptedOp {
                op: pushed.op.clone(),
                acceptance: Acceptance { position, began, ended, uncertainty, past, own_past },
            }
        })
        .collect();
    let cursor = LogPoint { position: 812_345 + request.ops.len() as u64, head: Head(OpHash([3; 32])) };
    let base = ExchangeResponse {
        protocol: 1,
        server_ms: 1_790_100_000_000,
        lost_tail: None,
        verdicts: vec![],
        ops: vec![],
        cursor,
        acknowledged: None,
        more: false,
        remaining: 0,
    };
    let verdict =
        |accepted: &AcceptedOp| OpVerdict { seq: accepted.op.lane.seq, verdict: Verdict::Ok(accepted.acceptance) };
    let verdicts = accepted.iter().map(verdict).collect();
    (
        ExchangeResponse { verdicts, acknowledged: Some(cursor), ..base.clone() },
        ExchangeResponse { ops: accepted, ..base },
    )
}

/// How many ids the ops name, virtual locations left out: they are never sent.
fn distinct(ops: &[Op]) -> usize {
    let mut ids = std::collections::HashSet::new();
    for op in ops {
        ids.extend([op.lane.replica.0, op.captured.boot.0, op.user.0]);
        if let Body::Move(movement) = &op.body {
            ids.extend(
                [movement.from, movement.to]
                    .iter()
                    .filter(|location| !location.is_virtual())
                    .map(|location| location.0),
            );
            ids.extend(movement.lines.iter().map(|line| line.variant.0));
        }
    }
    ids.len()
}

fn report(batch: u64, direction: &str, total: usize, ids: usize, encode: u128, decode: u128) {
    let each = |bytes: usize| bytes as f64 / batch as f64;
    println!(
        "{batch:>6} {direction:>10} {total:>8} {:>8.2} {:>8.2} {:>8.2} {encode:>9} {decode:>9}",
        each(total),
        each(ids),
        each(total.saturating_sub(ids)),
    );
}
