//! Reads the barcode pictures of `fixtures/barcodes`: every clean one is read, none is read wrongly, and the degraded ones are
//! read at the rate that `core/docs/decisions/0004-scanning-pipeline.md` states.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;

use stocksync_scan::{BarcodeFormat, Frame, Roi, ScanMode, Scanner, Symbol, scan};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/barcodes");

/// One line of the manifest with its pixels.
struct FixturePicture {
    file: String,
    format: Option<BarcodeFormat>,
    expected: String,
    class: String,
    degradation: String,
    luma: Vec<u8>,
    width: u32,
    height: u32,
}

impl FixturePicture {
    fn frame(&self) -> Frame<'_> {
        Frame::new(&self.luma, self.width, self.height)
    }

    /// Whether the expected text was read; panics if another text was.
    fn check(&self, symbols: &[Symbol]) -> bool {
        for symbol in symbols {
            let right = Some(symbol.format) == self.format && symbol.text == self.expected;
            assert!(right, "{}: {symbol:?} instead of {:?}", self.file, self.expected);
        }
        !symbols.is_empty()
    }
}

fn pictures() -> Vec<FixturePicture> {
    let manifest = fs::read_to_string(format!("{FIXTURES}/manifest.tsv")).unwrap();
    manifest.lines().skip(1).map(picture).collect()
}

fn picture(line: &str) -> FixturePicture {
    let [file, format, expected, class, degradation] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
    let mut reader =
        png::Decoder::new(BufReader::new(File::open(format!("{FIXTURES}/{file}")).unwrap())).read_info().unwrap();
    let mut luma = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut luma).unwrap();
    assert_eq!(info.color_type, png::ColorType::Grayscale, "{file}");
    let format = match format {
        "EAN_13" => Some(BarcodeFormat::Ean13),
        "UPC_A" => Some(BarcodeFormat::UpcA),
        "EAN_8" => Some(BarcodeFormat::Ean8),
        "UPC_E" => Some(BarcodeFormat::UpcE),
        "CODE_128" => Some(BarcodeFormat::Code128),
        "CODE_39" => Some(BarcodeFormat::Code39),
        "QR_CODE" => Some(BarcodeFormat::Qr),
        "ITF" => Some(BarcodeFormat::Itf),
        "DATA_MATRIX" => Some(BarcodeFormat::DataMatrix),
        "NONE" => None,
        other => panic!("format {other} of {file}"),
    };
    FixturePicture {
        file: file.to_owned(),
        format,
        expected: expected.replace("\\x1d", "\u{1d}"),
        class: class.to_owned(),
        degradation: degradation.to_owned(),
        luma,
        width: info.width,
        height: info.height,
    }
}

/// Reads all pictures. Prints and returns the share of the degraded ones that were read, in percent.
fn rate(mode: ScanMode) -> u32 {
    let mut by_degradation: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let pictures = pictures();
    assert!(pictures.len() >= 200);
    for picture in &pictures {
        let read = picture.check(&scan(&picture.frame(), mode).unwrap());
        match picture.class.as_str() {
            "clean" => assert!(read, "{} is clean and was not read in {mode:?}", picture.file),
            "degraded" => {
                let (hits, all) = by_degradation.entry(picture.degradation.clone()).or_default();
                *hits += u32::from(read);
                *all += 1;
            }
            _ => assert!(!read),
        }
    }
    let (hits, all) = by_degradation.values().fold((0, 0), |(h, a), (hits, all)| (h + hits, a + all));
    println!("{mode:?}: {hits} of {all} degraded pictures read; {by_degradation:?}");
    100 * hits / all
}

#[test]
fn a_photograph_is_read_if_it_can_be() {
    assert!(rate(ScanMode::Still) >= 95);
}

#[test]
fn a_live_frame_is_read_nearly_as_well() {
    assert!(rate(ScanMode::Live) >= 86);
}

#[test]
fn a_held_camera_reads_clean_codes_within_two_frames() {
    for picture in pictures().iter().filter(|p| p.class != "degraded") {
        let mut scanner = Scanner::new();
        let reads = [0; 2].map(|_| picture.check(&scanner.next(&picture.frame()).unwrap()));
        assert_eq!(reads.contains(&true), picture.class == "clean", "{}", picture.file);
    }
}

#[test]
fn symbology_identifiers_tell_gs1_from_the_rest() {
    let aims = [("gs1-128", "]C1"), ("gs1-datamatrix", "]d2"), ("code128", "]C0"), ("ean8", "]E4"), ("itf14", "]I1")];
    for picture in pictures().iter().filter(|p| p.class == "clean") {
        let symbols = scan(&picture.frame(), ScanMode::Still).unwrap();
        let kind = picture.file.rsplit_once('-').unwrap().0;
        if let Some((_, aim)) = aims.iter().find(|(k, _)| *k == kind) {
            assert_eq!(symbols[0].aim, *aim, "{}", picture.file);
        }
    }
}

#[test]
fn several_codes_on_one_picture_are_all_found_in_their_places() {
    let pictures = pictures();
    let wanted = ["ean13-01.png", "code128-02.png", "qr-03.png", "gs1-datamatrix-02.png"];
    let parts: Vec<&FixturePicture> = wanted.iter().map(|w| pictures.iter().find(|p| p.file == *w).unwrap()).collect();
    let width = parts.iter().map(|p| p.width).max().unwrap() as usize;
    let mut luma = Vec::new();
    let mut tops = Vec::new();
    for part in &parts {
        tops.push((luma.len() / width) as f32);
        for row in part.luma.chunks(part.width as usize) {
            luma.extend_from_slice(row);
            luma.resize(luma.len() + width - row.len(), 226);
        }
    }
    let height = luma.len() / width;
    let symbols = scan(&Frame::new(&luma, width as u32, height as u32), ScanMode::Every).unwrap();
    assert_eq!(symbols.len(), parts.len(), "{symbols:?}");
    for (part, top) in parts.iter().zip(tops) {
        let symbol = symbols.iter().find(|s| s.text == part.expected).unwrap();
        assert!(symbol.points.iter().all(|p| p.y >= top && p.y <= top + part.height as f32), "{symbol:?} {top}");
    }
}

#[test]
fn only_the_region_of_interest_is_read_and_padding_is_not() {
    let pictures = pictures();
    let picture = pictures.iter().find(|p| p.file == "ean13-01.png").unwrap();
    let (width, height) = (picture.width, picture.height);
    let stride = width + 13;
    let mut padded = vec![0; 20 * stride as usize]; // rows above the picture
    for row in picture.luma.chunks(width as usize) {
        padded.extend_from_slice(row);
        padded.extend([0; 13]);
    }
    let frame = Frame { luma: &padded, width, height: height + 20, stride, roi: None };
    let inside = Frame { roi: Some(Roi { left: 0, top: 20, width, height }), ..frame };
    let symbols = scan(&inside, ScanMode::Still).unwrap();
    assert!(picture.check(&symbols));
    assert!(symbols[0].points.iter().all(|p| p.y >= 20.0), "positions are those of the frame");
    let beside = Frame { roi: Some(Roi { left: 0, top: 0, width, height: 30 }), ..frame };
    assert!(scan(&beside, ScanMode::Still).unwrap().is_empty());
}
