//! A request body as one struct, which says both what is read (serde) and what is described (utoipa).
//!
//! A member that is not known or comes twice is refused rather than passed over: a misspelt `priority` should not look
//! like an accepted one. Every refusal says where, as a JSON pointer, and what belongs there. What may be large stays
//! text ([`Member`]) until its length was compared with its limit; a table among the members is never more than text here.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use analyte_core::codes::Code;
use serde::Deserialize;
use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment, Track};

use crate::problem::{FieldError, Problem};
use crate::request::strict_json::{Text, malformed, text_of};

/// Longest name of a member, in characters, that is read and shown whole. No known member has one as long.
const NAME_CHARS: usize = 80;
/// Longest text, in characters, of what serde says of a value.
const MESSAGE_CHARS: usize = 400;
/// Longest word, number or small object among members that may be large, in bytes of JSON.
const VALUE_BYTES: u64 = 4_096;

/// Reads a whole body as this struct.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    object(text_of(body)?, "")
}

/// Reads a whole body that is known to be UTF-8 as this struct.
pub(crate) fn read_text<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, Problem> {
    object(body, "")
}

/// Reads an object within a body as this struct; `pointer` says where it stands.
pub(crate) fn read_part<'a, T: Deserialize<'a>>(text: &'a str, pointer: &str) -> Result<T, Problem> {
    object(text, pointer)
}

/// Whether this is the text of an object whose first member has this name, written without escapes.
pub(crate) fn begins_with(object: &str, name: &str) -> bool {
    let first = object.trim_start().strip_prefix('{').and_then(|rest| rest.trim_start().strip_prefix('"'));
    first.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('"'))
}

/// Reads a body that may be left out: nothing is as good as `{}`.
pub(crate) fn read_if_any<'a, T: Deserialize<'a> + Default>(body: &'a [u8]) -> Result<T, Problem> {
    if body.is_empty() { Ok(T::default()) } else { read(body) }
}

/// Reads a JSON object as this struct; `pointer` says where it stands in the body.
fn object<'a, T: Deserialize<'a>>(text: &'a str, pointer: &str) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    match T::deserialize(Object(&mut reader)).and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) => object_with_place(text, pointer),
    }
}

/// Reads once more what was refused, to say where the fault is: to follow the place takes a copy of each member's name, which
/// bodies without a fault are spared.
fn object_with_place<'a, T: Deserialize<'a>>(text: &'a str, pointer: &str) -> Result<T, Problem> {
    let (mut reader, mut track) = (serde_json::Deserializer::from_str(text), Track::new());
    let read = T::deserialize(serde_path_to_error::Deserializer::new(Object(&mut reader), &mut track));
    read.and_then(|value| reader.end().map(|()| value)).map_err(|error| refusal(pointer, &track.path(), &error))
}

/// Reads JSON as this type; `pointer` says where it stands in the body.
fn value<'a, T: Deserialize<'a>>(text: &'a str, pointer: &str) -> Result<T, Problem> {
    let (mut reader, mut track) = (serde_json::Deserializer::from_str(text), Track::new());
    T::deserialize(serde_path_to_error::Deserializer::new(&mut reader, &mut track))
        .map_err(|error| refusal(pointer, &track.path(), &error))
}

/// A member that stays text, a part of the body, until it is read as `T`; as `()` where only its text is of use.
pub(crate) struct Member<'a, T = ()> {
    raw: &'a RawValue,
    read_as: PhantomData<fn() -> T>,
}

impl<'de: 'a, 'a, T> Deserialize<'de> for Member<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self { raw, read_as: PhantomData })
    }
}

impl<'a, T> Member<'a, T> {
    /// Its text, of whatever length.
    pub(crate) fn text(&self) -> &'a str {
        self.raw.get()
    }

    /// The same as JSON, of whatever length.
    pub(crate) fn raw(&self) -> &'a RawValue {
        self.raw
    }

    /// Its text, refused where it is longer than `most` bytes, without looking into it.
    pub(crate) fn within(&self, pointer: &str, limit: &str, most: u64) -> Result<&'a RawValue, Problem> {
        self.at_most(most, pointer, |bytes| format!("has {bytes} bytes; {most} are allowed (limit {limit})"))
    }

    /// Its text, refused with this message for its length where it is longer than `most` bytes.
    fn at_most(&self, most: u64, pointer: &str, message: impl FnOnce(u64) -> String) -> Result<&'a RawValue, Problem> {
        let bytes = self.raw.get().len() as u64;
        if bytes <= most { Ok(self.raw) } else { Err(too_large(pointer, message(bytes))) }
    }

    /// Its text as that of a word, a number or a small object.
    fn small(&self, pointer: &str) -> Result<&'a str, Problem> {
        let message = |bytes| format!("has {bytes} bytes; {VALUE_BYTES} are allowed");
        self.at_most(VALUE_BYTES, pointer, message).map(RawValue::get)
    }
}

