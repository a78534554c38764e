//! The UniFFI surface: the only place that knows UniFFI.
//!
//! Owns what an app sees: two objects with behaviour ([`Inventory`], [`SyncHandle`]), records and enums for values, one
//! error, two traits that the app implements. Must never hold a rule of stock, block its caller, or let a panic out: every
//! export answers with a result, and whatever touches a file, a picture or the network runs on this library's own threads.

mod capture;
mod catalogue;
mod error;
mod frame;
mod identity;
mod inventory;
mod labels;
mod runtime;
mod shift;
mod sync;
mod views;

pub use capture::*;
pub use catalogue::*;
pub use error::StocksyncError;
pub use frame::*;
pub use identity::*;
pub use inventory::*;
pub use labels::*;
pub use shift::*;
pub use sync::*;
pub use views::*;

uniffi::setup_scaffolding!("stocksync");
