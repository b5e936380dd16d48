//! Parameters of a run against the schema that the model's author gave.
//!
//! The schema is hostile input. Before it is compiled it is held to a size and depth, to draft 2020-12, to references
//! within itself that never lead back to where they came from, and to a bounded number of subschemas once they are
//! followed (`complexity`). Nothing is ever fetched, and patterns are few, bounded in size, and run on the linear-time engine.
//! What a schema takes once it is compiled is estimated before it is (`memory`), and bounded.
//! Parameters that are large for a large schema are refused before they are judged. So checking parameters ends, and soon.

mod complexity;
mod extent;
mod memory;

use std::fmt;

use jsonschema::{Draft, PatternOptions, Validator};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::codes::Code;
use crate::document::Document;
use crate::limits::Limits;
use crate::table::Table;
use crate::table::json::text::deeper_than;
use crate::table::problem::{MOST_PROBLEMS, ReadError, clip};

const SCHEMA_URI: &str = "https://json-schema.org/draft/2020-12/schema";
/// Bounds the work of a check: the bytes of the parameters times what judging one value costs, in subschemas.
const MOST_WORK: u64 = 100_000_000;
/// Above this much work the refusal says that the parameters do not fit, but not where: each such place takes memory,
/// and there may be as many places as there is work.
const MOST_EXPLAINED: u64 = 1_000_000;
/// The most column names that the message for an unknown column lists.
const MOST_NAMES: usize = 30;

/// One thing that is wrong with parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterProblem {
    /// JSON pointer into the parameters; empty for the object as a whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ParameterProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(f, "parameters: {}", self.message),
            pointer => write!(f, "parameters{}: {}", clip(pointer, 200), self.message),
        }
    }
}

/// A checked and compiled schema of parameters. Where a model takes none, it admits only an empty object.
#[derive(Debug, Clone)]
pub struct ParametersSchema {
    compiled: Option<Compiled>,
    column_parameters: Vec<String>,
}

#[derive(Debug, Clone)]
struct Compiled {
    validator: Validator,
    /// Of judging one value, in subschemas.
    cost: u64,
    /// What all of this takes in memory, estimated.
    bytes: u64,
    /// Of the properties at the top level.
    defaults: Vec<(String, Value)>,
}

impl Compiled {
    /// What is wrong by the schema, at most [`MOST_PROBLEMS`].
    fn judge(&self, parameters: &Value) -> Vec<ParameterProblem> {
        let as_a_whole = |message| vec![ParameterProblem { pointer: String::new(), message }];
        let bytes = parameters.to_string().len() as u64;
        let work = bytes.saturating_mul(self.cost);
        if work > MOST_WORK {
            let most = MOST_WORK / self.cost.max(1);
            return as_a_whole(format!(
                "they take {bytes} bytes with their defaults, and for a schema as large as this model's they may take {most}"
            ));
        }
        if work > MOST_EXPLAINED {
            if self.validator.is_valid(parameters) {
                return Vec::new();
            }
            return as_a_whole("they do not fit the model's schema, and are too large to say where".to_owned());
        }
        let problem = |error: jsonschema::ValidationError<'_>| ParameterProblem {
            pointer: error.instance_path().to_string(),
            message: clip(&error.to_string(), 500),
        };
        self.validator.iter_errors(parameters).take(MOST_PROBLEMS).map(problem).collect()
    }
}

/// Reads a schema as a component gives it; an empty text is no schema. Says what is wrong with it.
pub fn parse_schema(text: &str, limits: &Limits) -> Result<Option<Document>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    check_text(text, limits)?;
    Document::new(text.to_owned()).map(Some).map_err(|error| not_json(&error))
}

fn not_json(error: &serde_json::Error) -> String {
    format!("the schema is not JSON: {error}")
}

fn check_text(text: &str, limits: &Limits) -> Result<(), String> {
    if text.len() as u64 > limits.schema_bytes {
        return Err(format!(
            "the schema has {} bytes, and the limit schema_bytes is {}",
            text.len(),
            limits.schema_bytes
        ));
    }
    if deeper_than(text, limits.schema_depth) {
        return Err(format!("the schema is nested deeper than the limit schema_depth, {} levels", limits.schema_depth));
    }
    Ok(())
}

