//! The shapes of a shift, to the core's and back.

use stocksync_core::shift::{self as core, ExpectedDocument, Scan, ShiftCommand, VariantMatch};
use stocksync_schemas::Cell;

use super::{ExpectedLine, Feedback, ScanSource, ScanText, ShiftInput, ShiftMode, ShiftSignal};

impl From<ShiftInput> for core::ShiftInput {
    fn from(input: ShiftInput) -> Self {
        match input {
            ShiftInput::Scan { scan } => Self::Scan(Scan {
                text: scan.text,
                aim: scan.symbology.filter(|aim| !aim.is_empty()),
                source: scan.source.into(),
            }),
            ShiftInput::Location { location } => Self::Location(location),
            ShiftInput::SetMode { mode } => Self::Command(ShiftCommand::Mode(mode.into())),
            ShiftInput::Times { times } => Self::Command(ShiftCommand::Times(times)),
            ShiftInput::Packs { packs } => Self::Command(ShiftCommand::Quantity(packs)),
            ShiftInput::Amount { quantity } => Self::Amount(quantity.0),
            ShiftInput::Undo => Self::Command(ShiftCommand::Undo),
            ShiftInput::Finish { complete: true } => Self::Command(ShiftCommand::Complete),
            ShiftInput::Finish { complete: false } => Self::Command(ShiftCommand::Finish),
            ShiftInput::Choose { variant } => Self::Choose(variant),
            ShiftInput::Lot { lot } => Self::Lot(lot),
            ShiftInput::Expect { document, lines } if document.is_empty() && lines.is_empty() => Self::Expect(None),
            ShiftInput::Expect { document, lines } => {
                let line = |ExpectedLine { variant, quantity, over }| core::ExpectedLine {
                    variant,
                    left: quantity.0,
                    over: over.unwrap_or_default().0,
                };
                let lines = lines.into_iter().map(line).collect();
                Self::Expect(Some(ExpectedDocument { reference: document, lines }))
            }
        }
    }
}

/// A feedback of the core in its parts: what it is, and what it is about.
#[derive(Default)]
pub(super) struct FeedbackParts {
    pub(super) cell: Option<(Cell, i64)>,
    pub(super) choices: Vec<VariantMatch>,
    pub(super) text: String,
}

impl FeedbackParts {
    fn of_cell(cell: Cell, quantity: i64) -> Self {
        Self { cell: Some((cell, quantity)), ..Self::default() }
    }

    fn of_variants(choices: Vec<VariantMatch>) -> Self {
        Self { choices, ..Self::default() }
    }

    fn of_text(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

pub(super) fn feedback_parts(feedback: core::Feedback) -> (Feedback, FeedbackParts) {
    use FeedbackParts as Parts;
    use core::Feedback as Core;
    match feedback {
        Core::Recorded(cell, quantity) => (Feedback::Recorded, Parts::of_cell(cell, quantity)),
        Core::RecordedExpired(cell, quantity) => (Feedback::RecordedExpired, Parts::of_cell(cell, quantity)),
        Core::RecordedUnexpected(cell, quantity) => (Feedback::RecordedUnexpected, Parts::of_cell(cell, quantity)),
        Core::Found(found) => (Feedback::Found, Parts::of_variants(vec![found])),
        Core::ChooseVariant(found) => (Feedback::ChooseVariant, Parts::of_variants(found)),
        Core::NeedLot(found) => (Feedback::NeedLot, Parts::of_variants(vec![found])),
        Core::NeedQuantity(found) => (Feedback::NeedQuantity, Parts::of_variants(vec![found])),
        Core::UnusableMeasure(found) => (Feedback::UnusableMeasure, Parts::of_variants(vec![found])),
        Core::UnknownCode(text) => (Feedback::UnknownCode, Parts::of_text(text)),
        Core::AlreadyScanned(text) => (Feedback::AlreadyScanned, Parts::of_text(text)),
        Core::NotOnDocument(text) => (Feedback::NotOnDocument, Parts::of_text(text)),
        Core::InvalidLabel(text) => (Feedback::InvalidLabel, Parts::of_text(text)),
        Core::ShiftUpdated => (Feedback::ShiftUpdated, Parts::default()),
        Core::Undone => (Feedback::Undone, Parts::default()),
        Core::LotRemembered => (Feedback::LotRemembered, Parts::default()),
        Core::NeedLocation => (Feedback::NeedLocation, Parts::default()),
        Core::NeedTarget => (Feedback::NeedTarget, Parts::default()),
        Core::InvalidQuantity => (Feedback::InvalidQuantity, Parts::default()),
        Core::CountFull => (Feedback::CountFull, Parts::default()),
        Core::NothingToChange => (Feedback::NothingToChange, Parts::default()),
        Core::TooManyHeldScans => (Feedback::TooManyHeldScans, Parts::default()),
    }
}

impl From<Scan> for ScanText {
    fn from(scan: Scan) -> Self {
        let source = match scan.source {
            core::ScanSource::Camera => ScanSource::Camera,
            core::ScanSource::Scanner => ScanSource::Scanner,
            core::ScanSource::Wedge => ScanSource::Wedge,
            core::ScanSource::Typed => ScanSource::Typed,
        };
        Self { text: scan.text, source, symbology: scan.aim }
    }
}

impl From<ScanSource> for core::ScanSource {
    fn from(source: ScanSource) -> Self {
        match source {
            ScanSource::Camera => Self::Camera,
            ScanSource::Scanner => Self::Scanner,
            ScanSource::Wedge => Self::Wedge,
            ScanSource::Typed => Self::Typed,
        }
    }
}

impl From<core::ShiftSignal> for ShiftSignal {
    fn from(signal: core::ShiftSignal) -> Self {
        match signal {
            core::ShiftSignal::Success => Self::Success,
            core::ShiftSignal::Warning => Self::Warning,
            core::ShiftSignal::Duplicate => Self::Duplicate,
            core::ShiftSignal::Error => Self::Error,
        }
    }
}

impl From<ShiftMode> for core::ShiftMode {
    fn from(mode: ShiftMode) -> Self {
        match mode {
            ShiftMode::LookUp => Self::LookUp,
            ShiftMode::Receive => Self::Receive,
            ShiftMode::Issue => Self::Issue,
            ShiftMode::Move => Self::Move,
            ShiftMode::Count => Self::Count,
            ShiftMode::Return => Self::Return,
            ShiftMode::Damage => Self::Damage,
            ShiftMode::Waste => Self::Waste,
            ShiftMode::SupplierReturn => Self::SupplierReturn,
            ShiftMode::DamagedReturn => Self::DamagedReturn,
        }
    }
}

impl From<core::ShiftMode> for ShiftMode {
    fn from(mode: core::ShiftMode) -> Self {
        match mode {
            core::ShiftMode::LookUp => Self::LookUp,
            core::ShiftMode::Receive => Self::Receive,
            core::ShiftMode::Issue => Self::Issue,
            core::ShiftMode::Move => Self::Move,
            core::ShiftMode::Count => Self::Count,
            core::ShiftMode::Return => Self::Return,
            core::ShiftMode::Damage => Self::Damage,
            core::ShiftMode::Waste => Self::Waste,
            core::ShiftMode::SupplierReturn => Self::SupplierReturn,
            core::ShiftMode::DamagedReturn => Self::DamagedReturn,
        }
    }
}
