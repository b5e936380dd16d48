//! JSON in all its forms: what is taken, what is refused, and with which words.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

use analyte_core::base_type::{BaseType, Kind};
use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::model::Cardinality;
use analyte_core::shape::{Field, Rest, Shape};
use analyte_core::table::Table;
use analyte_core::table::fit::fit;
use analyte_core::table::format::{Format, Read, WriteError, read, write, write_within};
use analyte_core::table::problem::ReadError;

fn read_with(text: impl AsRef<[u8]>, shape: &Shape, limits: &Limits) -> Result<Read, ReadError> {
    read(Format::Json, text.as_ref().to_vec().into(), shape, limits)
}

fn read_any(text: impl AsRef<[u8]>) -> Result<Read, ReadError> {
    read_with(text, &Shape::any(), &Limits::default())
}

fn shape(fields: &[(&str, BaseType)], rest: Rest) -> Shape {
    Shape { fields: fields.iter().map(|(name, base_type)| Field::new(name, *base_type)).collect(), rest }
}

/// Columns as `name:TYPE`, then the rows as they are written.
fn shown(table: &Table) -> (String, String) {
    let names: Vec<_> = table.fields().iter().map(|field| format!("{}:{}", field.name, field.base_type)).collect();
    let text = String::from_utf8(write(Format::Json, table).unwrap_or_default()).unwrap_or_default();
    let rows = text.split_once("\"rows\":").map_or("", |(_, rows)| rows);
    (names.join(" "), rows.strip_suffix('}').unwrap_or_default().replace('"', "'"))
}

