//! `GetModel`: one model, as a table of one row.

use analyte_jobs::Right;

use super::find;
use super::parameters::MODEL;
use super::row::{self, Row};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "GetModel",
    description: "One model, as QueryModels answers it.",
    right: Right::JobsRead,
    parameters: &MODEL,
    result: ResultType::Table(Some(row::SHAPE)),
    extension: true,
    handler: |call| Box::pin(async move { answer(call) }),
};

fn answer(call: &Call) -> Result<Answer, ServiceError> {
    row::table(&[Row::of(find::model(call)?)]).map(Answer::Table)
}
