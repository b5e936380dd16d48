//! `DeleteModel`: a model that was published on its own, unless it has jobs that have not ended.
//!
//! The public pages let a model be changed only while nothing refers to it and it is not enabled; there is no page about
//! its removal. Here jobs that have ended keep their results, and a model need not be disabled before (our reading).

use analyte_core::table::infotable::Cell;
use analyte_jobs::Right;

use super::find;
use super::parameters::MODEL;
use crate::thingworx::call::{Call, names};
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "DeleteModel",
    description: "Removes a model that has no unfinished jobs.",
    right: Right::ProvidersWrite,
    parameters: &MODEL,
    result: ResultType::Scalar("STRING"),
    extension: true,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let (provider, model) = find::names(call)?;
    let key = names::provider_to_change(call, &provider)?;
    call.manager().remove_model(&key, &model, false).await?;
    Ok(Answer::Scalar(Cell::Text(format!("Model `{model}` of provider `{provider}` is deleted."))))
}