impl<'a, T: Deserialize<'a>> Member<'a, T> {
    /// The word or the number that it is.
    pub(crate) fn value(&self, pointer: &str) -> Result<T, Problem> {
        value(self.small(pointer)?, pointer)
    }

    /// The small object that it is.
    pub(crate) fn object(&self, pointer: &str) -> Result<T, Problem> {
        object(self.small(pointer)?, pointer)
    }

    /// The list or object that it is, of at most `most` items of which each takes up to `each` bytes of JSON. The refusal of a
    /// longer text names the limit on the items: the bytes follow from it.
    pub(crate) fn items(&self, pointer: &str, (limit, most): (&str, u64), each: u64) -> Result<T, Problem> {
        // One more, so that the item beyond the limit is counted as such.
        let bytes = most.saturating_add(1).saturating_mul(each);
        let message = |bytes| format!("has {bytes} bytes, more than {most} {limit} can have (limit {limit})");
        value(self.at_most(bytes, pointer, message)?.get(), pointer)
    }
}

fn too_large(pointer: &str, message: String) -> Problem {
    let detail = format!("`{pointer}` {message}");
    Problem::new(Code::TooLarge, detail).errors(vec![FieldError::at(pointer.to_owned(), message)])
}

/// What serde calls the type of a value that was found, at the beginning of its message, and what people call it.
const FOUND: [(&str, &str); 2] =
    [("invalid type: sequence", "invalid type: a list"), ("invalid type: map", "invalid type: an object")];
/// What serde calls the type of a value that was expected, at the end of its message, and what people call it.
const EXPECTED: [(&str, &str); 3] = [
    ("expected u64", "expected a whole number, not negative"),
    ("expected u32", "expected a whole number of 32 bits, not negative"),
    ("expected i32", "expected a whole number of 32 bits"),
];

/// serde's message in words that are not Rust's.
fn plain(message: &str) -> String {
    let expected = EXPECTED.iter().find_map(|(rust, words)| Some(format!("{}{words}", message.strip_suffix(rust)?)));
    let message = expected.as_deref().unwrap_or(message);
    let found = FOUND.iter().find_map(|(rust, words)| Some(format!("{words}{}", message.strip_prefix(rust)?)));
    found.as_deref().unwrap_or(message).chars().take(MESSAGE_CHARS).collect()
}

/// What serde says of a value that stands at `path` below `pointer`.
fn refusal(pointer: &str, path: &Path, error: &serde_json::Error) -> Problem {
    let whole = error.to_string();
    // The place in the text is that in the body only where the text is the body, and adds nothing to a pointer.
    let place = format!(" at line {} column {}", error.line(), error.column());
    let bare = whole.strip_suffix(&place).unwrap_or(&whole);
    if !error.is_data() {
        let text = if pointer.is_empty() { &whole } else { bare };
        return malformed(pointer.to_owned(), format!("is not JSON: {text}"));
    }
    let mut place = pointer.to_owned();
    for segment in path {
        match segment {
            Segment::Map { key } => push(&mut place, key),
            Segment::Seq { index } => push(&mut place, &index.to_string()),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let named = |begin: &str| bare.strip_prefix(begin)?.strip_suffix('`');
    if let Some(name) = named("missing field `") {
        push(&mut place, name);
        return malformed(place, "is missing");
    }
    if let Some(name) = named("duplicate field `") {
        push(&mut place, name);
        return malformed(place, "comes twice");
    }
    if let Some(Segment::Map { key }) = path.iter().next_back()
        && let Some(rest) = bare.strip_prefix(&format!("unknown field `{key}`, "))
    {
        return malformed(place, format!("is not known here; {rest}"));
    }
    let message = plain(bare);
    let detail = if place.is_empty() { format!("the body: {message}") } else { format!("`{place}`: {message}") };
    Problem::new(Code::Malformed, detail).errors(vec![FieldError::at(place, message)])
}

/// Goes on to a member, as JSON pointers write it.
fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.extend(name.chars().take(NAME_CHARS).map(|one| match one {
        '~' => "~0".to_owned(),
        '/' => "~1".to_owned(),
        one => one.to_string(),
    }));
}

/// Reads a struct from an object only: serde would take a list of the values as well. A name that is longer than any
/// known one is cut before serde copies it into its message.
struct Object<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Object<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Members(visitor))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The visitor of an object, or the members on their way to it.
struct Members<T>(T);

