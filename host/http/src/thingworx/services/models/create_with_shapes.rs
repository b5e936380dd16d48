//! `CreateModelWithManualDatashapes`: like the creation from a file, with shapes given by hand. The file is asked for here
//! too, since something has to compute, and the shapes must be those that it has: they add descriptions, and tell a
//! publisher early that a file is not the one that was meant (our reading).

use analyte_core::table::infotable::Cell;
use analyte_jobs::{ModelOverrides, Right};

use super::parameters::{CARDINALITY, CUSTOM_DATA, DESCRIPTION, FILE, NAME, PROVIDER};
use super::{publish, shape_json};
use crate::thingworx::call::Call;
use crate::thingworx::call::parameter::Parameter;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "CreateModelWithManualDatashapes",
    description: "The same with shapes given by hand, which must be those of the file.",
    right: Right::ProvidersWrite,
    parameters: &[
        NAME,
        DESCRIPTION,
        PROVIDER,
        Parameter::new("inputDatashapeJson", "JSON", "An array of the input's fields: name, baseType, description, …"),
        Parameter::new("outputDatashapeJson", "JSON", "An array of the result's fields."),
        CARDINALITY,
        CUSTOM_DATA,
        FILE,
    ],
    result: ResultType::Scalar("STRING"),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let shape = |parameter| match call.bytes(parameter) {
        Some(json) => shape_json::read(parameter, &json, &call.shared.limits),
        None => Err(ServiceError::missing(parameter)),
    };
    let overrides = ModelOverrides {
        input: Some(shape("inputDatashapeJson")?),
        output: Some(shape("outputDatashapeJson")?),
        ..ModelOverrides::default()
    };
    if call.text("fileURL")?.is_none_or(|url| url.is_empty()) {
        return Err(publish::invalid("the parameter fileURL is missing: a model needs a file that computes it"));
    }
    publish::publish(call, overrides).await.map(|id| Answer::Scalar(Cell::Text(id)))
}
