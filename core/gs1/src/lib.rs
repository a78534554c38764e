#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod accumulate;
mod ai;
mod ai_table;
mod check;
mod code39;
mod date;
mod digital_link;
mod distributor;
mod element;
pub mod encode;
mod fault;
mod gtin;
mod input;
mod iso;
mod layout;
mod meaning;
mod missing;
mod number;
mod own_code;
mod restricted;
mod rules;
mod symbology;
mod understand;

pub use accumulate::Accumulator;
pub use ai::Ai;
pub use check::{check_digit, check_pair, has_check_digit, label_check, price_check_digit};
pub use date::Date;
pub use element::Element;
pub use fault::{Fault, InputError, Warning};
pub use gtin::{Circulation, Gtin};
pub use input::{Context, DeviceProfile, InputSource, OwnLabels, ScanInput, text_from_bytes};
pub use layout::KeyboardLayout;
pub use meaning::{CodeKind, Confidence, DistributorField, Meaning, ScanCandidate, Scheme};
pub use number::{Amount, Decimal, Measure};
pub use own_code::{MisreadCode, OwnCode};
pub use restricted::{InStoreValue, Pattern, PatternError, Region};
pub use symbology::Symbology;
pub use understand::understand;

/// Longest text of one scan, bytes.
pub const MAX_INPUT_BYTES: usize = 4096;
/// Largest number of application identifiers or fields of one scan.
pub const MAX_ELEMENTS: usize = 64;
/// Longest value of an application identifier, characters.
pub const MAX_VALUE_CHARS: usize = 90;
/// Largest number of candidates of one scan.
pub const MAX_CANDIDATES: usize = 8;
/// Largest number of patterns of in-store codes that are tried.
pub const MAX_PATTERNS: usize = 64;
