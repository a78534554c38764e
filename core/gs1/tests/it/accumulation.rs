//! Several symbols on one box.

use stocksync_gs1::{Accumulator, CodeKind, Context, ScanCandidate, ScanInput, Scheme, understand};

const YEAR: u16 = 2026;

fn scan(text: &str) -> ScanCandidate {
    understand(&ScanInput::new(text), &Context::new(YEAR)).unwrap().candidates.remove(0)
}

#[test]
fn number_on_one_symbol_lot_and_expiry_on_another() {
    for order in [["]E09501101530003", "]C11727013110LOT7"], ["]C11727013110LOT7", "]E09501101530003"]] {
        let mut box_ = Accumulator::new(5_000, YEAR);
        assert_eq!(box_.add(scan(order[0]), 1_000), None);
        assert_eq!(box_.add(scan(order[1]), 6_000), None);
        assert!(box_.unmet().is_empty());
        let item = box_.finish().unwrap();
        assert_eq!(item.gtin.unwrap().as_str(), "09501101530003");
        assert_eq!((item.lot_code().as_str(), item.expiry.unwrap().last_day()), ("10:LOT7", (2027, 1, 31)));
        assert_eq!(item.lookup_keys()[0], (Scheme::Raw, "9501101530003".to_owned()));
        assert_eq!(box_.pending(), None);
    }
}

#[test]
fn what_is_lacking_is_known_until_it_comes() {
    let mut box_ = Accumulator::new(5_000, YEAR);
    box_.add(scan("]C110LOT7"), 0);
    assert_eq!(box_.unmet().len(), 1);
    box_.add(scan("]C10109501101530003"), 0);
    assert!(box_.unmet().is_empty());
}

#[test]
fn the_next_item_begins() {
    for (first, second, why) in [
        ("]C10109501101530003", "]C10109506000134352", "another number"),
        ("]C1010950110153000310A", "]C1010950110153000310B", "another lot"),
        ("]E09501101530003", "]E09501101530003", "nothing new: a second box"),
        ("]C1010950110153000310A", "]E09501101530003", "nothing new"),
        ("]C10109501101530003", "]C100123456789012345675", "a unit beside an item"),
        ("]C10109501101530003", "]C1370012", "excluded beside a number"),
        ("]C10109501101530003", "SHELF-4", "no application identifiers"),
        ("SHELF-4", "]C10109501101530003", "no application identifiers"),
    ] {
        let mut box_ = Accumulator::new(5_000, YEAR);
        assert_eq!(box_.add(scan(first), 0), None);
        assert_eq!(box_.add(scan(second), 1), Some(scan(first)), "{why}");
        assert_eq!(box_.finish(), Some(scan(second)), "{why}");
    }
}

#[test]
fn time_runs_out() {
    let mut box_ = Accumulator::new(5_000, YEAR);
    box_.add(scan("]E09501101530003"), 1_000);
    assert_eq!(box_.expire(6_000), None);
    assert_eq!(box_.add(scan("]C110LOT7"), 6_001), Some(scan("]E09501101530003")));
    assert_eq!(box_.expire(11_002).map(|item| item.lot_code()), Some("10:LOT7".to_owned()));
    assert_eq!(box_.finish(), None);
}

#[test]
fn pallet_with_its_content_on_two_symbols() {
    let mut box_ = Accumulator::new(5_000, YEAR);
    box_.add(scan("]C1021234567890123137123"), 0);
    assert_eq!(box_.add(scan("]C100123456789012345675"), 10), None);
    let pallet = box_.finish().unwrap();
    assert_eq!((pallet.kind, pallet.contained_count), (CodeKind::Sscc, Some(123)));
    assert_eq!(pallet.lookup_keys()[1], (Scheme::Sscc, "123456789012345675".to_owned()));
}
