//! The application's lists of jobs: filters, nested and by date, and their order.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::client::{AnalyticsManager, Cell, Job, Table};
use super::{WEIGHTS, application, ended, keeper, milliseconds, pairs, refused, server, weights};
use support::{eventually, ok};

/// Jobs in the order in which they were submitted, no two within a millisecond.
struct Jobs {
    manager: AnalyticsManager,
    ids: Vec<String>,
    created: Vec<i64>,
}

/// Which model, whether it is to fail, and the application's mark of the job.
const GIVEN: [(&str, &str); 6] = [
    ("margin", "a_c"),
    ("margin", "abc"),
    ("Zeta", "Abc"),
    ("mar_gin", "aXc"),
    ("keeper", "fails"),
    ("keeper", "100%"),
];

impl Jobs {
    fn submit(manager: AnalyticsManager) -> Self {
        for file in ["margin.json", "Zeta.json", "mar_gin.json"] {
            ok(manager.create_model_from_file(&weights(file), WEIGHTS), "a model");
        }
        let mut ids = Vec::new();
        for (model, mark) in GIVEN {
            let before = milliseconds();
            let job = match (model, mark) {
                ("keeper", "fails") => keeper(json!({"deed": "error"})),
                ("keeper", _) => keeper(json!({})),
                _ => Job::new("filed", model, pairs(&[(Some(1.0), Some(2.0))])),
            };
            let id = ok(manager.submit_job(&job.tagged(marked(mark))), "the submission");
            ended(&manager, if model == "keeper" { "keeper" } else { "filed" }, &id);
            ids.push(id);
            eventually("the clock to move on", || (milliseconds() > before + 1).then_some(()));
        }
        let mut jobs = Self { manager, ids, created: Vec::new() };
        let all = jobs.rows(&json!({}));
        let created = |id| all.get(id).and_then(|row| row.get("createdOn")).and_then(Cell::instant).expect("a time");
        jobs.created = jobs.ids.iter().map(created).collect();
        jobs
    }

    /// Whole rows by id.
    fn rows(&self, query: &Value) -> BTreeMap<String, BTreeMap<String, Cell>> {
        let table = ok(self.manager.query_jobs(query), "a query");
        let key = |row: &BTreeMap<String, Cell>| row.get("key").and_then(Cell::text).expect("a key").to_owned();
        table.rows.iter().map(|row| (key(row), row.clone())).collect()
    }

    /// Numbers of the jobs that a query selects, in the order of the answer.
    fn ordered(&self, query: &Value) -> Vec<usize> {
        let table = ok(self.manager.query_jobs(query), &query.to_string());
        self.numbers(&table)
    }

    fn numbers(&self, table: &Table) -> Vec<usize> {
        let number = |key: Option<&str>| self.ids.iter().position(|id| Some(id.as_str()) == key).expect("a known job");
        table.texts("key").into_iter().map(number).collect()
    }

    /// The same in the order of their submission, for one filter.
    fn filtered(&self, filter: &Value) -> Vec<usize> {
        let mut numbers = self.ordered(&json!({ "filters": filter }));
        numbers.sort_unstable();
        numbers
    }
}

fn marked(mark: &str) -> Table {
    Table::of(&[("mark", "STRING"), ("weight", "INTEGER")]).row([Some(mark.into()), Some(Cell::Whole(7))])
}

fn and(filters: &[Value]) -> Value {
    json!({"type": "And", "filters": filters})
}

fn or(filters: &[Value]) -> Value {
    json!({"type": "OR", "filters": filters})
}

fn is(field: &str, value: impl Into<Value>) -> Value {
    json!({"type": "EQ", "fieldName": field, "value": value.into()})
}

fn one(kind: &str, field: &str, key: &str, value: impl Into<Value>) -> Value {
    json!({"type": kind, "fieldName": field, key: value.into()})
}

