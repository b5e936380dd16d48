//! InfoTables as they come out, to the byte where the specification shows them.

use std::sync::Arc;

use analyte_core::base_type::{BaseType, Kind};
use analyte_core::infotable::{self, Cell, scalar};
use analyte_core::shape::{Field, Shape};
use analyte_core::table::Table;
use analyte_core::table::format::{Format, WriteError, read, write};
use arrow_array::{Array, ArrayRef, Float32Array, Float64Array, StringArray};
use serde_json::json;

use crate::{rows, shown};

type Writer = fn(&Table, u64) -> Result<Vec<u8>, WriteError>;

fn written(table: &Table) -> String {
    String::from_utf8(infotable::write(table, u64::MAX).expect("written")).expect("UTF-8")
}

fn one_column(field: Field, column: impl Array + 'static) -> Table {
    let (rows, column): (usize, ArrayRef) = (column.len(), Arc::new(column));
    Table::new(vec![field].into(), vec![column], rows).expect("a table")
}

/// Trap 7 of the specification, as far as it lies in the table itself: the answer of §2.7, to the byte.
#[test]
fn trap_7_a_scalar_is_a_table_of_one_row() {
    assert_eq!(
        written(&scalar(BaseType::Number, Cell::Number(746.0))),
        r#"{"dataShape":{"fieldDefinitions":{"result":{"name":"result","baseType":"NUMBER","description":"","ordinal":0,"aspects":{}}}},"rows":[{"result":746.0}]}"#
    );
    assert_eq!(
        written(&scalar(BaseType::String, Cell::Unset)),
        r#"{"dataShape":{"fieldDefinitions":{"result":{"name":"result","baseType":"STRING","description":"","ordinal":0,"aspects":{}}}},"rows":[]}"#
    );
}

#[test]
fn definitions_keep_all_that_a_client_said() {
    let given = json!({"dataShape": {"fieldDefinitions": {
        "b": {"name": "b", "baseType": "THINGNAME", "description": "which", "ordinal": 5, "aspects": {"isPrimaryKey": true}},
        "a": {"name": "a", "baseType": "NUMBER", "description": "", "ordinal": 2,
              "aspects": {"isPrimaryKey": false, "defaultValue": 1.5, "units": "12", "minimumValue": -1}},
        "c": {"name": "c", "baseType": "INFOTABLE", "description": "", "ordinal": 9, "aspects": {"dataShape": "Inner"}},
        "d": {"name": "d", "baseType": "STRING", "description": "", "ordinal": 10, "aspects": {"defaultValue": "12"}},
        "e": {"name": "e", "baseType": "BOOLEAN", "description": "", "ordinal": 11, "aspects": {"defaultValue": true}},
        "f": {"name": "f", "baseType": "JSON", "description": "", "ordinal": 12, "aspects": {"defaultValue": {"x": [1]}}},
        "g": {"name": "g", "baseType": "MASHUPNAME", "description": "", "ordinal": 13, "aspects": {"isRequired": true}},
    }}, "rows": []});
    let mut expected = given.clone();
    let definitions = expected.pointer_mut("/dataShape/fieldDefinitions").expect("definitions");
    // Places are counted from 0 in the order that the given ordinals tell; what is ours stays ours.
    for (ordinal, name) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().enumerate() {
        *definitions.pointer_mut(&format!("/{name}/ordinal")).expect("an ordinal") = json!(ordinal);
    }
    *definitions.pointer_mut("/g/aspects").expect("aspects") = json!({});
    let table = crate::read(&given.to_string(), &Shape::any()).expect("a table").table;
    assert_eq!(shown(&table), expected);
    // What providers' results are kept in, and the server's own records, keep it too.
    let kept = write(Format::Arrow, &table).expect("Arrow");
    let kept = read(Format::Arrow, kept.into(), &Shape::any(), &analyte_core::limits::Limits::default());
    assert_eq!(shown(&kept.expect("a table").table), expected);
    let record: Table = serde_json::from_value(serde_json::to_value(&table).expect("a record")).expect("a table");
    assert_eq!(shown(&record), expected);
}

#[test]
fn the_native_form_spells_names_as_they_were_spelled() {
    let shape = r#"{"fieldDefinitions":{"x":{"name":"x","baseType":"THINGNAME","description":"","ordinal":0,"aspects":{}},"y":{"name":"y","baseType":"ENTITYNAME","description":"","ordinal":1,"aspects":{}}}}"#;
    let read: Shape = serde_json::from_str(shape).expect("a shape");
    assert_eq!(serde_json::to_string(&read).expect("written"), shape);
    assert!(read.fields.iter().all(|field| field.base_type == BaseType::EntityName));
    // A spelling that is not one of the base type's own changes nothing.
    let mut field = Field::new("z", BaseType::Number);
    field.extra.push(("baseType".to_owned(), "THINGNAME".to_owned()));
    assert_eq!(field.base_type_name(), "NUMBER");
    let again: Shape =
        serde_json::from_str(&serde_json::to_string(&Shape::closed(vec![field.clone()])).expect("written"))
            .expect("read");
    assert_eq!(again, Shape::closed(vec![field]));
}

