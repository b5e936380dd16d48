//! The services of the repository of models, a Thing there: `POST
//! /Thingworx/Things/TW.AnalysisServices.ModelRepository/Services/{service}`.
//!
//! They are those that public scripts call around an upload: make the folder, look what is there, delete a file. Folders
//! come and go with the files in them.

use analyte_jobs::Right;

use super::place::MODELS;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, Parameter, Resource, ResultType, Service};

mod create_folder;
mod delete_file;
mod listing;

const fn parameter(name: &'static str, description: &'static str) -> Parameter {
    Parameter { name, base_type: "STRING", description, default: None, data_shape: None }
}

const LISTING: [Parameter; 2] = [
    Parameter { default: Some("/"), ..parameter("path", "The folder.") },
    parameter("nameMask", "What names have to be like: * stands for any run of characters, ? for one."),
];

/// The repository as an entity.
pub(crate) static RESOURCE: Resource = Resource {
    name: MODELS,
    description: "Files of analysis models, in a folder for each provider.",
    services: &[
        Service {
            name: "CreateFolder",
            description: "Does nothing: a folder is there as soon as a file is in it.",
            right: Right::ProvidersWrite,
            inputs: &[parameter("path", "The folder.")],
            result: ResultType::Nothing,
            ours: true,
        },
        Service {
            name: "GetFileListing",
            description: "The files in one folder.",
            right: Right::JobsRead,
            inputs: &LISTING,
            result: ResultType::Table(Some(listing::SHAPE)),
            ours: true,
        },
        Service {
            name: "GetFileListingWithLinks",
            description: "The files in one folder, each with its address.",
            right: Right::JobsRead,
            inputs: &LISTING,
            result: ResultType::Table(Some(listing::SHAPE_WITH_LINKS)),
            ours: true,
        },
        Service {
            name: "DeleteFile",
            description: "Deletes a file; models that were made of it stay.",
            right: Right::ProvidersWrite,
            inputs: &[parameter("path", "The file.")],
            result: ResultType::Nothing,
            ours: true,
        },
    ],
};

/// Calls a service; `None`: there is none of this name.
pub(crate) async fn invoke(service: &str, call: &Call) -> Option<Result<Answer, ServiceError>> {
    Some(match service {
        "CreateFolder" => create_folder::call(call),
        "GetFileListing" => listing::call(call, false).await,
        "GetFileListingWithLinks" => listing::call(call, true).await,
        "DeleteFile" => delete_file::call(call).await,
        _ => return None,
    })
}
