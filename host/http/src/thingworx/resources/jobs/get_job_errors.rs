//! `GetJobErrors`: why a job failed or was cancelled, one row for each of its tasks; no rows of any other job.

use super::{errors, find};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let view = find::job(call).await?;
    errors::of(&view.job).map(Answer::Table)
}
