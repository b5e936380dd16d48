//! The job that a call names. What is not there, or not for the caller, gets one sentence.

use analyte_core::codes::Code;
use analyte_core::names::JobId;
use analyte_jobs::JobView;

use crate::thingworx::call::Call;
use crate::thingworx::call::names::missing;
use crate::thingworx::error::ServiceError;

/// The job that `jobId` names, if its provider is the one that `providerName` names.
pub(super) async fn job(call: &Call) -> Result<JobView, ServiceError> {
    let provider = call.required_text("providerName")?;
    let given = call.required_text("jobId")?;
    let id: JobId = given.parse().map_err(|_| missing("job", &given))?;
    let view = match call.manager().get(call.organisation(), id).await {
        Ok(view) => view,
        Err(error) if error.code() == Code::NotFound => return Err(missing("job", &given)),
        Err(error) => return Err(error.into()),
    };
    let on_it = view.job.only_task().is_some_and(|task| task.provider.as_str() == provider);
    if on_it { Ok(view) } else { Err(missing("job", &given)) }
}
