//! Which reading a scan gets. Owns the order of the questions: own label, what the carrier says, what the text looks like.
//! It never refuses a scan that holds anything: what is not understood stays an opaque code with a warning.

use alloc::string::String;
use alloc::vec::Vec;

use crate::check::{all_digits, label_check, split_last};
use crate::code39;
use crate::digital_link::{self, is_web_address};
use crate::distributor::{self, Message};
use crate::element::{self, Elements, GS};
use crate::fault::{Fault, InputError, Warning};
use crate::gtin::{Circulation, Gtin};
use crate::input::{Clean, Context, InputSource, ScanInput, clean, with_separators};
use crate::layout::KeyboardLayout;
use crate::meaning::{CodeKind, Confidence, Meaning, ScanCandidate};
use crate::number::{Amount, Decimal, Measure};
use crate::restricted::InStoreValue;
use crate::symbology::Symbology;
use crate::{MAX_CANDIDATES, MAX_PATTERNS, missing};

/// Reads one scan. Pure: the same input and context always give the same meaning.
///
/// The answer holds at least one candidate, the standard reading first. Where the standard would refuse (a wrong check
/// digit, an impossible date) the scan is an opaque code with a warning, because the goods are real whatever the label says.
///
/// # Errors
/// [`InputError`]: there is nothing to read, or too much. The scan cannot be looked up; tell the person.
pub fn understand(input: &ScanInput, context: &Context) -> Result<Meaning, InputError> {
    let clean = clean(input, &context.profile)?;
    let mut reader = Interpreter { context, candidates: Vec::new(), warnings: clean.warnings.clone() };
    reader.read(&clean);
    if input.source == InputSource::Keyboard && context.profile.layout == KeyboardLayout::Same {
        reader.suggest_french_keyboard(&clean);
    }
    let mut meaning = Meaning {
        raw: String::from(input.text),
        text: clean.text,
        symbology: clean.symbology,
        candidates: Vec::new(),
        warnings: Vec::new(),
    };
    for candidate in reader.candidates {
        if meaning.candidates.len() < MAX_CANDIDATES && !meaning.candidates.contains(&candidate) {
            meaning.candidates.push(candidate);
        }
    }
    for warning in reader.warnings {
        if !meaning.warnings.contains(&warning) {
            meaning.warnings.push(warning);
        }
    }
    Ok(meaning)
}

struct Interpreter<'a> {
    context: &'a Context,
    candidates: Vec<ScanCandidate>,
    warnings: Vec<Warning>,
}

