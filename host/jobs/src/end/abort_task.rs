//! Giving up single tasks of a job that wait to run.

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::transition::{Event, Refusal};
use analyte_core::names::{JobId, Organisation, TaskName};

use crate::error::JobsError;
use crate::manager::Manager;

impl Manager {
    /// Ends a queued task for good, as failed with code `cancelled`: tasks that wait for it are cancelled, and the job fails
    /// when its other tasks have ended. `conflict` where the task runs, `already-finished` where it has ended.
    pub async fn abort_task(&self, organisation: &Organisation, id: JobId, task: &TaskName) -> Result<(), JobsError> {
        let failure = Failure::new(Code::Cancelled, "aborted by request");
        let event = Event::Abandon { task: task.clone(), failure };
        match self.change(organisation, id, event).await? {
            Some(Ok(_)) => Ok(()),
            Some(Err(Refusal::UnknownTask)) | None => {
                Err(JobsError::not_found(format_args!("task `{task}` of job `{id}`")))
            }
            Some(Err(Refusal::AlreadyFinished)) => {
                Err(JobsError::new(Code::AlreadyFinished, format!("task `{task}` has ended")))
            }
            Some(Err(Refusal::NotReady)) => {
                Err(JobsError::conflict(format!("task `{task}` runs, and only a task that waits can be aborted")))
            }
            Some(Err(refusal)) => Err(JobsError::conflict(refusal.to_string())),
        }
    }
}
