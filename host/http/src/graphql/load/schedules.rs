//! Scheduled jobs.

use std::collections::HashSet;

use analyte_core::names::ScheduleId;

use super::jobs::there;
use crate::aiware::schedules::find;
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::node::schedule::ScheduledJob;

/// One scheduled job.
pub(crate) async fn one(asked: &Asked<'_>, id: &str) -> Result<ScheduledJob, Fault> {
    let found = find::one(asked.manager(), asked.organisation(), id).await;
    found.map(ScheduledJob).map_err(|refusal| Fault::from(refusal).of("ScheduledJob", id))
}

/// The schedules that these ids name; those that name none are left out.
pub(crate) fn named<'a>(asked: &Asked<'_>, ids: impl Iterator<Item = &'a str>) -> Result<HashSet<ScheduleId>, Fault> {
    let mut found = HashSet::new();
    for id in ids {
        found.extend(there(find::id(asked.manager(), asked.organisation(), id).map_err(Fault::from))?);
    }
    Ok(found)
}

/// All scheduled jobs for which a condition holds, newest first.
pub(crate) async fn all(asked: &Asked<'_>, fits: impl Fn(&ScheduledJob) -> bool) -> Result<Vec<ScheduledJob>, Fault> {
    let mut found = Vec::new();
    find::each(asked.manager(), asked.organisation(), |job| {
        let job = ScheduledJob(job);
        if fits(&job) {
            found.push(job);
        }
    })
    .await?;
    Ok(found)
}
