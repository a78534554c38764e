//! The collections in the API document, made from `stocksync_schemas::collections`.

use stocksync_schemas::collections::{Collection, FieldType, TextForm};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AllOfBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use super::RecordView;

/// The word for one record of a collection.
pub(super) fn singular(collection: &Collection) -> &'static str {
    collection.name.strip_suffix('s').unwrap_or(collection.name)
}

/// Name and schema of a collection's records: what all records have, and the collection's fields. None is required: a
/// merged record may have lost one.
pub(super) fn record_schema(collection: &Collection) -> (String, RefOr<Schema>) {
    let fields = collection.fields.iter().fold(ObjectBuilder::new(), |fields, field| {
        let mut schema = field_schema(&field.kind);
        if let Some(text) = description(collection.name, field.name) {
            schema = schema.description(Some(text));
        }
        fields.property(field.name, schema)
    });
    let record = Ref::from_schema_name(RecordView::name());
    let singular = singular(collection);
    let name = singular.chars().take(1).flat_map(char::to_uppercase).chain(singular.chars().skip(1)).collect();
    (name, RefOr::T(Schema::AllOf(AllOfBuilder::new().item(record).item(fields).build())))
}

fn field_schema(kind: &FieldType) -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let number = |min: i64, max: i64| {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Integer))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(min))
            .maximum(Some(max))
    };
    match kind {
        FieldType::Text { max_bytes, form } => {
            let pattern = match form {
                TextForm::Free => None,
                TextForm::Sku => Some("^[A-Z0-9-]*$"),
                TextForm::Currency => Some("^[A-Z]{3}$"),
            };
            text().max_length(Some(*max_bytes)).pattern(pattern)
        }
        FieldType::SharedText { max_bytes } => text().max_length(Some(*max_bytes)),
        FieldType::Integer { min, max } | FieldType::Decimal { min, max, .. } => number(*min, *max),
        FieldType::Bool => ObjectBuilder::new().schema_type(SchemaType::new(Type::Boolean)),
        FieldType::Id { collection } => text()
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
            .description(Some(format!("a record of {collection}"))),
        FieldType::Enum(words) => {
            text().description(Some(format!("one of {}; a later version may know more", words.join(", "))))
        }
        FieldType::Date => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))),
    }
}

/// What a name and a type do not say.
fn description(collection: &str, field: &str) -> Option<&'static str> {
    match (collection, field) {
        ("variants", "price") => Some("minor units of the currency, for one base unit"),
        ("variants", "cost") => Some("1/10 000 of the currency's major unit, for one base unit"),
        ("variants", "decimals") => Some("digits after the point that a quantity is shown with"),
        ("identifiers", "value") => Some("in the scheme's normal form; a GTIN has 14 digits"),
        ("lots", "code") => Some("10:CODE or 21:SERIAL"),
        _ => None,
    }
}
