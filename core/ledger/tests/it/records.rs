//! Records: concurrent edits, tombstones, derived ids, order of arrival, hostile bytes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use stocksync_ledger::records::{
    Document, Edit, FieldValue, Merged, RecordError, Row, check_change, derived_id, typed, unique_key,
};
use stocksync_schemas::collections::{LOTS, PRODUCTS};
use stocksync_schemas::{ReplicaId, TenantId};

const A: ReplicaId = ReplicaId([0xaa; 16]);
const B: ReplicaId = ReplicaId([0xbb; 16]);

fn fields(pairs: &[(&str, &str)]) -> Edit {
    let text = |text: &str| FieldValue::Text(text.to_owned());
    Edit { fields: pairs.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect(), deleted: None }
}

fn edit(document: &mut Document, replica: ReplicaId, it: &Edit) -> Vec<u8> {
    document.edit(&PRODUCTS, replica, 0, it).unwrap().unwrap()
}

#[test]
fn b01_create_edit_save_load() {
    let mut document = Document::new();
    let first = edit(&mut document, A, &fields(&[("name", "Salt AND Pepper 🧂"), ("status", "active")]));
    let second = edit(&mut document, A, &fields(&[("name", "AT&T <b>"), ("notes", "two\nlines")]));
    assert_eq!(document.edit(&PRODUCTS, A, 0, &fields(&[("name", "AT&T <b>")])).unwrap(), None, "nothing changed");
    let mut other = Document::new();
    assert_eq!(other.merge(&second, A).unwrap(), Merged::Waits);
    assert_eq!(other.merge(&first, A).unwrap(), Merged::Applied);
    assert_eq!(other.merge(&second, A).unwrap(), Merged::Applied);
    assert_eq!(other.merge(&second, A).unwrap(), Merged::AlreadyThere);
    let loaded = Document::load(&other.save()).unwrap();
    assert_eq!(loaded.row(), document.row());
    assert_eq!(loaded.row().text("name"), "AT&T <b>");
    assert_eq!(loaded.row().text("notes"), "two\nlines");
}

#[test]
fn a05_the_losing_edit_stays_visible() {
    let mut a = Document::new();
    let base = edit(&mut a, A, &fields(&[("name", "Tea")]));
    let mut b = Document::new();
    b.merge(&base, A).unwrap();
    let by_a = edit(&mut a, A, &fields(&[("name", "Green tea")]));
    let by_b = edit(&mut b, B, &fields(&[("name", "Black tea")]));
    a.merge(&by_b, B).unwrap();
    b.merge(&by_a, A).unwrap();
    assert_eq!((a.row(), a.heads()), (b.row(), b.heads()));
    let row = a.row();
    let both = [row.fields["name"].clone(), row.lost["name"][0].clone()];
    assert!(
        both.contains(&FieldValue::Text("Green tea".into())) && both.contains(&FieldValue::Text("Black tea".into()))
    );
    edit(&mut a, A, &fields(&[("name", "Tea, any")]));
    assert!(a.row().lost.is_empty(), "who edits knowing both has decided");
}

#[test]
fn a_tombstone_wins_over_edits_and_can_be_restored() {
    let mut a = Document::new();
    let base = edit(&mut a, A, &fields(&[("name", "Tea")]));
    let mut b = Document::new();
    b.merge(&base, A).unwrap();
    let deletion = edit(&mut a, A, &Edit { deleted: Some(true), ..Edit::default() });
    let change = edit(&mut b, B, &fields(&[("name", "Better tea")]));
    a.merge(&change, B).unwrap();
    b.merge(&deletion, A).unwrap();
    assert!(a.row().deleted && b.row().deleted);
    assert_eq!(a.row().text("name"), "Better tea", "and the edit is not lost");
    edit(&mut b, B, &Edit { deleted: Some(false), ..Edit::default() });
    assert!(!b.row().deleted);
}

