//! `vectors.txt`: scans and what they mean, one line each.

use std::fmt::Write;

use stocksync_gs1::{
    CodeKind, Confidence, Context, DeviceProfile, InputSource, KeyboardLayout, Meaning, OwnLabels, Pattern, Region,
    ScanCandidate, ScanInput, Symbology, understand,
};

const VECTORS: &str = include_str!("vectors.txt");

#[test]
fn every_vector() {
    let mut setting = Setting::default();
    let mut differences = String::new();
    let mut count = 0;
    for (number, line) in VECTORS.lines().enumerate() {
        if let Some(directive) = line.strip_prefix('@') {
            setting.apply(directive);
        } else if let Some((scan, expected)) = line.split_once(" => ") {
            count += 1;
            let found = setting.read(scan);
            if found != expected {
                let _ = write!(differences, "line {}: {scan}\n  expected {expected}\n  found    {found}\n", number + 1);
            }
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "line {}: {line}", number + 1);
        }
    }
    println!("{count} vectors");
    assert!(differences.is_empty(), "\n{differences}");
    assert!(count >= 120, "only {count} vectors");
}

struct Setting {
    context: Context,
    source: InputSource,
}

impl Default for Setting {
    fn default() -> Self {
        Self { context: Context::new(2026), source: InputSource::Camera }
    }
}

impl Setting {
    fn apply(&mut self, directive: &str) {
        let (name, value) = directive.split_once(' ').unwrap_or((directive, ""));
        match name {
            "default" => *self = Self::default(),
            "year" => self.context.current_year = value.parse().unwrap(),
            "region" => self.context.restricted = value.split(' ').flat_map(|name| region(name).patterns()).collect(),
            "pattern" => {
                let [prefix, layout, decimals] = value.split(' ').collect::<Vec<_>>()[..] else { panic!("{value}") };
                let inside = stocksync_gs1::InStoreValue::Price;
                self.context.restricted =
                    vec![Pattern::new(prefix, layout, inside, decimals.parse().unwrap()).unwrap()];
            }
            "aliases" => self.context.profile.fnc1_aliases = value.split(' ').map(String::from).collect(),
            "own" => self.context.own_labels = Some(OwnLabels { prefix: value.to_owned(), checked: false }),
            "own-checked" => self.context.own_labels = Some(OwnLabels { prefix: value.to_owned(), checked: true }),
            "keyboard" => {
                self.source = InputSource::Keyboard;
                self.context.profile = DeviceProfile { layout: layout(value), ..DeviceProfile::default() };
            }
            _ => panic!("unknown directive {directive}"),
        }
    }

    fn read(&self, scan: &str) -> String {
        let (symbology, text) = match scan.strip_prefix("as ").and_then(|rest| rest.split_once(": ")) {
            Some((name, text)) => (Some(symbology(name)), text),
            None => (None, scan),
        };
        let controls = [
            ("{GS}", "\u{1d}"),
            ("{RS}", "\u{1e}"),
            ("{EOT}", "\u{4}"),
            ("{CR}", "\r"),
            ("{LF}", "\n"),
            ("{ZW}", "\u{200b}"),
        ];
        let text = controls.iter().fold(text.to_owned(), |text, (name, control)| text.replace(name, control));
        let input = ScanInput { text: &text, symbology, source: self.source };
        match understand(&input, &self.context) {
            Ok(meaning) => shown(&meaning),
            Err(error) => format!("error {error}"),
        }
    }
}

/// Candidates separated by ` / `, then warnings after ` ! `. `?` is inferred, `??` ambiguous.
fn shown(meaning: &Meaning) -> String {
    let candidates: Vec<String> =
        meaning.candidates.iter().map(|candidate| shown_candidate(candidate, &meaning.raw)).collect();
    let mut line = candidates.join(" / ");
    for warning in &meaning.warnings {
        let _ = write!(line, " ! {warning:?}");
    }
    line
}

