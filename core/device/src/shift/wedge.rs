//! Scanners that type, and scanners whose vendor delivers an intent: from keystrokes and extras to one scan.
//!
//! Owns when a code is complete. Must never start a timer: the caller says what time it is.

use std::collections::HashMap;

use stocksync_gs1::{MAX_INPUT_BYTES, Symbology};

use super::Scan;
use super::state::Source;

/// Keys that follow each other faster than this were not typed by a person.
const SCANNER_GAP_MS: i64 = 50;
/// After a pause as long as this a new code begins.
const PAUSE_MS: i64 = 250;
/// Fewer fast keys in a row are no scan.
const LEAST_KEYS: usize = 4;

/// Gathers the keys of a scanner that types.
#[derive(Debug, Clone, Default)]
pub struct Wedge {
    keys: String,
    last_ms: i64,
    /// Where the keys begin that followed each other faster than a person types.
    burst: usize,
}

impl Wedge {
    /// Takes one key at `now_ms` of any clock that does not go back; Enter, Tab and their control characters end a code,
    /// Backspace and Delete (U+0008, U+007F) take its last character away. Answers the code that this key ended, or the one
    /// that the pause before it ended.
    pub fn key(&mut self, key: char, now_ms: i64) -> Option<Scan> {
        let ended = self.tick(now_ms);
        if matches!(key, '\r' | '\n' | '\t') {
            return ended.or_else(|| self.take());
        }
        if now_ms.saturating_sub(self.last_ms) > SCANNER_GAP_MS {
            self.burst = self.keys.len();
        }
        self.last_ms = now_ms;
        if matches!(key, '\u{8}' | '\u{7f}') {
            self.take_back();
            return ended;
        }
        // Longer than any code: not one. What follows until the next pause is dropped with it.
        if self.keys.len() <= MAX_INPUT_BYTES {
            self.keys.push(key);
        }
        ended
    }

    /// Says what time it is. Answers a scanner's code that no terminator ended; what a person types is kept until one does.
    pub fn tick(&mut self, now_ms: i64) -> Option<Scan> {
        let paused = now_ms.saturating_sub(self.last_ms) >= PAUSE_MS;
        if paused && self.scanned().is_some() { self.take() } else { None }
    }

    /// The last character was a slip. What is longer than any code stays none.
    fn take_back(&mut self) {
        if self.keys.len() <= MAX_INPUT_BYTES {
            self.keys.pop();
        }
        self.burst = self.burst.min(self.keys.len());
    }

    /// Forgets what was gathered.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.burst = 0;
    }

    /// The code of a scanner at the end of the keys, without what a person typed before it.
    fn scanned(&self) -> Option<&str> {
        self.keys.get(self.burst..).filter(|it| it.chars().count() >= LEAST_KEYS)
    }

    fn take(&mut self) -> Option<Scan> {
        let (text, source) = match self.scanned() {
            Some(code) => (code.to_owned(), Source::Wedge),
            None => (self.keys.clone(), Source::Typed),
        };
        let whole = !self.keys.is_empty() && self.keys.len() <= MAX_INPUT_BYTES;
        self.clear();
        whole.then_some(Scan { text, aim: None, source })
    }
}

/// The scan in the extras of a vendor's broadcast: Zebra DataWedge (`com.symbol.datawedge.*`) or Honeywell (`data`,
/// `aimId`). None where there is no text.
#[must_use]
pub fn scan_of_intent(extras: &HashMap<String, String>) -> Option<Scan> {
    let get = |name: &str| extras.get(name).filter(|it| !it.is_empty());
    let (text, aim) = if let Some(text) = get("com.symbol.datawedge.data_string") {
        let label = get("com.symbol.datawedge.label_type").and_then(|it| Symbology::from_label_type(it));
        (text, label.map(|it| it.aim().to_owned()))
    } else {
        let aim = get("aimId").or_else(|| get("com.honeywell.decode.intent.extra.AIM_ID"));
        let text = get("data").or_else(|| get("com.honeywell.decode.intent.extra.DATA_STRING"))?;
        (text, aim.filter(|it| Symbology::from_aim(it).is_some()).cloned())
    };
    (text.len() <= MAX_INPUT_BYTES).then(|| Scan { text: text.clone(), aim, source: Source::Scanner })
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
            assert_eq!(scans.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), [code]);
        }
        assert!(type_in(&mut wedge, "40063813", 10_000, 8).is_empty());
        assert_eq!(wedge.tick(10_100), None, "it may go on");
        let scan = wedge.tick(10_400).unwrap();
        assert_eq!((scan.text.as_str(), scan.source), ("40063813", Source::Wedge));
        assert_eq!(wedge.tick(99_999), None);
        assert_eq!(wedge.key('\n', 100_000), None, "Enter after the pause ends nothing");
    }

    #[test]
    fn the_next_code_begins_after_a_pause() {
        let mut wedge = Wedge::default();
        assert!(type_in(&mut wedge, "11112222", 0, 5).is_empty());
        let scans = type_in(&mut wedge, "33334444\n", 1_000, 5);
        assert_eq!(scans.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["11112222", "33334444"]);
    }

    #[test]
    fn a_person_may_think() {
        let mut wedge = Wedge::default();
        let scans = type_in(&mut wedge, "TEA\n", 0, 900);
        let stray = wedge.key('x', 50_000);
        assert_eq!(stray, None);
        assert_eq!(type_in(&mut wedge, "4006381333931\n", 60_000, 8)[0].text, "4006381333931", "a stray key before it");
        assert_eq!((scans.len(), scans[0].text.as_str(), scans[0].source), (1, "TEA", Source::Typed));
    }

    #[test]
    fn backspace_takes_the_last_character_back() {
        let texts = |scans: Vec<Scan>| scans.into_iter().map(|it| (it.text, it.source)).collect::<Vec<_>>();
        let mut wedge = Wedge::default();
        let typed = type_in(&mut wedge, "TEB\u{8}\u{8}\u{8}\u{8}TEA\n", 0, 300);
        assert_eq!(texts(typed), [("TEA".to_owned(), Source::Typed)], "by hand, and once too often");
        let burst = type_in(&mut wedge, "x\u{8}40063813339X\u{7f}31\n", 60_000, 5);
        assert_eq!(texts(burst), [("4006381333931".to_owned(), Source::Wedge)], "by a scanner");
        assert!(type_in(&mut wedge, "ab", 100_000, 5).is_empty());
        let after = type_in(&mut wedge, "\u{8}\u{8}\u{8}1234\n", 100_200, 5);
        assert_eq!(texts(after), [("1234".to_owned(), Source::Wedge)]);
        assert_eq!(wedge.key('\u{8}', 200_000), None);
        assert_eq!(wedge.key('\n', 200_001), None, "nothing was there");
        let endless = "7".repeat(2 * MAX_INPUT_BYTES) + "\u{8}\u{8}\n";
        assert!(type_in(&mut wedge, &endless, 300_000, 1).is_empty(), "too long stays too long");
    }

    #[test]
    fn more_than_a_code_can_hold_is_none() {
        let mut wedge = Wedge::default();
        let endless = "7".repeat(3 * MAX_INPUT_BYTES);
        assert!(type_in(&mut wedge, &endless, 0, 1).is_empty());
        assert_eq!(wedge.key('\n', 100_000), None);
        assert_eq!(type_in(&mut wedge, "4006381333931\n", 200_000, 1).len(), 1);
    }

    #[test]
    fn vendors_say_it_in_their_own_words() {
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