/// A field that says something of itself 200,000 times is written as quickly as any of that length.
#[test]
fn of_what_is_said_twice_the_first_holds() {
    let mut field = Field::new("x", BaseType::Number);
    field.extra = (0..200_000).map(|at| (format!("aspect {}", at % 100_000), format!("{at}."))).collect();
    let expected: serde_json::Map<_, _> =
        (0..100_000).map(|at| (format!("aspect {at}"), json!(format!("{at}.")))).collect();
    let table = one_column(field.clone(), Float64Array::from(vec![1.0]));
    let infotable: serde_json::Value = serde_json::from_str(&written(&table)).expect("JSON");
    let native = serde_json::to_value(Shape::closed(vec![field])).expect("JSON");
    for shape in [infotable.pointer("/dataShape").expect("a shape"), &native] {
        let aspects = shape.pointer("/fieldDefinitions/x/aspects").and_then(|aspects| aspects.as_object());
        assert!(aspects == Some(&expected));
    }
    // And each once: none of them is dropped only when it is read.
    assert_eq!(written(&table).matches("aspect ").count(), 100_000);
}

#[test]
fn numbers_that_are_not_finite_fail_the_table() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let table = one_column(Field::new("x", BaseType::Number), Float64Array::from(vec![Some(1.0), Some(value)]));
        let error = infotable::write(&table, u64::MAX).expect_err("not finite");
        assert_eq!(
            (&error, error.to_string().as_str()),
            (&WriteError::NonFinite, "JSON does not allow non-finite numbers")
        );
    }
    let narrow = Field { kind: Kind::Float32, ..Field::new("x", BaseType::Number) };
    let table = one_column(narrow.clone(), Float32Array::from(vec![f32::NAN]));
    assert_eq!(infotable::write(&table, u64::MAX), Err(WriteError::NonFinite));
    // Under a missing value there is nothing to fail on.
    let nothing = Float64Array::new(vec![f64::NAN].into(), Some(vec![false].into()));
    assert_eq!(rows(&one_column(Field::new("x", BaseType::Number), nothing)), json!([{}]));
    assert_eq!(rows(&one_column(narrow, Float32Array::from(vec![0.1_f32]))), json!([{"x": 0.1}]));
}

#[test]
fn what_providers_return_comes_into_the_form_that_clients_expect() {
    let cases = [
        (
            BaseType::Infotable,
            r#" [{"a":1}] "#,
            json!({"dataShape": {"fieldDefinitions": {"a": {"name": "a", "baseType": "NUMBER", "description": "", "ordinal": 0, "aspects": {}}}}, "rows": [{"a": 1.0}]}),
        ),
        (BaseType::Infotable, r#"{"no":"table"}"#, json!({"no": "table"})),
        (BaseType::Tags, r#""A:b""#, json!([{"vocabulary": "A", "vocabularyTerm": "b"}])),
        (BaseType::Variant, r#"{"baseType":"LONG","value":5}"#, json!(5)),
        (BaseType::Location, r#"{"latitude":1}"#, json!({"latitude": 1})),
        (BaseType::Query, r#""{\"maxItems\":1}""#, json!({"maxItems": 1})),
        (BaseType::Json, r#"{"baseType":"LONG","value":5}"#, json!({"baseType": "LONG", "value": 5})),
    ];
    for (base_type, kept, expected) in cases {
        let table = one_column(Field::new("x", base_type), StringArray::from(vec![kept]));
        assert_eq!(rows(&table), json!([{"x": expected}]), "{base_type} {kept}");
    }
    let table = one_column(Field::new("x", BaseType::Json), StringArray::from(vec!["{"]));
    let error = infotable::write(&table, u64::MAX).expect_err("not JSON");
    assert_eq!(error.to_string(), "field `x`, row 1: not JSON: EOF while parsing an object at line 1 column 1");
}

#[test]
fn a_table_is_written_within_a_number_of_bytes() {
    let text = r#"[{"a":1.5,"b":"x\n","t":[{"u":"v"}]},{"b":null},{"a":2}]"#;
    let fields = [("a", BaseType::Number), ("b", BaseType::String), ("t", BaseType::Infotable)];
    let table = crate::read(text, &crate::shape(&fields)).expect("a table").table;
    for write in [infotable::write as Writer, infotable::xml::write_xml] {
        let whole = write(&table, u64::MAX).expect("written");
        let size = whole.len() as u64;
        assert_eq!(write(&table, size), Ok(whole));
        for most in 0..size {
            assert_eq!(write(&table, most), Err(WriteError::TooLarge { most }));
        }
    }
}
