//! What every op log must do with records, told once, as `conformance.rs` does for ops. Compiled by the tests alone.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use stocksync_ledger::records::{Document, Edit, FieldValue, Merged, Row, typed};
use stocksync_schemas::collections::{self, Collection, IDENTIFIERS, LOCATIONS, LOTS, PRODUCTS, VARIANTS};
use stocksync_schemas::*;
use stocksync_server::op_log::RecordKey;

use crate::conformance::{Phone, SHELF, START, Subject, movement};

/// Runs every case, each on a log of its own.
pub async fn records<S: Subject>(mut fresh: impl AsyncFnMut() -> S) {
    a_record_is_one_document(&mut fresh().await).await;
    losers_and_tombstones_stay(&mut fresh().await).await;
    a_change_waits_for_what_it_builds_on(&mut fresh().await).await;
    what_fits_no_document_is_refused(&mut fresh().await).await;
    what_waited_in_vain_is_told(&mut fresh().await).await;
    a_record_is_bounded(&mut fresh().await).await;
    waiting_is_bounded(&mut fresh().await).await;
    codes_that_meet_open_an_exception(&mut fresh().await).await;
    odd_values_harm_nothing(&mut fresh().await).await;
    for seed in 1..=3 {
        five_replicas_and_the_server_agree(&mut fresh().await, seed).await;
    }
}

pub const TEA: RecordId = RecordId([0x7E; 16]);

pub fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.to_owned())
}

pub fn edit(fields: &[(&str, FieldValue)]) -> Edit {
    Edit { fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(), deleted: None }
}

fn delete(deleted: bool) -> Edit {
    Edit { deleted: Some(deleted), ..Edit::default() }
}

pub fn named(name: &str) -> Edit {
    edit(&[("name", text(name)), ("status", text("active"))])
}

/// Makes an edit of a phone's document and captures it.
pub fn change(
    phone: &mut Phone,
    at: i64,
    collection: &Collection,
    record: RecordId,
    document: &mut Document,
    it: &Edit,
) -> Vec<u8> {
    let change = document.edit(collection, phone.replica, START + at, it).unwrap().unwrap();
    capture(phone, at, collection, record, change.clone());
    change
}

fn capture(phone: &mut Phone, at: i64, collection: &Collection, record: RecordId, change: Vec<u8>) {
    phone.capture(at, Body::Record(RecordChange { collection: collection.name.to_owned(), record, change }));
}

/// A small catalogue, ids by the first byte: product 1 with variant 2, its case and lot, and shelf 5; and a change that waits.
pub fn catalogue(phone: &mut Phone, at: i64, product: &str) {
    let id = |n: u8| text(&RecordId([n; 16]).to_string());
    let one = FieldValue::Integer(1);
    let variant =
        [("product", id(1)), ("name", text("Loose leaf")), ("sku", text("TEA-1")), ("status", text("active"))];
    let stocked = [("unit", text("each")), ("decimals", FieldValue::Integer(0)), ("tracking", text("lot"))];
    let case = [("variant", id(2)), ("scheme", text("gtin")), ("value", text("00012345678905"))];
    let pack = [("pack_numerator", FieldValue::Integer(12)), ("pack_denominator", one)];
    let shelf = [("name", text("Aisle 3")), ("kind", text("bin")), ("code", text("A-3"))];
    let lot = [("variant", id(2)), ("code", text("10:L7")), ("expiry", text("2027-02-28"))];
    let rows: [(&Collection, u8, Edit); 5] = [
        (&PRODUCTS, 1, named(product)),
        (&VARIANTS, 2, edit(&[variant.as_slice(), &stocked].concat())),
        (&IDENTIFIERS, 3, edit(&[case.as_slice(), &pack].concat())),
        (&LOCATIONS, 5, edit(&shelf)),
        (&LOTS, 6, edit(&lot)),
    ];
    for (collection, n, it) in &rows {
        change(phone, at, collection, RecordId([*n; 16]), &mut Document::new(), it);
    }
    let mut lost = Document::new();
    lost.edit(&PRODUCTS, ReplicaId([0xEE; 16]), START, &named("Lost")).unwrap();
    change(phone, at, &PRODUCTS, RecordId([9; 16]), &mut lost, &named("Late"));
}

