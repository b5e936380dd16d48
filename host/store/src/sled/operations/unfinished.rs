//! Live jobs that use a provider, portion by portion.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::ProviderKey;

use crate::Result;
use crate::sled::format::keys::Place;
use crate::sled::state::State;

/// Up to `most` of them after this one, by organisation, and oldest first in each. Reads no others, but for those that
/// turn out not to be there: fewer than `most` are the last.
pub(crate) fn unfinished(
    state: &mut State,
    provider: &ProviderKey,
    mut after: Option<Place>,
    most: usize,
) -> Result<Vec<Arc<Job>>> {
    let mut jobs = Vec::new();
    while jobs.len() < most {
        let places = state.jobs_by_provider.after(provider, after.as_ref(), most - jobs.len());
        let Some(last) = places.last() else { break };
        after = Some(last.clone());
        for place in &places {
            jobs.extend(state.load(place)?);
        }
    }
    Ok(jobs)
}
