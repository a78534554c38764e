//! The interpretation of a scan. Owns the order of the tests: own label, what the carrier says, what the text looks like. It
//! must never refuse a scan that holds anything: what is not understood stays an opaque code with a warning.
//!
//! Each test pushes candidates, the most likely first, and warnings. [`understand`] removes repetitions and applies
//! [`MAX_CANDIDATES`].

use alloc::string::String;
use alloc::vec::Vec;

use crate::check::{all_digits, label_check, split_last};
use crate::code39;
use crate::digital_link::{self, is_web_address};
use crate::distributor::{self, Message};
use crate::element::{self, Elements, GS};
use crate::fault::{Fault, InputError, Warning};
use crate::gtin::{Circulation, Gtin};
use crate::input::{CleanedScan, Context, InputSource, ScanInput, clean_scan, with_separators};
use crate::layout::KeyboardLayout;
use crate::meaning::{CodeKind, Confidence, Meaning, ScanCandidate};
use crate::number::{Amount, Decimal, Measure};
use crate::restricted::InStoreValue;
use crate::symbology::Symbology;
use crate::{MAX_CANDIDATES, MAX_PATTERNS, missing};

/// Interprets one scan. Pure: the same input and context always give the same meaning, and nothing is stored.
///
/// The answer has at least one candidate, the standard interpretation first. Where the standard would refuse the code (a wrong
/// check digit, an impossible date) the scan is an opaque code with a warning, because the goods exist whatever the label says.
///
/// # Errors
/// [`InputError`]: the text is empty or too long. The scan cannot be looked up; tell the person.
///
/// # Examples
/// ```
/// use stocksync_gs1::{CodeKind, Confidence, Context, ScanInput, Scheme, Symbology, understand};
///
/// let context = Context::new(2026);
///
/// // A GS1 DataMatrix: GTIN, expiry and lot. `]d2` is the symbology identifier that the scanner sent in front.
/// let meaning = understand(&ScanInput::new("]d201095011015300031727013110AB-123"), &context)?;
/// let item = &meaning.candidates[0];
/// assert_eq!((item.kind, item.confidence), (CodeKind::ElementString, Confidence::Certain));
/// assert_eq!(item.gtin.map(|gtin| gtin.to_string()).as_deref(), Some("09501101530003"));
/// assert_eq!(item.lot_code(), "10:AB-123");
/// assert_eq!(meaning.symbology, Some(Symbology::Gs1DataMatrix));
///
/// // Keys to look up, in this order: the exact text first, because a barcode that the tenant assigned beats every parse.
/// assert_eq!(meaning.lookup_keys()[0].0, Scheme::Raw);
/// assert_eq!(meaning.lookup_keys()[1], (Scheme::Gtin, "09501101530003".to_owned()));
///
/// // A wrong check digit is no error: the scan is an opaque code, and a warning says why.
/// let meaning = understand(&ScanInput::new("4006381333932"), &context)?;
/// assert_eq!(meaning.candidates[0].kind, CodeKind::Opaque);
/// assert_eq!(meaning.warnings.len(), 1);
/// # Ok::<(), stocksync_gs1::InputError>(())
/// ```
pub fn understand(input: &ScanInput, context: &Context) -> Result<Meaning, InputError> {
    let clean = clean_scan(input, &context.profile)?;
    let mut interpreter = Interpreter { context, candidates: Vec::new(), warnings: clean.warnings.clone() };
    interpreter.interpret(&clean);
    if input.source == InputSource::Keyboard && context.profile.layout == KeyboardLayout::Same {
        interpreter.suggest_french_keyboard(&clean);
    }
    let mut meaning = Meaning {
        raw: String::from(input.text),
        text: clean.text,
        symbology: clean.symbology,
        candidates: Vec::new(),
        warnings: Vec::new(),
    };
    for candidate in interpreter.candidates {
        if meaning.candidates.len() < MAX_CANDIDATES && !meaning.candidates.contains(&candidate) {
            meaning.candidates.push(candidate);
        }
    }
    for warning in interpreter.warnings {
        if !meaning.warnings.contains(&warning) {
            meaning.warnings.push(warning);
        }
    }
    Ok(meaning)
}

/// The candidates and warnings of one scan as they are found.
struct Interpreter<'a> {
    context: &'a Context,
    candidates: Vec<ScanCandidate>,
    warnings: Vec<Warning>,
}

