//! Schemas of parameters as hostile authors write them, and parameters against them.
#![expect(clippy::expect_used, reason = "tests")]

use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_core::parameters::{ParametersSchema, parse_schema};
use analyte_core::shape::Shape;
use analyte_core::table::format::{Format, read};
use serde_json::{Map, Value, json};

fn compile(schema: &Value) -> Result<ParametersSchema, String> {
    compile_within(schema, &[], &Limits::default())
}

fn compile_within(schema: &Value, columns: &[String], limits: &Limits) -> Result<ParametersSchema, String> {
    let document = Document::of(schema).map_err(|error| error.to_string())?;
    ParametersSchema::compile(Some(&document), columns, limits)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

#[test]
fn schemas_that_reach_too_far_are_refused() {
    let mut doubling = Map::new();
    let mut chain = Map::new();
    for at in 0..20 {
        let next = json!({"$ref": format!("#/$defs/d{:03}", at + 1)});
        doubling.insert(format!("d{at:03}"), json!({"allOf": [next, next]}));
    }
    for at in 0..400 {
        // Leaves come first in the order of names, so that no single walk is deep.
        chain.insert(format!("d{at:03}"), json!({"$ref": format!("#/$defs/d{:03}", at - 1)}));
    }
    doubling.insert("d020".to_owned(), json!(true));
    chain.insert("d-1".to_owned(), json!(true));
    chain.insert("d000".to_owned(), json!(true));
    let cases = [
        (
            json!({"type": "object", "properties": {"a": {"$ref": "https://example.com/schema"}}}),
            "leads out of the document",
        ),
        (json!({"type": "object", "$ref": "other.json#/a"}), "leads out of the document"),
        (json!({"type": "object", "$ref": "#"}), "leads back to itself"),
        (json!({"type": "object", "$ref": "#/$defs/no"}), "leads nowhere"),
        (json!({"type": "object", "$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}), "leads back to itself"),
        (
            json!({"type": "object", "$defs": {"n": {"properties": {"next": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"}),
            "leads back to itself",
        ),
        (
            json!({"type": "object", "$defs": {"a": {"$anchor": "b", "not": {"$ref": "#b"}}}, "$ref": "#b"}),
            "leads back to itself",
        ),
        (json!({"type": "object", "$dynamicRef": "#a"}), "`$dynamicRef` is not taken"),
        (json!({"type": "object", "properties": {"a": {"$id": "https://example.com/"}}}), "`$id` is taken at the top"),
        (json!({"type": "object", "$defs": doubling, "$ref": "#/$defs/d000"}), "more than 10000 subschemas"),
        (json!({"type": "object", "$defs": chain}), "nested deeper than 128 levels"),
        (json!({"type": "object", "properties": {"a": {"pattern": "(a{1000}){1000}"}}}), "the schema is not valid"),
        (json!({"type": "object", "properties": {"a": {"pattern": "(?=a)"}}}), "the schema is not valid"),
        (json!({"type": "object", "properties": {"a": {"type": "nonsense"}}}), "the schema is not valid"),
        (json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}), "`$schema` must be"),
        (json!({"type": "array"}), "must describe an object"),
        (json!(true), "is not an object"),
    ];
    for (schema, expected) in cases {
        let error = compile(&schema).expect_err(expected);
        assert!(error.contains(expected), "{error}, and expected was {expected}");
    }
}

#[test]
fn schemas_of_unusual_but_bounded_reach_are_taken() {
    for schema in [
        json!({"type": "object"}),
        json!({"type": "object", "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/x"}),
        json!({"type": "object", "$defs": {"a b": {"type": "number"}}, "properties": {"x": {"$ref": "#/$defs/a%20b"}}}),
        json!({"type": "object", "properties": {"$ref": {"type": "string"}, "default": {"const": {"$ref": "elsewhere"}}}}),
        json!({"type": "object", "properties": {"a": {"type": "array", "maxItems": 1_000_000_000_000_000_000_u64}}}),
        json!({"type": "object", "properties": {"a": {"minLength": 1_000_000_000_000_u64, "pattern": "^a*$"}}}),
    ] {
        assert_eq!(compile(&schema).err(), None, "{schema}");
    }
}

#[test]
fn patterns_are_few_and_small() {
    let patterned = |count: usize| {
        let fields = (0..count).map(|at| (format!("p{at}"), json!({"pattern": format!("^a{at}$")})));
        json!({"type": "object", "properties": fields.collect::<Map<_, _>>()})
    };
    let keyed = |count: usize| {
        let keys = (0..count).map(|at| (format!("^k{at}$"), json!(true)));
        json!({"type": "object", "patternProperties": keys.collect::<Map<_, _>>()})
    };
    let referred = |count: usize| {
        let fields = (0..count).map(|at| (format!("p{at}"), json!({"$ref": "#/$defs/name"})));
        let name = json!({"pattern": "^[a-z]+$"});
        json!({"type": "object", "$defs": {"name": name}, "properties": fields.collect::<Map<_, _>>()})
    };
    for many in [&patterned as &dyn Fn(usize) -> Value, &keyed, &referred] {
        assert_eq!(compile(&many(64)).err(), None);
        let expected = "the schema has more than 64 patterns once its references are followed";
        assert_eq!(compile(&many(65)).err().as_deref(), Some(expected));
    }
    let with = |pattern: &str| compile(&json!({"type": "object", "properties": {"a": {"pattern": pattern}}}));
    for usual in [
        r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$",
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$",
        r"^[\w.+-]+@[\w-]+(\.[\w-]+)+$",
        r"^\p{L}+$",
    ] {
        assert_eq!(with(usual).err(), None, "{usual}");
    }
    assert!(with("^(?:ab*|cd){1000}$").is_err_and(|error| error.contains("the schema is not valid")));
}

#[test]
fn what_a_schema_takes_is_estimated_before_it_is_compiled() {
    let patterned = |count: usize| {
        let fields = (0..count).map(|at| (format!("p{at}"), json!({"pattern": format!("^[a-z]{{1,300}}{at}$")})));
        json!({"type": "object", "properties": fields.collect::<Map<_, _>>()})
    };
    let bytes = |schema: &Value| compile(schema).map(|schema| schema.memory_bytes());
    let (few, many) = (bytes(&patterned(1)).expect("few"), bytes(&patterned(60)).expect("many"));
    assert!((50_000..200_000).contains(&few), "{few} bytes");
    assert!((many - few) / 59 > few / 2, "{many} bytes");
    let data = json!({"type": "object", "properties": {"p": {"enum": vec![json!({"a": 1}); 5_000]}}});
    assert!(bytes(&data).is_ok_and(|bytes| bytes > 5_000 * 600), "a map of one entry takes a whole node");
    // Patterns that nothing refers to are not compiled.
    let unused = json!({"type": "object", "$defs": {"a": {"pattern": "^[a-z]{1,300}7$"}}});
    assert!(bytes(&unused).is_ok_and(|bytes| bytes < 20_000));
    let limits = Limits { schemas_bytes: many - 2_000, ..Limits::default() };
    let message = format!(
        "the schema takes about {} bytes once it is compiled; {} are allowed (limit schemas_bytes)",
        many - 1_024,
        many - 2_000
    );
    assert_eq!(compile_within(&patterned(60), &[], &limits).err(), Some(message));
    let long = json!({"type": "object", "properties": {"p": {"pattern": r"\pL".repeat(2_000)}}});
    let shown = r"\pL".repeat(16);
    assert!(compile(&long).is_err_and(|error| error.starts_with(&format!("the pattern \"{shown}"))
        && error.ends_with("has 6000 bytes; 4096 are allowed")));
}

/// What stands below is judged anew at every level, so levels multiply.
#[test]
fn unevaluated_members_count_what_they_judge_anew() {
    let nested = |levels: usize, word: &str, by: &str| {
        let mut defs = Map::new();
        defs.insert("d0".to_owned(), json!({"properties": {"p": true}}));
        for at in 1..=levels {
            let below = json!({"$ref": format!("#/$defs/d{}", at - 1)});
            defs.insert(format!("d{at}"), json!({by: [below], word: false}));
        }
        json!({"type": "object", "$defs": defs, "$ref": format!("#/$defs/d{levels}")})
    };
    for word in ["unevaluatedProperties", "unevaluatedItems"] {
        for by in ["anyOf", "oneOf", "allOf"] {
            let usual = compile(&nested(5, word, by)).expect("a few levels");
            assert_eq!(usual.check(object(json!({"p": 1})), None), Ok(object(json!({"p": 1}))), "{word} {by}");
            assert!(compile(&nested(20, word, by)).is_err_and(|error| error.contains("more than 10000 subschemas")));
        }
    }
}

#[test]
fn parameters_too_large_for_their_schema_are_refused_before_they_are_judged() {
    let names: Vec<_> = (0..8_000).map(|at| format!("n{at}")).collect();
    let schema = json!({
        "type": "object",
        "properties": {"list": {"type": "array", "items": {"type": "object", "required": names}}}
    });
    let compiled = compile(&schema).expect("a schema");
    let judged = |count: usize| {
        let list: Vec<_> = (0..count).map(|_| json!({})).collect();
        let problems = compiled.check(object(json!({"list": list})), None).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(judged(0), Vec::<String>::new());
    assert_eq!(judged(20).len(), 20);
    assert_eq!(judged(1_000), ["parameters: they do not fit the model's schema, and are too large to say where"]);
    assert_eq!(
        judged(100_000),
        [
            "parameters: they take 300010 bytes with their defaults, and for a schema as large as this model's they may take \
          12495"
        ]
    );
    // A long list of numbers is nothing to an ordinary schema.
    let plain =
        compile(&json!({"type": "object", "properties": {"x": {"type": "array", "items": {"type": "number"}}}}));
    let many = object(json!({"x": vec![1.5; 250_000]}));
    assert_eq!(plain.expect("a schema").check(many.clone(), None), Ok(many));
}

#[test]
fn the_text_of_a_schema_is_bounded() {
    let limits = Limits::default();
    assert_eq!(parse_schema(" ", &limits), Ok(None));
    let long = format!("{{\"description\":\"{}\"}}", "x".repeat(70_000));
    let deep = "[".repeat(33) + &"]".repeat(33);
    for (text, expected) in [(long.as_str(), "schema_bytes"), (deep.as_str(), "schema_depth"), ("{", "is not JSON")] {
        assert!(parse_schema(text, &limits).is_err_and(|error| error.contains(expected)), "{expected}");
    }
}

#[test]
fn parameters_are_completed_and_judged() {
    let schema = json!({
        "type": "object",
        "properties": {
            "method": {"enum": ["pearson", "spearman"], "default": "pearson"},
            "level": {"type": "number", "exclusiveMinimum": 0},
            "response": {"type": "string"},
            "predictors": {"type": ["array", "null"], "items": {"type": "string"}, "default": null}
        },
        "required": ["response"],
        "additionalProperties": false
    });
    let columns = ["response".to_owned(), "predictors".to_owned()];
    let compiled = compile_within(&schema, &columns, &Limits::default()).expect("a schema");
    let table =
        read(Format::Json, r#"[{"y":1,"x":2}]"#.into(), &Shape::any(), &Limits::default()).expect("a table").table;
    let check = |given: Value| {
        let problems = |problems: Vec<analyte_core::parameters::ParameterProblem>| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        compiled.check(object(given), Some(&table)).map(Value::Object).map_err(problems)
    };
    assert_eq!(
        check(json!({"response": "y", "predictors": ["x"]})),
        Ok(json!({"method": "pearson", "response": "y", "predictors": ["x"]}))
    );
    assert_eq!(check(json!({"response": "y"})), Ok(json!({"method": "pearson", "response": "y", "predictors": null})));
    assert_eq!(
        check(json!({"response": "z", "predictors": ["x", "w"]})),
        Err(vec![
            "parameters/response: there is no column `z`; there are `y`, `x`".to_owned(),
            "parameters/predictors/1: there is no column `w`; there are `y`, `x`".to_owned(),
        ])
    );
    assert_eq!(
        check(json!({"level": 0, "other": 1})),
        Err(vec![
            "parameters/level: 0 is less than or equal to the minimum of 0".to_owned(),
            "parameters: Additional properties are not allowed ('other' was unexpected)".to_owned(),
            "parameters: \"response\" is a required property".to_owned(),
        ])
    );
    let none = ParametersSchema::compile(None, &[], &Limits::default()).expect("no schema");
    assert_eq!(none.check(Map::new(), None), Ok(Map::new()));
    let problems = none.check(object(json!({"a/b": 1})), None).expect_err("parameters");
    assert_eq!(
        problems.first().map(ToString::to_string).as_deref(),
        Some("parameters/a~1b: the model takes no parameters")
    );
    assert!(compile_within(&schema, &["nobody".to_owned()], &Limits::default()).is_err());
    assert!(ParametersSchema::compile(None, &columns, &Limits::default()).is_err());
}
