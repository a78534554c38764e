//! What a symbol says: checked before it is printed, because a printed label is read for years. Owns which characters a
//! payload may hold and how it reads for people; it never draws, and gives no meaning to a code of our own.

use stocksync_gs1::encode::{element_string, in_print_order};
use stocksync_gs1::{Element, Fault, OwnCode};
use stocksync_scan::encode::{self, Modules};

use stocksync_schemas::limits::LABEL_PAYLOAD_BYTES;

use super::Symbology;

/// What a symbol holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// A code of our own (place, command, serial): digits, capitals and `-.:/` only. A scanner that types sends keys, and
    /// a keyboard layout gives them other characters; these are the ones that every layout has on a key of its own, never on
    /// a dead key that swallows the next one, and that Caps Lock cannot change, so [`stocksync_gs1::KeyboardLayout`] brings them back.
    Code(String),
    /// Any printable ASCII text, such as a web address or a code that others made. Cameras and scanners that do not type
    /// read it; one that types does if both sides agree about the keyboard.
    Text(String),
    /// GS1 application identifiers: the symbol begins with FNC1, separators stand only where they are needed.
    Elements(Vec<Element>),
}

/// What [`Payload::Code`] may hold beside digits and capitals.
const SIGNS: &str = "-.:/";

impl Payload {
    /// The label of a place, as a shift reads it: with its prefix and check character.
    ///
    /// # Errors
    /// [`PayloadError::Empty`] if `code` holds neither digit nor capital, [`PayloadError::Character`] if another than a code
    /// may hold: give the place a code that every scanner reads.
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
        safe(&text, is_code)?;
        Ok(Self::Code(text))
    }

    /// Elements from AIs and values, in any order: `("01", "09501101530003")`, `("17", "270131")`.
    ///
    /// # Errors
    /// [`PayloadError::Elements`] with what is wrong: an unknown AI, a wrong check digit, a date that is none, two AIs that
    /// exclude each other.
    pub fn elements<A: AsRef<str>, V: AsRef<str>>(pairs: &[(A, V)]) -> Result<Self, PayloadError> {
        let element = |(ai, value): &(A, V)| Element::new(ai.as_ref(), value.as_ref());
        let elements = pairs.iter().map(element).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::Elements(in_print_order(elements)?))
    }

    /// Are there application identifiers in it?
    pub(super) fn is_gs1(&self) -> bool {
        matches!(self, Self::Elements(_))
    }

    /// The modules of the symbol.
    pub(super) fn modules(&self, symbology: Symbology) -> Result<Modules, PayloadError> {
        let (text, gs1) = match self {
            Self::Code(text) => (safe(text, is_code)?.to_owned(), false),
            Self::Text(text) => (safe(text, |c| matches!(c, ' '..='~'))?.to_owned(), false),
            // Once more: a caller may have put the list together without `elements`.
            Self::Elements(elements) => (element_string(&in_print_order(elements.clone())?), true),
        };
        // A percent sign must be doubled in one mode of GS1 QR Code, and readers (rxing's among them) fail on that.
        if gs1 && symbology == Symbology::Qr && text.contains('%') {
            return Err(PayloadError::Character { character: '%' });
        }
        // GS1-128 ends at 48 characters of data, separators included (General Specifications 5.4.4.6).
        let long = text.len() > LABEL_PAYLOAD_BYTES || (gs1 && symbology == Symbology::Code128 && text.len() > 48);
        let modules = match symbology {
            _ if long => None,
            Symbology::Code128 => encode::code128(&text, gs1),
            Symbology::Qr => encode::qr(&text, gs1),
            Symbology::DataMatrix => encode::data_matrix(&text, gs1),
        };
        modules.ok_or(PayloadError::TooLong)
    }

    /// The same for people, in pieces that are better not broken.
    pub(super) fn readable(&self) -> Vec<String> {
        match self {
            Self::Code(text) | Self::Text(text) => vec![text.clone()],
            Self::Elements(elements) => elements.iter().map(|it| format!("({}){}", it.ai, it.value)).collect(),
        }
    }
}

fn is_code(character: char) -> bool {
    character.is_ascii_digit() || character.is_ascii_uppercase() || SIGNS.contains(character)
}

fn safe(text: &str, allowed: impl Fn(char) -> bool) -> Result<&str, PayloadError> {
    if text.is_empty() {
        return Err(PayloadError::Empty);
    }
    match text.chars().find(|c| !allowed(*c)) {
        Some(character) => Err(PayloadError::Character { character }),
        None => Ok(text),
    }
}

/// Why a payload is not printed: a label that cannot be read is worse than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// There is nothing to print.
    #[error("the payload is empty")]
    Empty,
    /// A character that this kind of payload may not hold.
    #[error("the character {character:?} may not stand in this payload")]
    Character {
        /// The first of them.
        character: char,
    },
    /// The application identifiers break a rule.
    #[error(transparent)]
    Elements(#[from] Fault),
    /// More than the symbol holds: 48 characters for GS1-128, 80 for Code 128, 512 for any. Take a two-dimensional one.
    #[error("the payload is too long for this symbol")]
    TooLong,
}
