//! The worked cases of design 5 and the independent model's histories (`fixtures/scenarios`).

use stocksync_ledger::fold::reference;

use crate::cases::{Case, all};
use stocksync_ledger::fold::{FoldBatch, fold_into};
use stocksync_ledger::testing::ModelStore;

pub fn all_cases() -> Vec<Case> {
    all().unwrap()
}

/// A small deterministic shuffle: the order of arrival must not matter.
fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut items = items.to_vec();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for at in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (state >> 33) as usize % (at + 1));
    }
    items
}

#[test]
fn the_repository_has_all_228_cases() {
    assert_eq!(all_cases().len(), 228);
}

#[test]
fn every_case_on_the_reference_in_any_order() {
    let cases = all_cases();
    let mut failures = Vec::new();
    for case in &cases {
        for seed in 0..4 {
            let folded = reference::fold(&shuffled(&case.entries, seed));
            for expected in &case.cells {
                let view = folded.get(&expected.cell).map(|state| state.view()).unwrap_or_default();
                let found = (view.on_hand, view.count_overlap, view.count_conflict, view.count_open);
                let wanted = (expected.on_hand, expected.overlap, expected.conflict, expected.open);
                if found != wanted {
                    failures.push(format!("{} {:?}: found {found:?}, wanted {wanted:?}", case.name, expected.cell));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} differences\n{}", failures.len(), failures.join("\n"));
}

/// Arrival is by position; batches of one, of a few, and of everything.
#[test]
fn every_case_on_the_incremental_form() {
    for case in all_cases() {
        let mut entries = case.entries.clone();
        entries.sort_by_key(|entry| entry.acceptance.position);
        for size in [1, 3, 1000] {
            let mut store = ModelStore::default();
            for batch in entries.chunks(size) {
                let Ok(_) = fold_into(&mut store, FoldBatch { new: batch.to_vec(), ..FoldBatch::default() });
            }
            store.assert_agrees(&case.name);
            for expected in &case.cells {
                let view = store.view(&expected.cell);
                assert_eq!(view.on_hand, expected.on_hand, "{} in batches of {size}", case.name);
            }
        }
    }
}

/// I10: for each variant and lot the sum over all locations is zero, what counts reveal going against the loss location.
#[test]
fn i10_double_entry_sums_to_zero() {
    for case in all_cases() {
        let mut sums = std::collections::BTreeMap::<_, i128>::new();
        for (cell, state) in reference::fold(&case.entries) {
            let view = state.view();
            let revealed = i128::from(view.on_hand) - i128::from(view.moved);
            *sums.entry((cell.variant, cell.lot)).or_default() += i128::from(view.on_hand) - revealed;
        }
        assert!(sums.values().all(|sum| *sum == 0), "{}: {sums:?}", case.name);
    }
}
