//! Every bound of the system in one place, with the relations between them checked when compiled.
//!
//! Owns numbers. What exceeds a bound is answered with a typed error and its registered code; nothing is truncated or lost.

/// Largest number of ops a device pushes in one exchange.
pub const PUSH_OPS: usize = 1_000;
/// Largest number of ops an answer brings down.
pub const PULL_OPS: usize = 2_000;
/// Largest number of log points sent after a lost tail.
pub const TAIL_POINTS: usize = 64;
/// Largest message on the wire, compressed, bytes.
pub const MESSAGE_BYTES: usize = 4 << 20;
/// Largest message once decompressed, bytes.
pub const MESSAGE_PLAIN_BYTES: usize = 32 << 20;
/// Largest body of one op, canonical bytes.
pub const BODY_BYTES: usize = 64 << 10;
/// Bodies of one push together, bytes; a device ends its batch earlier.
pub const PUSH_BODY_BYTES: usize = 2 << 20;
/// Largest number of lines of a movement.
pub const LINES: usize = 200;
/// Largest number of counts, over all cells, that a close names.
pub const CLOSE_COUNTS: usize = 500;
/// Largest number of locations that a close covers completely.
pub const CLOSE_LOCATIONS: usize = 200;
/// Largest quantity of a line or a count, thousandths of the base unit.
pub const QUANTITY: i64 = 1_000_000_000_000;
/// Longest lot code, bytes.
pub const LOT_BYTES: usize = 64;
/// Longest reason code, bytes.
pub const REASON_BYTES: usize = 50;
/// Longest reference or free text of an op, bytes.
pub const TEXT_BYTES: usize = 255;
/// Longest collection name, bytes.
pub const COLLECTION_BYTES: usize = 32;
/// Largest change of a record, bytes (the guard of `stocksync-ledger`'s records module).
pub const RECORD_CHANGE_BYTES: usize = 32 << 10;
/// Changes of one record together, bytes: some 4 500 small edits. The compacted document is smaller than its changes.
pub const RECORD_BYTES: usize = 512 << 10;
/// Largest number of changes of one record that wait for an earlier one.
pub const RECORD_WAITS: usize = 100;
/// Largest undecodable op that a server keeps whole, bytes; of a larger one it keeps the beginning.
pub const UNDECODABLE_BYTES: usize = 4 << 10;
/// Largest number of undecodable ops that a server keeps of one lane.
pub const UNDECODABLE_OPS: usize = 1_000;
/// Longest raw code of an identifier, bytes.
pub const IDENTIFIER_BYTES: usize = 255;
/// Longest name of a product, variant or location, bytes.
pub const NAME_BYTES: usize = 255;
/// Longest act that a device may state, ms (a week).
pub const TOOK_MS: u32 = 7 * 24 * 3_600 * 1_000;
/// Largest number of candidates of a cell; beyond, the smallest key is dropped and `count_conflict` opens.
pub const CANDIDATES: usize = 64;
/// Largest number of ops waiting on a device.
pub const OUTBOX_OPS: u64 = 100_000;
/// Largest number of scans of unknown codes that a device keeps.
pub const HELD_SCANS: u64 = 1_000;
/// Largest number of lines of a document that is worked off by scanning.
pub const EXPECTED_LINES: usize = 1_000;
/// Largest number of rows of a page in any list.
pub const PAGE_ROWS: u32 = 500;
/// Largest camera frame, pixels.
pub const FRAME_PIXELS: usize = 16 << 20;
/// Largest number of labels of one call.
pub const LABELS: usize = 500;
/// Dots of all labels of one call for a picture or a label printer, one bit each while they are drawn.
pub const LABEL_DOTS: u64 = 64 << 20;
/// Longest side of a label or sheet, 1/100 mm.
pub const LABEL_SIDE: u32 = 60_000;
/// Smallest and largest number of dots per inch of a label printer.
pub const LABEL_DPI: (u32, u32) = (150, 600);
/// Largest number of lines of text on a label, beside what its symbol says.
pub const LABEL_LINES: usize = 8;
/// Longest line of text on a label, bytes.
pub const LABEL_LINE_BYTES: usize = 255;
/// Largest picture on a label, bytes of eight dots.
pub const LABEL_PICTURE_BYTES: usize = 128 << 10;
/// Longest payload of a label, bytes.
pub const LABEL_PAYLOAD_BYTES: usize = 512;
/// Largest answer with labels, bytes.
pub const LABEL_BYTES: usize = 16 << 20;
/// Longest wait for a connection, ms.
pub const CONNECT_MS: u64 = 5_000;
/// Longest wait for one exchange, ms.
pub const EXCHANGE_MS: u64 = 30_000;
/// Drift of a boot clock, parts per million.
pub const DRIFT_PPM: i64 = 100;
/// Latest time that any message may state, ms since 1970 (year 9999).
pub const TIME_MS: i64 = 253_402_300_799_999;

// A full push fits a message even uncompressed, bodies and envelopes together.
const _: () = assert!(PUSH_BODY_BYTES + PUSH_OPS * 256 < MESSAGE_BYTES);
// One op always fits a push.
const _: () = assert!(BODY_BYTES <= PUSH_BODY_BYTES);
// A record change fits its op.
const _: () = assert!(RECORD_CHANGE_BYTES + COLLECTION_BYTES + 64 < BODY_BYTES);
// A record takes many changes of the largest size.
const _: () = assert!(RECORD_CHANGE_BYTES * 8 < RECORD_BYTES);
// A full close and a full movement fit an op's body: 120 bytes a count (cell and reference), 140 a line.
const _: () = assert!(CLOSE_COUNTS * 120 + CLOSE_LOCATIONS * 18 < BODY_BYTES);
const _: () = assert!(LINES * 140 < BODY_BYTES);
// The sum of a full log of lines stays far within i128, and one batch within i64.
const _: () = assert!((QUANTITY as i128) * (PULL_OPS as i128) * (LINES as i128) < i64::MAX as i128);
