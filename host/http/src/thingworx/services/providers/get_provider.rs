//! `GetProvider`: one provider, as a table of one row.

use analyte_core::names::ProviderName;
use analyte_jobs::Right;

use super::parameters::PROVIDER;
use super::row::{self, Row};
use crate::thingworx::call::{Call, names};
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "GetProvider",
    description: "One provider, as QueryProviders answers it.",
    right: Right::JobsRead,
    parameters: &[PROVIDER],
    result: ResultType::Table(None),
    extension: true,
    handler: |call| Box::pin(async move { answer(call) }),
};

fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let name: ProviderName = names::name(call, "providerName", "provider")?;
    let provider = call.manager().provider(call.organisation(), &name)?;
    row::table(&[Row::of(call.manager(), provider)]).map(Answer::Table)
}