impl Interpreter<'_> {
    fn read(&mut self, clean: &Clean) {
        let text = clean.text.as_str();
        if self.own_label(text) {
            return;
        }
        if clean.leading_fnc1 {
            return self.marked(text);
        }
        match clean.symbology {
            Some(symbology) if symbology.is_gs1() => self.marked(text),
            Some(Symbology::Ean13 | Symbology::EanWithAddOn | Symbology::UpcA | Symbology::UpcE | Symbology::Ean8) => {
                self.retail(clean);
            }
            Some(Symbology::AddOn) => {
                self.warnings.push(Warning::AddOnIgnored);
                self.opaque(text);
            }
            Some(Symbology::DataBar) => self.data_bar(text),
            Some(Symbology::Itf14) => self.number(text, Confidence::Certain, Gtin::parse),
            Some(Symbology::Itf) if text.len() == 14 => self.number(text, Confidence::Inferred, Gtin::parse),
            Some(Symbology::Itf) => self.opaque(text),
            Some(Symbology::Code128) => {
                // Warehouses print Code 128 for anything; a number in it is only perhaps an item.
                self.opaque(text);
                self.by_form(text);
            }
            Some(Symbology::Code39) => {
                self.by_form(text);
                // Nothing in the symbol says which was printed, so both are looked up.
                for other in [code39::full_ascii(text), code39::medicine(text)].into_iter().flatten() {
                    self.candidates.push(ScanCandidate::new(CodeKind::Opaque, Confidence::Inferred, &other));
                }
            }
            _ => self.by_form(text),
        }
    }

    fn opaque(&mut self, text: &str) {
        self.candidates.push(ScanCandidate::new(CodeKind::Opaque, Confidence::Certain, text));
    }

    fn not_understood(&mut self, text: &str, fault: Fault) {
        self.warnings.push(Warning::NotUnderstood(fault));
        self.opaque(text);
    }

    fn own_label(&mut self, text: &str) -> bool {
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
                self.opaque(text);
            }
        }
        true
    }

    /// Text of a carrier that promises application identifiers.
    fn marked(&mut self, text: &str) {
        if text.starts_with('(') {
            // Some decoders print DataBar Expanded with brackets; no AI begins with one.
            return self.elements(text, element::parse_bracketed(text), CodeKind::ElementString, Confidence::Certain);
        }
        if is_web_address(text) {
            return self.by_form(text);
        }
        let separated = with_separators(text, &self.context.profile);
        self.elements(text, element::parse(&separated), CodeKind::ElementString, Confidence::Certain);
        self.other_readings(text, missing::readings(&separated));
    }

    fn elements(&mut self, text: &str, read: Result<Elements, Fault>, kind: CodeKind, confidence: Confidence) {
        match read {
            Ok(elements) => {
                self.warnings.extend(elements.warnings);
                let year = self.context.current_year;
                self.candidates.push(ScanCandidate::from_elements(kind, confidence, text, elements.list, year));
            }
            Err(fault) => self.not_understood(text, fault),
        }
    }

    fn other_readings(&mut self, text: &str, readings: Vec<Vec<element::Element>>) {
        if !readings.is_empty() {
            self.warnings.push(Warning::MissingSeparator);
        }
        for list in readings {
            let year = self.context.current_year;
            let kind = CodeKind::ElementString;
            self.candidates.push(ScanCandidate::from_elements(kind, Confidence::Ambiguous, text, list, year));
        }
    }

    fn number(&mut self, text: &str, confidence: Confidence, parse: fn(&str) -> Result<Gtin, Fault>) {
        match parse(text) {
            Ok(gtin) => self.item(gtin, confidence, text),
            Err(fault) => self.not_understood(text, fault),
        }
    }

    /// A number that stands alone, with what an in-store code has inside.
    fn item(&mut self, gtin: Gtin, confidence: Confidence, text: &str) {
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

    /// EAN and UPC symbols, perhaps with an add-on or a composite part.
    fn retail(&mut self, clean: &Clean) {
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
            return self.not_understood(text, Fault::Length { found: text.len() });
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
            (Ok(gtin), None) => self.item(gtin, Confidence::Certain, text),
            (Ok(gtin), Some(part)) => self.composite(text, gtin, part),
            (Err(fault), _) => self.not_understood(text, fault),
        }
    }

    fn composite(&mut self, text: &str, gtin: Gtin, part: &str) {
        let separated = with_separators(part, &self.context.profile);
        let at = text.len() - part.len();
        let read = crate::ai::Ai::parse("01").ok_or(Fault::Empty).and_then(|ai| {
            let mut elements = Elements::default();
            elements.add(ai, gtin.as_str(), 0)?;
            element::parse_after(elements, &separated, at)
        });
        match read {
            Ok(elements) => self.elements(text, Ok(elements), CodeKind::ElementString, Confidence::Certain),
            Err(fault) => {
                // The bars above are whole in themselves.
                self.warnings.push(Warning::NotUnderstood(fault));
                self.item(gtin, Confidence::Certain, text);
            }
        }
    }

    /// DataBar of one number, as decoders print it: 14 digits, or 15 with the flag of a composite part in front.
    fn data_bar(&mut self, text: &str) {
        let flagged = text.strip_prefix('1').filter(|_| text.len() == 15 && all_digits(text));
        if let Some((body, _)) = flagged.and_then(split_last) {
            self.warnings.push(Warning::LinkageFlagRemoved);
            return self.number(body, Confidence::Certain, Gtin::from_body);
        }
        if text.len() == 14 && all_digits(text) {
            return self.number(text, Confidence::Certain, Gtin::parse);
        }
        self.marked(text);
    }

    /// Nothing says what it is: ask in the order in which a wrong guess does least harm.
    fn by_form(&mut self, text: &str) {
        if is_web_address(text) {
            return match digital_link::parse(text) {
                // Most addresses are just that.
                Err(Fault::NotDigitalLink) => self.opaque(text),
                read => self.elements(text, read, CodeKind::DigitalLink, Confidence::Certain),
            };
        }
        if distributor::is_message(text) {
            return self.message(text);
        }
        if text.starts_with('(') && text.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            return self.elements(text, element::parse_bracketed(text), CodeKind::ElementString, Confidence::Inferred);
        }
        let separated = with_separators(text, &self.context.profile);
        if separated != text || text.contains(GS) {
            self.elements(text, element::parse(&separated), CodeKind::ElementString, Confidence::Inferred);
            return self.other_readings(text, missing::readings(&separated));
        }
        if all_digits(text) && matches!(text.len(), 8 | 12 | 13 | 14) {
            return self.digits(text);
        }
        self.unmarked_elements(text);
    }

    /// 8, 12, 13 or 14 digits. Eight may be GTIN-8 or UPC-E, which are different numbers.
    fn digits(&mut self, text: &str) {
        let plain = Gtin::parse(text);
        let expanded = Gtin::from_upc_e(text).ok();
        let confidence = if plain.is_ok() && expanded.is_some() { Confidence::Ambiguous } else { Confidence::Inferred };
        for gtin in plain.ok().into_iter().chain(expanded) {
            self.item(gtin, confidence, text);
        }
        if let (Err(fault), None) = (plain, expanded) {
            self.not_understood(text, fault);
        }
    }

    /// An element string that nothing announces: only if it begins with a key whose check digit holds, because `1012345` is
    /// also a plain warehouse number.
    fn unmarked_elements(&mut self, text: &str) {
        let begins_with_key = ["00", "01", "02", "8006"].iter().any(|key| text.starts_with(key));
        match element::parse(text) {
            Ok(elements) if begins_with_key => {
                self.elements(text, Ok(elements), CodeKind::ElementString, Confidence::Inferred);
                self.other_readings(text, missing::readings(text));
            }
            _ => {
                self.opaque(text);
                self.other_readings(text, missing::readings_of_unmarked(text));
            }
        }
    }

    fn message(&mut self, text: &str) {
        match distributor::parse(text) {
            Ok(Message::Elements(content)) => {
                self.elements(text, element::parse(content), CodeKind::ElementString, Confidence::Certain);
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
            Err(fault) => self.not_understood(text, fault),
        }
    }

    /// Typed text without any digit but with keys of a French digit row: offer what it would mean on that keyboard.
    fn suggest_french_keyboard(&mut self, clean: &Clean) {
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

fn set_inside(candidate: &mut ScanCandidate, inside: InStoreValue, value: Decimal) {
    match inside {
        InStoreValue::Price => candidate.price = Some(Amount { value, currency: None }),
        InStoreValue::Weight => {
            candidate.measures.push(Measure { name: "NET WEIGHT", unit: "kg", logistic: false, value });
        }
        InStoreValue::Count => candidate.variable_count = Some(value.mantissa),
    }
}
