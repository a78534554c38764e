//! The settings of a shift and what of it did not decode, as these cross to the app.

use stocksync_core::shift::{self as core, SetAsideValue};

use crate::{StocksyncError, Timestamp, views};

/// The keyboard layout of a device, for a scanner that types as on a US keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum KeyboardLayout {
    /// Both agree: nothing to undo.
    Same,
    /// French: `123` arrives as `&é"`, `A` as `Q`.
    FrenchAzerty,
    /// French with Caps Lock: digits arrive right, letters in the other case.
    FrenchAzertyCapsLock,
    /// British: `"` and `@` change places, `#` arrives as `£`.
    British,
    /// German: `Y` and `Z` change places, and most signs.
    German,
}

/// What an app sets once for the shifts on this device. Stored.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ShiftSettings {
    /// The keyboard layout of the device. Applies to a scanner that types (`ScanSource.Wedge`) only.
    pub layout: KeyboardLayout,
    /// The device's time zone, minutes east of UTC, -840 to 840; decides what has expired today. Set it when the app starts
    /// and when the time zone changes.
    pub utc_offset_minutes: i32,
    /// What the scanner sends for the separator of GS1 codes besides 0x1D, such as `|`: at most 8, of 1 to 16 bytes. Characters
    /// that may be part of a lot or serial are not safe.
    #[uniffi(default)]
    pub separators: Vec<String>,
    /// Codes here really end with CR, LF, TAB or NUL: such an end is kept.
    #[uniffi(default = false)]
    pub keep_terminator: bool,
    /// The on hand is not shown in counts.
    #[uniffi(default = false)]
    pub blind_counts: bool,
    /// What the digits of the shop's own codes (prefix 02 and 20 to 29) mean, at most 64; without a layout each is a code by
    /// itself. Start from `in_store_layouts`.
    #[uniffi(default)]
    pub in_store: Vec<InStoreLayout>,
}

/// The layout of the shop's own codes that begin with a prefix.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct InStoreLayout {
    /// The first digits: 02 or 20 to 29, with more if wanted.
    pub prefix: String,
    /// Over the first 12 of 13 digits: `P` prefix and item, then perhaps one `C` for a check digit, then two to six `V`. A US
    /// code `2 IIIII C PPPP` is prefix `02`, `PPPPPPPCVVVV`.
    pub layout: String,
    /// What the value is.
    pub value: InStoreValue,
    /// Its digits after the point, 0 to 6; of a weight, in kg.
    pub decimals: u32,
}

/// What the shop's own codes carry beside the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum InStoreValue {
    /// A price, which is no quantity: such a scan is one piece.
    Price,
    /// A weight in kg: the quantity, where the variant is counted in kg or g.
    Weight,
    /// A number of items.
    Count,
}

/// The layouts of the shop's own codes that the GS1 organisation of a country (ISO 3166, two letters) publishes; empty where
/// none are known here.
///
/// # Errors
/// None in practice: every export answers with a result.
#[uniffi::export]
pub fn in_store_layouts(country: String) -> Result<Vec<InStoreLayout>, StocksyncError> {
    Ok(core::InStoreLayout::of_country(&country).into_iter().map(InStoreLayout::from).collect())
}

/// Which stored value did not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum SetAsidePart {
    /// The shift.
    Shift,
    /// Its settings.
    Settings,
}

/// A stored value of a shift that did not decode: the shift, or its settings, started anew. No op is lost by it. The count line
/// in progress is in it, and a count that was open stays open: see `Stock.open_sessions`.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SetAsideView {
    /// Its number, for `Shift.delete_set_aside`.
    pub number: i64,
    /// Which.
    pub part: SetAsidePart,
    /// Why it did not decode.
    pub reason: String,
    /// Wall clock when it was found.
    pub found: Timestamp,
    /// The stored bytes.
    pub bytes: Vec<u8>,
}

impl From<SetAsideValue> for SetAsideView {
    fn from(value: SetAsideValue) -> Self {
        let SetAsideValue { number, what, reason, wall_ms, bytes } = value;
        let part = if what == "shift" { SetAsidePart::Shift } else { SetAsidePart::Settings };
        Self { number: views::signed(number), part, reason, found: Timestamp(wall_ms), bytes }
    }
}

impl From<core::InStoreLayout> for InStoreLayout {
    fn from(pattern: core::InStoreLayout) -> Self {
        let core::InStoreLayout { prefix, layout, inside, decimals } = pattern;
        let value = match inside {
            core::InStoreValue::Price => InStoreValue::Price,
            core::InStoreValue::Weight => InStoreValue::Weight,
            core::InStoreValue::Count => InStoreValue::Count,
        };
        Self { prefix, layout, value, decimals: u32::from(decimals) }
    }
}

impl InStoreLayout {
    fn read(self) -> core::InStoreLayout {
        let Self { prefix, layout, value, decimals } = self;
        let inside = match value {
            InStoreValue::Price => core::InStoreValue::Price,
            InStoreValue::Weight => core::InStoreValue::Weight,
            InStoreValue::Count => core::InStoreValue::Count,
        };
        // More than a byte holds is refused like every number beyond the limit.
        core::InStoreLayout { prefix, layout, inside, decimals: u8::try_from(decimals).unwrap_or(u8::MAX) }
    }
}

impl From<ShiftSettings> for core::ShiftSettings {
    fn from(settings: ShiftSettings) -> Self {
        let ShiftSettings { layout, separators, keep_terminator, utc_offset_minutes, blind_counts, in_store } =
            settings;
        let in_store = in_store.into_iter().map(InStoreLayout::read).collect();
        let layout = match layout {
            KeyboardLayout::Same => core::KeyboardLayout::Same,
            KeyboardLayout::FrenchAzerty => core::KeyboardLayout::FrenchAzerty,
            KeyboardLayout::FrenchAzertyCapsLock => core::KeyboardLayout::FrenchAzertyCapsLock,
            KeyboardLayout::British => core::KeyboardLayout::British,
            KeyboardLayout::German => core::KeyboardLayout::German,
        };
        Self { layout, separators, keep_terminator, utc_offset_minutes, blind_counts, in_store }
    }
}

impl From<core::ShiftSettings> for ShiftSettings {
    fn from(settings: core::ShiftSettings) -> Self {
        let core::ShiftSettings { layout, separators, keep_terminator, utc_offset_minutes, blind_counts, in_store } =
            settings;
        let in_store = in_store.into_iter().map(InStoreLayout::from).collect();
        Self { layout: layout.into(), separators, keep_terminator, utc_offset_minutes, blind_counts, in_store }
    }
}
