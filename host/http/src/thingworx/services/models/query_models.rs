//! `QueryModels`: the models of every provider that the caller sees, by provider and name unless the query orders them.

use analyte_jobs::Right;

use super::row::{self, Row};
use crate::thingworx::call::Call;
use crate::thingworx::call::query::{self, select};
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "QueryModels",
    description: "The models that fulfil a query, or one of several rows of values, or both.",
    right: Right::JobsRead,
    parameters: &[query::VALUES.of_shape(row::SHAPE), query::QUERY],
    result: ResultType::Table(Some(row::SHAPE)),
    extension: true,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let providers = call.manager().providers(call.organisation());
    let models = move || providers.iter().flat_map(|one| one.models.values().cloned()).map(Row::of).collect();
    select::of(call, models, row::table).await.map(Answer::Table)
}
