//! Running a job again: in place, or as a new job that is linked to it.
//!
//! Either way it runs on what is installed now, and its input and parameters are checked against that first. In place,
//! tasks that completed keep their results, what the others gave before is cleared, and their attempts are counted on; as a
//! copy, nothing of the job changes.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::transition::{Event, Refusal};
use analyte_core::job::{Content, Input, Job, Pin, Status, Task};
use analyte_core::names::{JobId, Organisation};
use analyte_core::shape::Shape;
use analyte_core::table::Table;
use analyte_core::table::format::{Format, read};
use analyte_store::Idempotency;
use serde_json::value::RawValue;

use crate::catalogue::installed::Model;
use crate::detached::detached;
use crate::error::JobsError;
use crate::intake::graph::{Flow, check_flows};
use crate::intake::prepare::{checked_parameters, component_of, fitted, work};
use crate::intake::run_limits::{LimitsAsked, RetryAsked};
use crate::intake::submission::Submission;
use crate::intake::submit::{SubmittedJob, queue_full};
use crate::intake::task::{InputAsked, Parameters, RESULTS_AT, TaskAsked};
use crate::manager::Manager;
use crate::notify::asked::WebhookAsked;
use crate::view::read::JobView;

impl Manager {
    /// Runs a failed, cancelled or running job again, in place. A running one is stopped first.
    ///
    /// Refused with `already-finished` where it completed, with `conflict` where it is queued or its model is gone,
    /// with `invalid-input` where what is installed now does not take its input.
    pub async fn retry(&self, organisation: &Organisation, id: JobId) -> Result<JobView, JobsError> {
        self.refuse_while_stopping()?;
        let job = self.job(organisation, id).await?;
        refuse(&job, job.status == Status::Queued)?;
        self.room_to_notify_again(&job).await?;
        // `None` for those that completed: they do not run again, so their models may be gone.
        let mut models = Vec::with_capacity(job.tasks.len());
        for task in &job.tasks {
            if task.status == Status::Completed {
                models.push(None);
                continue;
            }
            let model = self.current(organisation, task)?;
            self.check(&job, task, &model).await?;
            models.push(Some(model));
        }
        let places = job.tasks.iter().zip(&models).enumerate();
        let flows = places.filter_map(|(place, (task, model))| Some((place, task, model.as_ref()?)));
        let flows = flows.map(|(place, task, model)| Flow {
            place,
            name: &task.name,
            results_of: task.input.results_of(),
            at: RESULTS_AT,
            model: &model.info,
        });
        check_flows(&flows.collect::<Vec<_>>())?;
        let (manager, organisation) = (self.clone(), organisation.clone());
        let changed = detached(async move {
            // From here to the store's answer nothing that is installed changes.
            let _gate = manager.inner.gate.clone().read_owned().await;
            let mut pins = Vec::with_capacity(models.len());
            for (task, model) in job.tasks.iter().zip(models) {
                let Some(model) = model else {
                    pins.push(Pin { digest: task.digest, model_file: task.model_file, grants: task.grants.clone() });
                    continue;
                };
                let now = manager.current(&organisation, task)?;
                if now.digest != model.digest || now.file != model.file {
                    let why = "the job's model is being replaced at this moment";
                    return Err(JobsError::busy(why, Duration::from_secs(1)));
                }
                pins.push(Pin { digest: component_of(&now)?, model_file: now.file, grants: now.grants.clone() });
            }
            let queued = manager.inner.store.counts(&organisation).await?.queued;
            let most = manager.queue_cap(&organisation);
            if queued >= most {
                return Err(queue_full(queued, most));
            }
            let now = manager.now();
            let changed = manager.inner.store.apply(&organisation, id, Event::Retry { pins }, now).await?;
            if let Some(Ok(changed)) = &changed {
                manager.follow(changed);
            }
            Ok(changed)
        })
        .await?;
        match changed {
            None => Err(JobsError::not_found(format_args!("job `{id}`"))),
            Some(Ok(changed)) => self.view(changed.job).await,
            // It changed meanwhile.
            Some(Err(Refusal::AlreadyFinished)) => Err(finished(Status::Completed)),
            Some(Err(refusal)) => Err(JobsError::conflict(refusal.to_string())),
        }
    }

