//! What is odd about a code that was accepted, as values.

use stocksync_gs1::{KeyboardLayout as CoreLayout, Warning};

use crate::KeyboardLayout;

/// Something that a person or a log may want to know about an accepted scan. None of them refuses it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ScanWarning {
    /// The text claimed a structure and broke its rules; it is treated as an opaque code.
    NotUnderstood {
        /// Which rule, for a log.
        reason: String,
    },
    /// A GS1 application identifier needs others beside it; they may be on another symbol of the same box.
    NeedsCompanion {
        /// The identifier that stands alone.
        ai: String,
        /// Groups that would do, separated by commas, such as `01+21,02`; `n` is any digit.
        groups: String,
    },
    /// The content of a value breaks a rule of the GS1 Syntax Dictionary; the value is used as it is.
    Content {
        /// Whose value.
        ai: String,
        /// Name of the rule, such as `iso4217`.
        rule: String,
    },
    /// Two separators in a row.
    DoubledSeparator,
    /// A Digital Link carried a GTIN with fewer than 14 digits; it was padded.
    ZeroSuppressed,
    /// A Digital Link attribute that is no application identifier for links was left out.
    AttributeIgnored,
    /// The symbol carried a magazine or book add-on, which is not part of the number.
    AddOnIgnored,
    /// A DataBar symbol was reported with the flag of its composite part; it was removed.
    LinkageFlagRemoved,
    /// The price or weight check digit inside an in-store code is wrong, so the value was not read.
    ValueCheckDigit,
    /// The check character of an own label is wrong: the label was misread or is not ours.
    LabelCheck,
    /// The text was typed through this keyboard layout and was translated back.
    LayoutRepaired {
        /// Which.
        layout: KeyboardLayout,
    },
    /// A separator is missing, or may be: other readings are offered for a person to pick.
    MissingSeparator,
    /// An ISO/IEC 15434 message lacks its header separator or trailer.
    EnvelopeIncomplete,
    /// A warning that this build does not know.
    Other {
        /// For a log.
        text: String,
    },
}

impl From<Warning> for ScanWarning {
    fn from(warning: Warning) -> Self {
        match warning {
            Warning::NotUnderstood(fault) => Self::NotUnderstood { reason: fault.to_string() },
            Warning::Needs { ai, groups } => Self::NeedsCompanion { ai: ai.to_string(), groups: groups.to_owned() },
            Warning::Content { ai, rule } => Self::Content { ai: ai.to_string(), rule: rule.to_owned() },
            Warning::DoubledSeparator => Self::DoubledSeparator,
            Warning::ZeroSuppressed => Self::ZeroSuppressed,
            Warning::AttributeIgnored => Self::AttributeIgnored,
            Warning::AddOnIgnored => Self::AddOnIgnored,
            Warning::LinkageFlagRemoved => Self::LinkageFlagRemoved,
            Warning::ValueCheckDigit => Self::ValueCheckDigit,
            Warning::LabelCheck => Self::LabelCheck,
            Warning::LayoutRepaired(layout) => Self::LayoutRepaired { layout: layout.into() },
            Warning::MissingSeparator => Self::MissingSeparator,
            Warning::EnvelopeIncomplete => Self::EnvelopeIncomplete,
            other => Self::Other { text: format!("{other:?}") },
        }
    }
}

impl From<CoreLayout> for KeyboardLayout {
    fn from(layout: CoreLayout) -> Self {
        match layout {
            CoreLayout::Same => Self::Same,
            CoreLayout::FrenchAzerty => Self::FrenchAzerty,
            CoreLayout::FrenchAzertyCapsLock => Self::FrenchAzertyCapsLock,
            CoreLayout::British => Self::British,
            CoreLayout::German => Self::German,
        }
    }
}
