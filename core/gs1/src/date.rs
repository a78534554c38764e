//! Dates of six digits. Owns the calendar and the century rule. It must never read a clock: the caller passes the current
//! year.

use core::fmt;

/// A day, or a whole month where a label leaves the day open.
///
/// ```
/// use stocksync_gs1::Date;
///
/// let expiry = Date::parse("270200", 2026).unwrap();
/// assert_eq!((expiry.to_string().as_str(), expiry.last_day()), ("2027-02", (2027, 2, 28)));
/// assert_eq!(Date::parse("250230", 2026), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Date {
    /// Four digits.
    pub year: u16,
    /// 1–12.
    pub month: u8,
    /// 1–31; `None` where the label says `00`.
    pub day: Option<u8>,
}

impl Date {
    /// Parses `YYMMDD`. The century is the one that puts the year within 49 years before and 50 after `current_year`
    /// (General Specifications 7.12). `None` if it is no day of the calendar.
    #[must_use]
    pub fn parse(yymmdd: &str, current_year: u16) -> Option<Self> {
        (yymmdd.len() == 6).then_some(())?;
        let part = |range| crate::rules::number(yymmdd.get(range)?);
        let year = full_year(u16::try_from(part(0..2)?).ok()?, current_year);
        let month = u8::try_from(part(2..4)?).ok()?;
        let day = u8::try_from(part(4..6)?).ok()?;
        (day <= days_in_month(year, month)?).then_some(Self { year, month, day: (day > 0).then_some(day) })
    }

    /// The last day it can mean: of an open day, the last of the month. An expiry lasts to the end of this day, in the local
    /// time of the place where the goods are.
    #[must_use]
    pub fn last_day(&self) -> (u16, u8, u8) {
        (self.year, self.month, self.day.or_else(|| days_in_month(self.year, self.month)).unwrap_or(28))
    }
}

impl fmt::Display for Date {
    /// `2026-03-31`, or `2026-03` if the day is open.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)?;
        self.day.map_or(Ok(()), |day| write!(f, "-{day:02}"))
    }
}

/// The four digits of a two-digit year (General Specifications 7.12).
fn full_year(two_digits: u16, current_year: u16) -> u16 {
    let century = current_year - current_year % 100;
    match i32::from(two_digits) - i32::from(current_year % 100) {
        51.. => century.saturating_sub(100),
        ..=-50 => century.saturating_add(100),
        _ => century,
    }
    .saturating_add(two_digits)
}

/// Number of days of a month; `None` if there is no such month.
pub(crate) fn days_in_month(year: u16, month: u8) -> Option<u8> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn century() {
        for (now, two_digits, expected) in [
            (2026, 0, 2000),
            (2026, 25, 2025),
            (2026, 75, 2075),
            (2026, 76, 2076),
            (2026, 77, 1977),
            (2026, 99, 1999),
            (2050, 0, 2100),
        ] {
            assert_eq!(full_year(two_digits, now), expected, "{two_digits} in {now}");
        }
    }

    #[test]
    fn calendar() {
        for (text, shown, last) in [
            ("200200", "2020-02", (2020, 2, 29)),
            ("520300", "2052-03", (2052, 3, 31)),
            ("240229", "2024-02-29", (2024, 2, 29)),
        ] {
            let date = Date::parse(text, 2026).unwrap();
            assert_eq!((date.to_string().as_str(), date.last_day()), (shown, last));
        }
        for text in ["250001", "251301", "250230", "250229", "2502", "25022８", "+50228", "250132"] {
            assert_eq!(Date::parse(text, 2026), None, "{text}");
        }
        // 2100 is no leap year.
        assert_eq!(Date::parse("000229", 2050), None);
        assert!(Date::parse("000229", 2026).is_some());
    }
}
