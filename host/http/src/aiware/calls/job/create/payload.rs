//! The payload of a task: JSON text, of which the member `input` is the table and the others are the model's parameters.

use std::collections::HashSet;
use std::fmt;

use analyte_core::limits::Limits;
use analyte_jobs::Parameters;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::aiware::error::{ErrorId, Refusal};
use crate::request::strict_json::{self, Text};

/// The member that is the table.
const TABLE: &str = "input";

/// What a payload says.
#[derive(Debug, Default)]
pub(crate) struct Payload {
    /// The text of the table; `None`: the task takes the results of its parents.
    pub(crate) table: Option<Bytes>,
    /// The other members.
    pub(crate) parameters: Parameters,
}

/// The members of an object, each still as text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut members, mut names) = (Vec::new(), HashSet::new());
                while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    if !names.insert(name.clone()) {
                        let name: String = name.chars().take(80).collect();
                        return Err(de::Error::custom(format_args!("the member `{name}` comes twice")));
                    }
                    members.push((name.into_owned(), value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl Payload {
    /// Reads the text of a payload; no text, and the text `null`, say nothing.
    pub(crate) fn read(text: String, at: &str, limits: &Limits) -> Result<Self, Refusal> {
        if text.trim().is_empty() || text.trim() == "null" {
            return Ok(Self::default());
        }
        let text = Bytes::from(text);
        let malformed = |error: &dyn fmt::Display| {
            let message: String = format!("holds no JSON object: {error}").chars().take(400).collect();
            Refusal::at(ErrorId::Malformed, at, message)
        };
        let whole = std::str::from_utf8(&text).map_err(|error| malformed(&error))?;
        let Members(members) = serde_json::from_str(whole).map_err(|error| malformed(&error))?;
        let table = members.iter().find(|(name, _)| name == TABLE).filter(|(_, value)| value.get() != "null");
        let table = table.map(|(_, value)| text.slice_ref(value.get().as_bytes()));
        let others = members.iter().filter(|(name, _)| name != TABLE);
        let mut parameters = String::from("{");
        for (name, value) in others {
            if parameters.len() > 1 {
                parameters.push(',');
            }
            parameters.push_str(&serde_json::Value::from(name.as_str()).to_string());
            parameters.push(':');
            parameters.push_str(value.get());
            if parameters.len() as u64 > limits.parameters_bytes {
                let most = limits.parameters_bytes;
                let message = format!("has parameters of more than {most} bytes (limit parameters_bytes)");
                return Err(Refusal::at(ErrorId::TooLarge, at, message));
            }
        }
        parameters.push('}');
        let parameters = RawValue::from_string(parameters).map_err(|error| malformed(&error))?;
        strict_json::check_depth(&parameters, at, limits.json_depth)?;
        strict_json::check_members(&parameters, at)?;
        Ok(Self { table, parameters: Parameters::Json(parameters) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Option<String>, String), String> {
        let limits = Limits { parameters_bytes: 100, json_depth: 4, ..Limits::default() };
        let read = Payload::read(text.to_owned(), "/payloadJSON", &limits);
        let payload = read.map_err(|refusal| serde_json::to_string(&refusal.body()).unwrap_or_default())?;
        let table = payload.table.map(|table| String::from_utf8_lossy(&table).into_owned());
        let parameters = match payload.parameters {
            Parameters::Json(text) => text.get().to_owned(),
            _ => String::new(),
        };
        Ok((table, parameters))
    }

    #[test]
    fn the_input_is_apart_from_the_parameters() {
        assert_eq!(
            read(r#"{"a":1,"input":[{"x":1}],"b\u0022":{}}"#),
            Ok((Some("[{\"x\":1}]".into()), "{\"a\":1,\"b\\\"\":{}}".into()))
        );
        assert_eq!(read(r#"{"input":null}"#), Ok((None, "{}".into())));
        for nothing in ["", "  ", "null"] {
            assert_eq!(read(nothing), Ok((None, String::new())), "{nothing}");
        }
    }

    #[test]
    fn what_is_no_object_within_its_limits_is_refused() {
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(100));
        for (text, why) in [
            ("[1]", "holds no JSON object"),
            ("{", "holds no JSON object"),
            (r#"{"a":1,"a":2}"#, "`a` comes twice"),
            (r#"{"a":{"b":1,"b":2}}"#, "`b` twice"),
            (r#"{"a":[[[[1]]]]}"#, "nests deeper than 4 levels"),
            (long.as_str(), "limit parameters_bytes"),
        ] {
            assert!(read(text).is_err_and(|said| said.contains(why)), "{text}");
        }
    }
}
