//! Records and lookups on one phone.

use std::collections::BTreeMap;

use stocksync_core::records::RecordEdit;
use stocksync_core::{Enrolment, Error, Inventory};
use stocksync_ledger::records::{Edit, FieldValue};
use stocksync_schemas::{DeviceId, RecordId, TenantId, VariantId};

fn edit(collection: &str, fields: &[(&str, FieldValue)]) -> RecordEdit {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<BTreeMap<_, _>>();
    RecordEdit { collection: collection.to_owned(), id: None, edit: Edit { fields, deleted: None } }
}

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.to_owned())
}

fn id(id: RecordId) -> FieldValue {
    FieldValue::Text(id.to_string())
}

pub fn variant(inventory: &Inventory, name: &str) -> RecordId {
    let product =
        inventory.edit(vec![edit("products", &[("name", text(name)), ("status", text("active"))])]).unwrap()[0];
    let fields = [
        ("product", id(product)),
        ("status", text("active")),
        ("unit", text("each")),
        ("decimals", FieldValue::Integer(0)),
        ("tracking", text("none")),
    ];
    inventory.edit(vec![edit("variants", &fields)]).unwrap()[0]
}

pub fn identifier(variant: RecordId, scheme: &str, value: &str, pack: i64) -> RecordEdit {
    RecordEdit::identifier(VariantId(variant.0), scheme, value, (pack, 1))
}

pub fn open(folder: &tempfile::TempDir) -> Inventory {
    let inventory = Inventory::open(&folder.path().join("a.sqlite")).unwrap();
    let enrolment = Enrolment {
        tenant: TenantId([1; 16]),
        device: DeviceId([2; 16]),
        server: "http://localhost".into(),
        credential: "secret".into(),
    };
    inventory.set_enrolment(&enrolment).unwrap();
    inventory
}

#[test]
fn a09_codes_find_variants_whatever_carries_them() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(&folder);
    let soup = variant(&inventory, "Soup");
    inventory.edit(vec![identifier(soup, "gtin", "00416000336108", 1), identifier(soup, "raw", "BIN 7", 12)]).unwrap();
    for code in ["416000336108", "0416000336108"] {
        let found = inventory.lookup(code, None).unwrap();
        assert_eq!(found.matches.len(), 1, "{code}");
        assert_eq!(found.matches[0].identifier.name, "Soup");
    }
    assert_eq!(inventory.lookup("BIN 7", None).unwrap().matches[0].identifier.pack_numerator, 12);
    let unknown = inventory.lookup("4006381333931", None).unwrap();
    assert!(unknown.matches.is_empty());
    assert!(inventory.lookup("", None).is_err());
    let carton = inventory.lookup("]d2010041600033610817281231\u{1d}10AB-1", None);
    let carton = carton.unwrap();
    assert_eq!((carton.matches.len(), carton.lot.as_str()), (1, "10:AB-1"));
    assert_eq!(carton.expiry.as_deref(), Some("2028-12-31"));
}

#[test]
fn a_raw_barcode_of_the_tenant_beats_any_parse_and_ties_are_not_decided() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(&folder);
    let (own, other) = (variant(&inventory, "Own"), variant(&inventory, "Other"));
    inventory
        .edit(vec![identifier(other, "gtin", "00416000336108", 1), identifier(own, "raw", "416000336108", 1)])
        .unwrap();
    let found = inventory.lookup("416000336108", None).unwrap();
    let names: Vec<&str> = found.matches.iter().map(|it| it.identifier.name.as_str()).collect();
    assert_eq!(names, ["Own", "Other"]);
}

#[test]
fn code_39_finds_what_was_printed_and_what_its_pairs_mean() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(&folder);
    let (joined, medicine) = (variant(&inventory, "Joined"), variant(&inventory, "Medicine"));
    inventory.edit(vec![identifier(joined, "raw", "12ab", 1), identifier(medicine, "raw", "A123456788", 1)]).unwrap();
    let names = |text: &str, aim: &str| -> Vec<String> {
        inventory.lookup(text, Some(aim)).unwrap().matches.into_iter().map(|it| it.identifier.name).collect()
    };
    assert_eq!(names("12+A+B", "]A0"), ["Joined"]);
    assert_eq!(names("3PRM8N", "]A0"), ["Medicine"]);
    assert!(names("12+A+B", "]C0").is_empty(), "only Code 39 has pairs");
    let printed = variant(&inventory, "Printed");
    inventory.edit(vec![identifier(printed, "raw", "12+A+B", 1)]).unwrap();
    assert_eq!(names("12+A+B", "]A0"), ["Printed", "Joined"], "the exact text first, and no choice made");
}

#[test]
fn records_are_checked_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(&folder);
    let good = edit("products", &[("name", text("A")), ("status", text("active"))]);
    let bad = edit("products", &[("name", text("B"))]);
    let error = inventory.edit(vec![good.clone(), bad]).unwrap_err();
    assert!(matches!(error, Error::Invalid { field: "status", .. }), "{error}");
    assert_eq!(inventory.status().unwrap().captured_seq, 0, "nothing of it is kept");
    assert!(matches!(inventory.edit(vec![edit("users", &[])]), Err(Error::NotFound(_))));
    let ids = inventory.edit(vec![good]).unwrap();
    assert_eq!(inventory.read_record("products", ids[0]).unwrap().row.text("name"), "A");
    assert!(matches!(inventory.read_record("products", RecordId([9; 16])), Err(Error::NotFound(_))));
}
