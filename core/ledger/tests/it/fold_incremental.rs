//! The incremental form agrees with the naive fold on random histories, and does not read history for movements.

use proptest::prelude::*;
use stocksync_ledger::fold::{FoldBatch, deltas};
use stocksync_ledger::testing::{Folds, HistoryStep, ModelStore, Rng, as_a_device, history, in_batches, run_suite};

fn step() -> impl Strategy<Value = HistoryStep> {
    (
        0..3_u8,
        0..22_u8,
        0..2_u8,
        0..3_u8,
        1..9_i64,
        0..60_i64,
        0..6_u64,
        0..8_u8,
        any::<u16>(),
        prop::bool::weighted(0.06),
    )
        .prop_map(|(replica, kind, variant, location, quantity, time, uncertainty, knows, pick, held_back)| {
            HistoryStep { replica, kind, variant, location, quantity, time, uncertainty, knows, pick, held_back }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6000, failure_persistence: None, ..ProptestConfig::default() })]

    /// I1 in the small: whatever the batches, the incremental form ends where the naive fold does, after every batch.
    #[test]
    fn i1_incremental_agrees_with_the_reference(steps in prop::collection::vec(step(), 1..40), size in 1..7_usize) {
        let mut store = ModelStore::default();
        for batch in history(&steps).chunks(size) {
            store.fold(FoldBatch { new: batch.to_vec(), ..FoldBatch::default() }, "in order of position");
        }
    }

    /// A device folds its own ops provisionally; between others' ops they are accepted, rejected, or lost by the server.
    #[test]
    fn own_ops_end_as_if_they_had_arrived_accepted(steps in prop::collection::vec(step(), 1..40), seed in any::<u64>()) {
        as_a_device(&mut ModelStore::default(), &history(&steps), &mut Rng::new(seed));
    }
}

/// The suite that the stores of device and server pass holds for the model that it compares them with.
#[test]
fn the_model_conforms() {
    run_suite(ModelStore::default, 0..200);
}

/// Rows read per later movement are the same after 10 and after 3,000 movements: none.
#[test]
fn movements_read_no_history() {
    let steps: Vec<HistoryStep> = (0..3_000)
        .map(|at| HistoryStep {
            replica: (at % 3) as u8,
            kind: if at == 20 { 10 } else { (at % 9) as u8 },
            variant: 0,
            location: 0,
            quantity: 2,
            time: at,
            uncertainty: 2,
            knows: (at % 4) as u8,
            pick: 0,
            held_back: false,
        })
        .collect();
    let entries = history(&steps);
    assert!(entries.iter().all(|entry| !deltas(&entry.op.body).is_empty()));
    let mut store = ModelStore::default();
    let mut after_the_count = None;
    for (at, batch) in entries.chunks(50).enumerate() {
        let batch = FoldBatch { new: batch.to_vec(), ..FoldBatch::default() };
        stocksync_ledger::fold::fold_into(&mut store, batch).unwrap();
        if at == 1 {
            after_the_count = Some(store.movements_read);
        }
    }
    assert_eq!(Some(store.movements_read), after_the_count);
    store.assert_agrees("at the end");
}

/// Random long histories in random batches, with chains of voids.
#[test]
fn long_histories_in_random_batches() {
    for seed in 1_000..1_030 {
        let mut rng = Rng::new(seed);
        let steps = stocksync_ledger::testing::random_steps(&mut rng, 150);
        in_batches(&mut ModelStore::default(), &history(&steps), &mut rng);
    }
}
