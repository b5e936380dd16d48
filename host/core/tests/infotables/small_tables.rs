//! Tables that the server makes itself.

use analyte_core::base_type::BaseType;
use analyte_core::infotable::{Cell, Rows, empty, scalar};
use analyte_core::shape::Field;
use serde_json::json;

use crate::{rows, shape, shown};

#[test]
fn rows_are_put_together_cell_by_cell() {
    let fields = [
        ("name", BaseType::String),
        ("size", BaseType::Long),
        ("share", BaseType::Number),
        ("done", BaseType::Boolean),
        ("when", BaseType::Datetime),
        ("inputs", BaseType::Infotable),
        ("extra", BaseType::Json),
        ("what", BaseType::Variant),
    ];
    let mut made = Rows::new(fields.map(|(name, base_type)| Field::new(name, base_type)).to_vec());
    made.push(vec![
        "a".into(),
        Cell::int(Some(5)),
        Cell::Int(2),
        true.into(),
        Cell::Int(-1),
        Cell::Json(r#"[{"x":1}]"#.to_owned()),
        Cell::Json(r#"{"k": "v"}"#.to_owned()),
        "text".into(),
    ]);
    made.push(vec![
        Cell::text(None::<&str>),
        Cell::int(None::<i64>),
        0.5.into(),
        Cell::Unset,
        Cell::Unset,
        Cell::Unset,
        Cell::Json("null".to_owned()),
        Cell::Unset,
    ]);
    let definition = json!({"name": "x", "baseType": "NUMBER", "description": "", "ordinal": 0, "aspects": {}});
    let inputs = json!({"dataShape": {"fieldDefinitions": {"x": definition}}, "rows": [{"x": 1.0}]});
    assert_eq!(
        rows(&made.table().expect("a table")),
        json!([
            {"name": "a", "size": 5, "share": 2.0, "done": true, "when": -1, "inputs": inputs, "extra": {"k": "v"}, "what": "text"},
            {"share": 0.5},
        ])
    );
}

#[test]
fn slips_are_named_with_their_place() {
    let fields = || vec![Field::new("a", BaseType::Number), Field::new("b", BaseType::Json)];
    let cases = [
        (vec![Cell::Int(1)], "row 2 has 1 values for 2 fields"),
        (
            vec!["x".into(), Cell::Unset],
            "field `a`, row 2: expected NUMBER (a number or a numeric string), found the string \"x\"",
        ),
        (
            vec![Cell::Unset, Cell::Json("{".to_owned())],
            "field `b`, row 2: not JSON: EOF while parsing an object at line 1 column 1",
        ),
    ];
    for (cells, message) in cases {
        let mut made = Rows::new(fields());
        made.push(vec![Cell::Unset, Cell::Unset]);
        made.push(cells);
        made.push(Vec::new());
        assert_eq!(made.table().expect_err(message), message);
    }
}

#[test]
fn no_rows_still_have_a_shape() {
    let every: Vec<_> = BaseType::ALL.iter().map(|base_type| (base_type.as_str(), *base_type)).collect();
    let table = empty(&shape(&every));
    assert_eq!((table.rows(), table.fields().len()), (0, BaseType::ALL.len()));
    assert_eq!(rows(&table), json!([]));
}

#[test]
fn one_value_of_any_type_is_a_result() {
    let cases = [
        (BaseType::Boolean, Cell::Bool(true), json!([{"result": true}])),
        (BaseType::Datetime, Cell::Int(5), json!([{"result": 5}])),
        (BaseType::String, Cell::Text("x".to_owned()), json!([{"result": "x"}])),
        (BaseType::Number, Cell::Text("not a number".to_owned()), json!([])),
    ];
    for (base_type, cell, expected) in cases {
        let table = scalar(base_type, cell);
        assert_eq!(rows(&table), expected);
        assert_eq!(
            shown(&table).pointer("/dataShape/fieldDefinitions/result/baseType"),
            Some(&json!(base_type.as_str()))
        );
    }
}
