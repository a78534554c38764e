//! How a shift is set up on this device: its scanner, its day, what a counter may see. Owns the limits of these.

use serde::{Deserialize, Serialize};
use stocksync_gs1::{
    Context, DeviceProfile, InStoreValue, KeyboardLayout, MAX_PATTERNS, Meaning, Pattern, Region, ScanInput, understand,
};

use super::Scan;
use super::state::Source;
use crate::Error;

/// Furthest from UTC that any place is, minutes.
const FURTHEST_MINUTES: i32 = 840;
/// Most texts that a scanner sends for a separator.
const MAX_SEPARATORS: usize = 8;
/// Longest of them, bytes.
const SEPARATOR_BYTES: usize = 16;

/// What an app chooses once and a shift keeps, over restarts and over a memory that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The keyboard of the device, where a scanner types as on a US one. Only for [`Source::Wedge`]: a person types what
    /// they mean.
    #[serde(with = "StoredKeyboardLayout")]
    pub layout: KeyboardLayout,
    /// What the scanner sends for the separator of GS1 codes besides 0x1D, such as `|`. Safe are space and ``#$@[\]^`{|}~``:
    /// anything else may stand in a lot or serial.
    pub separators: Vec<String>,
    /// Codes here really end with CR, LF, TAB or NUL: such an end is kept.
    pub keep_terminator: bool,
    /// The device's time less UTC, minutes: it decides which day is today, and so what has expired.
    pub utc_offset_minutes: i32,
    /// Who counts is not shown what the books say.
    pub blind_counts: bool,
    /// What the digits of the shop's own codes (prefix 02 and 20 to 29) mean; empty: nothing, each is a code by itself.
    pub in_store: Vec<InStore>,
}

/// The layout of in-store codes that begin with a prefix: the item, and how much of it or what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InStore {
    /// The first digits: 02 or 20 to 29, with more if wanted.
    pub prefix: String,
    /// Over the first 12 of 13 digits: `P` prefix and item, then perhaps one `C` for a check digit, then two to six `V`.
    pub layout: String,
    /// What the value is. A price is no quantity: such a scan is one.
    #[serde(with = "StoredInStoreValue")]
    pub inside: InStoreValue,
    /// Digits of the value after the point; of a weight, in kg.
    pub decimals: u8,
}

impl InStore {
    /// The layouts that the GS1 organisation of a country (ISO 3166, two letters) publishes, to start one's own from; empty
    /// where none are known here.
    pub fn of_country(country: &str) -> Vec<Self> {
        let patterns = Region::of_country(country).map(Region::patterns).unwrap_or_default();
        let own = |it: &Pattern| Self {
            prefix: it.prefix().to_owned(),
            layout: it.layout().to_owned(),
            inside: it.inside(),
            decimals: it.decimals(),
        };
        patterns.iter().map(own).collect()
    }

    fn pattern(&self) -> Result<Pattern, stocksync_gs1::PatternError> {
        Pattern::new(&self.prefix, &self.layout, self.inside, self.decimals)
    }
}

/// As values rest.
#[derive(Serialize, Deserialize)]
#[serde(remote = "InStoreValue", rename_all = "snake_case")]
enum StoredInStoreValue {
    Price,
    Weight,
    Count,
}

/// As layouts rest.
#[derive(Serialize, Deserialize)]
#[serde(remote = "KeyboardLayout", rename_all = "snake_case")]
enum StoredKeyboardLayout {
    Same,
    FrenchAzerty,
    FrenchAzertyCapsLock,
    British,
    German,
}

impl Settings {
    /// Checks what an app chose.
    pub(super) fn check(&self) -> Result<(), Error> {
        let invalid = |field, reason: String| Err(Error::Invalid { field, reason });
        if !(-FURTHEST_MINUTES..=FURTHEST_MINUTES).contains(&self.utc_offset_minutes) {
            return invalid("utc_offset_minutes", format!("from -{FURTHEST_MINUTES} to {FURTHEST_MINUTES}"));
        }
        if self.separators.len() > MAX_SEPARATORS {
            return invalid("separators", format!("at most {MAX_SEPARATORS}"));
        }
        if self.separators.iter().any(|it| it.is_empty() || it.len() > SEPARATOR_BYTES) {
            return invalid("separators", format!("each has 1 to {SEPARATOR_BYTES} bytes"));
        }
        if self.in_store.len() > MAX_PATTERNS {
            return invalid("in_store", format!("at most {MAX_PATTERNS}"));
        }
        if let Some(fault) = self.in_store.iter().find_map(|it| it.pattern().err()) {
            return invalid("in_store", fault.to_string());
        }
        Ok(())
    }

    /// What a scan from there says, whoever it names. Years of two digits are those around `year`.
    pub(crate) fn understand(&self, input: &ScanInput<'_>, source: Source, year: u16) -> Result<Meaning, Error> {
        let restricted = self.in_store.iter().filter_map(|it| it.pattern().ok()).collect();
        let context = Context { profile: self.profile(source), restricted, ..Context::new(year) };
        understand(input, &context).map_err(|error| Error::Invalid { field: "text", reason: error.to_string() })
    }

    /// What the device adds to a scan from there. A camera and a person add nothing.
    fn profile(&self, source: Source) -> DeviceProfile {
        match source {
            Source::Camera | Source::Typed => DeviceProfile::default(),
            Source::Scanner | Source::Wedge => DeviceProfile {
                fnc1_aliases: self.separators.clone(),
                layout: self.layout,
                keep_terminator: self.keep_terminator,
            },
        }
    }

    /// The clock on the wall here.
    pub(super) fn local_ms(&self, wall_ms: i64) -> i64 {
        wall_ms.saturating_add(i64::from(self.utc_offset_minutes) * 60_000)
    }
}

/// As the library of codes names sources.
pub(super) fn gs1_source(scan: &Scan) -> stocksync_gs1::InputSource {
    match scan.source {
        Source::Camera | Source::Typed => stocksync_gs1::InputSource::Camera,
        Source::Scanner => stocksync_gs1::InputSource::Intent,
        Source::Wedge => stocksync_gs1::InputSource::Keyboard,
    }
}
