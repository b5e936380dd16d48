//! Reading jobs: one, a list, results, errors, files, logs.
//!
//! What a running task reports right now (progress, log lines) comes from memory, everything else from the store. Whatever
//! belongs to another organisation is answered as if it were not there.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::job::{Content, Job, Progress, ResultFile, Status, Task, Waiting};
use analyte_core::names::{Attempt, FileName, JobId, Organisation, TaskName};
use analyte_core::shape::Shape;
use analyte_core::table::Table;
use analyte_core::table::format::{Format, read};
use analyte_store::{Counts, Health};
use bytes::Bytes;

use crate::error::JobsError;
use crate::manager::Manager;

/// A job as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    /// As it is stored.
    pub job: Arc<Job>,
    /// Why it waits; set while the task that stands for it is queued.
    pub waiting: Option<WaitingView>,
    /// How far its first unfinished task is, else its last one.
    pub progress: Option<Progress>,
    /// It was cancelled just now, and its run has not come to a point where it could be stopped. Only
    /// [`Manager::cancel`] sets it.
    pub being_stopped: bool,
}

impl JobView {
    /// The task that stands for the job where one must: the first that has not ended, else the last.
    pub fn task(&self) -> Option<&Task> {
        self.job.standing()
    }
}

/// Why a job waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingView {
    /// Why.
    pub reason: Waiting,
    /// Which limit says so, where one does.
    pub detail: Option<String>,
    /// How many tasks of its organisation stand before it; `None` where it does not stand in line yet.
    pub position: Option<u64>,
}

/// What is known of a result, an Arrow stream, without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultView {
    /// Which task gave it.
    pub task: TaskName,
    /// Its bytes; the digest serves as an entity tag.
    pub content: Content,
    /// What the client should know.
    pub warnings: Vec<String>,
}

/// The bytes of a result: an Arrow stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultBytes {
    /// Which task gave it.
    pub task: TaskName,
    /// Of the bytes; serves as an entity tag.
    pub digest: Digest,
    /// The Arrow stream.
    pub bytes: Bytes,
    /// What the client should know.
    pub warnings: Vec<String>,
}

/// A result as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultTable {
    /// Which task gave it.
    pub task: TaskName,
    /// Of the stored Arrow stream; serves as an entity tag.
    pub digest: Digest,
    /// The table.
    pub table: Table,
    /// What the client should know.
    pub warnings: Vec<String>,
}

/// Why one task failed or was cancelled, or why its last run failed while it is queued again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorView {
    /// Which task.
    pub task: TaskName,
    /// Which run of it.
    pub attempt: Attempt,
    /// Where the task stands.
    pub status: Status,
    /// Why.
    pub failure: Failure,
}

/// A log: NDJSON lines `{"time","level","message"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogView {
    /// The lines.
    pub lines: Bytes,
    /// Whether no further lines can come.
    pub complete: bool,
}

impl Manager {
    /// One job.
    pub async fn get(&self, organisation: &Organisation, id: JobId) -> Result<JobView, JobsError> {
        let job = self.job(organisation, id).await?;
        self.view(job).await
    }

    /// How many jobs an organisation has in each state.
    pub async fn counts(&self, organisation: &Organisation) -> Result<Counts, JobsError> {
        Ok(self.inner.store.counts(organisation).await?)
    }

    /// What is known of a result without reading it: of one task, or of the only sink task.
    ///
    /// Refused with `not-finished` before the end, `no-result` where there is none, `several-results` where a task must
    /// be named.
    pub async fn result(
        &self,
        organisation: &Organisation,
        id: JobId,
        task: Option<&TaskName>,
    ) -> Result<ResultView, JobsError> {
        let job = self.job(organisation, id).await?;
        let (task, content) = result_of(&job, task)?;
        Ok(ResultView { task: task.name.clone(), content: content.clone(), warnings: task.warnings.clone() })
    }

    /// The stored Arrow stream of a result; refused like [`Manager::result`].
    pub async fn result_bytes(
        &self,
        organisation: &Organisation,
        id: JobId,
        task: Option<&TaskName>,
    ) -> Result<ResultBytes, JobsError> {
        let ResultView { task, content, warnings } = self.result(organisation, id, task).await?;
        let bytes = self.inner.store.content(organisation, id, &content).await?;
        Ok(ResultBytes { task, digest: content.digest, bytes, warnings })
    }

