//! `CancelJob`, an addition of ours: stops a job. It reads FAILED from then on, with one error whose code is `cancelled`.
//! Says in a sentence whether there was anything to stop; twice is harmless.

use analyte_core::codes::Code;
use analyte_core::table::infotable::Cell;
use analyte_jobs::Right;

use super::parameters::JOB;
use super::{find, status};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "CancelJob",
    description: "Stops a job that is WAITING or INPROCESS, and says whether it did; the job is FAILED then.",
    right: Right::JobsWrite,
    parameters: &JOB,
    result: ResultType::Scalar("STRING"),
    extension: true,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let job = find::job(call).await?.job;
    let id = job.id;
    let said = match call.manager().cancel(call.organisation(), id).await {
        Ok(view) if view.being_stopped => format!("Job `{id}` is cancelled, and its run is still being stopped."),
        Ok(_) => format!("Job `{id}` is cancelled."),
        Err(error) if error.code() == Code::AlreadyFinished => {
            let ended = call.manager().get(call.organisation(), id).await?.job.status;
            format!("Job `{id}` is {} already. Nothing has changed.", status::word(ended))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Answer::Scalar(Cell::Text(said)))
}
