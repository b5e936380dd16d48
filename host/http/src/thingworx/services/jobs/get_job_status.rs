//! `GetJobStatus`: one of the four words.

use analyte_core::table::infotable::Cell;
use analyte_jobs::Right;

use super::parameters::JOB;
use super::{find, status};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "GetJobStatus",
    description: "WAITING, INPROCESS, COMPLETED or FAILED.",
    right: Right::JobsRead,
    parameters: &JOB,
    result: ResultType::Scalar("STRING"),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let view = find::job(call).await?;
    Ok(Answer::Scalar(Cell::Text(status::word(view.job.status).to_owned())))
}
