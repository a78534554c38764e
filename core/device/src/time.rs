//! The phone's clocks, and when an act was in server time (DESIGN 4).
//!
//! Owns the estimate: an interval that contains the truth as long as the boot clock drifts less than
//! [`limits::DRIFT_PPM`]. The wall clock only chooses a point inside what is certain: it may be days off.

use stocksync_schemas::limits::{DRIFT_PPM, TIME_MS};
use stocksync_schemas::{BootId, CaptureTime, Estimate};

/// What the clocks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Wall clock, ms since 1970.
    pub wall_ms: i64,
    /// Boot clock, ms; goes on while the phone sleeps.
    pub boot_ms: i64,
    /// Which boot. An unreadable one is a new id for each process: that counts as a restart.
    pub boot: BootId,
}

/// The phone's clocks. Kotlin gives `elapsedRealtime`, Swift `mach_continuous_time`, Linux `CLOCK_BOOTTIME`.
pub trait Clock: Send + Sync {
    /// What they show now.
    fn read(&self) -> ClockReading;
}

/// The clocks of the machine this runs on.
#[derive(Debug)]
pub struct SystemClock {
    boot: BootId,
    started: std::time::Instant,
    uptime_at_start_ms: i64,
}

impl SystemClock {
    /// Reads the boot id and uptime where the system shows them. `fallback` stands for the boot where it does not.
    #[must_use]
    pub fn new(fallback: BootId) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        let uptime = std::fs::read_to_string("/proc/uptime").ok();
        let known =
            boot.as_deref().and_then(|text| text.trim().parse().ok()).zip(uptime.as_deref().and_then(hundredths));
        let (boot, uptime_at_start_ms) = known.unwrap_or((fallback, 0));
        Self { boot, started: std::time::Instant::now(), uptime_at_start_ms }
    }
}

/// "12345.67 …" as ms.
fn hundredths(uptime: &str) -> Option<i64> {
    let (whole, part) = uptime.split_whitespace().next()?.split_once('.')?;
    Some(whole.parse::<i64>().ok()? * 1_000 + part.get(..2)?.parse::<i64>().ok()? * 10)
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is where time enters")]
    fn read(&self) -> ClockReading {
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ms = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(0);
        ClockReading {
            wall_ms: since_1970.map_or(0, ms),
            boot_ms: self.uptime_at_start_ms + ms(self.started.elapsed()),
            boot: self.boot,
        }
    }
}

/// One exchange as the phone's boot clock saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeSample {
    /// Its number; later ones are higher.
    pub number: i64,
    /// Which boot.
    pub boot: BootId,
    /// Boot clock when the request left.
    pub sent_ms: i64,
    /// Boot clock when the answer was there.
    pub received_ms: i64,
    /// Server time in between.
    pub server_ms: i64,
}

/// The contacts that say something about one act.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockBounds {
    /// The last of the act's boot before it.
    pub before: Option<ExchangeSample>,
    /// The first of the act's boot after it.
    pub after: Option<ExchangeSample>,
    /// The last one of any boot that was known when the act was captured.
    pub last_known: Option<ExchangeSample>,
    /// The first one after the act was captured, of any boot.
    pub next_known: Option<ExchangeSample>,
}

/// Server time at boot time `at`, as reckoned from one exchange_sample: first and last possible ms.
fn reckon(exchange_sample: &ExchangeSample, at: i64) -> (i64, i64) {
    let (sent, received) = (exchange_sample.sent_ms, exchange_sample.received_ms.max(exchange_sample.sent_ms));
    let distance = if at > received { at - received } else { (sent - at).max(0) };
    let drift = distance.saturating_mul(DRIFT_PPM) / 1_000_000 + 1;
    (exchange_sample.server_ms + (at - received) - drift, exchange_sample.server_ms + (at - sent) + drift)
}

/// When the act was, in server time.
#[must_use]
pub fn estimate(captured: &CaptureTime, around: &ClockBounds) -> Estimate {
    let took = i64::from(captured.took_ms);
    let at = captured.boot_ms;
    let bounds = match (around.before, around.after) {
        (Some(before), Some(after)) => {
            let ((a, b), (c, d)) = (reckon(&before, at), reckon(&after, at));
            // Spans that disagree beyond drift: the boot clock was not one clock. That counts as a restart.
            if a.max(c) <= b.min(d) { Some((a.max(c), b.min(d))) } else { None }
        }
        (Some(one), None) | (None, Some(one)) => Some(reckon(&one, at)),
        (None, None) => None,
    };
    let (ended, uncertainty) = match bounds {
        Some((first, last)) => (first + (last - first) / 2, (last - first) / 2 + 1),
        None => certain(captured.wall_ms, around),
    };
    let ended = ended.clamp(0, TIME_MS);
    Estimate { began: (ended - took).max(0), ended, uncertainty: uncertainty.max(0).unsigned_abs() }
}

