//! `GetJobResults`: the table that a job gave; an empty one of the same shape before it ended, and where it failed.

use analyte_core::codes::Code;
use analyte_core::job::{Job, Status};
use analyte_core::table::{Table, infotable};
use analyte_jobs::Right;

use super::find;
use super::parameters::JOB;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "GetJobResults",
    description: "The results of a completed job; of any other an empty table of the same shape.",
    right: Right::JobsRead,
    parameters: &JOB,
    result: ResultType::Table(None),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let view = find::job(call).await?;
    match view.job.status {
        Status::Completed => table(call, &view.job).await,
        _ => empty(call, &view.job),
    }
    .map(Answer::Table)
}

/// The table of a job that has completed.
pub(super) async fn table(call: &Call, job: &Job) -> Result<Table, ServiceError> {
    match call.manager().result_table(call.organisation(), job.id, None).await {
        Ok(result) => {
            call.warn(result.warnings);
            Ok(result.table)
        }
        // Retried meanwhile.
        Err(error) if matches!(error.code(), Code::NotFinished | Code::NoResult) => empty(call, job),
        Err(error) => Err(error.into()),
    }
}

/// What is answered of a job that has no results: no rows, under the fields that its model declares. Of a model that is not
/// installed any more the fields are not known, and there are none.
fn empty(call: &Call, job: &Job) -> Result<Table, ServiceError> {
    let Some(task) = job.only_task() else { return Ok(Table::default()) };
    match call.manager().model(call.organisation(), &task.provider, &task.model) {
        Ok(model) => Ok(infotable::empty(&model.info.output)),
        Err(error) if error.code() == Code::NotFound => Ok(Table::default()),
        Err(error) => Err(error.into()),
    }
}
