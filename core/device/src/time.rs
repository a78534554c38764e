//! The device's clocks, and the time of an op on the server's clock (design 4).
//!
//! Owns the estimate: an interval that contains the truth as long as the boot clock drifts less than [`DRIFT_PPM`]. The wall
//! clock only chooses a point inside that interval: it may be days off.

use stocksync_schemas::limits::{DRIFT_PPM, TIME_MS};
use stocksync_schemas::{BootId, CaptureTime, Estimate};

use crate::Error;
pub use crate::store::ExchangeSample;
use crate::store::Reader;

/// What both clocks show at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Wall clock, ms since 1970.
    pub wall_ms: i64,
    /// Boot clock, ms; runs while the device sleeps.
    pub boot_ms: i64,
    /// Id of the boot. Where the system shows none, a new id for each process, which counts as a restart.
    pub boot: BootId,
}

/// The device's clocks. Kotlin gives `elapsedRealtime`, Swift `mach_continuous_time`, Linux `CLOCK_BOOTTIME`.
pub trait Clock: Send + Sync {
    /// Reads both clocks.
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
    /// Reads the boot id and uptime where the system shows them; elsewhere `fallback` is the boot id and the clock begins at 0.
    #[must_use]
    pub fn new(fallback: BootId) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        let uptime = std::fs::read_to_string("/proc/uptime").ok();
        let known =
            boot.as_deref().and_then(|text| text.trim().parse().ok()).zip(uptime.as_deref().and_then(uptime_ms));
        let (boot, uptime_at_start_ms) = known.unwrap_or((fallback, 0));
        Self { boot, started: std::time::Instant::now(), uptime_at_start_ms }
    }
}

/// Parses the first number of `/proc/uptime` ("12345.67 …", seconds) to ms.
fn uptime_ms(uptime: &str) -> Option<i64> {
    let (whole, part) = uptime.split_whitespace().next()?.split_once('.')?;
    Some(whole.parse::<i64>().ok()? * 1_000 + part.get(..2)?.parse::<i64>().ok()? * 10)
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the only place that reads the system's clock")]
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

/// The exchanges that bound the time of one op.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockBounds {
    /// The last one before the op, in the same boot.
    pub before: Option<ExchangeSample>,
    /// The first one after the op, in the same boot.
    pub after: Option<ExchangeSample>,
    /// The last one of any boot that was known when the op was captured.
    pub last_known: Option<ExchangeSample>,
    /// The first one of any boot after the op was captured.
    pub next_known: Option<ExchangeSample>,
}

/// First and last possible server time at boot time `at_ms`, extrapolated from one exchange of that boot.
fn extrapolate(sample: &ExchangeSample, at_ms: i64) -> (i64, i64) {
    let (sent, received) = (sample.sent_ms, sample.received_ms.max(sample.sent_ms));
    let distance = if at_ms > received { at_ms - received } else { (sent - at_ms).max(0) };
    let drift = distance.saturating_mul(DRIFT_PPM) / 1_000_000 + 1;
    (sample.server_ms + (at_ms - received) - drift, sample.server_ms + (at_ms - sent) + drift)
}

/// When an op happened, in server time: an interval that contains the truth as long as the boot clock drifts less than
/// [`DRIFT_PPM`].
#[must_use]
pub fn estimate(captured: &CaptureTime, bounds: &ClockBounds) -> Estimate {
    let took = i64::from(captured.took_ms);
    let at_ms = captured.boot_ms;
    let interval = match (bounds.before, bounds.after) {
        (Some(before), Some(after)) => {
            let ((a, b), (c, d)) = (extrapolate(&before, at_ms), extrapolate(&after, at_ms));
            // Empty: boot and server clock disagree beyond drift, so the boot clock was reset. That counts as a restart.
            if a.max(c) <= b.min(d) { Some((a.max(c), b.min(d))) } else { None }
        }
        (Some(sample), None) | (None, Some(sample)) => Some(extrapolate(&sample, at_ms)),
        (None, None) => None,
    };
    let (ended, uncertainty) = match interval {
        Some((first, last)) => (first + (last - first) / 2, (last - first) / 2 + 1),
        None => bound_by_exchanges(captured.wall_ms, bounds),
    };
    let ended = ended.clamp(0, TIME_MS);
    Estimate { began: (ended - took).max(0), ended, uncertainty: uncertainty.max(0).unsigned_abs() }
}

