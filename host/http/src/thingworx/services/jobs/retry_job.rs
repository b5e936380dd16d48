//! `RetryJob`: runs a FAILED or INPROCESS job again, under its id; the run that goes on is stopped, and whatever it still
//! gives is refused. Says in a sentence whether the job will run again; a job that cannot be is no error of the call.

use analyte_core::codes::Code;
use analyte_core::job::Status;
use analyte_core::table::infotable::Cell;
use analyte_jobs::Right;

use super::parameters::JOB;
use super::{find, status};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "RetryJob",
    description: "Runs a job again that is FAILED or INPROCESS, and says whether it will.",
    right: Right::JobsWrite,
    parameters: &JOB,
    result: ResultType::Scalar("STRING"),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let job = find::job(call).await?.job;
    let id = job.id;
    let said = match job.status {
        Status::Queued | Status::Completed => {
            let word = status::word(job.status);
            format!("Job `{id}` is {word}; only a job that is FAILED or INPROCESS can be retried. Nothing has changed.")
        }
        Status::Running | Status::Failed | Status::Cancelled => {
            match call.manager().retry(call.organisation(), id).await {
                Ok(_) => format!("Job `{id}` will run again."),
                Err(error) if for_the_caller(error.code()) => {
                    format!("Job `{id}` cannot be retried: {error}. Nothing has changed.")
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    Ok(Answer::Scalar(Cell::Text(said)))
}

/// Whether the reason lies with the job and its model, rather than with the server or the caller's rights.
fn for_the_caller(code: Code) -> bool {
    matches!(
        code,
        Code::AlreadyFinished | Code::Conflict | Code::InvalidInput | Code::NotFound | Code::ProviderUnavailable
    )
}
