//! What can be changed.

mod accounts;
mod jobs;
mod objects;
mod schedules;
mod templates;
mod unoffered;

use async_graphql::MergedObject;

/// What can be changed.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    jobs::JobMutations,
    objects::ObjectMutations,
    templates::TemplateMutations,
    schedules::ScheduleMutations,
    accounts::AccountMutations,
    unoffered::UnofferedMutations,
);
