//! From a scanned or typed code to the variants it names.
//!
//! Owns the ranking: the tenant's own raw barcodes take precedence over any parse. Must never choose one of several matches: that
//! is the user's.

use stocksync_gs1::{Meaning, ScanCandidate, ScanInput, Symbology, Warning};

use crate::measure::{LabelMeasure, Measures};
use crate::shift::ScanSource;
use crate::store::{Balance, IdentifierRow, Reader};
use crate::time::date_of;
use crate::{Error, Inventory};

/// What a code says and what it names.
#[derive(Debug, Clone, Default)]
pub struct LookupResult {
    /// The exact text, as identifiers are stored.
    pub text: String,
    /// The variants it names, best first; empty where the code is unknown.
    pub matches: Vec<LookupMatch>,
    /// GTIN-14, where the code carries one.
    pub gtin: Option<String>,
    /// Lot as ops name it: empty, `10:CODE` or `21:SERIAL`.
    pub lot: String,
    /// Last day of the expiry, `YYYY-MM-DD`.
    pub expiry: Option<String>,
    /// What the label measures.
    pub measures: Vec<LabelMeasure>,
    /// Oddities of the code; none of them refuses it.
    pub warnings: Vec<Warning>,
}

/// A variant that a code names.
#[derive(Debug, Clone)]
pub struct LookupMatch {
    /// The variant and how many base units one scan is.
    pub identifier: IdentifierRow,
    /// Its balances at locations that are not virtual, those with stock first, at most 20.
    pub balances: Vec<Balance>,
}

impl Inventory {
    /// Looks up a scanned or typed code. `aim` is the symbology identifier beside a scanned text (`]E0`).
    ///
    /// # Errors
    /// [`Error::Invalid`] if the text is empty or too long. An unknown code is no error.
    pub fn lookup(&self, text: &str, aim: Option<&str>) -> Result<LookupResult, Error> {
        let input = ScanInput { symbology: aim.and_then(Symbology::from_aim), ..ScanInput::new(text) };
        let (year, ..) = date_of(self.clock().read().wall_ms);
        let meaning = self.shift_settings()?.understand(&input, ScanSource::Typed, year)?;
        let mut result =
            LookupResult { text: meaning.text.clone(), warnings: meaning.warnings.clone(), ..LookupResult::default() };
        let (matches, candidate) = self.store().read(|reader| {
            let (rows, candidate) = reader.named(&meaning)?;
            let matches = rows.into_iter().map(|identifier| lookup_match(reader, identifier));
            Ok((matches.collect::<Result<_, _>>()?, candidate))
        })?;
        result.matches = matches;
        if let Some(candidate) = candidate {
            result.gtin = candidate.gtin.as_ref().map(ToString::to_string);
            result.lot = candidate.lot_code();
            result.expiry = candidate.expiry.as_ref().map(|date| {
                let (year, month, day) = date.last_day();
                format!("{year:04}-{month:02}-{day:02}")
            });
            result.measures = Measures::of(candidate).all;
        }
        Ok(result)
    }
}

impl Reader<'_> {
    /// The variants that a text names, best first, each once; and the reading of the text that named the best, whose lot, dates
    /// and measures are those of the scan. Where nothing is named, the standard reading.
    pub(crate) fn named<'a>(
        &self,
        meaning: &'a Meaning,
    ) -> Result<(Vec<IdentifierRow>, Option<&'a ScanCandidate>), Error> {
        let mut named: Vec<IdentifierRow> = Vec::new();
        let mut best = meaning.candidates.first();
        for key in meaning.lookup_keys() {
            for row in self.identifiers(key.0.as_str(), &key.1)? {
                if named.is_empty() {
                    let has_key = |candidate: &&ScanCandidate| candidate.lookup_keys().contains(&key);
                    best = meaning.candidates.iter().find(has_key).or(best);
                }
                if !named.iter().any(|other| other.variant == row.variant) {
                    named.push(row);
                }
            }
        }
        Ok((named, best))
    }
}

fn lookup_match(reader: &Reader<'_>, identifier: IdentifierRow) -> Result<LookupMatch, Error> {
    let balances = reader.balances_of(identifier.variant, 20)?;
    Ok(LookupMatch { identifier, balances })
}
