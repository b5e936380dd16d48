//! `GetJobErrors`: why a job failed or was cancelled, one row for each of its tasks; no rows of any other job.

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;
use super::{errors, find};

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let view = find::job(call).await?;
    errors::of(&view.job).map(Answer::Table)
}
