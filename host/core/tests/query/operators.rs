//! Every operator against every type of field, with either case rule, and against what is missing.

use analyte_core::query::Field;
use analyte_core::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::{Row, holds, one};

/// The fields of one table, by the letters that the tables below use.
fn fields() -> Vec<(char, Field<'static>)> {
    vec![
        ('m', Field::Missing),
        ('b', Field::Boolean(true)),
        ('i', Field::Integer(5)),
        ('n', Field::Number(5.5)),
        ('q', Field::Number(f64::NAN)),
        ('s', Field::text("5")),
        ('S', Field::text("Kettle")),
        ('e', Field::text("")),
        ('d', Field::Datetime(Timestamp(1_600_000_000_000))),
        ('t', Field::Timespan(5_000)),
        ('l', Field::Location { latitude: 0.0, longitude: 0.0, elevation: Some(5.0) }),
        ('g', Field::Tags(vec![("Plants", "Sedona"), ("Lines", "5")])),
        ('G', Field::Tags(vec![])),
        ('o', Field::Other),
    ]
}

const ALL: &str = "mbinqsSedtlgGo";

/// The letters of the fields that a filter holds for.
fn held(filter: &Value) -> String {
    let mut filter = filter.clone();
    if let Some(members) = filter.as_object_mut() {
        members.insert("fieldName".to_owned(), json!("f"));
    }
    fields().into_iter().filter(|(_, field)| holds(&filter, &one(field.clone()))).map(|(letter, _)| letter).collect()
}

fn check(table: &[(Value, &str)]) {
    for (filter, expected) in table {
        assert_eq!(held(filter), *expected, "{filter}");
    }
}

#[test]
fn equality() {
    check(&[
        (json!({"type": "EQ", "value": 5}), "is"),
        (json!({"type": "EQ", "value": 5.0}), "i"),
        (json!({"type": "EQ", "value": "5"}), "is"),
        (json!({"type": "EQ", "value": " 5.0 "}), "i"),
        (json!({"type": "EQ", "value": 5.5}), "n"),
        (json!({"type": "EQ", "value": "5.5"}), "n"),
        (json!({"type": "EQ", "value": 5000}), "t"),
        (json!({"type": "EQ", "value": "5000"}), "t"),
        (json!({"type": "EQ", "value": true}), "b"),
        (json!({"type": "EQ", "value": "TRUE"}), "b"),
        (json!({"type": "EQ", "value": false}), ""),
        (json!({"type": "EQ", "value": 1}), ""),
        (json!({"type": "EQ", "value": ""}), "e"),
        (json!({"type": "EQ", "value": "kettle"}), "S"),
        (json!({"type": "EQ", "value": "kettle", "isCaseSensitive": false}), "S"),
        (json!({"type": "EQ", "value": "kettle", "isCaseSensitive": true}), ""),
        (json!({"type": "EQ", "value": "Kettle", "isCaseSensitive": true}), "S"),
        (json!({"type": "EQ", "value": 1_600_000_000_000_i64}), "d"),
        (json!({"type": "EQ", "value": "1600000000000"}), "d"),
        (json!({"type": "EQ", "value": "2020-09-13T12:26:40Z"}), "d"),
        (json!({"type": "EQ", "value": "2020-09-13T14:26:40+02:00"}), "d"),
        (json!({"type": "EQ", "value": "2020-09-13"}), ""),
        (json!({"type": "EQ", "value": "NaN"}), ""),
        (json!({"type": "EQ", "value": null}), ""),
    ]);
}

#[test]
fn inequality_needs_something_to_differ_from() {
    check(&[
        // Text fields differ from any text; others only from what is of their type.
        (json!({"type": "NE", "value": 5}), "nSedt"),
        (json!({"type": "NE", "value": 6}), "insSedt"),
        (json!({"type": "NE", "value": "x"}), "sSe"),
        (json!({"type": "NE", "value": "kettle"}), "se"),
        (json!({"type": "NE", "value": "kettle", "isCaseSensitive": true}), "sSe"),
        (json!({"type": "NEQ", "value": true}), "sSe"),
        (json!({"type": "NE", "value": false}), "bsSe"),
        (json!({"type": "NE", "value": "2020-09-13"}), "sSed"),
        (json!({"type": "NE", "value": null}), ""),
    ]);
}

