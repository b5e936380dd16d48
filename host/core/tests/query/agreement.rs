//! The compiled filter and the plain evaluator agree on random filters and rows; what a filter plans with agrees too.

use analyte_core::limits::Limits;
use analyte_core::query::{Field, Fields as _, Query, SortKey, compare_rows};
use analyte_core::timestamp::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::{Row, naive};

const NAMES: [&str; 3] = ["x", "y", "z"];

fn field() -> impl Strategy<Value = Field<'static>> {
    prop_oneof![
        Just(Field::Missing),
        Just(Field::Other),
        any::<bool>().prop_map(Field::Boolean),
        (-3_i64..4).prop_map(Field::Integer),
        (-6_i32..7).prop_map(|half| Field::Number(f64::from(half) / 2.0)),
        select(vec![f64::NAN, f64::INFINITY, -0.0]).prop_map(Field::Number),
        "[abAB1]{0,3}".prop_map(Field::text),
        select(vec!["1", "true", "-2.5", "a*b", "é", "É"]).prop_map(Field::text),
        (-3_i64..4).prop_map(|ms| Field::Datetime(Timestamp(ms))),
        (-3_i64..4).prop_map(Field::Timespan),
        vec((select(vec!["a", "b"]), select(vec!["1", "2"])), 0..3).prop_map(Field::Tags),
    ]
}

fn operand() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|value| json!(value)),
        (-3_i64..4).prop_map(|value| json!(value)),
        (-6_i32..7).prop_map(|half| json!(f64::from(half) / 2.0)),
        "[abAB1]{0,3}".prop_map(|text| json!(text)),
        select(vec!["1", "TRUE", "false", "-2.5", "é", "1970-01-01T00:00:00.002Z"]).prop_map(|text| json!(text)),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    let name = || select(NAMES.to_vec());
    let tag = (select(vec!["a", "b"]), select(vec!["1", "2"]))
        .prop_map(|(vocabulary, term)| json!({"vocabulary": vocabulary, "vocabularyTerm": term}));
    let flag = |mut filter: Value, case: Option<bool>| {
        if let (Some(case), Some(members)) = (case, filter.as_object_mut()) {
            members.insert("isCaseSensitive".to_owned(), json!(case));
        }
        filter
    };
    prop_oneof![
        (select(vec!["EQ", "NE", "GT", "GE", "LT", "LE"]), name(), operand(), any::<Option<bool>>())
            .prop_map(move |(kind, f, v, case)| flag(json!({"type": kind, "fieldName": f, "value": v}), case)),
        (select(vec!["LIKE", "NOTLIKE"]), name(), r"[abA*?\\]{0,4}", any::<Option<bool>>())
            .prop_map(move |(kind, f, v, case)| flag(json!({"type": kind, "fieldName": f, "value": v}), case)),
        (select(vec!["IN", "NOTIN"]), name(), vec(operand(), 0..4), any::<Option<bool>>())
            .prop_map(move |(kind, f, v, case)| flag(json!({"type": kind, "fieldName": f, "values": v}), case)),
        (select(vec!["BETWEEN", "NOTBETWEEN"]), name(), operand(), operand(), 0_u8..3).prop_map(
            |(kind, f, a, b, ends)| {
                match ends {
                    0 => json!({"type": kind, "fieldName": f, "from": a}),
                    1 => json!({"type": kind, "fieldName": f, "to": b}),
                    _ => json!({"type": kind, "fieldName": f, "from": a, "to": b}),
                }
            }
        ),
        (select(vec!["MATCHES", "NOTMATCHES"]), name(), select(vec!["a", "^a", "B$", "(?i)b", "^(a|b)*$"]))
            .prop_map(|(kind, f, e)| json!({"type": kind, "fieldName": f, "expression": e})),
        (select(vec!["MISSINGVALUE", "NOTMISSINGVALUE"]), name())
            .prop_map(|(kind, f)| json!({"type": kind, "fieldName": f})),
        (select(vec!["TAGGED", "NOTTAGGED"]), name(), vec(tag, 0..3))
            .prop_map(|(kind, f, tags)| json!({"type": kind, "fieldName": f, "tags": tags})),
    ]
}

