//! `EnableModel` and `DisableModel`. A model that is disabled takes no new jobs; those that it has go on.

use analyte_core::table::infotable::Cell;

use super::named;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::resources::change;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call, enabled: bool) -> Result<Answer, ServiceError> {
    let (provider, model) = named::names(call)?;
    let key = change::provider(call, &provider)?;
    let manager = call.manager().clone();
    let said = format!("Model `{model}` of provider `{provider}` is {}.", if enabled { "enabled" } else { "disabled" });
    change::carry(async move { manager.set_model_enabled(&key, &model, enabled).await }).await?;
    Ok(Answer::Scalar(Cell::Text(said)))
}
