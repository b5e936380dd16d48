//! Parameters that came as names and texts, from a query string or a command line.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Most levels of a schema, its own and those behind `$ref`s and alternatives, that say what a parameter may be.
const DEPTH: u32 = 8;

/// The type words of what a parameter may be, as far as its schema says so plainly.
type Types<'s> = BTreeSet<&'s str>;

/// Reads each text as the model's schema says: `true` is a boolean where a boolean may be, and a text where only a text
/// may be. A name that comes several times, or whose value must be an array, makes an array; a text that begins with `[`
/// is then read as JSON. What suits no type stays a text, so that the schema can say what is wrong with it.
pub fn coerce(pairs: &[(String, String)], schema: Option<&Value>) -> Map<String, Value> {
    let mut parameters = Map::new();
    for (name, _) in pairs {
        if parameters.contains_key(name) {
            continue;
        }
        let texts: Vec<&str> = pairs.iter().filter(|(other, _)| other == name).map(|(_, text)| text.as_str()).collect();
        let property = schema.and_then(|schema| schema.get("properties")?.get(name));
        parameters.insert(name.clone(), value(&texts, property, schema));
    }
    parameters
}

fn value(texts: &[&str], property: Option<&Value>, root: Option<&Value>) -> Value {
    let (mut types, mut items) = (Types::new(), None);
    collect(property, root, DEPTH, &mut types, &mut items);
    match texts {
        [text] if !types.contains("array") => scalar(text, &types),
        [text] if text.trim_start().starts_with('[') => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String((*text).to_owned()))
        }
        [text] if types.contains("string") || (types.contains("null") && *text == "null") => scalar(text, &types),
        several => {
            let mut types = Types::new();
            collect(items, root, DEPTH, &mut types, &mut None);
            several.iter().map(|text| scalar(text, &types)).collect()
        }
    }
}

fn scalar(text: &str, types: &Types) -> Value {
    let suits = |value: &Value| match value {
        Value::Number(_) => types.contains("number") || types.contains("integer"),
        Value::Bool(_) => types.contains("boolean"),
        Value::Null => types.contains("null"),
        Value::Object(_) => types.contains("object"),
        Value::Array(_) | Value::String(_) => false,
    };
    let parsed = serde_json::from_str::<Value>(text).ok();
    parsed.filter(suits).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Adds what this schema admits to `types`, and the schema of its items where it admits arrays.
fn collect<'s>(
    schema: Option<&'s Value>,
    root: Option<&'s Value>,
    depth: u32,
    types: &mut Types<'s>,
    items: &mut Option<&'s Value>,
) {
    let Some(schema) = schema.filter(|_| depth > 0) else { return };
    match schema.get("type") {
        Some(Value::String(word)) => drop(types.insert(word)),
        Some(Value::Array(words)) => types.extend(words.iter().filter_map(Value::as_str)),
        _ => {}
    }
    if let Some(of) = schema.get("items") {
        *items = Some(of);
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#')) {
        collect(root.and_then(|root| root.pointer(target)), root, depth - 1, types, items);
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        for alternative in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            collect(Some(alternative), root, depth - 1, types, items);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_become_what_the_schema_admits() {
        let schema = json!({
            "type": "object",
            "$defs": { "Method": { "type": "string", "enum": ["pearson", "1"] }, "Deep": { "$ref": "#/$defs/Deep" } },
            "properties": {
                "intercept": { "type": "boolean" },
                "method": { "$ref": "#/$defs/Method" },
                "maybe": { "anyOf": [{ "type": "integer" }, { "type": "null" }] },
                "predictors": { "type": ["array", "null"], "items": { "type": "string" } },
                "weights": { "type": "array", "items": { "type": "number" } },
                "window": { "type": "object" },
                "either": { "type": ["number", "string"] },
                "deep": { "$ref": "#/$defs/Deep" },
            }
        });
        let pair = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        let pairs: Vec<_> = [
            ("intercept", "false"),
            ("method", "1"),
            ("maybe", "null"),
            ("predictors", "x1"),
            ("weights", "1"),
            ("weights", "2.5"),
            ("weights", "much"),
            ("window", "{\"from\":1}"),
            ("either", "1e400"),
            ("deep", "1"),
            ("unknown", "true"),
            ("twice", "a"),
            ("twice", "2"),
        ]
        .into_iter()
        .map(pair)
        .collect();
        let expected = json!({
            "intercept": false,
            "method": "1",
            "maybe": null,
            "predictors": ["x1"],
            "weights": [1, 2.5, "much"],
            "window": { "from": 1 },
            "either": "1e400",
            "deep": "1",
            "unknown": "true",
            "twice": ["a", "2"],
        });
        assert_eq!(Value::Object(coerce(&pairs, Some(&schema))), expected);
        let json = [pair(("predictors", "[\"x1\", \"x2\"]")), pair(("maybe", "7"))];
        assert_eq!(Value::Object(coerce(&json, Some(&schema))), json!({ "predictors": ["x1", "x2"], "maybe": 7 }));
        assert_eq!(Value::Object(coerce(&[pair(("x", "1"))], None)), json!({ "x": "1" }));
    }
}
