//! What a call gives for its service's parameters, out of the body: an object whose members are the declared parameters.
//!
//! No body at all is as good as `{}`. Members that are not declared are passed over, as clients rely on, and so are those
//! whose name differs in case: `jobID` is not `jobId`. What is declared and comes twice is refused, since nobody knows
//! which was meant. Each parameter stays the text that it came as, shared with the body.

use std::borrow::Cow;
use std::fmt;

use analyte_core::codes::Code;
use analyte_jobs::Reservation;
use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::parameter::Parameter;
use crate::problem::Problem;
use crate::request::body::Received;
use crate::request::strict_json;

/// What came, by name, and the memory that was set aside for it.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    values: Vec<(&'static str, Bytes)>,
    _reserved: Vec<Reservation>,
}

impl Arguments {
    /// Reads a body for these parameters; refuses it with `malformed`.
    pub(crate) fn read(received: Received, declared: &'static [Parameter], json_depth: u64) -> Result<Self, Problem> {
        let Received { bytes, reserved } = received;
        let values = members_of(&bytes, declared, json_depth)?;
        Ok(Self { values, _reserved: reserved })
    }

    /// The text of a parameter's JSON; `None` where it is absent or `null`.
    pub(crate) fn get(&self, name: &str) -> Option<Bytes> {
        self.values.iter().find(|(own, _)| *own == name).map(|(_, json)| json.clone())
    }

    /// All there is, leaving nothing.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

fn members_of(
    body: &Bytes,
    declared: &'static [Parameter],
    json_depth: u64,
) -> Result<Vec<(&'static str, Bytes)>, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let raw = strict_json::whole(body)?;
    strict_json::check_depth(raw, "", json_depth)?;
    let not_an_object = || Problem::new(Code::Malformed, "the body must be a JSON object of the service's parameters");
    let mut twice = None;
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    let found = Declared { declared, twice: &mut twice }.deserialize(&mut reader);
    if let Some(name) = twice {
        return Err(Problem::new(Code::Malformed, format!("the parameter {name} comes twice")));
    }
    let found = found.map_err(|_| not_an_object())?;
    let values = found.into_iter().filter(|(_, raw)| raw.get() != "null");
    Ok(values.map(|(name, raw)| (name, body.slice_ref(raw.get().as_bytes()))).collect())
}

/// Members of these names.
struct Declared<'t> {
    declared: &'static [Parameter],
    twice: &'t mut Option<&'static str>,
}

impl<'de> DeserializeSeed<'de> for Declared<'_> {
    type Value = Vec<(&'static str, &'de RawValue)>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Declared<'_> {
    type Value = Vec<(&'static str, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Self::Value = Vec::new();
        while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
            let Some(parameter) = self.declared.iter().find(|parameter| parameter.name == name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if found.iter().any(|(own, _)| *own == parameter.name) {
                *self.twice = Some(parameter.name);
            }
            found.push((parameter.name, map.next_value()?));
        }
        Ok(found)
    }
}

/// A member's name; borrowed where nothing in it is escaped.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    static DECLARED: [Parameter; 2] =
        [Parameter::new("jobId", "STRING", ""), Parameter::new("inputParams", "STRING", "")];

    fn read(body: &str) -> Result<[Option<String>; 2], String> {
        let received = Received { bytes: Bytes::copy_from_slice(body.as_bytes()), reserved: Vec::new() };
        let arguments = Arguments::read(received, &DECLARED, 4).map_err(|problem| {
            assert_eq!(problem.code(), Code::Malformed, "{body}");
            problem.detail().to_owned()
        })?;
        Ok(["jobId", "inputParams"]
            .map(|name| arguments.get(name).map(|json| String::from_utf8(json.to_vec()).unwrap())))
    }

    #[test]
    fn declared_members_are_kept_as_they_came() {
        let some = |text: &str| Some(text.to_owned());
        for (body, expected) in [
            ("", [None, None]),
            (" \r\n", [None, None]),
            ("{}", [None, None]),
            (r#"{"jobId":"a"}"#, [some(r#""a""#), None]),
            (r#"{"job\u0049d":1}"#, [some("1"), None]),
            (r#" { "inputParams" : {"rows": [ {} ]} , "jobId" : 7.50 } "#, [some("7.50"), some(r#"{"rows": [ {} ]}"#)]),
            (r#"{"jobId":null,"inputParams":false}"#, [None, some("false")]),
            // Undeclared ones are passed over, also twice; case matters.
            (r#"{"x":{"y":[]},"JobID":"b","jobId":"a","x":1}"#, [some(r#""a""#), None]),
        ] {
            assert_eq!(read(body), Ok(expected), "{body}");
        }
    }

    #[test]
    fn what_is_not_an_object_of_parameters_is_refused() {
        let not_an_object = "the body must be a JSON object of the service's parameters";
        for (body, expected) in [
            ("[]", not_an_object),
            ("7", not_an_object),
            (r#""{}""#, not_an_object),
            ("null", not_an_object),
            (r#"{"jobId":1,"jobId":1}"#, "the parameter jobId comes twice"),
            (r#"{"x":[[[[]]]]}"#, "the body nests deeper than 4 levels (json_depth)"),
        ] {
            assert_eq!(read(body).unwrap_err(), expected, "{body}");
        }
        for body in ["{", r#"{"jobId":}"#, "{} {}", "{'a':1}", "\u{feff}{}", "<x/>"] {
            assert!(read(body).unwrap_err().starts_with("the body is not JSON"), "{body}");
        }
    }

    #[test]
    fn what_was_taken_is_gone() {
        let received = Received { bytes: Bytes::from_static(br#"{"jobId":"a"}"#), reserved: Vec::new() };
        let mut arguments = Arguments::read(received, &DECLARED, 4).unwrap();
        assert_eq!(arguments.take().get("jobId").as_deref(), Some(&br#""a""#[..]));
        assert_eq!(arguments.get("jobId"), None);
    }
}
