//! From a scanned or typed code to what it names.
//!
//! Owns the ranking: the tenant's own raw barcodes beat any parse, and of several matches none is chosen for the person.

use stocksync_gs1::{Context, ScanInput, Symbology, understand};

use crate::store::{Balance, IdentifierRow, Reader};
use crate::{Error, Inventory};

/// What a code says and what it names.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The exact text, as identifiers are stored.
    pub text: String,
    /// What it names, best first; none where the code is unknown.
    pub matches: Vec<Match>,
    /// GTIN-14, where the code carries one.
    pub gtin: Option<String>,
    /// Lot as ops name it: empty, `10:CODE` or `21:SERIAL`.
    pub lot: String,
    /// Last day of the expiry, `YYYY-MM-DD`.
    pub expiry: Option<String>,
    /// What is odd about the code; none of it refuses the scan.
    pub warnings: Vec<String>,
}

/// One thing that a code names.
#[derive(Debug, Clone)]
pub struct Match {
    /// The variant and how many base units one scan is.
    pub identifier: IdentifierRow,
    /// Its balances at real places, those with stock first, at most 20.
    pub balances: Vec<Balance>,
}

impl Inventory {
    /// Says what a scanned or typed code is. `aim` is the symbology identifier beside a scanned text (`]E0`).
    ///
    /// # Errors
    /// [`Error::Invalid`] if the text is empty or too long. An unknown code is no error.
    pub fn lookup(&self, text: &str, aim: Option<&str>) -> Result<Found, Error> {
        let year = year_of(self.clock().read().wall_ms);
        let input = ScanInput { symbology: aim.and_then(Symbology::from_aim), ..ScanInput::new(text) };
        let meaning = understand(&input, &Context::new(year))
            .map_err(|error| Error::Invalid { field: "text", reason: error.to_string() })?;
        let mut found = Found {
            text: meaning.text.clone(),
            warnings: meaning.warnings.iter().map(|warning| format!("{warning:?}")).collect(),
            ..Found::default()
        };
        if let Some(first) = meaning.candidates.first() {
            found.gtin = first.gtin.as_ref().map(ToString::to_string);
            found.lot = first.lot_code();
            found.expiry = first.expiry.as_ref().map(|date| {
                let (year, month, day) = date.last_day();
                format!("{year:04}-{month:02}-{day:02}")
            });
        }
        found.matches = self.store().read(|reader| {
            let mut matches: Vec<Match> = Vec::new();
            for (scheme, value) in meaning.lookup_keys() {
                for identifier in reader.identifiers(scheme.as_str(), &value)? {
                    if !matches.iter().any(|it| it.identifier.variant == identifier.variant) {
                        matches.push(matched(reader, identifier)?);
                    }
                }
            }
            Ok(matches)
        })?;
        Ok(found)
    }
}

fn matched(reader: &Reader<'_>, identifier: IdentifierRow) -> Result<Match, Error> {
    let balances = reader.balances_of(identifier.variant, 20)?;
    Ok(Match { identifier, balances })
}

/// The year of a time in ms since 1970 (proleptic Gregorian calendar, as in Howard Hinnant's `civil_from_days`).
fn year_of(wall_ms: i64) -> u16 {
    let days = wall_ms.div_euclid(86_400_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    let year = of_era + era * 400 + i64::from(day_of_year >= 306);
    u16::try_from(year).unwrap_or(2026)
}

#[cfg(test)]
mod tests {
    use super::year_of;

    #[test]
    fn years_begin_on_the_first_of_january() {
        let day = 86_400_000;
        assert_eq!((year_of(0), year_of(-1), year_of(365 * day - 1), year_of(365 * day)), (1970, 1969, 1970, 1971));
        assert_eq!(year_of(1_795_219_200_000), 2026);
    }
}
