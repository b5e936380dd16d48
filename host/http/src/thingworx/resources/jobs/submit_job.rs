//! `SubmitJob`: once the id is answered, the job is kept.

use analyte_core::table::infotable::Cell;

use super::submission;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let submission = submission::read(call).await?;
    let submitted = call.manager().submit(call.organisation(), submission).await?;
    Ok(Answer::Scalar(Cell::Text(submitted.job.job.id.to_string())))
}