impl<'de, V: Visitor<'de>> Visitor<'de> for Members<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Members(map))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(Text(name)) = self.0.next_key()? else { return Ok(None) };
        let name = match name {
            name if name.len() > NAME_CHARS => Cow::Owned(name.chars().take(NAME_CHARS).collect()),
            name => name,
        };
        seed.deserialize(CowStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::names::ModelName;

    use super::*;

    #[derive(Deserialize, Debug, PartialEq, Default)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        count: Option<u64>,
        places: Option<Vec<u32>>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body<'a> {
        name: ModelName,
        priority: Option<i32>,
        #[serde(borrow)]
        input: Option<Member<'a, Inner>>,
    }

    fn refused(text: &str) -> (String, String) {
        let problem = read::<Body<'_>>(text.as_bytes()).err().unwrap();
        assert_eq!(problem.code(), Code::Malformed, "{text}");
        (problem.pointer().to_owned(), problem.detail().to_owned())
    }

    #[test]
    fn members_are_read_or_stay_text() {
        let body: Body<'_> = read(br#" {"n\u0061me": "m", "input": {"count": 7 }, "priority": null} "#).unwrap();
        assert_eq!((body.name.as_str(), body.priority), ("m", None));
        let input = body.input.unwrap();
        assert_eq!(input.text(), r#"{"count": 7 }"#);
        assert_eq!(input.object("/input").unwrap(), Inner { count: Some(7), places: None });
        assert_eq!(read_if_any::<Inner>(b"").unwrap(), Inner::default());
        let nothing: Body<'_> = read(br#"{"name":"m","input":null}"#).unwrap();
        assert!(nothing.input.is_none());
    }

    #[test]
    fn what_is_not_an_object_of_known_members_is_refused_with_its_place() {
        let unknown = "is not known here; expected one of `name`, `priority`, `input`";
        let (long, cut) = ("x".repeat(1_000), format!("/{}", "x".repeat(80)));
        for (text, pointer, detail) in [
            (r#"{"name":"m","c/d":2}"#.to_owned(), "/c~1d", format!("`/c~1d` {unknown}")),
            (format!(r#"{{"{long}":1}}"#), cut.as_str(), format!("`{cut}` {unknown}")),
            (r#"{"priority":1}"#.to_owned(), "/name", "`/name` is missing".to_owned()),
            (r#"{"name":"m","name":"m"}"#.to_owned(), "/name", "`/name` comes twice".to_owned()),
            (
                r#"{"name":"m","priority":"high"}"#.to_owned(),
                "/priority",
                "`/priority`: invalid type: string \"high\", expected a whole number of 32 bits".to_owned(),
            ),
            (
                r#"{"name":"a b"}"#.to_owned(),
                "/name",
                "`/name`: `a b` is not a valid model name: use a letter or a digit, then up to 127 letters, digits, dots, \
                 hyphens and underscores"
                    .to_owned(),
            ),
            ("[1]".to_owned(), "", "the body: invalid type: a list, expected a JSON object".to_owned()),
            ("7".to_owned(), "", "the body: invalid type: integer `7`, expected a JSON object".to_owned()),
            ("{\"name\":".to_owned(), "", "the body is not JSON: EOF while parsing a value at line 1 column 8".to_owned()),
            ("{\"name\":\"m\"} x".to_owned(), "", "the body is not JSON: trailing characters at line 1 column 14".to_owned()),
            (String::new(), "", "the body is not JSON: EOF while parsing a value at line 1 column 0".to_owned()),
        ] {
            assert_eq!(refused(&text), (str::to_owned(pointer), detail), "{text}");
        }
    }

    #[test]
    fn a_member_is_refused_by_its_length_or_with_its_place_in_the_body() {
        let refused = |inner: &str| {
            let text = format!(r#"{{"name":"m","input":{inner}}}"#);
            let body: Body<'_> = read(text.as_bytes()).unwrap();
            let problem = body.input.unwrap().object("/input").err().unwrap();
            (problem.code(), problem.pointer().to_owned(), problem.detail().to_owned())
        };
        let malformed = |pointer: &str, detail: &str| (Code::Malformed, pointer.to_owned(), detail.to_owned());
        assert_eq!(
            refused(r#"{"disk":1}"#),
            malformed("/input/disk", "`/input/disk` is not known here; expected `count` or `places`")
        );
        assert_eq!(
            refused(r#"{"places":[1,-2]}"#),
            malformed(
                "/input/places/1",
                "`/input/places/1`: invalid value: integer `-2`, expected a whole number of 32 bits, not negative"
            )
        );
        assert_eq!(refused("[1,[]]"), malformed("/input", "`/input`: invalid type: a list, expected a JSON object"));
        let long = format!("\"{}\"", "x".repeat(5_000));
        let detail = "`/input` has 5002 bytes; 4096 are allowed".to_owned();
        assert_eq!(refused(&long), (Code::TooLarge, "/input".to_owned(), detail));
    }
}
