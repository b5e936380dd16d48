//! InfoTable → columns → InfoTable keeps every value of every base type, and a missing one missing.

use analyte_core::base_type::{BaseType, Kind};
use analyte_core::limits::Limits;
use analyte_core::shape::Shape;
use analyte_core::table::Table;
use analyte_core::table::format::{self, Format};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::{read, shown};

/// What is sent, and what must come back: the same without its nulls.
type Pair = (Value, Value);

/// Every base type as the columns know it, and some of the many names.
fn spellings() -> Vec<&'static str> {
    let names = ["THINGNAME", "USERNAME", "DATASHAPENAME", "GROUPNAME", "MASHUPNAME", "THINGTEMPLATENAME"];
    BaseType::ALL.iter().map(|base_type| base_type.as_str()).chain(names).collect()
}

fn finite() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    prop_oneof![POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO, (-1_000_000_i32..1_000_000).prop_map(f64::from)]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,8}", "[\"\\\\\n\r\t\u{0}\u{7f},;:]{1,4}", "(true|null|35|-1e3|NaN|2026-01-31)"]
}

/// Any JSON but `null`, which would be unset.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        finite().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let member = option::weighted(0.9, inner).prop_map(Option::unwrap_or_default);
        prop_oneof![
            vec(member.clone(), 0..4).prop_map(Value::from),
            vec(member.clone(), 0..4).prop_map(|boxed| json!({"array": boxed})),
            btree_map("[a-z ]{0,3}", member, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A value that is set.
fn value(spelling: &str, depth: u32) -> BoxedStrategy<Pair> {
    let same = |value: Value| (value.clone(), value);
    let base_type = BaseType::parse_lenient(spelling);
    match base_type {
        BaseType::Infotable => return document(depth),
        BaseType::Json | BaseType::Variant => any_json().boxed(),
        BaseType::Query => any_json().prop_map(|value| json!({"filters": {"value": value}, "maxItems": 5})).boxed(),
        BaseType::Location => (finite(), finite(), option::of(finite()))
            .prop_map(|(latitude, longitude, elevation)| match elevation {
                Some(up) => json!({"latitude": latitude, "longitude": longitude, "elevation": up, "units": "WGS84"}),
                None => json!({"latitude": latitude, "longitude": longitude}),
            })
            .boxed(),
        BaseType::Tags => vec((text(), text()), 0..3)
            .prop_map(|tags| tags.iter().map(|(of, term)| json!({"vocabulary": of, "vocabularyTerm": term})).collect())
            .boxed(),
        _ => match base_type.kind() {
            Kind::Bool => any::<bool>().prop_map(Value::from).boxed(),
            Kind::Int32 => any::<i32>().prop_map(Value::from).boxed(),
            Kind::Int64 => any::<i64>().prop_map(Value::from).boxed(),
            Kind::Float32 | Kind::Float64 => finite().prop_map(Value::from).boxed(),
            Kind::Binary => vec(any::<u8>(), 0..9).prop_map(|bytes| STANDARD.encode(bytes).into()).boxed(),
            Kind::Utf8 => text().prop_map(Value::from).boxed(),
        },
    }
    .prop_map(same)
    .boxed()
}

/// What a row says of a field.
#[derive(Debug, Clone)]
enum Given {
    Absent,
    Null,
    Value(Pair),
}

fn given(spelling: &str, depth: u32) -> BoxedStrategy<Given> {
    prop_oneof![
        1 => Just(Given::Absent),
        1 => Just(Given::Null),
        6 => value(spelling, depth).prop_map(Given::Value),
    ]
    .boxed()
}

/// A whole InfoTable of a few columns of any type.
fn document(depth: u32) -> BoxedStrategy<Pair> {
    let spellings: Vec<_> = spellings().into_iter().filter(|spelling| depth > 0 || *spelling != "INFOTABLE").collect();
    let fields = vec((proptest::sample::select(spellings), "\\PC{1,6}", "\\PC{0,6}"), 0..4);
    fields.prop_flat_map(move |fields| of_fields(fields, depth.saturating_sub(1))).boxed()
}

/// A whole InfoTable of these columns: how each type is spelled, its name, its description.
fn of_fields(fields: Vec<(&'static str, String, String)>, depth: u32) -> BoxedStrategy<Pair> {
    let mut named = std::collections::BTreeSet::new();
    let fields: Vec<_> = fields.into_iter().filter(|(_, name, _)| named.insert(name.clone())).collect();
    let definitions: Map<String, Value> = fields
        .iter()
        .enumerate()
        .map(|(ordinal, (spelling, name, description))| {
            let aspects = if ordinal == 0 { json!({"isPrimaryKey": true}) } else { json!({}) };
            (
                name.clone(),
                json!({"name": name, "baseType": spelling, "description": description, "ordinal": ordinal, "aspects": aspects}),
            )
        })
        .collect();
    let row: Vec<_> = fields.iter().map(|(spelling, _, _)| given(spelling, depth)).collect();
    vec(row, 0..6)
        .prop_map(move |rows| {
            let (mut sent, mut kept) = (Vec::new(), Vec::new());
            for row in rows {
                let (mut whole, mut set_only) = (Map::new(), Map::new());
                for ((_, name, _), cell) in fields.iter().zip(row) {
                    match cell {
                        Given::Absent => {}
                        Given::Null => drop(whole.insert(name.clone(), Value::Null)),
                        Given::Value((one, back)) => {
                            whole.insert(name.clone(), one);
                            set_only.insert(name.clone(), back);
                        }
                    }
                }
                sent.push(Value::Object(whole));
                kept.push(Value::Object(set_only));
            }
            let shape = json!({"fieldDefinitions": definitions});
            (json!({"dataShape": shape, "rows": sent}), json!({"dataShape": shape, "rows": kept}))
        })
        .boxed()
}

/// Through columns, and through what results are kept in.
fn holds(document: &Pair) -> Result<(), TestCaseError> {
    let (given, kept) = document;
    let table = read(&given.to_string(), &Shape::any()).map_err(|error| TestCaseError::fail(error.to_string()))?.table;
    prop_assert_eq!(&shown(&table), kept);
    let present = |name: &str| {
        let rows = kept.get("rows").and_then(Value::as_array);
        rows.map_or(0, |rows| rows.iter().filter(|row| row.get(name).is_some()).count())
    };
    for (field, column) in table.fields().iter().zip(table.columns()) {
        prop_assert_eq!(column.len() - column.null_count(), present(&field.name), "{}", field.name);
    }
    let again = |table: &Table| {
        let stored = format::write(Format::Arrow, table).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let read = format::read(Format::Arrow, stored.into(), &Shape::any(), &Limits::default());
        read.map(|read| read.table).map_err(|error| TestCaseError::fail(error.to_string()))
    };
    prop_assert_eq!(&shown(&again(&table)?), kept);
    // And once more as a client would send back what it was given.
    let back =
        read(&shown(&table).to_string(), &Shape::any()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&back.table, &table);
    Ok(())
}

#[test]
fn every_base_type_keeps_every_value() {
    for spelling in spellings() {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) };
        let fields = vec![(spelling, "x".to_owned(), String::new()), (spelling, "y".to_owned(), "unit".to_owned())];
        if let Err(error) = TestRunner::new(config).run(&of_fields(fields, 2), |document| holds(&document)) {
            panic!("{spelling}: {error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_table_comes_back(document in document(3)) {
        holds(&document)?;
    }

    #[test]
    fn no_bytes_make_it_panic(
        text in "[\\[\\]{}\",:0-9a-z\\\\ \n.-]{0,60}",
        document in document(2),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let _ = read(&text, &Shape::any());
        let mut bytes = document.0.to_string().into_bytes();
        let at = at.index(bytes.len());
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        if let Ok(read) = analyte_core::infotable::read(&bytes, &Shape::any(), &Limits::default()) {
            let _ = analyte_core::infotable::write(&read.table, u64::MAX);
            let _ = analyte_core::infotable::xml::write_xml(&read.table, u64::MAX);
        }
        for base_type in BaseType::ALL {
            let _ = analyte_core::infotable::read_value(*base_type, &text, &Limits::default());
        }
    }
}
