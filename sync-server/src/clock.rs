//! The one place where the server reads the wall clock. Everything else is given the time, so that the exchange logic
//! can run in a simulation. Stored times never go back: they pass through the tenant clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z by this machine's clock; 0 if it stands before that.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock that the rule sends everybody to")]
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// RFC 3339 in UTC with milliseconds, for envelopes and logs.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The year of a time, UTC.
#[must_use]
pub fn year(ms: i64) -> u16 {
    use chrono::Datelike;
    let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    u16::try_from(time.year()).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
    }

    #[test]
    fn the_clock_is_past_this_codes_birth() {
        assert!(now_ms() > 1_700_000_000_000);
    }
}
