//! `CancelJob`, an addition of ours: stops a job. It reads FAILED from then on, with one error whose code is `cancelled`.
//! Says in a sentence whether there was anything to stop; twice is harmless.

use analyte_core::codes::Code;
use analyte_core::table::infotable::Cell;

use super::{find, status};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
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
