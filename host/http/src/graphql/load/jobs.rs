//! Jobs and tasks, one or many.

use std::collections::HashSet;
use std::sync::Arc;

use analyte_core::job::{Job, Status};
use analyte_core::names::{ModelName, ProviderName, ScheduleId};
use analyte_core::timestamp::Timestamp;
use analyte_jobs::ListQuery;
use uuid::Uuid;

use crate::aiware::detail::job::{CLUSTER, RECORDING};
use crate::aiware::ids::{lookup, names};
use crate::aiware::walk::modified;
use crate::graphql::context::Asked;
use crate::graphql::fault::{Fault, Name};
use crate::graphql::node::page::Paging;
use crate::graphql::node::task::Task;

/// Jobs of one page of the store.
const PAGE: usize = 256;
/// The job that an id in either form names.
pub(crate) async fn job(asked: &Asked<'_>, id: &str) -> Result<Arc<Job>, Fault> {
    let found = lookup::job(asked.manager(), asked.organisation(), id).await;
    found.map_err(|refusal| Fault::from(refusal).of("Job", id))
}

/// The task that an id in either form names.
pub(crate) async fn task(asked: &Asked<'_>, id: &str) -> Result<Task, Fault> {
    let found = lookup::task(asked.manager(), asked.organisation(), id).await;
    let found = found.map_err(|refusal| Fault::from(refusal).of("Task", id))?;
    Ok(Task { job: found.job, place: found.place })
}

/// What was found; `None`: there is no such thing, which a list leaves out.
pub(crate) fn there<T>(found: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.name == Name::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// A span of time; either end may be open, and the first belongs to it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

impl Span {
    /// What lies in both.
    pub(crate) fn and(self, other: Self) -> Self {
        let least = self.to.into_iter().chain(other.to).min();
        Self { from: self.from.max(other.from), to: least }
    }

    /// Whether a time lies in it.
    pub(crate) fn has(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
    }
}

/// Which jobs are asked for. All conditions must hold; one that is `None` does.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) id: Option<String>,
    pub(crate) states: Option<Vec<Status>>,
    pub(crate) targets: Option<Vec<String>>,
    pub(crate) has_target: Option<bool>,
    pub(crate) engines: Option<HashSet<(ProviderName, ModelName)>>,
    pub(crate) categories: Option<HashSet<Uuid>>,
    pub(crate) schedules: Option<HashSet<ScheduleId>>,
    pub(crate) has_schedule: Option<bool>,
    pub(crate) cluster: Option<String>,
    pub(crate) created: Span,
    pub(crate) modified: Span,
    pub(crate) oldest_first: bool,
    /// In the order of their last changes, not of their making.
    pub(crate) by_modified: bool,
}

impl Wanted {
    fn has(&self, job: &Job) -> bool {
        let target = job.tags.get(RECORDING);
        let runs = |engines: &HashSet<(ProviderName, ModelName)>| {
            job.tasks.iter().any(|task| engines.contains(&(task.provider.clone(), task.model.clone())))
        };
        let within = |categories: &HashSet<Uuid>| {
            job.providers().into_iter().any(|provider| categories.contains(&names::category(provider)))
        };
        let fired = |schedules: &HashSet<ScheduleId>| job.schedule.is_some_and(|by| schedules.contains(&by.id));
        self.states.as_ref().is_none_or(|states| states.contains(&job.status))
            && self.targets.as_ref().is_none_or(|targets| target.is_some_and(|own| targets.contains(own)))
            && self.has_target.is_none_or(|has| target.is_some() == has)
            && self.engines.as_ref().is_none_or(runs)
            && self.categories.as_ref().is_none_or(within)
            && self.schedules.as_ref().is_none_or(fired)
            && self.has_schedule.is_none_or(|has| job.schedule.is_some() == has)
            && self.cluster.as_ref().is_none_or(|cluster| job.tags.get(CLUSTER) == Some(cluster))
            && self.created.has(job.created_at)
            && self.modified.has(modified(job))
    }

