//! Data shapes as `…DatashapeJson` parameters have them: an array of fields, each `{"name", "baseType"}` and, if wished,
//! `description`, `ordinal`, `isPrimaryKey`, `defaultValue`, `dataShape` (the fields of a nested table).
//!
//! The exact form is not public; this is our reading. Taken as well: a string that holds the array, and the platform's own
//! wrapping of arrays, `{"array": […]}`. Base types are read whatever their case; unknown ones are STRING, as there.

use std::collections::BTreeSet;

use analyte_core::base_type::BaseType;
use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::shape::{Field, Shape};
use serde::Deserialize;
use serde_json::Value;

use crate::thingworx::error::ServiceError;

/// The platform's wrapping of an array.
#[derive(Deserialize)]
struct Boxed {
    array: Vec<RawField>,
}

/// One field as the client wrote it.
#[derive(Deserialize)]
struct RawField {
    name: String,
    #[serde(rename = "baseType")]
    base_type: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    ordinal: Option<f64>,
    #[serde(default, rename = "isPrimaryKey")]
    is_primary_key: Option<bool>,
    #[serde(default, rename = "defaultValue")]
    default_value: Option<Value>,
    #[serde(default, rename = "dataShape")]
    data_shape: Option<Value>,
}

/// Reads the value of this parameter.
pub(super) fn read(parameter: &str, json: &[u8], limits: &Limits) -> Result<Shape, ServiceError> {
    let refused = |why: String| {
        ServiceError::coded(Code::InvalidInput, format!("the parameter {parameter} must be an array of fields: {why}"))
    };
    let mut fields = fields(json).map_err(|error| refused(plain(&error)))?;
    if fields.len() as u64 > limits.columns {
        return Err(refused(format!("it has more than {} (limit columns)", limits.columns)));
    }
    // Stable: fields without an ordinal, or with the same, stay in the order given.
    fields.sort_by(|one, other| ordinal(one).total_cmp(&ordinal(other)));
    let mut names = BTreeSet::new();
    let mut read = Vec::with_capacity(fields.len());
    for field in fields {
        if field.name.is_empty() || field.name.len() as u64 > limits.field_name_bytes {
            return Err(refused(format!("a name has 1 to {} bytes (limit field_name_bytes)", limits.field_name_bytes)));
        }
        if !names.insert(field.name.clone()) {
            return Err(refused(format!("field `{}` is defined twice", field.name)));
        }
        read.push(read_field(field));
    }
    Ok(Shape::closed(read))
}

fn fields(json: &[u8]) -> serde_json::Result<Vec<RawField>> {
    match json.first() {
        Some(b'"') => {
            let text: String = serde_json::from_slice(json)?;
            array(text.trim().as_bytes())
        }
        _ => array(json),
    }
}

fn array(json: &[u8]) -> serde_json::Result<Vec<RawField>> {
    match json.first() {
        Some(b'{') => serde_json::from_slice::<Boxed>(json).map(|boxed| boxed.array),
        _ => serde_json::from_slice(json),
    }
}

fn ordinal(field: &RawField) -> f64 {
    field.ordinal.unwrap_or(f64::INFINITY)
}

fn read_field(raw: RawField) -> Field {
    let spelled = raw.base_type.to_ascii_uppercase();
    let base_type = BaseType::parse_lenient(&spelled);
    let mut extra = Vec::new();
    if base_type == BaseType::EntityName {
        extra.push((Field::BASE_TYPE.to_owned(), spelled));
    }
    let text = |value: Value| if let Value::String(text) = value { text } else { value.to_string() };
    let aspects = [
        ("isPrimaryKey", raw.is_primary_key.map(|key| key.to_string())),
        ("defaultValue", raw.default_value.map(text)),
        ("dataShape", raw.data_shape.map(text)),
    ];
    extra.extend(aspects.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Field { description: raw.description.unwrap_or_default().into(), extra, ..Field::new(&raw.name, base_type) }
}

/// Where in a text that nobody sees as such would help nobody.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> Result<Shape, String> {
        let limits = Limits { columns: 3, field_name_bytes: 8, ..Limits::default() };
        read("x", value.to_string().as_bytes(), &limits).map_err(|error| match error {
            ServiceError::Refused(problem) => problem.detail().to_owned(),
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn a_shape_is_an_array_of_fields_however_it_is_wrapped() {
        let array = json!([
            {"name": "b", "baseType": "STRING", "ordinal": 2},
            {"name": "a", "baseType": "number", "description": "How much.", "ordinal": 1, "isPrimaryKey": true,
             "defaultValue": 1.5},
            {"name": "t", "baseType": "THINGNAME", "more": 1},
        ]);
        let shape = of(&array).unwrap();
        let extra = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let expected = Shape::closed(vec![
            Field {
                description: "How much.".into(),
                extra: extra(&[("isPrimaryKey", "true"), ("defaultValue", "1.5")]),
                ..Field::new("a", BaseType::Number)
            },
            Field::new("b", BaseType::String),
            Field { extra: extra(&[("baseType", "THINGNAME")]), ..Field::new("t", BaseType::EntityName) },
        ]);
        assert_eq!(shape, expected);
        assert_eq!(of(&json!({ "array": array })).unwrap(), expected);
        assert_eq!(of(&json!(array.to_string())).unwrap(), expected);
        assert_eq!(of(&json!([])).unwrap(), Shape::closed(Vec::new()));
        let odd = of(&json!([{"name": "a", "baseType": "CURRENCY"}])).unwrap();
        assert_eq!(odd, Shape::closed(vec![Field::new("a", BaseType::String)]));
    }

    #[test]
    fn what_is_no_shape_is_refused_with_its_reason() {
        let field = |name: &str| json!({"name": name, "baseType": "NUMBER"});
        for (value, why) in [
            (json!({"rows": []}), "missing field `array`"),
            (json!(7), "invalid type: integer `7`, expected a sequence"),
            (json!("nonsense"), "expected ident"),
            (json!([{"baseType": "NUMBER"}]), "missing field `name`"),
            (json!([{"name": "a"}]), "missing field `baseType`"),
            (json!([field("a"), field("a")]), "field `a` is defined twice"),
            (json!([field("")]), "a name has 1 to 8 bytes (limit field_name_bytes)"),
            (json!([field("123456789")]), "a name has 1 to 8 bytes (limit field_name_bytes)"),
            (json!([field("a"), field("b"), field("c"), field("d")]), "it has more than 3 (limit columns)"),
        ] {
            assert_eq!(
                of(&value).unwrap_err(),
                format!("the parameter x must be an array of fields: {why}"),
                "{value}"
            );
        }
    }
}
