//! `QueryJobs`: the jobs of the caller's organisation that a query selects, newest first unless it asks for another order,
//! at most `thingworx_query_rows` of them.
//!
//! Conditions on `status`, `providerName`, `modelName`, `key` and `createdOn` are answered from the store's indexes, so that
//! only jobs that may match are looked at. Everything else is tried job by job; a query that would take longer than
//! `thingworx_call_ms` is refused rather than answered in part.

use analyte_core::query::Query;
use analyte_jobs::JobView;

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) mod asked;
mod fields;
mod given;
mod lenient;
mod patience;
mod rows;
mod values;

use self::patience::Patience;

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let query = asked::read(call).await?;
    call.let_go();
    let patience = Patience::begins(&call.shared.limits);
    let jobs = found(call, query, patience).await?;
    rows::table(call, jobs, patience).await.map(Answer::Table)
}

async fn found(call: &Call, query: Query, patience: Patience) -> Result<Vec<JobView>, ServiceError> {
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
        patience.check()?;
    }
}