/// How uncertain a wall clock is on which nothing else says a word.
const UNKNOWN_MS: i64 = 400 * 24 * 3_600_000;

/// The wall clock inside what is certain, and how far the truth may be from it.
fn certain(wall_ms: i64, around: &ClockBounds) -> (i64, i64) {
    let first = around.last_known.map(|exchange_sample| exchange_sample.server_ms);
    let last = around.next_known.map(|exchange_sample| exchange_sample.server_ms);
    match (first, last) {
        (Some(first), Some(last)) if first <= last => {
            let ended = wall_ms.clamp(first, last);
            (ended, (ended - first).max(last - ended))
        }
        (first, last) => {
            let ended = wall_ms.max(first.unwrap_or(wall_ms)).min(last.unwrap_or(i64::MAX));
            (ended, UNKNOWN_MS)
        }
    }
}

/// Year, month and day (UTC) of a time in ms since 1970 (proleptic Gregorian calendar, as in Howard Hinnant's
/// `civil_from_days`).
pub(crate) fn date_of(wall_ms: i64) -> (u16, u8, u8) {
    let days = wall_ms.div_euclid(86_400_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    let year = of_era + era * 400 + i64::from(day_of_year >= 306);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let byte = |number: i64| u8::try_from(number).unwrap_or(1);
    (u16::try_from(year).unwrap_or(2026), byte(month), byte(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn captured(boot_ms: i64, took_ms: u32) -> CaptureTime {
        CaptureTime { wall_ms: 5, boot_ms, boot: BootId([1; 16]), took_ms }
    }

    proptest! {
        /// Whatever the drift within its bound and however slow the network, the truth lies in the interval.
        #[test]
        fn the_truth_is_in_the_interval(
            drift in -99_i64..99, first in 1_000_i64..1_000_000, gap in 0_i64..100_000_000, later in 0_i64..100_000_000,
            trips in prop::array::uniform4(0_i64..5_000), which in 0..3,
        ) {
            // The boot clock as a function of true time, which is server time here.
            let base = 1_790_000_000_000_i64;
            let boot = |truth: i64| (truth - base) + (truth - base) * drift / 1_000_000;
            let exchange_sample = |number, sent: i64, up: i64, down: i64| ExchangeSample {
                number, boot: BootId([1; 16]), sent_ms: boot(sent), received_ms: boot(sent + up + down), server_ms: sent + up,
            };
            let [a, b, c, d] = trips;
            let before = exchange_sample(1, base + first, a, b);
            let act = base + first + a + b + gap;
            let after = exchange_sample(2, act + later, c, d);
            let around = ClockBounds {
                before: (which != 1).then_some(before), after: (which != 0).then_some(after), ..ClockBounds::default()
            };
            let it = estimate(&captured(boot(act), 0), &around);
            let off = i64::try_from(it.uncertainty).unwrap();
            prop_assert!(it.ended - off <= act && act <= it.ended + off, "{it:?} misses {act}");
        }
    }

    #[test]
    fn after_a_restart_the_wall_clock_chooses_inside_what_is_certain() {
        let exchange_sample =
            |server_ms| ExchangeSample { number: 1, boot: BootId([9; 16]), sent_ms: 0, received_ms: 0, server_ms };
        let around = ClockBounds {
            last_known: Some(exchange_sample(1_000)),
            next_known: Some(exchange_sample(9_000)),
            ..ClockBounds::default()
        };
        let at = |wall_ms| estimate(&CaptureTime { wall_ms, ..captured(0, 0) }, &around);
        assert_eq!((at(4_000).ended, at(4_000).uncertainty), (4_000, 5_000));
        assert_eq!((at(1_000_000).ended, at(1_000_000).uncertainty), (9_000, 8_000), "three days ahead");
        assert_eq!((at(0).ended, at(0).uncertainty), (1_000, 8_000), "set back");
    }

    #[test]
    fn acts_take_time() {
        let exchange_sample =
            ExchangeSample { number: 1, boot: BootId([1; 16]), sent_ms: 0, received_ms: 10, server_ms: 50_000 };
        let it = estimate(
            &captured(20_000, 5_000),
            &ClockBounds { before: Some(exchange_sample), ..ClockBounds::default() },
        );
        assert_eq!(it.ended - it.began, 5_000);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let day = 86_400_000;
        assert_eq!(date_of(0), (1970, 1, 1));
        assert_eq!(date_of(-1), (1969, 12, 31));
        assert_eq!(date_of(365 * day - 1), (1970, 12, 31));
        assert_eq!(date_of(1_795_219_200_000), (2026, 11, 21));
        assert_eq!(date_of(1_709_164_800_000), (2024, 2, 29));
    }
}
