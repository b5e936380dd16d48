//! `GetJobResults`: the table that a job gave; an empty one of the same shape before it ended, and where it failed.

use analyte_core::codes::Code;
use analyte_core::job::{Job, Status};
use analyte_core::table::Table;

use super::{empty_result, find};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let view = find::job(call).await?;
    match view.job.status {
        Status::Completed => table(call, &view.job).await,
        _ => empty_result::of(call, &view.job),
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
        Err(error) if matches!(error.code(), Code::NotFinished | Code::NoResult) => empty_result::of(call, job),
        Err(error) => Err(error.into()),
    }
}
