//! Fitting a client's table to a model, judging a component's result, comparing results with what was expected.
#![expect(clippy::expect_used, reason = "tests")]

use std::sync::Arc;

use analyte_core::base_type::{BaseType, Kind};
use analyte_core::limits::Limits;
use analyte_core::model::Cardinality;
use analyte_core::shape::{Field, Rest, Shape};
use analyte_core::table::Table;
use analyte_core::table::check::{self, RawColumn};
use analyte_core::table::compare::differences;
use analyte_core::table::fit::fit;
use analyte_core::table::format::{Format, read, write};
use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array};

fn field(name: &str, base_type: BaseType, nullable: bool) -> Field {
    Field { nullable, ..Field::new(name, base_type) }
}

fn table(json: &str, shape: &Shape) -> Table {
    read(Format::Json, json.to_owned().into(), shape, &Limits::default()).expect(json).table
}

fn rows(table: &Table) -> String {
    let text = String::from_utf8(write(Format::Json, table).expect("JSON")).expect("UTF-8");
    let rows = text.split_once("\"rows\":").map_or("", |(_, rows)| rows);
    rows.strip_suffix('}').unwrap_or_default().replace('"', "'")
}

#[test]
fn declared_fields_come_first_and_in_order() {
    let shape = Shape {
        fields: vec![field("b", BaseType::Number, true), field("a", BaseType::Number, false)].into(),
        rest: Rest::Numeric,
    };
    let given = table(r#"[{"z":1,"a":2,"t":"x"}]"#, &Shape::any());
    let fitted = fit(&given, &shape, Cardinality::Any, &Limits::default()).expect("fits");
    assert_eq!(rows(&fitted.table), "[{'b':null,'a':2.0,'z':1.0}]");
    assert_eq!(fitted.warnings, ["column `t` is not used by this model and was dropped"]);
}

#[test]
fn what_is_required_must_be_there() {
    let shape = Shape::closed(vec![field("a", BaseType::Number, false), field("b", BaseType::String, false)]);
    let given = table(r#"[{"a":1},{"a":null},{}]"#, &shape);
    let error = fit(&given, &shape, Cardinality::Any, &Limits::default()).expect_err("incomplete");
    let problems: Vec<_> = error.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "field `a`, row 2: the field is required, and its value is missing",
            "field `a`, row 3: the field is required, and its value is missing",
            "field `b`: the field is required, and it is not there",
        ]
    );
    let error = fit(&given, &shape, Cardinality::OnexN, &Limits::default()).expect_err("three rows");
    assert_eq!(error.message, "the model's cardinality is 1xN: it takes exactly 1 row, and 3 were given");
}

#[test]
fn columns_from_elsewhere_are_widened_only_without_loss() {
    let whole = |values: Vec<i64>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
    let ints: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![0.5]));
    let exact = 1_i64 << 53;
    let cases: Vec<(BaseType, ArrayRef, BaseType, Result<&str, &str>)> = vec![
        (BaseType::Integer, Arc::clone(&ints), BaseType::Long, Ok("1")),
        (BaseType::Integer, ints, BaseType::Number, Ok("1.0")),
        (BaseType::Long, whole(vec![exact]), BaseType::Number, Ok("9007199254740992.0")),
        (
            BaseType::Long,
            whole(vec![exact + 1]),
            BaseType::Number,
            Err("field `x`, row 1: 9007199254740993 cannot be held exactly by a NUMBER"),
        ),
        (BaseType::Long, whole(vec![5]), BaseType::Datetime, Ok("5")),
        (
            BaseType::Datetime,
            whole(vec![5]),
            BaseType::Number,
            Err("field `x`: expected NUMBER, found a column of DATETIME"),
        ),
        (BaseType::Number, floats, BaseType::String, Err("field `x`: expected STRING, found a column of NUMBER")),
    ];
    for (from, column, to, expected) in cases {
        let given = Table::new(vec![Field::new("x", from)].into(), vec![column], 1).expect("a table");
        let shape = Shape::closed(vec![Field::new("x", to)]);
        let got = fit(&given, &shape, Cardinality::Any, &Limits::default());
        let got = got.map(|read| rows(&read.table)).map_err(|error| error.message);
        let expected = expected.map(|value| format!("[{{'x':{value}}}]")).map_err(str::to_owned);
        assert_eq!(got, expected, "{from} to {to}");
    }
}

fn raw(name: &str, base_type: BaseType, data: Vec<u8>) -> RawColumn {
    RawColumn { name: name.to_owned(), base_type, kind: base_type.kind(), validity: None, offsets: None, data }
}

