//! Finds what is old: jobs that ended long ago.
//!
//! Both walks over jobs follow ids, oldest first, and stop at the first job that is too young to have ended before the
//! time in question: one over the ended jobs of each state, one over those of each model of a provider that has a time
//! of its own, if that is later than the usual ones. What was old before is gone by then, so that a walk finds little
//! beside what is removed next: jobs that took long to end and, in the second one, those that have not ended yet.

use std::collections::VecDeque;
use std::ops::Bound;

use analyte_core::names::{JobId, Organisation, ProviderName};
use analyte_core::timestamp::Timestamp;
use uuid::Uuid;

use crate::Result;
use crate::sled::disk::errors::broken;
use crate::sled::format::envelope::Find;
use crate::sled::format::keys::{self, Class, Place};

/// Index entries looked at in one go.
const SCAN: usize = 4_096;
/// The same where the state of each has to be looked up.
const SCAN_MODELS: usize = 1_024;
/// A job cannot end before it is created, and its id tells when that was: the walk from the oldest stops here. The
/// clock that made the id may have been ahead by this much.
const SLACK_MS: u64 = 60_000;

/// Jobs that are old, and where to go on.
pub(crate) fn old(
    tree: &sled::Tree,
    organisation: &Organisation,
    class: Class,
    after: JobId,
    before: Timestamp,
    most: usize,
) -> Result<(Vec<Place>, Option<JobId>)> {
    let prefix = keys::states(organisation, class);
    let first = Bound::Excluded(keys::with_id(prefix.clone(), after));
    let last = Bound::Included(keys::with_id(prefix, JobId(Uuid::max())));
    let mut found = Vec::new();
    for (looked, entry) in tree.range((first, last)).enumerate() {
        let (key, ended) = entry.map_err(|error| broken("read an index", error))?;
        let Some(id) = keys::id_at_end(&key) else { continue };
        if made(id) >= before.plus_ms(SLACK_MS) {
            return Ok((found, None));
        }
        if is_old(&ended, before) {
            found.push((organisation.clone(), id));
        }
        if found.len() >= most || looked >= SCAN {
            return Ok((found, Some(id)));
        }
    }
    Ok((found, None))
}

/// A walk over the jobs of providers, model by model.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    organisation: Organisation,
    /// Those that are left: the prefix of their entries, and their time.
    pub(crate) left: VecDeque<(Vec<u8>, Timestamp)>,
    /// Where to go on among the entries of the first one; empty: at the beginning.
    from: Vec<u8>,
}

impl Walk {
    pub(crate) fn over(organisation: &Organisation, providers: &[(ProviderName, Timestamp)]) -> Self {
        let prefix = |provider: &ProviderName| keys::provider_jobs(organisation, provider);
        let left = providers.iter().map(|(provider, before)| (prefix(provider), *before)).collect();
        Self { organisation: organisation.clone(), left, from: Vec::new() }
    }

    /// The next ones that are old.
    pub(crate) fn portion(&mut self, tree: &sled::Tree, most: usize) -> Result<Vec<Place>> {
        let ended =
            [Class::Completed, Class::Failed, Class::Cancelled].map(|class| keys::states(&self.organisation, class));
        let mut found = Vec::new();
        let mut looked = 0;
        while let Some((prefix, before)) = self.left.front().cloned() {
            if found.len() >= most || looked >= SCAN_MODELS {
                break;
            }
            looked += 1;
            let from = std::mem::take(&mut self.from).max(prefix.clone());
            let next = tree.range(from..).next().transpose().map_err(|error| broken("read an index", error))?;
            let Some((key, _)) = next.filter(|(key, _)| key.starts_with(&prefix)) else {
                self.left.pop_front();
                continue;
            };
            self.from = key.to_vec();
            let id = keys::id_at_end(&key).filter(|id| made(*id) < before.plus_ms(SLACK_MS));
            let Some(id) = id else {
                // Past every id of this model, which nothing but ids follows.
                self.from.truncate(key.len().saturating_sub(16));
                self.from.extend([u8::MAX; 17]);
                continue;
            };
            self.from.push(0);
            for states in &ended {
                let entry = tree.find(&keys::with_id(states.clone(), id))?;
                if entry.is_some_and(|ended| is_old(&ended, before)) {
                    found.push((self.organisation.clone(), id));
                }
            }
        }
        Ok(found)
    }
}

/// What cannot be read is looked at where the job is.
fn is_old(ended: &[u8], before: Timestamp) -> bool {
    ended.try_into().map(i64::from_be_bytes).map_or(true, |ended| Timestamp(ended) < before)
}

fn made(id: JobId) -> Timestamp {
    Timestamp(i64::try_from(id.0.as_u128() >> 80).unwrap_or(i64::MAX))
}
