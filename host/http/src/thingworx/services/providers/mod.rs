//! `TW.AnalysisServices.ProviderManagementServicesAPI`: providers. Creation is public; the other services are ours, in the
//! same style. All of it works on the providers of every surface.

use crate::thingworx::service::Entity;

mod create_provider;
mod delete_provider;
mod get_provider;
mod parameters;
mod query_providers;
mod row;

/// The resource.
pub(crate) static ENTITY: Entity = Entity {
    name: "TW.AnalysisServices.ProviderManagementServicesAPI",
    description: "Creates analysis providers, and shows them.",
    services: &[
        &create_provider::SERVICE,
        &query_providers::SERVICE,
        &get_provider::SERVICE,
        &delete_provider::SERVICE,
    ],
};
