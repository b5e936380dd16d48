//! Launching a schedule by hand.

use std::time::Duration;

use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::{Cause, Outcome, Step};
use analyte_store::Fired;

use crate::detached::detached;
use crate::error::JobsError;
use crate::intake::submit::queue_full;
use crate::manager::Manager;
use crate::schedule::view::no_schedule;
use crate::view::read::JobView;

/// How often a launch is tried again because the schedule or its model was just replaced.
const TRIES: usize = 4;

impl Manager {
    /// Submits a job of a schedule's template now, whether the schedule is active or not and whatever goes on. Its own fire
    /// times stay as they are.
    pub async fn launch_schedule(&self, organisation: &Organisation, id: ScheduleId) -> Result<JobView, JobsError> {
        self.refuse_while_stopping()?;
        for _ in 0..TRIES {
            let kept = self.kept_schedule(organisation, id).await?;
            let fire_time = self.now();
            let made = self.job_of(&kept.schedule, fire_time).await?;
            let job = made.job.clone();
            let manager = self.clone();
            let answer = detached(async move {
                // From here to the store's answer nothing that is installed changes.
                let _gate = manager.inner.gate.clone().read_owned().await;
                if !manager.is_current(&kept.schedule, &made) {
                    return Ok(None);
                }
                let outcome = Outcome::Job { job: made.job.id };
                let step = Step { fire_time, cause: Cause::Launched, outcome };
                let firing = manager.new_firing(&kept.schedule, step, Some(&made));
                manager.inner.timetable.gives(id, made.job.id);
                let answers = manager.inner.store.fire(vec![firing], manager.now()).await;
                // Where the launch gave no job, the last one is another; where it did, the next firing comes after it.
                manager.inner.timetable.look_at(id);
                manager.wake_for(&kept.schedule.organisation);
                if !kept.schedule.template.webhooks.is_empty() {
                    manager.inner.notify.notify_one();
                }
                Ok(answers?.into_iter().next())
            })
            .await?;
            match answer {
                Some(Fired::Kept(_)) => return self.view(job.into()).await,
                Some(Fired::NotFound) => return Err(no_schedule(id)),
                Some(Fired::QueueFull { queued }) => return Err(queue_full(queued, self.queue_cap(organisation))),
                Some(Fired::Changed | Fired::Refused(_)) | None => {}
            }
        }
        Err(JobsError::busy("the schedule or its model is being replaced again and again", Duration::from_secs(1)))
    }
}
