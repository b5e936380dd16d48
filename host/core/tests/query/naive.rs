//! The rules of queries once more, straight from the document and the list of readings, without any thought of speed.

use std::cmp::Ordering;

use analyte_core::query::{Field, Fields};
use serde_json::Value;

/// Whether a filter, as JSON, holds for a row.
pub(crate) fn holds(filter: &Value, row: &dyn Fields) -> bool {
    let kind = filter["type"].as_str().unwrap_or_default().to_uppercase();
    let inner = || filter["filters"].as_array().into_iter().flatten();
    if kind == "AND" {
        return !inner().any(|filter| !holds(filter, row));
    }
    if kind == "OR" {
        return inner().any(|filter| holds(filter, row));
    }
    let field = row.field(filter["fieldName"].as_str().unwrap_or_default());
    let case = filter["isCaseSensitive"].as_bool().unwrap_or(false);
    let against = |value: &Value| compare(&field, value, case);
    let value = || against(&filter["value"]);
    let text = match &field {
        Field::Text(text) => Some(text.to_string()),
        _ => None,
    };
    let pattern = || Some(like(filter["value"].as_str()?, text.as_ref()?, case));
    let expression = || Some(found(filter["expression"].as_str()?, text.as_ref()?));
    let within = || {
        let from = filter.get("from").map(|from| against(from).map(|order| order != Ordering::Less));
        let to = filter.get("to").map(|to| against(to).map(|order| order != Ordering::Greater));
        match (from, to) {
            (Some(None), _) | (_, Some(None)) => None,
            (from, to) => Some(from.flatten().unwrap_or(true) && to.flatten().unwrap_or(true)),
        }
    };
    let values = || filter["values"].as_array().into_iter().flatten();
    let carries = |tag: &Value| match &field {
        Field::Tags(tags) => Some(tags.iter().any(|(vocabulary, term)| {
            tag["vocabulary"].as_str() == Some(*vocabulary) && tag["vocabularyTerm"].as_str() == Some(*term)
        })),
        _ => None,
    };
    let tags = || filter["tags"].as_array().into_iter().flatten();
    let has_tags = matches!(field, Field::Tags(_));
    match kind.as_str() {
        "EQ" => value() == Some(Ordering::Equal),
        "NE" => matches!(value(), Some(Ordering::Less | Ordering::Greater)),
        "GT" => value() == Some(Ordering::Greater),
        "GE" => matches!(value(), Some(Ordering::Greater | Ordering::Equal)),
        "LT" => value() == Some(Ordering::Less),
        "LE" => matches!(value(), Some(Ordering::Less | Ordering::Equal)),
        "LIKE" => pattern() == Some(true),
        "NOTLIKE" => pattern() == Some(false),
        "MATCHES" => expression() == Some(true),
        "NOTMATCHES" => expression() == Some(false),
        "IN" => values().any(|value| against(value) == Some(Ordering::Equal)),
        "NOTIN" => values().all(|value| matches!(against(value), Some(Ordering::Less | Ordering::Greater))),
        "BETWEEN" => within() == Some(true),
        "NOTBETWEEN" => within() == Some(false),
        "MISSINGVALUE" => field == Field::Missing,
        "NOTMISSINGVALUE" => field != Field::Missing,
        "TAGGED" => has_tags && tags().all(|tag| carries(tag) == Some(true)),
        "NOTTAGGED" => has_tags && tags().all(|tag| carries(tag) == Some(false)),
        other => panic!("{other}"),
    }
}

/// Values here are small enough for doubles.
fn compare(field: &Field<'_>, value: &Value, case: bool) -> Option<Ordering> {
    let number = || match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    match field {
        Field::Boolean(field) => {
            let value = match value {
                Value::Bool(value) => *value,
                Value::String(text) if text.eq_ignore_ascii_case("true") => true,
                Value::String(text) if text.eq_ignore_ascii_case("false") => false,
                _ => return None,
            };
            Some(field.cmp(&value))
        }
        Field::Integer(field) | Field::Timespan(field) => (*field as f64).partial_cmp(&number()?),
        Field::Number(field) => field.partial_cmp(&number()?),
        Field::Datetime(field) => {
            match value.as_str().and_then(|text| text.parse::<chrono::DateTime<chrono::Utc>>().ok()) {
                Some(time) => Some(field.0.cmp(&time.timestamp_millis())),
                None => (field.0 as f64).partial_cmp(&number()?),
            }
        }
        Field::Text(field) => {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return None,
            };
            Some(if case { field.as_ref().cmp(&value) } else { field.to_lowercase().cmp(&value.to_lowercase()) })
        }
        _ => None,
    }
}

/// The few expressions that the tests use.
fn found(expression: &str, text: &str) -> bool {
    match expression {
        "a" => text.contains('a'),
        "^a" => text.starts_with('a'),
        "B$" => text.ends_with('B'),
        "(?i)b" => text.to_lowercase().contains('b'),
        "^(a|b)*$" => text.chars().all(|c| c == 'a' || c == 'b'),
        other => panic!("{other}"),
    }
}

/// Whether a whole text is like a pattern: which beginnings of the pattern fit which beginnings of the text, all of them.
pub(crate) fn like(pattern: &str, text: &str, case: bool) -> bool {
    #[derive(PartialEq)]
    enum Sign {
        Run,
        One,
        Just(char),
    }
    let fold = |text: &str| if case { text.to_owned() } else { text.to_lowercase() };
    let (pattern, text): (Vec<char>, Vec<char>) = (fold(pattern).chars().collect(), fold(text).chars().collect());
    let mut signs = Vec::new();
    let mut place = 0;
    while place < pattern.len() {
        signs.push(match pattern.get(place).copied() {
            Some('*' | '%') => Sign::Run,
            Some('?') => Sign::One,
            Some('\\') if place + 1 < pattern.len() => {
                place += 1;
                Sign::Just(pattern[place])
            }
            Some(c) => Sign::Just(c),
            None => break,
        });
        place += 1;
    }
    let mut fits = vec![vec![false; text.len() + 1]; signs.len() + 1];
    fits[0][0] = true;
    for (used, sign) in signs.iter().enumerate() {
        for read in 0..=text.len() {
            let before = read > 0 && fits[used][read - 1];
            fits[used + 1][read] = match sign {
                Sign::Run => fits[used][read] || read > 0 && fits[used + 1][read - 1],
                Sign::One => before,
                Sign::Just(c) => before && text[read - 1] == *c,
            };
        }
    }
    fits[signs.len()][text.len()]
}
