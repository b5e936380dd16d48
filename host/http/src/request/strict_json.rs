//! What JSON of a request has to keep beside being JSON: UTF-8, a depth, and no member of an object twice.
//!
//! It holds for text of which no struct says what it is: parameters, custom data, a ThingWorx client's inputs.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use analyte_core::codes::Code;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{FieldError, Problem};

/// All of a body, which must be JSON.
pub(crate) fn whole(body: &[u8]) -> Result<&RawValue, Problem> {
    serde_json::from_str(text_of(body)?).map_err(|error| malformed(String::new(), format!("is not JSON: {error}")))
}

/// All of a body, which must be UTF-8.
pub(crate) fn text_of(body: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(body)
        .map_err(|error| malformed(String::new(), format!("is not UTF-8 from byte {} on", error.valid_up_to())))
}

/// The body cannot be understood in this place; the empty pointer means all of it.
pub(crate) fn malformed(pointer: String, message: impl Into<String>) -> Problem {
    let message = message.into();
    let detail = if pointer.is_empty() { format!("the body {message}") } else { format!("`{pointer}` {message}") };
    Problem::new(Code::Malformed, detail).errors(vec![FieldError::at(pointer, message)])
}

/// Refuses JSON that nests deeper than `most` levels. The text is JSON already.
pub(crate) fn check_depth(raw: &RawValue, pointer: &str, most: u64) -> Result<(), Problem> {
    let mut depth = 0_u64;
    let mut bytes = raw.get().bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > most {
                    return Err(malformed(pointer.to_owned(), format!("nests deeper than {most} levels (json_depth)")));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Refuses objects, at whatever level, that say a member twice: which of the two was meant, nobody knows. Check the depth
/// first.
pub(crate) fn check_members(raw: &RawValue, pointer: &str) -> Result<(), Problem> {
    match serde_json::from_str::<Distinct>(raw.get()) {
        Ok(Distinct) => Ok(()),
        Err(error) => {
            // What serde_json says of the place is relative to this member.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            Err(malformed(pointer.to_owned(), message))
        }
    }
}

/// Any JSON without repeated members.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyDistinct)
    }
}

struct AnyDistinct;

impl<'de> Visitor<'de> for AnyDistinct {
    type Value = Distinct;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Distinct, A::Error> {
        while list.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
        let mut names = HashSet::new();
        while let Some(Text(name)) = map.next_key()? {
            if names.contains(&name) {
                let name: String = name.chars().take(80).collect();
                return Err(de::Error::custom(format_args!("has the member `{name}` twice")));
            }
            names.insert(name);
            map.next_value::<Distinct>()?;
        }
        Ok(Distinct)
    }
}

/// A map of strings in which no name comes twice.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Strings(pub(crate) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Strings;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strings, A::Error> {
                let mut strings = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    if strings.contains_key(&name) {
                        let name: String = name.chars().take(80).collect();
                        return Err(de::Error::custom(format_args!("has the member `{name}` twice")));
                    }
                    strings.insert(name, value);
                }
                Ok(Strings(strings))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A string, borrowed where it holds no escapes.
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Either)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn depth_is_counted_outside_strings() {
        let check = |text: &str| {
            let raw: &RawValue = serde_json::from_str(text).unwrap();
            check_depth(raw, "/custom_data", 2).is_ok()
        };
        assert!(check(r#"[{"a": "[[[\"[[["}]"#));
        assert!(check("[[],[],{}]"));
        assert!(!check("[[[]]]"));
    }

    #[test]
    fn members_come_once_at_every_level() {
        let check = |text: &str| {
            let raw: &RawValue = serde_json::from_str(text).unwrap();
            check_members(raw, "/parameters").map_err(|problem| problem.detail().to_owned())
        };
        assert_eq!(check(r#"{"a":{"b":1},"b":[{"a":null},{"a":-1.5}]}"#), Ok(()));
        let twice = |name: &str| Err(format!("`/parameters` has the member `{name}` twice"));
        assert_eq!(check(r#"{"a":1,"a":1}"#), twice("a"));
        assert_eq!(check(r#"{"a":[{"b":1,"\u0062":true}]}"#), twice("b"));
    }

    #[test]
    fn labels_come_once() {
        assert!(serde_json::from_str::<Strings>(r#"{"a":"1","b":"2"}"#).is_ok());
        assert!(serde_json::from_str::<Strings>(r#"{"a":"1","a":"2"}"#).is_err());
        assert!(serde_json::from_str::<Strings>(r#"{"a":1}"#).is_err());
    }
}
