//! Any bytes as the text of a scan. Owns: the promises of `stocksync-gs1`.

use std::fs;
use std::io;

use stocksync_gs1::encode::element_string;
use stocksync_gs1::{
    CodeKind, Context, DeviceProfile, InputSource, KeyboardLayout, MAX_CANDIDATES, MAX_ELEMENTS, OwnLabels, Region,
    ScanInput, Symbology, text_from_bytes, understand,
};

use crate::workspace;

const SYMBOLOGIES: [Option<Symbology>; 8] = [
    None,
    Some(Symbology::Ean13),
    Some(Symbology::UpcE),
    Some(Symbology::Gs1Code128),
    Some(Symbology::DataBarExpanded),
    Some(Symbology::Itf14),
    Some(Symbology::Qr),
    Some(Symbology::Code39),
];

/// Every text that holds anything has a meaning, within its limits and the same one again; what is printed from its elements
/// reads as the same elements.
pub fn check(data: &[u8]) {
    let Some((settings, bytes)) = data.split_first() else { return };
    let text = text_from_bytes(bytes);
    let mut context = Context::new(2026);
    let mut input = ScanInput::new(&text);
    input.symbology = SYMBOLOGIES.get(usize::from(settings & 7)).copied().flatten();
    if settings & 8 != 0 {
        input.source = InputSource::Keyboard;
        context.profile = DeviceProfile { layout: KeyboardLayout::German, ..DeviceProfile::default() };
    }
    if settings & 16 != 0 {
        context.restricted = Region::Germany.patterns();
        context.own_labels = Some(OwnLabels { prefix: "LOC:".to_owned(), checked: settings & 32 != 0 });
    }
    let Ok(meaning) = understand(&input, &context) else { return };
    assert_eq!(Ok(&meaning), understand(&input, &context).as_ref());
    assert!((1..=MAX_CANDIDATES).contains(&meaning.candidates.len()));
    assert!(!meaning.lookup_keys().is_empty());
    for candidate in &meaning.candidates {
        assert!(candidate.elements.len() <= MAX_ELEMENTS);
        if candidate.kind != CodeKind::ElementString || candidate.elements.is_empty() {
            continue;
        }
        let printed = element_string(&candidate.elements);
        let mut again = ScanInput::new(&printed);
        again.symbology = Some(Symbology::Gs1Code128);
        let read = understand(&again, &Context::new(2026));
        let same = read.is_ok_and(|read| read.candidates.first().is_some_and(|it| it.elements == candidate.elements));
        assert!(same, "{printed:?}");
    }
}

/// The vectors of `stocksync-gs1`, without what they expect.
pub(crate) fn seeds() -> io::Result<Vec<Vec<u8>>> {
    let vectors = fs::read_to_string(workspace("core/gs1/tests/it/vectors.txt"))?;
    let scans = vectors.lines().filter_map(|line| line.split_once(" => ")).map(|(scan, _)| scan);
    let seeds = scans.enumerate().map(|(at, scan)| {
        let text =
            scan.rsplit_once("as ").map_or(scan, |(_, rest)| rest.split_once(": ").map_or(rest, |(_, text)| text));
        let text = text.replace("{GS}", "\u{1d}").replace("{RS}", "\u{1e}").replace("{EOT}", "\u{4}");
        std::iter::once(at as u8).chain(text.bytes()).collect()
    });
    Ok(seeds.collect())
}
