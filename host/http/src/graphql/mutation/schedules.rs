//! Making, changing, launching, copying and removing scheduled jobs.

use async_graphql::{Context, ID, Object};

use super::templates::refuse_public;
use crate::aiware::schedules::change;
use crate::graphql::context::Asked;
use crate::graphql::create::schedule;
use crate::graphql::fault::Fault;
use crate::graphql::input::schedule::{
    CloneScheduledJob, CreateScheduledJob, LaunchScheduledJobs, RevertScheduledJob, UpdateScheduledJob,
};
use crate::graphql::load::schedules;
use crate::graphql::node::job::Job;
use crate::graphql::node::removed::DeletePayload;
use crate::graphql::node::schedule::ScheduledJob;

/// Of [`Mutation`](super::Mutation).
#[derive(Default)]
pub(crate) struct ScheduleMutations;

fn missing() -> Fault {
    Fault::at("/input", "is missing")
}

#[Object]
impl ScheduleMutations {
    /// Makes a scheduled job.
    async fn create_scheduled_job(
        &self,
        context: &Context<'_>,
        input: Option<CreateScheduledJob>,
    ) -> Result<ScheduledJob, Fault> {
        let asked = Asked::writing(context)?;
        let input = input.ok_or_else(missing)?;
        refuse_public(input.is_public)?;
        let new = schedule::new(&asked, input).await?;
        Ok(ScheduledJob(change::create(asked.manager(), asked.organisation(), new).await?))
    }

    /// Changes a scheduled job; with `isActive: false` it makes no more jobs by itself.
    async fn update_scheduled_job(
        &self,
        context: &Context<'_>,
        input: Option<UpdateScheduledJob>,
    ) -> Result<ScheduledJob, Fault> {
        let asked = Asked::writing(context)?;
        let input = input.ok_or_else(missing)?;
        let id = input.id.to_string();
        schedules::one(&asked, &id).await?;
        refuse_public(input.is_public)?;
        let wanted = schedule::changes(&asked, input).await?;
        let updated = change::update(asked.manager(), asked.organisation(), &id, wanted).await;
        updated.map(ScheduledJob).map_err(Fault::from)
    }

    /// Makes a scheduled job like another one.
    async fn clone_scheduled_job(
        &self,
        context: &Context<'_>,
        input: Option<CloneScheduledJob>,
    ) -> Result<ScheduledJob, Fault> {
        let asked = Asked::writing(context)?;
        let CloneScheduledJob { id } = input.ok_or_else(missing)?;
        schedules::one(&asked, &id).await?;
        let by = asked.caller.principal().label.to_string();
        Ok(ScheduledJob(change::copy(asked.manager(), asked.organisation(), &id, by).await?))
    }

    /// No scheduled job has an earlier form to which it could go back.
    async fn revert_scheduled_job(
        &self,
        context: &Context<'_>,
        input: Option<RevertScheduledJob>,
    ) -> Result<ScheduledJob, Fault> {
        let asked = Asked::writing(context)?;
        let RevertScheduledJob { id } = input.ok_or_else(missing)?;
        schedules::one(&asked, &id).await?;
        Err(Fault::no_meaning("to revert a scheduled job"))
    }

    /// Removes a scheduled job. Its jobs stay.
    async fn delete_scheduled_job(&self, context: &Context<'_>, id: ID) -> Result<Option<DeletePayload>, Fault> {
        let asked = Asked::writing(context)?;
        let number = schedules::one(&asked, &id).await?.0.number().to_string();
        change::remove(asked.manager(), asked.organisation(), &id).await?;
        Ok(Some(DeletePayload::of(number, "Scheduled job deleted")))
    }

    /// Makes a job of a scheduled job now. Its timetable stays as it is.
    async fn launch_scheduled_jobs(
        &self,
        context: &Context<'_>,
        input: Option<LaunchScheduledJobs>,
    ) -> Result<Option<Vec<Option<Job>>>, Fault> {
        let asked = Asked::writing(context)?;
        let LaunchScheduledJobs { scheduled_job_id, payload, target_info, create_target_info } =
            input.ok_or_else(missing)?;
        let id = scheduled_job_id.ok_or_else(|| Fault::at("/input/scheduledJobId", "is missing"))?;
        schedules::one(&asked, &id).await?;
        let given = [
            ("payload", payload.is_some()),
            ("targetInfo", target_info.is_some()),
            ("createTargetInfo", create_target_info.is_some()),
        ];
        if let Some((member, _)) = given.iter().find(|(_, given)| *given) {
            let what = format!("`/input/{member}` (launchJobTemplates takes one)");
            return Err(Fault::no_meaning(&what));
        }
        let launched = change::launch(asked.manager(), asked.organisation(), &id).await?;
        Ok(Some(vec![Some(Job(launched.job))]))
    }
}