#[test]
fn every_form_gives_the_same_table() {
    let shape_json = r#"{"fieldDefinitions":{"b":{"name":"b","baseType":"STRING","ordinal":2},"a":{"name":"a","baseType":"NUMBER","ordinal":1}}}"#;
    let forms = [
        r#"[{"a":1,"b":"x"},{"b":null,"a":2.5}]"#.to_owned(),
        r#"{"rows":[{"a":1,"b":"x"},{"a":2.5}]}"#.to_owned(),
        r#"{"columns":{"a":[1,2.5],"b":["x",null]}}"#.to_owned(),
        format!(r#"{{"dataShape":{shape_json},"rows":[{{"b":"x","a":1}},{{"a":2.5}}]}}"#),
        format!(r#"{{"rows":[{{"b":"x","a":1}},{{"a":2.5}}],"dataShape":{shape_json}}}"#),
        format!(
            r#"{{"columns":{{"b":["x",null],"a":[1,2.5]}},"name":"other members are ignored","dataShape":{shape_json}}}"#
        ),
        "{\"rows\":[{\"\\u0061\":1,\"b\":\"\\u0078\"},\n\t{\"a\":25e-1}]}".to_owned(),
    ];
    let expected = ("a:NUMBER b:STRING".to_owned(), "[{'a':1.0,'b':'x'},{'a':2.5,'b':null}]".to_owned());
    for form in forms {
        let read = read_any(&form).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(shown(&read.table), expected, "{form}");
    }
}

#[test]
fn undeclared_columns_are_typed_by_all_their_values() {
    let cases = [
        (r#"[{"x":1},{"x":null},{"x":-2e3}]"#, "x:NUMBER", "[{'x':1.0},{'x':null},{'x':-2000.0}]"),
        (r#"[{},{"x":null},{"x":true}]"#, "x:BOOLEAN", "[{'x':null},{'x':null},{'x':true}]"),
        (r#"[{"x":""}]"#, "x:STRING", "[{'x':''}]"),
        (r#"[{"x":{ "a" : [1, 2] }},{"x":[]}]"#, "x:JSON", "[{'x':{'a':[1,2]}},{'x':[]}]"),
        (r#"[{"x":null},{"x":null}]"#, "x:STRING", "[{'x':null},{'x':null}]"),
        ("[{},{}]", "", "[{},{}]"),
        ("[]", "", "[]"),
        (r#"{"columns":{}}"#, "", "[]"),
        (r#"{"columns":{"x":[]}}"#, "x:STRING", "[]"),
    ];
    for (text, fields, rows) in cases {
        let read = read_any(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(shown(&read.table), (fields.to_owned(), rows.to_owned()), "{text}");
    }
}

#[test]
fn declared_fields_take_what_their_type_takes() {
    use BaseType as B;
    let cases = [
        (B::Number, "1e400x", None),
        (B::Number, "0.1", Some("0.1")),
        (B::Integer, "-2147483648", Some("-2147483648")),
        (B::Integer, "3.0", Some("3")),
        (B::Long, "9223372036854775807", Some("9223372036854775807")),
        (B::Long, "1e3", Some("1000")),
        (B::Boolean, "false", Some("false")),
        (B::Datetime, "1634630768641", Some("1634630768641")),
        (B::Datetime, "\"2021-10-19T10:06:08.641+02:00\"", Some("1634630768641")),
        (B::Timespan, "-5", Some("-5")),
        (B::String, "\"\\u00e4\\ud83d\\ude00\"", Some("'ä😀'")),
        (B::Blob, "\"AAEC\"", Some("'AAEC'")),
        (B::Json, "{ \"a\": 12345678901234567890123 }", Some("{'a':12345678901234567890123}")),
        (B::Variant, "\"text\"", Some("'text'")),
        (B::Location, "{\"latitude\": 1}", Some("{'latitude':1}")),
        (B::Location, "\"1.5, 2,3\"", Some("{'elevation':3.0,'latitude':1.5,'longitude':2.0}")),
        (B::Guid, "\"g\"", Some("'g'")),
    ];
    for (base_type, value, expected) in cases {
        let read =
            read_with(format!(r#"[{{"x":{value}}}]"#), &shape(&[("x", base_type)], Rest::None), &Limits::default());
        let got = read.ok().map(|read| shown(&read.table).1);
        assert_eq!(got, expected.map(|value| format!("[{{'x':{value}}}]")), "{base_type} {value}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_field_and_row() {
    use BaseType as B;
    let cases: &[(B, &str, &str)] = &[
        (B::Number, r#""12""#, "field `x`, row 2: expected NUMBER (a number), found the string \"12\""),
        (B::Number, "true", "field `x`, row 2: expected NUMBER (a number), found the boolean true"),
        (B::Number, "[1]", "field `x`, row 2: expected NUMBER (a number), found an array"),
        (B::Number, "{}", "field `x`, row 2: expected NUMBER (a number), found an object"),
        (B::Boolean, "1", "field `x`, row 2: expected BOOLEAN (true or false), found the number 1"),
        (B::String, "1.5", "field `x`, row 2: expected STRING (a string), found the number 1.5"),
        (
            B::Integer,
            "2147483648",
            "field `x`, row 2: expected INTEGER (a whole number from -2147483648 to 2147483647), found the number 2147483648",
        ),
        (
            B::Integer,
            "1.5",
            "field `x`, row 2: expected INTEGER (a whole number from -2147483648 to 2147483647), found the number 1.5",
        ),
        (
            B::Long,
            "9223372036854775808",
            "field `x`, row 2: expected LONG (a whole number from -9223372036854775808 to 9223372036854775807), found the number 9223372036854775808",
        ),
        (
            B::Long,
            "18446744073709551616",
            "field `x`, row 2: expected LONG (a whole number from -9223372036854775808 to 9223372036854775807), found the number 18446744073709552000",
        ),
        (B::Blob, r#""*""#, "field `x`, row 2: expected BLOB (a base64 string), found the string \"*\""),
        (
            B::Datetime,
            r#""yesterday""#,
            "field `x`, row 2: expected DATETIME (whole milliseconds since 1970 or a time such as \"2026-01-31T08:00:00Z\"), found the string \"yesterday\"",
        ),
    ];
    for (base_type, value, message) in cases {
        for text in [format!(r#"[{{"x":null}},{{"x":{value}}}]"#), format!(r#"{{"columns":{{"x":[null,{value}]}}}}"#)] {
            let error = read_with(&text, &shape(&[("x", *base_type)], Rest::None), &Limits::default());
            let error = error.err().unwrap_or_else(|| panic!("{text} was taken"));
            assert_eq!((error.code, error.message.as_str()), (Code::InvalidInput, *message), "{text}");
        }
    }
}

#[test]
fn documents_that_are_no_tables_are_distinguished_from_those_that_are_no_json() {
    let deep = "[".repeat(100_000);
    let deep_cell = format!(r#"[{{"x":{}1{}}}]"#, "[".repeat(100), "]".repeat(100));
    let deep_other = format!(r#"{{"rows":[],"other":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let malformed: &[&[u8]] = &[
        b"",
        b" ",
        b"{",
        b"[{]",
        b"[{\"x\":NaN}]",
        b"[{\"x\":Infinity}]",
        b"[{\"x\":01}]",
        b"[{\"x\":1}] x",
        b"[{\"x\":1},]",
        b"[{\"x\":\"\xff\"}]",
        b"[{\"\xc3\x28\":1}]",
        b"\xef\xbb",
        b"[{\"x\":\"a\nb\"}]",
        deep.as_bytes(),
        deep_cell.as_bytes(),
        deep_other.as_bytes(),
        b"{\"rows\":[{\"x\":1}",
    ];
    for text in malformed {
        let error = read_any(text).expect_err("malformed");
        assert_eq!(error.code, Code::Malformed, "{}: {error}", String::from_utf8_lossy(text.get(..40).unwrap_or(text)));
    }
    let invalid = [
        (
            "5",
            "invalid type: integer `5`, expected a table: an object with `rows` or `columns`, or an array of row objects at line 1 column 1",
        ),
        ("{}", "a table has `rows` or `columns`, and neither is given"),
        (r#"{"rows":[],"columns":{}}"#, "a table has either `rows` or `columns`, and both are given"),
        (r#"{"rows":[],"rows":[]}"#, "`rows` is given twice"),
        (r#"{"dataShape":null,"dataShape":null,"rows":[]}"#, "`dataShape` is given twice"),
        (
            r#"{"dataShape":{"fieldDefinitions":{"a":{"baseType":"NUMBER"},"a":{"baseType":"NUMBER"}}},"rows":[]}"#,
            "`dataShape`: field `a` is defined twice at line 1 column 73",
        ),
        (r#"[{"x":1},5]"#, "row 2: expected an object of values by field name, found a number"),
        ("[[1]]", "row 1: expected an object of values by field name, found an array"),
        (r#"[{"x":1,"x":2}]"#, "field `x`, row 1: the key is given twice"),
        (
            r#"[{"x":1},{"x":"a"},{"x":true}]"#,
            "field `x`, row 2: a mixture: the values before are numbers, and here is the string \"a\" (and 1 more problem)",
        ),
        (
            r#"[{"x":[1]},{"x":1}]"#,
            "field `x`, row 2: a mixture: the values before are objects or arrays, and here is the number 1",
        ),
        (r#"{"columns":{"x":[1],"y":[1,2]}}"#, "field `y`: the column has 2 values, and column `x` has 1"),
        (r#"{"columns":{"x":[1],"x":[1]}}"#, "field `x`: the column is given twice"),
        (r#"[{"x":1e999}]"#, "field `x`, row 1: a number beyond float64, or text that is not Unicode"),
        (r#"[{"x":"\ud800"}]"#, "field `x`, row 1: a number beyond float64, or text that is not Unicode"),
        (r#"{"columns":{"x":5}}"#, "field `x`: expected an array of values, found a number"),
    ];
    for (text, message) in invalid {
        let error = read_any(text).expect_err(text);
        assert_eq!((error.code, error.message.as_str()), (Code::InvalidInput, message), "{text}");
    }
}

#[test]
fn a_shape_after_the_values_explains_them() {
    let text = r#"{"rows":[{"x":1,"when":"2026-01-31T08:00:00Z"},{"x":"a","when":5}],
        "dataShape":{"fieldDefinitions":{"x":{"baseType":"VARIANT","ordinal":0},"when":{"baseType":"DATETIME","ordinal":1}}}}"#;
    let read = read_any(text).expect("a table");
    let rows = "[{'x':1,'when':1769846400000},{'x':'a','when':5}]";
    assert_eq!(shown(&read.table), ("x:VARIANT when:DATETIME".to_owned(), rows.to_owned()));
}

#[test]
fn columns_that_nobody_wants_are_dropped_with_a_warning() {
    let text = r#"[{"a":1,"note":"x","b":2,"deep":{"y":[1]}},{"note":5}]"#;
    let closed = shape(&[("a", BaseType::Number)], Rest::None);
    let read = read_with(text, &closed, &Limits::default()).expect("a table");
    assert_eq!(shown(&read.table), ("a:NUMBER".to_owned(), "[{'a':1.0},{'a':null}]".to_owned()));
    assert_eq!(
        read.warnings,
        ["note", "b", "deep"].map(|name| format!("column `{name}` is not used by this model and was dropped"))
    );
    let numeric = shape(&[("a", BaseType::Number)], Rest::Numeric);
    let read = read_with(r#"[{"t":"x","a":1,"b":2}]"#, &numeric, &Limits::default()).expect("a table");
    assert_eq!(shown(&read.table), ("a:NUMBER b:NUMBER".to_owned(), "[{'a':1.0,'b':2.0}]".to_owned()));
    assert_eq!(read.warnings, ["column `t` is not used by this model and was dropped"]);
}

#[test]
fn limits_hold_while_reading() {
    let limits = Limits { rows: 3, columns: 2, field_name_bytes: 4, table_bytes: 100, ..Limits::default() };
    let cases = [
        ("[{},{},{},{}]", "the table has more rows than the limit rows, 3"),
        (r#"{"columns":{"x":[1,2,3,4]}}"#, "the table has more rows than the limit rows, 3"),
        (r#"[{"a":1,"b":1,"c":1}]"#, "the table has more columns than the limit columns, 2"),
        (r#"[{"abcde":1}]"#, "the name of a field, `abcde`, is longer than the limit field_name_bytes, 4"),
    ];
    for (text, message) in cases {
        assert_eq!(read_with(text, &Shape::any(), &limits).expect_err(text).message, message, "{text}");
    }
    // What a column says of itself counts without what has a name of its own; the 64th is the last.
    let aspects = |count: usize| {
        let aspects: Vec<_> = (0..count).map(|at| format!("\"aspect{at}\":{at}")).collect();
        format!(
            r#"{{"dataShape":{{"fieldDefinitions":{{"x":{{"baseType":"NUMBER","description":"one","aspects":{{"isRequired":true,"kind":"float64",{}}}}}}}}},"rows":[{{"x":1}}]}}"#,
            aspects.join(",")
        )
    };
    let aspects_of = |table: &Table| table.fields().first().map(|field| field.extra.len());
    let given = read_any(aspects(64)).expect("a table").table;
    assert_eq!(aspects_of(&given), Some(64));
    let error = read_any(aspects(65)).expect_err("too many");
    assert_eq!(error.code, Code::InvalidInput);
    let message = error.message.split(" at line").next();
    assert_eq!(message, Some("`dataShape`: field `x` has more aspects than the limit field_aspects, 64"));
    // What was let in once is read again.
    let record = serde_json::from_str::<Table>(&aspects(65)).expect("a record");
    assert_eq!(aspects_of(&record), Some(65));
    let arrow = write(Format::Arrow, &record).expect("Arrow");
    let error = read(Format::Arrow, arrow.into(), &Shape::any(), &Limits::default()).expect_err("too many");
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::InvalidInput, "field `x`: the column has more aspects than the limit field_aspects, 64")
    );
    let arrow = write(Format::Arrow, &given).expect("Arrow");
    let again = read(Format::Arrow, arrow.into(), &Shape::any(), &Limits::default()).expect("a table");
    assert_eq!(aspects_of(&again.table), Some(64));
    // A few bytes for each row would otherwise stand for thousands of missing values.
    let names: Vec<_> = (0..1_000).map(|at| format!("\"c{at}\":1")).collect();
    let sparse = format!("[{{{}}}{}]", names.join(","), ",{}".repeat(1_000));
    let limits = Limits { table_bytes: 1_000_000, ..Limits::default() };
    let error = read_with(&sparse, &Shape::any(), &limits).expect_err("too large");
    assert_eq!(error.message, "the table takes more memory than the limit table_bytes, 1000000");
}

#[test]
fn what_was_sent_bounds_the_table() {
    // 300 KB that declare or name 10,000 columns and then give rows of nothing: 80 KB of memory for each row.
    let names: Vec<_> = (0..10_000).map(|at| format!("c{at}")).collect();
    let keys: Vec<_> = names.iter().map(|name| format!("\"{name}\":1")).collect();
    let first = format!("[{{{}}}{}]", keys.join(","), ",{}".repeat(66_000));
    let last = format!("[{}{{{}}}]", "{},".repeat(66_000), keys.join(","));
    for sent in [first, last] {
        let message = format!(
            "{} bytes stand for a table that takes more than 67108864 bytes of memory, nearly all of it missing values; \
             leave out the columns and rows that hold none",
            sent.len()
        );
        assert_eq!(read_any(&sent).expect_err("too large").message, message);
    }
    // The same where the model declares the columns.
    let declared: Vec<_> = names.iter().map(|name| (name.as_str(), BaseType::Number)).collect();
    let declared = shape(&declared, Rest::None);
    let rows = read_with(format!("[{}{{}}]", "{},".repeat(100_000)), &declared, &Limits::default()).expect("rows");
    let error = fit(&rows.table, &declared, Cardinality::Any, &Limits::default()).expect_err("too large");
    assert!(error.message.contains("takes more than 67108864 bytes of memory"), "{error}");
    // Columns that hold something in one row of eight are far from the bound.
    let keys: Vec<_> = (0..400).map(|at| format!("\"c{at}\":1.5")).collect();
    let rows = format!("{{{}}}{}", keys.join(","), ",{}".repeat(7));
    let sent = format!("[{}]", vec![rows; 4_000].join(","));
    assert_eq!(read_any(&sent).expect("a table").table.rows(), 32_000);
}

#[test]
fn a_table_is_written_within_a_number_of_bytes() {
    let text = r#"[{"flag":true,"x":1.5,"text":"a\u0001\"","json":{"a":1}},{"flag":false},{"x":2,"text":"long"}]"#;
    let table = read_any(text).expect("a table").table;
    for format in Format::ALL {
        let whole = write(format, &table).expect("written");
        let size = whole.len() as u64;
        assert_eq!(write_within(format, &table, size).as_ref(), Ok(&whole), "{format:?}");
        for most in 0..size {
            let error = write_within(format, &table, most).expect_err("too large");
            assert_eq!(error, WriteError::TooLarge { most }, "{format:?}");
        }
    }
    // Two thousand million cells are refused without being written first.
    let rows = 200_000_000;
    let bits = arrow_array::BooleanArray::new(arrow_buffer::BooleanBuffer::new_unset(rows), None);
    let bits: arrow_array::ArrayRef = std::sync::Arc::new(bits);
    let columns = std::iter::repeat_n(bits, 10).collect();
    let fields: Vec<_> = (0..10).map(|at| Field::new(&format!("c{at}"), BaseType::Boolean)).collect();
    let table = Table::new(fields.into(), columns, rows).expect("a table");
    for format in [Format::Json, Format::JsonColumns, Format::Csv] {
        assert_eq!(write(format, &table), Err(WriteError::TooLarge { most: 1_073_741_824 }), "{format:?}");
    }
}

#[test]
fn long_texts_and_many_problems_are_taken_in_stride() {
    let long = "x".repeat(10_000_000);
    let read = read_any(format!(r#"[{{"x":"{long}"}}]"#)).expect("a table");
    assert_eq!(read.table.rows(), 1);
    let bad = format!("[{}]", vec![r#"{"x":true}"#; 1_000].join(","));
    let error = read_with(&bad, &shape(&[("x", BaseType::Number)], Rest::None), &Limits::default()).expect_err("bad");
    assert_eq!(error.problems.len(), 20);
    assert!(error.message.ends_with("(and at least 19 more problems)"), "{error}");
}

#[test]
fn float32_is_rounded_where_the_shape_says_so() {
    let field = Field { kind: Kind::Float32, ..Field::new("x", BaseType::Number) };
    let read = read_with("[{\"x\":0.1}]", &Shape::closed(vec![field.clone()]), &Limits::default()).expect("a table");
    assert_eq!(shown(&read.table).1, "[{'x':0.1}]");
    assert!(read_with("[{\"x\":1e300}]", &Shape::closed(vec![field]), &Limits::default()).is_err());
}
