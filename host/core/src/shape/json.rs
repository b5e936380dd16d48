//! Data shapes as ThingWorx writes them: `{"fieldDefinitions": {NAME: {"name", "baseType", "description", "ordinal",
//! "aspects"}}}`, a map in which `ordinal` gives the order of the fields.
//!
//! What ThingWorx has no word for lies in `aspects`: `isRequired` (true where values may not be missing) and `kind`
//! (where it is not the base type's usual one), beside the field's further aspects. An open shape has a member `rest`.
//! `baseType` comes out as it was spelled, `THINGNAME` for instance, which a further aspect of that name remembers.
//! Writing and reading back gives an equal shape, but for further aspects that are named like one of these.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Field, Rest, Shape};
use crate::base_type::{BaseType, Kind};
use crate::limits::Limits;

const REQUIRED: &str = "isRequired";
const KIND: &str = "kind";

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let open = self.rest != Rest::None;
        let mut map = serializer.serialize_map(Some(1 + usize::from(open)))?;
        map.serialize_entry("fieldDefinitions", &Definitions(&self.fields))?;
        if open {
            map.serialize_entry("rest", &self.rest)?;
        }
        map.end()
    }
}

/// Fields as a map by name.
pub(crate) struct Definitions<'a>(pub(crate) &'a [Field]);

impl Serialize for Definitions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(self.0.iter().enumerate().map(|(ordinal, field)| (&field.name, Definition(ordinal, field))))
    }
}

/// One of them, with its place.
pub(crate) struct Definition<'a>(pub(crate) usize, pub(crate) &'a Field);

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
        if !field.nullable {
            map.serialize_entry(REQUIRED, &true)?;
        }
        if field.kind != field.base_type.kind() {
            map.serialize_entry(KIND, &field.kind)?;
        }
        for (name, value) in field.further_aspects() {
            // `baseType` itself already has this spelling.
            let spelling = name == Field::BASE_TYPE && field.base_type_name() == value;
            if name != REQUIRED && name != KIND && !spelling {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ShapeSeed { columns: u64::MAX, field_name_bytes: u64::MAX, field_aspects: u64::MAX }.deserialize(deserializer)
    }
}

/// Reads a shape and refuses one beyond these limits while it is being read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShapeSeed {
    columns: u64,
    field_name_bytes: u64,
    field_aspects: u64,
}

impl ShapeSeed {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { columns: limits.columns, field_name_bytes: limits.field_name_bytes, field_aspects: limits.field_aspects }
    }
}

impl<'de> DeserializeSeed<'de> for ShapeSeed {
    type Value = Shape;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ShapeSeed {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a data shape, an object with `fieldDefinitions`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut fields = None;
        let mut rest = Rest::None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "fieldDefinitions" if fields.is_some() => return Err(de::Error::duplicate_field("fieldDefinitions")),
                "fieldDefinitions" => fields = Some(map.next_value_seed(DefinitionsSeed(self))?),
                "rest" => rest = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let fields: Arc<[Field]> = fields.ok_or_else(|| de::Error::missing_field("fieldDefinitions"))?;
        Ok(Shape { fields, rest })
    }
}

struct DefinitionsSeed(ShapeSeed);

impl<'de> DeserializeSeed<'de> for DefinitionsSeed {
    type Value = Arc<[Field]>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

/// One entry of `fieldDefinitions`, as lenient as ThingWorx: only the base type is needed.
#[derive(Deserialize)]
struct FieldDefinition {
    name: Option<String>,
    #[serde(rename = "baseType")]
    base_type: String,
    description: Option<String>,
    ordinal: Option<f64>,
    aspects: Option<serde_json::Map<String, Value>>,
}

impl<'de> Visitor<'de> for DefinitionsSeed {
    type Value = Arc<[Field]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of field definitions by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Vec<(f64, Field)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let given: FieldDefinition = map.next_value()?;
            if name.len() as u64 > self.0.field_name_bytes {
                return Err(de::Error::custom(format_args!(
                    "a field name has {} bytes, and the limit field_name_bytes is {}",
                    name.len(),
                    self.0.field_name_bytes
                )));
            }
            if given.name.as_ref().is_some_and(|own| *own != name) {
                return Err(de::Error::custom(format_args!("field `{name}` is called otherwise in its own `name`")));
            }
            let field = given.field(&name, self.0.field_aspects).map_err(de::Error::custom)?;
            if !names.insert(field.name.clone()) {
                return Err(de::Error::custom(format_args!("field `{name}` is defined twice")));
            }
            if names.len() as u64 > self.0.columns {
                return Err(de::Error::custom(format_args!("more fields than the limit columns, {}", self.0.columns)));
            }
            found.push((given.ordinal.unwrap_or(f64::INFINITY), field));
        }
        // Stable: fields without an ordinal, or with the same, stay in the order given.
        found.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        Ok(found.into_iter().map(|(_, field)| field).collect())
    }
}

impl FieldDefinition {
    fn field(&self, name: &str, most_aspects: u64) -> Result<Field, String> {
        let mut field = Field::new(name, BaseType::parse_lenient(&self.base_type));
        field.description = self.description.as_deref().unwrap_or_default().into();
        if field.base_type.as_str() != self.base_type && field.base_type == BaseType::EntityName {
            field.extra.push((Field::BASE_TYPE.to_owned(), self.base_type.clone()));
        }
        for (aspect, value) in self.aspects.iter().flatten() {
            match (aspect.as_str(), value) {
                (_, Value::Null) => {}
                (REQUIRED, Value::Bool(required)) => field.nullable = !required,
                (KIND, Value::String(word)) => {
                    let suits = |kind: &&Kind| kind.as_str() == word;
                    field.kind = *field.base_type.kinds().iter().find(suits).ok_or_else(|| {
                        format!("field `{name}`: kind `{word}` does not suit base type {}", field.base_type)
                    })?;
                }
                (REQUIRED | KIND, _) => return Err(format!("field `{name}`: aspect `{aspect}` is not understood")),
                (_, Value::String(text)) => field.extra.push((aspect.clone(), text.clone())),
                (_, other) => field.extra.push((aspect.clone(), other.to_string())),
            }
            if field.extra.len() as u64 > most_aspects {
                return Err(format!("field `{name}` has more aspects than the limit field_aspects, {most_aspects}"));
            }
        }
        Ok(field)
    }
}
