//! From a scanned or typed code to what it names.
//!
//! Owns the ranking: the tenant's own raw barcodes beat any parse, and of several matches none is chosen for the person.

use stocksync_gs1::{Candidate, Context, Meaning, ScanInput, Symbology, understand};

use crate::shift::{LabelMeasure, Measures, Source};
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
    /// What the label measures.
    pub measures: Vec<LabelMeasure>,
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
        let input = ScanInput { symbology: aim.and_then(Symbology::from_aim), ..ScanInput::new(text) };
        let (year, ..) = date_of(self.clock().read().wall_ms);
        let meaning = understood(&input, &self.shift_settings()?.context(Source::Typed, year))?;
        let mut found = Found {
            text: meaning.text.clone(),
            warnings: meaning.warnings.iter().map(|warning| format!("{warning:?}")).collect(),
            ..Found::default()
        };
        let (rows, candidate) = self.store().read(|reader| {
            let (rows, candidate) = reader.named(&meaning)?;
            let matches = rows.into_iter().map(|identifier| matched(reader, identifier));
            Ok((matches.collect::<Result<_, _>>()?, candidate))
        })?;
        found.matches = rows;
        if let Some(it) = candidate {
            found.gtin = it.gtin.as_ref().map(ToString::to_string);
            found.lot = it.lot_code();
            found.expiry = it.expiry.as_ref().map(|date| {
                let (year, month, day) = date.last_day();
                format!("{year:04}-{month:02}-{day:02}")
            });
            found.measures = Measures::of(it).all;
        }
        Ok(found)
    }
}

/// What a scan says, whoever it names.
pub(crate) fn understood(input: &ScanInput<'_>, context: &Context) -> Result<Meaning, Error> {
    understand(input, context).map_err(|error| Error::Invalid { field: "text", reason: error.to_string() })
}

impl Reader<'_> {
    /// The variants that a text names, best first, each once; and the reading of the text that named the best: its lot,
    /// dates and measures are those of the thing. Where nothing is named, the standard reading.
    pub(crate) fn named<'a>(&self, meaning: &'a Meaning) -> Result<(Vec<IdentifierRow>, Option<&'a Candidate>), Error> {
        let (mut found, mut by): (Vec<IdentifierRow>, _) = (Vec::new(), meaning.candidates.first());
        for key in meaning.lookup_keys() {
            for row in self.identifiers(key.0.as_str(), &key.1)? {
                if found.is_empty() {
                    by = meaning.candidates.iter().find(|it| it.lookup_keys().contains(&key)).or(by);
                }
                if !found.iter().any(|it| it.variant == row.variant) {
                    found.push(row);
                }
            }
        }
        Ok((found, by))
    }
}

fn matched(reader: &Reader<'_>, identifier: IdentifierRow) -> Result<Match, Error> {
    let balances = reader.balances_of(identifier.variant, 20)?;
    Ok(Match { identifier, balances })
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
    use super::date_of;

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
