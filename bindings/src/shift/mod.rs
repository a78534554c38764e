//! A shift, as it crosses to the app: work by scanning, with a tone for each event.
//!
//! Owns shapes. The rules are the core's.

mod convert;
mod display;
mod keys;
mod settings;

use std::sync::Arc;

use stocksync_core::shift::{self as core, command_label};
use stocksync_schemas::VariantId;

pub use display::*;
pub use keys::*;
pub use settings::*;

use crate::handle::Handle;
use crate::{LocationId, Pack, PageToken, Quantity, StocksyncError, views};

/// What scanning a variant does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ShiftMode {
    /// Shows what the code names; records nothing.
    LookUp,
    /// Records a receipt: from a supplier to the location.
    Receive,
    /// Records a sale: from the location to a customer.
    Issue,
    /// Records a transfer: from the location to the target.
    Move,
    /// Counts what is at the location.
    Count,
    /// Records a customer's return: from a customer to the location.
    Return,
    /// Records damage: from the location to scrap.
    Damage,
    /// Records waste: from the location to scrap.
    Waste,
    /// Records a return to a supplier: from the location to a supplier.
    SupplierReturn,
    /// Records a customer's return of unsaleable goods: from a customer to scrap; needs no location. Goods that are inspected
    /// first are recorded by `Return` to the location where that happens.
    DamagedReturn,
}

/// Which input device delivered a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ScanSource {
    /// A camera. It reports the same code with every frame: the same code within 1.5 s counts as one scan.
    Camera,
    /// A scanner with a trigger: every pull counts.
    Scanner,
    /// A scanner that types as a keyboard does; what the keyboard layout changed is undone.
    Wedge,
    /// A person at a keyboard.
    Typed,
}

/// A scanned or typed text.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ScanText {
    /// As delivered.
    pub text: String,
    /// Which input device delivered it.
    pub source: ScanSource,
    /// The symbology identifier beside it (`]C1`), none or empty if there is none.
    #[uniffi(default = None)]
    pub symbology: Option<String>,
}

/// One line of a document that is to be worked off.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ExpectedLine {
    /// Which variant.
    pub variant: VariantId,
    /// How much is expected.
    pub quantity: Quantity,
    /// Tolerance: this much more than expected gives no warning at a delivery and is not refused at a pick; none is 0.
    #[uniffi(default = None)]
    pub over: Option<Quantity>,
}

/// What the user does.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum ShiftInput {
    /// Scans or types a code: of a variant, a location or a command.
    Scan {
        /// The code.
        scan: ScanText,
    },
    /// Picks a location from a list.
    Location {
        /// Which.
        location: LocationId,
    },
    /// Changes what scanning does.
    SetMode {
        /// The new mode.
        mode: ShiftMode,
    },
    /// The next scan counts this many times, 1 to 100,000.
    Times {
        /// How many.
        times: u32,
    },
    /// The last scan was this many packs: replaces what was recorded, held or asked about. 0 in a count: none are there.
    Packs {
        /// How many.
        packs: u32,
    },
    /// The last scan was this much: replaces what was recorded or asked about.
    Amount {
        /// How much, in the variant's base unit.
        quantity: Quantity,
    },
    /// Takes the last scan back.
    Undo,
    /// Finishes the count, which takes effect.
    Finish {
        /// Every cell of its locations was looked at: what was not counted is not there.
        #[uniffi(default = false)]
        complete: bool,
    },
    /// Chooses one of several variants.
    Choose {
        /// Which.
        variant: VariantId,
    },
    /// Enters a lot.
    Lot {
        /// `10:CODE`, `21:SERIAL`, or empty: there is none.
        lot: String,
    },
    /// Sets the document that is worked off: an order to pick, a delivery to receive. Without lines its number is written into
    /// every op and anything may be scanned: a delivery received blind, a return. No lines and no number: no document.
    Expect {
        /// Its number; written into every op.
        document: String,
        /// What it expects.
        lines: Vec<ExpectedLine>,
    },
}

/// The tone of an answer: four that can be told apart without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ShiftSignal {
    /// Accepted; what was recorded is durable.
    Success,
    /// Accepted and durable, but the user should look; or a question is open.
    Warning,
    /// Nothing recorded: this serial or pallet was scanned before.
    Duplicate,
    /// Not recorded as meant: an unknown code (its scan is held), or a mistake.
    Error,
}

/// The reason of a signal, for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Feedback {
    /// Recorded or counted.
    Recorded,
    /// The code names a variant; nothing was recorded (look-up mode).
    Found,
    /// Mode, location, multiplier or document was set, or the count was finished.
    ShiftUpdated,
    /// The last scan was taken back.
    Undone,
    /// The code names several variants: choose one of `choices`.
    ChooseVariant,
    /// The variant is tracked by lot or serial: scan or enter it.
    NeedLot,
    /// The label measures in another unit than the variant is counted in: enter the quantity; `measures` offers what it says.
    NeedQuantity,
    /// Not recorded: the measure on the label is zero, too large, or finer than thousandths. Enter the quantity.
    UnusableMeasure,
    /// The code carries only a lot; it is applied to the variant that is scanned next.
    LotRemembered,
    /// Scan a location first.
    NeedLocation,
    /// Scan the destination of the move first.
    NeedTarget,
    /// The code is unknown. The scan is held until its code is assigned to a variant; not so in look-up mode.
    UnknownCode,
    /// This serial or pallet was scanned before.
    AlreadyScanned,
    /// Recorded, although it expired before today.
    RecordedExpired,
    /// Recorded, although the books have it elsewhere or the document expected less.
    RecordedUnexpected,
    /// Not recorded: not on the document, or more than it asks for.
    NotOnDocument,
    /// Not recorded: the quantity is no whole number of thousandths, beyond the limits, or not one of a serial.
    InvalidQuantity,
    /// Not recorded: the count holds as many lines or locations as it may; finish it first.
    CountFull,
    /// The label is one of ours and does not verify or is of a later version, or no location has this code.
    InvalidLabel,
    /// There is nothing to take back, to choose, to answer or to correct.
    NothingToChange,
    /// Not held: a thousand scans wait; assign or discard one first.
    TooManyHeldScans,
}

