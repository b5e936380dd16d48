//! One task that is added to a job: members read and compared with their limits, as those of a creation are.

use analyte_core::job::Job;
use analyte_core::limits::Limits;
use analyte_core::names::TaskName;
use analyte_core::table::Table;
use analyte_jobs::{InputAsked, TaskAsked};

use super::assemble::{AskedTask, Read, not_known_yet, numbered};
use super::body::AddTaskBody;
use super::payload::Payload;
use crate::aiware::error::{ErrorId, Refusal};
use crate::request::json_body;

/// Reads the task of a body that adds it to a job. A task without a table takes the results of the last task that the job has.
pub(super) fn read(body: &[u8], job: &Job, limits: &Limits) -> Result<AskedTask, Refusal> {
    let AddTaskBody { task } = json_body::read(body)?;
    let read = Read::of(task.raw(), "/task".to_owned(), limits)?;
    let Read { at, payload_at, engine, name: correlation, payload, priority, retries, .. } = read;
    let own = |member: &str| format!("{at}/{member}");
    if priority.is_some_and(|priority| priority != job.priority) {
        let message = format!("must be {}: a task that is added has the priority of its job", job.priority);
        return Err(Refusal::at(ErrorId::InvalidInput, &own("priority"), message));
    }
    let usual = job.retry.max_attempts.saturating_sub(1);
    if retries.is_some_and(|retries| retries != usual) {
        let message = format!("must be {usual}: a task that is added has the retries of its job");
        return Err(Refusal::at(ErrorId::InvalidInput, &own("maxRetries"), message));
    }
    let taken = |name: &TaskName| job.tasks.place(name).is_some();
    let name = match correlation.as_deref().and_then(|name| TaskName::new(name).ok()) {
        Some(name) if taken(&name) => {
            let message = "names a task that the job has already";
            return Err(Refusal::at(ErrorId::InvalidInput, &own("correlationTaskId"), message));
        }
        Some(name) => name,
        None => numbered(job.tasks.len(), taken).unwrap_or_else(TaskName::only),
    };
    let Payload { table, parameters } = payload;
    let (input, after) = match &table {
        Some(_) => (InputAsked::from(Table::default()), Vec::new()),
        None => (InputAsked::ResultsOfAll, last_of(job).into_iter().collect()),
    };
    let (provider, model) = not_known_yet()?;
    let task = TaskAsked { parameters, after, ..TaskAsked::named(name, provider, model, input) };
    Ok(AskedTask { task, engine, table, at, payload_at })
}

/// The name of the task that stands last.
fn last_of(job: &Job) -> Option<TaskName> {
    job.tasks.iter().next_back().map(|task| task.name.clone())
}
