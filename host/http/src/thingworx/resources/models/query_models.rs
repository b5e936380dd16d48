//! `QueryModels`: the models of every provider that the caller sees, by provider and name unless the query orders them.

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;
use super::super::selection;
use super::row::{self, Row};

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let providers = call.manager().providers(call.organisation());
    let models = providers.iter().flat_map(|provider| provider.models.values().cloned()).map(Row::of).collect();
    let selected = selection::of(call, models).await?;
    row::table(&selected).map(Answer::Table)
}
