//! Everything a device does: local store, capture, sync.
//!
//! [`Inventory`] is the one object that an app needs. The library starts no thread and no timer of its own accord, and never
//! holds a lock or a transaction across the network.

pub mod acts;
mod apply;
pub mod error;
pub mod identity;
pub mod inventory;
pub mod lookup;
pub mod measure;
pub mod records;
pub mod shift;
mod store;
pub mod sync;
pub mod time;

pub use acts::{Act, CapturedOp};
pub use error::Error;
pub use identity::Enrolment;
pub use inventory::Inventory;
pub use store::{Balance, ExceptionRow, IdentifierRow, OpRow};