#[test]
fn two_phones_that_create_one_gtin_make_one_record() {
    let tenant = TenantId([1; 16]);
    let id = derived_id(tenant, "product", "09501101530003");
    assert_eq!(id, derived_id(tenant, "product", "09501101530003"));
    assert_ne!(id, derived_id(TenantId([2; 16]), "product", "09501101530003"));
    assert_ne!(id, derived_id(tenant, "variant", "09501101530003"));
    let (mut a, mut b) = (Document::new(), Document::new());
    let by_a = edit(&mut a, A, &fields(&[("name", "Flour"), ("status", "active")]));
    let by_b = edit(&mut b, B, &fields(&[("name", "Flour 1kg"), ("status", "active")]));
    a.merge(&by_b, B).unwrap();
    b.merge(&by_a, A).unwrap();
    assert_eq!(a.row(), b.row());
}

#[test]
fn edits_are_checked_against_their_collection() {
    let refused = |edit: &Edit| Document::new().edit(&PRODUCTS, A, 0, edit).unwrap_err();
    assert!(matches!(refused(&fields(&[("colour", "red")])), RecordError::Field { .. }));
    assert!(matches!(refused(&fields(&[("sku", "lower")])), RecordError::Field { .. }));
    assert!(matches!(refused(&fields(&[("status", "gone")])), RecordError::Field { .. }));
    assert!(matches!(refused(&fields(&[("name", &"x".repeat(256))])), RecordError::Field { .. }));
    let number = Edit { fields: BTreeMap::from([("name".to_owned(), FieldValue::Integer(1))]), deleted: None };
    assert!(matches!(refused(&number), RecordError::Field { .. }));
}

#[test]
fn a_change_of_somebody_else_is_refused() {
    let change = edit(&mut Document::new(), A, &fields(&[("name", "Tea")]));
    assert!(check_change(&change, A).is_ok());
    assert!(check_change(&change, B).is_err());
    assert!(Document::new().merge(&change, B).is_err());
    assert!(check_change(&[], A).is_err());
    assert!(check_change(&vec![0; 40_000], A).is_err());
    let mut tampered = change.clone();
    *tampered.last_mut().unwrap() ^= 1;
    assert!(check_change(&tampered, A).is_err(), "the checksum is verified");
    let mut whole = Document::new();
    edit(&mut whole, A, &fields(&[("name", "Tea")]));
    assert!(check_change(&whole.save(), A).is_err(), "whole documents are refused");
}

/// Hostile changes with repaired checksums: no panic gets out, and whatever is taken can be saved and loaded.
#[test]
fn hostile_changes_do_no_harm() {
    let mut document = Document::new();
    edit(&mut document, A, &fields(&[("name", "Tea"), ("status", "active"), ("notes", "long")]));
    let base = document.clone();
    let change = edit(&mut document, A, &fields(&[("name", "Green tea"), ("notes", "longer note")]));
    let silent = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (mut state, mut taken) = (7_u64, 0);
    for _ in 0..3_000 {
        let mut hostile = change.clone();
        for _ in 0..=(state >> 60) % 3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = 9 + (state >> 33) as usize % (hostile.len() - 9);
            hostile[at] = (state >> 20) as u8;
        }
        let checksum: [u8; 32] = Sha256::digest(&hostile[8..]).into();
        hostile[4..8].copy_from_slice(&checksum[..4]);
        let mut victim = base.clone();
        if matches!(victim.merge(&hostile, A), Ok(Merged::Applied)) {
            taken += 1;
            let saved = victim.save();
            assert_eq!(Document::load(&saved).unwrap().row(), victim.row());
        } else {
            assert_eq!(victim.row(), base.row(), "a refused change leaves nothing behind");
        }
    }
    std::panic::set_hook(silent);
    assert!(taken > 0, "some mutations only change a value");
}

