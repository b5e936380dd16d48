//! `GetJobStatus`: one of the four words.

use analyte_core::table::infotable::Cell;

use super::{find, status};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let view = find::job(call).await?;
    Ok(Answer::Scalar(Cell::Text(status::word(view.job.status).to_owned())))
}
