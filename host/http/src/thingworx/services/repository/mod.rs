//! The services of the repository of models, a Thing there: `POST
//! /Thingworx/Things/TW.AnalysisServices.ModelRepository/Services/{service}`.
//!
//! They are those that public scripts call around an upload: make the folder, look what is there, delete a file. Folders
//! come and go with the files in them.

use crate::thingworx::files::location::MODELS;
use crate::thingworx::service::Entity;

mod create_folder;
mod delete_file;
mod listing;

/// The repository as an entity.
pub(crate) static ENTITY: Entity = Entity {
    name: MODELS,
    description: "Files of analysis models, in a folder for each provider.",
    services: &[&create_folder::SERVICE, &listing::LISTING, &listing::LISTING_WITH_LINKS, &delete_file::SERVICE],
};
