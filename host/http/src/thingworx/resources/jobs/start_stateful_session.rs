//! `StartStatefulSession`: marks the HTTP session; a call without one opens one and gets its cookie.

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;

pub(crate) fn call(call: &Call) -> Result<Answer, ServiceError> {
    call.manager().start_stateful(&call.ensure_session()?);
    Ok(Answer::Nothing)
}
