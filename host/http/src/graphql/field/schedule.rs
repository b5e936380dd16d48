//! The fields of scheduled jobs.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use crate::aiware::detail::job::TEMPLATE;
use crate::aiware::ids::names;
use crate::aiware::schedules::mode;
use crate::aiware::schedules::part;
use crate::aiware::templates::body::{TaskBody, TemplateBody};
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::input::list::{JobDateTimeFilter, JobSortField, narrow};
use crate::graphql::load::jobs::{self, Wanted};
use crate::graphql::load::templates;
use crate::graphql::node::account::Organization;
use crate::graphql::node::job::Job;
use crate::graphql::node::page::{JobList, JobPipelineList, JobTemplateList, Paging};
use crate::graphql::node::schedule::{SchedulePart, ScheduledJob};
use crate::graphql::node::template::JobTemplate;
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::scalar::time_of_day::TimeOfDay;
use crate::graphql::word::job::JobStatusFilter;
use crate::graphql::word::schedule::{DayOfWeek, IntervalUnit, RunMode, ScheduleType, ScheduledJobPermission};

/// A day by its word.
const DAYS: [(&str, DayOfWeek); 7] = [
    ("sunday", DayOfWeek::Sunday),
    ("monday", DayOfWeek::Monday),
    ("tuesday", DayOfWeek::Tuesday),
    ("wednesday", DayOfWeek::Wednesday),
    ("thursday", DayOfWeek::Thursday),
    ("friday", DayOfWeek::Friday),
    ("saturday", DayOfWeek::Saturday),
];

/// A unit by its word.
const UNITS: [(&str, IntervalUnit); 6] = [
    ("months", IntervalUnit::Months),
    ("weeks", IntervalUnit::Weeks),
    ("days", IntervalUnit::Days),
    ("hours", IntervalUnit::Hours),
    ("minutes", IntervalUnit::Minutes),
    ("seconds", IntervalUnit::Seconds),
];

fn word<T: Copy>(words: &[(&str, T)], asked: Option<&str>) -> Option<T> {
    words.iter().find(|(word, _)| Some(*word) == asked).map(|(_, value)| *value)
}

impl From<part::SchedulePart> for SchedulePart {
    fn from(part: part::SchedulePart) -> Self {
        let number = |number: Option<u32>| number.and_then(|number| i32::try_from(number).ok());
        let day = word(&DAYS, part.day);
        Self {
            schedule_type: if part.kind == "weekly" { ScheduleType::Weekly } else { ScheduleType::Interval },
            scheduled_day: day,
            scheduled_day_local: day,
            start_time: part.start.map(TimeOfDay),
            stop_time: part.stop.map(TimeOfDay),
            repeat_interval_unit: word(&UNITS, part.unit),
            repeat_interval: number(part.count),
            duration_seconds: number(part.duration),
        }
    }
}

impl ScheduledJob {
    /// Its run mode.
    pub(crate) fn mode_word(&self) -> RunMode {
        match self.0.mode {
            mode::RunMode::Continuous => RunMode::Continuous,
            mode::RunMode::Recurring => RunMode::Recurring,
            mode::RunMode::Now => RunMode::Now,
            mode::RunMode::Once => RunMode::Once,
        }
    }

    fn kept_template(&self) -> Option<&String> {
        self.0.schedule.template.tags.get(TEMPLATE)
    }

    /// Its job template: the one that is kept, as long as it is there, else its own copy of it without payloads.
    async fn template(&self, asked: &Asked<'_>) -> Result<JobTemplate, Fault> {
        if let Some(id) = self.kept_template()
            && let Some(kept) = jobs::there(templates::one(asked, id).await)?
        {
            return Ok(kept.into());
        }
        let tasks = &self.0.schedule.template.tasks;
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let body = |(place, task): (usize, &analyte_core::job::Task)| TaskBody {
            number: number(place),
            engine: names::engine_name(&task.provider, &task.model),
            payload: None,
            folders: Vec::new(),
            priority: None,
            retries: None,
            parent: tasks.parents(place).first().map(|parent| number(*parent)),
        };
        let body = TemplateBody {
            tasks: tasks.iter().enumerate().map(body).collect(),
            config: self.0.schedule.template.custom_data.clone(),
            ..TemplateBody::default()
        };
        let id = format!("{}-template", self.0.number());
        let (created, changed) = (self.0.schedule.created_at, self.0.modified());
        Ok(JobTemplate { id, created, changed, body: Arc::new(body) })
    }

