//! `CreateModelAndDatashapesFromFile`: the provider looks at the file and says which shapes the model has.

use analyte_core::table::infotable::Cell;
use analyte_jobs::{ModelOverrides, Right};

use super::parameters::{CARDINALITY, CUSTOM_DATA, DESCRIPTION, FILE, NAME, PROVIDER};
use super::publish;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "CreateModelAndDatashapesFromFile",
    description: "Creates a model from an uploaded file, which its provider inspects; answers the model's id.",
    right: Right::ProvidersWrite,
    parameters: &[NAME, DESCRIPTION, PROVIDER, FILE, CARDINALITY, CUSTOM_DATA],
    result: ResultType::Scalar("STRING"),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    publish::publish(call, ModelOverrides::default()).await.map(|id| Answer::Scalar(Cell::Text(id)))
}
