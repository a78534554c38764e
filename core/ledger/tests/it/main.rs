//! The fold against fixed cases and against itself.

#[path = "../../../../fixtures/src/cases.rs"]
mod cases;
mod fold_cases;
mod fold_incremental;
mod records;
mod world;
