//! What a component says of itself, checked word by word.
//!
//! Names, lengths, numbers, shapes, schemas and examples are held against the contract and the limits; the first thing
//! that does not fit is said plainly, with the model and the field it is about. What all of it takes is counted in what it
//! costs, as it is written and as it is compiled, and bounded; nothing compiled is kept. Takes up to a second, so it runs
//! on a thread that may be busy.

use std::collections::HashSet;
use std::sync::Arc;

use analyte_core::document::{Document, written_bytes};
use analyte_core::limits::Limits;
use analyte_core::model::{Capability, Cardinality, Example, ModelInfo, ProviderInfo};
use analyte_core::names::ModelName;
use analyte_core::parameters::{ParametersSchema, parse_schema};
use analyte_core::shape::{Field, Rest, Shape};
use serde_json::Value;

use crate::contract::bindings::analyte::plugin::{analysis, tables};
use crate::contract::convert::{base_type, buffer_kind};
use crate::error::Refused;
use crate::lift_lower::{table_of, undeclared};

type Checked<T> = Result<T, Refused>;

/// Longest title, version, reason or name of an example, in bytes.
const SHORT_BYTES: usize = 256;

/// What a component may still say of itself.
#[derive(Debug)]
pub(crate) struct Allowance<'l> {
    limits: &'l Limits,
    /// Bytes as JSON.
    written: u64,
    /// Bytes of compiled schemas.
    schemas: u64,
}

impl<'l> Allowance<'l> {
    /// All that one component may say.
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self { limits, written: limits.described_bytes, schemas: limits.schemas_bytes }
    }

    /// Bytes that were written so far, as JSON.
    pub(crate) fn written(&self) -> u64 {
        self.limits.described_bytes - self.written
    }

    fn write(&mut self, what: &impl serde::Serialize) -> Checked<()> {
        let most = self.limits.described_bytes;
        match written_bytes(what, self.written) {
            Ok(Some(bytes)) => {
                self.written -= bytes;
                Ok(())
            }
            Ok(None) => Err(Refused::component(format!(
                "what the component says of itself takes more than {most} bytes as JSON (limit described_bytes); say less, \
                 in fewer models, or with smaller schemas and examples"
            ))),
            Err(error) => {
                Err(Refused::component("what the component says cannot be written").because(error.to_string()))
            }
        }
    }

    fn compile(&mut self, schema: &ParametersSchema) -> Checked<()> {
        let most = self.limits.schemas_bytes;
        let Some(left) = self.schemas.checked_sub(schema.memory_bytes()) else {
            return Err(Refused::component(format!(
                "the parameters schemas of the component's models take more than {most} bytes once they are compiled (limit \
                 schemas_bytes); use fewer or simpler patterns"
            )));
        };
        self.schemas = left;
        Ok(())
    }
}

pub(crate) fn provider_info(info: analysis::ProviderInfo, allowance: &mut Allowance<'_>) -> Checked<ProviderInfo> {
    let limits = allowance.limits;
    short("the provider's title", &info.title)?;
    short("the provider's version", &info.version)?;
    described("the provider", &info.description, limits)?;
    let info = ProviderInfo {
        title: info.title,
        version: info.version,
        description: info.description,
        capabilities: capabilities("the provider", info.capabilities, limits)?,
    };
    allowance.write(&info)?;
    Ok(info)
}

pub(crate) fn model_infos(infos: Vec<analysis::ModelInfo>, allowance: &mut Allowance<'_>) -> Checked<Vec<ModelInfo>> {
    let most = allowance.limits.models;
    if infos.len() as u64 > most {
        return Err(Refused::component(format!(
            "the provider offers {} models; {most} are allowed (limit models)",
            infos.len()
        )));
    }
    let mut models = Vec::with_capacity(infos.len());
    let mut seen = HashSet::new();
    for info in infos {
        let model = model_info(info, allowance)?;
        if !seen.insert(model.name.clone()) {
            return Err(Refused::component(format!("the provider offers the model `{}` twice", model.name)));
        }
        if !model.capabilities.is_empty() {
            return Err(Refused::component(format!(
                "the model `{}` asks for capabilities; in a provider, `provider-info` asks for them",
                model.name
            )));
        }
        models.push(model);
    }
    Ok(models)
}