    /// What of it the store can look for by itself.
    fn query(&self) -> ListQuery {
        let one = |states: &Vec<Status>| states.first().copied().filter(|_| states.len() == 1);
        let engine =
            self.engines.as_ref().filter(|engines| engines.len() == 1).and_then(|engines| engines.iter().next());
        let target = self.targets.as_ref().filter(|targets| targets.len() == 1).and_then(|targets| targets.first());
        let tag = target.map(|target| (RECORDING.to_owned(), target.clone()));
        let cluster = || self.cluster.as_ref().map(|cluster| (CLUSTER.to_owned(), cluster.clone()));
        ListQuery {
            status: self.states.as_ref().and_then(one),
            provider: engine.map(|(provider, _)| provider.clone()),
            model: engine.map(|(_, model)| model.clone()),
            tag: tag.or_else(cluster),
            created_after: self.created.from,
            created_before: self.created.to,
            oldest_first: self.oldest_first,
            limit: PAGE,
            ..ListQuery::default()
        }
    }

    fn is_nothing(&self) -> bool {
        fn none<T>(set: Option<&HashSet<T>>) -> bool {
            set.is_some_and(HashSet::is_empty)
        }
        self.states.as_ref().is_some_and(Vec::is_empty)
            || self.targets.as_ref().is_some_and(Vec::is_empty)
            || none(self.engines.as_ref())
            || none(self.categories.as_ref())
            || none(self.schedules.as_ref())
    }
}

/// Goes through the jobs that are asked for, in their order, until `see` has seen enough and says `false`.
pub(crate) async fn each(
    asked: &Asked<'_>,
    wanted: &Wanted,
    mut see: impl FnMut(Arc<Job>) -> bool,
) -> Result<(), Fault> {
    if wanted.is_nothing() {
        return Ok(());
    }
    if let Some(id) = &wanted.id {
        if let Some(job) = there(job(asked, id).await)?.filter(|job| wanted.has(job)) {
            see(job);
        }
        return Ok(());
    }
    let mut query = wanted.query();
    let mut by_time = Vec::new();
    loop {
        let page = asked.manager().page(asked.organisation(), query.clone()).await?;
        for job in page.jobs {
            asked.budget.look_at()?;
            if !wanted.has(&job) {
                continue;
            }
            if wanted.by_modified {
                by_time.push(job);
            } else if !see(job) {
                return Ok(());
            }
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    by_time.sort_by_key(|job| (modified(job), job.id));
    if !wanted.oldest_first {
        by_time.reverse();
    }
    for job in by_time {
        if !see(job) {
            break;
        }
    }
    Ok(())
}

/// The jobs of one part of a list.
pub(crate) async fn list(asked: &Asked<'_>, wanted: &Wanted, paging: Paging) -> Result<Vec<Arc<Job>>, Fault> {
    let (mut jobs, mut seen) = (Vec::new(), 0_usize);
    if paging.most() == 0 {
        return Ok(jobs);
    }
    each(asked, wanted, |job| {
        if seen >= paging.before() {
            jobs.push(job);
        }
        seen += 1;
        seen < paging.until()
    })
    .await?;
    Ok(jobs)
}

/// The tasks of jobs, for which a condition holds.
pub(crate) async fn tasks(
    asked: &Asked<'_>,
    wanted: &Wanted,
    paging: Paging,
    fits: impl Fn(&Job, usize) -> bool,
) -> Result<Vec<Task>, Fault> {
    let (mut tasks, mut seen) = (Vec::new(), 0_usize);
    if paging.most() == 0 {
        return Ok(tasks);
    }
    each(asked, wanted, |job| {
        for place in (0..job.tasks.len()).filter(|place| fits(&job, *place)) {
            if seen >= paging.before() && seen < paging.until() {
                tasks.push(Task { job: job.clone(), place });
            }
            seen += 1;
        }
        seen < paging.until()
    })
    .await?;
    Ok(tasks)
}
