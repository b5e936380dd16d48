//! `EnableModel` and `DisableModel`. A model that is disabled takes no new jobs; those that it has go on.

use analyte_core::table::infotable::Cell;
use analyte_jobs::Right;

use super::find;
use super::parameters::MODEL;
use crate::thingworx::call::detached::detached;
use crate::thingworx::call::{Call, names};
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static ENABLE: Service = Service {
    name: "EnableModel",
    description: "Lets a model take jobs.",
    right: Right::ProvidersWrite,
    parameters: &MODEL,
    result: ResultType::Scalar("STRING"),
    extension: true,
    handler: |call| Box::pin(answer(call, true)),
};

/// The service.
pub(crate) static DISABLE: Service = Service {
    name: "DisableModel",
    description: "Keeps a model from taking new jobs.",
    right: Right::ProvidersWrite,
    parameters: &MODEL,
    result: ResultType::Scalar("STRING"),
    extension: true,
    handler: |call| Box::pin(answer(call, false)),
};

async fn answer(call: &Call, enabled: bool) -> Result<Answer, ServiceError> {
    let (provider, model) = find::names(call)?;
    let key = names::provider_to_change(call, &provider)?;
    let manager = call.manager().clone();
    let said = format!("Model `{model}` of provider `{provider}` is {}.", if enabled { "enabled" } else { "disabled" });
    detached(async move { manager.set_model_enabled(&key, &model, enabled).await }).await?;
    Ok(Answer::Scalar(Cell::Text(said)))
}
