//! `SubmitJob`: once the id is answered, the job is kept.

use analyte_core::table::infotable::Cell;
use analyte_jobs::Right;

use super::parameters::SUBMISSION;
use super::submission;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "SubmitJob",
    description: "Submits a job and answers its id at once.",
    right: Right::JobsWrite,
    parameters: &SUBMISSION,
    result: ResultType::Scalar("STRING"),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let submission = submission::read(call).await?;
    let submitted = call.manager().submit(call.organisation(), submission).await?;
    Ok(Answer::Scalar(Cell::Text(submitted.job.job.id.to_string())))
}
