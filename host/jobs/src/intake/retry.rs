//! Running a job again: in place, or as a new job that is linked to it.
//!
//! Either way it runs on what is installed now, and its input and parameters are checked against that first. In place,
//! what the job gave before is cleared and its attempts are counted on; as a copy, nothing of the job changes.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::job::transition::{Event, Refusal};
use analyte_core::job::{Job, Pin, Status, Task};
use analyte_core::names::{JobId, Organisation};
use analyte_core::shape::Shape;
use analyte_core::table::Table;
use analyte_core::table::format::{Format, read};
use analyte_store::Idempotency;
use serde_json::value::RawValue;

use crate::catalogue::installed::Model;
use crate::detached::to_the_end;
use crate::error::JobsError;
use crate::intake::prepare::{fitted, work};
use crate::intake::submission::{LimitsAsked, Parameters, RetryAsked, Submission};
use crate::intake::submit::{SubmittedJob, queue_full};
use crate::manager::Manager;
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
        let mut models = Vec::with_capacity(job.tasks.len());
        for task in &job.tasks {
            let model = self.current(organisation, task)?;
            self.check(&job, task, &model).await?;
            models.push(model);
        }
        let (manager, organisation) = (self.clone(), organisation.clone());
        let changed = to_the_end(async move {
            // From here to the store's answer nothing that is installed changes.
            let _gate = manager.inner.gate.clone().read_owned().await;
            let mut pins = Vec::with_capacity(models.len());
            for (task, model) in job.tasks.iter().zip(models) {
                let now = manager.current(&organisation, task)?;
                if now.digest != model.digest || now.file != model.file {
                    let why = "the job's model is being replaced at this moment";
                    return Err(JobsError::busy(why, Duration::from_secs(1)));
                }
                pins.push(Pin { digest: digest(&now)?, model_file: now.file, grants: now.grants.clone() });
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
        let [task] = job.tasks.as_slice() else {
            return Err(JobsError::conflict("only a job of one task can be copied; retry this one in place"));
        };
        // As the stored stream, as the table read from it, and as the new job's stream.
        let _room = self.reserve_memory(organisation, task.input.bytes.saturating_mul(3))?;
        self.current(organisation, task)?;
        let input = self.stored_input(&job, task).await?;
        let parameters = self.stored_parameters(&job, task).await?;
        let submission = Submission {
            input_warnings: Vec::new(),
            parameters: Parameters::Json(parameters),
            custom_data: job.custom_data.clone(),
            priority: job.priority,
            run_at: job.run_at.filter(|at| *at > self.now()),
            limits: LimitsAsked {
                fuel: Some(job.limits.fuel),
                memory_bytes: Some(job.limits.memory_bytes),
                timeout_ms: Some(job.limits.timeout_ms),
            },
            retry: RetryAsked { max_attempts: Some(job.retry.max_attempts), backoff_ms: Some(job.retry.backoff_ms) },
            tags: job.tags.clone(),
            idempotency,
            retry_of: Some(id),
            created_by: job.created_by.clone(),
            ..Submission::new(task.provider.clone(), task.model.clone(), input)
        };
        self.submit(organisation, submission).await
    }

    /// The model that a task would run on now.
    fn current(&self, organisation: &Organisation, task: &Task) -> Result<Arc<Model>, JobsError> {
        let found = self.inner.catalogue.model(organisation, &task.provider, &task.model);
        let gone = |error: JobsError| JobsError::conflict(format!("{}; install it again, then retry", error.message()));
        let (_, model) = found.map_err(gone)?;
        digest(&model)?;
        Ok(model)
    }

    /// Whether a model still takes what a task was submitted with.
    async fn check(&self, job: &Job, task: &Task, model: &Arc<Model>) -> Result<(), JobsError> {
        if model.digest == Some(task.digest) && model.file == task.model_file {
            return Ok(());
        }
        let _room = self.reserve_memory(&job.organisation, task.input.bytes.saturating_mul(2))?;
        let input = self.stored_input(job, task).await?;
        let parameters = Parameters::Json(self.stored_parameters(job, task).await?);
        let (limits, budget) = (self.inner.limits.clone(), self.inner.engine.budget().largest_run());
        let schema = self.schema(model).await?;
        let size = work(usize::try_from(task.input.bytes).unwrap_or(usize::MAX), &parameters, &schema);
        let model = model.clone();
        let fits =
            move || fitted((&model, &schema), &input, Vec::new(), parameters, LimitsAsked::default(), &limits, budget);
        self.off_thread(&job.organisation, size, fits).await.map(|_| ())
    }

    async fn stored_input(&self, job: &Job, task: &Task) -> Result<Table, JobsError> {
        let bytes = self.inner.store.content(&job.organisation, job.id, &task.input).await?;
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

fn digest(model: &Model) -> Result<Digest, JobsError> {
    model.digest.ok_or_else(|| {
        let message =
            format!("provider `{}` has no component that could run model `{}`", model.provider, model.info.name);
        JobsError::new(Code::ProviderUnavailable, message)
    })
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
