//! What many jobs were given, read at once: for lists that show it.

use std::sync::Arc;

use analyte_core::job::{Content, Job, Task};
use analyte_core::names::Organisation;
use bytes::Bytes;

use crate::error::JobsError;
use crate::manager::Manager;

/// What the only task of a job was given, as it is stored; nothing of a job that has several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredInputs {
    /// An Arrow stream.
    pub input: Option<Bytes>,
    /// A JSON object.
    pub parameters: Option<Bytes>,
}

impl Manager {
    /// The parameters that a task of a stored job was given, with the defaults filled in: a JSON object.
    pub async fn parameters(&self, job: &Job, task: &Task) -> Result<Bytes, JobsError> {
        Ok(self.inner.store.content(&job.organisation, job.id, &task.parameters).await?)
    }

    /// What each of these jobs was given, in their order. Left out is whatever takes more than `most` bytes, or cannot be
    /// read, or went with its job meanwhile.
    pub async fn stored_inputs(
        &self,
        organisation: &Organisation,
        jobs: &[Arc<Job>],
        most: u64,
    ) -> Result<Vec<StoredInputs>, JobsError> {
        let content_of = |job: &Job, of: fn(&Task) -> Option<&Content>| {
            let content = job.only_task().and_then(of)?;
            (content.bytes <= most).then(|| (job.id, content.clone()))
        };
        let wanted: Vec<_> = jobs
            .iter()
            .flat_map(|job| {
                [content_of(job, |task| task.input.given()), content_of(job, |task| Some(&task.parameters))]
            })
            .collect();
        let found = self.inner.store.contents(organisation, wanted.iter().flatten().cloned().collect()).await?;
        let mut found = found.into_iter();
        let mut next = |wanted: &Option<_>| wanted.as_ref().and_then(|_| found.next().flatten());
        let pairs = wanted.chunks_exact(2).map(|pair| match pair {
            [input, parameters] => StoredInputs { input: next(input), parameters: next(parameters) },
            _ => StoredInputs::default(),
        });
        Ok(pairs.collect())
    }
}
