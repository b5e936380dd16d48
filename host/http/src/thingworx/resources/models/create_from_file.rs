//! `CreateModelAndDatashapesFromFile`: the provider looks at the file and says which shapes the model has.

use analyte_core::table::infotable::Cell;
use analyte_jobs::ModelOverrides;

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;
use super::publication;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    publication::publish(call, ModelOverrides::default()).await.map(|id| Answer::Scalar(Cell::Text(id)))
}
