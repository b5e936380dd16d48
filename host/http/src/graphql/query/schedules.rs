//! Scheduled jobs.

use std::cmp::Ordering;
use std::collections::HashSet;

use analyte_core::job::Status;
use async_graphql::{Context, ID, Object};

use crate::aiware::detail::job::CLUSTER;
use crate::aiware::ids::names;
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::input::schedule::{
    ScheduledJobDateTimeFilter, ScheduledJobPartTimeField, ScheduledJobPartTimeFilter, ScheduledJobSortField,
};
use crate::graphql::load::jobs::{self, Span, Wanted, there};
use crate::graphql::load::{engines, schedules};
use crate::graphql::node::page::{Paging, ScheduledJobList};
use crate::graphql::node::schedule::ScheduledJob;
use crate::graphql::word::engine::EngineTypeFilter;
use crate::graphql::word::order::OrderDirection;
use crate::graphql::word::schedule::{
    RunMode, ScheduledJobDateTimeField, ScheduledJobOrderField, ScheduledJobPermission,
};

/// Of [`Query`](super::Query).
#[derive(Default)]
pub(crate) struct ScheduleQueries;

fn in_span(job: &ScheduledJob, filter: &ScheduledJobDateTimeFilter) -> bool {
    let schedule = &job.0.schedule;
    let time = match filter.field {
        ScheduledJobDateTimeField::StartDateTime => schedule.start_at,
        ScheduledJobDateTimeField::StopDateTime => schedule.stop_at,
        ScheduledJobDateTimeField::DateCreated => Some(schedule.created_at),
        ScheduledJobDateTimeField::DateModified => Some(job.0.modified()),
    };
    let span =
        Span { from: filter.from_date_time.map(|time| time.0), to: filter.to_date_time.map(|time| time.0.plus_ms(1)) };
    time.map_or(filter.include_empty == Some(true), |time| span.has(time))
}

fn has_part(job: &ScheduledJob, filter: &ScheduledJobPartTimeFilter) -> bool {
    job.0.parts().iter().any(|part| {
        let time = match filter.field {
            ScheduledJobPartTimeField::StartTime => part.start,
            ScheduledJobPartTimeField::EndTime => part.stop,
        };
        time.is_some_and(|time| {
            filter.from_time.is_none_or(|from| time >= from.0) && filter.to_time.is_none_or(|to| time <= to.0)
        })
    })
}

fn compare(field: ScheduledJobOrderField, one: &ScheduledJob, other: &ScheduledJob) -> Ordering {
    let (first, second) = (&one.0.schedule, &other.0.schedule);
    match field {
        ScheduledJobOrderField::Id => first.number.cmp(&second.number),
        ScheduledJobOrderField::CreatedDateTime => first.created_at.cmp(&second.created_at),
        ScheduledJobOrderField::ModifiedDateTime => one.0.modified().cmp(&other.0.modified()),
        ScheduledJobOrderField::StartDateTime => first.start_at.cmp(&second.start_at),
        ScheduledJobOrderField::StopDateTime => first.stop_at.cmp(&second.stop_at),
        ScheduledJobOrderField::Name => first.name.cmp(&second.name),
        ScheduledJobOrderField::RunMode => one.0.mode.word().cmp(other.0.mode.word()),
        ScheduledJobOrderField::IsActive => first.active.cmp(&second.active),
    }
}

#[Object]
impl ScheduleQueries {
    /// One scheduled job.
    async fn scheduled_job(&self, context: &Context<'_>, id: ID) -> Result<Option<ScheduledJob>, Fault> {
        let asked = Asked::reading(context)?;
        schedules::one(&asked, &id).await.map(Some)
    }

    /// Scheduled jobs for which all conditions hold, the one that was changed last first.
    #[expect(clippy::too_many_arguments, reason = "clients name them")]
    async fn scheduled_jobs(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        name: Option<String>,
        run_mode: Option<RunMode>,
        is_active: Option<bool>,
        engine_id: Option<ID>,
        engine_category_id: Option<ID>,
        engine_type: Option<EngineTypeFilter>,
        date_time_filter: Option<Vec<ScheduledJobDateTimeFilter>>,
        part_time_filter: Option<Vec<ScheduledJobPartTimeFilter>>,
        primary_source_id: Option<Vec<ID>>,
        primary_source_type_id: Option<Vec<ID>>,
        has_job_template: Option<bool>,
        has_running_jobs: Option<bool>,
        cluster_id: Option<ID>,
        #[graphql(default_with = "Some(ScheduledJobPermission::Viewer)")] permission: Option<ScheduledJobPermission>,
        order_by: Option<Vec<ScheduledJobSortField>>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<Option<ScheduledJobList>, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        // Each is its caller's organisation's, who may do anything with it.
        let _ = permission;
        // None has a source, and all run models.
        let none = primary_source_id.is_some()
            || primary_source_type_id.is_some()
            || has_job_template == Some(false)
            || engine_type.is_some_and(|kind| kind != EngineTypeFilter::Cognition);
        if none {
            return Ok(Some(ScheduledJobList::of([], paging)));
        }
        let engine = match &engine_id {
            Some(id) => match there(engines::one(&asked, id).await)? {
                Some(engine) => Some(engine.uuid()),
                None => return Ok(Some(ScheduledJobList::of([], paging))),
            },
            None => None,
        };
        let fits = |job: &ScheduledJob| {
            let template = &job.0.schedule.template;
            let begins = |name: &String| job.0.schedule.name.to_lowercase().starts_with(&name.to_lowercase());
            let runs = |id| template.tasks.iter().any(|task| names::engine(&task.provider, &task.model) == id);
            let within = |id: &ID| {
                template.providers().iter().any(|own| names::category(own).to_string().eq_ignore_ascii_case(id))
            };
            name.as_ref().is_none_or(begins)
                && run_mode.is_none_or(|mode| job.mode_word() == mode)
                && is_active.is_none_or(|active| job.0.schedule.active == active)
                && engine.is_none_or(runs)
                && engine_category_id.as_ref().is_none_or(within)
                && cluster_id.as_ref().is_none_or(|id| template.tags.get(CLUSTER) == Some(&id.0))
                && date_time_filter.iter().flatten().all(|filter| in_span(job, filter))
                && part_time_filter.iter().flatten().all(|filter| has_part(job, filter))
        };
        let mut found = match &id {
            Some(id) => there(schedules::one(&asked, id).await)?.filter(fits).into_iter().collect(),
            None => schedules::all(&asked, fits).await?,
        };
        if let Some(running) = has_running_jobs {
            let mut kept = Vec::with_capacity(found.len());
            let one = Paging::of(None, Some(1))?;
            for job in found {
                let wanted = Wanted {
                    schedules: Some(HashSet::from([job.0.schedule.id])),
                    states: Some(vec![Status::Running]),
                    ..Wanted::default()
                };
                if jobs::list(&asked, &wanted, one).await?.is_empty() != running {
                    kept.push(job);
                }
            }
            found = kept;
        }
        let mut orders = order_by.into_iter().flatten();
        let (field, direction) = match orders.next() {
            Some(ScheduledJobSortField { field, direction }) => (field, direction.unwrap_or_default()),
            None => (ScheduledJobOrderField::ModifiedDateTime, OrderDirection::Desc),
        };
        if orders.next().is_some() {
            return Err(Fault::invalid("`orderBy` takes one order"));
        }
        found.sort_by(|one, other| compare(field, one, other).then(one.0.number().cmp(&other.0.number())));
        if direction == OrderDirection::Desc {
            found.reverse();
        }
        Ok(Some(ScheduledJobList::of(paging.part(found), paging)))
    }
}
