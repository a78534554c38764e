//! From what a device delivered to one text. Owns the removal of what devices add, and the profiles that state what they add.
//! It must never change a character of the code itself, case and inner spaces included.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::MAX_INPUT_BYTES;
use crate::element::GS;
use crate::fault::{InputError, Warning};
use crate::layout::KeyboardLayout;
use crate::restricted::Pattern;
use crate::symbology::Symbology;

/// Where a scan came from. Only text that was typed is translated back from a keyboard layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum InputSource {
    /// A camera and a decoder in software.
    #[default]
    Camera,
    /// A scanner that types (HID), or a person.
    Keyboard,
    /// A broadcast of the scanner's vendor.
    Intent,
    /// A serial or Bluetooth port.
    Serial,
}

/// One scan as a device delivered it.
///
/// ```
/// use stocksync_gs1::{InputSource, ScanInput, Symbology};
///
/// let from_camera = ScanInput::new("4006381333931");
/// let from_intent = ScanInput { symbology: Some(Symbology::Ean13), source: InputSource::Intent, ..from_camera };
/// assert_eq!(from_intent.text, "4006381333931");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScanInput<'a> {
    /// As delivered, up to [`MAX_INPUT_BYTES`]. For bytes see [`text_from_bytes`].
    pub text: &'a str,
    /// What the device says the symbol is. An identifier inside the text is more exact and wins, if it is of the same family.
    pub symbology: Option<Symbology>,
    /// Who delivered it.
    pub source: InputSource,
}

impl<'a> ScanInput<'a> {
    /// A text of which only the characters are known, as from a camera.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, symbology: None, source: InputSource::Camera }
    }
}

/// The text of a device that delivers bytes: decoded as UTF-8 if it is valid, else as ISO 8859-1, which loses nothing.
///
/// ```
/// assert_eq!(stocksync_gs1::text_from_bytes(b"CR\xc8ME"), "CR\u{c8}ME"); // not UTF-8
/// ```
#[must_use]
pub fn text_from_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// How one scanner is configured. The default fits cameras and most scanners.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeviceProfile {
    /// What this scanner sends for the separator besides 0x1D, such as `|` or `~`. Safe are space ``#$@[\]^`{|}~``, which
    /// no value of character set 82 holds (`#` may stand in AI 8010). Anything else can be part of a lot or serial.
    pub fnc1_aliases: Vec<String>,
    /// The keyboard of the host; only used for [`InputSource::Keyboard`].
    pub layout: KeyboardLayout,
    /// Keep a trailing CR, LF, CR LF, TAB or NUL, because codes here really end with one.
    pub keep_terminator: bool,
}

/// Labels that a tenant prints for its own objects: a prefix, a code, and (if `checked`) a check character.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnLabels {
    /// What every such label begins with; an empty one matches nothing. It wins over every other reading, so choose one that
    /// no goods carry.
    pub prefix: String,
    /// The last character is [`label_check`](crate::label_check) of the code.
    pub checked: bool,
}

/// What the interpretation of a scan depends on besides the scan: configuration of the tenant and the device, and the year.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    /// For the century of two-digit years: this library reads no clock.
    pub current_year: u16,
    /// Of the device that scanned.
    pub profile: DeviceProfile,
    /// Of the tenant.
    pub own_labels: Option<OwnLabels>,
    /// The tenant's in-store codes, at most [`MAX_PATTERNS`](crate::MAX_PATTERNS) are tried; see
    /// [`Region::patterns`](crate::Region::patterns).
    pub restricted: Vec<Pattern>,
}

impl Context {
    /// A context without own labels and in-store codes, with the default profile.
    #[must_use]
    pub fn new(current_year: u16) -> Self {
        Self { current_year, profile: DeviceProfile::default(), own_labels: None, restricted: Vec::new() }
    }
}