#[test]
fn order() {
    check(&[
        (json!({"type": "GT", "value": 5}), "nSdt"),
        (json!({"type": "GE", "value": 5}), "insSdt"),
        (json!({"type": "LT", "value": 5.5}), "ise"),
        (json!({"type": "LE", "value": 5.5}), "inse"),
        (json!({"type": "LT", "value": 5000}), "inse"),
        (json!({"type": "GT", "value": false}), "bS"),
        (json!({"type": "GE", "value": true}), "b"),
        (json!({"type": "LT", "value": "kettles"}), "sSe"),
        (json!({"type": "GT", "value": "KETTLE"}), ""),
        (json!({"type": "GT", "value": "KETTLE", "isCaseSensitive": true}), "S"),
        (json!({"type": "LE", "value": "KETTLE"}), "sSe"),
        (json!({"type": "LE", "value": "KETTLE", "isCaseSensitive": true}), "se"),
        (json!({"type": "GT", "value": "2020-09-13"}), "sSd"),
        (json!({"type": "GE", "value": "2020-09-13T12:26:40.001Z"}), "sS"),
        (json!({"type": "LT", "value": "2020-09-13T12:26:40.001Z"}), "ed"),
        (json!({"type": "GT", "value": null}), ""),
        (json!({"type": "GE", "value": null}), ""),
        (json!({"type": "LT", "value": null}), ""),
        (json!({"type": "LE", "value": null}), ""),
    ]);
}

#[test]
fn numbers_compare_by_value_without_rounding() {
    let large = 9_007_199_254_740_993_i64; // 2⁵³ + 1 has no double of its own.
    let is = |kind: &str, value: Value, field: Field<'static>| {
        holds(&json!({"type": kind, "fieldName": "f", "value": value}), &one(field))
    };
    assert!(is("EQ", json!(large), Field::Integer(large)));
    assert!(!is("EQ", json!(large), Field::Integer(large - 1)));
    assert!(is("GT", json!(9_007_199_254_740_992.0), Field::Integer(large)));
    assert!(is("EQ", json!(large.to_string()), Field::Integer(large)));
    assert!(is("LT", json!(1e300), Field::Integer(i64::MAX)));
    assert!(is("GT", json!(-1e300), Field::Integer(i64::MIN)));
    assert!(is("LT", json!(u64::MAX), Field::Integer(i64::MAX)));
    assert!(is("LT", json!(0.5), Field::Integer(0)));
    assert!(is("GT", json!(-0.5), Field::Integer(0)));
    assert!(is("GT", json!(-1.5), Field::Integer(-1)));
    assert!(is("EQ", json!(0), Field::Number(-0.0)));
    assert!(is("GT", json!(1e308), Field::Number(f64::INFINITY)));
}

#[test]
fn ranges_hold_their_ends() {
    check(&[
        (json!({"type": "BETWEEN", "from": 5, "to": 5.5}), "ins"),
        (json!({"type": "BETWEEN", "from": 5}), "insSdt"),
        (json!({"type": "BETWEEN", "to": 5}), "ise"),
        (json!({"type": "BETWEEN", "from": 6, "to": 5}), ""),
        (json!({"type": "BETWEEN", "from": "a", "to": "KETTLE"}), "S"),
        (json!({"type": "BETWEEN", "from": "2020-09-13T12:26:40Z", "to": "2020-09-13T12:26:40Z"}), "d"),
        (json!({"type": "BETWEEN", "from": false, "to": true}), "bS"),
        (json!({"type": "BETWEEN", "from": null, "to": 9}), ""),
        (json!({"type": "BETWEEN", "from": 1, "to": null}), ""),
        (json!({"type": "NOTBETWEEN", "from": 5, "to": 5.5}), "Sedt"),
        (json!({"type": "NOTBETWEEN", "from": 5.5}), "ise"),
        (json!({"type": "NOTBETWEEN", "to": 5}), "nSdt"),
        (json!({"type": "NOTBETWEEN", "from": "x", "to": 9}), "sSe"),
        (json!({"type": "NOTBETWEEN", "from": null, "to": 9}), ""),
    ]);
}

