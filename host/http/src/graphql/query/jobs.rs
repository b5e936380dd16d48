//! Jobs, tasks and what they gave.

use std::collections::HashSet;

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use crate::aiware::detail::job::{RECORDING, TEMPLATE};
use crate::aiware::ids::{engines, lookup, names, task_id};
use crate::graphql::context::Asked;
use crate::graphql::fault::{Fault, Name};
use crate::graphql::input::list::{JobDateTimeFilter, JobSortField, narrow};
use crate::graphql::load::jobs::{self, Span, Wanted};
use crate::graphql::load::{results, schedules};
use crate::graphql::node::job::Job;
use crate::graphql::node::page::{JobList, Paging, TaskList};
use crate::graphql::node::result::{EngineResult, EngineResultList};
use crate::graphql::node::task::Task;
use crate::graphql::word::job::JobStatusFilter;

/// Of [`Query`](super::Query).
#[derive(Default)]
pub(crate) struct JobQueries;

/// The models that these ids or names of engines mean; those that mean none are left out.
async fn models(
    asked: &Asked<'_>,
    ids: Vec<ID>,
) -> Result<HashSet<(analyte_core::names::ProviderName, analyte_core::names::ModelName)>, Fault> {
    let ids: Vec<String> = ids.into_iter().map(|id| id.0).collect();
    let found = engines::find(asked.shared, asked.organisation(), ids.clone()).await?;
    Ok(ids.iter().filter_map(|id| found.model(id)).collect())
}

fn categories(ids: &[ID]) -> HashSet<Uuid> {
    ids.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect()
}

/// No job has an application, so no list is narrowed by one.
fn refuse_applications(asked: bool) -> Result<(), Fault> {
    if asked { Err(Fault::no_meaning("an application")) } else { Ok(()) }
}

#[Object]
impl JobQueries {
    /// One job, by its id in either form.
    async fn job(&self, context: &Context<'_>, id: ID) -> Result<Option<Job>, Fault> {
        let asked = Asked::reading(context)?;
        Ok(Some(Job(jobs::job(&asked, &id).await?)))
    }

    /// Jobs for which all conditions hold, newest first. `count` is how many there are on this page.
    #[expect(clippy::too_many_arguments, reason = "clients name them")]
    async fn jobs(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        status: Option<Vec<JobStatusFilter>>,
        application_status: Option<String>,
        #[graphql(name = "hasTargetTDO")] has_target_tdo: Option<bool>,
        target_id: Option<ID>,
        application_id: Option<ID>,
        application_ids: Option<Vec<Option<ID>>>,
        cluster_id: Option<ID>,
        scheduled_job_ids: Option<Vec<ID>>,
        has_scheduled_job_id: Option<bool>,
        engine_ids: Option<Vec<ID>>,
        engine_category_ids: Option<Vec<ID>>,
        date_time_filter: Option<Vec<JobDateTimeFilter>>,
        order_by: Option<Vec<JobSortField>>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<Option<JobList>, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        refuse_applications(application_status.is_some() || application_id.is_some() || application_ids.is_some())?;
        let engines = match engine_ids {
            Some(ids) => Some(models(&asked, ids).await?),
            None => None,
        };
        let schedules =
            scheduled_job_ids.map(|ids| schedules::named(&asked, ids.iter().map(|id| id.as_str()))).transpose()?;
        let wanted = Wanted {
            id: id.map(|id| id.0),
            states: status.map(|words| words.into_iter().filter_map(JobStatusFilter::status).collect()),
            targets: target_id.map(|id| vec![id.0]),
            has_target: has_target_tdo,
            engines,
            categories: engine_category_ids.as_deref().map(categories),
            cluster: cluster_id.map(|id| id.0),
            schedules,
            has_schedule: has_scheduled_job_id,
            ..Wanted::default()
        };
        let wanted = narrow(wanted, order_by, date_time_filter)?;
        let jobs = jobs::list(&asked, &wanted, paging).await?;
        Ok(Some(JobList::of(jobs.into_iter().map(Job), paging)))
    }

    /// One task, by its id in either form.
    async fn task(&self, context: &Context<'_>, id: ID) -> Result<Option<Task>, Fault> {
        let asked = Asked::reading(context)?;
        Ok(Some(jobs::task(&asked, &id).await?))
    }