/// A scan without what the device added.
#[derive(Debug)]
pub(crate) struct CleanedScan {
    /// Without symbology identifier and leading FNC1.
    pub text: String,
    pub symbology: Option<Symbology>,
    /// The identifier stood in the text, so the data is exactly what the standard says.
    pub announced: bool,
    /// FNC1 stood in first place.
    pub leading_fnc1: bool,
    pub warnings: Vec<Warning>,
}

/// Removes what the device added, and finds the symbology identifier.
pub(crate) fn clean_scan(input: &ScanInput, profile: &DeviceProfile) -> Result<CleanedScan, InputError> {
    let bytes = input.text.len();
    if bytes > MAX_INPUT_BYTES {
        return Err(InputError::TooLong { bytes });
    }
    let invisible = |c: &char| matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}');
    let mut text: String = input.text.chars().filter(|c| !invisible(c)).collect();
    if !profile.keep_terminator {
        text.truncate(without_terminator(&text).len());
    }
    let mut warnings = Vec::new();
    if input.source == InputSource::Keyboard && profile.layout != KeyboardLayout::Same {
        let repaired = profile.layout.repair(&text);
        if repaired != text {
            warnings.push(Warning::LayoutRepaired(profile.layout));
            text = repaired;
        }
    }
    let mut symbology = input.symbology;
    let id = text.get(..3).and_then(Symbology::from_aim);
    // A QR code may well hold the text "]C1…": an identifier of another family than the device states is data.
    let announced = id.filter(|id| symbology.is_none_or(|hint| hint.same_family(*id)));
    if announced.is_some() {
        symbology = announced;
        text.drain(..3);
    }
    let rest = text.trim_start_matches(GS);
    let leading_fnc1 = rest.len() < text.len();
    let text = String::from(rest);
    if text.is_empty() {
        return Err(InputError::Empty);
    }
    Ok(CleanedScan { text, symbology, announced: announced.is_some(), leading_fnc1, warnings })
}

fn without_terminator(text: &str) -> &str {
    ["\r\n", "\r", "\n", "\t", "\0"].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text)
}

/// The text with the device's aliases turned into separators, leading ones dropped.
pub(crate) fn with_separators(text: &str, profile: &DeviceProfile) -> String {
    let mut separated = String::from(text);
    for alias in profile.fnc1_aliases.iter().filter(|alias| !alias.is_empty()) {
        if separated.contains(alias.as_str()) {
            separated = separated.replace(alias.as_str(), "\u{1d}");
        }
    }
    String::from(separated.trim_start_matches(GS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        clean_scan(&ScanInput::new(text), &DeviceProfile::default()).unwrap().text
    }

    #[test]
    fn devices_add_and_we_remove() {
        for (text, expected) in [
            ("\u{feff}ABC\r\n", "ABC"),
            ("ABC\n\n", "ABC\n"),
            ("ABC\t", "ABC"),
            ("ABC\0", "ABC"),
            (" A\u{200b}B  C ", " AB  C "),
            ("]C1\u{1d}\u{1d}10A", "10A"),
            ("]x", "]x"),
            ("é€", "é€"),
        ] {
            assert_eq!(cleaned(text), expected);
        }
    }

    #[test]
    fn limits() {
        let profile = DeviceProfile::default();
        let of = |text: &str| clean_scan(&ScanInput::new(text), &profile).map(|clean| clean.text.len());
        assert_eq!(of(&"A".repeat(4096)), Ok(4096));
        assert_eq!(of(&"A".repeat(4097)), Err(InputError::TooLong { bytes: 4097 }));
        for text in ["", "\r\n", "\u{feff}", "]C1", "\u{1d}"] {
            assert_eq!(of(text), Err(InputError::Empty));
        }
    }

    #[test]
    fn bytes_become_text_without_loss() {
        assert_eq!(text_from_bytes(b"AB\xc3\xa9"), "ABé");
        assert_eq!(text_from_bytes(b"AB\xe9"), "ABé");
    }
}
