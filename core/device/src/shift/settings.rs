//! The settings of a shift on this device: its scanner, its time zone, what a counting person is shown.
//!
//! Owns their limits. Must never be lost with the shift's state: they are stored by themselves.

use serde::{Deserialize, Serialize};
use stocksync_gs1::{
    Context, DeviceProfile, InStoreValue, KeyboardLayout, MAX_PATTERNS, Meaning, Pattern, Region, ScanInput, understand,
};

use super::Scan;
use super::state::ScanSource;
use crate::Error;

/// Largest offset from UTC of any time zone, minutes.
const MAX_OFFSET_MINUTES: i32 = 840;
/// Texts that a scanner sends for a separator.
const MAX_SEPARATORS: usize = 8;
/// Length of each of them.
const MAX_SEPARATOR_BYTES: usize = 16;

/// What an app sets once for the shifts on this device. Stored; kept when a shift starts anew.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShiftSettings {
    /// The keyboard layout of the device, for a scanner that types as on a US keyboard. Applies to [`ScanSource::Wedge`]
    /// only: what a person types is taken as typed.
    #[serde(with = "StoredKeyboardLayout")]
    pub layout: KeyboardLayout,
    /// What the scanner sends for the separator of GS1 codes besides 0x1D, such as `|`. Safe are space and ``#$@[\]^`{|}~``:
    /// any other character may be part of a lot or serial.
    pub separators: Vec<String>,
    /// Codes here really end with CR, LF, TAB or NUL: such an end is kept.
    pub keep_terminator: bool,
    /// The device's time zone, minutes east of UTC: decides the present date, and with it what has expired.
    pub utc_offset_minutes: i32,
    /// The on hand is not shown in counts.
    pub blind_counts: bool,
    /// What the digits of the shop's own codes (prefix 02 and 20 to 29) mean; without a layout each is a code by itself.
    pub in_store: Vec<InStoreLayout>,
}

/// The layout of in-store codes that begin with a prefix: the item, and its quantity or price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InStoreLayout {
    /// The first digits: 02 or 20 to 29, with more if wanted.
    pub prefix: String,
    /// Over the first 12 of 13 digits: `P` prefix and item, then perhaps one `C` for a check digit, then two to six `V`.
    pub layout: String,
    /// What the value is. A price is no quantity: such a scan is one piece.
    #[serde(with = "StoredInStoreValue")]
    pub inside: InStoreValue,
    /// Digits of the value after the point; of a weight, in kg.
    pub decimals: u8,
}

impl InStoreLayout {
    /// The layouts that the GS1 organisation of a country (ISO 3166, two letters) publishes, as a start for one's own; empty
    /// where none are known here.
    pub fn of_country(country: &str) -> Vec<Self> {
        let patterns = Region::of_country(country).map(Region::patterns).unwrap_or_default();
        let layout = |pattern: &Pattern| Self {
            prefix: pattern.prefix().to_owned(),
            layout: pattern.layout().to_owned(),
            inside: pattern.inside(),
            decimals: pattern.decimals(),
        };
        patterns.iter().map(layout).collect()
    }

    fn pattern(&self) -> Result<Pattern, stocksync_gs1::PatternError> {
        Pattern::new(&self.prefix, &self.layout, self.inside, self.decimals)
    }
}

/// The stored form of [`InStoreValue`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "InStoreValue", rename_all = "snake_case")]
enum StoredInStoreValue {
    Price,
    Weight,
    Count,
}

/// The stored form of [`KeyboardLayout`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "KeyboardLayout", rename_all = "snake_case")]
enum StoredKeyboardLayout {
    Same,
    FrenchAzerty,
    FrenchAzertyCapsLock,
    British,
    German,
}

impl ShiftSettings {
    /// Checks the limits of every setting.
    pub(super) fn validate(&self) -> Result<(), Error> {
        let invalid = |field, reason: String| Err(Error::Invalid { field, reason });
        if !(-MAX_OFFSET_MINUTES..=MAX_OFFSET_MINUTES).contains(&self.utc_offset_minutes) {
            return invalid("utc_offset_minutes", format!("from -{MAX_OFFSET_MINUTES} to {MAX_OFFSET_MINUTES}"));
        }
        if self.separators.len() > MAX_SEPARATORS {
            return invalid("separators", format!("at most {MAX_SEPARATORS}"));
        }
        let fits = |separator: &String| (1..=MAX_SEPARATOR_BYTES).contains(&separator.len());
        if !self.separators.iter().all(fits) {
            return invalid("separators", format!("each has 1 to {MAX_SEPARATOR_BYTES} bytes"));
        }
        if self.in_store.len() > MAX_PATTERNS {
            return invalid("in_store", format!("at most {MAX_PATTERNS}"));
        }
        if let Some(fault) = self.in_store.iter().find_map(|layout| layout.pattern().err()) {
            return invalid("in_store", fault.to_string());
        }
        Ok(())
    }

    /// The meaning of a scanned text under these settings. Two-digit years are taken to be near `year`.
    pub(crate) fn understand(&self, input: &ScanInput<'_>, source: ScanSource, year: u16) -> Result<Meaning, Error> {
        let restricted = self.in_store.iter().filter_map(|layout| layout.pattern().ok()).collect();
        let context = Context { profile: self.profile(source), restricted, ..Context::new(year) };
        understand(input, &context).map_err(|error| Error::Invalid { field: "text", reason: error.to_string() })
    }

    /// How the input device changes a text. Cameras and people change nothing.
    fn profile(&self, source: ScanSource) -> DeviceProfile {
        match source {
            ScanSource::Camera | ScanSource::Typed => DeviceProfile::default(),
            ScanSource::Scanner | ScanSource::Wedge => DeviceProfile {
                fnc1_aliases: self.separators.clone(),
                layout: self.layout,
                keep_terminator: self.keep_terminator,
            },
        }
    }

    /// Local time, ms.
    pub(super) fn local_ms(&self, wall_ms: i64) -> i64 {
        wall_ms.saturating_add(i64::from(self.utc_offset_minutes) * 60_000)
    }
}

/// The source of a scan in the terms of the GS1 library.
pub(super) fn gs1_source(scan: &Scan) -> stocksync_gs1::InputSource {
    match scan.source {
        ScanSource::Camera | ScanSource::Typed => stocksync_gs1::InputSource::Camera,
        ScanSource::Scanner => stocksync_gs1::InputSource::Intent,
        ScanSource::Wedge => stocksync_gs1::InputSource::Keyboard,
    }
}
