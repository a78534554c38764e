//! The text of a symbol, checked before it is printed, because a printed label is in use for years. Owns: which characters a
//! payload may hold, and its form for people. Must never: draw, or decide what a code of ours means.

use stocksync_gs1::encode::{element_string, in_print_order};
use stocksync_gs1::{Element, Fault, OwnCode};
use stocksync_scan::encode::{self, Modules};

use stocksync_schemas::limits::LABEL_PAYLOAD_BYTES;

use super::LabelSymbology;

/// The text of a symbol.
///
/// ```
/// use stocksync_labels::{Payload, PayloadError};
///
/// let location = Payload::location("A-01-03")?;
/// assert!(matches!(location, Payload::Code(text) if text.starts_with("-L/A-01-03")));
/// assert_eq!(Payload::location("Bin 1"), Err(PayloadError::Character { character: 'i' }));
/// # Ok::<(), PayloadError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// A code of ours (location, command, serial): digits, capitals and `-.:/` only. A scanner that types sends keys, which a
    /// keyboard layout may turn into other characters. [`stocksync_gs1::KeyboardLayout`] can restore these characters, because
    /// on every layout each has a key of its own, none is a dead key, and Caps Lock does not change them.
    Code(String),
    /// Any printable ASCII text, such as a web address or somebody else's code. A scanner that types reads it correctly only
    /// if its keyboard layout is that of the device.
    Text(String),
    /// GS1 application identifiers with their values. The symbol begins with FNC1; separators are added where needed.
    Elements(Vec<Element>),
}

/// Characters of [`Payload::Code`] other than digits and capitals.
const SIGNS: &str = "-.:/";

impl Payload {
    /// The label of a location, from its `code`: with the prefix and check character that the shift expects.
    ///
    /// # Errors
    /// [`PayloadError::Empty`] if `code` holds neither digit nor capital, [`PayloadError::Character`] if it holds a character
    /// that [`Payload::Code`] does not allow: give the location another code.
    pub fn location(code: &str) -> Result<Self, PayloadError> {
        Self::own(OwnCode::Location(code))
    }

    /// The label of a command to a shift, such as `RECEIVE`: with its prefix and check character.
    ///
    /// # Errors
    /// As [`location`](Self::location).
    pub fn command(word: &str) -> Result<Self, PayloadError> {
        Self::own(OwnCode::Command(word))
    }

    fn own(code: OwnCode<'_>) -> Result<Self, PayloadError> {
        let text = code.encode().ok_or(PayloadError::Empty)?;
        checked(&text, is_code)?;
        Ok(Self::Code(text))
    }

    /// Elements from application identifiers (AIs) and values, in any order: `("01", "09501101530003")`, `("17", "270131")`.
    ///
    /// # Errors
    /// [`PayloadError::Elements`] with the reason: an unknown AI, a wrong check digit, an invalid date, two AIs that exclude
    /// each other.
    pub fn elements<A: AsRef<str>, V: AsRef<str>>(pairs: &[(A, V)]) -> Result<Self, PayloadError> {
        let element = |(ai, value): &(A, V)| Element::new(ai.as_ref(), value.as_ref());
        let elements = pairs.iter().map(element).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::Elements(in_print_order(elements)?))
    }

    /// Whether the payload consists of application identifiers.
    pub(super) fn is_gs1(&self) -> bool {
        matches!(self, Self::Elements(_))
    }

    /// The modules of the symbol.
    pub(super) fn modules(&self, symbology: LabelSymbology) -> Result<Modules, PayloadError> {
        let (text, gs1) = match self {
            Self::Code(text) => (checked(text, is_code)?.to_owned(), false),
            Self::Text(text) => (checked(text, |c| matches!(c, ' '..='~'))?.to_owned(), false),
            // Checked again, because a caller may have built the list without `elements`.
            Self::Elements(elements) => (element_string(&in_print_order(elements.clone())?), true),
        };
        // A percent sign must be doubled in one mode of GS1 QR Code, and some readers, rxing's included, do not undo that.
        if gs1 && symbology == LabelSymbology::Qr && text.contains('%') {
            return Err(PayloadError::Character { character: '%' });
        }
        // GS1-128 holds at most 48 characters of data, separators included (General Specifications 5.4.4.6).
        let too_long =
            text.len() > LABEL_PAYLOAD_BYTES || (gs1 && symbology == LabelSymbology::Code128 && text.len() > 48);
        let modules = match symbology {
            _ if too_long => None,
            LabelSymbology::Code128 => encode::code128(&text, gs1),
            LabelSymbology::Qr => encode::qr(&text, gs1),
            LabelSymbology::DataMatrix => encode::data_matrix(&text, gs1),
        };
        modules.ok_or(PayloadError::TooLong)
    }

    /// The form for people, in pieces that should not be broken into lines.
    pub(super) fn readable(&self) -> Vec<String> {
        match self {
            Self::Code(text) | Self::Text(text) => vec![text.clone()],
            Self::Elements(elements) => {
                elements.iter().map(|element| format!("({}){}", element.ai, element.value)).collect()
            }
        }
    }
}

fn is_code(character: char) -> bool {
    character.is_ascii_digit() || character.is_ascii_uppercase() || SIGNS.contains(character)
}

/// The text, if it is not empty and all of its characters are allowed.
fn checked(text: &str, allowed: impl Fn(char) -> bool) -> Result<&str, PayloadError> {
    if text.is_empty() {
        return Err(PayloadError::Empty);
    }
    match text.chars().find(|c| !allowed(*c)) {
        Some(character) => Err(PayloadError::Character { character }),
        None => Ok(text),
    }
}

/// Why a payload is refused: scanners could not read it, or would read something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The payload is empty.
    #[error("the payload is empty")]
    Empty,
    /// A character that this kind of payload must not hold.
    #[error("the character {character:?} is not allowed in this payload")]
    Character {
        /// The first such character.
        character: char,
    },
    /// The application identifiers break a rule of GS1.
    #[error(transparent)]
    Elements(#[from] Fault),
    /// The limit is 48 characters for GS1-128, 80 for Code 128, and 512 for any symbology. Use a two-dimensional symbology.
    #[error("the payload is too long for this symbology")]
    TooLong,
}
