//! `QueryProviders`: the providers that the caller sees, by name unless the query orders them.

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;
use super::super::selection;
use super::row::{self, Row};

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let providers = call.manager().providers(call.organisation());
    let manager = call.manager().clone();
    let rows = move || providers.into_iter().map(|provider| Row::of(&manager, provider)).collect();
    selection::of(call, rows, row::table).await.map(Answer::Table)
}
