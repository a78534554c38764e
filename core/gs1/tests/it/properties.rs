//! Any input is survived within the limits, and what is printed is read back.

use proptest::prelude::*;
use stocksync_gs1::encode::{
    bracketed, date_value, digital_link, element_string, in_print_order, message, own_label, sscc, with_check_digit,
};
use stocksync_gs1::{
    Accumulator, CodeKind, Context, Date, DeviceProfile, DistributorField, Element, InputSource, KeyboardLayout,
    MAX_CANDIDATES, MAX_ELEMENTS, MAX_INPUT_BYTES, OwnLabels, Region, ScanInput, Symbology, text_from_bytes,
    understand,
};

const SYMBOLOGIES: [Option<Symbology>; 12] = [
    None,
    Some(Symbology::Ean13),
    Some(Symbology::UpcE),
    Some(Symbology::Ean8),
    Some(Symbology::EanWithAddOn),
    Some(Symbology::Gs1Code128),
    Some(Symbology::Code128),
    Some(Symbology::DataBar),
    Some(Symbology::DataBarExpanded),
    Some(Symbology::Itf),
    Some(Symbology::Gs1DataMatrix),
    Some(Symbology::Qr),
];

fn full_context(layout: KeyboardLayout) -> Context {
    Context {
        profile: DeviceProfile {
            fnc1_aliases: vec!["|".into(), String::new(), "Alt029".into()],
            layout,
            keep_terminator: false,
        },
        own_labels: Some(OwnLabels { prefix: "SS:".into(), checked: true }),
        restricted: [Region::Denmark, Region::Sweden, Region::Germany].into_iter().flat_map(Region::patterns).collect(),
        ..Context::new(2026)
    }
}

/// Understands and checks every bound of the answer.
fn survive(bytes: &[u8], symbology: Option<Symbology>, context: &Context) {
    let text = text_from_bytes(bytes);
    let input = ScanInput { text: &text, symbology, source: InputSource::Keyboard };
    let Ok(meaning) = understand(&input, context) else {
        return;
    };
    assert_eq!(meaning.raw, text);
    assert!((1..=MAX_CANDIDATES).contains(&meaning.candidates.len()));
    assert!(meaning.warnings.len() <= MAX_INPUT_BYTES);
    assert!(!meaning.lookup_keys().is_empty());
    let mut accumulator = Accumulator::new(10, context.current_year);
    for candidate in &meaning.candidates {
        // KeyboardLayout repair may turn one byte into three; nothing else grows.
        assert!(candidate.text.len() <= 3 * MAX_INPUT_BYTES);
        assert!(candidate.elements.len() <= MAX_ELEMENTS && candidate.fields.len() <= MAX_ELEMENTS);
        accumulator.add(candidate.clone(), 0);
        assert!(accumulator.pending().is_some());
    }
}

