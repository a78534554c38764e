//! What a scan can mean. Owns the shape of the answer and which keys to look up. It must never look anything up.

use alloc::string::String;
use alloc::vec::Vec;

use crate::ai::Ai;
use crate::date::Date;
use crate::element::Element;
use crate::fault::Warning;
use crate::gtin::{Circulation, Gtin};
use crate::number::{Amount, Decimal, Measure};
use crate::symbology::Symbology;

/// The interpretation of one scan: at least one candidate, the first being the standard one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meaning {
    /// Exactly what was given.
    pub raw: String,
    /// What was read: `raw` without byte order mark, zero-width characters, the device's terminator, symbology identifier
    /// and leading FNC1, translated back from the keyboard layout of the profile. The same box gives the same text on every
    /// device, so this is what a tenant's own barcodes are stored and looked up as.
    pub text: String,
    /// From the identifier in the text, else as given.
    pub symbology: Option<Symbology>,
    /// Never empty, at most [`MAX_CANDIDATES`](crate::MAX_CANDIDATES).
    pub candidates: Vec<ScanCandidate>,
    /// Without repetition; none of them refuses the scan.
    pub warnings: Vec<Warning>,
}

impl Meaning {
    /// The keys of all candidates in the order to look them up, without repetition: the exact text first, because **a raw
    /// barcode that the tenant assigned beats any parse**.
    ///
    /// ```
    /// use stocksync_gs1::{Context, ScanInput, understand};
    ///
    /// let meaning = understand(&ScanInput::new("4006381333931"), &Context::new(2026))?;
    /// let keys: Vec<_> = meaning.lookup_keys().into_iter().map(|(scheme, key)| (scheme.as_str(), key)).collect();
    /// assert_eq!(keys, [("raw", "4006381333931".to_owned()), ("gtin", "04006381333931".to_owned())]);
    /// # Ok::<(), stocksync_gs1::InputError>(())
    /// ```
    #[must_use]
    pub fn lookup_keys(&self) -> Vec<(Scheme, String)> {
        let mut keys = alloc::vec![(Scheme::Raw, self.text.clone())];
        for key in self.candidates.iter().flat_map(ScanCandidate::lookup_keys) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// Whether a person has to choose: true if any candidate is [`Confidence::Ambiguous`].
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.confidence == Confidence::Ambiguous)
    }
}

/// How certain a candidate is, in descending order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// The carrier or the text itself says so, or nothing is claimed (an opaque code).
    Certain,
    /// The form fits and its check digit holds, but nothing in the scan says which form it is.
    Inferred,
    /// Another candidate is equally likely: look all of them up, and let a person choose if more than one is found.
    Ambiguous,
}

/// What kind of code a candidate is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CodeKind {
    /// A trade item number alone.
    Gtin,
    /// A logistic unit: an element string with an SSCC and no GTIN of its own.
    Sscc,
    /// Application identifiers.
    ElementString,
    /// An in-store code, unique only within the tenant's country or company: never share it between tenants.
    RestrictedCirculation,
    /// A web address with application identifiers in it.
    DigitalLink,
    /// A distributor's label (ISO/IEC 15434 with data identifiers).
    Distributor,
    /// A label that this tenant prints for its own objects.
    OwnLabel,
    /// A code without inner structure.
    Opaque,
}

/// A field of a distributor's label.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DistributorField {
    /// MH10.8.2 data identifier: `1P` maker's part, `P` customer's part, `Q` quantity, `1T` lot…
    pub identifier: String,
    /// As printed.
    pub value: String,
}

