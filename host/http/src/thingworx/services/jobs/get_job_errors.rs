//! `GetJobErrors`: why a job failed or was cancelled, one row for each of its tasks; no rows of any other job.

use analyte_jobs::Right;

use super::parameters::JOB;
use super::{data_shapes, errors, find};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "GetJobErrors",
    description: "Why a job failed; of any other an empty table.",
    right: Right::JobsRead,
    parameters: &JOB,
    result: ResultType::Table(Some(data_shapes::JOB_ERROR)),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let view = find::job(call).await?;
    errors::of(&view.job).map(Answer::Table)
}
