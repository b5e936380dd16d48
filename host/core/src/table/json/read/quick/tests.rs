//! What is read quickly is what the general reader gives.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::limits::Limits;
use crate::shape::{Field, Rest, Shape};
use crate::table::json::read::document::ShapeComes;
use crate::table::json::read::{attempt, nested};

const DIALECTS: [Dialect; 3] = [Dialect::Client, Dialect::Record, Dialect::ThingWorx];

/// Reads both ways; whether the quick one gave anything. Where it did, both gave the same.
fn quickly(text: &str, shape: &Shape, limits: &Limits, dialect: Dialect) -> bool {
    let Some(quick) = read(text, Document::new(text, shape, limits, dialect, ShapeComes::First, nested)) else {
        return false;
    };
    let general = attempt(text, shape, limits, dialect, ShapeComes::First);
    match (quick, general) {
        (Ok(quick), Ok(Ok(general))) => assert_eq!(format!("{quick:?}"), format!("{general:?}"), "{text}"),
        (Err(Late), Err(Late)) => {}
        (quick, general) => {
            unreachable!("{text}: {:?}, and generally {:?}", quick.is_ok(), general.map(|_| ()).is_ok())
        }
    }
    true
}

fn shape(rest: Rest) -> Shape {
    use BaseType as B;
    let types = [B::Number, B::Integer, B::String, B::Boolean, B::Json, B::Long, B::Variant, B::Datetime];
    let names = ["x", "n", "text", "flag", "any", "l", "v", "quoted \" \u{e4}"];
    Shape { fields: names.iter().zip(types).map(|(name, base_type)| Field::new(name, base_type)).collect(), rest }
}