fn text(name: &str, base_type: BaseType, offsets: &[i32], data: &[u8]) -> RawColumn {
    let offsets = offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect::<Vec<u8>>();
    RawColumn { offsets: Some(offsets), ..raw(name, base_type, data.to_vec()) }
}

#[test]
fn results_are_believed_only_to_the_byte() {
    let shape = Shape {
        fields: vec![field("n", BaseType::Number, false), field("t", BaseType::String, true)].into(),
        rest: Rest::Numeric,
    };
    let n = || raw("n", BaseType::Number, [1.0_f64, 2.0].iter().flat_map(|value| value.to_le_bytes()).collect());
    let t = || text("t", BaseType::String, &[0, 1, 3], "xü".as_bytes());
    let bits = |bytes: &[u8]| Some(bytes.to_vec());
    let added = || field("extra", BaseType::Integer, true);
    let extra = || raw("extra", BaseType::Integer, vec![0; 8]);
    let judge = |columns: Vec<RawColumn>, added: &[Field]| {
        check::table(2, columns, added.to_vec(), &shape, &Limits::default()).map(|table| rows(&table))
    };
    let good = "[{'n':1.0,'t':'x'},{'n':2.0,'t':'ü'}]".to_owned();
    assert_eq!(judge(vec![t(), n()], &[]), Ok(good));
    let with_extra = "[{'n':1.0,'t':'x','extra':0},{'n':2.0,'t':'ü','extra':0}]".to_owned();
    assert_eq!(judge(vec![extra(), n(), t()], &[added()]), Ok(with_extra));
    let missing = RawColumn { validity: bits(&[0b01]), ..t() };
    assert_eq!(judge(vec![n(), missing], &[]), Ok("[{'n':1.0,'t':'x'},{'n':2.0,'t':null}]".to_owned()));

    let wrong: Vec<(Vec<RawColumn>, Vec<Field>, &str)> = vec![
        (vec![n()], vec![], "column `t` is missing"),
        (vec![n(), t(), t()], vec![], "column `t` is given twice"),
        (
            vec![n(), t(), extra()],
            vec![],
            "column `extra` is neither declared in the output shape nor announced in `added`",
        ),
        (vec![n(), t()], vec![added()], "column `extra` is missing"),
        (vec![n(), t()], vec![field("n", BaseType::Number, true)], "added field `n` is declared or added already"),
        (
            vec![n(), t()],
            vec![field("s", BaseType::String, true)],
            "the output shape does not admit added field `s` of type STRING",
        ),
        (
            vec![n(), t()],
            vec![Field { kind: Kind::Utf8, ..field("s", BaseType::Number, true) }],
            "added field `s`: kind utf8 does not suit type NUMBER",
        ),
        (
            vec![raw("n", BaseType::Long, vec![0; 16]), t()],
            vec![],
            "column `n`: it is LONG in int64, and the shape says NUMBER in float64",
        ),
        (
            vec![raw("n", BaseType::Number, vec![0; 15]), t()],
            vec![],
            "column `n`: its data has 15 bytes, and 2 rows of float64 take 16",
        ),
        (
            vec![RawColumn { validity: bits(&[1, 1]), ..n() }, t()],
            vec![],
            "column `n`: its validity has 2 bytes, and 2 rows take 1",
        ),
        (
            vec![RawColumn { validity: bits(&[0b01]), ..n() }, t()],
            vec![],
            "column `n`: row 2: the value is missing, and the field is not nullable",
        ),
        (
            vec![RawColumn { offsets: bits(&[0; 12]), ..n() }, t()],
            vec![],
            "column `n`: a column of float64 has no offsets",
        ),
        (vec![n(), raw("t", BaseType::String, vec![])], vec![], "column `t`: a column of utf8 has offsets"),
        (
            vec![n(), text("t", BaseType::String, &[0, 1], b"x")],
            vec![],
            "column `t`: its offsets have 8 bytes, and 2 rows take 4 × (rows + 1)",
        ),
        (
            vec![n(), text("t", BaseType::String, &[1, 1, 1], b"x")],
            vec![],
            "column `t`: its first offset is 1, and it must be 0",
        ),
        (
            vec![n(), text("t", BaseType::String, &[0, 2, 1], b"x")],
            vec![],
            "column `t`: offset 2 is 1, less than the one before it, 2",
        ),
        (
            vec![n(), text("t", BaseType::String, &[0, 1, 1], b"xx")],
            vec![],
            "column `t`: its last offset is 1, and its data has 2 bytes",
        ),
    ];
    for (columns, added, message) in wrong {
        assert_eq!(judge(columns, &added), Err(message.to_owned()));
    }
    let split = judge(vec![n(), text("t", BaseType::String, &[0, 1, 2], "ü".as_bytes())], &[]).expect_err("split");
    assert!(split.starts_with("column `t`: "), "{split}");
    let limits = Limits { rows: 1, ..Limits::default() };
    let error = check::table(2, vec![n(), t()], Vec::new(), &shape, &limits).expect_err("rows");
    assert_eq!(error, "the table has 2 rows, and the limit rows is 1");
    let limits = Limits { table_bytes: 10, ..Limits::default() };
    let error = check::table(2, vec![n(), t()], Vec::new(), &shape, &limits).expect_err("bytes");
    assert_eq!(error, "the table takes 31 bytes, and the limit table_bytes is 10");
    assert!(check::table(u64::MAX, vec![n(), t()], Vec::new(), &shape, &Limits::default()).is_err());
}

