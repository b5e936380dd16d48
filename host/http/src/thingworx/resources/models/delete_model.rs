//! `DeleteModel`: a model that was published on its own, unless it has jobs that have not ended.
//!
//! The public pages let a model be changed only while nothing refers to it and it is not enabled; there is no page about
//! its removal. Here jobs that have ended keep their results, and a model need not be disabled before (our reading).

use analyte_core::table::infotable::Cell;

use super::named;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::resources::change;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let (provider, model) = named::names(call)?;
    let key = change::provider(call, &provider)?;
    call.manager().remove_model(&key, &model, false).await?;
    Ok(Answer::Scalar(Cell::Text(format!("Model `{model}` of provider `{provider}` is deleted."))))
}