/// The row of the kept document.
async fn row(log: &mut dyn Subject, collection: &Collection, record: RecordId) -> Option<Row> {
    let key = RecordKey::new(collection.name, record).unwrap();
    let kept = log.read().await.records(&BTreeSet::from([key])).await.unwrap().remove(&key)?;
    (!kept.document.is_empty()).then(|| Document::load(&kept.document).unwrap().row())
}

async fn kept_bytes(log: &mut dyn Subject) -> (usize, u64) {
    let key = RecordKey::new(PRODUCTS.name, TEA).unwrap();
    let kept = log.read().await.records(&BTreeSet::from([key])).await.unwrap().remove(&key).unwrap();
    (kept.document.len(), kept.change_bytes)
}

async fn rebuilds_alike(log: &mut dyn Subject) {
    let before = log.projections().await;
    log.rebuild().await;
    assert_eq!(log.projections().await, before, "made again from the log, every row is the same");
}

fn codes(answer: &ExchangeResponse) -> Vec<Option<(Code, bool)>> {
    let code = |it: &OpVerdict| match &it.verdict {
        Verdict::Rejected { code, retryable, .. } => Some((*code, *retryable)),
        _ => None,
    };
    answer.verdicts.iter().map(code).collect()
}

/// A batch of many changes of several records, stock among them; then more, loaded and kept again.
async fn a_record_is_one_document(log: &mut dyn Subject) {
    let mut phone = Phone::new(1);
    let (mut tea, mut salt) = (Document::new(), Document::new());
    let other = RecordId([0x5A; 16]);
    change(&mut phone, 0, &PRODUCTS, TEA, &mut tea, &named("Tea"));
    phone.capture(1, movement(Location::SUPPLIER, SHELF, 1_000));
    change(&mut phone, 2, &PRODUCTS, other, &mut salt, &named("Salt"));
    change(&mut phone, 3, &PRODUCTS, TEA, &mut tea, &edit(&[("brand", text("Oak"))]));
    let answer = phone.sync(log, 10).await;
    assert_eq!(codes(&answer), [None; 4]);
    assert_eq!(row(log, &PRODUCTS, TEA).await.unwrap(), tea.row());
    change(&mut phone, 20, &PRODUCTS, TEA, &mut tea, &edit(&[("sku", text("TEA-1"))]));
    phone.sync(log, 30).await;
    assert_eq!(row(log, &PRODUCTS, TEA).await.unwrap().text("sku"), "TEA-1");
    assert_eq!(row(log, &PRODUCTS, other).await.unwrap(), salt.row());
    assert_eq!(row(log, &VARIANTS, TEA).await, None, "an id is of its collection");
    rebuilds_alike(log).await;
}

async fn losers_and_tombstones_stay(log: &mut dyn Subject) {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    let mut by_a = Document::new();
    let base = change(&mut a, 0, &PRODUCTS, TEA, &mut by_a, &named("Tea"));
    a.sync(log, 1).await;
    let mut by_b = Document::new();
    by_b.merge(&base, a.replica).unwrap();
    change(&mut a, 2, &PRODUCTS, TEA, &mut by_a, &edit(&[("name", text("Green tea"))]));
    change(&mut a, 3, &PRODUCTS, TEA, &mut by_a, &delete(true));
    change(&mut b, 4, &PRODUCTS, TEA, &mut by_b, &edit(&[("name", text("Black tea"))]));
    a.sync(log, 5).await;
    b.sync(log, 6).await;
    let merged = row(log, &PRODUCTS, TEA).await.unwrap();
    assert!(merged.deleted, "a deletion wins over an edit that did not know it");
    let mut both = vec![merged.text("name").to_owned()];
    both.extend(merged.lost["name"].iter().map(|it| if let FieldValue::Text(it) = it { it.clone() } else { panic!() }));
    both.sort();
    assert_eq!(both, ["Black tea", "Green tea"]);
    change(&mut a, 7, &PRODUCTS, TEA, &mut by_a, &delete(false));
    a.sync(log, 8).await;
    assert!(!row(log, &PRODUCTS, TEA).await.unwrap().deleted, "restored");
    rebuilds_alike(log).await;
}