    /// Part of a result's Arrow stream; a range beyond its end is cut.
    pub async fn result_part(
        &self,
        organisation: &Organisation,
        id: JobId,
        result: &ResultView,
        range: Range<u64>,
    ) -> Result<Bytes, JobsError> {
        self.content_part(organisation, id, &result.content, range).await
    }

    /// A result as a table; refused like [`Manager::result`].
    pub async fn result_table(
        &self,
        organisation: &Organisation,
        id: JobId,
        task: Option<&TaskName>,
    ) -> Result<ResultTable, JobsError> {
        let ResultBytes { task, digest, bytes, warnings } = self.result_bytes(organisation, id, task).await?;
        let limits = self.inner.limits.clone();
        let size = bytes.len();
        // The stream carries its own fields; they were checked before it was kept.
        let table = self
            .off_thread(organisation, size, move || read(Format::Arrow, bytes, &Shape::any(), &limits))
            .await
            .map_err(|error| JobsError::new(Code::HostError, "the stored result cannot be read").because(error))?
            .table;
        Ok(ResultTable { task, digest, table, warnings })
    }

    /// Why tasks failed or were cancelled, parents first; of one task or of all. Empty where none did.
    pub async fn errors(
        &self,
        organisation: &Organisation,
        id: JobId,
        task: Option<&TaskName>,
    ) -> Result<Vec<ErrorView>, JobsError> {
        let job = self.job(organisation, id).await?;
        let of = |task: &Task| {
            let failure = task.error.clone()?;
            Some(ErrorView { task: task.name.clone(), attempt: task.attempt, status: task.status, failure })
        };
        match task {
            Some(name) => Ok(of(task_of(&job, name)?).into_iter().collect()),
            None => Ok(job.tasks.iter().filter_map(of).collect()),
        }
    }

    /// The finished result files of one task or of all, in order.
    pub async fn files(
        &self,
        organisation: &Organisation,
        id: JobId,
        task: Option<&TaskName>,
    ) -> Result<Vec<(TaskName, ResultFile)>, JobsError> {
        let job = self.job(organisation, id).await?;
        let tasks: Vec<&Task> = match task {
            Some(name) => vec![task_of(&job, name)?],
            None => job.tasks.iter().collect(),
        };
        let files = |task: &Task| {
            let name = task.name.clone();
            task.files.clone().into_iter().map(move |file| (name.clone(), file))
        };
        Ok(tasks.into_iter().flat_map(files).collect())
    }

    /// One result file: of one task, or of the last task that has one of this name.
    pub async fn file(
        &self,
        organisation: &Organisation,
        id: JobId,
        task: Option<&TaskName>,
        name: &FileName,
    ) -> Result<ResultFile, JobsError> {
        let files = self.files(organisation, id, task).await?;
        let found = files.into_iter().rev().find(|(_, file)| file.name == *name);
        found.map(|(_, file)| file).ok_or_else(|| JobsError::not_found(format_args!("result file `{name}`")))
    }

    /// Part of a result file's bytes; a range beyond its end is cut.
    pub async fn file_bytes(
        &self,
        organisation: &Organisation,
        id: JobId,
        file: &ResultFile,
        range: Range<u64>,
    ) -> Result<Bytes, JobsError> {
        self.content_part(organisation, id, &file.content, range).await
    }

    async fn content_part(
        &self,
        organisation: &Organisation,
        id: JobId,
        content: &Content,
        range: Range<u64>,
    ) -> Result<Bytes, JobsError> {
        let end = range.end.min(content.bytes);
        let start = range.start.min(end);
        if start == end {
            return Ok(Bytes::new());
        }
        Ok(self.inner.store.content_range(organisation, id, content, start..end).await?)
    }

