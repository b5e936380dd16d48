//! `DeleteFile`: one file of the caller's organisation.

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::files::place::{MODELS, inner};
use crate::thingworx::resources::change;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let path = call.required_text("path")?;
    let (manager, organisation) = (call.manager().clone(), call.organisation().clone());
    change::carry(async move { manager.remove_file(&organisation, MODELS, inner(&path)).await }).await?;
    Ok(Answer::Nothing)
}