async fn a_change_waits_for_what_it_builds_on(log: &mut dyn Subject) {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    let mut document = Document::new();
    change(&mut a, 0, &PRODUCTS, TEA, &mut document, &named("Tea"));
    change(&mut b, 1, &PRODUCTS, TEA, &mut document, &edit(&[("brand", text("Oak"))]));
    change(&mut b, 2, &PRODUCTS, TEA, &mut document, &edit(&[("sku", text("T-2"))]));
    assert_eq!(codes(&b.sync(log, 10).await), [None; 2], "accepted, though they wait");
    assert_eq!(row(log, &PRODUCTS, TEA).await, None);
    assert_eq!(log.open_exceptions().await, ["record_waits"]);
    rebuilds_alike(log).await;
    a.sync(log, 20).await;
    assert_eq!(row(log, &PRODUCTS, TEA).await.unwrap(), document.row());
    assert!(log.open_exceptions().await.is_empty());
    rebuilds_alike(log).await;
}

/// A change that passes by itself and fits no document: another one of the same place in the replica's row.
async fn what_fits_no_document_is_refused(log: &mut dyn Subject) {
    let mut phone = Phone::new(1);
    let mut document = Document::new();
    let base = change(&mut phone, 0, &PRODUCTS, TEA, &mut document, &named("Tea"));
    let mut copy = Document::new();
    assert_eq!(copy.merge(&base, phone.replica), Ok(Merged::Applied));
    change(&mut phone, 1, &PRODUCTS, TEA, &mut document, &edit(&[("brand", text("Oak"))]));
    change(&mut phone, 2, &PRODUCTS, TEA, &mut copy, &edit(&[("brand", text("Elm"))]));
    phone.capture(3, movement(Location::SUPPLIER, SHELF, 1_000));
    let request = phone.request();
    let first = phone.sync(log, 10).await;
    let expected = [None, None, Some((Code::RecordChangeInvalid, false)), None];
    assert_eq!(codes(&first), expected);
    assert_eq!(row(log, &PRODUCTS, TEA).await.unwrap().text("brand"), "Oak");
    let again = log.exchange(phone.device, START + 11, request).await.unwrap();
    assert_eq!(codes(&again), expected, "answered alike");
    assert_eq!(log.read().await.page(0, 100).await.unwrap().len(), 3, "it has no position");
    // Checksums put right over random damage: whatever is taken, the rest of the push is.
    let silent = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut hostile_phone = Phone::new(3);
    let good = Document::new().edit(&PRODUCTS, hostile_phone.replica, START, &named("Tea and more")).unwrap().unwrap();
    let mut state = 7_u64;
    for n in 0..120 {
        let mut hostile = good.clone();
        for _ in 0..2 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = 9 + usize::try_from(state >> 33).unwrap() % (hostile.len() - 9);
            hostile[at] = u8::try_from(state >> 20 & 0xff).unwrap();
        }
        let checksum: [u8; 32] = Sha256::digest(&hostile[8..]).into();
        hostile[4..8].copy_from_slice(&checksum[..4]);
        capture(&mut hostile_phone, n, &PRODUCTS, RecordId([u8::try_from(n % 3).unwrap(); 16]), hostile);
    }
    hostile_phone.capture(200, movement(Location::SUPPLIER, SHELF, 1_000));
    let answer = hostile_phone.sync(log, 300).await;
    rebuilds_alike(log).await;
    std::panic::set_hook(silent);
    assert_eq!(codes(&answer).last(), Some(&None));
    let refused = codes(&answer).into_iter().flatten().filter(|it| it.0 == Code::RecordChangeInvalid).count();
    assert!(refused > 20, "{refused}");
}

/// What waits is on the log. If it cannot be applied when the other arrives, it stays out of the document, and is told.
async fn what_waited_in_vain_is_told(log: &mut dyn Subject) {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    let mut document = Document::new();
    let base = change(&mut a, 0, &PRODUCTS, TEA, &mut document, &named("Tea"));
    let mut copy = Document::new();
    copy.merge(&base, a.replica).unwrap();
    change(&mut b, 1, &PRODUCTS, TEA, &mut document, &edit(&[("brand", text("Oak"))]));
    change(&mut b, 2, &PRODUCTS, TEA, &mut copy, &edit(&[("brand", text("Elm"))]));
    assert_eq!(codes(&b.sync(log, 10).await), [None; 2]);
    a.sync(log, 20).await;
    assert_eq!(log.open_exceptions().await, ["record_refused"]);
    assert_eq!(row(log, &PRODUCTS, TEA).await.unwrap().text("brand"), "Oak");
    rebuilds_alike(log).await;
}

