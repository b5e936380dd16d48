//! What a store may take from a filter before it looks at any row.

use analyte_core::query::{Allowed, Filter};
use analyte_core::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::query;

fn filter(filter: &Value) -> Filter {
    query(&json!({ "filters": filter })).filter.expect("a filter")
}

fn allowed(texts: &[&str], case_sensitive: bool) -> Allowed {
    Allowed { texts: texts.iter().map(|text| (*text).to_owned()).collect(), case_sensitive }
}

#[test]
fn texts_of_a_field() {
    let eq = |value: Value| json!({"type": "EQ", "fieldName": "status", "value": value});
    let eq_case = |value: Value| json!({"type": "EQ", "fieldName": "status", "value": value, "isCaseSensitive": true});
    let within = |values: Value| json!({"type": "IN", "fieldName": "status", "values": values});
    let and = |filters: Value| json!({"type": "AND", "filters": filters});
    for (asked, expected) in [
        (eq(json!("Queued")), Some(allowed(&["queued"], false))),
        (eq_case(json!("Queued")), Some(allowed(&["Queued"], true))),
        (eq(json!(5)), Some(allowed(&["5"], false))),
        (eq(json!(null)), Some(allowed(&[], true))),
        (within(json!(["RUNNING", "queued", null, "Queued"])), Some(allowed(&["queued", "running"], false))),
        (within(json!([])), Some(allowed(&[], false))),
        (json!({"type": "NE", "fieldName": "status", "value": "queued"}), None),
        (json!({"type": "NOTIN", "fieldName": "status", "values": ["queued"]}), None),
        (json!({"type": "LIKE", "fieldName": "status", "value": "queued"}), None),
        (json!({"type": "EQ", "fieldName": "other", "value": "queued"}), None),
        (and(json!([eq(json!("a")), within(json!(["b", "A"]))])), Some(allowed(&["a"], false))),
        (and(json!([eq_case(json!("A")), within(json!(["b", "a"]))])), Some(allowed(&["A"], true))),
        (and(json!([within(json!(["b", "a"])), eq_case(json!("A"))])), Some(allowed(&["A"], true))),
        (and(json!([eq(json!("a")), eq(json!("b"))])), Some(allowed(&[], false))),
        (and(json!([and(json!([and(json!([eq(json!("a"))]))]))])), Some(allowed(&["a"], false))),
        (json!({"type": "OR", "filters": [eq(json!("a"))]}), Some(allowed(&["a"], false))),
        (json!({"type": "OR", "filters": [eq(json!("a")), eq(json!("b"))]}), None),
        (and(json!([])), None),
    ] {
        assert_eq!(filter(&asked).equal_texts("status"), expected, "{asked}");
    }
}

#[test]
fn times_of_a_field() {
    let one = |kind: &str, value: Value| json!({"type": kind, "fieldName": "created_at", "value": value});
    let between =
        |from: Value, to: Value| json!({"type": "BETWEEN", "fieldName": "created_at", "from": from, "to": to});
    for (asked, from, to) in [
        (one("GT", json!(1_000)), Some(1_001), None),
        (one("GE", json!(1_000)), Some(1_000), None),
        (one("LT", json!(1_000)), None, Some(999)),
        (one("LE", json!(1_000)), None, Some(1_000)),
        (one("EQ", json!(1_000)), Some(1_000), Some(1_000)),
        (one("GT", json!(1_000.5)), Some(1_001), None),
        (one("GE", json!(1_000.5)), Some(1_001), None),
        (one("LT", json!(1_000.5)), None, Some(1_000)),
        (one("LE", json!(1_000.5)), None, Some(1_000)),
        (one("EQ", json!(1_000.5)), Some(1_001), Some(1_000)),
        (one("GE", json!("1970-01-02")), Some(86_400_000), None),
        (one("GE", json!("1970-01-01T01:00:00+01:00")), Some(0), None),
        (one("NE", json!(1)), None, None),
        (one("GE", json!("yesterday")), Some(i64::MAX), Some(i64::MIN)),
        (one("GE", json!(null)), Some(i64::MAX), Some(i64::MIN)),
        (between(json!(5), json!(9)), Some(5), Some(9)),
        (json!({"type": "BETWEEN", "fieldName": "created_at", "to": 9}), None, Some(9)),
        (json!({"type": "NOTBETWEEN", "fieldName": "created_at", "to": 9}), None, None),
        (
            json!({"type": "AND", "filters": [one("GE", json!(5)), one("GT", json!(7)), one("LT", json!(20)), one("LE", json!(30))]}),
            Some(8),
            Some(19),
        ),
        (json!({"type": "OR", "filters": [one("GE", json!(5)), one("LT", json!(7))]}), None, None),
    ] {
        assert_eq!(filter(&asked).time_range("created_at"), (from.map(Timestamp), to.map(Timestamp)), "{asked}");
        assert_eq!(filter(&asked).time_range("started_at"), (None, None), "{asked}");
    }
}

#[test]
fn tags_that_must_be_there() {
    let tagged = |kind: &str, tags: &[(&str, &str)]| {
        let tags: Vec<Value> =
            tags.iter().map(|(key, value)| json!({"vocabulary": key, "vocabularyTerm": value})).collect();
        json!({"type": kind, "fieldName": "tags", "tags": tags})
    };
    assert_eq!(filter(&tagged("TAGGED", &[("a", "1")])).tags("tags"), [("a", "1")]);
    assert_eq!(filter(&tagged("TAGGED", &[("a", "1"), ("b", "2")])).tags("tags"), [("a", "1"), ("b", "2")]);
    assert_eq!(filter(&tagged("NOTTAGGED", &[("a", "1")])).tags("tags"), []);
    assert_eq!(filter(&tagged("TAGGED", &[("a", "1")])).tags("labels"), []);
    let both = filter(&tagged("TAGGED", &[("a", "1")])).and(filter(&tagged("TAGGED", &[("b", "2")])));
    assert_eq!(both.tags("tags"), [("a", "1"), ("b", "2")]);
}

#[test]
fn filters_know_what_they_may_cost() {
    let matches = |expression: &str| json!({"type": "MATCHES", "fieldName": "f", "expression": expression});
    let like = |signs: usize| json!({"type": "NOTLIKE", "fieldName": "f", "value": "a".repeat(signs)});
    let equal = json!({"type": "EQ", "fieldName": "f", "value": 1});
    for (asked, weight) in [
        (equal.clone(), 1),
        (json!({"type": "AND", "filters": [equal, equal, {"type": "OR", "filters": [equal]}]}), 3),
        (like(3), 2),
        (like(64), 3),
        (like(4_000), 64),
        (matches("^job-[0-9]+$"), 256),
        (matches("a[ab]{500}"), 1_024),
        (matches("^\\w{1,16}$"), 16_384),
    ] {
        assert_eq!(filter(&asked).weight(), weight, "{asked}");
    }
}
