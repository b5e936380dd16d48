//! `ExecuteJob`: a stored job that is waited for.
//!
//! It ends in one of four ways. Completed: its results. Failed: the message of its first error. Not at its end within
//! `thingworx_call_ms`: it is cancelled, and that is said. The server stops: that is said, and the job goes on with the next
//! start. A client that goes away meanwhile changes nothing: the job is stored, goes on, and QueryJobs finds it.

use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::job::{Job, Status};
use analyte_core::names::JobId;
use analyte_jobs::Right;

use super::parameters::SUBMISSION;
use super::{get_job_results, submission};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "ExecuteJob",
    description: "Submits a job, waits for its end and answers its results.",
    right: Right::JobsWrite,
    parameters: &SUBMISSION,
    result: ResultType::Table(None),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let submission = submission::read(call).await?;
    let (manager, organisation) = (call.manager(), call.organisation());
    let submitted = manager.submit(organisation, submission).await?;
    // The run may need all the memory there is.
    call.release_body();
    let most = Duration::from_millis(call.shared.limits.thingworx_call_ms);
    let (id, since) = (submitted.job.job.id, Instant::now());
    let mut view = manager.wait_long(organisation, id, most).await?;
    if !view.job.status.ended() {
        if since.elapsed() < most {
            let message = format!("the server is stopping; job `{id}` is kept and goes on when it is back");
            return Err(ServiceError::coded(Code::NotFinished, message));
        }
        match manager.cancel(organisation, id).await {
            Ok(_) => return Err(too_long(id, most)),
            // It ended at the last moment.
            Err(error) if error.code() == Code::AlreadyFinished => view = manager.get(organisation, id).await?,
            Err(error) => return Err(error.into()),
        }
    }
    match view.job.status {
        Status::Completed => {
            // Those about the input are among the job's own.
            drop(call.take_warnings());
            get_job_results::table(call, &view.job).await.map(Answer::Table)
        }
        _ => Err(failed(&view.job)),
    }
}

fn failed(job: &Job) -> ServiceError {
    match job.error() {
        Some(failure) => ServiceError::coded(failure.code, failure.message.clone()),
        None => ServiceError::coded(Code::HostError, format!("job `{}` is {}", job.id, job.status)),
    }
}

fn too_long(id: JobId, most: Duration) -> ServiceError {
    let message = format!(
        "job `{id}` did not end within {} ms (limit thingworx_call_ms) and was cancelled; SubmitJob does not wait",
        most.as_millis()
    );
    ServiceError::coded(Code::Timeout, message)
}
