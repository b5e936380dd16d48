//! `StartStatefulSession`: marks the HTTP session; a call without one opens one and gets its cookie.

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) fn call(call: &Call) -> Result<Answer, ServiceError> {
    call.manager().start_stateful(&call.ensure_session()?);
    Ok(Answer::Nothing)
}