impl Interpreter<'_> {
    /// Chooses the test by own label, then by the carrier, then by the form of the text.
    fn interpret(&mut self, clean: &CleanedScan) {
        let text = clean.text.as_str();
        if self.try_own_label(text) {
            return;
        }
        if clean.leading_fnc1 {
            return self.read_gs1_text(text);
        }
        match clean.symbology {
            Some(symbology) if symbology.is_gs1() => self.read_gs1_text(text),
            Some(Symbology::Ean13 | Symbology::EanWithAddOn | Symbology::UpcA | Symbology::UpcE | Symbology::Ean8) => {
                self.read_retail(clean);
            }
            Some(Symbology::AddOn) => {
                self.warnings.push(Warning::AddOnIgnored);
                self.push_opaque(text);
            }
            Some(Symbology::DataBar) => self.read_data_bar(text),
            Some(Symbology::Itf14) => self.push_number(text, Confidence::Certain, Gtin::parse),
            Some(Symbology::Itf) if text.len() == 14 => self.push_number(text, Confidence::Inferred, Gtin::parse),
            Some(Symbology::Itf) => self.push_opaque(text),
            Some(Symbology::Code128) => {
                // Warehouses print Code 128 for anything; a number in it is only perhaps an item.
                self.push_opaque(text);
                self.read_by_form(text);
            }
            Some(Symbology::Code39) => {
                self.read_by_form(text);
                // Nothing in the symbol says which was printed, so both are looked up.
                for other in [code39::full_ascii(text), code39::medicine(text)].into_iter().flatten() {
                    self.candidates.push(ScanCandidate::new(CodeKind::Opaque, Confidence::Inferred, &other));
                }
            }
            _ => self.read_by_form(text),
        }
    }

    /// Adds the text as a code without inner structure.
    fn push_opaque(&mut self, text: &str) {
        self.candidates.push(ScanCandidate::new(CodeKind::Opaque, Confidence::Certain, text));
    }

    /// Adds the text as an opaque code, with the fault as a warning.
    fn push_not_understood(&mut self, text: &str, fault: Fault) {
        self.warnings.push(Warning::NotUnderstood(fault));
        self.push_opaque(text);
    }

    /// Adds the text as a label of the tenant if it begins with the tenant's prefix; answers whether it does.
    fn try_own_label(&mut self, text: &str) -> bool {
        let Some(labels) = self.context.own_labels.as_ref().filter(|labels| !labels.prefix.is_empty()) else {
            return false;
        };
        let Some(code) = text.strip_prefix(labels.prefix.as_str()).filter(|code| !code.is_empty()) else {
            return false;
        };
        let code = if labels.checked {
            split_last(code).filter(|(body, check)| label_check(body) == Some(*check)).map(|(body, _)| body)
        } else {
            Some(code)
        };
        match code {
            Some(code) => {
                let mut candidate = ScanCandidate::new(CodeKind::OwnLabel, Confidence::Certain, text);
                candidate.own_label = Some(String::from(code));
                self.candidates.push(candidate);
            }
            None => {
                self.warnings.push(Warning::LabelCheck);
                self.push_opaque(text);
            }
        }
        true
    }

    /// Reads the text of a carrier that promises application identifiers.
    fn read_gs1_text(&mut self, text: &str) {
        if text.starts_with('(') {
            // Some decoders print DataBar Expanded with brackets; no AI begins with one.
            return self.push_elements(
                text,
                element::parse_bracketed(text),
                CodeKind::ElementString,
                Confidence::Certain,
            );
        }
        if is_web_address(text) {
            return self.read_by_form(text);
        }
        let separated = with_separators(text, &self.context.profile);
        self.push_elements(text, element::parse(&separated), CodeKind::ElementString, Confidence::Certain);
        self.push_alternatives(text, missing::readings(&separated));
    }

    /// Adds an element string that was parsed, or the text as an opaque code.
    fn push_elements(&mut self, text: &str, read: Result<Elements, Fault>, kind: CodeKind, confidence: Confidence) {
        match read {
            Ok(elements) => {
                self.warnings.extend(elements.warnings);
                let year = self.context.current_year;
                self.candidates.push(ScanCandidate::from_elements(kind, confidence, text, elements.list, year));
            }
            Err(fault) => self.push_not_understood(text, fault),
        }
    }

    /// Adds the interpretations that a missing separator makes possible.
    fn push_alternatives(&mut self, text: &str, readings: Vec<Vec<element::Element>>) {
        if !readings.is_empty() {
            self.warnings.push(Warning::MissingSeparator);
        }
        for list in readings {
            let year = self.context.current_year;
            let kind = CodeKind::ElementString;
            self.candidates.push(ScanCandidate::from_elements(kind, Confidence::Ambiguous, text, list, year));
        }
    }

    /// Adds the number that `parse` makes of the text, or the text as an opaque code.
    fn push_number(&mut self, text: &str, confidence: Confidence, parse: fn(&str) -> Result<Gtin, Fault>) {
        match parse(text) {
            Ok(gtin) => self.push_item(gtin, confidence, text),
            Err(fault) => self.push_not_understood(text, fault),
        }
    }

    /// Adds a number that stands alone; of an in-store code also the value that each matching pattern finds in it.
    fn push_item(&mut self, gtin: Gtin, confidence: Confidence, text: &str) {
        let plain = ScanCandidate::from_gtin(gtin, confidence, text);
        if gtin.circulation() != Circulation::Region {
            return self.candidates.push(plain);
        }
        let mut read = Vec::new();
        for found in self.context.restricted.iter().take(MAX_PATTERNS).filter_map(|pattern| pattern.read(&gtin)) {
            match found {
                Ok(found) if !read.contains(&found) => read.push(found),
                Ok(_) => {}
                Err(_) => self.warnings.push(Warning::ValueCheckDigit),
            }
        }
        let confidence = if read.len() > 1 { Confidence::Ambiguous } else { confidence };
        for found in &read {
            let mut candidate = ScanCandidate { confidence, restricted_key: Some(found.key.clone()), ..plain.clone() };
            set_inside(&mut candidate, found.inside, found.value);
            self.candidates.push(candidate);
        }
        if read.is_empty() {
            self.candidates.push(plain);
        }
    }

    /// Reads the text of an EAN or UPC symbol, which may have an add-on or a composite part.
    fn read_retail(&mut self, clean: &CleanedScan) {
        let text = clean.text.as_str();
        let (digits, composite) = text.split_once("|]e0").map_or((text, None), |(digits, part)| (digits, Some(part)));
        let (digits, add_on) = match digits.split_at_checked(13) {
            Some((number, rest)) if matches!(rest.trim_start().len(), 2 | 5) => (number, rest.trim_start()),
            _ => (digits, ""),
        };
        let with_add_on = clean.symbology == Some(Symbology::EanWithAddOn) && all_digits(add_on);
        if with_add_on {
            self.warnings.push(Warning::AddOnIgnored);
        } else if !add_on.is_empty() {
            return self.push_not_understood(text, Fault::Length { found: text.len() });
        }
        // Decoders that do not announce the symbol drop the zero that makes UPC-A an EAN-13.
        // EAN-8 has an identifier of its own: eight digits beside that of EAN-13 are a UPC-E as printed.
        let upc_e = digits.len() == 8 && matches!(clean.symbology, Some(Symbology::UpcE | Symbology::Ean13));
        let lengths: &[usize] = match clean.symbology {
            _ if upc_e => &[8],
            Some(Symbology::Ean8) => &[8],
            Some(Symbology::UpcE) => &[12, 13],
            _ if clean.announced => &[13],
            _ => &[12, 13],
        };
        let gtin = match digits.bytes().position(|b| !b.is_ascii_digit()) {
            Some(at) => Err(Fault::NotDigits { at }),
            None if !lengths.contains(&digits.len()) => Err(Fault::Length { found: digits.len() }),
            None if upc_e => Gtin::from_upc_e(digits),
            None => Gtin::parse(digits),
        };
        match (gtin, composite) {
            (Ok(gtin), None) => self.push_item(gtin, Confidence::Certain, text),
            (Ok(gtin), Some(part)) => self.read_composite(text, gtin, part),
            (Err(fault), _) => self.push_not_understood(text, fault),
        }
    }

    /// Reads the two-dimensional part above an EAN or UPC symbol: application identifiers of the same item.
    fn read_composite(&mut self, text: &str, gtin: Gtin, part: &str) {
        let separated = with_separators(part, &self.context.profile);
        let at = text.len() - part.len();
        let read = crate::ai::Ai::parse("01").ok_or(Fault::Empty).and_then(|ai| {
            let mut elements = Elements::default();
            elements.add(ai, gtin.as_str(), 0)?;
            element::parse_after(elements, &separated, at)
        });
        match read {
            Ok(elements) => self.push_elements(text, Ok(elements), CodeKind::ElementString, Confidence::Certain),
            Err(fault) => {
                // The linear symbol is complete without the composite part.
                self.warnings.push(Warning::NotUnderstood(fault));
                self.push_item(gtin, Confidence::Certain, text);
            }
        }
    }

    /// Reads a DataBar of one number as decoders print it: 14 digits, or 15 with the flag of a composite part in front.
    fn read_data_bar(&mut self, text: &str) {
        let flagged = text.strip_prefix('1').filter(|_| text.len() == 15 && all_digits(text));
        if let Some((body, _)) = flagged.and_then(split_last) {
            self.warnings.push(Warning::LinkageFlagRemoved);
            return self.push_number(body, Confidence::Certain, Gtin::from_body);
        }
        if text.len() == 14 && all_digits(text) {
            return self.push_number(text, Confidence::Certain, Gtin::parse);
        }
        self.read_gs1_text(text);
    }

    /// Reads a text about whose carrier nothing is known. The tests are in the order in which a wrong guess does least harm.
    fn read_by_form(&mut self, text: &str) {
        if is_web_address(text) {
            return match digital_link::parse(text) {
                // Most web addresses are not Digital Links.
                Err(Fault::NotDigitalLink) => self.push_opaque(text),
                read => self.push_elements(text, read, CodeKind::DigitalLink, Confidence::Certain),
            };
        }
        if distributor::is_message(text) {
            return self.read_message(text);
        }
        if text.starts_with('(') && text.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            return self.push_elements(
                text,
                element::parse_bracketed(text),
                CodeKind::ElementString,
                Confidence::Inferred,
            );
        }
        let separated = with_separators(text, &self.context.profile);
        if separated != text || text.contains(GS) {
            self.push_elements(text, element::parse(&separated), CodeKind::ElementString, Confidence::Inferred);
            return self.push_alternatives(text, missing::readings(&separated));
        }
        if all_digits(text) && matches!(text.len(), 8 | 12 | 13 | 14) {
            return self.read_digits(text);
        }
        self.read_unmarked_elements(text);
    }

    /// Reads 8, 12, 13 or 14 digits. Eight may be GTIN-8 or UPC-E, which are different numbers.
    fn read_digits(&mut self, text: &str) {
        let plain = Gtin::parse(text);
        let expanded = Gtin::from_upc_e(text).ok();
        let confidence = if plain.is_ok() && expanded.is_some() { Confidence::Ambiguous } else { Confidence::Inferred };
        for gtin in plain.ok().into_iter().chain(expanded) {
            self.push_item(gtin, confidence, text);
        }
        if let (Err(fault), None) = (plain, expanded) {
            self.push_not_understood(text, fault);
        }
    }

    /// Reads an element string that nothing announces: accepted only if it begins with a key whose check digit is right,
    /// because `1012345` is also a plain warehouse number.
    fn read_unmarked_elements(&mut self, text: &str) {
        let begins_with_key = ["00", "01", "02", "8006"].iter().any(|key| text.starts_with(key));
        match element::parse(text) {
            Ok(elements) if begins_with_key => {
                self.push_elements(text, Ok(elements), CodeKind::ElementString, Confidence::Inferred);
                self.push_alternatives(text, missing::readings(text));
            }
            _ => {
                self.push_opaque(text);
                self.push_alternatives(text, missing::readings_of_unmarked(text));
            }
        }
    }

    /// Reads an ISO/IEC 15434 message.
    fn read_message(&mut self, text: &str) {
        match distributor::parse(text) {
            Ok(Message::Elements(content)) => {
                self.push_elements(text, element::parse(content), CodeKind::ElementString, Confidence::Certain);
            }
            Ok(Message::Fields { fields, complete }) => {
                if !complete {
                    self.warnings.push(Warning::EnvelopeIncomplete);
                }
                let mut candidate = ScanCandidate::new(CodeKind::Distributor, Confidence::Certain, text);
                let field =
                    |id: &str| fields.iter().find(|field| field.identifier == id).map(|field| field.value.clone());
                candidate.lot = field("1T");
                candidate.serial = field("S");
                candidate.quantity = field("Q").and_then(|quantity| Decimal::parse(&quantity));
                candidate.fields = fields;
                self.candidates.push(candidate);
            }
            Err(fault) => self.push_not_understood(text, fault),
        }
    }

    /// Adds what a typed text would mean on a French keyboard, if it has no digit but characters of the French digit row.
    fn suggest_french_keyboard(&mut self, clean: &CleanedScan) {
        if clean.announced || !KeyboardLayout::looks_french(&clean.text) {
            return;
        }
        let layout = KeyboardLayout::FrenchAzerty;
        let repaired =
            ScanInput { text: &layout.repair(&clean.text), symbology: clean.symbology, source: InputSource::Serial };
        if let Ok(meaning) = understand(&repaired, self.context) {
            self.warnings.push(Warning::LayoutRepaired(layout));
            self.candidates.extend(
                meaning
                    .candidates
                    .into_iter()
                    .map(|candidate| ScanCandidate { confidence: Confidence::Ambiguous, ..candidate }),
            );
        }
    }
}

/// Stores the value of an in-store code in the field of its kind.
fn set_inside(candidate: &mut ScanCandidate, inside: InStoreValue, value: Decimal) {
    match inside {
        InStoreValue::Price => candidate.price = Some(Amount { value, currency: None }),
        InStoreValue::Weight => {
            candidate.measures.push(Measure { name: "NET WEIGHT", unit: "kg", logistic: false, value });
        }
        InStoreValue::Count => candidate.variable_count = Some(value.mantissa),
    }
}
