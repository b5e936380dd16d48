//! A submission in a query string, beside a body that is the table.
//!
//! The members of a submission have their names there, those of objects with a dot: `limits.fuel`, `tags.plant`. Every other
//! name is a parameter of the model, as where a model is called at once; `parameters.priority` is one that is called like a
//! member.

use std::collections::BTreeMap;

use analyte_core::codes::Code;
use serde_json::value::{RawValue, to_raw_value};

use super::submission::SentBeside;
use crate::problem::Problem;

/// Objects among the members, and how their members are read.
const OBJECTS: [(&str, Kind, &[&str]); 3] = [
    ("limits", Kind::Number, &["fuel", "memory_bytes", "timeout_ms"]),
    ("retry", Kind::Number, &["max_attempts", "backoff_ms"]),
    ("tags", Kind::Text, &[]),
];

/// The other members.
const MEMBERS: [(&str, Kind); 5] = [
    ("provider", Kind::Text),
    ("model", Kind::Text),
    ("priority", Kind::Number),
    ("run_at", Kind::Text),
    ("custom_data", Kind::Json),
];

/// How the text of a member is read.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Json,
}

/// Reads the pairs of a query.
pub(crate) fn read(pairs: Vec<(String, String)>) -> Result<SentBeside, Problem> {
    let mut members: BTreeMap<&str, Box<RawValue>> = BTreeMap::new();
    let mut objects: BTreeMap<&str, BTreeMap<String, Box<RawValue>>> = BTreeMap::new();
    let mut parameters = Vec::new();
    for (name, text) in pairs {
        if let Some((member, kind)) = MEMBERS.into_iter().find(|(member, _)| *member == name) {
            if members.insert(member, value(&name, text, kind)?).is_some() {
                return Err(twice(&name));
            }
            continue;
        }
        let within = name.split_once('.');
        if let Some(("parameters", parameter)) = within {
            parameters.push((parameter.to_owned(), text));
            continue;
        }
        let object = within.and_then(|(object, own)| {
            OBJECTS
                .into_iter()
                .find(|(known, ..)| *known == object)
                .map(|(known, kind, names)| (known, kind, names, own))
        });
        let Some((object, kind, names, own)) = object else {
            parameters.push((name, text));
            continue;
        };
        if !names.is_empty() && !names.contains(&own) {
            let known = names.join(", ");
            let detail = format!("the query parameter `{}` is not known here; `{object}` has: {known}", cut(&name));
            return Err(malformed(detail));
        }
        if objects.entry(object).or_default().insert(own.to_owned(), value(&name, text, kind)?).is_some() {
            return Err(twice(&name));
        }
    }
    for (object, own) in objects {
        members.insert(object, raw(&own)?);
    }
    let members = serde_json::to_vec(&members).map_err(|error| unwritable(&error))?;
    Ok(SentBeside { members: members.into(), parameters })
}

fn value(name: &str, text: String, kind: Kind) -> Result<Box<RawValue>, Problem> {
    match kind {
        Kind::Text => raw(&text),
        Kind::Number => match text.parse::<i128>() {
            Ok(number) => raw(&number),
            Err(_) => Err(malformed(format!("the query parameter `{}` must be a whole number", cut(name)))),
        },
        Kind::Json => RawValue::from_string(text).map_err(|error| {
            let name = cut(name);
            malformed(format!("the query parameter `{name}` must be JSON (a text stands in quotation marks): {error}"))
        }),
    }
}

fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, Problem> {
    to_raw_value(value).map_err(|error| unwritable(&error))
}

/// Text and numbers always can be written.
fn unwritable(error: &serde_json::Error) -> Problem {
    tracing::error!(%error, "a query cannot be written as JSON");
    Problem::new(Code::HostError, "the query cannot be read")
}

fn twice(name: &str) -> Problem {
    malformed(format!("the query parameter `{}` comes twice", cut(name)))
}

fn cut(name: &str) -> String {
    name.chars().take(80).collect()
}

fn malformed(detail: String) -> Problem {
    Problem::new(Code::Malformed, detail)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, json};

    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<(Value, Vec<(String, String)>), String> {
        let pairs = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let sent = read(pairs).map_err(|problem| problem.detail().to_owned())?;
        Ok((serde_json::from_slice(&sent.members).unwrap(), sent.parameters))
    }

    #[test]
    fn members_have_their_names_and_everything_else_is_a_parameter() {
        let (members, parameters) = of(&[
            ("provider", "statistics"),
            ("model", "describe"),
            ("priority", "-3"),
            ("custom_data", "{\"a\": 1.0}"),
            ("limits.fuel", "18446744073709551615"),
            ("retry.max_attempts", "1"),
            ("tags.plant", "a\"b"),
            ("tags.a.b", ""),
            ("column", "x"),
            ("column", "y"),
            ("parameters.priority", "high"),
            ("odd.name", "1"),
        ])
        .unwrap();
        assert_eq!(
            members,
            json!({"provider": "statistics", "model": "describe", "priority": -3, "custom_data": {"a": 1.0},
                "limits": {"fuel": u64::MAX}, "retry": {"max_attempts": 1}, "tags": {"plant": "a\"b", "a.b": ""}})
        );
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let expected = [pair("column", "x"), pair("column", "y"), pair("priority", "high"), pair("odd.name", "1")];
        assert_eq!(parameters, expected);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        let refused = |pairs: &[(&str, &str)]| of(pairs).map(|(members, _)| members).unwrap_err();
        assert_eq!(refused(&[("priority", "high")]), "the query parameter `priority` must be a whole number");
        assert_eq!(refused(&[("model", "a"), ("model", "a")]), "the query parameter `model` comes twice");
        assert_eq!(refused(&[("tags.a", "1"), ("tags.a", "2")]), "the query parameter `tags.a` comes twice");
        assert_eq!(
            refused(&[("limits.feul", "1")]),
            "the query parameter `limits.feul` is not known here; `limits` has: fuel, memory_bytes, timeout_ms"
        );
        let not_json = refused(&[("custom_data", "plain")]);
        assert!(
            not_json.starts_with("the query parameter `custom_data` must be JSON (a text stands in quotation marks): ")
        );
    }
}
