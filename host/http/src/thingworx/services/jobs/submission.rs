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
use analyte_core::shape::Rest;
use analyte_core::table::Table;
use analyte_jobs::{InputAsked, Parameters, Submission, TaskAsked};
use bytes::Bytes;

use crate::request::strict_json;
use crate::thingworx::call::{Call, custom_data, names, raw_json};
use crate::thingworx::error::ServiceError;

/// The job to be.
pub(super) async fn read(call: &Call) -> Result<Submission, ServiceError> {
    let limits = &call.shared.limits;
    let provider: ProviderName = names::name(call, "providerName", "provider")?;
    let model: ModelName = names::name(call, "modelName", "model")?;
    let info: Arc<ModelInfo> = call.manager().model(call.organisation(), &provider, &model)?.info.clone();
    // The small ones first: a large table is not read for nothing.
    let parameters = parameters(call.bytes("extraParams"), limits)?;
    let custom_data = custom_data::read(call.bytes("customData"), limits)?;
    let (table, warnings) = input(call, &info).await?;
    let input = InputAsked::Given { table, warnings };
    let session = call.session().filter(|session| call.manager().is_stateful(session));
    Ok(Submission {
        custom_data: Some(custom_data),
        session: session.map(|session| session.id().clone()),
        created_by: Some(call.caller.principal().label.to_string()),
        ..Submission::of(vec![TaskAsked { parameters, ..TaskAsked::new(provider, model, input) }])
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
    let raw = raw_json::read(&json, "extraParams", "parameters_bytes", limits.parameters_bytes)?;
    if !raw.get().starts_with('{') {
        return Err(ServiceError::coded(Code::InvalidInput, "the parameter extraParams must be a JSON object"));
    }
    strict_json::check_members(&raw, "extraParams")?;
    Ok(Parameters::Json(raw))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::base_type::BaseType;
    use analyte_core::shape::{Field, Shape};

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
