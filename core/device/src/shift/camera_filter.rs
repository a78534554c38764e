//! The duplicate filter of the camera.
//!
//! Owns the code that a camera saw last. Must never be stored: after a restart the next frame is a new scan.

use super::Scan;
use super::state::ScanSource;

/// The same code within this interval counts as one scan; every sighting starts the interval anew.
pub const COOLDOWN_MS: i64 = 1_500;

/// The last scan of a camera.
#[derive(Debug, Default)]
pub struct CameraFilter {
    last: Option<(Scan, i64)>,
}

impl CameraFilter {
    /// Whether the camera still shows the code that it showed last. Needs no database: it is asked before the look-up.
    pub fn is_repeat(&mut self, scan: &Scan, now_ms: i64) -> bool {
        if scan.source != ScanSource::Camera {
            return false;
        }
        match &mut self.last {
            Some((last, at_ms)) if last == scan && (0..COOLDOWN_MS).contains(&(now_ms - *at_ms)) => {
                *at_ms = now_ms;
                true
            }
            _ => false,
        }
    }

    /// Remembers a scan that was processed. A scan from elsewhere ends the interval.
    pub fn remember(&mut self, scan: Scan, now_ms: i64) {
        self.last = Some((scan, now_ms)).filter(|(scan, _)| scan.source == ScanSource::Camera);
    }

    /// Forgets the last scan: it was not recorded, so the next frame tries again.
    pub fn clear(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str, source: ScanSource) -> Scan {
        Scan { text: text.to_owned(), aim: None, source }
    }

    #[test]
    fn a_code_that_stays_in_view_is_one_scan() {
        let mut filter = CameraFilter::default();
        let tea = scan("TEA", ScanSource::Camera);
        assert!(!filter.is_repeat(&tea, 0));
        filter.remember(tea.clone(), 0);
        for at_ms in [100, 1_500, 2_900] {
            assert!(filter.is_repeat(&tea, at_ms), "every sighting prolongs it");
        }
        assert!(!filter.is_repeat(&scan("MUG", ScanSource::Camera), 2_950));
        assert!(!filter.is_repeat(&scan("TEA", ScanSource::Scanner), 2_950), "a trigger means each pull");
        assert!(!filter.is_repeat(&tea, 2_900 + COOLDOWN_MS));
        assert!(!filter.is_repeat(&tea, 2_000), "a clock that went back says nothing");
        filter.clear();
        assert!(!filter.is_repeat(&tea, 2_950));
        filter.remember(tea.clone(), 3_000);
        filter.remember(scan("MUG", ScanSource::Scanner), 3_100);
        assert!(!filter.is_repeat(&tea, 3_200), "another scan lay between");
    }
}
