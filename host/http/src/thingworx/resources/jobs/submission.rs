//! What SubmitJob and ExecuteJob take, turned into what the job manager takes.
//!
//! `inputParams` is read for the model's input shape: columns beyond it are left out, missing ones unset. Rows are asked
//! for by every model whose input has fields; one without fields gets what its cardinality asks for. `extraParams` are the
//! model's parameters. `customData` is kept to the letter, an empty table where there is none.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::model::{Cardinality, ModelInfo};
use analyte_core::names::{ModelName, ProviderName};
use analyte_core::shape::{Rest, Shape};
use analyte_core::table::{Table, infotable};
use analyte_jobs::{Parameters, Submission};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::find;
use crate::request::strict_json;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;

/// What stands for custom data where a client gives none.
const EMPTY_TABLE: &str = r#"{"dataShape":{"fieldDefinitions":{}},"rows":[]}"#;

/// The job to be.
pub(super) async fn read(call: &Call) -> Result<Submission, ServiceError> {
    let limits = &call.shared.limits;
    let provider: ProviderName = find::name(call, "providerName", "provider")?;
    let model: ModelName = find::name(call, "modelName", "model")?;
    let info: Arc<ModelInfo> = call.manager().model(call.organisation(), &provider, &model)?.info.clone();
    // The small ones first: a large table is not read for nothing.
    let parameters = parameters(call.bytes("extraParams"), limits)?;
    let custom_data = custom_data(call.bytes("customData"), limits)?;
    let (input, input_warnings) = input(call, &info).await?;
    let session = call.session().filter(|session| call.manager().is_stateful(session));
    Ok(Submission {
        input_warnings,
        parameters,
        custom_data: Some(custom_data),
        session: session.map(|session| session.id().clone()),
        created_by: Some(call.caller.principal().label.to_string()),
        ..Submission::new(provider, model, input)
    })
}

async fn input(call: &Call, model: &ModelInfo) -> Result<(Table, Vec<String>), ServiceError> {
    let nothing = nothing(model);
    match call.table("inputParams", &model.input).await? {
        Some(read) if nothing.is_some() || read.table.rows() > 0 => Ok((read.table, read.warnings)),
        Some(_) => {
            let message =
                format!("the parameter inputParams has no rows, and model `{}` needs one at least", model.name);
            Err(ServiceError::coded(Code::InvalidInput, message))
        }
        None => nothing.map(|table| (table, Vec::new())).ok_or_else(|| ServiceError::missing("inputParams")),
    }
}

/// What stands for the input where none is given: rows without fields, if the model asks for no fields.
fn nothing(model: &ModelInfo) -> Option<Table> {
    if !model.input.fields.is_empty() || model.input.rest != Rest::None {
        return None;
    }
    let rows = match model.cardinality {
        Cardinality::OnexN | Cardinality::Onex1 => 1,
        Cardinality::Any | Cardinality::NxN | Cardinality::Nx1 => 0,
    };
    Table::new(Arc::default(), Vec::new(), rows).ok()
}

fn parameters(given: Option<Bytes>, limits: &Limits) -> Result<Parameters, ServiceError> {
    let Some(json) = given else { return Ok(Parameters::None) };
    let raw = small(&json, "extraParams", "parameters_bytes", limits.parameters_bytes)?;
    if !raw.get().starts_with('{') {
        return Err(ServiceError::coded(Code::InvalidInput, "the parameter extraParams must be a JSON object"));
    }
    strict_json::check_members(&raw, "extraParams")?;
    Ok(Parameters::Json(raw))
}

pub(crate) fn custom_data(given: Option<Bytes>, limits: &Limits) -> Result<Box<RawValue>, ServiceError> {
    let Some(json) = given else {
        let empty = RawValue::from_string(EMPTY_TABLE.to_owned());
        return empty.map_err(|error| ServiceError::Failed(error.to_string()));
    };
    let raw = small(&json, "customData", "custom_data_bytes", limits.custom_data_bytes)?;
    match infotable::read(raw.get().as_bytes(), &Shape::any(), limits) {
        Ok(_) if raw.get().starts_with('{') => Ok(raw),
        Ok(_) => Err(not_a_table("it must be an object with `dataShape` and `rows`")),
        Err(error) => Err(not_a_table(&error.message)),
    }
}