#[test]
fn usual_documents_are_read_quickly() {
    let shape_json = r#"{"fieldDefinitions":{"x":{"name":"x","baseType":"NUMBER","ordinal":1}}}"#;
    let documents = [
        r#"{"rows":[{"x":1.25,"n":-3,"l":7},{"x":-0.0,"n":4,"l":1e3}]}"#.to_owned(),
        " [ { \"x\" : 1.5 , \"n\" : 2 } ,\r\n\t{ \"x\" : null } , {} ] ".to_owned(),
        r#"{"rows":[],"other":{"a":[1]},"more":"text"}"#.to_owned(),
        r#"[{"text":"ä","flag":true,"any":{"a":[1,2]}},{"flag":false,"text":"\u0041\n","any":null}]"#.to_owned(),
        r#"[{"n":1,"x":2},{"x":3,"n":4},{"x":5},{"dropped":"\"","x":1}]"#.to_owned(),
        r#"[{"x":100000000000000000000,"l":-9223372036854775808},{"x":18446744073709551615,"n":2}]"#.to_owned(),
        r#"[{"quoted \" \u00e4":5,"x":1},{"quoted \" ä":5,"x":2}]"#.to_owned(),
        format!(r#"{{"dataShape":{shape_json},"rows":[{{"x":1}}]}}"#),
        format!(r#"{{"rows":[{{"x":1}}],"dataShape":{shape_json}}}"#),
    ];
    for text in &documents {
        for rest in [Rest::None, Rest::Any, Rest::Numeric] {
            assert!(quickly(text, &shape(rest), &Limits::default(), Dialect::Client), "{text}");
        }
    }
}

#[test]
fn what_is_wrong_or_rare_is_left_to_the_general_reader() {
    let documents = [
        "",
        "5",
        "[",
        "[{}",
        "[{}]]",
        "[{},]",
        "[{\"x\":1,}]",
        "[{\"x\":01}]",
        "[{\"x\":1.}]",
        "[{\"x\":1e999}]",
        "[{\"x\":truetrue}]",
        "[{\"x\":nul}]",
        "[{\"x\":\"1\"}]",
        "[{\"x\":1,\"x\":2}]",
        "[{\"x\" 1}]",
        "[{x:1}]",
        "[{\"quoted \\\" ä\":1},{\"quoted \" ä\":2}]",
        "[5]",
        "[[]]",
        "{}",
        "{\"rows\":{}}",
        "{\"rows\":[],\"rows\":[]}",
        "{\"rows\":[],\"columns\":{}}",
        "{\"columns\":{\"x\":[1]}}",
        "{\"dataShape\":null,\"dataShape\":null,\"rows\":[]}",
        "[{\"n\":1.5}]",
        "[{\"text\":\"a\nb\"}]",
    ];
    for text in documents {
        for dialect in DIALECTS {
            if dialect != Dialect::ThingWorx || !text.contains(['"', '.']) {
                assert!(!quickly(text, &shape(Rest::Any), &Limits::default(), dialect), "{text}");
            }
        }
    }
    let few = Limits { rows: 1, columns: 1, ..Limits::default() };
    assert!(quickly("[{\"x\":1}]", &shape(Rest::Any), &few, Dialect::Client));
    assert!(!quickly("[{\"x\":1},{}]", &shape(Rest::Any), &few, Dialect::Client));
    assert!(!quickly("[{\"x\":1,\"n\":1}]", &shape(Rest::Any), &few, Dialect::Client));
    let deep = format!("{{\"rows\":[],\"other\":{}1{}}}", "[".repeat(64), "]".repeat(64));
    assert!(quickly(&deep, &shape(Rest::Any), &Limits::default(), Dialect::Client));
    let deep = format!("{{\"rows\":[],\"other\":{}1{}}}", "[".repeat(65), "]".repeat(65));
    assert!(!quickly(&deep, &shape(Rest::Any), &Limits::default(), Dialect::Client));
}

#[test]
fn tables_within_tables_are_read_once() {
    let text = r#"{"dataShape":{"fieldDefinitions":{"t":{"name":"t","baseType":"INFOTABLE","ordinal":1}}},"rows":[{"t":{"rows":[]}}]}"#;
    assert!(!quickly(text, &Shape::any(), &Limits::default(), Dialect::ThingWorx));
    assert!(quickly(text, &Shape::any(), &Limits::default(), Dialect::Client));
}

/// A row as text, most of its values fit for their fields, with white space here and there.
fn row() -> impl Strategy<Value = String> {
    let key = select(vec!["x", "x", "n", "text", "flag", "any", "l", "v", "quoted \\\" ä", "\\u0078", "u", "w"]);
    let value = prop_oneof![
        6 => "-?(0|[1-9][0-9]{0,3})([.][0-9]{1,3})?",
        1 => "-?[0-9]{1,22}([.][0-9]{0,20})?([eE][-+]?[0-9]{0,3})?",
        2 => "\"[a-zä0-9 ]{0,5}\"",
        4 => select(vec!["null", "true", "false", "\"NaN\"", "[]", "{\"a\":[1, 2]}", "\"\\n\\u00e4\"", "nul", "", "-"])
            .prop_map(str::to_owned),
    ];
    let space = || select(vec!["", "", "", " ", "\n\t"]);
    vec((key, value, space(), space(), space()), 0..5).prop_map(|cells| {
        let cells: Vec<_> =
            cells.iter().map(|(key, value, a, b, c)| format!("{a}\"{key}\"{b}:{c}{value}{a}")).collect();
        format!("{{{}}}", cells.join(","))
    })
}

/// Rows of numbers with keys in one order, now and then one missing or null.
fn regular_rows() -> impl Strategy<Value = String> {
    let row = vec(option::weighted(0.95, prop_oneof![20 => "-?[1-9][0-9]{0,2}[.][0-9]{1,17}", 1 => "null"]), 3);
    vec(row, 0..8).prop_map(|rows| {
        let row = |cells: &Vec<Option<String>>| {
            let cells = cells.iter().zip(["x", "l", "u"]);
            let cells: Vec<_> =
                cells.filter_map(|(cell, name)| Some(format!("\"{name}\":{}", cell.as_ref()?))).collect();
            format!("{{{}}}", cells.join(","))
        };
        rows.iter().map(row).collect::<Vec<_>>().join(",")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn rows_are_those_of_the_general_reader(
        rows in vec(row(), 0..6),
        (around, cut) in (0..3, option::weighted(0.05, 0..200_usize)),
        rest in select(vec![Rest::None, Rest::Any, Rest::Numeric]),
        most in option::of(0..6_u64),
    ) {
        let rows = rows.join(",");
        let text = match around {
            0 => format!("[{rows}]"),
            1 => format!("{{\"rows\":[{rows}], \"note\":[1]}}"),
            _ => format!("{{\"dataShape\":{{\"fieldDefinitions\":{{\"u\":{{\"baseType\":\"INTEGER\"}}}}}},\"rows\":[{rows}]}}"),
        };
        let text: String = text.chars().take(cut.unwrap_or(usize::MAX)).collect();
        let limits = most.map_or_else(Limits::default, |most| Limits { rows: most, columns: most + 2, ..Limits::default() });
        for dialect in DIALECTS {
            quickly(&text, &shape(rest), &limits, dialect);
        }
    }

    #[test]
    fn regular_rows_are_too(rows in regular_rows()) {
        let text = format!("{{\"rows\":[{rows}]}}");
        let numbers = Shape::closed(vec![Field::new("x", BaseType::Number), Field::new("u", BaseType::Number)]);
        for dialect in DIALECTS {
            prop_assert!(quickly(&text, &numbers, &Limits::default(), dialect));
            prop_assert!(quickly(&text, &Shape::any(), &Limits::default(), dialect));
        }
    }
}