#[test]
fn lists() {
    check(&[
        (json!({"type": "IN", "values": [5, 5.5]}), "ins"),
        (json!({"type": "IN", "values": ["5", "kettle", "true"]}), "bisS"),
        (json!({"type": "IN", "values": ["kettle"], "isCaseSensitive": true}), ""),
        (json!({"type": "IN", "values": ["x", "Kettle"], "isCaseSensitive": true}), "S"),
        (json!({"type": "IN", "values": [true, "2020-09-13T12:26:40Z", 5000]}), "bdt"),
        (json!({"type": "IN", "values": [null, 5]}), "is"),
        (json!({"type": "IN", "values": [null]}), ""),
        (json!({"type": "IN", "values": []}), ""),
        (json!({"type": "NOTIN", "values": [5, 5.5]}), "Sedt"),
        // NE would not hold either where the types differ.
        (json!({"type": "NOTIN", "values": [5, "x"]}), "Se"),
        (json!({"type": "NOTIN", "values": ["KETTLE", "5"]}), "e"),
        (json!({"type": "NOTIN", "values": ["KETTLE", "5"], "isCaseSensitive": true}), "Se"),
        (json!({"type": "NOTIN", "values": [7, null]}), ""),
        (json!({"type": "NOTIN", "values": []}), ALL),
    ]);
}

#[test]
fn patterns_and_expressions_are_for_texts() {
    check(&[
        (json!({"type": "LIKE", "value": "*"}), "sSe"),
        (json!({"type": "LIKE", "value": "k%e"}), "S"),
        (json!({"type": "LIKE", "value": "k%e", "isCaseSensitive": true}), ""),
        (json!({"type": "LIKE", "value": "K%e", "isCaseSensitive": true}), "S"),
        (json!({"type": "LIKE", "value": "?"}), "s"),
        (json!({"type": "LIKE", "value": ""}), "e"),
        (json!({"type": "LIKE", "value": null}), ""),
        (json!({"type": "NOTLIKE", "value": "k%e"}), "se"),
        (json!({"type": "NOTLIKE", "value": "k%e", "isCaseSensitive": true}), "sSe"),
        (json!({"type": "NOTLIKE", "value": "*"}), ""),
        (json!({"type": "NOTLIKE", "value": null}), ""),
        (json!({"type": "MATCHES", "expression": "(Kettle)|(Filler)"}), "S"),
        (json!({"type": "MATCHES", "expression": "ett"}), "S"),
        (json!({"type": "MATCHES", "expression": "^ett"}), ""),
        (json!({"type": "MATCHES", "expression": "^.{6}$"}), "S"),
        (json!({"type": "MATCHES", "expression": "kettle"}), ""),
        (json!({"type": "MATCHES", "expression": "(?i)kettle"}), "S"),
        (json!({"type": "MATCHES", "expression": ""}), "sSe"),
        (json!({"type": "NOTMATCHES", "expression": "ett"}), "se"),
        (json!({"type": "NOTMATCHES", "expression": ""}), ""),
    ]);
}

#[test]
fn what_is_missing() {
    let rest: String = ALL.chars().filter(|letter| *letter != 'm').collect();
    check(&[
        (json!({"type": "MISSINGVALUE"}), "m"),
        (json!({"type": "MissingValue"}), "m"),
        (json!({"type": "NOTMISSINGVALUE"}), &rest),
        (json!({"type": "NotMissingValue"}), &rest),
    ]);
    // No such field at all.
    let row = Row(vec![]);
    assert!(holds(&json!({"type": "MISSINGVALUE", "fieldName": "nothing"}), &row));
    assert!(!holds(&json!({"type": "NE", "fieldName": "nothing", "value": 1}), &row));
}

