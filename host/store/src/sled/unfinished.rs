//! Live jobs by what they use.

use std::collections::BTreeSet;
use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderKey};

use super::work::Work;
use crate::Result;

/// Which live jobs use this provider: of its organisation, or of all where it is shared.
fn users<'a>(
    work: &'a Work,
    provider: &'a ProviderKey,
) -> impl Iterator<Item = (&'a Organisation, &'a BTreeSet<JobId>)> {
    let of = move |organisation: &&Organisation| provider.organisation.as_ref().is_none_or(|of| of == *organisation);
    let users = work.users.get(&provider.name);
    users.into_iter().flatten().filter(move |(organisation, _)| of(organisation))
}

/// How many they are.
pub(super) fn count(work: &Work, provider: &ProviderKey) -> u64 {
    users(work, provider).map(|(_, jobs)| jobs.len() as u64).sum()
}

/// Live jobs that use this provider, oldest first.
pub(super) fn unfinished(work: &mut Work, provider: &ProviderKey, most: usize) -> Result<Vec<Arc<Job>>> {
    // The oldest of all are among the oldest of each organisation.
    let oldest = users(work, provider).flat_map(|(of, jobs)| jobs.iter().take(most).map(|id| (*id, of.clone())));
    let mut places: Vec<_> = oldest.collect();
    places.sort_unstable();
    places.truncate(most);
    let mut jobs = Vec::with_capacity(places.len());
    for (id, organisation) in places {
        jobs.extend(work.load(&(organisation, id))?);
    }
    Ok(jobs)
}

/// How many live jobs use this model.
pub(super) fn unfinished_of_model(work: &mut Work, provider: &ProviderKey, model: &ModelName) -> Result<u64> {
    let jobs = unfinished(work, provider, usize::MAX)?;
    let uses = |job: &&Arc<Job>| job.tasks.iter().any(|task| task.provider == provider.name && task.model == *model);
    Ok(jobs.iter().filter(uses).count() as u64)
}
