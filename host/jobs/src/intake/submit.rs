//! Submitting jobs.
//!
//! A job that is answered is durable and pins the component that was installed at that moment. All checks that need no
//! run are made before; a refused submission leaves nothing.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_engine::machine::background_drop::BackgroundDrop;
use analyte_store::{NewJob, Submitted};
use tokio::sync::OwnedRwLockReadGuard;

use crate::catalogue::installed::Model;
use crate::detached::detached;
use crate::error::JobsError;
use crate::intake::graph::check_graph;
use crate::intake::keys::mismatch;
use crate::intake::submission::Submission;
use crate::intake::task::TaskAsked;
use crate::manager::Manager;
use crate::view::read::JobView;

/// How often a submission is prepared again because its model was just replaced.
pub(super) const TRIES: usize = 4;

/// This many small submissions are prepared before other calls have their turn on the thread.
pub(super) const TOGETHER: usize = 8;

/// What became of a submission.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmittedJob {
    /// The job, queued; or, of a repeated submission, as it is now.
    pub job: JobView,
    /// The same submission was made before under its idempotency key.
    pub replayed: bool,
}

impl Manager {
    /// Submits a job.
    pub async fn submit(&self, organisation: &Organisation, submission: Submission) -> Result<SubmittedJob, JobsError> {
        let answers = self.submit_all(organisation, vec![submission]).await;
        answers
            .into_iter()
            .next()
            .unwrap_or_else(|| Err(JobsError::new(Code::HostError, "the submission was not answered")))
    }

    /// Submits several jobs; one answer each, in order. All that are accepted are durable together.
    pub async fn submit_all(
        &self,
        organisation: &Organisation,
        submissions: Vec<Submission>,
    ) -> Vec<Result<SubmittedJob, JobsError>> {
        let begun = std::time::Instant::now();
        // However this ends, large tables are not dropped by the thread that answers.
        let tables = submissions.iter().flat_map(|submission| &submission.tasks).filter_map(|task| task.input.given());
        let _apart: Vec<_> =
            tables.filter_map(|table| BackgroundDrop::if_large(table.memory_bytes(), || table.clone())).collect();
        let mut answers: Vec<Option<Result<SubmittedJob, JobsError>>> = submissions.iter().map(|_| None).collect();
        let mut new = 0;
        let mut open: Vec<(usize, Submission)> = submissions.into_iter().enumerate().collect();
        for last in (1..=TRIES).map(|attempt| attempt == TRIES) {
            if open.is_empty() {
                break;
            }
            let mut prepared = Vec::with_capacity(open.len());
            for (at, submission) in open.drain(..) {
                // Each takes little, a batch of them does not: others are answered in between.
                if prepared.len() % TOGETHER == TOGETHER - 1 {
                    tokio::task::yield_now().await;
                }
                match self.prepared(organisation, &submission).await {
                    Ok((models, job)) => prepared.push((at, submission, models, job)),
                    Err(error) => put(&mut answers, at, Err(error)),
                }
            }
            // From here to the store's answer nothing that is installed changes.
            let gate = self.inner.gate.clone().read_owned().await;
            let mut jobs = Vec::with_capacity(prepared.len());
            let mut places = Vec::with_capacity(prepared.len());
            for (at, submission, models, job) in prepared {
                match self.models_of(organisation, &submission) {
                    Ok(now) if now.iter().zip(&models).all(|(now, model)| same(now, model)) => {
                        places.push((at, job.job.clone()));
                        jobs.push(job);
                    }
                    Ok(_) if last => {
                        let why = "the model is being replaced again and again";
                        put(&mut answers, at, Err(JobsError::busy(why, Duration::from_secs(1))));
                    }
                    Ok(_) => open.push((at, submission)),
                    Err(error) => put(&mut answers, at, Err(error)),
                }
            }
            match self.keep(jobs, gate).await {
                Ok(kept) => {
                    for ((at, job), submitted) in places.into_iter().zip(kept) {
                        new += u64::from(submitted == Submitted::New);
                        put(&mut answers, at, self.answer(organisation, Arc::new(job), submitted).await);
                    }
                }
                Err(error) => {
                    for (at, _) in places {
                        put(&mut answers, at, Err(error.clone()));
                    }
                }
            }
        }
        if new > 0 {
            self.inner.metrics.submitted(new, begun.elapsed());
        }
        let unanswered = || Err(JobsError::new(Code::HostError, "the submission was not answered"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
    }

    /// Keeps jobs and wakes the dispatcher, also where the caller goes away meanwhile.
    async fn keep(&self, jobs: Vec<NewJob>, gate: OwnedRwLockReadGuard<()>) -> Result<Vec<Submitted>, JobsError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let manager = self.clone();
        detached(async move {
            // They are all of the caller's organisation.
            let organisation = jobs.first().map(|new| new.job.organisation.clone());
            let notifies = jobs.iter().any(|new| !new.job.webhooks.is_empty());
            let kept = manager.inner.store.submit(jobs, manager.now()).await;
            drop(gate);
            if let Some(organisation) = organisation {
                manager.wake_for(&organisation);
            }
            if notifies {
                manager.inner.notify.notify_one();
            }
            Ok(kept?)
        })
        .await
    }

    /// All checks that need no run, made against what is installed now.
    pub(crate) async fn prepared(
        &self,
        organisation: &Organisation,
        submission: &Submission,
    ) -> Result<(Vec<Arc<Model>>, NewJob), JobsError> {
        self.refuse_while_stopping()?;
        check_graph(&submission.tasks, &self.inner.limits)?;
        let models = self.models_of(organisation, submission)?;
        // Columns are shared, so this copies little.
        let job = self.prepare(organisation, &models, submission.clone()).await?;
        Ok((models, job))
    }

    /// The model of each task, as installed now.
    pub(super) fn models_of(
        &self,
        organisation: &Organisation,
        submission: &Submission,
    ) -> Result<Vec<Arc<Model>>, JobsError> {
        let several = submission.tasks.len() > 1;
        let model = |(place, task): (usize, &TaskAsked)| match self.inner.catalogue.model(
            organisation,
            &task.provider,
            &task.model,
        ) {
            Ok((_, model)) => Ok(model),
            Err(error) if several => Err(error.of_task(place, &task.name)),
            Err(error) => Err(error),
        };
        submission.tasks.iter().enumerate().map(model).collect()
    }

    async fn answer(
        &self,
        organisation: &Organisation,
        job: Arc<analyte_core::job::Job>,
        submitted: Submitted,
    ) -> Result<SubmittedJob, JobsError> {
        match submitted {
            Submitted::New => Ok(SubmittedJob { job: self.view(job).await?, replayed: false }),
            Submitted::Replayed(job) => Ok(SubmittedJob { job: self.view(job).await?, replayed: true }),
            Submitted::Mismatch => Err(mismatch()),
            Submitted::QueueFull { queued } => Err(queue_full(queued, self.queue_cap(organisation))),
        }
    }
}

pub(crate) fn queue_full(queued: u64, most: u64) -> JobsError {
    let message = format!("the organisation has {queued} queued jobs, and {most} are allowed (limit queued_jobs)");
    JobsError::quota(message, Duration::from_secs(1))
}

pub(super) fn same(one: &Arc<Model>, other: &Arc<Model>) -> bool {
    Arc::ptr_eq(one, other) || (one.digest == other.digest && one.file == other.file && one.info == other.info)
}

fn put<T>(answers: &mut [Option<T>], at: usize, answer: T) {
    if let Some(place) = answers.get_mut(at) {
        *place = Some(answer);
    }
}
