//! Keeps what runs gave.
//!
//! Outcomes that arrive while the store is busy with others go into one call together, and meanwhile the slots of their runs
//! are free for others: up to `MOST` outcomes may wait, so the store always has some to keep. A failure of the store
//! loses nothing: the same outcomes are written again, with growing pauses, for as long as the process lives; when all
//! places for outcomes are taken, runs that end keep their slots, so that no more is computed than can be kept. Only when
//! the process stops, and the store still fails, an outcome is given up; its task then runs again after the next start.

use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::Status;
use analyte_core::job::transition::Effect;
use analyte_store::{Changed, Finished, Outcome, StoreError};
use tokio::sync::mpsc;

use super::outcomes::{Item, MOST};
use crate::end::phase::Phase;
use crate::manager::Manager;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// An outcome of its own that the store refuses so often, for a reason that is not its disk, is replaced by a failure.
const TRIES: u32 = 5;

/// Writes outcomes until the manager is gone.
pub(crate) async fn keep(manager: Manager, mut items: mpsc::Receiver<Item>) {
    let mut batch = Vec::with_capacity(MOST);
    while items.recv_many(&mut batch, MOST).await > 0 {
        let with_job = |(finished, answer): Item| {
            let job = finished.run.key.job;
            (finished, (answer, job))
        };
        let (finished, answers): (Vec<_>, Vec<_>) = batch.drain(..).map(with_job).unzip();
        let changed = write(&manager, finished).await;
        for ((answer, job), changed) in answers.into_iter().zip(changed) {
            if changed.is_none() {
                // Stale; or kept by an earlier try that seemed to fail. Callers that wait for the job look themselves.
                manager.inner.watchers.ended(job);
                manager.inner.wake.notify_one();
                // Whether it has webhooks is not known here.
                manager.inner.notify.notify_one();
            }
            // A run that no longer waits for its answer does not need it.
            let _ = answer.send(changed);
        }
    }
}

/// Writes all of them together; where that fails, one by one.
async fn write(manager: &Manager, finished: Vec<Finished>) -> Vec<Option<Changed>> {
    match manager.inner.store.finish(finished.clone(), manager.now()).await {
        Ok(changed) => changed,
        Err(error) => {
            warn(&error, finished.len());
            let mut changed = Vec::with_capacity(finished.len());
            for one in finished {
                changed.push(write_one(manager, one).await);
            }
            changed
        }
    }
}

async fn write_one(manager: &Manager, mut finished: Finished) -> Option<Changed> {
    let mut pause = FIRST_PAUSE;
    let mut tries = 0;
    loop {
        let stopping = *manager.inner.phase.borrow() == Phase::Stopping;
        match manager.inner.store.finish(vec![finished.clone()], manager.now()).await {
            Ok(changed) => return changed.into_iter().next().flatten(),
            Err(StoreError::Closed) => return given_up(&finished),
            Err(error) => {
                warn(&error, 1);
                if stopping {
                    return given_up(&finished);
                }
                tries += 1;
                // The disk may come back; an outcome that cannot be kept for another reason never will.
                if tries >= TRIES && !matches!(error, StoreError::Io { .. } | StoreError::DiskFull { .. }) {
                    finished = unkeepable(finished, &error);
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = manager.reached(Phase::Stopping) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn unkeepable(mut finished: Finished, error: &StoreError) -> Finished {
    let failure = Failure::new(Code::HostError, format!("the outcome of the run could not be kept: {error}"));
    finished.outcome = Outcome::Failed { failure, jitter: crate::run::attempt::jitter() };
    finished.log = None;
    finished
}

fn given_up(finished: &Finished) -> Option<Changed> {
    let key = &finished.run.key;
    tracing::error!(job = %key.job, task = %key.task, "the server stops before this outcome could be kept; the task runs again after the next start");
    None
}

fn warn(error: &StoreError, outcomes: usize) {
    tracing::warn!(error = error as &dyn std::error::Error, outcomes, "outcomes could not be kept; trying again");
}

impl Manager {
    /// Does what follows from a change of a job.
    pub(crate) fn follow(&self, changed: &Changed) {
        let job = &changed.job;
        self.inner.watchers.changed(job.id);
        self.inner.timetable.changed(job);
        if !job.webhooks.is_empty() {
            self.inner.notify.notify_one();
        }
        if job.session.is_some() {
            // The next job of its session may have waited for this one alone.
            self.wake_for(&job.organisation);
        }
        for effect in &changed.effects {
            match effect {
                Effect::Stop(run) => self.inner.active_runs.stop(&job.organisation, job.id, run),
                Effect::Ready { .. } => self.wake_for(&job.organisation),
                Effect::Ended(Status::Completed | Status::Failed | Status::Cancelled) => {
                    self.inner.watchers.ended(job.id);
                    self.inner.metrics.ended(job);
                    self.wake_after(&job.organisation);
                }
                // The store frees its own; other states are no end.
                Effect::Free(_) | Effect::Ended(Status::Queued | Status::Running) => {}
            }
        }
    }
}
