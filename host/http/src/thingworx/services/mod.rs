//! The list of all services, by entity: one folder for each entity, one file for each service. This stands above all of
//! them; what a service is, and what several services share, stands below them, in [`service`](super::service) and
//! [`call`](super::call).
//!
//! A new service is one file with its `SERVICE`, and one line in the list of its entity.

use super::service::Entity;

mod jobs;
mod models;
mod providers;
mod repository;

/// Every resource, in the order of the documentation.
pub(crate) static RESOURCES: [&Entity; 3] = [&jobs::ENTITY, &models::ENTITY, &providers::ENTITY];
/// Every Thing. It has services like a resource, and that is all there is of it.
pub(crate) static THINGS: [&Entity; 1] = [&repository::ENTITY];

/// The entities of a collection; `None` where there is no such collection.
pub(crate) fn collection(name: &str) -> Option<&'static [&'static Entity]> {
    match name {
        "Resources" => Some(&RESOURCES),
        "Things" => Some(&THINGS),
        _ => None,
    }
}

/// The entity of exactly this name; `None` where there is none.
pub(crate) fn find(collection_name: &str, name: &str) -> Option<&'static Entity> {
    collection(collection_name)?.iter().find(|entity| entity.name == name).copied()
}
