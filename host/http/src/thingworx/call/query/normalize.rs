//! A query as clients write it, with what means nothing taken out.
//!
//! Our own queries refuse every member that they do not know, so that a slip of the pen cannot select more than was meant.
//! Here undeclared members are passed over wherever they stand, and generators of queries rely on it: a filter keeps the members
//! that its type has. `null` is as good as nothing, an empty object in the place of the filter is none, and a flag may
//! be a text, as any BOOLEAN may. A type that is not known stays, and is refused.

use analyte_core::base_type::BaseType;
use analyte_core::table::infotable;
use serde_json::{Map, Value};

/// Members by type, in capitals.
const MEMBERS: [(&[&str], &[&str]); 8] = [
    (&["AND", "OR"], &["filters"]),
    (&["EQ", "NE", "NEQ", "GT", "GE", "LT", "LE", "LIKE", "NOTLIKE"], &["fieldName", "value", CASE_SENSITIVE]),
    (&["IN", "NOTIN"], &["fieldName", "values", CASE_SENSITIVE]),
    (&["BETWEEN", "NOTBETWEEN"], &["fieldName", "from", "to"]),
    (&["MATCHES", "NOTMATCHES"], &["fieldName", "expression"]),
    (&["MISSINGVALUE", "NOTMISSINGVALUE"], &["fieldName"]),
    (&["TAGGED", "NOTTAGGED", "TAGGEDWITH", "NOTTAGGEDWITH"], &["fieldName", "tags"]),
    (&["NEAR", "NOTNEAR"], &["fieldName", "distance", "units", "location"]),
];
const CASE_SENSITIVE: &str = "isCaseSensitive";

/// The same query without what means nothing.
pub(super) fn normalize(query: Value) -> Value {
    let Value::Object(mut query) = query else { return query };
    keep(&mut query, &["filters", "sorts"]);
    if query.get("filters").and_then(Value::as_object).is_some_and(Map::is_empty) {
        query.remove("filters");
    }
    if let Some(root) = query.get_mut("filters") {
        filter(root);
    }
    if let Some(Value::Array(sorts)) = query.get_mut("sorts") {
        for sort in sorts.iter_mut().filter_map(Value::as_object_mut) {
            keep(sort, &["fieldName", "isAscending", CASE_SENSITIVE]);
        }
    }
    Value::Object(query)
}

fn filter(value: &mut Value) {
    let Value::Object(object) = value else { return };
    let word = object.get("type").and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase();
    let Some((_, members)) = MEMBERS.iter().find(|(types, _)| types.contains(&word.as_str())) else { return };
    let mut known = vec!["type"];
    known.extend_from_slice(members);
    keep(object, &known);
    if let Some(Value::Array(filters)) = object.get_mut("filters") {
        filters.iter_mut().for_each(filter);
    }
}

fn keep(members: &mut Map<String, Value>, known: &[&str]) {
    members.retain(|name, value| known.contains(&name.as_str()) && !value.is_null());
    for name in [CASE_SENSITIVE, "isAscending"] {
        if let Some(value) = members.get_mut(name)
            && let Ok(Some(flag)) = infotable::value(BaseType::Boolean, value).map(|cell| cell?.as_bool())
        {
            *value = Value::Bool(flag);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_means_nothing_is_taken_out() {
        let table = [
            (json!({"filters": null, "sorts": null, "maxItems": 5}), json!({})),
            (json!({"filters": {}}), json!({})),
            (
                json!({"filters": {"type": "between", "fieldName": "a", "from": 1, "to": null, "isCaseSensitive": true}}),
                json!({"filters": {"type": "between", "fieldName": "a", "from": 1}}),
            ),
            (
                json!({"filters": {"type": "And", "fieldName": "x", "filters": [
                    {"type": "MissingValue", "fieldName": "a", "value": 3},
                    {"type": "EQ", "fieldName": "b", "value": "v", "baseType": "STRING", "isCaseSensitive": "TRUE"}]}}),
                json!({"filters": {"type": "And", "filters": [
                    {"type": "MissingValue", "fieldName": "a"},
                    {"type": "EQ", "fieldName": "b", "value": "v", "isCaseSensitive": true}]}}),
            ),
            (
                json!({"sorts": [{"fieldName": "a", "isAscending": "false", "nulls": "last"}]}),
                json!({"sorts": [{"fieldName": "a", "isAscending": false}]}),
            ),
        ];
        for (given, expected) in table {
            assert_eq!(normalize(given), expected);
        }
        // What is wrong stays as it is, so that the reader of the query can refuse it.
        for wrong in [json!([]), json!({"filters": {"type": "NOR", "x": 1}}), json!({"filters": {"fieldName": "a"}})] {
            assert_eq!(normalize(wrong.clone()), wrong);
        }
    }
}
