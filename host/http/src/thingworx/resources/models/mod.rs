//! `TW.AnalysisServices.ModelManagementServicesAPI`: models that lie in files.
//!
//! Two services are public; the others are ours, in the same style. A model's id is `PROVIDER/MODEL`; wherever a model is
//! to be named, its id will do, or the two names. All of it works on the models of every surface.

use analyte_jobs::Right;

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, Parameter, Resource, ResultType, Service};

mod create_from_file;
mod create_with_shapes;
mod delete_model;
mod get_data_shapes;
mod get_model;
mod named;
mod publication;
mod query_models;
mod row;
mod shape_json;
mod switch;

const fn parameter(name: &'static str, base_type: &'static str, description: &'static str) -> Parameter {
    Parameter { name, base_type, description, default: None, data_shape: None }
}

const NAME: Parameter = parameter("modelName", "STRING", "The model; the name of its file without its ending.");
const DESCRIPTION: Parameter = parameter("description", "STRING", "For people; else what the file says.");
const PROVIDER: Parameter = parameter("providerName", "STRING", "The analysis provider.");
const FILE: Parameter = parameter(
    "fileURL",
    "HYPERLINK",
    "/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/PROVIDER/FILE; nothing else is taken.",
);
const CARDINALITY: Parameter = parameter(
    "inputsToResultsCardinality",
    "STRING",
    "Any, NxN, Nx1, 1xN or 1x1; else what the provider says of the file.",
);
const CUSTOM_DATA: Parameter = parameter("customData", "INFOTABLE", "Your own data; QueryModels answers it as it is.");
const MODEL: [Parameter; 3] = [
    parameter("modelId", "STRING", "The model's id, as its creation answered it; or give the two names."),
    PROVIDER,
    parameter("modelName", "STRING", "The model of this provider."),
];

/// The resource.
pub(crate) static RESOURCE: Resource = Resource {
    name: "TW.AnalysisServices.ModelManagementServicesAPI",
    description: "Creates analysis models from files, switches them on and off, and shows them.",
    services: &[
        Service {
            name: "CreateModelAndDatashapesFromFile",
            description: "Creates a model from an uploaded file, which its provider inspects; answers the model's id.",
            right: Right::ProvidersWrite,
            inputs: &[NAME, DESCRIPTION, PROVIDER, FILE, CARDINALITY, CUSTOM_DATA],
            result: ResultType::Scalar("STRING"),
            ours: false,
        },
        Service {
            name: "CreateModelWithManualDatashapes",
            description: "The same with shapes given by hand, which must be those of the file.",
            right: Right::ProvidersWrite,
            inputs: &[
                NAME,
                DESCRIPTION,
                PROVIDER,
                parameter(
                    "inputDatashapeJson",
                    "JSON",
                    "An array of the input's fields: name, baseType, description, …",
                ),
                parameter("outputDatashapeJson", "JSON", "An array of the result's fields."),
                CARDINALITY,
                CUSTOM_DATA,
                FILE,
            ],
            result: ResultType::Scalar("STRING"),
            ours: false,
        },
        Service {
            name: "QueryModels",
            description: "The models that fulfil a query, or one of several rows of values, or both.",
            right: Right::JobsRead,
            inputs: &[
                Parameter {
                    data_shape: Some(row::SHAPE),
                    ..parameter("values", "INFOTABLE", "Rows of which one has to agree in every field that it sets.")
                },
                parameter("query", "QUERY", "What has to hold, and the order."),
            ],
            result: ResultType::Table(Some(row::SHAPE)),
            ours: true,
        },
        Service {
            name: "GetModel",
            description: "One model, as QueryModels answers it.",
            right: Right::JobsRead,
            inputs: &MODEL,
            result: ResultType::Table(Some(row::SHAPE)),
            ours: true,
        },
        Service {
            name: "GetModelDataShapes",
            description: "The fields that a model takes and gives.",
            right: Right::JobsRead,
            inputs: &MODEL,
            result: ResultType::Table(None),
            ours: true,
        },
        Service {
            name: "EnableModel",
            description: "Lets a model take jobs.",
            right: Right::ProvidersWrite,
            inputs: &MODEL,
            result: ResultType::Scalar("STRING"),
            ours: true,
        },
        Service {
            name: "DisableModel",
            description: "Keeps a model from taking new jobs.",
            right: Right::ProvidersWrite,
            inputs: &MODEL,
            result: ResultType::Scalar("STRING"),
            ours: true,
        },
        Service {
            name: "DeleteModel",
            description: "Removes a model that has no unfinished jobs.",
            right: Right::ProvidersWrite,
            inputs: &MODEL,
            result: ResultType::Scalar("STRING"),
            ours: true,
        },
    ],
};

/// Calls a service; `None`: there is none of this name.
pub(crate) async fn invoke(service: &str, call: &Call) -> Option<Result<Answer, ServiceError>> {
    Some(match service {
        "CreateModelAndDatashapesFromFile" => create_from_file::call(call).await,
        "CreateModelWithManualDatashapes" => create_with_shapes::call(call).await,
        "QueryModels" => query_models::call(call).await,
        "GetModel" => get_model::call(call),
        "GetModelDataShapes" => get_data_shapes::call(call).await,
        "EnableModel" => switch::call(call, true).await,
        "DisableModel" => switch::call(call, false).await,
        "DeleteModel" => delete_model::call(call).await,
        _ => return None,
    })
}