pub(crate) fn model_info(info: analysis::ModelInfo, allowance: &mut Allowance<'_>) -> Checked<ModelInfo> {
    let limits = allowance.limits;
    let name = ModelName::new(&info.name).map_err(|bad| Refused::component(bad.to_string()))?;
    let whose = format!("the model `{name}`");
    described(&whose, &info.description, limits)?;
    short(&format!("the version of {whose}"), &info.version)?;
    let input = shape(&format!("the input of {whose}"), info.input, limits)?;
    let output = shape(&format!("the output of {whose}"), info.output, limits)?;
    let said =
        |why: String| Refused::component(format!("the parameters schema of {whose} is not accepted")).because(why);
    let schema = parse_schema(&info.parameters_schema, limits).map_err(said)?;
    let compiled = ParametersSchema::compile(schema.as_ref(), &info.column_parameters, limits).map_err(said)?;
    allowance.compile(&compiled)?;
    drop(compiled);
    let mut named = HashSet::new();
    for parameter in &info.column_parameters {
        if !named.insert(parameter) {
            return Err(Refused::component(format!(
                "{whose} has the column parameter `{}` twice",
                parameter.escape_debug()
            )));
        }
        short(&format!("a column parameter of {whose}"), parameter)?;
    }
    let mut model = ModelInfo {
        name,
        description: info.description,
        version: info.version,
        input,
        output,
        cardinality: match info.cardinality {
            analysis::Cardinality::Any => Cardinality::Any,
            analysis::Cardinality::NToN => Cardinality::NxN,
            analysis::Cardinality::NToOne => Cardinality::Nx1,
            analysis::Cardinality::OneToN => Cardinality::OnexN,
            analysis::Cardinality::OneToOne => Cardinality::Onex1,
        },
        independent_rows: info.independent_rows,
        parameters_schema: schema,
        column_parameters: info.column_parameters,
        capabilities: capabilities(&whose, info.capabilities, limits)?,
        examples: Vec::new(),
    };
    if model.independent_rows && model.cardinality != Cardinality::NxN {
        return Err(Refused::component(format!(
            "{whose} says that its rows are independent, which needs cardinality NxN; it says {}",
            model.cardinality
        )));
    }
    model.examples = examples(&whose, info.examples, &model, limits)?;
    allowance.write(&model)?;
    Ok(model)
}

fn examples(whose: &str, given: Vec<analysis::Example>, model: &ModelInfo, limits: &Limits) -> Checked<Vec<Example>> {
    if given.len() as u64 > limits.examples {
        return Err(Refused::component(format!(
            "{whose} has {} examples; {} are allowed (limit examples)",
            given.len(),
            limits.examples
        )));
    }
    let mut names = HashSet::new();
    let mut examples = Vec::with_capacity(given.len());
    let mut left = limits.example_bytes;
    for example in given {
        short(&format!("the name of an example of {whose}"), &example.name)?;
        let which = format!("the example `{}` of {whose}", example.name);
        if !names.insert(example.name.clone()) {
            return Err(Refused::component(format!("{which} is there twice")));
        }
        described(&which, &example.description, limits)?;
        if !example.tolerance.is_finite() || example.tolerance < 0.0 {
            return Err(Refused::component(format!("the tolerance of {which} is {}", example.tolerance)));
        }
        let wrong =
            |part: &str, why: String| Refused::component(format!("the {part} of {which} does not fit")).because(why);
        few_rows(&format!("the input of {which}"), example.input.row_count, limits)?;
        few_rows(&format!("the expected table of {which}"), example.expected.row_count, limits)?;
        let beyond_input = undeclared(&example.input, &model.input);
        let beyond_output = undeclared(&example.expected, &model.output);
        let example = Example {
            input: table_of(example.input, beyond_input, &model.input, limits).map_err(|why| wrong("input", why))?,
            parameters: object(example.parameters, limits).map_err(|why| wrong("parameters", why))?,
            expected: table_of(example.expected, beyond_output, &model.output, limits)
                .map_err(|why| wrong("expected table", why))?,
            name: example.name,
            description: example.description,
            tolerance: example.tolerance,
        };
        left = example_bytes(&example, left).map_err(|why| wrong("table", why))?.ok_or_else(|| {
            Refused::component(format!(
                "the examples of {whose} take more than {} bytes as JSON (limit example_bytes); show fewer rows",
                limits.example_bytes
            ))
        })?;
        examples.push(example);
    }
    Ok(examples)
}

fn few_rows(what: &str, rows: u64, limits: &Limits) -> Checked<()> {
    let most = limits.example_rows;
    if rows <= most {
        return Ok(());
    }
    Err(Refused::component(format!("{what} has {rows} rows; {most} are allowed (limit example_rows)")))
}