/// A05: a document never holds more than 512 KiB of changes, and is smaller than they are.
async fn a_record_is_bounded(log: &mut dyn Subject) {
    let mut phone = Phone::new(1);
    let mut document = Document::new();
    change(&mut phone, 0, &PRODUCTS, TEA, &mut document, &named("Tea"));
    for n in 1..200 {
        change(&mut phone, n, &PRODUCTS, TEA, &mut document, &edit(&[("name", text(&format!("Tea {n}")))]));
    }
    phone.sync(log, 300).await;
    let (kept, changes) = kept_bytes(log).await;
    assert!(kept < 2_000 && changes > 20_000, "200 edits: {changes} bytes of changes, {kept} kept");
    let mut noise = 9_u64;
    let mut refused = Vec::new();
    for n in 0..300_i64 {
        // Text that does not compress.
        let long: String = (0..2_000)
            .map(|_| {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b'!' + u8::try_from((noise >> 40) % 90).unwrap())
            })
            .collect();
        change(&mut phone, 1_000 + n, &PRODUCTS, TEA, &mut document, &edit(&[("description", text(&long))]));
        if n % 50 == 49 {
            refused.extend(codes(&phone.sync(log, 2_000 + n).await).into_iter().flatten());
        }
    }
    let (kept, changes) = kept_bytes(log).await;
    assert!(changes <= limits::RECORD_BYTES as u64 && kept < limits::RECORD_BYTES, "{kept} of {changes}");
    assert_eq!(refused.first(), Some(&(Code::RecordTooLarge, false)));
    phone.capture(3_000, movement(Location::SUPPLIER, SHELF, 1_000));
    assert_eq!(codes(&phone.sync(log, 3_001).await), [None]);
    rebuilds_alike(log).await;
}

async fn waiting_is_bounded(log: &mut dyn Subject) {
    let (a, mut b) = (Phone::new(1), Phone::new(2));
    let mut document = Document::new();
    document.edit(&PRODUCTS, a.replica, START, &named("Tea")).unwrap();
    for n in 0..=i64::try_from(limits::RECORD_WAITS).unwrap() {
        change(&mut b, n, &PRODUCTS, TEA, &mut document, &edit(&[("name", text(&n.to_string()))]));
    }
    let answer = b.sync(log, 500).await;
    assert_eq!(codes(&answer).last(), Some(&Some((Code::RecordChangeWaits, true))));
    assert_eq!(codes(&answer).iter().flatten().count(), 1);
}

/// A07: two records with one code are both kept; a person is told until one gives it up.
async fn codes_that_meet_open_an_exception(log: &mut dyn Subject) {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    let identifier = |variant: u8| {
        edit(&[
            ("variant", text(&RecordId([variant; 16]).to_string())),
            ("scheme", text("gtin")),
            ("value", text("09501101530003")),
            ("pack_numerator", FieldValue::Integer(1)),
            ("pack_denominator", FieldValue::Integer(1)),
        ])
    };
    let (mut by_a, mut by_b) = (Document::new(), Document::new());
    change(&mut a, 0, &IDENTIFIERS, RecordId([0xA; 16]), &mut by_a, &identifier(1));
    change(&mut b, 0, &IDENTIFIERS, RecordId([0xB; 16]), &mut by_b, &identifier(2));
    a.sync(log, 1).await;
    assert!(log.open_exceptions().await.is_empty());
    b.sync(log, 2).await;
    assert_eq!(log.open_exceptions().await, ["duplicate_identifier"]);
    for (phone, id) in [(&mut a, 0xC), (&mut b, 0xD)] {
        let sku = edit(&[("name", text("x")), ("status", text("active")), ("sku", text("SAME"))]);
        change(phone, 3, &PRODUCTS, RecordId([id; 16]), &mut Document::new(), &sku);
        phone.sync(log, 4).await;
    }
    assert_eq!(log.open_exceptions().await, ["duplicate_identifier", "duplicate_sku"]);
    change(&mut b, 5, &IDENTIFIERS, RecordId([0xB; 16]), &mut by_b, &delete(true));
    b.sync(log, 6).await;
    assert_eq!(log.open_exceptions().await, ["duplicate_sku"]);
    rebuilds_alike(log).await;
}

