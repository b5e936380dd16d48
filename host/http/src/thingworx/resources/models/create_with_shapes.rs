//! `CreateModelWithManualDatashapes`: like the creation from a file, with shapes given by hand. The file is asked for here
//! too, since something has to compute, and the shapes must be those that it has: they add descriptions, and tell a
//! publisher early that a file is not the one that was meant (our reading).

use analyte_core::table::infotable::Cell;
use analyte_jobs::ModelOverrides;

use super::{publication, shape_json};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
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
        return Err(publication::invalid("the parameter fileURL is missing: a model needs a file that computes it"));
    }
    publication::publish(call, overrides).await.map(|id| Answer::Scalar(Cell::Text(id)))
}
