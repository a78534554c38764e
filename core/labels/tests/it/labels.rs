//! Labels: what is printed is read again by our own scanner and means the same; ZPL holds pictures and nothing else; the
//! files of `fixtures/labels` stay as they are.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stocksync_gs1::encode::{element_string, in_print_order, own_label, with_check_digit};
use stocksync_gs1::{Context, Element, KeyboardLayout, OwnCode, ScanInput, understand};
use stocksync_labels::{
    Label, LabelError, LabelFormat, LabelPicture, LabelSymbology, Media, Payload, PayloadError, Sheet, render,
};
use stocksync_scan::{self as scan, Frame, scan};
use stocksync_schemas::{Code, limits};

#[allow(dead_code, reason = "a test calls no main")]
#[path = "../../examples/labels.rs"]
mod example;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/labels");
const MEDIA: Media = Media { width: 10_000, height: 5_000, dpi: 203 };

fn label(symbology: LabelSymbology, payload: Payload) -> Label {
    Label { symbology, payload, picture: None, lines: vec!["A line".to_owned()] }
}

fn code(text: &str) -> Label {
    label(LabelSymbology::Code128, Payload::Code(text.to_owned()))
}

/// Grey pixels of a PNG of one bit a dot: those of the label, and its width and height.
fn pixels(png: &[u8]) -> (Vec<u8>, u32, u32) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut luma = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut luma).unwrap();
    (luma, info.width, info.height)
}

/// What our scanner reads on a label: symbology identifier and text.
fn read(label: &Label, media: &Media) -> Vec<(scan::BarcodeFormat, String, String)> {
    let png = render(std::slice::from_ref(label), media, &LabelFormat::Png).unwrap();
    let (luma, width, height) = pixels(&png);
    let found = scan(&Frame::new(&luma, width, height), scan::ScanMode::Still).unwrap();
    found.into_iter().map(|symbol| (symbol.format, symbol.aim, symbol.text)).collect()
}

fn symbologies() -> impl Strategy<Value = LabelSymbology> {
    prop::sample::select(vec![LabelSymbology::Code128, LabelSymbology::Qr, LabelSymbology::DataMatrix])
}

