//! Sorts.

use std::cmp::Ordering;

use analyte_core::query::{Field, SortKey, compare_rows};
use analyte_core::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::{Row, one, query};

/// The texts of rows in the order that the sorts ask for.
fn sorted(sorts: &Value, mut fields: Vec<Field<'static>>) -> String {
    let sorts = query(&json!({"sorts": sorts})).sorts;
    fields.sort_by_key(|field| SortKey::of(&one(field.clone()), &sorts));
    let shown = fields.iter().map(|field| match field {
        Field::Missing => "-".to_owned(),
        Field::Boolean(value) => value.to_string(),
        Field::Integer(value) | Field::Timespan(value) => value.to_string(),
        Field::Number(value) => value.to_string(),
        Field::Text(text) => text.to_string(),
        Field::Datetime(time) => time.to_string(),
        Field::Location { latitude, .. } => format!("at {latitude}"),
        Field::Tags(tags) => format!("{} tags", tags.len()),
        Field::Other => "other".to_owned(),
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn texts(texts: &[&'static str]) -> Vec<Field<'static>> {
    texts.iter().map(|text| Field::text(*text)).collect()
}

#[test]
fn case_counts_unless_it_is_said_not_to() {
    let given = || texts(&["b", "A", "a", "B", "é", "É"]);
    for (sort, expected) in [
        (json!([{"fieldName": "f"}]), "A B a b É é"),
        (json!([{"fieldName": "f", "isCaseSensitive": true}]), "A B a b É é"),
        (json!([{"fieldName": "f", "isAscending": false}]), "é É b a B A"),
        // Equal ones keep their order, in either direction.
        (json!([{"fieldName": "f", "isCaseSensitive": false}]), "A a b B é É"),
        (json!([{"fieldName": "f", "isCaseSensitive": false, "isAscending": false}]), "é É b B A a"),
        (json!([]), "b A a B é É"),
        (json!([{"fieldName": "nothing"}]), "b A a B é É"),
    ] {
        assert_eq!(sorted(&sort, given()), expected, "{sort}");
    }
}

#[test]
fn values_of_every_type_have_their_place() {
    let given = || {
        vec![
            Field::text("10"),
            Field::Tags(vec![("a", "b")]),
            Field::Number(f64::NAN),
            Field::Datetime(Timestamp(0)),
            Field::Integer(10),
            Field::text("9"),
            Field::Boolean(true),
            Field::Missing,
            Field::Other,
            Field::Timespan(9),
            Field::Number(f64::NEG_INFINITY),
            Field::Boolean(false),
            Field::Number(9.5),
            Field::Location { latitude: 1.0, longitude: 1.0, elevation: None },
            Field::Missing,
        ]
    };
    assert_eq!(
        sorted(&json!([{"fieldName": "f"}]), given()),
        "- - false true -inf 9 9.5 10 NaN 1970-01-01T00:00:00.000Z 10 9 1 tags other at 1"
    );
    assert_eq!(
        sorted(&json!([{"fieldName": "f", "isAscending": false}]), given()),
        "1 tags other at 1 9 10 1970-01-01T00:00:00.000Z NaN 10 9.5 9 -inf true false - -"
    );
}

#[test]
fn later_sorts_decide_where_earlier_ones_do_not() {
    let sorts = query(&json!({"sorts": [{"fieldName": "a", "isAscending": false}, {"fieldName": "b"}]})).sorts;
    let row = |a: i64, b: &'static str| Row(vec![("a", Field::Integer(a)), ("b", Field::text(b))]);
    assert_eq!(compare_rows(&row(2, "z"), &row(1, "a"), &sorts), Ordering::Less);
    assert_eq!(compare_rows(&row(1, "z"), &row(1, "a"), &sorts), Ordering::Greater);
    assert_eq!(compare_rows(&row(1, "a"), &row(1, "a"), &sorts), Ordering::Equal);
}

#[test]
fn whole_and_broken_numbers_stand_together() {
    let large = 9_007_199_254_740_993_i64;
    let given =
        vec![Field::Number(1e300), Field::Integer(large), Field::Number(9_007_199_254_740_992.0), Field::Integer(0)];
    assert!(sorted(&json!([{"fieldName": "f"}]), given).starts_with("0 9007199254740992 9007199254740993 1000"));
}
