//! The fields of a job.

use async_graphql::{Context, ID, Object};

use crate::aiware::detail::job::{CLUSTER, NAME, RECORDING, TEMPLATE};
use crate::aiware::ids::{lookup, task_id};
use crate::aiware::status;
use crate::aiware::walk::modified;
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::load::jobs;
use crate::graphql::load::{objects, schedules, templates};
use crate::graphql::node::account::Organization;
use crate::graphql::node::job::Job;
use crate::graphql::node::object::DataObject;
use crate::graphql::node::page::{Paging, TaskList};
use crate::graphql::node::schedule::ScheduledJob;
use crate::graphql::node::task::{Route, Task};
use crate::graphql::node::template::JobTemplate;
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::task::TaskStatus;

impl Job {
    fn tag(&self, name: &str) -> Option<String> {
        self.0.tags.get(name).cloned()
    }
}

/// A job: one task, or several that may run on one another's results.
#[Object(name = "Job")]
impl Job {
    /// Its id in the core form; either form is taken everywhere.
    async fn id(&self) -> ID {
        lookup::core(&self.0).into()
    }

    async fn name(&self) -> Option<String> {
        self.tag(NAME)
    }

    async fn description(&self) -> Option<String> {
        None
    }

    async fn status(&self) -> Option<TaskStatus> {
        TaskStatus::of(status::of_job(&self.0))
    }

    /// Its id in the form of the REST interface.
    #[graphql(name = "internalJobId")]
    async fn internal_id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn target_id(&self) -> Option<ID> {
        self.tag(RECORDING).map(ID::from)
    }

    /// What it points at; null where that was removed.
    async fn target(&self, context: &Context<'_>) -> Result<Option<DataObject>, Fault> {
        let Some(id) = self.tag(RECORDING) else { return Ok(None) };
        jobs::there(objects::one(&Asked::reading(context)?, &id).await)
    }

    async fn source_asset_id(&self) -> Option<ID> {
        None
    }

    async fn application_id(&self) -> Option<ID> {
        None
    }

    async fn cluster_id(&self) -> Option<ID> {
        self.tag(CLUSTER).map(ID::from)
    }

    async fn template_id(&self) -> Option<ID> {
        self.tag(TEMPLATE).map(ID::from)
    }

    /// The scheduled job that made it.
    async fn scheduled_job_id(&self) -> Option<ID> {
        let by = self.0.schedule?;
        Some(by.number.map_or_else(|| by.id.to_string(), |number| number.to_string()).into())
    }

    /// The scheduled job that made it; null where that was removed.
    async fn scheduled_job(&self, context: &Context<'_>) -> Result<Option<ScheduledJob>, Fault> {
        let Some(by) = self.0.schedule else { return Ok(None) };
        jobs::there(schedules::one(&Asked::reading(context)?, &by.id.to_string()).await)
    }

    /// The template that it was made of; null where that was removed.
    async fn template(&self, context: &Context<'_>) -> Result<Option<JobTemplate>, Fault> {
        let Some(id) = self.tag(TEMPLATE) else { return Ok(None) };
        let found = templates::one(&Asked::reading(context)?, &id).await;
        Ok(jobs::there(found)?.map(JobTemplate::from))
    }

    async fn created_by(&self) -> Option<&str> {
        self.0.created_by.as_deref()
    }

    async fn modified_by(&self) -> Option<&str> {
        self.0.created_by.as_deref()
    }

    async fn created_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.0.created_at))
    }

    async fn modified_date_time(&self) -> Option<DateTime> {
        Some(DateTime(modified(&self.0)))
    }

    async fn job_config(&self) -> Result<Option<JsonData>, Fault> {
        self.0.custom_data.as_ref().map(|data| JsonData::of_text(data.text())).transpose()
    }

    async fn organization(&self) -> Option<Organization> {
        Some(Organization(self.0.organisation.clone()))
    }

    /// Its tasks, in the order in which they could run.
    #[expect(clippy::too_many_arguments, reason = "clients name them")]
    async fn tasks(
        &self,
        status: Option<Vec<TaskStatus>>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
        id: Option<ID>,
        target_id: Option<Vec<Option<ID>>>,
        has_source_asset: Option<bool>,
    ) -> Result<Option<TaskList>, Fault> {
        let paging = Paging::of(offset, limit)?;
        let target = self.tag(RECORDING);
        let of_target = target_id
            .is_none_or(|asked| asked.into_iter().flatten().any(|asked| target.as_deref() == Some(asked.as_str())));
        let id = id.map(|id| task_id::TaskId::parse(&id));
        let fits = |place: &usize| {
            let Some(task) = self.0.tasks.get(*place) else { return false };
            let own = TaskStatus::of(status::of_task(task));
            let in_state = |asked: &Vec<TaskStatus>| own.is_some_and(|own| asked.iter().any(|one| one.means(own)));
            let named = |id: &Option<task_id::TaskId>| id.is_some_and(|id| id.is_of(self.0.id) && id.place() == *place);
            status.as_ref().is_none_or(in_state) && id.as_ref().is_none_or(named)
        };
        // No task has an asset that it comes from.
        let any = of_target && has_source_asset != Some(true);
        let places = (0..self.0.tasks.len()).filter(|place| any && fits(place));
        let tasks = paging.part(places).into_iter().map(|place| Task { job: self.0.clone(), place });
        Ok(Some(TaskList::of(tasks, paging)))
    }

    /// Which task takes what which other one gives.
    async fn routes(&self) -> Option<Vec<Route>> {
        let job = &self.0;
        let of = |child: usize| {
            let route = move |parent: &usize| Route {
                parent_io_folder_reference_id: Some(output_folder(&task_id::core(job.id, *parent))),
                child_io_folder_reference_id: Some(input_folder(&task_id::core(job.id, child))),
                endpoint: None,
                options: None,
            };
            job.tasks.parents(child).iter().map(route)
        };
        Some((0..job.tasks.len()).flat_map(of).collect())
    }

    /// Addresses that are notified when the job ends.
    async fn notification_uris(&self) -> Option<Vec<String>> {
        Some(self.0.webhooks.iter().map(|webhook| webhook.shown_url().to_owned()).collect())
    }

    /// The job that this one repeats.
    async fn retry_of(&self, context: &Context<'_>) -> Result<Option<ID>, Fault> {
        let Some(id) = self.0.retry_of else { return Ok(None) };
        let asked = Asked::reading(context)?;
        let job = jobs::job(&asked, &id.to_string()).await;
        Ok(jobs::there(job)?.map(|job| lookup::core(&job).into()))
    }
}

/// What the input folder of a task is called.
pub(super) fn input_folder(task: &str) -> ID {
    format!("{task}-in").into()
}

/// What the output folder of a task is called.
pub(super) fn output_folder(task: &str) -> ID {
    format!("{task}-out").into()
}
