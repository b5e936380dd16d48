//! Strict JSON objects: the members of a request body, each still as text, so that a table among them is parsed once and
//! straight into columns.
//!
//! A member that is not known or comes twice is refused rather than passed over: a misspelt `priority` should not look
//! like an accepted one. Every refusal points at its member.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use analyte_core::codes::Code;
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{FieldError, Problem};

/// All of a body, which must be JSON.
pub(crate) fn whole(body: &[u8]) -> Result<&RawValue, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(String::new(), format!("is not UTF-8 from byte {} on", error.valid_up_to())))?;
    serde_json::from_str(text).map_err(|error| malformed(String::new(), format!("is not JSON: {error}")))
}

/// Reads an object that has no other members than these; `pointer` says where it stands in the body.
pub(crate) fn read<'a, const N: usize>(
    text: &'a str,
    pointer: &str,
    known: [&'static str; N],
) -> Result<[Option<&'a RawValue>; N], Problem> {
    let mut refused = None;
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = Members { known, pointer, refused: &mut refused }.deserialize(&mut reader);
    match members.and_then(|members| reader.end().map(|()| members)) {
        Ok(members) => Ok(members),
        Err(error) => Err(match refused {
            Some((pointer, message)) => malformed(pointer, message),
            None if error.is_data() => malformed(pointer.to_owned(), "must be a JSON object"),
            None => malformed(pointer.to_owned(), format!("is not JSON: {error}")),
        }),
    }
}

/// Reads a member's value as this type; `null` and absence are the same.
pub(crate) fn value<'a, T: Deserialize<'a>>(
    member: Option<&'a RawValue>,
    pointer: &str,
    wanted: &str,
) -> Result<Option<T>, Problem> {
    let Some(raw) = present(member) else { return Ok(None) };
    // The values read this way are words, numbers and small maps: what serde says of them adds nothing.
    serde_json::from_str(raw.get()).map(Some).map_err(|_| malformed(pointer.to_owned(), format!("must be {wanted}")))
}

/// Reads a member that has to be there, through its text; says what is wrong with that text.
pub(crate) fn parsed<T: std::str::FromStr<Err: fmt::Display>>(
    member: Option<&RawValue>,
    pointer: &str,
) -> Result<T, Problem> {
    match optional(member, pointer)? {
        Some(value) => Ok(value),
        None => Err(missing(pointer)),
    }
}

/// Like [`parsed`], for a member that may be absent.
pub(crate) fn optional<T: std::str::FromStr<Err: fmt::Display>>(
    member: Option<&RawValue>,
    pointer: &str,
) -> Result<Option<T>, Problem> {
    let Some(text) = value::<Text<'_>>(member, pointer, "a string")? else { return Ok(None) };
    text.0.parse().map(Some).map_err(|error| malformed(pointer.to_owned(), format!("cannot be read: {error}")))
}

/// A member that is there and is not `null`.
pub(crate) fn present(member: Option<&RawValue>) -> Option<&RawValue> {
    member.filter(|raw| raw.get() != "null")
}

/// Longest word, number or small object among the members, as text.
const VALUE_BYTES: u64 = 4_096;

/// Refuses a member whose text is longer than `most` bytes, without looking into it.
pub(crate) fn refuse_large(member: Option<&RawValue>, pointer: &str, limit: &str, most: u64) -> Result<(), Problem> {
    let bytes = member.map_or(0, |raw| raw.get().len() as u64);
    if bytes <= most {
        return Ok(());
    }
    Err(too_large(pointer, format!("has {bytes} bytes; {most} are allowed (limit {limit})")))
}

/// Like [`refuse_large`], for a member that is a word, a number or a small object.
pub(crate) fn refuse_large_value(member: Option<&RawValue>, pointer: &str) -> Result<(), Problem> {
    let bytes = member.map_or(0, |raw| raw.get().len() as u64);
    if bytes <= VALUE_BYTES {
        return Ok(());
    }
    Err(too_large(pointer, format!("has {bytes} bytes; {VALUE_BYTES} are allowed")))
}

fn too_large(pointer: &str, message: String) -> Problem {
    let detail = format!("`{pointer}` {message}");
    Problem::new(Code::TooLarge, detail).errors(vec![FieldError::at(pointer.to_owned(), message)])
}

/// The member that has to be there is not.
pub(crate) fn missing(pointer: &str) -> Problem {
    malformed(pointer.to_owned(), "is missing")
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
#[derive(Debug, PartialEq, Eq)]
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
                    if strings.insert(name, value).is_some() {
                        return Err(de::Error::custom("a name comes twice"));
                    }
                }
                Ok(Strings(strings))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A string, borrowed where it holds no escapes.
struct Text<'a>(Cow<'a, str>);

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

struct Members<'p, const N: usize> {
    known: [&'static str; N],
    pointer: &'p str,
    refused: &'p mut Option<(String, String)>,
}

impl<const N: usize> Members<'_, N> {
    fn refuse<E: de::Error>(self, name: &str, message: String) -> E {
        let name: String = name.chars().take(80).collect();
        *self.refused = Some((format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1")), message));
        E::custom("refused")
    }
}

impl<'de, const N: usize> DeserializeSeed<'de> for Members<'_, N> {
    type Value = [Option<&'de RawValue>; N];
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(Text(name)) = map.next_key()? {
            let place = self.known.iter().position(|known| *known == name);
            let Some(slot) = place.and_then(|place| found.get_mut(place)) else {
                let message = format!("is not known here; known are {}", self.known.join(", "));
                return Err(self.refuse(&name, message));
            };
            if slot.is_some() {
                return Err(self.refuse(&name, "comes twice".to_owned()));
            }
            *slot = Some(map.next_value()?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn refused(text: &str) -> String {
        let problem = read(text, "", ["a", "b"]).unwrap_err();
        assert_eq!(problem.code(), Code::Malformed);
        problem.detail().to_owned()
    }

    #[test]
    fn members_are_found_and_kept_as_text() {
        let [a, b] = read(r#" {"\u0062": [1, 2 ] } "#, "", ["a", "b"]).unwrap();
        assert!(a.is_none());
        assert_eq!(b.unwrap().get(), "[1, 2 ]");
    }

    #[test]
    fn what_is_not_an_object_of_known_members_is_refused() {
        assert_eq!(refused(r#"{"a":1,"c/d":2}"#), "`/c~1d` is not known here; known are a, b");
        assert_eq!(refused(r#"{"a":1,"a":2}"#), "`/a` comes twice");
        assert_eq!(refused("[1]"), "the body must be a JSON object");
        assert_eq!(refused("7"), "the body must be a JSON object");
        assert!(refused("{\"a\":").starts_with("the body is not JSON: EOF"), "{}", refused("{\"a\":"));
        assert!(refused("{} x").starts_with("the body is not JSON: trailing characters"));
        assert!(refused("").starts_with("the body is not JSON"));
    }

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