/// Uncertainty of a wall clock that no pair of exchanges bounds, ms.
const UNBOUNDED_MS: i64 = 400 * 24 * 3_600_000;

/// The wall clock, clamped between the exchanges of other boots around the op, and its uncertainty.
fn bound_by_exchanges(wall_ms: i64, bounds: &ClockBounds) -> (i64, i64) {
    let first = bounds.last_known.map(|sample| sample.server_ms);
    let last = bounds.next_known.map(|sample| sample.server_ms);
    match (first, last) {
        (Some(first), Some(last)) if first <= last => {
            let ended = wall_ms.clamp(first, last);
            (ended, (ended - first).max(last - ended))
        }
        (first, last) => {
            let ended = wall_ms.max(first.unwrap_or(wall_ms)).min(last.unwrap_or(i64::MAX));
            (ended, UNBOUNDED_MS)
        }
    }
}

impl Reader<'_> {
    /// The exchanges before an op that ended at `boot_ms` of `boot`, among those up to number `after_exchange`.
    pub(crate) fn bounds_before(&self, boot: BootId, boot_ms: i64, after_exchange: i64) -> Result<ClockBounds, Error> {
        Ok(ClockBounds {
            before: self.exchange_before(boot, boot_ms, after_exchange)?,
            last_known: self.last_exchange(after_exchange)?,
            ..ClockBounds::default()
        })
    }

    /// The exchanges before and after an op that was captured when `after_exchange` was the newest one.
    pub(crate) fn clock_bounds(&self, boot: BootId, boot_ms: i64, after_exchange: i64) -> Result<ClockBounds, Error> {
        Ok(ClockBounds {
            after: self.exchange_after(boot, boot_ms, after_exchange)?,
            next_known: self.next_exchange(after_exchange)?,
            ..self.bounds_before(boot, boot_ms, after_exchange)?
        })
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
            let sample = |number, sent: i64, up: i64, down: i64| ExchangeSample {
                number, boot: BootId([1; 16]), sent_ms: boot(sent), received_ms: boot(sent + up + down), server_ms: sent + up,
            };
            let [a, b, c, d] = trips;
            let before = sample(1, base + first, a, b);
            let act = base + first + a + b + gap;
            let after = sample(2, act + later, c, d);
            let bounds = ClockBounds {
                before: (which != 1).then_some(before), after: (which != 0).then_some(after), ..ClockBounds::default()
            };
            let estimated = estimate(&captured(boot(act), 0), &bounds);
            let off = i64::try_from(estimated.uncertainty).unwrap();
            prop_assert!(estimated.ended - off <= act && act <= estimated.ended + off, "{estimated:?} misses {act}");
        }
    }

    #[test]
    fn after_a_restart_the_wall_clock_chooses_inside_what_is_certain() {
        let sample =
            |server_ms| ExchangeSample { number: 1, boot: BootId([9; 16]), sent_ms: 0, received_ms: 0, server_ms };
        let bounds =
            ClockBounds { last_known: Some(sample(1_000)), next_known: Some(sample(9_000)), ..ClockBounds::default() };
        let at = |wall_ms| estimate(&CaptureTime { wall_ms, ..captured(0, 0) }, &bounds);
        assert_eq!((at(4_000).ended, at(4_000).uncertainty), (4_000, 5_000));
        assert_eq!((at(1_000_000).ended, at(1_000_000).uncertainty), (9_000, 8_000), "three days ahead");
        assert_eq!((at(0).ended, at(0).uncertainty), (1_000, 8_000), "set back");
    }

    #[test]
    fn acts_take_time() {
        let sample =
            ExchangeSample { number: 1, boot: BootId([1; 16]), sent_ms: 0, received_ms: 10, server_ms: 50_000 };
        let estimated =
            estimate(&captured(20_000, 5_000), &ClockBounds { before: Some(sample), ..ClockBounds::default() });
        assert_eq!(estimated.ended - estimated.began, 5_000);
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
