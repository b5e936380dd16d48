//! `QueryJobs`: the jobs of the caller's organisation that a query selects, newest first unless it asks for another order,
//! at most `thingworx_query_rows` of them.
//!
//! Conditions on `status`, `providerName`, `modelName`, `key` and `createdOn` are answered from the store's indexes, so that
//! only jobs that may match are looked at. Everything else is tried job by job; a query that would take longer than
//! `thingworx_call_ms` is refused rather than answered in part.

use analyte_core::query::Query;
use analyte_jobs::{JobView, Right};

use super::data_shapes;
use crate::thingworx::call::{Call, query};
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, ResultType, Service};

mod deadline;
mod fields;
mod inputs;
mod rows;

use self::deadline::Deadline;

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "QueryJobs",
    description: "The newest jobs that fulfil a query, or one of several rows of values, or both.",
    right: Right::JobsRead,
    parameters: &[query::VALUES.of_shape(data_shapes::SOLVABLE), query::QUERY],
    result: ResultType::Table(Some(data_shapes::SOLVABLE)),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let query = query::read(call, fields::translate).await?;
    call.release_body();
    let deadline = Deadline::from_now(&call.shared.limits);
    let jobs = found(call, query, deadline).await?;
    rows::table(call, jobs, deadline).await.map(Answer::Table)
}

async fn found(call: &Call, query: Query, deadline: Deadline) -> Result<Vec<JobView>, ServiceError> {
    let limits = &call.shared.limits;
    let most = usize::try_from(limits.thingworx_query_rows).unwrap_or(usize::MAX);
    let (mut jobs, mut go_on) = (Vec::new(), None);
    loop {
        let wanted = Some(most.saturating_sub(jobs.len()));
        let page = call.manager().query(call.organisation(), query.clone(), wanted, go_on).await?;
        jobs.extend(page.jobs);
        go_on = page.next;
        if go_on.is_none() || jobs.len() >= most {
            jobs.truncate(most);
            return Ok(jobs);
        }
        deadline.check()?;
    }
}
