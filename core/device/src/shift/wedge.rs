//! Scanners that type, and scanners whose vendor delivers an Android intent: from keystrokes and extras to a scan.
//!
//! Owns when a code is complete. Must never start a timer: the caller passes the time.

use std::collections::HashMap;

use stocksync_gs1::{MAX_INPUT_BYTES, Symbology};

use super::Scan;
use super::state::ScanSource;

/// Keys that follow each other within this span come from a scanner, not from a person.
const SCANNER_GAP_MS: i64 = 50;
/// After a pause of this length a new code begins.
const PAUSE_MS: i64 = 250;
/// Fewer fast keys in a row are not a scan.
const MIN_KEYS: usize = 4;

/// Gathers the keys of a scanner that types.
#[derive(Debug, Clone, Default)]
pub struct Wedge {
    keys: String,
    last_ms: i64,
    /// Index in `keys` of the first of the fast keys at the end.
    burst: usize,
}

impl Wedge {
    /// Takes one key at `now_ms` of any clock that does not go back; Enter, Tab and their control characters end a code,
    /// Backspace and Delete (U+0008, U+007F) take its last character away. Answers the code that this key ended, or the one
    /// that the pause before it ended.
    pub fn key(&mut self, key: char, now_ms: i64) -> Option<Scan> {
        let ended = self.tick(now_ms);
        if matches!(key, '\r' | '\n' | '\t') {
            return ended.or_else(|| self.finish());
        }
        if now_ms.saturating_sub(self.last_ms) > SCANNER_GAP_MS {
            self.burst = self.keys.len();
        }
        self.last_ms = now_ms;
        if matches!(key, '\u{8}' | '\u{7f}') {
            self.delete_last();
            return ended;
        }
        // Longer than any code: everything up to the next pause is dropped.
        if self.keys.len() <= MAX_INPUT_BYTES {
            self.keys.push(key);
        }
        ended
    }

    /// Passes the time. Answers a scanner's code that a pause ended; what a person types waits for a terminator.
    pub fn tick(&mut self, now_ms: i64) -> Option<Scan> {
        let paused = now_ms.saturating_sub(self.last_ms) >= PAUSE_MS;
        if paused && self.burst_code().is_some() { self.finish() } else { None }
    }

    /// Deletes the last character. A text that was too long stays too long.
    fn delete_last(&mut self) {
        if self.keys.len() <= MAX_INPUT_BYTES {
            self.keys.pop();
        }
        self.burst = self.burst.min(self.keys.len());
    }

    /// Drops the keys gathered so far.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.burst = 0;
    }

    /// The code that a scanner typed at the end of the keys, without what a person typed before it.
    fn burst_code(&self) -> Option<&str> {
        self.keys.get(self.burst..).filter(|code| code.chars().count() >= MIN_KEYS)
    }

    /// The code that the keys make, which are dropped.
    fn finish(&mut self) -> Option<Scan> {
        let (text, source) = match self.burst_code() {
            Some(code) => (code.to_owned(), ScanSource::Wedge),
            None => (self.keys.clone(), ScanSource::Typed),
        };
        let fits = !self.keys.is_empty() && self.keys.len() <= MAX_INPUT_BYTES;
        self.clear();
        fits.then_some(Scan { text, aim: None, source })
    }
}

