//! `QueryProviders`: the providers that the caller sees, by name unless the query orders them.

use analyte_jobs::Right;

use super::row::{self, Row};
use crate::thingworx::call::Call;
use crate::thingworx::call::query::{self, select};
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "QueryProviders",
    description: "The providers that fulfil a query, or one of several rows of values, or both.",
    right: Right::JobsRead,
    parameters: &[query::VALUES, query::QUERY],
    result: ResultType::Table(None),
    extension: true,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let providers = call.manager().providers(call.organisation());
    let manager = call.manager().clone();
    let rows = move || providers.into_iter().map(|provider| Row::of(&manager, provider)).collect();
    select::of(call, rows, row::table).await.map(Answer::Table)
}
