//! `CreateFolder`: scripts make a provider's folder before they upload to it. There is nothing to be made.

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) fn call(call: &Call) -> Result<Answer, ServiceError> {
    call.required_text("path").map(|_| Answer::Nothing)
}
