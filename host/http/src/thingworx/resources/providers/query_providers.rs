//! `QueryProviders`: the providers that the caller sees, by name unless the query orders them.

use super::row::{self, Row};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::resources::selection;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let providers = call.manager().providers(call.organisation());
    let manager = call.manager().clone();
    let rows = move || providers.into_iter().map(|provider| Row::of(&manager, provider)).collect();
    selection::of(call, rows, row::table).await.map(Answer::Table)
}
