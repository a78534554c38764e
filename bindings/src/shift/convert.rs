//! The shapes of a shift, to the core's and back.

use stocksync_core::shift::{self, Command, Expected, Input, Mode, Outcome, Say, Scan, Signal, Source, Thing};

use super::{
    ExpectedLine, MeasureView, ScanSource, ScanText, ShiftInput, ShiftMode, ShiftOutcome, ShiftReason, ShiftSignal,
    ThingView,
};
use crate::{StocksyncError, capture};

impl ShiftInput {
    pub(super) fn read(self) -> Result<Input, StocksyncError> {
        Ok(match self {
            Self::Scan { scan } => Input::Scan(Scan {
                text: scan.text,
                aim: scan.symbology.filter(|it| !it.is_empty()),
                source: scan.source.into(),
            }),
            Self::Place { location } => Input::Place(capture::location("location", &location)?),
            Self::SetMode { mode } => Input::Command(Command::Mode(mode.into())),
            Self::Times { times } => Input::Command(Command::Times(times)),
            Self::Quantity { packs } => Input::Command(Command::Quantity(packs)),
            Self::Amount { quantity } => Input::Amount(quantity),
            Self::Undo => Input::Command(Command::Undo),
            Self::Finish { complete } => Input::Command(if complete { Command::Complete } else { Command::Finish }),
            Self::Choose { variant } => Input::Choose(capture::id("variant", &variant)?),
            Self::Lot { lot } => Input::Lot(lot),
            Self::Expect { reference, lines } if reference.is_empty() && lines.is_empty() => Input::Expect(None),
            Self::Expect { reference, lines } => {
                let read = |it: ExpectedLine| {
                    let variant = capture::id("variant", &it.variant)?;
                    Ok(shift::ExpectedLine { variant, left: it.quantity, over: it.over })
                };
                let lines = lines.into_iter().map(read).collect::<Result<_, StocksyncError>>()?;
                Input::Expect(Some(Expected { reference, lines }))
            }
        })
    }
}

impl From<Outcome> for ShiftOutcome {
    fn from(outcome: Outcome) -> Self {
        let Outcome { signal, say, on_hand, left, measures, warnings } = outcome;
        let mut it = Self {
            signal: signal.map(ShiftSignal::from),
            reason: ShiftReason::Done,
            cell: None,
            quantity: 0,
            on_hand,
            left,
            choices: Vec::new(),
            text: String::new(),
            measures: measures.into_iter().map(MeasureView::from).collect(),
            warnings,
        };
        it.reason = match say {
            Say::Done(cell, quantity) => it.about(&cell, quantity, ShiftReason::Done),
            Say::Expired(cell, quantity) => it.about(&cell, quantity, ShiftReason::Expired),
            Say::Unexpected(cell, quantity) => it.about(&cell, quantity, ShiftReason::Unexpected),
            Say::Found(thing) => it.among(vec![thing], ShiftReason::Found),
            Say::Choose(things) => it.among(things, ShiftReason::Choose),
            Say::WhichLot(thing) => it.among(vec![thing], ShiftReason::WhichLot),
            Say::HowMuch(thing) => it.among(vec![thing], ShiftReason::HowMuch),
            Say::Unfit(thing) => it.among(vec![thing], ShiftReason::Unfit),
            Say::Unknown(text) => it.naming(text, ShiftReason::Unknown),
            Say::Again(text) => it.naming(text, ShiftReason::Again),
            Say::NotExpected(text) => it.naming(text, ShiftReason::NotExpected),
            Say::BadLabel(text) => it.naming(text, ShiftReason::BadLabel),
            Say::Set => ShiftReason::Set,
            Say::Undone => ShiftReason::Undone,
            Say::LotNoted => ShiftReason::LotNoted,
            Say::NeedPlace => ShiftReason::NeedPlace,
            Say::NeedTarget => ShiftReason::NeedTarget,
            Say::NotWhole => ShiftReason::NotWhole,
            Say::FinishFirst => ShiftReason::FinishFirst,
            Say::Nothing => ShiftReason::Nothing,
            Say::HeldFull => ShiftReason::HeldFull,
        };
        it
    }
}

impl ShiftOutcome {
    fn about(&mut self, cell: &stocksync_schemas::Cell, quantity: i64, reason: ShiftReason) -> ShiftReason {
        (self.cell, self.quantity) = (Some(cell.into()), quantity);
        reason
    }

    fn among(&mut self, things: Vec<Thing>, reason: ShiftReason) -> ShiftReason {
        self.choices = things.into_iter().map(ThingView::from).collect();
        reason
    }

    fn naming(&mut self, text: String, reason: ShiftReason) -> ShiftReason {
        self.text = text;
        reason
    }
}

impl From<Thing> for ThingView {
    fn from(it: Thing) -> Self {
        let Thing { variant, name, unit, pack_numerator, pack_denominator, .. } = it;
        Self { variant: variant.to_string(), name, unit, pack_numerator, pack_denominator }
    }
}

impl From<Scan> for ScanText {
    fn from(it: Scan) -> Self {
        let source = match it.source {
            Source::Camera => ScanSource::Camera,
            Source::Scanner => ScanSource::Scanner,
            Source::Wedge => ScanSource::Wedge,
            Source::Typed => ScanSource::Typed,
        };
        Self { text: it.text, symbology: it.aim, source }
    }
}

impl From<ScanSource> for Source {
    fn from(it: ScanSource) -> Self {
        match it {
            ScanSource::Camera => Self::Camera,
            ScanSource::Scanner => Self::Scanner,
            ScanSource::Wedge => Self::Wedge,
            ScanSource::Typed => Self::Typed,
        }
    }
}

impl From<Signal> for ShiftSignal {
    fn from(it: Signal) -> Self {
        match it {
            Signal::Ok => Self::Done,
            Signal::Warning => Self::Attention,
            Signal::Duplicate => Self::Duplicate,
            Signal::Error => Self::Failed,
        }
    }
}

impl From<ShiftMode> for Mode {
    fn from(it: ShiftMode) -> Self {
        match it {
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

impl From<Mode> for ShiftMode {
    fn from(it: Mode) -> Self {
        match it {
            Mode::LookUp => Self::LookUp,
            Mode::Receive => Self::Receive,
            Mode::Issue => Self::Issue,
            Mode::Move => Self::Move,
            Mode::Count => Self::Count,
            Mode::Return => Self::Return,
            Mode::Damage => Self::Damage,
            Mode::Waste => Self::Waste,
            Mode::SupplierReturn => Self::SupplierReturn,
            Mode::DamagedReturn => Self::DamagedReturn,
        }
    }
}
