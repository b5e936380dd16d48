//! Live jobs by what they use.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::{ModelName, ProviderName};

use super::work::Work;
use crate::Result;

/// Live jobs that use this provider, oldest first.
pub(super) fn unfinished(work: &mut Work, provider: &ProviderName, most: usize) -> Result<Vec<Arc<Job>>> {
    let places: Vec<_> = work.users.get(provider).into_iter().flatten().take(most).cloned().collect();
    let mut jobs = Vec::with_capacity(places.len());
    for (id, organisation) in places {
        jobs.extend(work.load(&(organisation, id))?);
    }
    Ok(jobs)
}

/// How many live jobs use this model.
pub(super) fn unfinished_of_model(work: &mut Work, provider: &ProviderName, model: &ModelName) -> Result<u64> {
    let jobs = unfinished(work, provider, usize::MAX)?;
    let uses = |job: &&Arc<Job>| job.tasks.iter().any(|task| task.provider == *provider && task.model == *model);
    Ok(jobs.iter().filter(uses).count() as u64)
}