#[test]
fn jobs_are_listed_by_filters_of_every_kind() {
    let server = server();
    let jobs = Jobs::submit(application(&server));
    let [first, .., last] = jobs.created[..] else { panic!("no jobs") };
    let (second, fourth) = (jobs.created[1], jobs.created[3]);
    let between = |from: Value, to: Value| json!({"type": "BETWEEN", "fieldName": "createdOn", "from": from, "to": to});
    let expected: [(Value, &[usize]); 40] = [
        (is("providerName", "filed"), &[0, 1, 2, 3]),
        (is("providerName", "FILED"), &[0, 1, 2, 3]),
        (json!({"type": "EQ", "fieldName": "providerName", "value": "FILED", "isCaseSensitive": true}), &[]),
        (is("status", "FAILED"), &[4]),
        (is("key", jobs.ids[2].as_str()), &[2]),
        (is("isSimulation", false), &[0, 1, 2, 3, 4, 5]),
        (one("NE", "status", "value", "COMPLETED"), &[4]),
        (one("neq", "modelName", "value", "MARGIN"), &[2, 3, 4, 5]),
        (one("IN", "modelName", "values", json!(["zeta", "keeper"])), &[2, 4, 5]),
        (one("NOTIN", "modelName", "values", json!(["zeta", "keeper"])), &[0, 1, 3]),
        (one("IN", "modelName", "values", json!([])), &[]),
        (one("NotIn", "modelName", "values", json!([])), &[0, 1, 2, 3, 4, 5]),
        // `_` is itself, `?` is one character, `*` and `%` are any; without one of them it is the whole value.
        (one("LIKE", "modelName", "value", "mar*"), &[0, 1, 3]),
        (one("Like", "modelName", "value", "%GIN"), &[0, 1, 3]),
        (one("LIKE", "modelName", "value", "mar_gin"), &[3]),
        (one("LIKE", "modelName", "value", "mar?gin"), &[3]),
        (one("LIKE", "modelName", "value", "mar_in"), &[]),
        (one("LIKE", "modelName", "value", "mar"), &[]),
        (one("LIKE", "modelName", "value", r"mar\*"), &[]),
        (one("NOTLIKE", "modelName", "value", "mar*"), &[2, 4, 5]),
        (json!({"type": "LIKE", "fieldName": "modelName", "value": "z*", "isCaseSensitive": true}), &[]),
        (one("MATCHES", "modelName", "expression", "^mar_?gin$"), &[0, 1, 3]),
        (one("NOTMATCHES", "modelName", "expression", "^mar_?gin$"), &[2, 4, 5]),
        (json!({"type": "MISSINGVALUE", "fieldName": "completedOn"}), &[]),
        (json!({"type": "NotMissingValue", "fieldName": "completedOn"}), &[0, 1, 2, 3, 4, 5]),
        (json!({"type": "MissingValue", "fieldName": "eventId"}), &[0, 1, 2, 3, 4, 5]),
        // Dates: both ends are in, one end is enough, and they may be numbers, digits or ISO.
        (between(json!(second), json!(fourth)), &[1, 2, 3]),
        (between(json!(second.to_string()), json!(fourth.to_string())), &[1, 2, 3]),
        (between(json!("1970-01-02T00:00:00.000Z"), json!(second)), &[0, 1]),
        (between(json!("2001-01-01"), json!("2999-12-31T23:59:59+02:00")), &[0, 1, 2, 3, 4, 5]),
        (one("BETWEEN", "createdOn", "from", fourth), &[3, 4, 5]),
        (one("Between", "createdOn", "to", first), &[0]),
        (json!({"type": "NOTBETWEEN", "fieldName": "createdOn", "from": second, "to": fourth}), &[0, 4, 5]),
        (one("GT", "createdOn", "value", fourth), &[4, 5]),
        (one("GE", "createdOn", "value", fourth), &[3, 4, 5]),
        (one("LT", "createdOn", "value", last), &[0, 1, 2, 3, 4]),
        (one("LE", "createdOn", "value", first), &[0]),
        // Nested.
        (
            and(&[is("providerName", "filed"), or(&[is("modelName", "Zeta"), between(json!(first), json!(first))])]),
            &[0, 2],
        ),
        (
            or(&[
                and(&[is("status", "FAILED"), is("providerName", "keeper")]),
                and(&[is("status", "COMPLETED"), or(&[is("modelName", "mar_gin"), is("modelName", "nothing")])]),
            ]),
            &[3, 4],
        ),
        (json!({"type": "aNd", "filters": [is("providerName", "filed"), is("providerName", "keeper")]}), &[]),
    ];
    let found: Vec<_> = expected.iter().map(|(filter, _)| (filter, jobs.filtered(filter))).collect();
    let expected: Vec<_> = expected.iter().map(|(filter, numbers)| (filter, numbers.to_vec())).collect();
    let wrong: Vec<_> = expected.iter().zip(&found).filter(|(expected, found)| expected != found).collect();
    assert!(wrong.is_empty(), "expected and found: {wrong:#?}");

    // A kind that there is not is a failure of the service, not an empty list.
    let (status, text) = refused(jobs.manager.query_jobs(&json!({"filters": one("NOT", "status", "value", "FAILED")})));
    assert_eq!(status, 500, "{text}");
}

