//! The suite that every store of the fold passes: a store in memory by definition, random histories, stories.
//!
//! Owns what a store must answer, told once; built only with the feature `testing`. Must never be part of a release: it
//! stops at the first difference.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)] // a suite for tests

mod build;
mod checked;
mod histories;
mod model;
mod runs;
mod stories;

pub use build::{Lanes, SHELF, count, movement, op_at};
pub use checked::Checked;
pub use histories::{HistoryStep, Rng, history, random_steps};
pub use model::ModelStore;
pub use runs::{as_a_device, in_batches};

use crate::fold::{FoldBatch, FoldStore};
use stocksync_schemas::Cell;

/// A store under test.
pub trait TestStore: FoldStore<Error: std::fmt::Debug> {
    /// Whether the store takes ops that it holds already: a device's does, a server's log does not.
    const IS_DEVICE: bool;

    /// Puts bytes in place of a cell's stored state, as damage or another build does.
    fn damage_state(&mut self, cell: &Cell, bytes: &[u8]);
}

/// What takes batches and compares every cell with the naive fold after each of them: the model alone, or a store beside it.
pub trait Folds {
    /// Folds a batch; every cell then shows what the naive fold of all ops gives.
    ///
    /// # Panics
    /// At the first difference.
    fn fold(&mut self, batch: FoldBatch, context: &str);

    /// The model.
    fn model(&self) -> &ModelStore;
}

/// Runs every story and random histories, each on a store of its own.
///
/// # Panics
/// At the first difference between what the store answers and what is right.
pub fn run_suite<S: TestStore>(mut fresh: impl FnMut() -> S, seeds: std::ops::Range<u64>) {
    stories::run(&mut fresh);
    for seed in seeds {
        let mut rng = Rng::new(seed);
        let length = 20 + rng.below(40);
        let entries = history(&random_steps(&mut rng, length));
        let mut store = Checked::new(fresh());
        in_batches(&mut store, &entries, &mut rng);
        if S::IS_DEVICE {
            as_a_device(&mut Checked::new(fresh()), &entries, &mut rng);
        }
    }
}
