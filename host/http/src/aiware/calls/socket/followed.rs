//! One subscription: a job, or one of its tasks, and which final states its client knows of.
//!
//! Events only say when to look at the job, and mostly at which task; what is sent is what the job says. So a client that comes
//! late, and one that takes so long that the job has forgotten some of its changes, learn of every final state all the same.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::job::event::{Happened, JobEvent, RUN_EVENTS_PER_REVISION};
use analyte_core::job::{Job, Status};
use analyte_core::names::{Attempt, JobId, TaskName};
use analyte_jobs::{Following, JobsError};

/// What a client follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Followed {
    pub(super) job: JobId,
    /// The place of its task; `None`: all of them.
    pub(super) task: Option<usize>,
}

/// A subscription.
pub(super) struct Subscription {
    pub(super) of: Followed,
    following: Following,
    /// The revision of the last change that was looked at; `None`: none was.
    seen: Option<u64>,
    known: HashMap<usize, (Status, Attempt)>,
}

/// A job and those of its tasks that have reached a final state since the client was last sent any; `None`: nothing more comes.
pub(super) type News = Option<(Arc<Job>, Vec<usize>)>;

impl Subscription {
    pub(super) fn new(of: Followed, following: Following) -> Self {
        Self { of, following, seen: None, known: HashMap::new() }
    }

    /// Waits for news.
    pub(super) async fn next(&mut self) -> Result<News, JobsError> {
        loop {
            let Some(events) = self.following.next().await? else { return Ok(None) };
            let Some(look_at) = self.look_at(&events) else { continue };
            let Some(job) = self.following.job().await? else { return Ok(None) };
            let places: Vec<usize> = match (self.of.task, look_at) {
                (Some(only), _) => vec![only],
                (None, LookAt::All) => (0..job.tasks.len()).collect(),
                (None, LookAt::Tasks(names)) => names.iter().filter_map(|name| job.tasks.place(name)).collect(),
            };
            let ended: Vec<usize> = places.into_iter().filter(|place| self.is_new(&job, *place)).collect();
            if !ended.is_empty() {
                return Ok(Some((job, ended)));
            }
        }
    }

    /// Which tasks may have ended with these events; `None`: none.
    fn look_at(&mut self, events: &[JobEvent]) -> Option<LookAt> {
        let mut names = Vec::new();
        let mut all = self.seen.is_none();
        for event in events {
            let Happened::Changed { task, task_status, .. } = &event.what else { continue };
            let revision = (event.id.0 / (RUN_EVENTS_PER_REVISION + 1)).saturating_sub(1);
            // Others were forgotten between this one and the last.
            all |= self.seen.is_some_and(|seen| revision > seen.saturating_add(1));
            self.seen = Some(self.seen.map_or(revision, |seen| seen.max(revision)));
            match (task, task_status) {
                (Some(name), Some(Status::Completed)) => names.push(name.clone()),
                (Some(_), Some(Status::Queued | Status::Running)) => {}
                // Tasks that wait for it end with it.
                (Some(_), Some(Status::Failed | Status::Cancelled)) | (None, _) | (_, None) => all = true,
            }
        }
        if all {
            Some(LookAt::All)
        } else if names.is_empty() {
            None
        } else {
            Some(LookAt::Tasks(names))
        }
    }

    /// Whether a task has reached a final state that the client does not know of. It knows then.
    fn is_new(&mut self, job: &Job, place: usize) -> bool {
        let Some(task) = job.tasks.get(place) else { return false };
        let state = (task.status, task.attempt);
        task.status.ended() && self.known.insert(place, state) != Some(state)
    }
}

enum LookAt {
    All,
    Tasks(Vec<TaskName>),
}