/// Elements of an item: its number, and perhaps lot, expiry, serial, count and weight.
fn elements() -> impl Strategy<Value = Vec<Element>> {
    let text = "[!-\"%-?A-Z_a-z]{1,20}";
    let date = (0..100_u32, 1..13_u32, 0..29_u32).prop_map(|(y, m, d)| format!("{y:02}{m:02}{d:02}"));
    let parts = (0..10_000_000_000_000_u64, prop::option::of(text), prop::option::of(date), prop::option::of(text));
    (parts, prop::option::of(0..1_000_000_u32), any::<bool>()).prop_map(
        |((number, lot, expiry, serial), kilos, turned)| {
            let mut pairs = vec![("01", with_check_digit(&format!("{number:013}")).unwrap())];
            pairs.extend(lot.map(|lot| ("10", lot)));
            pairs.extend(expiry.map(|expiry| ("17", expiry)));
            pairs.extend(serial.map(|serial| ("21", serial)));
            pairs.extend(kilos.map(|kilos| ("3103", format!("{kilos:06}"))));
            if turned {
                pairs.reverse();
            }
            pairs.iter().map(|(ai, value)| Element::new(ai, value).unwrap()).collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn elements_are_read_as_they_were_meant(list in elements(), symbology in symbologies(), dpi in prop::sample::select(vec![203, 300])) {
        let payload = label(symbology, Payload::Elements(list.clone()));
        // GS1-128 takes 48 characters, and so many need a wide label.
        let media = Media { width: 20_000, height: 5_000, dpi };
        let text = element_string(&in_print_order(list).unwrap());
        if symbology == LabelSymbology::Code128 && text.len() > 48 {
            let refused = render(&[payload], &media, &LabelFormat::Png);
            prop_assert_eq!(refused, Err(LabelError::Payload { label: 1, error: PayloadError::TooLong }));
            return Ok(());
        }
        if symbology == LabelSymbology::Qr && text.contains('%') {
            let refused = render(&[payload], &media, &LabelFormat::Png);
            let error = PayloadError::Character { character: '%' };
            prop_assert_eq!(refused, Err(LabelError::Payload { label: 1, error }));
            return Ok(());
        }
        let aim = match symbology { LabelSymbology::Code128 => "]C1", LabelSymbology::Qr => "]Q3", LabelSymbology::DataMatrix => "]d2" };
        let found = read(&payload, &media);
        prop_assert_eq!(found.len(), 1, "{:?}", payload);
        prop_assert_eq!((found[0].1.as_str(), &found[0].2), (aim, &text));
        let scanned = format!("{aim}{text}");
        let meaning = understand(&ScanInput::new(&scanned), &Context::new(2026)).unwrap();
        let Payload::Elements(list) = payload.payload else { unreachable!() };
        prop_assert_eq!(&meaning.candidates[0].elements, &in_print_order(list).unwrap());
    }

    #[test]
    fn texts_are_read_as_they_are(text in "[ -~]{1,25}", symbology in symbologies()) {
        let found = read(&label(symbology, Payload::Text(text.clone())), &Media { width: 20_000, ..MEDIA });
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(&found[0].2, &text);
        prop_assert!(!matches!(found[0].1.as_str(), "]C1" | "]Q3" | "]d2"), "{:?}", found);
    }

    #[test]
    fn locations_are_read_with_their_check_character(code in "[A-Z0-9.-]{0,11}[A-Z0-9]", symbology in symbologies()) {
        let found = read(&label(symbology, Payload::location(&code).unwrap()), &MEDIA);
        prop_assert_eq!(&found[0].2, &OwnCode::Location(&code).encode().unwrap());
    }

    #[test]
    fn zpl_is_the_same_picture_and_nothing_else(
        text in "[ -~]{1,30}", lines in prop::collection::vec("[ -~é×]{0,40}", 0..4), symbology in symbologies(),
        width in 2_000..15_000_u32, height in 1_500..20_000_u32, dpi in prop::sample::select(vec![203, 300, 600]),
    ) {
        let label = Label { symbology, payload: Payload::Text(text), picture: None, lines };
        let media = Media { width, height, dpi };
        match render(std::slice::from_ref(&label), &media, &LabelFormat::Zpl) {
            Ok(zpl) => {
                let (luma, width, height) = pixels(&render(&[label], &media, &LabelFormat::Png).unwrap());
                let printed = printed(&String::from_utf8(zpl).unwrap());
                prop_assert_eq!(printed.len(), 1);
                prop_assert_eq!((printed[0].width, printed[0].length), (width as usize, height as usize));
                let dark: Vec<bool> = luma.iter().map(|grey| *grey == 0).collect();
                prop_assert!(printed[0].dark == dark);
            }
            Err(error) => prop_assert_eq!(error, LabelError::DoesNotFit { label: 1 }),
        }
    }
}

/// A label as a printer draws it.
struct Printed {
    width: usize,
    length: usize,
    dark: Vec<bool>,
}

/// The part of ZPL II that labels may use; anything else fails the test.
fn printed(zpl: &str) -> Vec<Printed> {
    let mut labels: Vec<Printed> = Vec::new();
    let (mut open, mut origin) = (false, 0);
    assert!(zpl.starts_with('^') && !zpl.contains('~') && !zpl.contains('\\'));
    for command in zpl[1..].split('^') {
        let (name, arguments) = command.trim_end_matches('\n').split_at(2);
        let numbers = || arguments.split(',').map(|number| number.parse().unwrap()).collect::<Vec<usize>>();
        match name {
            "XA" => {
                assert!(!open && arguments.is_empty());
                open = true;
                labels.push(Printed { width: 0, length: 0, dark: Vec::new() });
            }
            "PW" => labels.last_mut().unwrap().width = numbers()[0],
            "LL" => {
                let label = labels.last_mut().unwrap();
                label.length = numbers()[0];
                label.dark = vec![false; label.width * label.length];
            }
            "LH" => assert_eq!(arguments, "0,0"),
            "FO" => {
                assert_eq!(numbers()[0], 0);
                origin = numbers()[1];
            }
            "GF" => picture(arguments, origin, labels.last_mut().unwrap()),
            "FS" => assert!(arguments.is_empty()),
            "XZ" => {
                assert!(open && arguments.is_empty());
                open = false;
            }
            other => panic!("a label must not use ^{other}"),
        }
    }
    assert!(!open);
    labels
}

fn picture(arguments: &str, origin: usize, label: &mut Printed) {
    let [kind, sent, total, stride, data] = arguments.splitn(5, ',').collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((kind, sent), ("A", total));
    let (total, stride): (usize, usize) = (total.parse().unwrap(), stride.parse().unwrap());
    assert!(total <= 99_999 && stride == label.width.div_ceil(8));
    let mut digits: Vec<u8> = Vec::new();
    let mut count = 0;
    for letter in data.chars() {
        let left = 2 * stride - digits.len() % (2 * stride);
        match letter {
            'G'..='Y' => count += letter as usize - 'F' as usize,
            'g'..='z' => count += (letter as usize - 'f' as usize) * 20,
            '0'..='9' | 'A'..='F' => {
                digits.extend(std::iter::repeat_n(letter.to_digit(16).unwrap() as u8, count.max(1)));
                count = 0;
            }
            ',' => digits.extend(std::iter::repeat_n(0, left)),
            '!' => digits.extend(std::iter::repeat_n(15, left)),
            ':' => digits.extend_from_within(digits.len() - 2 * stride..),
            other => panic!("{other} in a picture"),
        }
    }
    assert_eq!((count, digits.len()), (0, 2 * total));
    for (y, row) in digits.chunks(2 * stride).enumerate() {
        for x in 0..label.width {
            label.dark[(origin + y) * label.width + x] = row[x / 4] >> (3 - x % 4) & 1 == 1;
        }
    }
}

#[test]
fn the_golden_files_are_made_again() {
    for (name, bytes) in example::files().unwrap() {
        let golden = std::fs::read(format!("{FIXTURES}/{name}")).unwrap();
        // Two versions of a compressor may write one picture differently.
        let same = if name.ends_with(".png") { pixels(&golden) == pixels(&bytes) } else { golden == bytes };
        assert!(
            same,
            "{name} changed: if it should, `cargo run -p stocksync-labels --example labels -- fixtures/labels`"
        );
    }
}

#[test]
fn commands_can_be_printed_and_scanned() {
    for word in ["RECEIVE", "X12", "N144", "UNDO", "COMPLETE"] {
        for symbology in [LabelSymbology::Code128, LabelSymbology::Qr, LabelSymbology::DataMatrix] {
            let text = read(&label(symbology, Payload::command(word).unwrap()), &MEDIA).remove(0).2;
            assert_eq!(OwnCode::decode(&text), Some(Ok(OwnCode::Command(word))));
        }
    }
}

#[test]
fn a_printer_reads_no_command_in_a_text() {
    let hostile = ["^XZ^XA^JUF~JR", "~DGR:A.GRF", "\\^FD", ") Tj ET /JS (", "<</OpenAction>>"];
    for text in hostile {
        let label = Label {
            symbology: LabelSymbology::Qr,
            payload: Payload::Text(text.to_owned()),
            picture: None,
            lines: vec![text.to_owned(), "100 % ^FS".to_owned()],
        };
        assert_eq!(read(&label, &MEDIA)[0].2, text);
        let zpl =
            String::from_utf8(render(&[label.clone(), label.clone()], &MEDIA, &LabelFormat::Zpl).unwrap()).unwrap();
        assert_eq!(printed(&zpl).len(), 2);
        let pdf = String::from_utf8(render(&[label], &MEDIA, &LabelFormat::Pdf(None)).unwrap()).unwrap();
        assert!(!pdf.contains(text) && pdf.matches("endobj").count() == 5, "{pdf}");
    }
}

#[test]
fn what_would_not_be_read_is_not_printed() {
    let error = |label: Label| render(&[code("A"), label], &MEDIA, &LabelFormat::Zpl).unwrap_err();
    let payload = |error| LabelError::Payload { label: 2, error };
    for character in ['a', ' ', '^', '\'', '~', '"', '+', '\u{1d}', 'é', 'ก'] {
        let found = error(code(&format!("A{character}")));
        assert_eq!(found, payload(PayloadError::Character { character }));
        assert_eq!(found.code(), Code::LabelPayloadInvalid);
    }
    let text = |text: &str| label(LabelSymbology::Qr, Payload::Text(text.to_owned()));
    assert_eq!(error(text("a\u{1d}")), payload(PayloadError::Character { character: '\u{1d}' }));
    assert_eq!(error(text("")), payload(PayloadError::Empty));
    assert_eq!(error(text(&"A".repeat(513))), payload(PayloadError::TooLong));
    assert_eq!(error(code(&"A".repeat(81))), payload(PayloadError::TooLong));
    assert_eq!(Payload::location("--"), Err(PayloadError::Empty));
    assert_eq!(Payload::location("Bin 1"), Err(PayloadError::Character { character: 'i' }));
    for (pairs, message) in [
        (vec![("01", "09501101530004")], "wrong check digit at 13"),
        (vec![("17", "270230")], "(17) is not a date or time"),
        (vec![("01", "09501101530003"), ("02", "09501101530003")], "(02) and (01) exclude each other"),
        (vec![("10", "A"), ("10", "B")], "(10) appears twice with different values"),
        (vec![("10", "A B")], "character at 1 is not allowed in (10)"),
        (vec![], "empty"),
    ] {
        assert_eq!(Payload::elements(&pairs).unwrap_err().to_string(), message);
    }
}

#[test]
fn text_that_the_font_lacks_is_refused_with_its_line_and_character() {
    for (text, character) in [("Ελλάς", 'Ε'), ("ข้าว", 'ข'), ("tab\t", '\t'), ("\u{1b}", '\u{1b}'), ("📦", '📦')]
    {
        let label = Label { lines: vec!["Crème brûlée – 5 €, gęś".to_owned(), text.to_owned()], ..code("A") };
        let error = render(&[label], &MEDIA, &LabelFormat::Pdf(None)).unwrap_err();
        assert_eq!(error, LabelError::Unprintable { label: 1, line: 2, character });
        assert_eq!(error.code(), Code::LabelTextUnprintable);
    }
}

#[test]
fn a_picture_is_printed_dot_for_dot() {
    let picture = LabelPicture { width: 11, height: 3, dark: vec![0b1010_0101, 0b1110_0000, 0, 0, 0xFF, 0xFF] };
    let rows = ["#.#..#.####", "...........", "###########"];
    for symbology in [LabelSymbology::Code128, LabelSymbology::Qr] {
        let label = Label { picture: Some(picture.clone()), ..label(symbology, Payload::Code("A-1".to_owned())) };
        let (luma, width, _) = pixels(&render(std::slice::from_ref(&label), &MEDIA, &LabelFormat::Png).unwrap());
        let dots: Vec<String> = luma
            .chunks(width as usize)
            .map(|row| row.iter().map(|grey| if *grey == 0 { '#' } else { '.' }).collect())
            .collect();
        let at = dots.iter().position(|row| row.contains(rows[0])).unwrap();
        let column = dots[at].find(rows[0]).unwrap();
        assert!((0..3).all(|y| &dots[at + y][column..column + 11] == rows[y]));
        assert_eq!(read(&label, &MEDIA)[0].2, "A-1");
        let pdf = String::from_utf8(render(&[label], &MEDIA, &LabelFormat::Pdf(None)).unwrap()).unwrap();
        assert!(pdf.contains(" 11 1 re"));
    }
    let fails =
        |picture| render(&[Label { picture: Some(picture), ..code("A") }], &MEDIA, &LabelFormat::Zpl).unwrap_err();
    let field = LabelError::OutOfRange { field: "picture" };
    assert_eq!(fails(LabelPicture { dark: vec![0; 5], ..picture.clone() }), field);
    assert_eq!(fails(LabelPicture { width: 0, height: 0, dark: vec![] }), field);
    assert_eq!(fails(LabelPicture { width: u32::MAX, height: u32::MAX, dark: vec![0; 8] }), field);
    let wide = LabelPicture { width: 808, height: 1, dark: vec![0; 101] };
    assert_eq!(fails(wide), LabelError::DoesNotFit { label: 1 });
}

#[test]
fn a_label_that_nobody_could_read_is_refused() {
    let tiny = Media { width: 2_000, height: 1_000, dpi: 203 };
    let error = render(&[code("A-01-03-0000000000")], &tiny, &LabelFormat::Zpl).unwrap_err();
    assert_eq!((error, error.code()), (LabelError::DoesNotFit { label: 1 }, Code::LabelDoesNotFit));
    let many = Label { lines: vec!["A long line of text that goes on".to_owned(); 8], ..code("A") };
    assert_eq!(render(&[many], &tiny, &LabelFormat::Pdf(None)), Err(LabelError::DoesNotFit { label: 1 }));
}

#[test]
fn every_limit_has_its_answer() {
    let of = |media: Media, format: LabelFormat, labels: &[Label]| render(labels, &media, &format).unwrap_err();
    let field = |field| LabelError::OutOfRange { field };
    let one = [code("A")];
    assert_eq!(of(MEDIA, LabelFormat::Zpl, &[]), field("labels"));
    assert_eq!(of(MEDIA, LabelFormat::Png, &[code("A"), code("B")]), field("labels"));
    assert_eq!(of(MEDIA, LabelFormat::Zpl, &vec![code("A"); limits::LABELS + 1]), field("labels"));
    assert_eq!(of(Media { width: 0, ..MEDIA }, LabelFormat::Zpl, &one), field("width"));
    assert_eq!(of(Media { height: u32::MAX, ..MEDIA }, LabelFormat::Zpl, &one), field("height"));
    assert_eq!(of(Media { dpi: 601, ..MEDIA }, LabelFormat::Zpl, &one), field("dpi"));
    let lines = Label { lines: vec![String::new(); limits::LABEL_LINES + 1], ..code("A") };
    assert_eq!(of(MEDIA, LabelFormat::Zpl, &[lines]), field("lines"));
    let line = Label { lines: vec!["A".repeat(limits::LABEL_LINE_BYTES + 1)], ..code("A") };
    assert_eq!(of(MEDIA, LabelFormat::Zpl, &[line]), field("lines"));
    let huge = Media { width: limits::LABEL_SIDE, height: limits::LABEL_SIDE, dpi: 600 };
    let error = of(huge, LabelFormat::Zpl, &one);
    assert_eq!((error, error.code()), (LabelError::TooLarge, Code::TooLarge));
    let large = Media { width: 10_000, height: 15_000, dpi: 203 };
    assert_eq!(of(large, LabelFormat::Zpl, &vec![code("A"); 100]), LabelError::TooLarge);
    assert!(render(&vec![code("A"); 100], &large, &LabelFormat::Pdf(None)).is_ok(), "a page has no dots");
}

#[test]
fn a_sheet_is_filled_from_the_first_unused_label() {
    let sheet = Sheet {
        width: 21_000,
        height: 29_700,
        columns: 2,
        rows: 5,
        left: 500,
        top: 1_000,
        across: 10_000,
        down: 5_500,
        used: 7,
    };
    let pdf = |labels: usize, sheet: Sheet| render(&vec![code("A"); labels], &MEDIA, &LabelFormat::Pdf(Some(sheet)));
    for (labels, pages) in [(3, "/Count 1"), (4, "/Count 2"), (13, "/Count 2"), (14, "/Count 3")] {
        let pdf = String::from_utf8(pdf(labels, sheet).unwrap()).unwrap();
        assert!(pdf.contains(pages), "{labels}");
        assert_eq!(pdf.matches(" cm\n").count(), labels);
    }
    let field = |field| Err(LabelError::OutOfRange { field });
    assert_eq!(pdf(1, Sheet { across: 9_999, ..sheet }), field("sheet columns"), "one label on another");
    assert_eq!(pdf(1, Sheet { left: 1_001, ..sheet }), field("sheet columns"), "beyond the sheet");
    assert_eq!(pdf(1, Sheet { rows: 6, ..sheet }), field("sheet rows"));
    assert_eq!(pdf(1, Sheet { columns: 0, ..sheet }), field("sheet columns"));
    assert_eq!(pdf(1, Sheet { columns: u32::MAX, across: u32::MAX, ..sheet }), field("sheet columns"));
    assert_eq!(pdf(1, Sheet { used: 10, ..sheet }), field("used"));
}

#[test]
fn codes_survive_every_keyboard_layout() {
    let keys = "²&é\"'(-è_çà)=^$*ù,;:!~1234567890°+¨£µ%?./§`¬@#<>[]{}|\\ßüöäÜÖÄ´qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNM";
    let layouts = [
        KeyboardLayout::Same,
        KeyboardLayout::FrenchAzerty,
        KeyboardLayout::FrenchAzertyCapsLock,
        KeyboardLayout::British,
        KeyboardLayout::German,
    ];
    for layout in layouts {
        let typed: BTreeMap<String, char> = keys.chars().map(|key| (layout.repair(&key.to_string()), key)).collect();
        let code = own_label("-L/:", "ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789.").unwrap();
        let arrives: String = code.chars().map(|c| typed[&c.to_string()]).collect();
        assert_eq!(layout.repair(&arrives), code, "{layout:?}: {arrives}");
    }
}
