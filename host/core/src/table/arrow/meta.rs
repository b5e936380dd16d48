//! What a field is, beside its Arrow type: `analyte.base_type`, `analyte.description` and `analyte.aspects` (a JSON array
//! of pairs) in the field's metadata. Without them the Arrow type tells the base type.

use std::collections::HashMap;

use arrow_schema::{DataType, Field as ArrowField};

use crate::base_type::{BaseType, Kind};
use crate::shape::Field;
use crate::table::problem::clip;

const BASE_TYPE: &str = "analyte.base_type";
const DESCRIPTION: &str = "analyte.description";
const ASPECTS: &str = "analyte.aspects";

/// The Arrow field that says all of this field.
pub(crate) fn arrow(field: &Field) -> ArrowField {
    let mut metadata = HashMap::from([(BASE_TYPE.to_owned(), field.base_type.as_str().to_owned())]);
    if !field.description.is_empty() {
        metadata.insert(DESCRIPTION.to_owned(), field.description.to_string());
    }
    if !field.extra.is_empty() {
        // Pairs of strings are always JSON.
        metadata.insert(ASPECTS.to_owned(), serde_json::to_string(&field.extra).unwrap_or_default());
    }
    ArrowField::new(field.name.as_ref(), field.kind.arrow(), field.nullable).with_metadata(metadata)
}

/// What an Arrow field says of itself.
pub(crate) fn field(arrow: &ArrowField) -> Result<Field, String> {
    let metadata = arrow.metadata();
    let natural = natural(arrow.data_type());
    let base_type = match metadata.get(BASE_TYPE) {
        None => natural,
        Some(name) => BaseType::parse(name).ok_or_else(|| format!("`{}` is no base type", clip(name, 40)))?,
    };
    let mut field = Field::new(arrow.name(), base_type);
    if *arrow.data_type() == DataType::Float32 && base_type == BaseType::Number {
        field.kind = Kind::Float32;
    }
    field.nullable = arrow.is_nullable();
    if let Some(description) = metadata.get(DESCRIPTION) {
        field.description = description.as_str().into();
    }
    if let Some(aspects) = metadata.get(ASPECTS) {
        field.extra = serde_json::from_str(aspects).map_err(|error| format!("{ASPECTS}: {error}"))?;
    }
    Ok(field)
}

/// The base type that an Arrow type stands for.
fn natural(data_type: &DataType) -> BaseType {
    use DataType as D;
    match data_type {
        D::Boolean => BaseType::Boolean,
        D::Int8 | D::Int16 | D::Int32 | D::UInt8 | D::UInt16 => BaseType::Integer,
        D::Int64 | D::UInt32 | D::UInt64 => BaseType::Long,
        D::Float32 | D::Float64 => BaseType::Number,
        D::Date32 | D::Date64 | D::Timestamp(_, _) => BaseType::Datetime,
        D::Duration(_) => BaseType::Timespan,
        D::Binary | D::LargeBinary | D::BinaryView => BaseType::Blob,
        _ => BaseType::String,
    }
}