/// Pieces that real and broken labels are made of, so that random input reaches the depths.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "]C1",
        "]d2",
        "]E0",
        "]Q1",
        "\u{1d}",
        "\u{1e}",
        "\u{4}",
        "01",
        "09501101530003",
        "10",
        "17",
        "251231",
        "3103",
        "001750",
        "00",
        "123456789012345675",
        "21",
        "(",
        ")",
        "(01)",
        "(10)",
        "https://",
        "/01/",
        "?17=",
        "%2F",
        "%",
        "[)>",
        "06",
        "05",
        "|]e0",
        "02345673",
        "2811111068708",
        "SS:",
        "8003",
        "393",
        "7003",
        "é",
        "à",
        "\u{200b}",
        "A",
        "\\(",
        "37",
        "02",
        "8030",
    ];
    prop::collection::vec(prop::sample::select(known.to_vec()), 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

fn element() -> impl Strategy<Value = Element> {
    let date = (0..100_u32, 1..13_u32, 0..29_u32).prop_map(|(y, m, d)| format!("{y:02}{m:02}{d:02}"));
    let text = "[!%-?A-Z_a-z\"]{1,20}";
    prop_oneof![
        (prop::sample::select(vec!["11", "13", "15", "16", "17"]), date).prop_map(|(ai, date)| (ai.to_owned(), date)),
        (prop::sample::select(vec!["10", "21", "22", "240", "91", "400"]), text)
            .prop_map(|(ai, value)| (ai.to_owned(), value)),
        (0..6_u32, 0..1_000_000_u32).prop_map(|(n, value)| (format!("310{n}"), format!("{value:06}"))),
        (0..100_000_000_u32).prop_map(|count| ("30".to_owned(), count.to_string())),
        (0..1_000_000_000_u64).prop_map(|n| ("414".to_owned(), with_check_digit(&format!("{n:012}")).unwrap())),
        "[0-9]{1,15}".prop_map(|amount| ("3922".to_owned(), amount)),
    ]
    .prop_map(|(ai, value)| Element::new(&ai, &value).unwrap())
}

/// Elements of one item: a number and others, each AI once, none that exclude each other.
fn item() -> impl Strategy<Value = Vec<Element>> {
    (0..10_000_000_000_000_u64, prop::collection::vec(element(), 0..8)).prop_map(|(number, others)| {
        let gtin = with_check_digit(&format!("{number:013}")).unwrap();
        let mut list = vec![Element::new("01", &gtin).unwrap()];
        for other in others {
            let family = |e: &Element| e.ai.as_str().get(..3).unwrap_or(e.ai.as_str()).to_owned();
            if !list.iter().any(|known| family(known) == family(&other)) {
                list.push(other);
            }
        }
        list
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), symbology in prop::sample::select(SYMBOLOGIES.to_vec())) {
        survive(&bytes, symbology, &full_context(KeyboardLayout::Same));
    }

    #[test]
    fn any_pieces_are_survived(bytes in pieces(), symbology in prop::sample::select(SYMBOLOGIES.to_vec())) {
        survive(&bytes, symbology, &full_context(KeyboardLayout::Same));
        survive(&bytes, symbology, &full_context(KeyboardLayout::FrenchAzerty));
    }

    #[test]
    fn element_strings_are_read_back(list in item()) {
        for (carrier, text) in [("]C1", element_string(&list)), ("]d2", element_string(&list)), ("", bracketed(&list))] {
            let scan = format!("{carrier}{text}");
            let meaning = understand(&ScanInput::new(&scan), &Context::new(2026)).unwrap();
            prop_assert_eq!(&meaning.candidates[0].elements, &list, "{}", scan);
        }
    }

    #[test]
    fn print_order_is_shortest_and_loses_nothing(list in item(), by in 0..8_usize) {
        let mut turned = list.clone();
        turned.rotate_left(by % list.len());
        turned.extend(list.first().cloned());
        let ordered = in_print_order(turned).unwrap();
        let separators = |elements: &[Element]| element_string(elements).matches('\u{1d}').count();
        let open = ordered.iter().filter(|element| element.ai.predefined_length().is_none()).count();
        prop_assert_eq!(separators(&ordered), open.saturating_sub(1));
        let sorted = |mut elements: Vec<Element>| { elements.sort_by_key(|element| element.ai); elements };
        prop_assert_eq!(sorted(ordered), sorted(list));
    }

    #[test]
    fn new_numbers_of_pallets_are_read_back(extension in 0..12_u8, prefix in "[0-9]{3,13}", serial in 0..10_000_000_000_000_u64) {
        let fits = extension <= 9 && (4..=12).contains(&prefix.len()) && serial.to_string().len() + prefix.len() <= 16;
        let Some(number) = sscc(extension, &prefix, serial) else {
            prop_assert!(!fits);
            return Ok(());
        };
        let begin = format!("{extension}{prefix}");
        prop_assert!(fits && number.len() == 18 && number.starts_with(&begin));
        prop_assert!(Element::new("00", &number).is_ok());
    }

    #[test]
    fn dates_are_read_back_or_refused(year in 1900..2200_u16, month in 0..14_u8, day in prop::option::of(0..33_u8)) {
        let date = Date { year, month, day };
        match date_value(date, 2026) {
            Some(value) => {
                prop_assert_eq!(Date::parse(&value, 2026), Some(date));
                prop_assert!(Element::new("17", &value).is_ok());
            }
            None => prop_assert!(!(1977..=2076).contains(&year) || !(1..=12).contains(&month) || day.is_some_and(|day| day == 0 || day > 28)),
        }
    }

    #[test]
    fn links_are_read_back(list in item()) {
        if let Ok(link) = digital_link("https://example.com/shop", &list) {
            let meaning = understand(&ScanInput::new(&link), &Context::new(2026)).unwrap();
            prop_assert_eq!(meaning.candidates[0].kind, CodeKind::DigitalLink, "{}", link);
            let mut found = meaning.candidates[0].elements.clone();
            let mut list = list;
            found.sort_by_key(|element| element.ai);
            list.sort_by_key(|element| element.ai);
            prop_assert_eq!(found, list, "{}", link);
        }
    }

    #[test]
    fn own_labels_are_read_back(code in "[A-Z0-9-]{1,40}[A-Z0-9]") {
        let label = own_label("SS:", &code).unwrap();
        let meaning = understand(&ScanInput::new(&label), &full_context(KeyboardLayout::Same)).unwrap();
        prop_assert_eq!(meaning.candidates[0].own_label.as_deref(), Some(code.as_str()));
    }

    #[test]
    fn messages_are_read_back(values in prop::collection::vec("[ -~]{0,30}", 1..10)) {
        let fields: Vec<DistributorField> = values.into_iter().zip(["P", "1P", "Q", "1T", "10D", "4L", "K", "13Z", "1V"])
            .map(|(value, identifier)| DistributorField { identifier: identifier.into(), value }).collect();
        let text = message(&fields).unwrap();
        let meaning = understand(&ScanInput::new(&text), &Context::new(2026)).unwrap();
        prop_assert_eq!(&meaning.candidates[0].fields, &fields);
        prop_assert!(meaning.warnings.is_empty());
    }

    #[test]
    fn one_wrong_digit_is_always_found(number in 0..10_000_000_000_000_u64, position in 0..14_usize, step in 1..10_u8) {
        let good = with_check_digit(&format!("{number:013}")).unwrap();
        let mut bad = good.into_bytes();
        bad[position] = b'0' + (bad[position] - b'0' + step) % 10;
        let scan = format!("]C101{}", String::from_utf8(bad).unwrap());
        let meaning = understand(&ScanInput::new(&scan), &Context::new(2026)).unwrap();
        prop_assert_eq!(meaning.candidates[0].kind, CodeKind::Opaque);
    }
}

#[test]
fn the_longest_inputs_are_survived() {
    for piece in [
        "1",
        "10A\u{1d}",
        "\u{1d}",
        "(10)A",
        "10A17251231\u{1d}",
        "3100000001",
        "/01",
        "%41",
        "é",
        "[)>\u{1e}06\u{1d}",
        "à",
    ] {
        let text: String = piece.chars().cycle().take(MAX_INPUT_BYTES / piece.len() * piece.chars().count()).collect();
        for prefix in ["", "]C1", "https://a", "[)>\u{1e}06\u{1d}"] {
            let start = (text.len() + prefix.len()).saturating_sub(MAX_INPUT_BYTES);
            let text: String = prefix.chars().chain(text.chars().skip(start)).collect();
            survive(text.as_bytes(), None, &full_context(KeyboardLayout::Same));
        }
    }
}
