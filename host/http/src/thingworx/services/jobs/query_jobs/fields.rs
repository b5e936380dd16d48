//! What the fields of a row of QueryJobs are to our own queries.
//!
//! Most are fields of ours under other names. `status` has other words: a condition on it is tried on each of the four, and
//! becomes a question for those of our states whose word fulfils it, so that whatever can be asked of a text can be asked of
//! it, and the indexes still answer it. What is the same for every job (`isSimulation`, fields that are never set, names
//! that are none) holds or does not before any job is looked at.

use analyte_core::job::Status;
use analyte_core::query::{Condition, Field, Fields, Filter, Operand, Query, Sort, Test, Values};
use serde_json::Value;

use crate::thingworx::services::jobs::status::WORDS;

/// What a field of a row is to our own queries.
enum Counterpart {
    /// A field of ours.
    Field(&'static str),
    /// Our status, in other words.
    Status,
    /// It is this for every job.
    Constant(Field<'static>),
}

fn counterpart(name: &str) -> Counterpart {
    Counterpart::Field(match name {
        "key" | "jobId" => "id",
        "providerName" => "provider",
        "modelName" => "model",
        "createdBy" => "created_by",
        "createdOn" => "created_at",
        "startedOn" => "started_at",
        "completedOn" => "finished_at",
        "customData" => "custom_data",
        "errors" => "error",
        "status" => return Counterpart::Status,
        "isSimulation" => return Counterpart::Constant(Field::Boolean(false)),
        // There, and not to be compared with anything.
        "inputs" | "extraParams" => return Counterpart::Constant(Field::Other),
        _ => return Counterpart::Constant(Field::Missing),
    })
}

/// The same query over our own fields.
pub(super) fn translate(query: Query) -> Query {
    Query {
        filter: query.filter.map(|filter| filter.rewrite(condition)),
        sorts: query.sorts.iter().filter_map(sort).collect(),
    }
}

fn condition(condition: &Condition) -> Condition {
    match counterpart(&condition.field) {
        Counterpart::Field(field) => Condition { field: field.to_owned(), test: condition.test.clone() },
        Counterpart::Status => of_status(condition),
        Counterpart::Constant(value) => {
            let holds = Filter::from(condition.clone()).matches(&SingleValue(value));
            // Every job has an id.
            let test = if holds { Test::Not(Box::new(Test::Missing)) } else { Test::Never };
            Condition { field: "id".to_owned(), test }
        }
    }
}

fn of_status(condition: &Condition) -> Condition {
    let filter = Filter::from(condition.clone());
    let fit = WORDS.iter().filter(|(word, _)| filter.matches(&SingleValue(Field::text(*word))));
    let states: Vec<_> = fit.flat_map(|(_, states)| *states).map(|status| operand(*status)).collect();
    let test = if states.len() == Status::ALL.len() {
        Test::Not(Box::new(Test::Missing))
    } else {
        Test::In(Values::new(&states, true).into())
    };
    Condition { field: "status".to_owned(), test }
}

fn operand(status: Status) -> Option<Operand> {
    Operand::of(&Value::from(status.as_str()))
}

/// Sorting by what is the same everywhere changes nothing.
fn sort(sort: &Sort) -> Option<Sort> {
    let field = match counterpart(&sort.field) {
        Counterpart::Field(field) => field,
        // In the order of the four words.
        Counterpart::Status => "status.rank",
        Counterpart::Constant(_) => return None,
    };
    Some(Sort { field: field.to_owned(), ascending: sort.ascending, case_sensitive: sort.case_sensitive })
}

/// A row of which one value is asked.
struct SingleValue(Field<'static>);

impl Fields for SingleValue {
    fn field(&self, _: &str) -> Field<'_> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use analyte_core::limits::Limits;
    use serde_json::json;

    use super::*;
    use crate::thingworx::call::query::parse;

    fn read(query: &Value) -> Query {
        translate(Query::of_value(query, &Limits::default()).unwrap())
    }

    /// The states that a condition on `status` selects, as an index would be asked for them.
    fn states(filter: &Value) -> Option<Vec<String>> {
        read(&json!({ "filters": filter })).filter.unwrap().equal_texts("status").map(|allowed| {
            assert!(allowed.case_sensitive);
            allowed.texts
        })
    }

    #[test]
    fn whatever_is_asked_of_the_status_is_asked_of_the_states_behind_its_words() {
        let status = |kind: &str, name: &str, value: Value| json!({"type": kind, "fieldName": "status", name: value});
        for (filter, expected) in [
            (status("EQ", "value", json!("WAITING")), vec!["queued"]),
            (status("EQ", "value", json!("waiting")), vec!["queued"]),
            (status("EQ", "value", json!("InProcess")), vec!["running"]),
            (status("EQ", "value", json!("COMPLETED")), vec!["completed"]),
            (status("EQ", "value", json!("FAILED")), vec!["cancelled", "failed"]),
            (status("EQ", "value", json!("cancelled")), vec![]),
            (status("EQ", "value", json!(null)), vec![]),
            (status("NE", "value", json!("FAILED")), vec!["completed", "queued", "running"]),
            (status("NEQ", "value", json!("FAILED")), vec!["completed", "queued", "running"]),
            (status("NE", "value", json!(null)), vec![]),
            (status("LIKE", "value", json!("F*")), vec!["cancelled", "failed"]),
            (status("LIKE", "value", json!("%in%")), vec!["queued", "running"]),
            (status("NOTLIKE", "value", json!("?A*")), vec!["completed", "running"]),
            (status("MATCHES", "expression", json!("^(WAI|COM)")), vec!["completed", "queued"]),
            (status("NOTMATCHES", "expression", json!("I")), vec!["completed"]),
            (status("IN", "values", json!(["FAILED", "WAITING"])), vec!["cancelled", "failed", "queued"]),
            (status("IN", "values", json!([])), vec![]),
            (status("NOTIN", "values", json!(["FAILED", "WAITING"])), vec!["completed", "running"]),
            (status("GT", "value", json!("FAILED")), vec!["queued", "running"]),
            (status("BETWEEN", "from", json!("INPROCESS")), vec!["queued", "running"]),
            (json!({"type": "MISSINGVALUE", "fieldName": "status"}), vec![]),
        ] {
            assert_eq!(states(&filter), Some(expected.into_iter().map(str::to_owned).collect()), "{filter}");
        }
        // All of them: nothing to look up.
        for filter in [
            json!({"type": "NOTMISSINGVALUE", "fieldName": "status"}),
            status("LIKE", "value", json!("*")),
            status("NOTIN", "values", json!([])),
        ] {
            assert_eq!(states(&filter), None, "{filter}");
        }
        let exactly = json!({"type": "EQ", "fieldName": "status", "value": "failed", "isCaseSensitive": true});
        assert_eq!(states(&exactly), Some(Vec::new()));
    }

    #[test]
    fn fields_stand_for_ours_at_any_depth() {
        let leaf = |name: &str| json!({"type": "EQ", "fieldName": name, "value": "x"});
        let names = ["key", "jobId", "providerName", "modelName", "createdBy", "createdOn", "startedOn", "completedOn"];
        let leaves: Vec<Value> = names.map(leaf).into();
        let query = read(&json!({"filters": {"type": "OR", "filters": [{"type": "and", "filters": leaves}]}}));
        let expected = ["id", "provider", "model", "created_by", "created_at", "started_at", "finished_at"];
        assert_eq!(query.filter.unwrap().fields(), BTreeSet::from(expected));
    }

    #[test]
    fn what_is_the_same_for_every_job_is_known_before() {
        let none: Option<Vec<String>> = Some(Vec::new());
        let missing = |name: &str| json!({"type": "MISSINGVALUE", "fieldName": name});
        for (filter, ids) in [
            (json!({"type": "EQ", "fieldName": "isSimulation", "value": false}), None),
            (json!({"type": "EQ", "fieldName": "isSimulation", "value": "true"}), none.clone()),
            (missing("isSimulation"), none.clone()),
            // Fields of ours that are not among those of ThingWorx.
            (json!({"type": "GE", "fieldName": "priority", "value": -100}), none.clone()),
            (json!({"type": "EQ", "fieldName": "provider", "value": "p"}), none.clone()),
            (json!({"type": "NE", "fieldName": "tags.site", "value": "p"}), none.clone()),
            (missing("priority"), None),
            (missing("clientId"), None),
            (missing("results"), None),
            (missing("inputs"), none.clone()),
            (json!({"type": "NOTMISSINGVALUE", "fieldName": "extraParams"}), None),
            (json!({"type": "LIKE", "fieldName": "inputs", "value": "*"}), none),
        ] {
            let filter = json!({ "filters": filter });
            assert_eq!(read(&filter).filter.unwrap().equal_texts("id").map(|allowed| allowed.texts), ids, "{filter}");
        }
    }

    #[test]
    fn sorts_are_by_our_fields_or_by_nothing() {
        let query = read(&json!({"sorts": [
            {"fieldName": "priority"}, {"fieldName": "status", "isAscending": false}, {"fieldName": "isSimulation"},
            {"fieldName": "createdOn"}, {"fieldName": "inputs"},
        ]}));
        let sorts: Vec<_> = query.sorts.iter().map(|sort| (sort.field.as_str(), sort.ascending)).collect();
        assert_eq!(sorts, [("status.rank", false), ("created_at", true)]);
    }

    #[test]
    fn rows_of_values_are_translated_like_a_query() {
        let query = json!({"filters": {"type": "NE", "fieldName": "status", "value": "FAILED"}}).to_string();
        let values = json!({"rows": [{"status": "FAILED"}, {"status": "WAITING"}]}).to_string();
        let both = parse(Some(query.as_bytes()), Some(values.as_bytes()), &Limits::default()).map(translate);
        assert_eq!(both.unwrap().filter.unwrap().equal_texts("status").unwrap().texts, ["queued"]);
    }
}
