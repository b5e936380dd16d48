//! The parameter `values`: an InfoTable of which a job has to agree with one row, in every field that this row sets.
//!
//! Values are equal as EQ has it: case does not matter, times may be given in any form. No rows, or a row that sets
//! nothing, select every job. Fields that every row sets become a condition of their own, so that the store can look them
//! up; rows that are long lists of ids cost no more than that.

use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::query::{Filter, Query};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::thingworx::error::ServiceError;

#[derive(Deserialize)]
struct Values {
    rows: Vec<Map<String, Value>>,
}

/// What has to hold; `None`: nothing.
pub(super) fn read(text: &[u8], limits: &Limits) -> Result<Option<Filter>, ServiceError> {
    if text.len() as u64 > limits.query_bytes {
        let message = format!(
            "the parameter values takes {} bytes, and the limit query_bytes is {}",
            text.len(),
            limits.query_bytes
        );
        return Err(ServiceError::coded(Code::TooLarge, message));
    }
    if text.first() != Some(&b'{') {
        return Err(refused("it must be an InfoTable, an object with `rows`"));
    }
    let Values { rows } = serde_json::from_slice(text).map_err(|error| {
        let message = error.to_string();
        refused(message.split(" at line ").next().unwrap_or_default())
    })?;
    let mut alternatives = Vec::with_capacity(rows.len());
    for (number, row) in (1..).zip(rows) {
        alternatives.push(set(number, row)?);
    }
    if alternatives.is_empty() || alternatives.iter().any(Map::is_empty) {
        return Ok(None);
    }
    let query = Query::of_value(&json!({ "filters": one_of(&alternatives) }), limits)
        // Where it stands in a filter that nobody wrote would help nobody.
        .map_err(|problem| refused(&problem.message))?;
    Ok(query.filter)
}

/// The fields that a row sets.
fn set(number: usize, row: Map<String, Value>) -> Result<Map<String, Value>, ServiceError> {
    let set: Map<String, Value> = row.into_iter().filter(|(_, value)| !value.is_null()).collect();
    match set.iter().find(|(_, value)| value.is_object() || value.is_array()) {
        None => Ok(set),
        Some((field, _)) => {
            let field: String = field.chars().take(80).collect();
            Err(refused(&format!("row {number}: `{field}` is an object or an array, which cannot be compared")))
        }
    }
}

fn one_of(rows: &[Map<String, Value>]) -> Value {
    let in_all =
        rows.first().into_iter().flat_map(Map::keys).filter(|field| rows.iter().all(|row| row.contains_key(*field)));
    let mut all: Vec<Value> = in_all
        .map(|field| {
            let values: Vec<&Value> = rows.iter().filter_map(|row| row.get(field)).collect();
            json!({"type": "IN", "fieldName": field, "values": values})
        })
        .collect();
    // One row, or rows of one and the same field: there is nothing more to say.
    let said = rows.len() == 1 || (all.len() == 1 && rows.iter().all(|row| row.len() == 1));
    if !said {
        let equal = |(field, value): (&String, &Value)| json!({"type": "EQ", "fieldName": field, "value": value});
        let row = |row: &Map<String, Value>| {
            let equals: Vec<Value> = row.iter().map(equal).collect();
            json!({"type": "AND", "filters": equals})
        };
        let rows: Vec<Value> = rows.iter().map(row).collect();
        all.push(json!({"type": "OR", "filters": rows}));
    }
    json!({"type": "AND", "filters": all})
}

fn refused(message: &str) -> ServiceError {
    ServiceError::coded(Code::InvalidInput, format!("the parameter values: {message}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::query::{Field, Fields};

    use super::*;

    struct Row(&'static [(&'static str, &'static str)]);

    impl Fields for Row {
        fn field(&self, name: &str) -> Field<'_> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value).into()
        }
    }

    fn of(rows: &Value) -> Option<Filter> {
        read(json!({"dataShape": {}, "rows": rows}).to_string().as_bytes(), &Limits::default()).unwrap()
    }

    const ROWS: [Row; 4] = [
        Row(&[("providerName", "p"), ("status", "FAILED")]),
        Row(&[("providerName", "p"), ("status", "WAITING")]),
        Row(&[("providerName", "q"), ("status", "WAITING")]),
        Row(&[("modelName", "m")]),
    ];

    #[test]
    fn a_job_agrees_with_one_row_in_every_field_that_it_sets() {
        for (rows, expected) in [
            (json!([{"providerName": "p"}]), [true, true, false, false]),
            (json!([{"providerName": "P", "status": null}]), [true, true, false, false]),
            (json!([{"providerName": "p", "status": "failed"}]), [true, false, false, false]),
            (json!([{"providerName": "p"}, {"modelName": "m"}]), [true, true, false, true]),
            (json!([{"status": "FAILED"}, {"status": "WAITING"}]), [true, true, true, false]),
            (
                json!([{"providerName": "p", "status": "FAILED"}, {"providerName": "q", "status": "WAITING"}]),
                [true, false, true, false],
            ),
            (json!([{"priority": 0}]), [false; 4]),
        ] {
            let filter = of(&rows).unwrap();
            assert_eq!(ROWS.map(|row| filter.matches(&row)), expected, "{rows}");
        }
    }

    #[test]
    fn rows_that_set_nothing_ask_for_nothing() {
        for rows in [json!([]), json!([{}]), json!([{"status": null}]), json!([{"status": "FAILED"}, {}])] {
            assert_eq!(of(&rows), None, "{rows}");
        }
    }

    #[test]
    fn what_every_row_sets_can_be_looked_up() {
        let filter = of(&json!([{"providerName": "p", "status": "FAILED"}, {"providerName": "q"}])).unwrap();
        assert_eq!(filter.equal_texts("providerName").unwrap().texts, ["p", "q"]);
        assert_eq!(filter.equal_texts("status"), None);
        // As many as IN may have, far more than there may be filters.
        let keys: Vec<Value> = (0..10_000).map(|number| json!({"key": format!("job-{number}")})).collect();
        assert_eq!(of(&json!(keys)).unwrap().equal_texts("key").unwrap().texts.len(), 10_000);
    }

    #[test]
    fn tables_and_too_many_rows_are_refused() {
        let limits = Limits { query_filters: 10, query_bytes: 400, ..Limits::default() };
        let said = |text: &str| match read(text.as_bytes(), &limits) {
            Err(ServiceError::Refused(problem)) => problem.detail().to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(said("[]"), "the parameter values: it must be an InfoTable, an object with `rows`");
        assert_eq!(said("{}"), "the parameter values: missing field `rows`");
        assert_eq!(
            said(r#"{"rows":[{"status":"FAILED"},{"inputs":{"rows":[]}}]}"#),
            "the parameter values: row 2: `inputs` is an object or an array, which cannot be compared"
        );
        let rows: Vec<Value> = (0..5).map(|number| json!({"key": number, "status": "FAILED"})).collect();
        assert_eq!(
            said(&json!({ "rows": rows }).to_string()),
            "the parameter values: the query has more filters than the limit query_filters, 10"
        );
        let long = said(&json!({"rows": [{"key": "x".repeat(400)}]}).to_string());
        assert!(long.starts_with("the parameter values takes ") && long.ends_with("query_bytes is 400"), "{long}");
    }
}
