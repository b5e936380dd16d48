//! Descriptions of a few kilobytes that stand for far more: for a schema of many compiled patterns, for tables of millions
//! of rows, for values that take a hundred times their text.

use std::fmt::Write as _;

use analyte_sdk::raw::analysis::{Example, ModelInfo};
use analyte_sdk::raw::tables::{BaseType, BufferKind, Column, Field, Table};

/// Rows of a table that is larger than any example.
const MANY: u64 = 10_000_000;

/// What these modes add to the model `noop` or to the others; says whether the mode is one of them.
pub(crate) fn describe(mode: &str, models: &mut Vec<ModelInfo>) -> bool {
    let noop = models.first_mut();
    match (mode, noop) {
        ("patterns", Some(noop)) => noop.parameters_schema = patterned(0),
        ("many-patterns", _) => models.extend((0..100).map(|at| model(at, patterned(at)))),
        ("long-pattern", Some(noop)) => noop.parameters_schema = with_pattern(&"\\\\pL".repeat(2_000)),
        ("schema-of-data", Some(noop)) => noop.parameters_schema = of_data(),
        ("much-data", _) => models.extend((0..100).map(|at| model(at, of_data()))),
        ("deep-unevaluated", Some(noop)) => noop.parameters_schema = unevaluated(),
        ("empty-examples", Some(noop)) => noop.examples = (0..10).map(|at| example(at, empty())).collect(),
        ("examples-everywhere", _) => models.extend((0..100).map(|at| {
            let examples = (0..20).map(|at| example(at, empty())).collect();
            ModelInfo { examples, ..model(at, String::new()) }
        })),
        ("boolean-examples", _) => {
            models.push(with_example((0..6).map(|at| boolean(format!("b{at}"))).collect(), MANY));
        }
        ("wide-example", _) => {
            // 1,000 rows of 2,000 columns: 250 KB of bits, and 500 MB as JSON.
            let fields: Vec<_> = (0..2_000).map(|at| boolean(format!("{at}{}", "b".repeat(240)))).collect();
            models.push(with_example(fields, 1_000));
        }
        ("many-words", _) => {
            models.extend((0..100).map(|at| ModelInfo { description: "w".repeat(60_000), ..model(at, String::new()) }));
        }
        _ => return false,
    }
    true
}

fn model(at: usize, parameters_schema: String) -> ModelInfo {
    ModelInfo { parameters_schema, ..ModelInfo::new(format!("costly-{at}")) }
}

/// 60 patterns, each of which compiles to some 60 KB.
fn patterned(number: usize) -> String {
    let mut schema = String::from(r#"{"type":"object","properties":{"#);
    for at in 0..60 {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(schema, r#"{comma}"p{at}":{{"pattern":"^[a-z]{{1,300}}{number}$"}}"#);
    }
    schema.push_str("}}");
    schema
}

fn with_pattern(pattern: &str) -> String {
    format!(r#"{{"type":"object","properties":{{"p":{{"pattern":"{pattern}"}}}}}}"#)
}

/// 60 KB of text whose values take 5 MB.
fn of_data() -> String {
    let values = vec![r#"{"a":1}"#; 7_500].join(",");
    format!(r#"{{"type":"object","properties":{{"p":{{"enum":[{values}]}}}}}}"#)
}

/// Each level judges the one below it anew for what it does not know.
fn unevaluated() -> String {
    let mut defs = String::from(r#""d0":{"properties":{"p":true}}"#);
    for at in 1..40 {
        let _ =
            write!(defs, r##","d{at}":{{"anyOf":[{{"$ref":"#/$defs/d{}"}}],"unevaluatedProperties":false}}"##, at - 1);
    }
    format!(r##"{{"type":"object","$defs":{{{defs}}},"$ref":"#/$defs/d39"}}"##)
}

fn with_example(fields: Vec<Field>, rows: u64) -> ModelInfo {
    let mut costly = ModelInfo { examples: vec![example(0, booleans(&fields, rows))], ..model(0, String::new()) };
    costly.input.fields = fields;
    costly
}

fn example(at: usize, input: Table) -> Example {
    Example { input, ..Example::new(format!("example-{at}")) }
}

/// Rows of no columns, which take no bytes at all.
fn empty() -> Table {
    Table { row_count: MANY, columns: Vec::new() }
}

fn boolean(name: String) -> Field {
    Field { base_type: BaseType::Boolean, kind: BufferKind::BooleanBits, ..Field::of::<bool>(name) }
}

/// A bit for each value.
fn booleans(fields: &[Field], rows: u64) -> Table {
    let bytes = usize::try_from(rows.div_ceil(8)).unwrap_or_default();
    let column = |field: &Field| Column {
        name: field.name.clone(),
        base_type: field.base_type,
        kind: field.kind,
        validity: None,
        offsets: None,
        data: vec![0; bytes],
    };
    Table { row_count: rows, columns: fields.iter().map(column).collect() }
}
