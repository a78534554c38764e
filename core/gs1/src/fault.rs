//! What can be wrong with a code. Owns faults, input errors and warnings. It must never decide whether a fault stops anyone: a
//! scan with a fault remains a scan, as an opaque code with a [`Warning`].

use crate::ai::Ai;
use crate::layout::KeyboardLayout;

/// Why a text is not what it claims to be. `at` is a byte offset into the text that was read: [`Meaning::text`] for a
/// scan, the given text for a constructor.
///
/// [`Meaning::text`]: crate::Meaning::text
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// No application identifier of the table begins here, so the length of what follows is unknowable.
    #[error("no application identifier begins at {at}")]
    UnknownAi {
        /// Offset of the first digit.
        at: usize,
    },
    /// A value ends before its format does.
    #[error("the value of ({ai}) is too short")]
    Short {
        /// Whose value.
        ai: Ai,
        /// Offset of the value.
        at: usize,
    },
    /// A value goes on after its format ends.
    #[error("the value of ({ai}) is too long")]
    Long {
        /// Whose value.
        ai: Ai,
        /// Offset of the value.
        at: usize,
    },
    /// A character that the format of the value does not allow.
    #[error("character at {at} is not allowed in ({ai})")]
    Character {
        /// Whose value.
        ai: Ai,
        /// Offset of the character.
        at: usize,
    },
    /// A check digit or pair is wrong.
    #[error("wrong check digit at {at}")]
    CheckDigit {
        /// Offset of the check digit, of the last character for a pair.
        at: usize,
    },
    /// Not a date or time of the calendar.
    #[error("({ai}) is not a date or time")]
    Date {
        /// Whose value.
        ai: Ai,
        /// Offset of the date or time.
        at: usize,
    },
    /// One AI with two different values.
    #[error("({ai}) appears twice with different values")]
    Repeated {
        /// The AI.
        ai: Ai,
    },
    /// Two AIs that exclude each other.
    #[error("({ai}) and ({other}) exclude each other")]
    Exclusive {
        /// The AI that excludes.
        ai: Ai,
        /// The AI that is excluded.
        other: Ai,
    },
    /// More than [`MAX_ELEMENTS`](crate::MAX_ELEMENTS) elements or fields.
    #[error("too many elements")]
    TooManyElements,
    /// An element string, message or label without content.
    #[error("empty")]
    Empty,
    /// A number with a length that its kind does not have.
    #[error("{found} digits are not a length of this kind of number")]
    Length {
        /// Number of digits found.
        found: usize,
    },
    /// A number with something else in it.
    #[error("character at {at} is not a digit")]
    NotDigits {
        /// Offset of the character.
        at: usize,
    },
    /// A web address without the path of a Digital Link.
    #[error("not a GS1 Digital Link")]
    NotDigitalLink,
    /// An ISO/IEC 15434 message that cannot be cut into fields.
    #[error("not a readable ISO/IEC 15434 message")]
    Envelope,
}

/// Why a scan is not understood at all. The scan itself is not lost: the caller still holds the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InputError {
    /// Nothing was left after white space of the device was removed. Ignore the scan.
    #[error("the scan is empty")]
    Empty,
    /// More than [`MAX_INPUT_BYTES`](crate::MAX_INPUT_BYTES). Tell the person that this code is too long.
    #[error("the scan has {bytes} bytes, more than 4096")]
    TooLong {
        /// Bytes given.
        bytes: usize,
    },
}

/// Something that a person or a log may want to know about an accepted scan. None of them refuses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Warning {
    /// The text claimed a structure and broke its rules; it is kept as an opaque code.
    NotUnderstood(Fault),
    /// An AI needs one of these groups beside it (`01+21,02`: 01 and 21, or 02). It may be on another symbol of the same
    /// box: see [`Accumulator`](crate::Accumulator).
    Needs {
        /// The AI that stands alone.
        ai: Ai,
        /// Groups separated by commas; `n` is any digit.
        groups: &'static str,
    },
    /// The content of a value breaks the rule named as in the GS1 Syntax Dictionary; the value is kept as it is.
    Content {
        /// Whose value.
        ai: Ai,
        /// Name of the rule, such as `iso4217`.
        rule: &'static str,
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
    LayoutRepaired(KeyboardLayout),
    /// A separator is missing, or may be: other readings are offered as ambiguous candidates for a person to pick.
    MissingSeparator,
    /// An ISO/IEC 15434 message lacks its header separator or trailer.
    EnvelopeIncomplete,
}
