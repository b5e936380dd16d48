//! Making, cancelling and retrying jobs, and giving up tasks.

use analyte_core::codes::Code;
use analyte_core::job::Status;
use analyte_core::names::TaskName;
use async_graphql::{Context, ID, Object};

use crate::aiware::ids::lookup;
use crate::graphql::context::Asked;
use crate::graphql::create;
use crate::graphql::fault::Fault;
use crate::graphql::input::job::{CreateJob, SingleEngineJobInput, UpdateJobs};
use crate::graphql::input::task::UpdateTask;
use crate::graphql::load::{engines, jobs};
use crate::graphql::node::job::Job;
use crate::graphql::node::page::{JobList, Paging};
use crate::graphql::node::removed::DeletePayload;
use crate::graphql::node::task::Task;
use crate::graphql::word::task::TaskStatus;

/// Of [`Mutation`](super::Mutation).
#[derive(Default)]
pub(crate) struct JobMutations;

#[Object]
impl JobMutations {
    /// Makes a job. It can be read at once.
    async fn create_job(&self, context: &Context<'_>, input: Option<CreateJob>) -> Result<Option<Job>, Fault> {
        let asked = Asked::writing(context)?;
        let input = input.ok_or_else(|| Fault::at("/input", "is missing"))?;
        Ok(Some(Job(create::job::job(&asked, input).await?)))
    }

    /// Makes a job of one engine from the engine's own template.
    #[graphql(name = "launchSingleEngineJob")]
    async fn launch_single_engine_job(
        &self,
        context: &Context<'_>,
        input: SingleEngineJobInput,
    ) -> Result<Option<Job>, Fault> {
        let asked = Asked::writing(context)?;
        let SingleEngineJobInput { engine_id, upload_url, target_id, .. } = input;
        engines::one(&asked, &engine_id).await?;
        if upload_url.is_some() == target_id.is_some() {
            return Err(Fault::at("/input", "must have one of `uploadUrl` and `targetId`"));
        }
        Err(Fault::invalid("This engine does not specify a default single job template"))
    }

    /// Cancels a job all of whose tasks wait. A job that runs is not stopped.
    async fn cancel_job(&self, context: &Context<'_>, id: ID) -> Result<Option<DeletePayload>, Fault> {
        let asked = Asked::writing(context)?;
        let job = jobs::job(&asked, &id).await?;
        asked.manager().cancel_waiting(asked.organisation(), job.id).await?;
        Ok(Some(DeletePayload::of(lookup::core(&job), "Job cancelled")))
    }

    /// Makes a job like this one, from any state but complete; this one stays as it is.
    async fn retry_job(&self, context: &Context<'_>, id: ID) -> Result<Option<Job>, Fault> {
        let asked = Asked::writing(context)?;
        let job = jobs::job(&asked, &id).await?;
        let copy = asked.manager().retry_as_copy(asked.organisation(), job.id, None).await;
        let copy = copy.map_err(|error| match error.code() {
            Code::AlreadyFinished => Fault::invalid("the job is complete, and only a job that is not can be retried"),
            _ => Fault::from(error),
        })?;
        Ok(Some(Job(copy.job.job)))
    }

    /// Sets jobs to `queued`: those that wait do so already, and others are refused.
    async fn update_jobs(&self, context: &Context<'_>, input: UpdateJobs) -> Result<Option<JobList>, Fault> {
        let asked = Asked::writing(context)?;
        let ids = input.ids.unwrap_or_default();
        let most = asked.shared.limits.batch_jobs;
        if ids.len() as u64 > most {
            let message = format!("has {} items; {most} are allowed (limit batch_jobs)", ids.len());
            return Err(Fault::at("/input/ids", message));
        }
        if input.status.is_none() {
            return Err(Fault::at("/input/status", "is missing"));
        }
        let mut found = Vec::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            let job = jobs::job(&asked, id).await?;
            if job.status != Status::Queued {
                let message = format!("names a job that is {}; retryJob makes a new one of it", job.status);
                return Err(Fault::at(&format!("/input/ids/{place}"), message));
            }
            found.push(Job(job));
        }
        let paging = Paging::of(None, Some(i32::try_from(found.len()).unwrap_or(i32::MAX)))?;
        Ok(Some(JobList::of(found, paging)))
    }

    /// Gives up a task that waits; its job then fails. The other states follow from what tasks do.
    async fn update_task(&self, context: &Context<'_>, input: Option<UpdateTask>) -> Result<Option<Task>, Fault> {
        let asked = Asked::writing(context)?;
        let input = input.ok_or_else(|| Fault::at("/input", "is missing"))?;
        let task = jobs::task(&asked, &input.id).await?;
        if let Some(job) = &input.job_id
            && jobs::job(&asked, job).await?.id != task.job.id
        {
            return Err(Fault::at("/input/jobId", "is another job than that of the task"));
        }
        let UpdateTask { status, failure_reason, failure_message, .. } = &input;
        if (failure_reason.is_some() || failure_message.is_some()) && *status != TaskStatus::Failed {
            return Err(Fault::at("/input/failureReason", "goes with the status `failed` only"));
        }
        let given = [
            ("output", input.output.is_some()),
            ("outputString", input.output_string.is_some()),
            ("outputJsonKey", input.output_json_key.is_some()),
            ("taskOutput", input.task_output.is_some()),
            ("payload", input.payload.is_some()),
            ("executionLocationData", input.execution_location_data.is_some()),
            ("clientTimestamp", input.client_timestamp.is_some()),
            ("notificationUris", input.notification_uris.is_some()),
        ];
        if let Some((member, _)) = given.iter().find(|(_, given)| *given) {
            return Err(Fault::no_meaning(&format!("`/input/{member}`")));
        }
        if !matches!(status, TaskStatus::Aborted | TaskStatus::Cancelled) {
            let message = "must be `aborted`: the other states follow from what the tasks do";
            return Err(Fault::at("/input/status", message));
        }
        let own = task.job.tasks.get(task.place);
        let name = own.map_or_else(TaskName::only, |own| own.name.clone());
        asked.manager().abort_task(asked.organisation(), task.job.id, &name).await?;
        jobs::task(&asked, &input.id).await.map(Some)
    }
}