fn not_a_table(why: &str) -> ServiceError {
    ServiceError::coded(Code::InvalidInput, format!("the parameter customData is no InfoTable: {why}"))
}

/// The text of a parameter that is bounded, before anything walks through it.
fn small(json: &Bytes, parameter: &str, limit: &str, most: u64) -> Result<Box<RawValue>, ServiceError> {
    let bytes = json.len() as u64;
    if bytes > most {
        let message = format!("the parameter {parameter} has {bytes} bytes; {most} are allowed (limit {limit})");
        return Err(ServiceError::coded(Code::TooLarge, message));
    }
    serde_json::from_slice(json)
        .map_err(|error| ServiceError::coded(Code::Malformed, format!("the parameter {parameter}: {error}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::base_type::BaseType;
    use analyte_core::shape::Field;

    use super::*;

    #[test]
    fn a_model_without_input_fields_gets_as_many_rows_as_it_asks_for() {
        let rows = |fields: Vec<Field>, rest: Rest, cardinality: Cardinality| {
            let model = ModelInfo {
                name: ModelName::new("m").unwrap(),
                description: String::new(),
                version: String::new(),
                input: Shape { fields: fields.into(), rest },
                output: Shape::any(),
                cardinality,
                independent_rows: false,
                parameters_schema: None,
                column_parameters: Vec::new(),
                capabilities: Vec::new(),
                examples: Vec::new(),
            };
            nothing(&model).map(|table| table.rows())
        };
        for (cardinality, expected) in [
            (Cardinality::Any, 0),
            (Cardinality::NxN, 0),
            (Cardinality::Nx1, 0),
            (Cardinality::OnexN, 1),
            (Cardinality::Onex1, 1),
        ] {
            assert_eq!(rows(Vec::new(), Rest::None, cardinality), Some(expected), "{cardinality}");
            assert_eq!(rows(Vec::new(), Rest::Any, cardinality), None);
            assert_eq!(rows(vec![Field::new("a", BaseType::Number)], Rest::None, cardinality), None);
        }
    }

    #[test]
    fn custom_data_is_kept_to_the_letter_if_it_is_a_table() {
        let limits = Limits { custom_data_bytes: 100, ..Limits::default() };
        let kept = |given: Option<&str>| {
            let given = given.map(|text| Bytes::copy_from_slice(text.as_bytes()));
            custom_data(given, &limits).map(|raw| raw.get().to_owned()).ok()
        };
        assert_eq!(kept(None).as_deref(), Some(EMPTY_TABLE));
        for table in
            [r#"{ "rows": [ {"a": [1, {}]}, {} ] }"#, r#"{"dataShape":{"fieldDefinitions":{}},"rows":[]}"#, EMPTY_TABLE]
        {
            assert_eq!(kept(Some(table)).as_deref(), Some(table));
        }
        for other in ["{}", "[]", "\"text\"", "7", r#"{"rows":{}}"#, r#"{"rows":[1]}"#] {
            assert_eq!(kept(Some(other)), None, "{other}");
        }
        assert_eq!(kept(Some(r#"{"dataShape":[],"rows":[]}"#)), None);
        let long = format!(r#"{{"rows":[{{"a":"{}"}}]}}"#, "x".repeat(100));
        assert_eq!(kept(Some(&long)), None);
    }

    #[test]
    fn extra_parameters_are_an_object_in_which_no_member_comes_twice() {
        let limits = Limits { parameters_bytes: 30, ..Limits::default() };
        let read = |text: &str| parameters(Some(Bytes::copy_from_slice(text.as_bytes())), &limits);
        assert!(matches!(parameters(None, &limits).unwrap(), Parameters::None));
        assert!(matches!(read(r#"{"a":1}"#).unwrap(), Parameters::Json(raw) if raw.get() == r#"{"a":1}"#));
        for wrong in ["[1]", "\"{}\"", "1", "true", r#"{"a":1,"a":2}"#, r#"{"text":"0123456789012345678901234"}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