/// The scan in the extras of a vendor's broadcast: Zebra DataWedge (`com.symbol.datawedge.*`) or Honeywell (`data`,
/// `aimId`). None where there is no text.
#[must_use]
pub fn scan_of_intent(extras: &HashMap<String, String>) -> Option<Scan> {
    let get = |name: &str| extras.get(name).filter(|value| !value.is_empty());
    let (text, aim) = if let Some(text) = get("com.symbol.datawedge.data_string") {
        let label = get("com.symbol.datawedge.label_type").and_then(|label| Symbology::from_label_type(label));
        (text, label.map(|symbology| symbology.aim().to_owned()))
    } else {
        let aim = get("aimId").or_else(|| get("com.honeywell.decode.intent.extra.AIM_ID"));
        let text = get("data").or_else(|| get("com.honeywell.decode.intent.extra.DATA_STRING"))?;
        (text, aim.filter(|aim| Symbology::from_aim(aim).is_some()).cloned())
    };
    (text.len() <= MAX_INPUT_BYTES).then(|| Scan { text: text.clone(), aim, source: ScanSource::Scanner })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(wedge: &mut Wedge, text: &str, from_ms: i64, gap_ms: i64) -> Vec<Scan> {
        let at = |index: usize| from_ms + gap_ms * i64::try_from(index).unwrap();
        text.chars().enumerate().filter_map(|(index, key)| wedge.key(key, at(index))).collect()
    }

    #[test]
    fn a_terminator_or_a_pause_ends_a_scan() {
        let mut wedge = Wedge::default();
        for (end, code) in [('\n', "4006381333931"), ('\r', "A1"), ('\t', "0112345678901231")] {
            let scans = type_in(&mut wedge, &format!("{code}{end}"), 0, 8);
            assert_eq!(scans.iter().map(|scan| scan.text.as_str()).collect::<Vec<_>>(), [code]);
        }
        assert!(type_in(&mut wedge, "40063813", 10_000, 8).is_empty());
        assert_eq!(wedge.tick(10_100), None, "more keys may follow");
        let scan = wedge.tick(10_400).unwrap();
        assert_eq!((scan.text.as_str(), scan.source), ("40063813", ScanSource::Wedge));
        assert_eq!(wedge.tick(99_999), None);
        assert_eq!(wedge.key('\n', 100_000), None, "Enter after the pause ends nothing");
    }

    #[test]
    fn the_next_code_begins_after_a_pause() {
        let mut wedge = Wedge::default();
        assert!(type_in(&mut wedge, "11112222", 0, 5).is_empty());
        let scans = type_in(&mut wedge, "33334444\n", 1_000, 5);
        assert_eq!(scans.iter().map(|scan| scan.text.as_str()).collect::<Vec<_>>(), ["11112222", "33334444"]);
    }

    #[test]
    fn a_person_may_think() {
        let mut wedge = Wedge::default();
        let scans = type_in(&mut wedge, "TEA\n", 0, 900);
        let stray = wedge.key('x', 50_000);
        assert_eq!(stray, None);
        assert_eq!(type_in(&mut wedge, "4006381333931\n", 60_000, 8)[0].text, "4006381333931", "a stray key before it");
        assert_eq!((scans.len(), scans[0].text.as_str(), scans[0].source), (1, "TEA", ScanSource::Typed));
    }

    #[test]
    fn backspace_deletes_the_last_character() {
        let texts = |scans: Vec<Scan>| scans.into_iter().map(|scan| (scan.text, scan.source)).collect::<Vec<_>>();
        let mut wedge = Wedge::default();
        let typed = type_in(&mut wedge, "TEB\u{8}\u{8}\u{8}\u{8}TEA\n", 0, 300);
        assert_eq!(texts(typed), [("TEA".to_owned(), ScanSource::Typed)], "by hand, and once too often");
        let burst = type_in(&mut wedge, "x\u{8}40063813339X\u{7f}31\n", 60_000, 5);
        assert_eq!(texts(burst), [("4006381333931".to_owned(), ScanSource::Wedge)], "by a scanner");
        assert!(type_in(&mut wedge, "ab", 100_000, 5).is_empty());
        let after = type_in(&mut wedge, "\u{8}\u{8}\u{8}1234\n", 100_200, 5);
        assert_eq!(texts(after), [("1234".to_owned(), ScanSource::Wedge)]);
        assert_eq!(wedge.key('\u{8}', 200_000), None);
        assert_eq!(wedge.key('\n', 200_001), None, "nothing was there");
        let endless = "7".repeat(2 * MAX_INPUT_BYTES) + "\u{8}\u{8}\n";
        assert!(type_in(&mut wedge, &endless, 300_000, 1).is_empty(), "too long stays too long");
    }

    #[test]
    fn more_than_a_code_can_hold_is_no_code() {
        let mut wedge = Wedge::default();
        let endless = "7".repeat(3 * MAX_INPUT_BYTES);
        assert!(type_in(&mut wedge, &endless, 0, 1).is_empty());
        assert_eq!(wedge.key('\n', 100_000), None);
        assert_eq!(type_in(&mut wedge, "4006381333931\n", 200_000, 1).len(), 1);
    }

    #[test]
    fn vendors_name_their_extras_differently() {
        let extras = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<HashMap<_, _>>()
        };
        let zebra = |label| {
            let (data, of) = ("com.symbol.datawedge.data_string", "com.symbol.datawedge.label_type");
            scan_of_intent(&extras(&[(data, "0123"), (of, label)])).unwrap()
        };
        assert_eq!(zebra("LABEL-TYPE-EAN128").aim.as_deref(), Some("]C1"));
        assert_eq!(zebra("LABEL-TYPE-UPCE0").aim.as_deref(), Some("]E0"));
        assert_eq!(zebra("LABEL-TYPE-NEW").aim, None);
        let honeywell = scan_of_intent(&extras(&[("data", "X1"), ("aimId", "]C0"), ("codeId", "j")])).unwrap();
        assert_eq!((honeywell.text.as_str(), honeywell.aim.as_deref()), ("X1", Some("]C0")));
        assert_eq!(scan_of_intent(&extras(&[("aimId", "]C0")])), None);
        assert_eq!(scan_of_intent(&extras(&[("data", &"9".repeat(MAX_INPUT_BYTES + 1))])), None);
    }
}
