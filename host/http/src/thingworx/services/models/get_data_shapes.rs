//! `GetModelDataShapes`: the fields that a model takes and gives, one a row.

use analyte_core::base_type::BaseType;
use analyte_core::shape::Field;
use analyte_core::table::Table;
use analyte_core::table::infotable::{Cell, Rows};
use analyte_jobs::{Model, Right};

use super::find;
use super::parameters::MODEL;
use crate::thingworx::call::Call;
use crate::thingworx::call::table::{field, of_rows};
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "GetModelDataShapes",
    description: "The fields that a model takes and gives.",
    right: Right::JobsRead,
    parameters: &MODEL,
    result: ResultType::Table(None),
    extension: true,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let model = find::model(call)?;
    call.compute(move || table(&model)).await?.map(Answer::Table)
}

fn table(model: &Model) -> Result<Table, ServiceError> {
    let mut rows = Rows::new(fields());
    for (side, shape) in [("inputs", &model.info.input), ("results", &model.info.output)] {
        for (ordinal, field) in (0..).zip(shape.fields.iter()) {
            rows.push(row(side, ordinal, field));
        }
    }
    of_rows(rows)
}

fn row(side: &'static str, ordinal: i64, field: &Field) -> Vec<Cell> {
    vec![
        Cell::from(side),
        Cell::Text(field.name.to_string()),
        Cell::Text(field.base_type_name().to_owned()),
        Cell::Text(field.description.to_string()),
        Cell::Int(ordinal),
        Cell::Bool(!field.nullable),
    ]
}

fn fields() -> Vec<Field> {
    vec![
        field("shape", BaseType::String, "inputs or results."),
        field("name", BaseType::String, ""),
        field("baseType", BaseType::String, ""),
        field("description", BaseType::String, ""),
        field("ordinal", BaseType::Integer, "Its place in its shape, counted from 0."),
        field("isRequired", BaseType::Boolean, "Whether its values may not be unset."),
    ]
}