/// Applied without proof and proven at the end, or each by itself: the same document; what is hostile spoils or is refused.
#[test]
fn a05_changes_in_a_row_are_proven_once() {
    let mut author = Document::new();
    let mut changes = Vec::new();
    for n in 0..50 {
        changes.push(edit(&mut author, A, &fields(&[("name", &format!("Tea {n}")), ("notes", &"x".repeat(n + 1))])));
    }
    let (mut quick, mut careful) = (Document::new(), Document::new());
    assert_eq!(quick.merge_unchecked(&changes[1], A), Ok(Merged::Waits));
    for change in &changes {
        assert_eq!(quick.merge_unchecked(change, A), careful.merge(change, A));
        assert_eq!(quick.merge_unchecked(change, A), Ok(Merged::AlreadyThere));
    }
    let saved = quick.verify().unwrap();
    assert_eq!(saved, careful.save());
    assert_eq!(Document::load(&saved).unwrap().row(), author.row());
    assert!(matches!(quick.merge_unchecked(&changes[3], B), Err(RecordError::Change(_))), "of another replica");

    let silent = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (mut state, mut spoilt, mut taken) = (7_u64, 0, 0);
    for _ in 0..2_000 {
        let mut hostile = changes[0].clone();
        for _ in 0..2 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = 9 + (state >> 33) as usize % (hostile.len() - 9);
            hostile[at] = (state >> 20) as u8;
        }
        let checksum: [u8; 32] = Sha256::digest(&hostile[8..]).into();
        hostile[4..8].copy_from_slice(&checksum[..4]);
        let mut document = Document::new();
        let applied = document.merge_unchecked(&hostile, A);
        let outcome = applied.clone().and_then(|_| document.verify());
        match (Document::new().merge(&hostile, A), outcome) {
            (Ok(Merged::Applied), Ok(saved)) => {
                taken += 1;
                assert_eq!(Document::load(&saved).unwrap().row(), document.row());
            }
            (Ok(other), _) => assert_eq!(applied, Ok(other)),
            (Err(_), outcome) => {
                assert!(outcome.is_err(), "what is refused by itself is not proven either");
                spoilt += 1;
            }
        }
    }
    std::panic::set_hook(silent);
    assert!(spoilt > 0 && taken > 0, "{spoilt} {taken}");
}

#[test]
fn lists_show_what_a_field_can_hold() {
    let text = |text: &str| FieldValue::Text(text.to_owned());
    let mut row = Row::default();
    for (name, value) in [
        ("name", text("Tea")),
        ("status", text("of a later version")),
        ("sku", text("lower case")),
        ("brand", FieldValue::Integer(7)),
        ("category", text(&"x".repeat(101))),
        ("description", text("zero \0 byte")),
        ("notes", text("")),
        ("colour", text("green")),
    ] {
        row.fields.insert(name.to_owned(), value);
    }
    row.lost.insert("name".to_owned(), vec![text("Salt"), FieldValue::Flag(true)]);
    let shown = typed(&PRODUCTS, &row);
    assert_eq!(shown.fields.keys().collect::<Vec<_>>(), ["name", "sku", "status"]);
    assert_eq!(shown.lost["name"], [text("Salt")]);
    assert_eq!(unique_key(&PRODUCTS, &shown).as_deref(), Some("lower case"));
    assert_eq!(unique_key(&PRODUCTS, &Row { deleted: true, ..shown.clone() }), None);
    let mut lot = Row::default();
    lot.fields.insert("expiry".to_owned(), text("0000-01-01"));
    assert!(typed(&LOTS, &lot).fields.is_empty(), "databases have no year 0");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A05: any order and any duplication of the same changes end in the same record.
    #[test]
    fn any_order_converges(
        edits in prop::collection::vec((0..3_u8, 0..3_usize, 0..5_u8), 1..12), orders in prop::collection::vec(any::<u16>(), 40)
    ) {
        let replicas = [A, B, ReplicaId([0xcc; 16])];
        let mut documents = [Document::new(), Document::new(), Document::new()];
        let mut changes = Vec::new();
        for (who, field, value) in edits {
            let name = ["name", "brand", "notes"][field];
            let made = documents[usize::from(who)]
                .edit(&PRODUCTS, replicas[usize::from(who)], 0, &fields(&[(name, &format!("v{value}"))])).unwrap();
            changes.extend(made.map(|change| (change, replicas[usize::from(who)])));
        }
        for document in &mut documents {
            let mut waiting: Vec<_> = changes.iter().cycle().take(changes.len() * 2).cloned().collect();
            for (at, order) in orders.iter().enumerate() {
                if !waiting.is_empty() {
                    let len = waiting.len();
                    waiting.swap(at % len, usize::from(*order) % len);
                }
            }
            while !waiting.is_empty() {
                waiting.retain(|(change, who)| document.merge(change, *who).unwrap() == Merged::Waits);
            }
        }
        let [first, others @ ..] = &mut documents;
        for other in others {
            prop_assert_eq!(first.heads(), other.heads());
            prop_assert_eq!(first.row(), other.row());
        }
    }
}
