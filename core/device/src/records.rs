//! Records on the phone.

use stocksync_ledger::Entry;
use stocksync_schemas::RecordId;

use crate::store::Writer;
use crate::{Error, Inventory};

/// placeholder
#[derive(Debug, Clone)]
pub struct RecordEdit;

pub(crate) fn merge(_writer: &Writer<'_>, _entry: &Entry) -> Result<(), Error> {
    Ok(())
}

pub(crate) fn edit(_inventory: &Inventory, _edits: Vec<RecordEdit>) -> Result<Vec<RecordId>, Error> {
    Ok(Vec::new())
}
