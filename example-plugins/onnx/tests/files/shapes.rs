//! Which fields a model takes and gives, and that values of each type go through it unchanged.

use crate::built::*;
use analyte_sdk::prelude::*;
use analyte_sdk::{Field, Kind, NewColumn};
use tract_onnx::pb::ModelProto;

fn fields(fields: &[Field]) -> String {
    let field = |field: &Field| {
        let kind = format!("{:?}", field.kind).replace("BufferKind::", "");
        format!("{} {kind}{}", field.name, if field.nullable { "?" } else { "" })
    };
    fields.iter().map(field).collect::<Vec<_>>().join(", ")
}

/// `inputs -> outputs`
fn shape(model: &ModelProto) -> String {
    let info = inspect(model).unwrap();
    assert!(info.independent_rows);
    format!("{} -> {}", fields(&info.input.fields), fields(&info.output.fields))
}

fn identity(element: i32, shape: &[i64]) -> ModelProto {
    one((element, shape), "Identity", vec![], (element, shape))
}

#[test]
fn fields_of_every_type() {
    for (element, kind) in [
        (FLOAT, "Float32?"),
        (DOUBLE, "Float64?"),
        (INT32, "Int32"),
        (INT64, "Int64"),
        (BOOL, "BooleanBits"),
        (STRING, "Utf8"),
    ] {
        let out = kind.trim_end_matches('?');
        assert_eq!(shape(&identity(element, &[OPEN, 2])), format!("x_0 {kind}, x_1 {kind} -> y_0 {out}, y_1 {out}"));
        assert_eq!(shape(&identity(element, &[OPEN, 1])), format!("x {kind} -> y {out}"));
        assert_eq!(shape(&identity(element, &[OPEN])), format!("x {kind} -> y {out}"));
        assert_eq!(shape(&identity(element, &[1, 1])), format!("x {kind} -> y {out}"));
    }
}

#[test]
fn several_inputs_are_put_together_in_order() {
    let concat = model(
        vec![value("b", FLOAT, &[OPEN, 2]), value("a", FLOAT, &[OPEN, 1])],
        vec![node("Concat", &["a", "b"], &["y"], vec![int("axis", 1)]), node("Neg", &["a"], &["z"], vec![])],
        vec![value("z", FLOAT, &[OPEN, 1]), value("y", FLOAT, &[OPEN, 3])],
    );
    assert_eq!(
        shape(&concat),
        "b_0 Float32?, b_1 Float32?, a Float32? -> z Float32, y_0 Float32, y_1 Float32, y_2 Float32"
    );
    let named = with(concat, "feature_names", r#"["left", "right", "top"]"#);
    let named = with(named, "class_labels", r#"["low", "high", 3]"#);
    assert_eq!(
        shape(&named),
        "left Float32?, right Float32?, top Float32? -> z Float32, y_low Float32, y_high Float32, y_3 Float32"
    );
    let column = |name: &str, values: [f32; 2]| NewColumn::of(name, values);
    let table =
        Table::new([column("left", [1.0, 2.0]), column("right", [3.0, 4.0]), column("top", [5.0, 6.0])]).unwrap();
    let expected = [("z", [-5.0, -6.0]), ("y_low", [5.0, 6.0]), ("y_high", [1.0, 2.0]), ("y_3", [3.0, 4.0])];
    let expected = Table::new(expected.map(|(name, values)| column(name, values))).unwrap();
    assert_eq!(run(&named, table, "{}").unwrap(), expected);
}

/// Weights that are listed as inputs too, as old exporters do, are no columns.
#[test]
fn weights_are_no_input() {
    let mut add = model(
        vec![value("x", FLOAT, &[OPEN, 2]), value("w", FLOAT, &[2])],
        vec![node("Add", &["x", "w"], &["y"], vec![])],
        vec![value("y", FLOAT, &[OPEN, 2])],
    );
    add.graph.as_mut().unwrap().initializer.push(weights("w", &[2], &[10.0, 20.0]));
    assert_eq!(shape(&add), "x_0 Float32?, x_1 Float32? -> y_0 Float32, y_1 Float32");
    let table = Table::new([NewColumn::of("x_0", [1.0_f32]), NewColumn::of("x_1", [2.0_f32])]).unwrap();
    let expected = Table::new([NewColumn::of("y_0", [11.0_f32]), NewColumn::of("y_1", [22.0_f32])]).unwrap();
    assert_eq!(run(&add, table, "{}").unwrap(), expected);
}

/// Sends two columns through a model that changes nothing, in batches and one by one.
fn comes_back<C: analyte_sdk::WriteCell + Clone>(element: i32, values: &[C]) {
    for rows in [OPEN, 1] {
        for count in [0, 1, 255, 256, 257, 600] {
            let cells = |shift: usize| values.iter().cycle().skip(shift).take(count).cloned().collect::<Vec<C>>();
            let columns =
                |one: &str, two: &str| Table::new([NewColumn::of(one, cells(0)), NewColumn::of(two, cells(1))]);
            let got = run(&identity(element, &[rows, 2]), columns("x_0", "x_1").unwrap(), "{}").unwrap();
            assert_eq!(got, columns("y_0", "y_1").unwrap(), "{element} {rows} {count}");
        }
    }
}

#[test]
fn values_of_every_type_come_back_as_they_were() {
    comes_back(FLOAT, &[0.0_f32, -0.0, 0.1, f32::MAX, f32::INFINITY, f32::MIN_POSITIVE / 2.0, 16_777_216.0]);
    comes_back(DOUBLE, &[0.1_f64, f64::MAX, 9_007_199_254_740_993.0, -1e-300]);
    comes_back(INT32, &[i32::MIN, -1, 0, i32::MAX]);
    comes_back(INT64, &[i64::MIN, -1, 0, 9_007_199_254_740_993, i64::MAX]);
    comes_back(BOOL, &[true, false, false]);
    comes_back(STRING, &["", "a", "žluťoučký", "two\nlines"]);
}

#[test]
fn sizes_stay_whole_numbers() {
    let to_long = one((FLOAT, &[OPEN]), "Cast", vec![int("to", i64::from(INT64))], (INT64, &[OPEN]));
    assert_eq!(shape(&to_long), "x Float32? -> y Int64");
    let got = run(&to_long, Table::new([NewColumn::of("x", [3.7_f32, -2.0])]).unwrap(), "{}").unwrap();
    assert_eq!(got.column_types().next().unwrap().kind, Kind::Int64);
    assert_eq!(got.column::<i64>("y").unwrap().values(), [3, -2]);
}