    /// The log of one task (`None`: of all, one after the other); of a running task what it has reported so far.
    pub async fn logs(
        &self,
        organisation: &Organisation,
        id: JobId,
        task: Option<&TaskName>,
    ) -> Result<LogView, JobsError> {
        let job = self.job(organisation, id).await?;
        let tasks: Vec<&Task> = match task {
            Some(name) => vec![task_of(&job, name)?],
            None => job.tasks.iter().collect(),
        };
        let mut lines = Vec::new();
        for task in &tasks {
            let live = self.inner.active_runs.of(organisation, id, &task.name);
            // A run that was cancelled may be there for another moment, and says nothing any more.
            if let Some(live) = live.filter(|_| task.status == Status::Running) {
                lines.extend_from_slice(&live.log_so_far());
            } else if let Some(content) = &task.log {
                lines.extend_from_slice(&self.inner.store.content(organisation, id, content).await?);
            }
        }
        Ok(LogView { lines: lines.into(), complete: tasks.iter().all(|task| task.status.ended()) })
    }

    /// State of the store: for readiness and metrics.
    pub async fn health(&self) -> Result<Health, JobsError> {
        Ok(self.inner.store.health().await?)
    }

    /// One job as it is stored, without what is known of it beside its record.
    pub async fn job(&self, organisation: &Organisation, id: JobId) -> Result<Arc<Job>, JobsError> {
        let found = self.inner.store.job(organisation, id).await?;
        found.ok_or_else(|| JobsError::not_found(format_args!("job `{id}`")))
    }

    pub(crate) async fn view(&self, job: Arc<Job>) -> Result<JobView, JobsError> {
        let organisation = job.organisation.clone();
        let mut views = self.views(&organisation, vec![job]).await?;
        views.pop().ok_or_else(|| JobsError::new(Code::HostError, "the job cannot be shown"))
    }

    /// Jobs with what is known of them beside their records.
    pub(crate) async fn views(
        &self,
        organisation: &Organisation,
        jobs: Vec<Arc<Job>>,
    ) -> Result<Vec<JobView>, JobsError> {
        let mut views: Vec<_> = jobs.into_iter().map(|job| self.seen(job)).collect();
        // Only those that could start now stand in line.
        let in_line = |view: &JobView| {
            view.waiting.as_ref().is_some_and(|waiting| {
                matches!(waiting.reason, Waiting::Capacity | Waiting::Memory | Waiting::Quota | Waiting::Compiling)
            })
        };
        let ids: Vec<JobId> = views.iter().filter(|view| in_line(view)).map(|view| view.job.id).collect();
        if ids.is_empty() {
            return Ok(views);
        }
        let mut places = self.inner.store.queue_positions(organisation, &ids).await?.into_iter();
        for waiting in views.iter_mut().filter(|view| in_line(view)).filter_map(|view| view.waiting.as_mut()) {
            waiting.position = places.next().flatten();
        }
        Ok(views)
    }

    fn seen(&self, job: Arc<Job>) -> JobView {
        let mut view = JobView { job, waiting: None, progress: None, being_stopped: false };
        let Some(task) = view.task() else { return view };
        // A run that was cancelled may go on for a moment; what it reports then is no part of the job.
        let live = (task.status == Status::Running)
            .then(|| self.inner.active_runs.of(&view.job.organisation, view.job.id, &task.name))
            .flatten();
        let progress = live.and_then(|live| live.progress()).or_else(|| task.progress.clone());
        let waiting = (task.status == Status::Queued).then(|| self.waiting(&view.job, task));
        view.progress = progress;
        view.waiting = waiting.map(|(reason, detail)| WaitingView { reason, detail, position: None });
        view
    }

    /// Why a queued task does not run, and which limit says so: what the job itself says, else what holds up its organisation.
    fn waiting(&self, job: &Job, task: &Task) -> (Waiting, Option<String>) {
        if let Some(reason) = job.waiting(task, self.now()) {
            (reason, None)
        } else if self.inner.components.loading(&task.digest) {
            (Waiting::Compiling, None)
        } else {
            self.held_up(&job.organisation)
        }
    }
}

fn task_of<'a>(job: &'a Job, name: &TaskName) -> Result<&'a Task, JobsError> {
    job.task(name).ok_or_else(|| JobsError::not_found(format_args!("task `{name}` in job `{}`", job.id)))
}

