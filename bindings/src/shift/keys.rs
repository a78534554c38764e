//! Scans that arrive as keys or as broadcasts of a vendor.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use stocksync_core::shift as core;

use super::ScanText;
use crate::StocksyncError;

/// The scan in the extras of a vendor's broadcast: Zebra DataWedge or Honeywell. None where there is no text.
///
/// # Errors
/// None in practice: every export answers with a result.
#[uniffi::export]
pub fn scan_of_intent(extras: HashMap<String, String>) -> Result<Option<ScanText>, StocksyncError> {
    Ok(core::scan_of_intent(&extras).map(ScanText::from))
}

/// Gathers the keys of a scanner that types.
#[derive(Debug, Default, uniffi::Object)]
pub struct KeyboardWedge(Mutex<core::Wedge>);

#[uniffi::export]
impl KeyboardWedge {
    /// Starts without keys.
    ///
    /// # Errors
    /// None in practice: every export answers with a result.
    #[uniffi::constructor]
    pub fn new() -> Result<Arc<Self>, StocksyncError> {
        Ok(Arc::default())
    }

    /// Adds what was typed at `now_ms` of any clock that does not go back, one key or several; Enter and Tab end a code,
    /// Backspace and Delete (U+0008, U+007F) take its last character away. Answers the codes that this ended.
    ///
    /// # Errors
    /// None in practice: every export answers with a result.
    pub fn keys(&self, typed: String, now_ms: i64) -> Result<Vec<ScanText>, StocksyncError> {
        let mut wedge = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(typed.chars().filter_map(|key| wedge.key(key, now_ms)).map(ScanText::from).collect())
    }

    /// States the time: a scanner without terminator ends a code by a pause of 250 ms. Answers the code that this ended.
    ///
    /// # Errors
    /// None in practice: every export answers with a result.
    pub fn tick(&self, now_ms: i64) -> Result<Option<ScanText>, StocksyncError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).tick(now_ms).map(ScanText::from))
    }
}