/// The parameters of an example: a JSON object, kept as its text.
fn object(text: String, limits: &Limits) -> Result<Document, String> {
    let text = if text.is_empty() { "{}".to_owned() } else { text };
    if text.len() as u64 > limits.example_bytes {
        return Err(format!(
            "they have {} bytes; {} are allowed (limit example_bytes)",
            text.len(),
            limits.example_bytes
        ));
    }
    let document = Document::new(text).map_err(|error| error.to_string())?;
    match document.value() {
        Ok(Value::Object(_)) => Ok(document),
        Ok(_) => Err("they are not a JSON object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What is left of `left` bytes when this example is written; `None`: it takes more. Tables are looked at first, since
/// writing one takes as much memory as it has text.
fn example_bytes(example: &Example, left: u64) -> Result<Option<u64>, String> {
    let mut tables = 0;
    for table in [&example.input, &example.expected] {
        match table.written_bytes(left).map_err(|error| error.to_string())? {
            Some(bytes) => tables += bytes,
            None => return Ok(None),
        }
    }
    if tables > left {
        return Ok(None);
    }
    let written = written_bytes(example, left).map_err(|error| error.to_string())?;
    Ok(written.map(|bytes| left - bytes))
}

/// A field that a component declares or adds.
pub(crate) fn field(whose: &str, given: tables::Field, limits: &Limits) -> Checked<Field> {
    if given.name.is_empty() || given.name.len() as u64 > limits.field_name_bytes {
        return Err(Refused::component(format!(
            "a field of {whose} has a name of {} bytes; 1 to {} are allowed (limit field_name_bytes)",
            given.name.len(),
            limits.field_name_bytes
        )));
    }
    let name = &given.name;
    described(&format!("the field `{name}` of {whose}"), &given.description, limits)?;
    let (base, kind) = (base_type(given.base_type), buffer_kind(given.kind));
    if !base.kinds().contains(&kind) {
        let fitting = base.kinds().iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        return Err(Refused::component(format!(
            "the field `{name}` of {whose} is {base}, whose buffer kind is {fitting}; it says {kind}"
        )));
    }
    Ok(Field {
        name: Arc::from(given.name.as_str()),
        base_type: base,
        kind,
        nullable: given.nullable,
        description: given.description.into(),
        extra: extra(whose, given.extra)?,
    })
}

fn shape(whose: &str, given: tables::DataShape, limits: &Limits) -> Checked<Shape> {
    if given.fields.len() as u64 > limits.columns {
        return Err(Refused::component(format!(
            "{whose} has {} fields; {} are allowed (limit columns)",
            given.fields.len(),
            limits.columns
        )));
    }
    let mut seen = HashSet::new();
    let mut fields = Vec::with_capacity(given.fields.len());
    for one in given.fields {
        let field = field(whose, one, limits)?;
        if !seen.insert(field.name.clone()) {
            return Err(Refused::component(format!("{whose} has the field `{}` twice", field.name)));
        }
        fields.push(field);
    }
    let rest = match given.rest {
        tables::Rest::None => Rest::None,
        tables::Rest::Numeric => Rest::Numeric,
        tables::Rest::Any => Rest::Any,
    };
    Ok(Shape { fields: fields.into(), rest })
}

fn capabilities(whose: &str, given: Vec<analysis::Capability>, limits: &Limits) -> Checked<Vec<Capability>> {
    if given.len() as u64 > limits.capabilities {
        return Err(Refused::component(format!(
            "{whose} asks for {} capabilities; {} are allowed (limit capabilities)",
            given.len(),
            limits.capabilities
        )));
    }
    let mut asked: Vec<Capability> = Vec::with_capacity(given.len());
    for one in given {
        short(&format!("a capability of {whose}"), &one.name)?;
        short(&format!("the reason for a capability of {whose}"), &one.reason)?;
        let known = ["settings:", "secrets:", "http:"].iter().any(|kind| {
            one.name
                .strip_prefix(kind)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic()))
        });
        if !known {
            return Err(Refused::component(format!(
                "{whose} asks for `{}`; capabilities are `settings:NAME`, `secrets:NAME` and `http:HOST[:PORT]`",
                one.name.escape_debug()
            )));
        }
        if asked.iter().any(|other| other.name == one.name) {
            return Err(Refused::component(format!("{whose} asks for `{}` twice", one.name)));
        }
        asked.push(Capability { name: one.name, reason: one.reason });
    }
    Ok(asked)
}

fn extra(whose: &str, given: Vec<(String, String)>) -> Checked<Vec<(String, String)>> {
    if given.len() > 32 || given.iter().any(|(name, value)| name.len() + value.len() > 4 * SHORT_BYTES) {
        return Err(Refused::component(format!(
            "a field of {whose} has more than 32 aspects, or a longer one than 1,024 bytes"
        )));
    }
    Ok(given)
}

fn short(what: &str, text: &str) -> Checked<()> {
    if text.len() > SHORT_BYTES || text.chars().any(char::is_control) {
        return Err(Refused::component(format!(
            "{what} must be at most {SHORT_BYTES} bytes without control characters; it has {}",
            text.len()
        )));
    }
    Ok(())
}

fn described(whose: &str, text: &str, limits: &Limits) -> Checked<()> {
    let most = limits.description_bytes;
    if text.len() as u64 > most {
        return Err(Refused::component(format!(
            "the description of {whose} has {} bytes; {most} are allowed (limit description_bytes)",
            text.len()
        )));
    }
    Ok(())
}
