//! The fields of records: whether an edit fits its collection, and what a row shows of a document.
//!
//! Owns the checks of values against declared types. Must never change a value.

use stocksync_schemas::RecordId;
use stocksync_schemas::collections::{Collection, FieldType, IDENTIFIERS, PRODUCTS, TextForm, VARIANTS};

use super::{Edit, FieldValue, RecordError, Row};

/// Checks an edit against its collection: known fields, right types, within bounds.
///
/// # Errors
/// [`RecordError::Field`] names the first field that does not fit: the app corrects it.
pub fn check(collection: &Collection, edit: &Edit) -> Result<(), RecordError> {
    for (name, value) in &edit.fields {
        let invalid = |reason| Err(RecordError::Field { field: name.clone(), reason });
        let Some(field) = collection.field(name) else { return invalid("the collection has no such field") };
        if *value == FieldValue::Nothing {
            if field.required {
                return invalid("the field must have a value");
            }
            continue;
        }
        if let Some(reason) = mismatch(&field.kind, value) {
            return invalid(reason);
        }
    }
    Ok(())
}

/// Whether a record has every field that its collection requires.
#[must_use]
pub fn is_complete(collection: &Collection, row: &Row) -> bool {
    collection.fields.iter().filter(|field| field.required).all(|field| row.fields.contains_key(field.name))
}

/// The record as tables and lists show it: only fields of its collection, each with a value that the field can have. Whatever
/// else a later version or a faulty app wrote stays in the document.
#[must_use]
pub fn typed(collection: &Collection, row: &Row) -> Row {
    let mut typed = Row { deleted: row.deleted, ..Row::default() };
    for field in collection.fields {
        let shows = |value: &&FieldValue| can_show(&field.kind, value);
        if let Some(value) = row.fields.get(field.name).filter(shows) {
            typed.fields.insert(field.name.to_owned(), value.clone());
        }
        let lost: Vec<FieldValue> =
            row.lost.get(field.name).into_iter().flatten().filter(shows).take(LOST_SHOWN).cloned().collect();
        if !lost.is_empty() {
            typed.lost.insert(field.name.to_owned(), lost);
        }
    }
    typed
}

/// The key that at most one live record of the collection should have: scheme and value of an identifier, or an SKU. Two phones
/// that are offline may both create it, so a second record with the same key is stored and opens an exception.
#[must_use]
pub fn unique_key(collection: &Collection, row: &Row) -> Option<String> {
    let key = if collection.name == IDENTIFIERS.name {
        format!("{} {}", row.text("scheme"), row.text("value"))
    } else if [PRODUCTS.name, VARIANTS.name].contains(&collection.name) {
        row.text("sku").to_owned()
    } else {
        return None;
    };
    (!row.deleted && is_complete(collection, row) && !key.is_empty()).then_some(key)
}

/// Largest number of losing values that a row shows for a field.
const LOST_SHOWN: usize = 16;
/// Longest word of an enumeration, those of later versions included, bytes.
const WORD_BYTES: usize = 64;

/// Whether a row shows the value. Less strict than [`check`]: a value that was accepted once is shown if it has the type and size of
/// the field.
fn can_show(kind: &FieldType, value: &FieldValue) -> bool {
    match (kind, value) {
        (_, FieldValue::Text(text)) if text.is_empty() => false,
        (FieldType::Text { max_bytes, .. }, FieldValue::Text(text)) => {
            text.len() <= *max_bytes && TextForm::Free.accepts(text)
        }
        (FieldType::SharedText { max_bytes }, FieldValue::Text(text)) => {
            text.len() <= *max_bytes && !text.contains('\0')
        }
        (FieldType::Enum(_), FieldValue::Text(text)) => text.len() <= WORD_BYTES && TextForm::Free.accepts(text),
        // Databases have no year 0.
        (FieldType::Date, FieldValue::Text(text)) => is_date(text) && !text.starts_with("0000"),
        _ => mismatch(kind, value).is_none(),
    }
}

/// Why the value is not one of the field's type; `None` if it is.
fn mismatch(kind: &FieldType, value: &FieldValue) -> Option<&'static str> {
    let fits = match (kind, value) {
        (FieldType::Text { max_bytes, form }, FieldValue::Text(text)) => {
            if text.len() > *max_bytes {
                return Some("is too long");
            }
            if text.trim() != text {
                return Some("begins or ends with a space");
            }
            form.accepts(text)
        }
        (FieldType::SharedText { max_bytes }, FieldValue::Text(text)) => text.len() <= *max_bytes,
        (FieldType::Integer { min, max } | FieldType::Decimal { min, max, .. }, FieldValue::Integer(number)) => {
            (*min..=*max).contains(number)
        }
        (FieldType::Bool, FieldValue::Flag(_)) => true,
        (FieldType::Id { .. }, FieldValue::Text(text)) => text.parse::<RecordId>().is_ok(),
        (FieldType::Enum(allowed), FieldValue::Text(text)) => allowed.contains(&text.as_str()),
        (FieldType::Date, FieldValue::Text(text)) => is_date(text),
        _ => return Some("has a value of another type"),
    };
    (!fits).then_some("has a value that is not allowed")
}

/// Whether this is `YYYY-MM-DD`, a day of the Gregorian calendar.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-').map(|part| (part.len(), part.parse::<u32>().ok()));
    let (Some((4, Some(year))), Some((2, Some(month))), Some((2, Some(day))), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return false,
    };
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && (1..=days).contains(&day)
}
