//! `QueryModels`: the models of every provider that the caller sees, by provider and name unless the query orders them.

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;
use super::super::selection;
use super::row::{self, Row};

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let providers = call.manager().providers(call.organisation());
    let models = move || providers.iter().flat_map(|one| one.models.values().cloned()).map(Row::of).collect();
    selection::of(call, models, row::table).await.map(Answer::Table)
}
