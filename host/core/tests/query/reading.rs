//! What is read, and how.

use analyte_core::limits::Limits;
use analyte_core::query::{Condition, Field, Query, Sort, Test};
use analyte_core::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::{holds, one, query};

#[test]
fn an_empty_query_selects_everything() {
    assert_eq!(query(&json!({})), Query { filter: None, sorts: vec![] });
    assert_eq!(Query::read(b" { } ", &Limits::default()), Ok(Query::default()));
    assert_eq!(query(&json!({"sorts": []})), Query::default());
}

#[test]
fn sorts_are_ascending_and_case_sensitive_unless_it_is_said() {
    let read = query(&json!({"sorts": [
        {"fieldName": "a"},
        {"fieldName": "b", "isAscending": false},
        {"fieldName": "c", "isAscending": true, "isCaseSensitive": false}
    ]}));
    let sort = |field: &str, ascending, case_sensitive| Sort { field: field.to_owned(), ascending, case_sensitive };
    assert_eq!(read.sorts, [sort("a", true, true), sort("b", false, true), sort("c", true, false)]);
}

#[test]
fn fields_are_renamed_everywhere() {
    let read = |field: &str, other: &str| {
        query(&json!({
            "filters": {"type": "AND", "filters": [
                {"type": "OR", "filters": [{"type": "EQ", "fieldName": field, "value": "x"}, {"type": "MATCHES", "fieldName": other, "expression": "y"}]},
                {"type": "NOTIN", "fieldName": field, "values": [1]}
            ]},
            "sorts": [{"fieldName": other}, {"fieldName": field}]
        }))
    };
    let renamed = read("jobStatus", "other").rename(|name| (name == "jobStatus").then(|| "status".to_owned()));
    assert_eq!(renamed, read("status", "other"));
    assert_ne!(renamed, read("status", "another"));
}

#[test]
fn every_condition_can_be_another_one() {
    let leaf = |field: &str, value: &str| json!({"type": "EQ", "fieldName": field, "value": value});
    let read = |a: &Value, b: &Value| {
        let inner = json!({"type": "AND", "filters": [{"type": "OR", "filters": [a, b]}, b]});
        Query::of_value(&json!({ "filters": inner }), &Limits::default()).expect("a query").filter.expect("a filter")
    };
    let other = read(&leaf("n", "x"), &leaf("n", "x")).conjuncts().next().expect("a condition").clone();
    let given = read(&leaf("f", "1"), &leaf("g", "2"));
    let rewritten = given.rewrite(|condition| if condition.field == "f" { other.clone() } else { condition.clone() });
    assert_eq!(rewritten, read(&leaf("n", "x"), &leaf("g", "2")));
    assert_eq!(given, read(&leaf("f", "1"), &leaf("g", "2")));
}

#[test]
fn queries_are_equal_when_they_say_the_same() {
    let matches =
        |expression: &str| query(&json!({"filters": {"type": "MATCHES", "fieldName": "f", "expression": expression}}));
    assert_eq!(matches("a+"), matches("a+"));
    assert_ne!(matches("a+"), matches("aa*"));
    let shared = matches("a+");
    assert_eq!(shared.clone(), shared);
    sendable(&shared);
}

fn sendable<T: Send + Sync>(_: &T) {}

#[test]
fn conditions_reached_through_and_only_are_conjuncts() {
    let leaf = |field: &str| json!({"type": "MISSINGVALUE", "fieldName": field});
    let read = query(&json!({"filters": {"type": "AND", "filters": [
        leaf("a"),
        {"type": "OR", "filters": [leaf("b"), leaf("c")]},
        {"type": "And", "filters": [leaf("d"), {"type": "OR", "filters": [leaf("e")]}]}
    ]}}));
    let filter = read.filter.expect("a filter");
    let found: Vec<&Condition> = filter.conjuncts().collect();
    let names: Vec<&str> = found.iter().map(|condition| condition.field.as_str()).collect();
    assert_eq!(names, ["a", "d", "e"]);
    assert!(found.iter().all(|condition| condition.test == Test::Missing));
}

#[test]
fn times_are_read_in_every_form() {
    let day = 1_643_587_200_000; // 2022-01-31T00:00:00Z
    for (text, ms) in [
        ("2022-01-31", day),
        (" 2022-01-31 ", day),
        ("2022-031", day),
        ("2022-W05-1", day),
        ("2022-01-31T08:30", day + 30_600_000),
        ("2022-01-31T08:30:15", day + 30_615_000),
        ("2022-01-31T08:30:15.25", day + 30_615_250),
        ("2022-01-31T08:30:15Z", day + 30_615_000),
        ("2022-01-31T08:30Z", day + 30_600_000),
        ("2022-01-31t08:30:15z", day + 30_615_000),
        ("2022-01-31 08:30:15Z", day + 30_615_000),
        ("2022-01-31T10:30:15+02:00", day + 30_615_000),
        ("2022-01-31T10:30:15.5+0200", day + 30_615_500),
        ("2022-031T08:30:15Z", day + 30_615_000),
        ("2022-W05-1T08:30:15-0100", day + 34_215_000),
        ("1643587200000", day),
    ] {
        let filter = json!({"type": "EQ", "fieldName": "f", "value": text});
        assert!(holds(&filter, &one(Field::Datetime(Timestamp(ms)))), "{text}");
        assert!(!holds(&filter, &one(Field::Datetime(Timestamp(ms + 1)))), "{text}");
    }
    for text in ["", "now", "2022", "2022-13-01", "2022-02-30", "31.01.2022", "2022-01-31T25:00:00", "08:30"] {
        let filter: Value = json!({"type": "NE", "fieldName": "f", "value": text});
        // A text that is no time differs from none, since it cannot be compared with one.
        let expected = text == "2022";
        assert_eq!(holds(&filter, &one(Field::Datetime(Timestamp(0)))), expected, "{text}");
    }
}

#[test]
fn texts_of_other_languages_are_read_as_they_are() {
    let filter = json!({"type": "EQ", "fieldName": "f", "value": "Ärger 🚀 \u{0} \"quoted\""});
    assert!(holds(&filter, &one(Field::text("äRGER 🚀 \u{0} \"QUOTED\""))));
}
