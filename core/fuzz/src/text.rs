//! Any bytes as the text of a scan.
//!
//! Owns the guarantees of `stocksync-gs1`. Must never check which meaning a text has.

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

/// Every text that is not empty has a meaning within the limits, the same on every call; an element string that is encoded from
/// its elements decodes to the same elements.
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
        let encoded = element_string(&candidate.elements);
        let mut input = ScanInput::new(&encoded);
        input.symbology = Some(Symbology::Gs1Code128);
        let decoded = understand(&input, &Context::new(2026));
        let first = decoded.as_ref().ok().and_then(|meaning| meaning.candidates.first());
        assert!(first.is_some_and(|first| first.elements == candidate.elements), "{encoded:?}");
    }
}

/// The inputs of the test vectors of `stocksync-gs1`.
pub(crate) fn seeds() -> io::Result<Vec<Vec<u8>>> {
    let vectors = fs::read_to_string(workspace("core/gs1/tests/it/vectors.txt"))?;
    let scans = vectors.lines().filter_map(|line| line.split_once(" => ")).map(|(scan, _)| scan);
    let seeds = scans.enumerate().map(|(index, scan)| {
        let text =
            scan.rsplit_once("as ").map_or(scan, |(_, rest)| rest.split_once(": ").map_or(rest, |(_, text)| text));
        let text = text.replace("{GS}", "\u{1d}").replace("{RS}", "\u{1e}").replace("{EOT}", "\u{4}");
        std::iter::once(index as u8).chain(text.bytes()).collect()
    });
    Ok(seeds.collect())
}
