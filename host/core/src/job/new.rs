//! Jobs and tasks as they are when they are submitted: the one place that says with what each member begins.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Content, Input, Job, RetryPolicy, RunLimits, Status, Task, Tasks, Usage};
use crate::digest::Digest;
use crate::names::{Attempt, JobId, ModelName, Organisation, ProviderName, TaskName};
use crate::timestamp::Timestamp;

impl Task {
    /// A task that waits, depends on no other and was granted nothing.
    pub fn queued(
        name: TaskName,
        (provider, model): (ProviderName, ModelName),
        digest: Digest,
        input: impl Into<Input>,
        parameters: Content,
    ) -> Self {
        Self {
            name,
            provider,
            model,
            digest,
            model_file: None,
            parents: Vec::new(),
            input: input.into(),
            parameters,
            limits: None,
            grants: Vec::new(),
            status: Status::Queued,
            attempt: Attempt(0),
            lease: None,
            failures: 0,
            crashes: 0,
            not_before: None,
            started_at: None,
            finished_at: None,
            usage: Usage::default(),
            progress: None,
            error: None,
            result: None,
            files: Vec::new(),
            log: None,
            warnings: Vec::new(),
        }
    }
}

impl Job {
    /// A job of these tasks (at least one, parents before children), with nothing asked for beside them.
    pub fn queued(
        id: JobId,
        organisation: Organisation,
        tasks: Vec<Task>,
        limits: RunLimits,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            organisation,
            status: Status::Queued,
            tasks: Tasks::from(tasks),
            priority: 0,
            run_at: None,
            created_at,
            started_at: None,
            finished_at: None,
            limits,
            retry: RetryPolicy::default(),
            retry_of: None,
            created_by: None,
            schedule: None,
            session: None,
            tags: BTreeMap::new(),
            custom_data: None,
            webhooks: Arc::default(),
            revision: 0,
            history: Vec::new(),
        }
    }
}
