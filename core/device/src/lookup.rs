//! From a scanned or typed code to what it names.
//!
//! Owns the ranking: the tenant's own raw barcodes beat any parse, and of several matches none is chosen for the person.

use stocksync_gs1::{Meaning, ScanCandidate, ScanInput, Symbology};

use crate::measure::{LabelMeasure, Measures};
use crate::shift::Source;
use crate::store::{Balance, IdentifierRow, Reader};
use crate::time::date_of;
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
        let meaning = self.shift_settings()?.understand(&input, Source::Typed, year)?;
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

impl Reader<'_> {
    /// The variants that a text names, best first, each once; and the reading of the text that named the best: its lot,
    /// dates and measures are those of the thing. Where nothing is named, the standard reading.
    pub(crate) fn named<'a>(
        &self,
        meaning: &'a Meaning,
    ) -> Result<(Vec<IdentifierRow>, Option<&'a ScanCandidate>), Error> {
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
