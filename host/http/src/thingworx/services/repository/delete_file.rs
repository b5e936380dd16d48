//! `DeleteFile`: one file of the caller's organisation.

use analyte_jobs::Right;

use crate::thingworx::call::Call;
use crate::thingworx::call::detached::detached;
use crate::thingworx::call::parameter::Parameter;
use crate::thingworx::error::ServiceError;
use crate::thingworx::files::location::{MODELS, trim_slashes};
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "DeleteFile",
    description: "Deletes a file; models that were made of it stay.",
    right: Right::ProvidersWrite,
    parameters: &[Parameter::new("path", "STRING", "The file.")],
    result: ResultType::Nothing,
    extension: true,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let path = call.required_text("path")?;
    let (manager, organisation) = (call.manager().clone(), call.organisation().clone());
    detached(async move { manager.remove_file(&organisation, MODELS, trim_slashes(&path)).await }).await?;
    Ok(Answer::Nothing)
}