#[test]
fn tags() {
    let tag = |vocabulary: &str, term: &str| json!({"vocabulary": vocabulary, "vocabularyTerm": term});
    check(&[
        (json!({"type": "TAGGED", "tags": [tag("Plants", "Sedona")]}), "g"),
        (json!({"type": "TaggedWith", "tags": [tag("Lines", "5"), tag("Plants", "Sedona")]}), "g"),
        (json!({"type": "TAGGED", "tags": [tag("Lines", "5"), tag("Plants", "Boston")]}), ""),
        (json!({"type": "TAGGED", "tags": [tag("plants", "Sedona")]}), ""),
        (json!({"type": "TAGGED", "tags": [tag("Plants", "sedona")]}), ""),
        (json!({"type": "TAGGED", "tags": []}), "gG"),
        (json!({"type": "NOTTAGGED", "tags": [tag("Plants", "Sedona")]}), "G"),
        (json!({"type": "NOTTAGGED", "tags": [tag("Plants", "Boston")]}), "gG"),
        (json!({"type": "NotTaggedWith", "tags": [tag("Plants", "Boston"), tag("Lines", "5")]}), "G"),
        (json!({"type": "NOTTAGGED", "tags": []}), "gG"),
    ]);
}

#[test]
fn composites() {
    let (yes, no) =
        (json!({"type": "GE", "fieldName": "f", "value": 5}), json!({"type": "LT", "fieldName": "f", "value": 5}));
    let row = one(Field::Integer(5));
    for (filter, expected) in [
        (json!({"type": "AND", "filters": [yes, yes]}), true),
        (json!({"type": "And", "filters": [yes, no]}), false),
        (json!({"type": "and", "filters": []}), true),
        (json!({"type": "OR", "filters": [no, yes]}), true),
        (json!({"type": "Or", "filters": [no, no]}), false),
        (json!({"type": "or", "filters": []}), false),
        (
            json!({"type": "OR", "filters": [no, {"type": "AND", "filters": [yes, {"type": "OR", "filters": [yes, no]}]}]}),
            true,
        ),
    ] {
        assert_eq!(holds(&filter, &row), expected, "{filter}");
    }
}

#[test]
fn words_of_type_are_read_in_any_case() {
    let leaf = |kind: &str| match kind.to_ascii_uppercase().trim_start_matches("NOT") {
        "IN" => json!({"values": []}),
        "BETWEEN" => json!({"from": 1}),
        "MATCHES" => json!({"expression": "x"}),
        "MISSINGVALUE" => json!({}),
        "TAGGED" | "TAGGEDWITH" => json!({"tags": []}),
        "NEAR" => json!({"distance": 1, "location": {"latitude": 0, "longitude": 0}}),
        _ => json!({"value": "x"}),
    };
    for word in [
        "EQ",
        "NE",
        "NEQ",
        "GT",
        "GE",
        "LT",
        "LE",
        "Like",
        "NotLike",
        "In",
        "NotIn",
        "Between",
        "NotBetween",
        "Matches",
        "NotMatches",
        "MissingValue",
        "NotMissingValue",
        "Tagged",
        "NotTagged",
        "TaggedWith",
        "NotTaggedWith",
        "Near",
        "NotNear",
    ] {
        let upper = held(&with_type(leaf(word), &word.to_ascii_uppercase()));
        assert_eq!(held(&with_type(leaf(word), word)), upper, "{word}");
        assert_eq!(held(&with_type(leaf(word), &word.to_ascii_lowercase())), upper, "{word}");
    }
}

fn with_type(mut filter: Value, word: &str) -> Value {
    if let Some(members) = filter.as_object_mut() {
        members.insert("type".to_owned(), json!(word));
    }
    filter
}
