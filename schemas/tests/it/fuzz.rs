//! Hostile bytes: whatever a peer sends is an answer with a registered code, never a panic and never a flood of memory.

use prost::Message;
use stocksync_schemas::ids::to_hex as hex;
use stocksync_schemas::wire::pb::exchange as pb;
use stocksync_schemas::wire::{self, WireError, json};
use stocksync_schemas::{Body, Code, Location, Move, MovementLine, Op, PushedOp, VariantId, limits};

use crate::random;
use crate::samples::samples;

/// SplitMix64: the same cases in every run.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Applies one to four random changes: a bit, a byte, a cut, a piece moved or repeated.
fn mutate(bytes: &[u8], random: &mut SplitMix) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            bytes.push(0);
        }
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            2 => bytes.truncate(at),
            3 => bytes.insert(at, random.next() as u8),
            4 => drop(bytes.remove(at)),
            _ => {
                let end = (at + random.below(16)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

/// What may answer a broken message.
fn check(error: &WireError) {
    let allowed = [Code::Undecodable, Code::ColumnsInvalid, Code::TooLarge, Code::TooManyOps];
    assert!(allowed.contains(&error.code()), "{error}");
    assert!(Code::ALL.contains(&error.code()));
}

/// Decodes the frame's content as it is, so that mutations reach the columns instead of a checksum.
fn plain(message: &[u8]) -> Vec<u8> {
    [&[wire::PLAIN], message].concat()
}

#[test]
fn i12_mutated_requests_are_answered_with_registered_codes() {
    let mut random = SplitMix(1);
    let (mut read, mut refused) = (0, 0);
    for request in samples(60, random::request()) {
        let frame = wire::encode_request(&request);
        let rows = wire::encode_request_as_rows(&request);
        for _ in 0..120 {
            for original in [&frame, &rows] {
                match wire::decode_request(&mutate(original, &mut random)) {
                    Ok(decoded) => {
                        read += 1;
                        assert!(decoded.request.ops.len() + decoded.undecodable.len() <= limits::PUSH_OPS);
                        // What was read is canonical: it survives another journey (ops of one seq may change places).
                        let again = wire::decode_request(&wire::encode_request(&decoded.request)).unwrap();
                        let hashes = |ops: &[PushedOp]| {
                            let mut hashes: Vec<_> = ops.iter().map(|pushed| pushed.op.hash()).collect();
                            hashes.sort();
                            hashes
                        };
                        assert!(hashes(&again.request.ops) == hashes(&decoded.request.ops), "{}", hex(original));
                    }
                    Err(error) => {
                        refused += 1;
                        check(&error);
                    }
                }
            }
        }
    }
    assert!(read > 500 && refused > 500, "the mutations should give both: {read} decoded, {refused} refused");
}

#[test]
fn i12_mutated_columns_never_panic() {
    let mut random = SplitMix(2);
    for request in samples(60, random::request()) {
        let message = unframed(&wire::encode_request(&request));
        for _ in 0..200 {
            if let Err(error) = wire::decode_request(&plain(&mutate(&message, &mut random))) {
                check(&error);
            }
        }
    }
    for response in samples(60, random::response()) {
        let message = unframed(&wire::encode_response(&response));
        for _ in 0..200 {
            if let Err(error) = wire::decode_response(&plain(&mutate(&message, &mut random))) {
                check(&error);
            }
        }
    }
}

#[test]
fn i12_mutated_json_never_panics() {
    let mut random = SplitMix(3);
    for (request, response) in samples(12, (random::request(), random::response())) {
        for _ in 0..40 {
            let up = mutate(&json::encode_request(&request).unwrap(), &mut random);
            let down = mutate(&json::encode_response(&response).unwrap(), &mut random);
            json::decode_request(&up).err().iter().for_each(check);
            json::decode_response(&down).err().iter().for_each(check);
        }
    }
}

/// I12: a row that is nonsense is listed by its seq, and its neighbours arrive.
#[test]
fn i12_one_bad_row_blocks_no_other() {
    let mut request = samples(40, random::request()).into_iter().find(|request| request.ops.len() > 5).unwrap();
    request.ops.iter_mut().zip(1..).for_each(|(pushed, seq)| pushed.op.lane.seq = seq);
    let mut message = pb::Request::decode(unframed(&wire::encode_request_as_rows(&request)).as_slice()).unwrap();
    message.rows[2].op = vec![0xff; 9];
    message.rows[4].op.truncate(11);
    let decoded = wire::decode_request(&plain(&message.encode_to_vec())).unwrap();
    let bad: Vec<_> = decoded.undecodable.iter().map(|op| (op.seq, op.code)).collect();
    assert_eq!(bad, [(3, Code::InvalidOp), (5, Code::InvalidOp)]);
    request.ops.retain(|pushed| ![3, 5].contains(&pushed.op.lane.seq));
    assert_eq!(decoded.request, request);
}

/// Short messages that claim a great deal are refused before anything of that size is made.
#[test]
fn claims_are_checked_before_memory_is_taken() {
    let request = samples(40, random::request()).into_iter().find(|message| !message.ops.is_empty()).unwrap();
    let message = pb::Request::decode(unframed(&wire::encode_request(&request)).as_slice()).unwrap();
    let refusal = |change: &dyn Fn(&mut pb::Request)| {
        let mut message = message.clone();
        change(&mut message);
        wire::decode_request(&plain(&message.encode_to_vec())).unwrap_err().code()
    };
    let columns = |message: &mut pb::Request, change: &dyn Fn(&mut pb::OpColumns)| {
        change(message.columns.as_mut().unwrap());
    };
    assert_eq!(refusal(&|message| columns(message, &|message| message.count = u32::MAX)), Code::TooManyOps);
    assert_eq!(refusal(&|message| columns(message, &|message| message.more_runs = u32::MAX)), Code::ColumnsInvalid);
    assert_eq!(refusal(&|message| message.context.as_mut().unwrap().points = u32::MAX), Code::ColumnsInvalid);
    let dictionary = |change: &dyn Fn(&mut pb::Dictionary)| {
        refusal(&|message| columns(message, &|message| change(message.dictionary.get_or_insert_default())))
    };
    assert_eq!(dictionary(&|message| message.texts = u32::MAX), Code::ColumnsInvalid);
    assert_eq!(dictionary(&|message| message.variant_lots = u32::MAX), Code::ColumnsInvalid);
    assert_eq!(refusal(&|message| message.rows = vec![pb::Row::default(); limits::PUSH_OPS + 1]), Code::TooManyOps);
    assert_eq!(refusal(&|message| message.rows = vec![pb::Row::default(); 1_000_000]), Code::TooManyOps);
    assert_eq!(
        refusal(&|message| message.points = vec![pb::LogPoint::default(); limits::TAIL_POINTS + 1]),
        Code::TooManyOps
    );
}

/// One long text named by many ops: the ops would hold gigabytes.
#[test]
fn a_text_named_often_is_paid_for_each_time() {
    let mut request = samples(40, random::request()).into_iter().find(|request| !request.ops.is_empty()).unwrap();
    let mut pushed = request.ops[0].clone();
    let line = MovementLine {
        variant: VariantId([1; 16]),
        lot: String::new(),
        quantity: 1,
        entered: String::new(),
        unit_cost: None,
    };
    let body = Body::Move(Move {
        from: Location::SUPPLIER,
        to: Location::LOSS,
        lines: vec![line],
        reason: String::new(),
        reference: "x".repeat(60_000),
    });
    pushed.op = Op::new(pushed.op.lane, pushed.op.captured, pushed.op.user, body);
    request.ops = (1..=900)
        .map(|seq| {
            let mut numbered = pushed.clone();
            numbered.op.lane.seq = seq;
            numbered
        })
        .collect();
    let frame = wire::encode_request(&request);
    assert!(frame.len() < 10_000, "{}", frame.len());
    assert_eq!(wire::decode_request(&frame).unwrap_err().code(), Code::TooLarge);
}

/// The message inside a frame.
fn unframed(frame: &[u8]) -> Vec<u8> {
    match frame.split_first().unwrap() {
        (&wire::PLAIN, message) => message.to_vec(),
        (_, packed) => zstd::decode_all(packed).unwrap(),
    }
}
