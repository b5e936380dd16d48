//! What can be changed.

mod accounts;
mod jobs;
mod objects;

use async_graphql::MergedObject;

/// What can be changed.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(jobs::JobMutations, objects::ObjectMutations, accounts::AccountMutations);