#[test]
fn results_hold_json_where_they_say_so() {
    let shape = Shape::closed(vec![Field::new("j", BaseType::Json)]);
    let judge = |data: &str| {
        let end = i32::try_from(data.len()).expect("short");
        let column = text("j", BaseType::Json, &[0, end], data.as_bytes());
        check::table(1, vec![column], Vec::new(), &shape, &Limits::default()).map(|table| rows(&table))
    };
    assert_eq!(judge("{\"a\": 1}"), Ok("[{'j':{'a': 1}}]".to_owned()));
    assert!(judge("{\"a\": 1").is_err_and(|error| error.starts_with("column `j`: row 1: not JSON: ")));
    let deep = "[".repeat(65) + &"]".repeat(65);
    assert_eq!(judge(&deep), Err("column `j`: row 1: JSON nested deeper than 64 levels".to_owned()));
}

#[test]
fn tables_are_compared_with_tolerance() {
    let numbers = |values: Vec<Option<f64>>| {
        let rows = values.len();
        let column: ArrayRef = Arc::new(Float64Array::from(values));
        Table::new(vec![Field::new("x", BaseType::Number)].into(), vec![column], rows).expect("a table")
    };
    let inf = f64::INFINITY;
    let expected = numbers(vec![Some(100.0), Some(0.0), Some(f64::NAN), Some(inf), None]);
    let near = numbers(vec![Some(100.01), Some(1e-4), Some(f64::NAN), Some(inf), None]);
    assert_eq!(differences(&near, &expected, 1e-3), Vec::<String>::new());
    let far = numbers(vec![Some(101.0), Some(0.0), Some(1.0), Some(-inf), Some(0.0)]);
    assert_eq!(
        differences(&far, &expected, 1e-3),
        [
            "column `x`, row 1: 101.0, and expected was 100.0",
            "column `x`, row 3: 1.0, and expected was NaN",
            "column `x`, row 4: -inf, and expected was inf",
            "column `x`, row 5: 0.0, and expected was missing",
        ]
    );
    let other = table(r#"[{"y":1}]"#, &Shape::any());
    assert_eq!(
        differences(&other, &expected, 1.0),
        ["the columns are y, and expected were x", "there are 1 rows, and expected were 5"]
    );
}

#[test]
fn shapes_survive_as_json() {
    let shape = Shape {
        fields: vec![
            Field {
                kind: Kind::Float32,
                nullable: false,
                description: "kg".into(),
                extra: vec![("isPrimaryKey".to_owned(), "true".to_owned())],
                ..Field::new("x", BaseType::Number)
            },
            Field::new("a", BaseType::Json),
        ]
        .into(),
        rest: Rest::Numeric,
    };
    let text = serde_json::to_string(&shape).expect("JSON");
    assert_eq!(
        text,
        r#"{"fieldDefinitions":{"x":{"name":"x","baseType":"NUMBER","description":"kg","ordinal":0,"aspects":{"isRequired":true,"kind":"float32","isPrimaryKey":"true"}},"a":{"name":"a","baseType":"JSON","description":"","ordinal":1,"aspects":{}}},"rest":"numeric"}"#
    );
    assert_eq!(serde_json::from_str::<Shape>(&text).ok(), Some(shape.clone()));
    let value = serde_json::to_value(&shape).expect("a value");
    assert_eq!(serde_json::from_value::<Shape>(value).ok(), Some(shape));
    for wrong in [
        "{}",
        r#"{"fieldDefinitions":{"x":{}}}"#,
        r#"{"fieldDefinitions":{"x":{"name":"y","baseType":"NUMBER"}}}"#,
        r#"{"fieldDefinitions":{"x":{"baseType":"NUMBER","aspects":{"kind":"utf8"}}}}"#,
    ] {
        assert!(serde_json::from_str::<Shape>(wrong).is_err(), "{wrong}");
    }
}
