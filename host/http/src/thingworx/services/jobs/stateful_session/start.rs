//! `StartStatefulSession`: marks the HTTP session; a call without one opens one and gets its cookie.

use analyte_jobs::Right;

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "StartStatefulSession",
    description: "From now on the jobs of this HTTP session on one provider run in one instance, one after the other.",
    right: Right::JobsWrite,
    parameters: &[],
    result: ResultType::Nothing,
    extension: false,
    handler: |call| Box::pin(async move { answer(call) }),
};

fn answer(call: &Call) -> Result<Answer, ServiceError> {
    call.manager().start_stateful(&call.ensure_session()?);
    Ok(Answer::Nothing)
}
