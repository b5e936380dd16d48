//! `QueryModels`: the models of every provider that the caller sees, by provider and name unless the query orders them.

use super::row::{self, Row};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::resources::selection;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let providers = call.manager().providers(call.organisation());
    let models = move || providers.iter().flat_map(|one| one.models.values().cloned()).map(Row::of).collect();
    selection::of(call, models, row::table).await.map(Answer::Table)
}
