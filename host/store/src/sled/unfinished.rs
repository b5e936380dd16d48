//! Live jobs that use a provider, portion by portion.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::ProviderKey;

use super::work::{Place, Work};
use crate::Result;

/// Up to `most` of them after this one, by organisation, and oldest first in each. Reads no others, but for those that
/// turn out not to be there: fewer than `most` are the last.
pub(super) fn unfinished(
    work: &mut Work,
    provider: &ProviderKey,
    mut after: Option<Place>,
    most: usize,
) -> Result<Vec<Arc<Job>>> {
    let mut jobs = Vec::new();
    while jobs.len() < most {
        let places = work.users.after(provider, after.as_ref(), most - jobs.len());
        let Some(last) = places.last() else { break };
        after = Some(last.clone());
        for place in &places {
            jobs.extend(work.load(place)?);
        }
    }
    Ok(jobs)
}
