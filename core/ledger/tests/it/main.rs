//! The fold against fixed cases and against itself; records.

#![cfg(test)] // helpers are test code too

#[path = "../../../../fixtures/src/cases.rs"]
mod cases;
mod causes;
mod fold_cases;
mod fold_incremental;
mod records;
