//! What a call names: a provider, a model, a job. Everything that is not there, or not for the caller, gets one sentence.

use std::str::FromStr;

use analyte_core::codes::Code;
use analyte_core::names::JobId;
use analyte_jobs::JobView;

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;

/// Of names of a client within messages.
const SHOWN: usize = 80;

/// A parameter that is a name; what is no name at all names nothing that is there. `what`: a provider, a model.
pub(crate) fn name<N: FromStr>(call: &Call, parameter: &str, what: &str) -> Result<N, ServiceError> {
    let given = call.required_text(parameter)?;
    given.parse().map_err(|_| missing(what, &given))
}

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

fn missing(what: &str, given: &str) -> ServiceError {
    let mut chars = given.chars();
    let mut shown: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    ServiceError::coded(Code::NotFound, format!("there is no {what} `{shown}`"))
}
