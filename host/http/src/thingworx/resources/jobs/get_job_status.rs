//! `GetJobStatus`: one of the four words.

use analyte_core::table::infotable::Cell;

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;
use super::{find, status};

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let view = find::job(call).await?;
    Ok(Answer::Scalar(Cell::Text(status::word(view.job.status).to_owned())))
}