/// Values that no field takes stay in the document and reach no table.
async fn odd_values_harm_nothing(log: &mut dyn Subject) {
    let free = |name: &'static str| collections::Field { name, kind: ANY, required: false };
    let fields = ["name", "status", "sku", "description", "notes"].map(free);
    let loose = Collection { name: PRODUCTS.name, fields: Box::leak(Box::new(fields)) };
    let number = collections::Field { name: "brand", kind: NUMBER, required: false };
    let loose_number = Collection { name: PRODUCTS.name, fields: Box::leak(Box::new([number])) };
    let mut phone = Phone::new(1);
    let mut document = Document::new();
    let odd = edit(&[
        ("name", text("a\u{0}b\u{7}")),
        ("status", text("of a later version")),
        ("sku", text(&"X".repeat(20_000))),
        ("description", text("<script>alert(1)</script>")),
        ("notes", text("\u{0}")),
    ]);
    change(&mut phone, 0, &loose, TEA, &mut document, &odd);
    change(&mut phone, 1, &loose_number, TEA, &mut document, &edit(&[("brand", FieldValue::Integer(7))]));
    assert_eq!(codes(&phone.sync(log, 2).await), [None; 2]);
    let whole = row(log, &PRODUCTS, TEA).await.unwrap();
    let shown = typed(&PRODUCTS, &whole);
    assert_eq!(shown.fields.keys().collect::<Vec<_>>(), ["description", "status"]);
    assert_eq!(whole.fields.len(), 6, "nothing is lost");
    rebuilds_alike(log).await;
}

const ANY: collections::FieldType = collections::FieldType::SharedText { max_bytes: 1 << 20 };
const NUMBER: collections::FieldType = collections::FieldType::Integer { min: 0, max: 9 };

/// A05: whoever edits what, in whatever order it is sent, twice or late, the server's row is every replica's.
async fn five_replicas_and_the_server_agree(log: &mut dyn Subject, seed: u64) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = move |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    };
    let ids: Vec<RecordId> = (1..=4).map(|n| RecordId([n; 16])).collect();
    let mut phones: Vec<(Phone, BTreeMap<RecordId, Document>, usize)> =
        (1..=5).map(|n| (Phone::new(n), BTreeMap::new(), 0)).collect();
    for step in 0..200_i64 {
        let (phone, documents, merged) = &mut phones[usize::try_from(below(5)).unwrap()];
        let id = ids[usize::try_from(below(4)).unwrap()];
        let value = text(&format!("v{}", below(4)));
        let it = match below(8) {
            0 => delete(below(2) == 0),
            1 | 2 => edit(&[("brand", value)]),
            3 => edit(&[("notes", value)]),
            4 => edit(&[("sku", text(&format!("S{}", below(3))))]),
            _ => named(&format!("n{}", below(5))),
        };
        let document = documents.entry(id).or_default();
        if let Some(made) = document.edit(&PRODUCTS, phone.replica, START + step, &it).unwrap() {
            capture(phone, step * 10, &PRODUCTS, id, made);
        }
        if below(6) == 0 {
            phone.sync(log, step * 10 + 5).await;
            merge_pulled(phone, documents, merged);
        }
    }
    for _ in 0..2 {
        for (phone, documents, merged) in &mut phones {
            phone.sync(log, 9_000).await;
            merge_pulled(phone, documents, merged);
        }
    }
    for id in ids {
        let on_server = row(log, &PRODUCTS, id).await;
        for (_, documents, _) in &phones {
            assert_eq!(documents.get(&id).map(Document::row), on_server);
        }
    }
    rebuilds_alike(log).await;
}

fn merge_pulled(phone: &Phone, documents: &mut BTreeMap<RecordId, Document>, merged: &mut usize) {
    for it in &phone.pulled[*merged..] {
        if let Body::Record(body) = &it.op.body {
            documents.entry(body.record).or_default().merge(&body.change, it.op.lane.replica).unwrap();
        }
    }
    *merged = phone.pulled.len();
}
