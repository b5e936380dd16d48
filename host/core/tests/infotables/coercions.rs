//! What each base type takes and what becomes of it, as table cells and as single values; what is refused.

use analyte_core::base_type::BaseType::{self, *};
use analyte_core::codes::Code;
use analyte_core::infotable::{self, Cell};
use analyte_core::limits::Limits;
use analyte_core::shape::Shape;
use serde_json::{Value, json};

use crate::{read, rows, shape, shown};

/// A value under a declared shape, in both layouts, under a shape of the document's own, and by itself.
fn every_way(base_type: BaseType, given: &str) -> [Result<Value, std::string::String>; 4] {
    let row = format!(r#"[{{"x":{given}}}]"#);
    let column = format!(r#"{{"columns":{{"x":[{given}]}}}}"#);
    let own = format!(
        r#"{{"dataShape":{{"fieldDefinitions":{{"x":{{"name":"x","baseType":"{base_type}"}}}}}},"rows":{row}}}"#
    );
    let in_table = |text: &str, shape: &Shape| {
        let read = read(text, shape).map_err(|error| {
            assert_eq!(error.code, Code::InvalidInput, "{text}");
            error.message.strip_prefix("field `x`, row 1: ").unwrap_or(&error.message).to_owned()
        })?;
        let rows = rows(&read.table);
        Ok(rows.get(0).and_then(|row| row.get("x")).cloned().unwrap_or_default())
    };
    let alone = || {
        let cell = infotable::read_value(base_type, given, &Limits::default())?;
        Ok(cell.map_or(Value::Null, |cell| serde_json::from_str(&cell.to_json()).expect("JSON")))
    };
    let declared = shape(&[("x", base_type)]);
    [in_table(&row, &declared), in_table(&column, &declared), in_table(&own, &Shape::any()), alone()]
}

fn become_of(cases: &[(BaseType, &str, Value)]) {
    for (base_type, given, expected) in cases {
        for got in every_way(*base_type, given) {
            assert_eq!(got.as_ref(), Ok(expected), "{base_type} {given}");
        }
    }
}

#[test]
fn numbers_and_texts_stand_for_one_another() {
    become_of(&[
        (Number, "35", json!(35.0)),
        (Number, r#""35""#, json!(35.0)),
        (Number, r#"" -1.5\t""#, json!(-1.5)),
        (Number, r#""1e3""#, json!(1000.0)),
        (Number, r#""+.5E-1""#, json!(0.05)),
        (Number, r#""0.1""#, json!(0.1)),
        (Integer, r#""35""#, json!(35)),
        (Integer, r#"" 35 ""#, json!(35)),
        (Integer, "2.9", json!(2)),
        (Integer, "-2.9", json!(-2)),
        (Integer, r#""-2.9""#, json!(-2)),
        (Integer, r#""1e3""#, json!(1000)),
        (Integer, r#""-2147483648""#, json!(-2_147_483_648_i64)),
        (Integer, "2147483647.9", json!(2_147_483_647)),
        (Long, r#""9223372036854775807""#, json!(i64::MAX)),
        (Long, "9223372036854775807", json!(i64::MAX)),
        (Long, "-9223372036854775808", json!(i64::MIN)),
        (Long, r#""4503599627370497.5""#, json!(4_503_599_627_370_497_i64)),
        (Timespan, "1500", json!(1500)),
        (Timespan, r#""-1500""#, json!(-1500)),
        (String, "35", json!("35")),
        (String, "-1.50", json!("-1.5")),
        (String, "3.0", json!("3.0")),
        (String, "18446744073709551615", json!("18446744073709551615")),
        (String, "true", json!("true")),
        (String, r#""""#, json!("")),
        (String, r#"" kept ""#, json!(" kept ")),
        (Text, "false", json!("false")),
        (EntityName, "5", json!("5")),
        (Guid, r#""00000000-0000-0000-0000-000000000000""#, json!("00000000-0000-0000-0000-000000000000")),
        (Vec3, r#""1.0,2.0,3.0""#, json!("1.0,2.0,3.0")),
        (Schedule, r#""0 0/15 * * * ?""#, json!("0 0/15 * * * ?")),
        (Password, r#""x""#, json!("x")),
        (Blob, r#""AAEC""#, json!("AAEC")),
        (Blob, r#"" AAEC\r\nAw==\n""#, json!("AAECAw==")),
        (Image, r#""AA""#, json!("AA==")),
    ]);
}

/// Trap 9 of the specification, and what surrounds it.
#[test]
fn trap_9_words_and_numbers_for_booleans() {
    become_of(&[
        (Boolean, r#""x""#, json!(false)),
        (Boolean, r#""2""#, json!(true)),
        (Boolean, "true", json!(true)),
        (Boolean, "false", json!(false)),
        (Boolean, r#""true""#, json!(true)),
        (Boolean, r#""TrUe""#, json!(true)),
        (Boolean, r#""yes""#, json!(false)),
        (Boolean, r#""""#, json!(false)),
        (Boolean, r#""NaN""#, json!(false)),
        (Boolean, "0", json!(false)),
        (Boolean, "-0.0", json!(false)),
        (Boolean, "0.5", json!(true)),
        (Boolean, "-1", json!(true)),
        (Boolean, r#""0""#, json!(false)),
        (Boolean, r#""0.0""#, json!(false)),
        (Boolean, r#""-0e5""#, json!(false)),
        (Boolean, r#""1e999""#, json!(true)),
    ]);
}

/// Trap 8 of the specification: out is an integer; in is an integer, a digit string or ISO 8601.
#[test]
fn trap_8_three_forms_of_a_time() {
    become_of(&[
        (Datetime, "1634630768641", json!(1_634_630_768_641_i64)),
        (Datetime, "1634630768641.0", json!(1_634_630_768_641_i64)),
        (Datetime, "-1", json!(-1)),
        (Datetime, r#""1634630768641""#, json!(1_634_630_768_641_i64)),
        (Datetime, r#""-86400000""#, json!(-86_400_000)),
        (Datetime, r#""2021-10-19T08:06:08.641Z""#, json!(1_634_630_768_641_i64)),
        (Datetime, r#""2021-10-19T10:06:08.641+02:00""#, json!(1_634_630_768_641_i64)),
        (Datetime, r#""2021-10-19T08:06:08.641""#, json!(1_634_630_768_641_i64)),
        (Datetime, r#""2021-10-19""#, json!(1_634_601_600_000_i64)),
        (Datetime, r#""2021-W42-2""#, json!(1_634_601_600_000_i64)),
        (Datetime, r#""2021-292""#, json!(1_634_601_600_000_i64)),
    ]);
}

#[test]
fn structured_values_come_into_one_form() {
    let boxed = json!({"array": [1, {"a": null}]});
    let tag = json!([{"vocabulary": "Plant", "vocabularyTerm": "North: 2"}]);
    let two = json!([{"vocabulary": "A", "vocabularyTerm": "b"}, {"vocabulary": "C", "vocabularyTerm": "d"}]);
    let query = json!({"filters": {"type": "EQ", "fieldName": "a", "value": 1}});
    become_of(&[
        (Location, r#"{"latitude":1,"longitude":-2.5}"#, json!({"latitude": 1, "longitude": -2.5})),
        (Location, r#""1.5, 2,3""#, json!({"latitude": 1.5, "longitude": 2.0, "elevation": 3.0})),
        (Location, r#""1.5,2""#, json!({"latitude": 1.5, "longitude": 2.0, "elevation": 0.0})),
        (Json, r#"{"array":[1,{"a":null}]}"#, boxed),
        (Json, "[1, 2]", json!([1, 2])),
        (Json, "5", json!(5)),
        (Json, r#""{\"a\":1}""#, json!("{\"a\":1}")),
        (Tags, r#"[{"vocabulary":"Plant","vocabularyTerm":"North: 2"}]"#, tag.clone()),
        (Tags, r#""Plant:North: 2""#, tag),
        (Tags, r#""A:b, C : d""#, two.clone()),
        (Tags, r#""A:b;C:d;""#, two.clone()),
        (Tags, r#"["A:b",{"vocabulary":"C","vocabularyTerm":"d"}]"#, two),
        (Tags, "[]", json!([])),
        (Tags, r#""""#, json!([])),
        (Query, &query.to_string(), query.clone()),
        (Query, &Value::from(query.to_string()).to_string(), query),
        (Query, r#""  ""#, Value::Null),
        (Variant, "5", json!(5)),
        (Variant, r#""5""#, json!("5")),
        (Variant, "[1]", json!([1])),
        (Variant, r#"{"a":1}"#, json!({"a": 1})),
        (Variant, r#"{"baseType":"NUMBER","value":"35"}"#, json!(35.0)),
        (Variant, r#"{"value":"2021-10-19","baseType":"DATETIME"}"#, json!(1_634_601_600_000_i64)),
        (Variant, r#"{"baseType":"BOOLEAN","value":"x"}"#, json!(false)),
        (Variant, r#"{"baseType":"NONESUCH","value":5}"#, json!("5")),
        (Variant, r#"{"baseType":"VARIANT","value":{"baseType":"LONG","value":"1"}}"#, json!(1)),
        (Variant, r#"{"baseType":"STRING","value":null}"#, Value::Null),
        (
            Variant,
            r#"{"baseType":"NUMBER","value":1,"unit":"kg"}"#,
            json!({"baseType": "NUMBER", "value": 1, "unit": "kg"}),
        ),
    ]);
}

#[test]
fn nested_tables_are_read_by_the_same_rules_to_any_depth() {
    let inner = |rows: &str| {
        format!(
            r#"{{"dataShape":{{"fieldDefinitions":{{"when":{{"baseType":"DATETIME"}},"who":{{"baseType":"USERNAME","ordinal":7}}}}}},"rows":{rows}}}"#
        )
    };
    let given = format!(
        r#"{{"dataShape":{{"fieldDefinitions":{{"t":{{"baseType":"INFOTABLE","aspects":{{"dataShape":"Inner"}}}}}}}},"rows":[{{"t":{}}},{{"t":null}},{{}}]}}"#,
        inner(r#"[{"when":"1970-01-02","who":"ann"},{"when":"5","who":null}]"#)
    );
    let definition = |name: &str, base_type: &str, ordinal: u32| json!({"name": name, "baseType": base_type, "description": "", "ordinal": ordinal, "aspects": {}});
    let innermost = json!({
        "dataShape": {"fieldDefinitions": {"who": definition("who", "USERNAME", 0), "when": definition("when", "DATETIME", 1)}},
        "rows": [{"when": 86_400_000, "who": "ann"}, {"when": 5}],
    });
    let mut middle = definition("t", "INFOTABLE", 0);
    middle.as_object_mut().expect("an object").insert("aspects".to_owned(), json!({"dataShape": "Inner"}));
    let expected = json!({"dataShape": {"fieldDefinitions": {"t": middle}}, "rows": [{"t": innermost}, {}, {}]});
    become_of(&[
        (Infotable, &given, expected),
        (
            Infotable,
            r#"[{"a":true}]"#,
            json!({"dataShape": {"fieldDefinitions": {"a": definition("a", "BOOLEAN", 0)}}, "rows": [{"a": true}]}),
        ),
        (Infotable, r#"{"rows":[]}"#, json!({"dataShape": {"fieldDefinitions": {}}, "rows": []})),
    ]);
}

#[test]
fn null_and_absent_are_unset_for_every_base_type() {
    for base_type in BaseType::ALL {
        for got in every_way(*base_type, "null") {
            assert_eq!(got, Ok(Value::Null), "{base_type}");
        }
        let shape = shape(&[("x", *base_type), ("y", Boolean)]);
        let table = read(r#"[{"x":null,"y":true},{"y":true},{}]"#, &shape).expect("a table").table;
        let (_, column) = table.column("x").expect("the column");
        assert_eq!((column.len(), column.null_count()), (3, 3), "{base_type}");
        assert_eq!(rows(&table), json!([{"y": true}, {"y": true}, {}]), "{base_type}");
    }
}

#[test]
fn what_no_rule_covers_is_refused_in_these_words() {
    let number = "expected NUMBER (a number or a numeric string), found ";
    let integer = "expected INTEGER (a number from -2147483648 to 2147483647, or a string of it), found ";
    let long = "expected LONG (a number from -9223372036854775808 to 9223372036854775807, or a string of it), found ";
    let boolean = "expected BOOLEAN (a boolean, a string or a number), found ";
    let string = "expected STRING (a string, a number or a boolean), found ";
    let datetime = "expected DATETIME (milliseconds since 1970, a string of them, or a time such as \"2026-01-31T08:00:00Z\"), found ";
    let location =
        "expected LOCATION (an object with latitude and longitude, or \"latitude,longitude,elevation\"), found ";
    let tags = "expected TAGS (an array of {vocabulary, vocabularyTerm}, or \"Vocabulary:Term\"), found ";
    let table = "expected INFOTABLE (a table, an object with dataShape and rows), found ";
    let query = "expected QUERY (an object, or a string of it), found ";
    let cases = [
        (Number, r#""NaN""#, number, "the string \"NaN\""),
        (Number, r#""Infinity""#, number, "the string \"Infinity\""),
        (Number, r#""1e999""#, number, "the string \"1e999\""),
        (Number, r#""""#, number, "the string \"\""),
        (Number, r#""1,5""#, number, "the string \"1,5\""),
        (Number, "true", number, "the boolean true"),
        (Number, "[]", number, "an array"),
        (Integer, "2147483648", integer, "the number 2147483648"),
        (Integer, r#""2147483648""#, integer, "the string \"2147483648\""),
        (Integer, r#""x""#, integer, "the string \"x\""),
        (Integer, "true", integer, "the boolean true"),
        (Long, "9223372036854775808", long, "the number 9223372036854775808"),
        (Long, r#""1e19""#, long, "the string \"1e19\""),
        (Boolean, "{}", boolean, "an object"),
        (Boolean, "[true]", boolean, "an array"),
        (String, r#"{"dataShape":{"fieldDefinitions":{}},"rows":[]}"#, string, "an object"),
        (String, "[]", string, "an array"),
        (Datetime, r#""yesterday""#, datetime, "the string \"yesterday\""),
        (Datetime, r#""2026-02-30""#, datetime, "the string \"2026-02-30\""),
        (Datetime, "true", datetime, "the boolean true"),
        (Timespan, r#""1h""#, "expected TIMESPAN (milliseconds, or a string of them), found ", "the string \"1h\""),
        (Location, r#""here""#, location, "the string \"here\""),
        (Location, "[1,2]", location, "an array"),
        (Tags, r#""term""#, tags, "the string \"term\""),
        (Tags, r#"[{"vocabulary":"A"}]"#, tags, "an array"),
        (Tags, "{}", tags, "an object"),
        (Infotable, r#""table""#, table, "the string \"table\""),
        (Infotable, "5", table, "the number 5"),
        (Infotable, "{}", "the table within: ", "a table has `rows` or `columns`, and neither is given"),
        (
            Infotable,
            r#"{"dataShape":{"fieldDefinitions":{"n":{"baseType":"NUMBER"}}},"rows":[{"n":1},{"n":"x"}]}"#,
            "the table within: field `n`, row 2: ",
            "expected NUMBER (a number or a numeric string), found the string \"x\"",
        ),
        (Query, "[]", query, "an array"),
        (Query, r#""[]""#, query, "the string \"[]\""),
        (Query, r#""{""#, "the query within the string: not JSON: ", "EOF while parsing an object at line 1 column 1"),
        (Variant, r#"{"baseType":"NUMBER","value":"x"}"#, "the value within: ", &format!("{number}the string \"x\"")),
        (Blob, r#""*""#, "expected BLOB (a base64 string), found ", "the string \"*\""),
        (Image, "5", "expected IMAGE (a base64 string), found ", "the number 5"),
    ];
    for (base_type, given, before, found) in cases {
        for got in every_way(base_type, given) {
            assert_eq!(got, Err(format!("{before}{found}")), "{base_type} {given}");
        }
    }
    // A text field takes numbers and booleans, and nothing else that is not text.
    for base_type in BaseType::ALL.iter().filter(|one| one.kind() == String.kind() && !one.is_json_text()) {
        assert_eq!(infotable::value(*base_type, &json!(1.5)), Ok(Some(Cell::Text("1.5".to_owned()))));
        let message = format!("expected {base_type} (a string, a number or a boolean), found an object");
        assert_eq!(infotable::value(*base_type, &json!({})), Err(message));
    }
}

#[test]
fn single_values_have_the_type_that_their_base_type_calls_for() {
    let cases = [
        (Number, json!("35"), Some(Cell::Number(35.0))),
        (Integer, json!("35"), Some(Cell::Int(35))),
        (Long, json!(35), Some(Cell::Int(35))),
        (Datetime, json!("1970-01-01T00:00:01"), Some(Cell::Int(1000))),
        (Timespan, json!(1), Some(Cell::Int(1))),
        (Boolean, json!("x"), Some(Cell::Bool(false))),
        (String, json!(true), Some(Cell::Text("true".to_owned()))),
        (Blob, json!("AA"), Some(Cell::Text("AA==".to_owned()))),
        (Json, json!({"a": [1]}), Some(Cell::Json("{\"a\":[1]}".to_owned()))),
        (Json, Value::Null, None),
        (Query, json!(""), None),
    ];
    for (base_type, given, expected) in cases {
        assert_eq!(infotable::value(base_type, &given), Ok(expected), "{base_type} {given}");
    }
    assert_eq!(
        infotable::read_value(Number, "1e999", &Limits::default()).expect_err("no number"),
        "a number beyond float64, or text that is not Unicode"
    );
    let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
    assert_eq!(
        infotable::read_value(Json, &deep, &Limits::default()).expect_err("deep"),
        "JSON nested deeper than 64 levels"
    );
    assert_eq!(
        infotable::read_value(Json, "[", &Limits::default()).expect_err("cut"),
        "not JSON: EOF while parsing a list at line 1 column 1"
    );
}

#[test]
fn every_form_of_a_table_and_what_nobody_wants() {
    let wanted = shape(&[("load", Number), ("when", Datetime)]);
    let definitions = r#""dataShape":{"fieldDefinitions":{"load":{"name":"load","baseType":"STRING"},"Load":{"name":"Load","baseType":"NUMBER"}}}"#;
    let values = r#"[{"load":"12.5","Load":1,"when":"5"},{"load":13}]"#;
    let expected = json!([{"load": 12.5, "when": 5}, {"load": 13.0}]);
    let warnings = ["column `Load` is not used by this model and was dropped"];
    for text in [
        format!("{{{definitions},\"rows\":{values}}}"),
        format!("{{\"rows\":{values},{definitions}}}"),
        format!("{{\"rows\":{values}}}"),
        values.to_owned(),
    ] {
        let read = read(&text, &wanted).expect("a table");
        assert_eq!(
            (rows(&read.table), read.warnings.as_slice()),
            (expected.clone(), warnings.map(str::to_owned).as_slice())
        );
    }
    // Nobody said what this column is: no rule applies, and a mixture stays one.
    let error = read(r#"[{"x":1},{"x":"2"}]"#, &Shape::any()).expect_err("a mixture");
    assert_eq!(
        error.message,
        "field `x`, row 2: a mixture: the values before are numbers, and here is the string \"2\""
    );
    let error = read(r#"[{"x":[1]},{"x":1}]"#, &Shape::any()).expect_err("a mixture");
    let mixture = "a mixture: the values before are objects or arrays, and here is the number 1";
    assert_eq!(error.message, format!("field `x`, row 2: {mixture}"));
    // A base type that is not known is STRING.
    let text = r#"{"dataShape":{"fieldDefinitions":{"x":{"baseType":"NONESUCH"}}},"rows":[{"x":5}]}"#;
    let table = read(text, &Shape::any()).expect("a table").table;
    assert_eq!(rows(&table), json!([{"x": "5"}]));
    assert_eq!(table.fields().first().map(analyte_core::shape::Field::base_type_name), Some("STRING"));
}

#[test]
fn what_is_no_json_is_malformed_and_depth_is_bounded_through_nested_tables() {
    let begin = r#"{"dataShape":{"fieldDefinitions":{"t":{"baseType":"INFOTABLE"}}},"rows":[{"t":"#;
    let tables = |depth: usize| format!("{}[{{\"x\":1}}]{}", begin.repeat(depth), "}]}".repeat(depth));
    let any = |text: &str| read(text, &Shape::any());
    let deep = any(&tables(21)).expect_err("65 levels");
    let message = "JSON nested deeper than the limit json_depth, 64 levels";
    assert_eq!((deep.code, deep.message.as_str()), (Code::Malformed, message));
    // Three levels for each table, and five for the definitions of the innermost one, which was sent without them.
    let taken = shown(&any(&tables(19)).expect("62 levels").table).to_string();
    assert_eq!(shown(&any(&taken).expect("what came out goes in").table).to_string(), taken);
    let error = any(&tables(20)).expect_err("62 levels, and 65 when complete");
    let within = "the table within: field `t`, row 1: ".repeat(19);
    let message = format!("field `t`, row 1: {within}in its complete form it is nested deeper than 4 levels");
    assert_eq!((error.code, error.message), (Code::InvalidInput, message));
    for text in ["", "{", r#"{"rows":[{"x":1}"#, r#"[{"x":NaN}]"#] {
        assert_eq!(read(text, &Shape::any()).expect_err(text).code, Code::Malformed, "{text}");
    }
    let cut = infotable::read(b"[{\"x\":\"\xff\"}]", &Shape::any(), &Limits::default()).expect_err("not UTF-8");
    assert_eq!((cut.code, cut.message.as_str()), (Code::Malformed, "not UTF-8 text: a wrong byte follows byte 7"));
}

#[test]
fn small_values_that_grow_as_they_are_read_are_bounded() {
    let limits = Limits { table_bytes: 100_000, ..Limits::default() };
    let text = format!("[{}]", vec![r#"{"t":[]}"#; 5_000].join(","));
    let error = infotable::read(text.as_bytes(), &shape(&[("t", Infotable)]), &limits).expect_err("too large");
    let message = "field `t`: the column holds more text than 2 GiB, or than the limit table_bytes or 64 times the bytes sent allow";
    assert_eq!(error.message, message);
    let tags = format!("[{{\"t\":\"{}\"}}]", "a:b,".repeat(5_000));
    let error = infotable::read(tags.as_bytes(), &shape(&[("t", Tags)]), &limits).expect_err("too large");
    assert_eq!(error.message, message);
    // Where nothing grows, the same number of rows is taken.
    assert!(infotable::read(text.as_bytes(), &shape(&[("t", Tags)]), &limits).is_ok());
}
