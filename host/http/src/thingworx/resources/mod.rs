//! The entities that have services, under `/Thingworx/Resources` and `/Thingworx/Things`: one folder per entity, one file
//! per service.

use super::call::Call;
use super::error::ServiceError;
use super::files::repository;
use super::service::{Answer, Resource};

pub(super) mod change;
pub(crate) mod jobs;
pub(crate) mod models;
pub(crate) mod providers;
mod selection;

/// Every resource, in the order of the documentation.
pub(crate) static RESOURCES: [&Resource; 3] = [&jobs::RESOURCE, &models::RESOURCE, &providers::RESOURCE];
/// Every Thing. It has services like a resource, and that is all there is of it.
pub(crate) static THINGS: [&Resource; 1] = [&repository::RESOURCE];

/// The entities of a collection; `None` where there is no such collection.
pub(crate) fn collection(name: &str) -> Option<&'static [&'static Resource]> {
    match name {
        "Resources" => Some(&RESOURCES),
        "Things" => Some(&THINGS),
        _ => None,
    }
}

/// The entity of exactly this name.
pub(crate) fn find(collection_name: &str, name: &str) -> Option<&'static Resource> {
    collection(collection_name)?.iter().find(|entity| entity.name == name).copied()
}

/// Calls a service of an entity; `None` where nothing answers for it.
pub(crate) async fn invoke(resource: &Resource, service: &str, call: &Call) -> Option<Result<Answer, ServiceError>> {
    if resource.name == jobs::RESOURCE.name {
        jobs::invoke(service, call).await
    } else if resource.name == models::RESOURCE.name {
        models::invoke(service, call).await
    } else if resource.name == providers::RESOURCE.name {
        providers::invoke(service, call).await
    } else if resource.name == repository::RESOURCE.name {
        repository::invoke(service, call).await
    } else {
        None
    }
}