fn shown_candidate(candidate: &ScanCandidate, raw: &str) -> String {
    let mut line = match candidate.kind {
        CodeKind::Gtin => "gtin",
        CodeKind::Sscc => "sscc",
        CodeKind::ElementString => "ai",
        CodeKind::RestrictedCirculation => "in-store",
        CodeKind::DigitalLink => "link",
        CodeKind::Distributor => "distributor",
        CodeKind::OwnLabel => "own",
        CodeKind::Opaque => "opaque",
        _ => "unknown",
    }
    .to_owned();
    line.push_str(match candidate.confidence {
        Confidence::Certain => "",
        Confidence::Inferred => "?",
        Confidence::Ambiguous => "??",
    });
    if let (true, Some(gtin)) = (candidate.elements.is_empty(), candidate.gtin) {
        let _ = write!(line, " {gtin}");
    }
    if candidate.kind == CodeKind::Opaque && candidate.text != raw {
        let _ = write!(line, " {}", candidate.text.replace('\u{1d}', "{GS}"));
    }
    if let Some(label) = &candidate.own_label {
        let _ = write!(line, " {label}");
    }
    for (i, element) in candidate.elements.iter().enumerate() {
        let _ = write!(line, "{}({}){}", if i == 0 { " " } else { "" }, element.ai, element.value);
    }
    for field in &candidate.fields {
        let _ = write!(line, " {}={}", field.identifier, field.value);
    }
    let dates = [
        ("expiry", candidate.expiry),
        ("best", candidate.best_before),
        ("sell", candidate.sell_by),
        ("made", candidate.produced),
        ("packed", candidate.packed),
    ];
    for (name, date) in dates {
        if let Some(date) = date {
            let _ = write!(line, " {name}:{date}");
        }
    }
    for measure in &candidate.measures {
        let _ = write!(line, " {}{}", measure.value, measure.unit);
    }
    if let Some(price) = candidate.price {
        let currency = price.currency.map(|code| format!(" {code:03}")).unwrap_or_default();
        let _ = write!(line, " price:{}{currency}", price.value);
    }
    let counts = [("count", candidate.variable_count), ("contains", candidate.contained_count)];
    for (name, count) in counts {
        if let Some(count) = count {
            let _ = write!(line, " {name}:{count}");
        }
    }
    if let Some(quantity) = candidate.quantity {
        let _ = write!(line, " quantity:{quantity}");
    }
    if let Some(key) = &candidate.restricted_key {
        let _ = write!(line, " key:{key}");
    }
    line
}

fn region(name: &str) -> Region {
    [Region::Denmark, Region::Sweden, Region::Norway, Region::Germany, Region::GreatBritain, Region::Finland]
        .into_iter()
        .find(|region| format!("{region:?}") == name)
        .unwrap()
}

fn layout(name: &str) -> KeyboardLayout {
    [
        KeyboardLayout::Same,
        KeyboardLayout::FrenchAzerty,
        KeyboardLayout::FrenchAzertyCapsLock,
        KeyboardLayout::British,
        KeyboardLayout::German,
    ]
    .into_iter()
    .find(|layout| format!("{layout:?}") == name)
    .unwrap()
}

fn symbology(name: &str) -> Symbology {
    if name.starts_with("LABEL-TYPE-") {
        return Symbology::from_label_type(name).unwrap();
    }
    use Symbology::{
        Code39, Code128, DataBar, DataBarExpanded, DataMatrix, Ean8, Ean13, EanWithAddOn, Itf, Itf14, Qr, UpcA, UpcE,
    };
    [Code39, Code128, DataBar, DataBarExpanded, DataMatrix, Ean8, Ean13, EanWithAddOn, Itf, Itf14, Qr, UpcA, UpcE]
        .into_iter()
        .find(|symbology| format!("{symbology:?}") == name)
        .unwrap_or_else(|| panic!("{name}"))
}