/// Which task's result is meant, and its content.
fn result_of<'a>(job: &'a Job, name: Option<&TaskName>) -> Result<(&'a Task, &'a Content), JobsError> {
    let (task, status) = if let Some(name) = name {
        let task = task_of(job, name)?;
        (task, task.status)
    } else {
        let sinks: Vec<&Task> = job.sinks().collect();
        match sinks.as_slice() {
            [only] => (*only, job.status),
            [] => return Err(JobsError::new(Code::NoResult, "the job has no task")),
            several => {
                let names: Vec<_> = several.iter().map(|task| format!("`{}`", task.name)).collect();
                let names = names.join(", ");
                let message = format!("the job has several result tables, of the tasks {names}; ask for one of them");
                return Err(JobsError::new(Code::SeveralResults, message));
            }
        }
    };
    match (status, &task.result) {
        (Status::Queued | Status::Running, _) => {
            Err(JobsError::new(Code::NotFinished, format!("it is {status}, so it has no result yet"))
                .detail("status", status.as_str()))
        }
        (Status::Completed, Some(content)) => Ok((task, content)),
        (Status::Failed | Status::Cancelled | Status::Completed, _) => {
            let mut error = JobsError::new(Code::NoResult, format!("it is {status}, so it has no result"));
            if let Some(failure) = task.error.as_ref().or(job.error()) {
                error = error.detail("code", failure.code.as_str()).detail("message", failure.message.clone());
            }
            Err(error.detail("status", status.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::job::RunLimits;
    use analyte_core::names::{ModelName, ProviderName};
    use analyte_core::timestamp::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn content() -> Content {
        Content { digest: Digest::of(b""), bytes: 0 }
    }

    fn task(name: &str, parents: &[&str], status: Status) -> Task {
        let failed = matches!(status, Status::Failed | Status::Cancelled);
        let named = (ProviderName::new("p").unwrap(), ModelName::new("m").unwrap());
        Task {
            parents: parents.iter().map(|parent| TaskName::new(parent).unwrap()).collect(),
            status,
            attempt: Attempt(1),
            error: failed.then(|| Failure::new(Code::Trap, "it crashed")),
            result: (status == Status::Completed).then(content),
            ..Task::queued(TaskName::new(name).unwrap(), named, Digest::of(b""), content(), content())
        }
    }

    fn job(status: Status, tasks: Vec<Task>) -> Job {
        let limits = RunLimits { fuel: 1, memory_bytes: 1, timeout_ms: 1 };
        let organisation = Organisation::default_one();
        Job { status, ..Job::queued(JobId(Uuid::nil()), organisation, tasks, limits, Timestamp(0)) }
    }

    fn asked(job: &Job, task: Option<&str>) -> Result<String, (Code, String)> {
        let name = task.map(|task| TaskName::new(task).unwrap());
        result_of(job, name.as_ref())
            .map(|(task, _)| task.name.to_string())
            .map_err(|error| (error.code(), error.message().to_owned()))
    }

    #[test]
    fn a_result_is_answered_only_where_there_is_just_one() {
        let one = |status| job(status, vec![task("main", &[], status)]);
        assert_eq!(asked(&one(Status::Completed), None), Ok("main".into()));
        for status in [Status::Queued, Status::Running] {
            let expected = format!("it is {status}, so it has no result yet");
            assert_eq!(asked(&one(status), None), Err((Code::NotFinished, expected)));
        }
        for status in [Status::Failed, Status::Cancelled] {
            let expected = format!("it is {status}, so it has no result");
            assert_eq!(asked(&one(status), None), Err((Code::NoResult, expected)));
        }
        assert_eq!(asked(&one(Status::Completed), Some("other")).map_err(|(code, _)| code), Err(Code::NotFound));
    }

    #[test]
    fn of_several_tasks_the_only_sink_or_the_one_named_answers() {
        let chain = vec![task("first", &[], Status::Completed), task("last", &["first"], Status::Running)];
        let running = job(Status::Running, chain);
        assert_eq!(asked(&running, None).map_err(|(code, _)| code), Err(Code::NotFinished));
        assert_eq!(asked(&running, Some("first")), Ok("first".into()));
        let fork = vec![task("left", &[], Status::Completed), task("right", &[], Status::Completed)];
        let forked = job(Status::Completed, fork);
        let message = "the job has several result tables, of the tasks `left`, `right`; ask for one of them";
        assert_eq!(asked(&forked, None), Err((Code::SeveralResults, message.into())));
        assert_eq!(asked(&forked, Some("right")), Ok("right".into()));
    }
}
