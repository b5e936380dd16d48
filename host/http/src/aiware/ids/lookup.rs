//! From the id of a job or a task, in either form, to the job.
//!
//! A UUID of a job is looked up at once. Other forms say the millisecond in which the job was made: the organisation's jobs of
//! that millisecond are gone through, which takes as long as there are such jobs. Ids of other organisations, of jobs that
//! are gone, and texts that are no ids at all get the same answer.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::job::{Job, Task};
use analyte_core::names::{JobId, Organisation};
use analyte_jobs::{ListQuery, Manager};
use uuid::Uuid;

use super::core_form::{CoreForm, ms_of};
use super::task_id::TaskId;
use crate::aiware::error::{ErrorId, Refusal};

/// Longest part of an id, in characters, that an answer repeats.
const SHOWN: usize = 80;

/// A task with its job.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Its job.
    pub(crate) job: Arc<Job>,
    /// Its place in the job's list.
    pub(crate) place: usize,
}

impl Found {
    /// The task itself.
    pub(crate) fn task(&self) -> Result<&Task, Refusal> {
        self.job.tasks.get(self.place).ok_or_else(|| Refusal::new(ErrorId::NotFound, "there is no such task"))
    }
}

/// The job that an id in either form names.
pub(crate) async fn job(manager: &Manager, organisation: &Organisation, id: &str) -> Result<Arc<Job>, Refusal> {
    let found = if let Ok(uuid) = Uuid::try_parse(id) {
        match manager.job(organisation, JobId(uuid)).await {
            Ok(job) => Some(job),
            Err(error) if error.code() == Code::NotFound => None,
            Err(error) => return Err(error.into()),
        }
    } else {
        match CoreForm::parse(id) {
            Some(form) => of_millisecond(manager, organisation, form.ms(), |job| CoreForm::of(job) == form).await?,
            None => None,
        }
    };
    found.ok_or_else(|| nothing("job", id))
}

/// The task that an id in either form names.
pub(crate) async fn task(manager: &Manager, organisation: &Organisation, id: &str) -> Result<Found, Refusal> {
    let Some(asked) = TaskId::parse(id) else { return Err(nothing("task", id)) };
    let job = of_millisecond(manager, organisation, asked.ms(), |job| asked.is_of(job)).await?;
    let found = job.filter(|job| job.tasks.get(asked.place()).is_some());
    found.map(|job| Found { job, place: asked.place() }).ok_or_else(|| nothing("task", id))
}

fn nothing(what: &str, id: &str) -> Refusal {
    let shown: String = id.chars().take(SHOWN).collect();
    Refusal::new(ErrorId::NotFound, format!("there is no {what} `{shown}`"))
}

/// The organisation's job of this millisecond that is meant.
async fn of_millisecond(
    manager: &Manager,
    organisation: &Organisation,
    ms: u64,
    is_meant: impl Fn(JobId) -> bool,
) -> Result<Option<Arc<Job>>, Refusal> {
    // No job has this id: it is no UUID of the usual kind. All of this millisecond come after it.
    let before_all = JobId(Uuid::from_u128((u128::from(ms) << 80) | (7 << 76)));
    let mut query = ListQuery { oldest_first: true, after: Some(before_all), limit: 64, ..ListQuery::default() };
    loop {
        let page = manager.page(organisation, query.clone()).await?;
        for job in page.jobs {
            if ms_of(job.id) != ms {
                return Ok(None);
            }
            if is_meant(job.id) {
                return Ok(Some(job));
            }
        }
        match page.next {
            Some(next) if ms_of(next) <= ms => query.after = Some(next),
            _ => return Ok(None),
        }
    }
}

/// The core form of a job's id.
pub(crate) fn core(job: &Job) -> String {
    CoreForm::of(job.id).to_string()
}
