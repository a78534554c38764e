//! The UniFFI surface: the only place that knows UniFFI.
//!
//! Owns what an app sees: [`Inventory`] and its parts ([`Shift`], [`Stock`], [`Records`], [`SyncService`], [`BarcodeScanner`],
//! [`Labels`]), records and enums for values, one error, and the traits that an app implements. Must never hold a rule of
//! stock, block its caller, or let a panic out: every export answers with a result, and whatever touches a file, a picture or
//! the network runs on this library's own threads.

mod error;
mod handle;
mod identity;
mod inventory;
mod labels;
mod logging;
mod platform;
mod records;
mod runtime;
mod scan;
mod shift;
mod stock;
mod sync;
mod types;
mod views;
mod warnings;

pub use error::StocksyncError;
pub use identity::*;
pub use inventory::*;
pub use labels::*;
pub use platform::{ChangeListener, ChangeView, ClockReading, DeviceClock, LogLevel, LogSink, SecretStore};
pub use records::*;
pub use scan::*;
pub use shift::*;
pub use stock::*;
pub use sync::*;
pub use types::{ActToken, LocationId, OpReference, PageToken, Quantity, Timestamp};
pub use views::{
    BalanceView, CellRef, CellView, LocationView, MeasureKind, MeasureUnit, MeasureView, Pack, VariantView,
};
pub use warnings::ScanWarning;

uniffi::setup_scaffolding!("stocksync");