    async fn templates(
        &self,
        context: &Context<'_>,
        offset: Option<i32>,
        limit: Option<i32>,
    ) -> Result<JobTemplateList, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        let own = self.template(&asked).await?;
        Ok(JobTemplateList::of(paging.part([own]), paging))
    }
}

/// A definition by which jobs are made.
#[Object(name = "ScheduledJob")]
impl ScheduledJob {
    /// Its number; its UUID is taken everywhere, too.
    async fn id(&self) -> ID {
        self.0.number().to_string().into()
    }

    async fn organization_id(&self) -> Option<ID> {
        Some(names::organisation(&self.0.schedule.organisation).to_string().into())
    }

    async fn organization(&self) -> Option<Organization> {
        Some(Organization(self.0.schedule.organisation.clone()))
    }

    async fn name(&self) -> Option<&str> {
        Some(&self.0.schedule.name)
    }

    /// Its description, or its name where it has none.
    async fn description(&self) -> Option<&str> {
        Some(self.0.schedule.description.as_deref().unwrap_or(&self.0.schedule.name))
    }

    async fn start_date_time(&self) -> Option<DateTime> {
        self.0.schedule.start_at.map(DateTime)
    }

    async fn stop_date_time(&self) -> Option<DateTime> {
        self.0.schedule.stop_at.map(DateTime)
    }

    async fn created_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.0.schedule.created_at))
    }

    async fn modified_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.0.modified()))
    }

    async fn run_mode(&self) -> RunMode {
        self.mode_word()
    }

    async fn is_active(&self) -> bool {
        self.0.schedule.active
    }

    async fn is_public(&self) -> Option<bool> {
        Some(false)
    }

    async fn parts(&self) -> Option<Vec<SchedulePart>> {
        Some(self.0.parts().into_iter().map(SchedulePart::from).collect())
    }

    async fn job_template_ids(&self) -> Option<Vec<ID>> {
        Some(self.kept_template().into_iter().map(ID::from).collect())
    }

    async fn job_pipeline_ids(&self) -> Option<Vec<ID>> {
        Some(Vec::new())
    }

    async fn job_templates(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<JobTemplateList, Fault> {
        self.templates(context, offset, limit).await
    }

    async fn all_job_templates(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<JobTemplateList, Fault> {
        self.templates(context, offset, limit).await
    }

    /// None: a scheduled job has a job template.
    async fn job_pipelines(
        &self,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<JobPipelineList, Fault> {
        Ok(JobPipelineList::of([], Paging::of(offset, limit)?))
    }

    /// The jobs that were made by it, newest first.
    #[expect(clippy::too_many_arguments, reason = "clients name them")]
    async fn jobs(
        &self,
        context: &Context<'_>,
        target_id: Option<ID>,
        cluster_id: Option<ID>,
        order_by: Option<Vec<JobSortField>>,
        date_time_filter: Option<Vec<JobDateTimeFilter>>,
        status: Option<Vec<JobStatusFilter>>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<JobList, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        let wanted = Wanted {
            schedules: Some(HashSet::from([self.0.schedule.id])),
            targets: target_id.map(|id| vec![id.0]),
            cluster: cluster_id.map(|id| id.0),
            states: status.map(|words| words.into_iter().filter_map(JobStatusFilter::status).collect()),
            ..Wanted::default()
        };
        let wanted = narrow(wanted, order_by, date_time_filter)?;
        let jobs = jobs::list(&asked, &wanted, paging).await?;
        Ok(JobList::of(jobs.into_iter().map(Job), paging))
    }

    async fn details(&self) -> Result<Option<JsonData>, Fault> {
        self.0.schedule.custom_data.as_ref().map(|data| JsonData::of_text(data.text())).transpose()
    }

    async fn details_schema_id(&self) -> Option<ID> {
        None
    }

    async fn primary_source_id(&self) -> Option<ID> {
        None
    }

    async fn primary_source_type_id(&self) -> Option<ID> {
        None
    }

    async fn ingestion_status_id(&self) -> Option<ID> {
        None
    }

    async fn ingestion_status(&self) -> Option<String> {
        None
    }

    async fn content_templates(&self) -> Vec<JsonData> {
        Vec::new()
    }

    async fn collaborators(&self) -> Vec<JsonData> {
        Vec::new()
    }

    async fn affiliates(&self) -> Vec<JsonData> {
        Vec::new()
    }

    async fn permission(&self) -> Option<ScheduledJobPermission> {
        Some(ScheduledJobPermission::Owner)
    }
}