    /// Tasks, those of the newest job first.
    async fn tasks(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        task_template_id: Option<ID>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<Option<TaskList>, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        let of_template = |template: &ID, own: Option<&String>| own.is_some_and(|own| own == template.as_str());
        let fits = |job: &analyte_core::job::Job| {
            task_template_id.as_ref().is_none_or(|template| of_template(template, job.tags.get(TEMPLATE)))
        };
        let tasks = match id {
            Some(id) => {
                let found = jobs::there(jobs::task(&asked, &id).await)?;
                paging.part(found.filter(|task| fits(&task.job)))
            }
            None => jobs::tasks(&asked, &Wanted::default(), paging, |job, _| fits(job)).await?,
        };
        Ok(Some(TaskList::of(tasks, paging)))
    }

    /// The result tables of a job, or of the jobs that point at an object: of their last tasks, those that completed.
    #[expect(clippy::too_many_arguments, reason = "clients name them")]
    async fn engine_results(
        &self,
        context: &Context<'_>,
        tdo_id: Option<ID>,
        job_id: Option<ID>,
        engine_ids: Option<Vec<ID>>,
        engine_category_ids: Option<Vec<ID>>,
        source_id: Option<ID>,
        mention_id: Option<ID>,
        start_offset_ms: Option<i32>,
        stop_offset_ms: Option<i32>,
        start_date: Option<crate::graphql::scalar::date_time::DateTime>,
        stop_date: Option<crate::graphql::scalar::date_time::DateTime>,
        #[graphql(default_with = "Some(false)")] ignore_user_edited: Option<bool>,
        fallback_tdo_id: Option<ID>,
    ) -> Result<Option<EngineResultList>, Fault> {
        let asked = Asked::reading(context)?;
        if source_id.is_some() || mention_id.is_some() || fallback_tdo_id.is_some() {
            return Err(Fault::no_meaning("a source or a mention"));
        }
        if start_offset_ms.is_some() || stop_offset_ms.is_some() {
            return Err(Fault::no_meaning("a part of a result by its time"));
        }
        // Nothing here is edited by users, so nothing is left out for it.
        let _ = ignore_user_edited;
        if tdo_id.is_none() && job_id.is_none() {
            return Err(Fault::new(Name::InvalidInput, "say `jobId` or `tdoId`"));
        }
        let engines = match engine_ids {
            Some(ids) => Some(models(&asked, ids).await?),
            None => None,
        };
        let categories = engine_category_ids.as_deref().map(categories);
        let created = Span { from: start_date.map(|time| time.0), to: stop_date.map(|time| time.0) };
        let wanted =
            Wanted { id: job_id.map(|id| id.0), targets: tdo_id.map(|id| vec![id.0]), created, ..Wanted::default() };
        let mut jobs = Vec::new();
        jobs::each(&asked, &wanted, |job| {
            jobs.push(job);
            true
        })
        .await?;
        let mut records = Vec::new();
        for job in &jobs {
            for (place, task) in job.tasks.iter().enumerate().filter(|(place, _)| job.tasks.children(*place).is_empty())
            {
                let model = (task.provider.clone(), task.model.clone());
                let of_engine = engines.as_ref().is_none_or(|engines| engines.contains(&model));
                let category = names::category(&task.provider);
                if !of_engine || categories.as_ref().is_some_and(|categories| !categories.contains(&category)) {
                    continue;
                }
                let Some(rows) = results::rows(&asked, job, task).await? else { continue };
                records.push(Some(EngineResult {
                    tdo_id: job.tags.get(RECORDING).cloned().unwrap_or_default().into(),
                    engine_id: names::engine(&task.provider, &task.model).to_string().into(),
                    jsondata: Some(rows),
                    task_id: Some(task_id::core(job.id, place).into()),
                    job_id: Some(lookup::core(job).into()),
                    asset_id: None,
                    user_edited: Some(false),
                    start_offset_ms: None,
                    stop_offset_ms: None,
                }));
            }
        }
        Ok(Some(EngineResultList { source_id: None, records: Some(records) }))
    }
}
