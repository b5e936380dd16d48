//! The members of one JSON object of a query.

use serde_json::{Map, Value};

use crate::query::QueryProblem;

/// One object: its members, its place, and what it is called in messages.
pub(super) struct Members<'a> {
    map: &'a Map<String, Value>,
    pointer: &'a str,
    what: &'a str,
}

/// The JSON pointer of a member or an item.
pub(super) fn child(pointer: &str, name: impl std::fmt::Display) -> String {
    format!("{pointer}/{}", name.to_string().replace('~', "~0").replace('/', "~1"))
}

/// What a value is, in messages.
pub(super) fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Texts of a client within messages.
pub(super) fn clip(text: &str) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(80).collect();
    if chars.next().is_some() { format!("{head}…") } else { head }
}

impl<'a> Members<'a> {
    /// Of a value that should be an object. `what` completes "expected …, found …".
    pub(super) fn of(value: &'a Value, pointer: &'a str, what: &'a str) -> Result<Self, QueryProblem> {
        match value {
            Value::Object(map) => Ok(Self { map, pointer, what }),
            other => Err(QueryProblem::new(pointer, format!("expected {what}, an object, found {}", found(other)))),
        }
    }

    /// The same object under a more telling name.
    pub(super) fn called(self, what: &'a str) -> Self {
        Self { what, ..self }
    }

    /// Refuses members other than these.
    pub(super) fn only(&self, names: &[&str]) -> Result<(), QueryProblem> {
        match self.map.keys().find(|name| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let known: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let message =
                    format!("{} has no member `{}`; its members are {}", self.what, clip(name), known.join(", "));
                Err(QueryProblem::new(child(self.pointer, name), message))
            }
        }
    }

    /// A member that may be left out.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    /// A member that may not.
    pub(super) fn need(&self, name: &str) -> Result<&'a Value, QueryProblem> {
        self.get(name).ok_or_else(|| self.needs(&format!("`{name}`")))
    }

    /// That something is not there.
    pub(super) fn needs(&self, missing: &str) -> QueryProblem {
        QueryProblem::new(self.pointer, format!("{} needs {missing}", self.what))
    }

    /// The place of a member.
    pub(super) fn at(&self, name: &str) -> String {
        child(self.pointer, name)
    }

    /// What is wanted of a member, where it is something else.
    pub(super) fn expected(&self, name: &str, wanted: &str, value: &Value) -> QueryProblem {
        QueryProblem::new(self.at(name), format!("expected {wanted}, found {}", found(value)))
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<&'a str, QueryProblem> {
        let value = self.need(name)?;
        value.as_str().ok_or_else(|| self.expected(name, "a text", value))
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Result<f64, QueryProblem> {
        let value = self.need(name)?;
        value.as_f64().ok_or_else(|| self.expected(name, "a number", value))
    }

    /// An array.
    pub(super) fn array(&self, name: &str) -> Result<&'a [Value], QueryProblem> {
        let value = self.need(name)?;
        value.as_array().map(Vec::as_slice).ok_or_else(|| self.expected(name, "an array", value))
    }

    /// True or false; `otherwise` where it is left out.
    pub(super) fn flag(&self, name: &str, otherwise: bool) -> Result<bool, QueryProblem> {
        match self.get(name) {
            None => Ok(otherwise),
            Some(value) => value.as_bool().ok_or_else(|| self.expected(name, "true or false", value)),
        }
    }
}
