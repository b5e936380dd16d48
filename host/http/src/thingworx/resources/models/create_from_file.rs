//! `CreateModelAndDatashapesFromFile`: the provider looks at the file and says which shapes the model has.

use analyte_core::table::infotable::Cell;
use analyte_jobs::ModelOverrides;

use super::publication;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    publication::publish(call, ModelOverrides::default()).await.map(|id| Answer::Scalar(Cell::Text(id)))
}
