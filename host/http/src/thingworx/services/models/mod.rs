//! `TW.AnalysisServices.ModelManagementServicesAPI`: models that lie in files.
//!
//! Two services are public; the others are ours, in the same style. A model's id is `PROVIDER/MODEL`; wherever a model is
//! to be named, its id will do, or the two names. All of it works on the models of every surface.

use crate::thingworx::service::Entity;

mod create_from_file;
mod create_with_shapes;
mod delete_model;
mod enable;
mod find;
mod get_data_shapes;
mod get_model;
mod parameters;
mod publish;
mod query_models;
mod row;
mod shape_json;

/// The resource.
pub(crate) static ENTITY: Entity = Entity {
    name: "TW.AnalysisServices.ModelManagementServicesAPI",
    description: "Creates analysis models from files, switches them on and off, and shows them.",
    services: &[
        &create_from_file::SERVICE,
        &create_with_shapes::SERVICE,
        &query_models::SERVICE,
        &get_model::SERVICE,
        &get_data_shapes::SERVICE,
        &enable::ENABLE,
        &enable::DISABLE,
        &delete_model::SERVICE,
    ],
};
