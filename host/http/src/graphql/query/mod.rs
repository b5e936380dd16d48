//! What can be asked.

mod accounts;
mod engines;
mod jobs;
mod objects;

use async_graphql::MergedObject;

/// What can be asked.
#[derive(MergedObject, Default)]
pub(crate) struct Query(jobs::JobQueries, objects::ObjectQueries, engines::EngineQueries, accounts::AccountQueries);
