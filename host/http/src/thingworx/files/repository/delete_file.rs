//! `DeleteFile`: one file of the caller's organisation.

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;
use super::super::place::{MODELS, inner};
use crate::thingworx::resources::change;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let path = call.required_text("path")?;
    let (manager, organisation) = (call.manager().clone(), call.organisation().clone());
    change::carry(async move { manager.remove_file(&organisation, MODELS, inner(&path)).await }).await?;
    Ok(Answer::Nothing)
}