/// One possible interpretation of a scan. Fields that the code does not have are `None` or empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScanCandidate {
    /// What it is.
    pub kind: CodeKind,
    /// How certain.
    pub confidence: Confidence,
    /// The exact text of this candidate, see [`Meaning::text`].
    pub text: String,
    /// The item (AI 01, 03 or 8006, or the symbol's own number). For [`CodeKind::RestrictedCirculation`] it is unique only
    /// within the tenant.
    pub gtin: Option<Gtin>,
    /// The logistic unit (AI 00), 18 digits.
    pub sscc: Option<String>,
    /// The items inside a logistic unit (AI 02 or 8026).
    pub contained_gtin: Option<Gtin>,
    /// How many of them (AI 37).
    pub contained_count: Option<u64>,
    /// Items in a trade item of variable count (AI 30, or an in-store code that counts). Not the same as AI 37.
    pub variable_count: Option<u64>,
    /// Lot (AI 10, or 1T of a distributor).
    pub lot: Option<String>,
    /// Serial (AI 21, or S of a distributor).
    pub serial: Option<String>,
    /// Expiry (AI 17, else the date of 7003); it lasts to the end of [`Date::last_day`].
    pub expiry: Option<Date>,
    /// Minutes after midnight of the expiry (AI 7003).
    pub expiry_minute: Option<u16>,
    /// Best before (AI 15).
    pub best_before: Option<Date>,
    /// Sell by (AI 16).
    pub sell_by: Option<Date>,
    /// Production (AI 11).
    pub produced: Option<Date>,
    /// Packaging (AI 13).
    pub packed: Option<Date>,
    /// Trade and logistic measures (AIs 31nn–36nn, or an in-store code that weighs).
    pub measures: Vec<Measure>,
    /// Price of the item (AI 392n, 393n, or an in-store code that prices). A price is not a quantity.
    pub price: Option<Amount>,
    /// Quantity on a distributor's label (Q).
    pub quantity: Option<Decimal>,
    /// All application identifiers, those above included.
    pub elements: Vec<Element>,
    /// All fields of a distributor's label, those above included.
    pub fields: Vec<DistributorField>,
    /// The tenant's own object behind [`CodeKind::OwnLabel`], without prefix and check character.
    pub own_label: Option<String>,
    /// An in-store code with its value and inner check removed: the key of the item, 13 digits.
    pub restricted_key: Option<String>,
}

/// What kind of key an identifier is looked up by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Scheme {
    /// The exact text.
    Raw,
    /// A label of the tenant, without prefix and check character.
    OwnLabel,
    /// SSCC, 18 digits.
    Sscc,
    /// GTIN-14.
    Gtin,
    /// In-store code, 13 digits with the value zeroed.
    Restricted,
    /// Maker's part number (data identifier 1P).
    MakerPart,
    /// Supplier's part number (30P).
    SupplierPart,
    /// Customer's part number (P).
    CustomerPart,
    /// Location number (AI 414), 13 digits.
    Location,
    /// Returnable or individual asset (AI 8003, 8004).
    Asset,
}

impl Scheme {
    /// Its name in storage and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::OwnLabel => "own",
            Self::Sscc => "sscc",
            Self::Gtin => "gtin",
            Self::Restricted => "rcn",
            Self::MakerPart => "maker_part",
            Self::SupplierPart => "supplier_part",
            Self::CustomerPart => "customer_part",
            Self::Location => "gln",
            Self::Asset => "asset",
        }
    }
}

impl ScanCandidate {
    /// A candidate with nothing but its text.
    pub(crate) fn new(kind: CodeKind, confidence: Confidence, text: &str) -> Self {
        Self {
            kind,
            confidence,
            text: String::from(text),
            gtin: None,
            sscc: None,
            contained_gtin: None,
            contained_count: None,
            variable_count: None,
            lot: None,
            serial: None,
            expiry: None,
            expiry_minute: None,
            best_before: None,
            sell_by: None,
            produced: None,
            packed: None,
            measures: Vec::new(),
            price: None,
            quantity: None,
            elements: Vec::new(),
            fields: Vec::new(),
            own_label: None,
            restricted_key: None,
        }
    }

    /// A candidate for a number from a symbol that carries nothing else.
    pub(crate) fn from_gtin(gtin: Gtin, confidence: Confidence, text: &str) -> Self {
        let kind = match gtin.circulation() {
            Circulation::Global => CodeKind::Gtin,
            Circulation::Region | Circulation::Company => CodeKind::RestrictedCirculation,
        };
        Self { gtin: Some(gtin), ..Self::new(kind, confidence, text) }
    }

    /// A candidate with the fields that `elements` set. Elements without a field of their own are found in `elements`.
    pub(crate) fn from_elements(
        kind: CodeKind,
        confidence: Confidence,
        text: &str,
        elements: Vec<Element>,
        current_year: u16,
    ) -> Self {
        let mut candidate = Self::new(kind, confidence, text);
        for element in &elements {
            candidate.set_element(element, current_year);
        }
        if candidate.kind == CodeKind::ElementString && candidate.sscc.is_some() && candidate.gtin.is_none() {
            candidate.kind = CodeKind::Sscc;
        }
        candidate.elements = elements;
        candidate
    }

