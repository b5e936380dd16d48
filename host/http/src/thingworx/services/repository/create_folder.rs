//! `CreateFolder`: scripts make a provider's folder before they upload to it. There is nothing to be made.

use analyte_jobs::Right;

use crate::thingworx::call::Call;
use crate::thingworx::call::parameter::Parameter;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "CreateFolder",
    description: "Does nothing: a folder is there as soon as a file is in it.",
    right: Right::ProvidersWrite,
    parameters: &[Parameter::new("path", "STRING", "The folder.")],
    result: ResultType::Nothing,
    extension: true,
    handler: |call| Box::pin(async move { answer(call) }),
};

fn answer(call: &Call) -> Result<Answer, ServiceError> {
    call.required_text("path").map(|_| Answer::Nothing)
}