/// Work by scanning. A part of [`Inventory`](crate::Inventory).
#[derive(uniffi::Object)]
pub struct Shift {
    handle: Arc<Handle>,
}

impl Shift {
    pub(crate) fn new(handle: Arc<Handle>) -> Arc<Self> {
        Arc::new(Self { handle })
    }
}

#[uniffi::export]
impl Shift {
    /// Processes what the user does. Whatever was to be recorded is durable when this returns: only now sound the tone. Needs
    /// no network.
    ///
    /// # Errors
    /// `InvalidInput` for an empty or too long text or a value of another form; `OutboxFull`, `StorageFull`, `StorageBusy`,
    /// `StorageReadOnly`. The shift is as before then.
    pub async fn process(&self, input: ShiftInput) -> Result<ShiftOutcome, StocksyncError> {
        self.handle.run(move |core| display::outcome(core, core.shift(input.into())?)).await
    }

    /// The shift for display, with the counters that are always visible; the same after a restart. A shift that does not
    /// decode starts anew, and this reports it once.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn view(&self) -> Result<ShiftView, StocksyncError> {
        self.handle.run(display::view).await
    }

    /// Sets the settings of the shifts on this device. Durable when this returns, and kept when a shift starts anew.
    ///
    /// # Errors
    /// `InvalidInput` names the setting; `StorageFull`, `StorageBusy`, `StorageReadOnly`. The old ones stay then.
    pub async fn set_settings(&self, settings: ShiftSettings) -> Result<(), StocksyncError> {
        self.handle.run(move |core| Ok(core.set_shift_settings(&settings.into())?)).await
    }

    /// Stored values of shifts that did not decode, oldest first; the newest 16 are kept.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn set_aside(&self) -> Result<Vec<SetAsideView>, StocksyncError> {
        self.handle.run(|core| Ok(core.set_aside()?.into_iter().map(Into::into).collect())).await
    }

    /// Deletes what was set aside under a number: nobody needs it any more. Durable when this returns.
    ///
    /// # Errors
    /// `StorageFull`, `StorageBusy`, `StorageReadOnly`.
    pub async fn delete_set_aside(&self, number: i64) -> Result<(), StocksyncError> {
        self.handle.run(move |core| Ok(core.delete_set_aside(number.unsigned_abs())?)).await
    }

    /// One page of scans that wait for a person, oldest first; at most 1,000 wait. `after` is `next` of the page before;
    /// `limit` is 1 to 500.
    ///
    /// # Errors
    /// `InvalidInput`.
    #[uniffi::method(default(after = None, limit = 100))]
    pub async fn held_scans(&self, after: Option<PageToken>, limit: u32) -> Result<HeldScanPage, StocksyncError> {
        self.handle.run(move |core| display::held_scans(core, after.as_ref(), limit)).await
    }

    /// Assigns a text to a variant in packs: makes its identifier where there is none, and records every held scan of the text,
    /// of the GTIN in it, or of the item of an in-store code, once; where a label measures in the variant's unit, as much as it
    /// says. Durable when this returns; answers how many ops were recorded.
    ///
    /// # Errors
    /// `NotFound` if nothing is held under the text or the variant is not here; else as `Records.edit` and `Stock.record`.
    pub async fn attach(&self, text: String, variant: VariantId, pack: Pack) -> Result<i64, StocksyncError> {
        self.handle
            .run(move |core| Ok(views::signed(core.attach(&text, variant, (pack.numerator, pack.denominator))?)))
            .await
    }

    /// Answers the question of one held scan whose code is known: which variant, and which lot (`10:CODE`, `21:SERIAL`; empty:
    /// what the code itself says). It is recorded once, as what was done when it was scanned. Durable when this returns.
    ///
    /// # Errors
    /// `NotFound` if nothing is held under the number or its code is not the variant's; else as `Stock.record`. The scan stays
    /// held then.
    #[uniffi::method(default(lot = ""))]
    pub async fn answer_held_scan(&self, number: i64, variant: VariantId, lot: String) -> Result<(), StocksyncError> {
        self.handle.run(move |core| Ok(core.answer_held(number, variant, &lot)?)).await
    }

    /// Discards a held scan: it was nothing. Durable when this returns.
    ///
    /// # Errors
    /// `StorageFull`, `StorageBusy`, `StorageReadOnly`.
    pub async fn discard_held_scan(&self, number: i64) -> Result<(), StocksyncError> {
        self.handle.run(move |core| Ok(core.discard_held(number)?)).await
    }
}

/// The text of the label that does what `input` does.
pub(crate) fn command_text(input: ShiftInput) -> Result<String, StocksyncError> {
    match input.into() {
        core::ShiftInput::Command(command) => Ok(command_label(command)),
        _ => Err(StocksyncError::invalid("input", "has no label")),
    }
}

/// The text of the label of a location with this code.
pub(crate) fn location_text(code: &str) -> Result<String, StocksyncError> {
    core::location_label(code).ok_or_else(|| StocksyncError::invalid("code", "neither digit nor capital letter"))
}
