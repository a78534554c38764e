//! The acceptance of an op: its estimate within what the server knows (design 4).

use stocksync_schemas::limits::TIME_MS;
use stocksync_schemas::{Acceptance, CaptureContext};

/// The acceptance of the op that takes `position`. `issued_ms` is when its `seen` was given out (0 for the start of the
/// log), `now_ms` the tenant clock. The act lies between the two; where the estimate contradicts that, it is widened to
/// reach the nearer bound and never moved.
pub(super) fn accept(context: &CaptureContext, position: u64, seq: u64, issued_ms: i64, now_ms: i64) -> Acceptance {
    let began = context.estimate.began.clamp(0, TIME_MS);
    let ended = context.estimate.ended.clamp(began, TIME_MS);
    let uncertainty = i64::try_from(context.estimate.uncertainty).unwrap_or(TIME_MS).min(TIME_MS);
    let (low, high) = (began - uncertainty, ended + uncertainty);
    let (began, ended, uncertainty) = if high < issued_ms {
        (began, ended, issued_ms - ended)
    } else if low > now_ms {
        (began, ended, began - now_ms)
    } else {
        let clip = |time: i64| time.max(issued_ms).min(now_ms);
        let (low, high) = (clip(low), clip(high));
        let (began, ended) = (began.clamp(low, high), ended.clamp(low, high));
        (began, ended, (began - low).max(high - ended))
    };
    Acceptance {
        position,
        began,
        ended,
        uncertainty: uncertainty.unsigned_abs(),
        past: context.seen.position.min(position.saturating_sub(1)),
        own_past: context.own_seen.min(seq.saturating_sub(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stocksync_schemas::{Estimate, LogPoint};

    fn accepted(began: i64, ended: i64, uncertainty: u64, issued: i64, now: i64) -> (i64, i64, u64) {
        let context =
            CaptureContext { estimate: Estimate { began, ended, uncertainty }, seen: LogPoint::default(), own_seen: 9 };
        let it = accept(&context, 7, 3, issued, now);
        assert_eq!((it.position, it.past, it.own_past), (7, 0, 2));
        (it.began, it.ended, it.uncertainty)
    }

    #[test]
    fn bounds_trim_the_ends() {
        assert_eq!(accepted(100, 200, 10, 0, 1_000), (100, 200, 10), "inside");
        assert_eq!(accepted(100, 200, 50, 0, 200), (100, 200, 50), "one end only: the other still needs it");
        assert_eq!(accepted(200, 200, 50, 190, 210), (200, 200, 10));
        assert_eq!(accepted(100, 300, 50, 0, 250), (100, 250, 50), "not after arrival");
        assert_eq!(accepted(100, 300, 50, 120, 1_000), (120, 300, 50), "not before what it had seen");
    }

    #[test]
    fn contradictions_widen_and_never_move() {
        assert_eq!(accepted(100, 200, 10, 500, 1_000), (100, 200, 300));
        assert_eq!(accepted(2_000, 2_100, 10, 0, 1_000), (2_000, 2_100, 1_000));
    }

    #[test]
    fn absurd_estimates_stay_in_range() {
        let (began, ended, uncertainty) = accepted(i64::MIN, i64::MAX, u64::MAX, 5, 1_000);
        assert!(began >= 0 && ended <= 1_000 && uncertainty <= 1_000, "{began} {ended} {uncertainty}");
    }
}
