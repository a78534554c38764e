//! Random domain values: small pools of ids and texts, so that dictionaries are used, beside extreme numbers.
//!
//! Strategies are boxed: nested ones outgrow a test thread's stack.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use stocksync_schemas::*;

fn id() -> BoxedStrategy<[u8; 16]> {
    prop_oneof![
        6 => (0_u8..6).prop_map(|n| [n.wrapping_mul(37); 16]),
        2 => (0_u8..20).prop_map(|last| u128::from(last).to_be_bytes()),
        1 => any::<[u8; 16]>(),
    ]
    .boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        4 => Just(String::new()),
        4 => prop::sample::select(vec!["10:L1", "21:S-7", "damaged", "3 x CASE of 12", "EUR", "PO-1001"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ]
    .boxed()
}

/// Numbers as they come in practice, and any at all.
fn number() -> BoxedStrategy<i64> {
    prop_oneof![4 => 0_i64..200_000, 2 => (1_i64..50).prop_map(|n| n * 1000), 1 => any::<i64>()].boxed()
}

fn unsigned() -> BoxedStrategy<u64> {
    number().prop_map(i64::cast_unsigned).boxed()
}

fn time() -> BoxedStrategy<i64> {
    prop_oneof![8 => 1_790_000_000_000_i64..1_790_009_000_000, 1 => any::<i64>()].boxed()
}

fn hash() -> BoxedStrategy<OpHash> {
    any::<[u8; 32]>().prop_map(OpHash).boxed()
}

fn cell() -> BoxedStrategy<Cell> {
    (id(), id(), text())
        .prop_map(|(variant, location, lot)| Cell { variant: VariantId(variant), location: Location(location), lot })
        .boxed()
}

fn line() -> BoxedStrategy<MovementLine> {
    let cost = (number(), text()).prop_map(|(amount, currency)| Cost { amount, currency });
    (id(), text(), number(), text(), option::of(cost))
        .prop_map(|(variant, lot, quantity, entered, unit_cost)| MovementLine {
            variant: VariantId(variant),
            lot,
            quantity,
            entered,
            unit_cost,
        })
        .boxed()
}

fn reference() -> BoxedStrategy<OpRef> {
    (id(), unsigned(), hash())
        .prop_map(|(replica, seq, hash)| OpRef { lane: Lane { replica: ReplicaId(replica), seq }, hash })
        .boxed()
}

fn movement() -> BoxedStrategy<Body> {
    let lines = prop_oneof![4 => vec(line(), 1..2), 2 => vec(line(), 1..6), 1 => vec(line(), 0..1)];
    (id(), id(), lines, text(), text())
        .prop_map(|(from, to, lines, reason, reference)| {
            Body::Move(Move { from: Location(from), to: Location(to), lines, reason, reference })
        })
        .boxed()
}

fn count() -> BoxedStrategy<Body> {
    (cell(), number(), option::of(number()), option::of(id()))
        .prop_map(|(cell, counted, expected, session)| {
            Body::Count(Count { cell, counted, expected, session: session.map(SessionId) })
        })
        .boxed()
}

fn close() -> BoxedStrategy<Body> {
    let part = (cell(), vec(reference(), 0..3)).prop_map(|(cell, counts)| ClosePart { cell, counts });
    (id(), vec(part, 0..3), vec(id(), 0..3))
        .prop_map(|(session, parts, complete)| {
            Body::Close(Close {
                session: SessionId(session),
                parts,
                complete: complete.into_iter().map(Location).collect(),
            })
        })
        .boxed()
}

fn known_body() -> BoxedStrategy<Body> {
    prop_oneof![
        6 => movement(),
        4 => count(),
        1 => close(),
        1 => (reference(), text()).prop_map(|(target, reason)| Body::Void(Void { target, reason })),
        1 => (text(), id(), vec(any::<u8>(), 0..40))
            .prop_map(|(collection, record, change)| {
                Body::Record(RecordChange { collection, record: RecordId(record), change })
            }),
    ]
    .boxed()
}

/// Kind, version and body; the last two alternatives are kinds and versions that this build does not know.
fn form() -> BoxedStrategy<(Kind, u32, Body)> {
    prop_oneof![
        12 => known_body().prop_map(|body| (body.kind().0, body.kind().1, body)),
        1 => (6_u32.., any::<u32>(), vec(any::<u8>(), 0..60))
            .prop_map(|(kind, version, bytes)| (Kind(kind), version, Body::Opaque(bytes))),
        1 => (1_u32..6, 2_u32.., vec(any::<u8>(), 0..60))
            .prop_map(|(kind, version, bytes)| (Kind(kind), version, Body::Opaque(bytes))),
    ]
    .boxed()
}

pub(crate) fn op() -> BoxedStrategy<Op> {
    let captured = (time(), number(), id(), prop_oneof![8 => 0_u32..20_000, 1 => any::<u32>()])
        .prop_map(|(wall_ms, boot_ms, boot, took_ms)| CaptureTime { wall_ms, boot_ms, boot: BootId(boot), took_ms });
    (id(), prop_oneof![8 => 1_u64..40, 1 => any::<u64>()], captured, id(), form())
        .prop_map(|(replica, seq, captured, user, (kind, version, body))| Op {
            lane: Lane { replica: ReplicaId(replica), seq },
            captured,
            user: UserId(user),
            kind,
            version,
            body,
        })
        .boxed()
}

fn point() -> BoxedStrategy<LogPoint> {
    prop_oneof![
        1 => Just(LogPoint::default()),
        3 => (1_u64..4).prop_map(|position| LogPoint { position, head: Head(OpHash([7; 32])) }),
        1 => (unsigned(), hash()).prop_map(|(position, hash)| LogPoint { position, head: Head(hash) }),
    ]
    .boxed()
}

fn context() -> BoxedStrategy<CaptureContext> {
    (time(), time(), unsigned(), point(), unsigned())
        .prop_map(|(began, ended, uncertainty, seen, own_seen)| CaptureContext {
            estimate: Estimate { began, ended, uncertainty },
            seen,
            own_seen,
        })
        .boxed()
}

fn acceptance() -> BoxedStrategy<Acceptance> {
    (unsigned(), time(), time(), unsigned(), unsigned(), unsigned())
        .prop_map(|(position, began, ended, uncertainty, past, own_past)| Acceptance {
            position,
            began,
            ended,
            uncertainty,
            past,
            own_past,
        })
        .boxed()
}

/// A request as a device makes it: ops in order of seq, most of its own lane.
pub(crate) fn request() -> BoxedStrategy<ExchangeRequest> {
    let pushed =
        (op(), context(), 0_u8..8).prop_map(|(op, context, stranger)| (PushedOp { op, context }, stranger == 0));
    (
        (any::<u32>(), id(), point(), point(), unsigned(), unsigned(), any::<u32>()),
        vec(point(), 0..5),
        vec(pushed, 0..40),
    )
        .prop_map(|((protocol, replica, cursor, acknowledged, final_seq, captured_seq, pull_limit), points, pushed)| {
            let replica = ReplicaId(replica);
            let mut ops: Vec<PushedOp> = pushed
                .into_iter()
                .map(|(mut pushed, stranger)| {
                    if !stranger {
                        pushed.op.lane.replica = replica;
                    }
                    pushed
                })
                .collect();
            ops.sort_by_key(|pushed| pushed.op.lane.seq);
            ops.dedup_by_key(|pushed| pushed.op.lane.seq);
            ExchangeRequest {
                protocol,
                replica,
                cursor,
                acknowledged,
                final_seq,
                captured_seq,
                pull_limit,
                points,
                ops,
            }
        })
        .boxed()
}

fn verdict() -> BoxedStrategy<Verdict> {
    let rejected = (prop::sample::select(Code::ALL), any::<bool>(), text())
        .prop_map(|(code, retryable, text)| Verdict::Rejected { code, retryable, text });
    prop_oneof![4 => acceptance().prop_map(Verdict::Ok), 1 => acceptance().prop_map(Verdict::Duplicate), 1 => rejected]
        .boxed()
}

/// An answer as a server makes it: ops in order of position.
pub(crate) fn response() -> BoxedStrategy<ExchangeResponse> {
    // A row is the only form for a move without lines, and only requests have rows.
    let fits = |op: &Op| !matches!(&op.body, Body::Move(movement) if movement.lines.is_empty());
    let accepted = (op().prop_filter("a move has lines", fits), acceptance())
        .prop_map(|(op, acceptance)| AcceptedOp { op, acceptance });
    (
        (any::<u32>(), time(), option::of(point()), point(), option::of(point()), any::<bool>(), unsigned()),
        vec((unsigned(), verdict()).prop_map(|(seq, verdict)| OpVerdict { seq, verdict }), 0..30),
        vec(accepted, 0..40),
    )
        .prop_map(|((protocol, server_ms, lost_tail, cursor, acknowledged, more, remaining), verdicts, mut ops)| {
            ops.sort_by_key(|accepted| accepted.acceptance.position);
            ops.dedup_by_key(|accepted| accepted.acceptance.position);
            ExchangeResponse { protocol, server_ms, lost_tail, verdicts, ops, cursor, acknowledged, more, remaining }
        })
        .boxed()
}
