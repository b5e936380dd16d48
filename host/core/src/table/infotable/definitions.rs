//! Field definitions as ThingWorx prints them: `{"name","baseType","description","ordinal","aspects"}` by name, ordinals
//! from 0.
//!
//! `aspects` hold the field's further aspects with the types that ThingWorx gives them: what a field holds in
//! `defaultValue`, `minimumValue` and `maximumValue` has the field's own type, `true` and `false` are booleans, and the
//! rest are strings. Analyte's own (`isRequired`, `kind`) are left out.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::base_type::BaseType;
use crate::limits::Limits;
use crate::shape::Field;
use crate::table::json::text;

/// One field, with its place.
pub(super) struct Definition<'a>(pub(super) usize, pub(super) &'a Field);

impl Serialize for Definition<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(ordinal, field) = self;
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("name", &field.name)?;
        map.serialize_entry("baseType", field.base_type_name())?;
        map.serialize_entry("description", &field.description)?;
        map.serialize_entry("ordinal", ordinal)?;
        map.serialize_entry("aspects", &Aspects(field))?;
        map.end()
    }
}

struct Aspects<'a>(&'a Field);

impl Serialize for Aspects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let field = self.0;
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in field.further_aspects() {
            if matches!(name, Field::BASE_TYPE | "isRequired" | "kind") {
                continue;
            }
            match bare(field.base_type, name, value) {
                Some(bare) => map.serialize_entry(name, bare)?,
                None => map.serialize_entry(name, value)?,
            }
        }
        map.end()
    }
}

/// The value of an aspect that stands without quotes.
fn bare<'v>(base_type: BaseType, aspect: &str, value: &'v str) -> Option<&'v RawValue> {
    let own = matches!(aspect, "defaultValue" | "minimumValue" | "maximumValue");
    let bare = match value {
        _ if own && base_type.is_json_text() => text::check(value, Limits::default().json_depth).is_ok(),
        _ if own => {
            base_type.kind().width().is_some()
                && value.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        }
        _ => false,
    };
    let bare = bare || (matches!(value, "true" | "false") && (!own || base_type == BaseType::Boolean));
    bare.then(|| serde_json::from_str(value).ok()).flatten()
}