    /// Sets the field of one element.
    fn set_element(&mut self, element: &Element, current_year: u16) {
        let value = element.value.as_str();
        let text = || Some(String::from(value));
        let date = |range| value.get(range).and_then(|day| Date::parse(day, current_year));
        let gtin = || value.get(..14).and_then(|digits| Gtin::parse(digits).ok());
        match element.ai.as_str() {
            "00" => self.sscc = text(),
            "01" | "03" | "8006" => self.gtin = gtin(),
            "02" | "8026" => self.contained_gtin = gtin(),
            "10" => self.lot = text(),
            "11" => self.produced = date(0..6),
            "13" => self.packed = date(0..6),
            "15" => self.best_before = date(0..6),
            "16" => self.sell_by = date(0..6),
            "17" => self.expiry = date(0..6),
            "7003" => {
                let part = |range| value.get(range).and_then(crate::rules::number);
                self.expiry = self.expiry.or_else(|| date(0..6));
                self.expiry_minute = part(6..8).zip(part(8..10)).and_then(|(h, m)| u16::try_from(h * 60 + m).ok());
            }
            "21" => self.serial = text(),
            "30" => self.variable_count = value.parse().ok(),
            "37" => self.contained_count = value.parse().ok(),
            other => match other.get(..2) {
                Some("31" | "32" | "33" | "34" | "35" | "36") => self.push_measure(element.ai, value),
                Some("39") => self.set_price(element.ai, value),
                _ => {}
            },
        }
    }

    /// Adds a weight, length, area or volume.
    fn push_measure(&mut self, ai: Ai, value: &str) {
        if let Some(value) = Decimal::from_digits(value, ai.decimals()) {
            self.measures.push(Measure::from_title(ai.title(), value));
        }
    }

    /// Sets the price, if its currency is known.
    fn set_price(&mut self, ai: Ai, value: &str) {
        let (currency, digits) = match ai.as_str().get(..3) {
            Some("392") => (None, Some(value)),
            // An unknown currency leaves the value in `elements` only, with a warning.
            Some("393") if value.get(..3).is_some_and(crate::iso::is_currency) => {
                (value.get(..3).and_then(|code| code.parse().ok()), value.get(3..))
            }
            _ => return,
        };
        if let Some(value) = digits.and_then(|digits| Decimal::from_digits(digits, ai.decimals())) {
            self.price = Some(Amount { value, currency });
        }
    }

    /// The value of an application identifier, if the candidate has it.
    #[must_use]
    pub fn value(&self, ai: &str) -> Option<&str> {
        self.elements.iter().find(|element| element.ai.is(ai)).map(|element| element.value.as_str())
    }

    /// The lot as operations name it: `21:SERIAL` if there is a serial (a serial is a lot of one), else `10:CODE`, else
    /// empty. Codes that only a distributor's label gave are named the same way.
    ///
    /// ```
    /// use stocksync_gs1::{Context, ScanInput, understand};
    ///
    /// let lot_of = |text| understand(&ScanInput::new(text), &Context::new(2026)).map(|m| m.candidates[0].lot_code());
    /// assert_eq!(lot_of("(01)09501101530003(10)AB-123")?, "10:AB-123");
    /// assert_eq!(lot_of("(01)09501101530003(10)AB-123(21)S7")?, "21:S7");
    /// # Ok::<(), stocksync_gs1::InputError>(())
    /// ```
    #[must_use]
    pub fn lot_code(&self) -> String {
        match (&self.serial, &self.lot) {
            (Some(serial), _) => alloc::format!("21:{serial}"),
            (None, Some(lot)) => alloc::format!("10:{lot}"),
            (None, None) => String::new(),
        }
    }

    /// Scheme and value of each key by which this candidate can be found, in the order to look them up; the exact text is always
    /// first. The GTIN of goods inside a logistic unit comes last: it names the goods, not the unit.
    #[must_use]
    pub fn lookup_keys(&self) -> Vec<(Scheme, String)> {
        let mut keys = alloc::vec![(Scheme::Raw, self.text.clone())];
        let mut add = |scheme, value: Option<&str>| keys.extend(value.map(|value| (scheme, String::from(value))));
        let field =
            |id: &str| self.fields.iter().find(|field| field.identifier == id).map(|field| field.value.as_str());
        add(Scheme::OwnLabel, self.own_label.as_deref());
        add(Scheme::Sscc, self.sscc.as_deref());
        add(Scheme::Restricted, self.restricted_key.as_deref());
        add(Scheme::Gtin, self.gtin.as_ref().map(Gtin::as_str));
        add(Scheme::MakerPart, field("1P"));
        add(Scheme::SupplierPart, field("30P"));
        add(Scheme::CustomerPart, field("P"));
        add(Scheme::Location, self.value("414"));
        add(Scheme::Asset, self.value("8003").or_else(|| self.value("8004")));
        add(Scheme::Gtin, self.contained_gtin.as_ref().map(Gtin::as_str));
        keys
    }
}
