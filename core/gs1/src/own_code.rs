//! Printed codes of Stocksync itself: a location, or a command to the scanning shift.
//!
//! Owns the prefixes, and the check character at the end of each text. Must never decide which commands exist or where a
//! location is.

use alloc::string::String;

use crate::encode::own_label;
use crate::label_check;

const COMMAND: &str = "-S/";
const LOCATION: &str = "-L/";

/// One printed code: a prefix, the text below, and a check character (ISO/IEC 7064 MOD 37,36).
///
/// ```
/// use stocksync_gs1::{MisreadCode, OwnCode};
///
/// let printed = OwnCode::Location("A-01").encode();
/// let printed = printed.as_deref().unwrap_or_default();
/// assert!(printed.starts_with("-L/A-01"));
/// assert_eq!(OwnCode::decode(printed), Some(Ok(OwnCode::Location("A-01"))));
/// assert_eq!(OwnCode::decode("-L/A-010"), Some(Err(MisreadCode)));
/// assert_eq!(OwnCode::decode("4006381333931"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnCode<'text> {
    /// The code of a location, such as `A-01-03`.
    Location(&'text str),
    /// The word of a command, such as `RECEIVE`.
    Command(&'text str),
}

/// The text begins as an [`OwnCode`], but its check character is missing or wrong: the label was misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the check character of the label is wrong: scan it again")]
pub struct MisreadCode;

impl<'text> OwnCode<'text> {
    /// The text to print. `None` if the code or word holds neither digit nor capital letter.
    #[must_use]
    pub fn encode(self) -> Option<String> {
        match self {
            Self::Location(code) => own_label(LOCATION, code),
            Self::Command(word) => own_label(COMMAND, word),
        }
    }

    /// The code in a scanned text. `None` if the text does not begin as one of these codes.
    ///
    /// # Errors
    /// [`MisreadCode`] if the check character is missing or wrong: ask for another scan.
    pub fn decode(text: &'text str) -> Option<Result<Self, MisreadCode>> {
        let (kind, body): (fn(&'text str) -> Self, _) = match (text.strip_prefix(LOCATION), text.strip_prefix(COMMAND))
        {
            (Some(body), _) => (Self::Location, body),
            (_, Some(body)) => (Self::Command, body),
            _ => return None,
        };
        let mut code = body.chars();
        let check = code.next_back();
        let code = code.as_str();
        let holds = check.is_some() && label_check(code) == check;
        Some(if holds { Ok(kind(code)) } else { Err(MisreadCode) })
    }
}
