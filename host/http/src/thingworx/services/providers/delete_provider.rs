//! `DeleteProvider`: a provider without published models and without unfinished jobs.
//!
//! The public pages let a provider be changed only while it has no models, no jobs and no events, and say nothing of its
//! removal. Built-in models go with it, and jobs that have ended keep their results (our reading).

use analyte_core::codes::Code;
use analyte_core::names::ProviderName;
use analyte_core::table::infotable::Cell;
use analyte_jobs::{Origin, Right};

use super::parameters::PROVIDER;
use crate::thingworx::call::{Call, names};
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "DeleteProvider",
    description: "Removes a provider that has no published models and no unfinished jobs.",
    right: Right::ProvidersWrite,
    parameters: &[PROVIDER],
    result: ResultType::Scalar("STRING"),
    extension: true,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let name: ProviderName = names::name(call, "providerName", "provider")?;
    let key = names::provider_to_change(call, &name)?;
    let provider = call.manager().provider(call.organisation(), &name)?;
    let published = provider.models.values().filter(|model| model.origin != Origin::BuiltIn).count();
    if published > 0 {
        let message = format!("provider `{name}` has {published} published models; delete them before");
        return Err(ServiceError::coded(Code::Conflict, message));
    }
    call.manager().remove_provider(&key, false).await?;
    Ok(Answer::Scalar(Cell::Text(format!("Provider `{name}` is deleted."))))
}