    /// Submits a job like this one, from any state but completed; the new job names it in `retry_of`.
    pub async fn retry_as_copy(
        &self,
        organisation: &Organisation,
        id: JobId,
        idempotency: Option<Idempotency>,
    ) -> Result<SubmittedJob, JobsError> {
        self.refuse_while_stopping()?;
        let job = self.job(organisation, id).await?;
        refuse(&job, false)?;
        // As the stored stream, as the table read from it, and as the new job's stream.
        let given = job.tasks.iter().filter_map(|task| task.input.given()).map(|content| content.bytes);
        let _room = self.reserve_memory(organisation, given.fold(0, u64::saturating_add).saturating_mul(3))?;
        let mut tasks = Vec::with_capacity(job.tasks.len());
        for task in &job.tasks {
            self.current(organisation, task)?;
            tasks.push(self.asked_again(&job, task).await?);
        }
        // Every member by name, so that the compiler asks whether a copy has a new one.
        let submission = Submission {
            tasks,
            custom_data: job.custom_data.clone(),
            priority: job.priority,
            run_at: job.run_at.filter(|at| *at > self.now()),
            limits: LimitsAsked::of(job.limits),
            retry: RetryAsked { max_attempts: Some(job.retry.max_attempts), backoff_ms: Some(job.retry.backoff_ms) },
            tags: job.tags.clone(),
            idempotency,
            retry_of: Some(id),
            created_by: job.created_by.clone(),
            // A copy belongs to no session: that of the job may have ended.
            session: None,
            webhooks: job.webhooks.iter().map(WebhookAsked::of).collect(),
        };
        self.submit(organisation, submission).await
    }

    /// A task of a job as a client would ask for it.
    async fn asked_again(&self, job: &Job, task: &Task) -> Result<TaskAsked, JobsError> {
        let input = match &task.input {
            Input::Given(content) => InputAsked::from(self.stored_table(job, content).await?),
            Input::Results { of } => InputAsked::Results { of: of.clone() },
        };
        let parameters = Parameters::Json(self.stored_parameters(job, task).await?);
        // Every member by name, so that the compiler asks whether a copy has a new one.
        Ok(TaskAsked {
            name: task.name.clone(),
            provider: task.provider.clone(),
            model: task.model.clone(),
            input,
            parameters,
            limits: task.limits.map(LimitsAsked::of).unwrap_or_default(),
            after: task.parents.clone(),
        })
    }

    /// The model that a task would run on now.
    fn current(&self, organisation: &Organisation, task: &Task) -> Result<Arc<Model>, JobsError> {
        let found = self.inner.catalogue.model(organisation, &task.provider, &task.model);
        let gone = |error: JobsError| JobsError::conflict(format!("{}; install it again, then retry", error.message()));
        let (_, model) = found.map_err(gone)?;
        component_of(&model)?;
        Ok(model)
    }

    /// Whether a model still takes what a task was submitted with.
    async fn check(&self, job: &Job, task: &Task, model: &Arc<Model>) -> Result<(), JobsError> {
        if model.digest == Some(task.digest) && model.file == task.model_file {
            return Ok(());
        }
        let given = task.input.given();
        let bytes = given.map_or(0, |content| content.bytes);
        let _room = self.reserve_memory(&job.organisation, bytes.saturating_mul(2))?;
        let input = match given {
            Some(content) => Some(self.stored_table(job, content).await?),
            None => None,
        };
        let parameters = Parameters::Json(self.stored_parameters(job, task).await?);
        let (limits, budget) = (self.inner.limits.clone(), self.inner.engine.budget().largest_run());
        let schema = self.schema(model).await?;
        let size = work(usize::try_from(bytes).unwrap_or(usize::MAX), &parameters, &schema);
        let model = model.clone();
        let fits = move || match &input {
            Some(input) => {
                let asked = LimitsAsked::default();
                fitted((&model, &schema), input, Vec::new(), parameters, asked, &limits, budget).map(|_| ())
            }
            None => checked_parameters((&model, &schema), parameters, None, &limits).map(|_| ()),
        };
        self.off_thread(&job.organisation, size, fits).await
    }

    async fn stored_table(&self, job: &Job, content: &Content) -> Result<Table, JobsError> {
        let bytes = self.inner.store.content(&job.organisation, job.id, content).await?;
        let limits = self.inner.limits.clone();
        // The stream carries its own fields; they were checked before it was kept.
        let read = self
            .off_thread(&job.organisation, bytes.len(), move || read(Format::Arrow, bytes, &Shape::any(), &limits))
            .await;
        let damaged = |error| JobsError::new(Code::HostError, "the job's stored input cannot be read").because(error);
        Ok(read.map_err(damaged)?.table)
    }

    async fn stored_parameters(&self, job: &Job, task: &Task) -> Result<Box<RawValue>, JobsError> {
        let bytes = self.inner.store.content(&job.organisation, job.id, &task.parameters).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| JobsError::new(Code::HostError, "the job's stored parameters are damaged").because(error))
    }
}

fn refuse(job: &Job, queued: bool) -> Result<(), JobsError> {
    match job.status {
        Status::Completed => Err(finished(job.status)),
        _ if queued => Err(JobsError::conflict("the job is queued: it has not failed, so there is nothing to retry")),
        _ => Ok(()),
    }
}

fn finished(status: Status) -> JobsError {
    JobsError::new(
        Code::AlreadyFinished,
        format!("the job is {status}, and its result is kept; submit it anew instead"),
    )
    .detail("status", status.as_str())
}
