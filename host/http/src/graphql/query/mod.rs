//! What can be asked.

mod accounts;
mod engines;
mod jobs;
mod objects;
mod schedules;
mod templates;

use async_graphql::MergedObject;

/// What can be asked.
#[derive(MergedObject, Default)]
pub(crate) struct Query(
    jobs::JobQueries,
    objects::ObjectQueries,
    templates::TemplateQueries,
    schedules::ScheduleQueries,
    engines::EngineQueries,
    accounts::AccountQueries,
);
