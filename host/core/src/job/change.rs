//! What one change of a job changed, so that a store can keep that much of a job of many tasks and not all of it each time.

use serde::{Deserialize, Serialize};

use super::event::Moment;
use super::{Job, Status, Task};
use crate::timestamp::Timestamp;

/// The difference between a job and the same job before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobChange {
    status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    revision: u64,
    /// The changes of state that the job remembers since.
    moments: Vec<Moment>,
    /// The tasks that differ, whole, and their places.
    tasks: Vec<(usize, Task)>,
}

impl JobChange {
    /// What changed between `before` and `after`, which is the same job later.
    pub fn between(before: &Job, after: &Job) -> Self {
        // Whole, so that the compiler asks whether a new member may change.
        let Job {
            id: _,
            organisation: _,
            status,
            tasks,
            priority: _,
            run_at: _,
            created_at: _,
            started_at,
            finished_at,
            limits: _,
            retry: _,
            retry_of: _,
            created_by: _,
            schedule: _,
            session: _,
            tags: _,
            custom_data: _,
            webhooks: _,
            revision,
            history,
        } = after;
        let changed = tasks.changed_since(&before.tasks);
        Self {
            status: *status,
            started_at: *started_at,
            finished_at: *finished_at,
            revision: *revision,
            moments: history.iter().filter(|moment| moment.revision > before.revision).cloned().collect(),
            tasks: changed.filter_map(|place| Some((place, tasks.get(place)?.clone()))).collect(),
        }
    }

    /// Makes the job as it was after the change; it must be as it was before. `false`: the job has no such task.
    pub fn apply(self, job: &mut Job) -> bool {
        let Self { status, started_at, finished_at, revision, moments, tasks } = self;
        for (place, task) in tasks {
            match job.tasks.get(place) {
                Some(old) if old.name != task.name => return false,
                Some(old) if old.parents != task.parents => job.tasks.replace(place, task),
                Some(_) => {
                    if let Some(old) = job.tasks.get_mut(place) {
                        *old = task;
                    }
                }
                None if place == job.tasks.len() => job.tasks.push(task),
                None => return false,
            }
        }
        (job.status, job.started_at, job.finished_at, job.revision) = (status, started_at, finished_at, revision);
        for moment in moments {
            job.add_to_history(moment);
        }
        true
    }
}
