//! `CreateFolder`: scripts make a provider's folder before they upload to it. There is nothing to be made.

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;

pub(crate) fn call(call: &Call) -> Result<Answer, ServiceError> {
    call.required_text("path").map(|_| Answer::Nothing)
}