fn filter() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        (select(vec!["AND", "OR"]), vec(inner, 0..4))
            .prop_map(|(kind, filters)| json!({"type": kind, "filters": filters}))
    })
}

fn row() -> impl Strategy<Value = Row> {
    [field(), field(), field()].prop_map(|fields| Row(NAMES.into_iter().zip(fields).collect()))
}

fn sorts() -> impl Strategy<Value = Value> {
    let sort = (select(NAMES.to_vec()), any::<bool>(), any::<bool>())
        .prop_map(|(f, up, case)| json!({"fieldName": f, "isAscending": up, "isCaseSensitive": case}));
    vec(sort, 0..3).prop_map(Value::Array)
}

fn read(value: &Value) -> Query {
    Query::of_value(value, &Limits::default()).unwrap_or_else(|problem| panic!("{value}: {problem}"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn compiled_filters_agree_with_the_plain_rules(filter in filter(), rows in vec(row(), 1..12)) {
        let compiled = read(&json!({"filters": filter})).filter.expect("a filter");
        for row in &rows {
            prop_assert_eq!(compiled.matches(row), naive::holds(&filter, row), "{} {:?}", filter, row);
        }
    }

    /// No row that a filter holds for lies outside what a store would look at.
    #[test]
    fn plans_leave_no_row_out(filter in filter(), rows in vec(row(), 1..12)) {
        let compiled = read(&json!({"filters": filter})).filter.expect("a filter");
        for row in rows.iter().filter(|row| compiled.matches(*row)) {
            for name in NAMES {
                match row.field(name) {
                    Field::Text(text) => {
                        if let Some(allowed) = compiled.equal_texts(name) {
                            let text = if allowed.case_sensitive { text.to_string() } else { text.to_lowercase() };
                            prop_assert!(allowed.texts.contains(&text), "{} {:?} {:?}", filter, row, allowed);
                        }
                    }
                    Field::Datetime(time) => {
                        let (from, to) = compiled.time_range(name);
                        prop_assert!(from.is_none_or(|from| from <= time), "{} {:?} {:?}", filter, row, from);
                        prop_assert!(to.is_none_or(|to| time <= to), "{} {:?} {:?}", filter, row, to);
                    }
                    Field::Tags(carried) => {
                        for tag in compiled.tags(name) {
                            prop_assert!(carried.contains(&tag), "{} {:?} {:?}", filter, row, tag);
                        }
                    }
                    _ => {}
                }
            }
            for condition in compiled.conjuncts() {
                prop_assert!(analyte_core::query::Filter::from(condition.clone()).matches(row));
            }
        }
    }

    #[test]
    fn both_filters_hold_where_their_conjunction_does(one in filter(), other in filter(), row in row()) {
        let [one, other] = [one, other].map(|filter| read(&json!({"filters": filter})).filter.expect("a filter"));
        let both = one.matches(&row) && other.matches(&row);
        prop_assert_eq!(one.and(other).matches(&row), both);
    }

    /// Sorting asks for an order without contradictions.
    #[test]
    fn orders_are_total(sorts in sorts(), one in row(), two in row(), three in row()) {
        let sorts = read(&json!({"sorts": sorts})).sorts;
        let by = |a: &Row, b: &Row| compare_rows(a, b, &sorts);
        prop_assert_eq!(by(&one, &one), std::cmp::Ordering::Equal);
        prop_assert_eq!(by(&one, &two), by(&two, &one).reverse());
        prop_assert_eq!(by(&one, &two), SortKey::of(&one, &sorts).cmp(&SortKey::of(&two, &sorts)));
        if by(&one, &two).is_le() && by(&two, &three).is_le() {
            prop_assert!(by(&one, &three).is_le());
        }
    }
}