impl ParametersSchema {
    /// Checks and compiles a schema; says what is wrong with it. May take some tens of milliseconds.
    pub fn compile(schema: Option<&Document>, column_parameters: &[String], limits: &Limits) -> Result<Self, String> {
        let column_parameters = column_parameters.to_vec();
        let Some(schema) = schema else {
            return match column_parameters.first() {
                None => Ok(Self { compiled: None, column_parameters }),
                Some(name) => {
                    Err(format!("parameter `{}` should name columns, and there is no schema", clip(name, 100)))
                }
            };
        };
        // Limits hold whatever way it came, through a record for instance.
        check_text(schema.text(), limits)?;
        let schema = &schema.value().map_err(|error| not_json(&error))?;
        let root = schema.as_object().ok_or("the schema is not an object")?;
        if root.get("type").and_then(Value::as_str) != Some("object") {
            return Err("the schema must describe an object: its `type` is \"object\"".to_owned());
        }
        match root.get("$schema").map(|uri| uri.as_str().map(|uri| uri.trim_end_matches('#'))) {
            None | Some(Some(SCHEMA_URI)) => {}
            Some(_) => return Err(format!("`$schema` must be \"{SCHEMA_URI}\"")),
        }
        let extent = complexity::check(schema)?;
        let bytes = memory::of(schema, &extent);
        if bytes > limits.schemas_bytes {
            return Err(format!(
                "the schema takes about {bytes} bytes once it is compiled; {} are allowed (limit schemas_bytes)",
                limits.schemas_bytes
            ));
        }
        let properties = root.get("properties").and_then(Value::as_object);
        if let Some(name) = column_parameters.iter().find(|name| properties.is_none_or(|all| !all.contains_key(*name)))
        {
            return Err(format!(
                "parameter `{}` should name columns, and the schema has no such property",
                clip(name, 100)
            ));
        }
        let patterns = PatternOptions::regex().size_limit(memory::PATTERN_BYTES).dfa_size_limit(memory::PATTERN_BYTES);
        let options = jsonschema::options().with_draft(Draft::Draft202012).offline().with_pattern_options(patterns);
        let validator = options.build(schema).map_err(|error| {
            let pointer = error.instance_path().to_string();
            format!("the schema is not valid, at `{pointer}`: {}", clip(&error.to_string(), 300))
        })?;
        let default = |(name, property): (&String, &Value)| Some((name.clone(), property.get("default")?.clone()));
        let defaults = properties.into_iter().flatten().filter_map(default).collect();
        let compiled = Compiled { validator, cost: extent.cost(), bytes, defaults };
        Ok(Self { compiled: Some(compiled), column_parameters })
    }

    /// What it takes in memory, in bytes, estimated; never 0.
    pub fn memory_bytes(&self) -> u64 {
        memory::LEAST + self.compiled.as_ref().map_or(0, |compiled| compiled.bytes)
    }

    /// About how many steps of a few nanoseconds it takes to check parameters of `bytes` bytes of JSON.
    pub fn work(&self, bytes: u64) -> u64 {
        let cost = self.compiled.as_ref().map_or(1, |compiled| compiled.cost);
        bytes.saturating_mul(cost).min(MOST_WORK)
    }

    /// The parameters with the defaults of the top level filled in, or what is wrong with them, at most
    /// [`MOST_PROBLEMS`]. Parameters that name columns are checked against `table` where there is one.
    pub fn check(
        &self,
        mut parameters: Map<String, Value>,
        table: Option<&Table>,
    ) -> Result<Map<String, Value>, Vec<ParameterProblem>> {
        let Some(compiled) = &self.compiled else {
            let unexpected = |name: &String| ParameterProblem {
                pointer: pointer(&[name]),
                message: "the model takes no parameters".to_owned(),
            };
            let problems: Vec<_> = parameters.keys().take(MOST_PROBLEMS).map(unexpected).collect();
            return if problems.is_empty() { Ok(parameters) } else { Err(problems) };
        };
        for (name, value) in &compiled.defaults {
            if !parameters.contains_key(name) {
                parameters.insert(name.clone(), value.clone());
            }
        }
        let whole = Value::Object(parameters);
        let mut problems = compiled.judge(&whole);
        let Value::Object(parameters) = whole else { return Err(problems) };
        if let Some(table) = table {
            self.check_columns(&parameters, table, &mut problems);
        }
        problems.truncate(MOST_PROBLEMS);
        if problems.is_empty() { Ok(parameters) } else { Err(problems) }
    }

    fn check_columns(&self, parameters: &Map<String, Value>, table: &Table, problems: &mut Vec<ParameterProblem>) {
        let mut check = |pointer: String, name: &str| {
            if table.column(name).is_none() {
                let message = format!("there is no column `{}`; {}", clip(name, 100), columns(table));
                problems.push(ParameterProblem { pointer, message });
            }
        };
        for parameter in &self.column_parameters {
            match parameters.get(parameter) {
                Some(Value::String(name)) => check(pointer(&[parameter]), name),
                Some(Value::Array(names)) => {
                    for (at, name) in names.iter().enumerate().take(MOST_NAMES.max(table.columns().len())) {
                        if let Value::String(name) = name {
                            check(pointer(&[parameter, &at.to_string()]), name);
                        }
                    }
                }
                // Anything else is the schema's to judge.
                _ => {}
            }
        }
    }
}

/// Problems as the one error of a submission.
pub fn as_error(problems: &[ParameterProblem]) -> ReadError {
    let problems = problems.iter().map(|problem| crate::table::problem::Problem {
        field: None,
        row: None,
        message: problem.to_string(),
    });
    ReadError { code: Code::InvalidInput, ..ReadError::of(problems.collect()) }
}

fn columns(table: &Table) -> String {
    let names: Vec<_> =
        table.fields().iter().take(MOST_NAMES).map(|field| format!("`{}`", clip(&field.name, 100))).collect();
    let more = table.fields().len().saturating_sub(MOST_NAMES);
    match (names.is_empty(), more) {
        (true, _) => "the table has no columns".to_owned(),
        (false, 0) => format!("there are {}", names.join(", ")),
        (false, more) => format!("there are {} and {more} more", names.join(", ")),
    }
}

fn pointer(parts: &[&str]) -> String {
    parts.iter().fold(String::new(), |pointer, part| pointer + "/" + &part.replace('~', "~0").replace('/', "~1"))
}