#[test]
fn jobs_are_listed_in_the_order_asked_for() {
    let server = server();
    let jobs = Jobs::submit(application(&server));
    let up = |field: &str| json!({ "fieldName": field });
    let down = |field: &str| json!({"fieldName": field, "isAscending": false});
    let expected: [(Value, &[usize]); 6] = [
        (json!([up("createdOn")]), &[0, 1, 2, 3, 4, 5]),
        (json!([down("createdOn")]), &[5, 4, 3, 2, 1, 0]),
        (json!([down("providerName"), up("createdOn")]), &[4, 5, 0, 1, 2, 3]),
        (json!([up("status"), up("providerName"), down("completedOn")]), &[3, 2, 1, 0, 5, 4]),
        // Capitals come first unless the case is to be ignored.
        (json!([up("modelName"), up("createdOn")]), &[2, 4, 5, 3, 0, 1]),
        (json!([{"fieldName": "modelName", "isCaseSensitive": false}, up("createdOn")]), &[4, 5, 3, 0, 1, 2]),
    ];
    for (sorts, numbers) in expected {
        assert_eq!(jobs.ordered(&json!({ "sorts": sorts })), numbers, "{sorts}");
    }
    let query = json!({"filters": is("providerName", "filed"), "sorts": [down("createdOn")]});
    assert_eq!(jobs.ordered(&query), [3, 2, 1, 0]);
}

#[test]
fn a_listed_job_is_the_job_that_was_given() {
    let server = server();
    let jobs = Jobs::submit(application(&server));
    let rows = jobs.rows(&json!({}));
    for ((id, created), (model, mark)) in jobs.ids.iter().zip(&jobs.created).zip(GIVEN) {
        let row = rows.get(id).expect("the job");
        let provider = if model == "keeper" { "keeper" } else { "filed" };
        for (field, expected) in [
            ("providerName", provider),
            ("modelName", model),
            ("status", if mark == "fails" { "FAILED" } else { "COMPLETED" }),
        ] {
            assert_eq!(row.get(field).and_then(Cell::text), Some(expected), "{field} of {row:?}");
        }
        let instant = |field: &str| row.get(field).and_then(Cell::instant).expect("a time");
        assert!(*created <= instant("startedOn") && instant("startedOn") <= instant("completedOn"), "{row:?}");
        // The caller's own table comes back as it was.
        let custom = row.get("customData").and_then(Cell::table).expect("a table");
        let (sent, cell) = (marked(mark), |table: &Table| table.rows.clone());
        assert_eq!((custom.names(), cell(custom)), (sent.names(), cell(&sent)));
    }

    // Rows of values: their fields together, the rows one or the other.
    let values = Table::of(&[("providerName", "STRING"), ("modelName", "STRING"), ("status", "STRING")])
        .row([Some("filed".into()), Some("Zeta".into()), None])
        .row([Some("keeper".into()), None, Some("FAILED".into())]);
    let mut found = jobs.numbers(&ok(jobs.manager.jobs_like(&values), "values"));
    found.sort_unstable();
    assert_eq!(found, [2, 4]);
}
