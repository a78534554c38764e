//! How a shift is set up, what of it could not be read, and what it asks, as these cross to the app.

use stocksync_core::measure::LabelMeasure;
use stocksync_core::shift::{self as core, InStore, Question, SetAside, Settings};

use super::{PlaceView, ShiftReason, ThingView, place_view};
use crate::views;

/// The keyboard of a device, where a scanner types as on a US one.
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

/// What an app chooses once for the shifts on this device. Kept over restarts.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ShiftSettings {
    /// The keyboard of the device. Only for scans of a scanner that types (`ScanSource.Wedge`).
    pub layout: KeyboardLayout,
    /// What the scanner sends for the separator of GS1 codes besides 0x1D, such as `|`: at most 8, of 1 to 16 bytes. Signs
    /// that may stand in a lot or serial are not safe.
    pub separators: Vec<String>,
    /// Codes here really end with CR, LF, TAB or NUL: such an end is kept.
    pub keep_terminator: bool,
    /// The device's time less UTC, minutes, -840 to 840; it decides what has expired today. Set it when the app starts and
    /// when the time zone changes.
    pub utc_offset_minutes: i32,
    /// Who counts is not shown what the books say.
    pub blind_counts: bool,
    /// What the digits of the shop's own codes (prefix 02 and 20 to 29) mean, at most 64; empty: nothing, each is a code by
    /// itself. Start from `in_store_layouts`.
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
    /// A price, which is no quantity: such a scan is one.
    Price,
    /// A weight in kg: it is how much was scanned, where the thing is counted in kg or g.
    Weight,
    /// A number of items.
    Count,
}

/// The layouts of the shop's own codes that the GS1 organisation of a country (ISO 3166, two letters) publishes; empty where
/// none are known here.
#[uniffi::export]
pub fn in_store_layouts(country: String) -> Vec<InStoreLayout> {
    InStore::of_country(&country).into_iter().map(InStoreLayout::from).collect()
}

impl From<InStore> for InStoreLayout {
    fn from(it: InStore) -> Self {
        let InStore { prefix, layout, inside, decimals } = it;
        let value = match inside {
            core::InStoreValue::Price => InStoreValue::Price,
            core::InStoreValue::Weight => InStoreValue::Weight,
            core::InStoreValue::Count => InStoreValue::Count,
        };
        Self { prefix, layout, value, decimals: u32::from(decimals) }
    }
}

impl InStoreLayout {
    fn read(self) -> InStore {
        let Self { prefix, layout, value, decimals } = self;
        let inside = match value {
            InStoreValue::Price => core::InStoreValue::Price,
            InStoreValue::Weight => core::InStoreValue::Weight,
            InStoreValue::Count => core::InStoreValue::Count,
        };
        // More than a byte holds is refused with the rest that does not fit.
        InStore { prefix, layout, inside, decimals: u8::try_from(decimals).unwrap_or(u8::MAX) }
    }
}

/// Something of a shift that could not be read: the shift, or its settings, started anew. No act is in it: those are all
/// there. A line that was being counted is, and a count that was open stays open: see `open_sessions`.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SetAsideView {
    /// Its number, for `drop_set_aside`.
    pub number: i64,
    /// `shift` or `shift_settings`.
    pub what: String,
    /// Why it could not be read.
    pub reason: String,
    /// Wall clock when it was found, ms.
    pub wall_ms: i64,
    /// As it was.
    pub bytes: Vec<u8>,
}

/// A question that is open; it survives a restart.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct QuestionView {
    /// Which: `Choose`, `WhichLot`, `HowMuch` or `Unfit`.
    pub reason: ShiftReason,
    /// The thing, or those among which to choose.
    pub choices: Vec<ThingView>,
    /// Where the scan was: there its answer is recorded.
    pub place: Option<PlaceView>,
    /// How many packs.
    pub times: u32,
    /// What the label measures.
    pub measures: Vec<MeasureView>,
}

/// A measure on a label.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MeasureView {
    /// In the words of GS1: `NET WEIGHT`, `LENGTH`, `GROSS WEIGHT`…
    pub name: String,
    /// `kg`, `lb`, `m`, `m²`, `l`…
    pub unit: String,
    /// Exactly as printed: `1.750`.
    pub value: String,
    /// Thousandths of that unit, to confirm with `ShiftInput.Amount` where the thing is counted in it; none where that would
    /// lose digits.
    pub thousandths: Option<i64>,
    /// Of the whole logistic unit rather than of the goods.
    pub logistic: bool,
}

impl From<LabelMeasure> for MeasureView {
    fn from(it: LabelMeasure) -> Self {
        let thousandths = it.thousandths();
        let LabelMeasure { name, unit, value, logistic } = it;
        Self { name, unit, value, thousandths, logistic }
    }
}

impl From<Question> for QuestionView {
    fn from(it: Question) -> Self {
        let Question { say, place, times, measures } = it;
        let (reason, choices) = match say {
            core::Say::Choose(things) => (ShiftReason::Choose, things),
            core::Say::WhichLot(thing) => (ShiftReason::WhichLot, vec![thing]),
            core::Say::Unfit(thing) => (ShiftReason::Unfit, vec![thing]),
            core::Say::HowMuch(thing) => (ShiftReason::HowMuch, vec![thing]),
            _ => (ShiftReason::Nothing, Vec::new()), // nothing else is a question
        };
        Self {
            reason,
            choices: choices.into_iter().map(ThingView::from).collect(),
            place: place_view(&place),
            times,
            measures: measures.into_iter().map(MeasureView::from).collect(),
        }
    }
}

impl From<SetAside> for SetAsideView {
    fn from(it: SetAside) -> Self {
        let SetAside { number, what, reason, wall_ms, bytes } = it;
        Self { number: views::signed(number), what, reason, wall_ms, bytes }
    }
}

impl ShiftSettings {
    pub(crate) fn read(self) -> Settings {
        let Self { layout, separators, keep_terminator, utc_offset_minutes, blind_counts, in_store } = self;
        let in_store = in_store.into_iter().map(InStoreLayout::read).collect();
        let layout = match layout {
            KeyboardLayout::Same => core::KeyboardLayout::Same,
            KeyboardLayout::FrenchAzerty => core::KeyboardLayout::FrenchAzerty,
            KeyboardLayout::FrenchAzertyCapsLock => core::KeyboardLayout::FrenchAzertyCapsLock,
            KeyboardLayout::British => core::KeyboardLayout::British,
            KeyboardLayout::German => core::KeyboardLayout::German,
        };
        Settings { layout, separators, keep_terminator, utc_offset_minutes, blind_counts, in_store }
    }
}

impl From<Settings> for ShiftSettings {
    fn from(it: Settings) -> Self {
        let Settings { layout, separators, keep_terminator, utc_offset_minutes, blind_counts, in_store } = it;
        let in_store = in_store.into_iter().map(InStoreLayout::from).collect();
        let layout = match layout {
            core::KeyboardLayout::Same => KeyboardLayout::Same,
            core::KeyboardLayout::FrenchAzerty => KeyboardLayout::FrenchAzerty,
            core::KeyboardLayout::FrenchAzertyCapsLock => KeyboardLayout::FrenchAzertyCapsLock,
            core::KeyboardLayout::British => KeyboardLayout::British,
            core::KeyboardLayout::German => KeyboardLayout::German,
        };
        Self { layout, separators, keep_terminator, utc_offset_minutes, blind_counts, in_store }
    }
}
