//! Removes what is old: jobs that ended long ago, and what schedules fired long ago.
//!
//! What is old is looked for beside the committer, in portions; each portion is then removed in an operation of its own,
//! which looks again. So nobody waits long for the store, however much there is to remove.
//!
//! Both walks follow ids, oldest first, and stop at the first job that is too young to have ended before the time in
//! question: one over the ended jobs of each state, one over those of each model of a provider that has a time of its own,
//! if that is later than the usual ones. What was old before is gone by then, so that a walk finds little beside what it
//! removes: jobs that took long to end and, in the second one, those that have not ended yet.

use std::collections::VecDeque;
use std::ops::Bound;

use analyte_core::names::{JobId, Organisation, ProviderKey, ProviderName};
use analyte_core::timestamp::Timestamp;
use uuid::Uuid;

use super::doubt::Scope;
use super::envelope::Find;
use super::keys::{self, Class};
use super::purge::purge;
use super::work::{Place, Work};
use super::{SledStore, broken, reader};
use crate::{Age, Before, Result};

/// Jobs removed in one operation, and entries of other kinds.
const PORTION: usize = 64;
/// Index entries looked at in one go.
const SCAN: usize = 4_096;
/// The same where the state of each has to be looked up.
const SCAN_MODELS: usize = 1_024;
/// A job cannot end before it is created, and its id tells when that was: the walk from the oldest stops here. The clock
/// that made the id may have been ahead by so much.
const SLACK_MS: u64 = 60_000;
/// What a schedule fired is remembered so long before the latest of the times that make a job old, which is itself past.
const FIRED_MS: i64 = 30 * 24 * 3_600_000;

impl Age {
    fn of(&self, organisation: &Organisation) -> Before {
        self.organisations.get(organisation).copied().unwrap_or(self.usual)
    }

    /// The latest time that makes anything old.
    fn latest(&self) -> Timestamp {
        let all = self.organisations.values().chain(std::iter::once(&self.usual));
        let all = all.flat_map(|before| [before.completed, before.failed, before.cancelled]);
        all.chain(self.providers.values().copied()).max().unwrap_or(Timestamp(i64::MIN))
    }

    /// The providers by which a job of this organisation may be old that is not so anyway.
    fn providers(&self, organisation: &Organisation) -> Vec<(ProviderName, Timestamp)> {
        let Before { completed, failed, cancelled } = self.of(organisation);
        let usual = completed.min(failed).min(cancelled);
        let counts = |key: &ProviderKey| match &key.organisation {
            Some(of) => of == organisation,
            // What it says of its own provider of that name comes first.
            None => !self.providers.contains_key(&ProviderKey::of(organisation.clone(), key.name.clone())),
        };
        let further = self.providers.iter().filter(|(key, before)| **before > usual && counts(key));
        further.map(|(key, before)| (key.name.clone(), *before)).collect()
    }
}

/// A job, and before when it must have ended to be old.
type Found = (Place, Timestamp);

/// Removes up to `most` jobs; says how many.
pub(super) async fn retire(store: &SledStore, age: &Age, most: usize) -> Result<usize> {
    store.committer.open()?;
    forget_fired(store, Timestamp(age.latest().0.saturating_sub(FIRED_MS))).await?;
    let organisations: Vec<_> = store.shared.counts.read().keys().cloned().collect();
    let mut retired = 0;
    for organisation in organisations {
        let Before { completed, failed, cancelled } = age.of(&organisation);
        for (class, before) in [(Class::Completed, completed), (Class::Failed, failed), (Class::Cancelled, cancelled)] {
            retired += of_class(store, &organisation, class, before, most - retired).await?;
            if retired >= most {
                return Ok(retired);
            }
        }
        retired += of_providers(store, &organisation, &age.providers(&organisation), most - retired).await?;
    }
    Ok(retired)
}

async fn of_class(
    store: &SledStore,
    organisation: &Organisation,
    class: Class,
    before: Timestamp,
    most: usize,
) -> Result<usize> {
    let mut retired = 0;
    let mut from = Some(JobId(Uuid::nil()));
    while let (Some(after), true) = (from, retired < most) {
        let of = organisation.clone();
        let portion = PORTION.min(most - retired);
        let look = move |tree: &sled::Tree| old(tree, &of, class, after, before, portion);
        let scope = Scope::Organisation(organisation.clone());
        let (found, next) = reader::read(&store.shared, &store.committer, scope, look).await?;
        if !found.is_empty() {
            retired += store.committer.commit(move |work| remove(work, found)).await?;
        }
        from = next;
    }
    Ok(retired)
}

/// Jobs that are old, and where to go on.
fn old(
    tree: &sled::Tree,
    organisation: &Organisation,
    class: Class,
    after: JobId,
    before: Timestamp,
    most: usize,
) -> Result<(Vec<Found>, Option<JobId>)> {
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
            found.push(((organisation.clone(), id), before));
        }
        if found.len() >= most || looked >= SCAN {
            return Ok((found, Some(id)));
        }
    }
    Ok((found, None))
}

/// Those that are old because of their provider.
async fn of_providers(
    store: &SledStore,
    organisation: &Organisation,
    providers: &[(ProviderName, Timestamp)],
    most: usize,
) -> Result<usize> {
    let mut retired = 0;
    let mut walk = Walk::over(organisation, providers);
    while !walk.left.is_empty() && retired < most {
        let portion = PORTION.min(most - retired);
        let before = walk.clone();
        let look = move |tree: &sled::Tree| {
            let mut walk = before.clone();
            let found = walk.portion(tree, portion)?;
            Ok((found, walk))
        };
        let scope = Scope::Organisation(organisation.clone());
        let (found, after) = reader::read(&store.shared, &store.committer, scope, look).await?;
        if !found.is_empty() {
            retired += store.committer.commit(move |work| remove(work, found)).await?;
        }
        walk = after;
    }
    Ok(retired)
}

/// A walk over the jobs of providers, model by model.
#[derive(Debug, Clone)]
struct Walk {
    organisation: Organisation,
    /// Those that are left: the prefix of their entries, and their time.
    left: VecDeque<(Vec<u8>, Timestamp)>,
    /// Where to go on among the entries of the first one; empty: at the beginning.
    from: Vec<u8>,
}

impl Walk {
    fn over(organisation: &Organisation, providers: &[(ProviderName, Timestamp)]) -> Self {
        let prefix = |provider: &ProviderName| keys::provider_jobs(organisation, provider);
        let left = providers.iter().map(|(provider, before)| (prefix(provider), *before)).collect();
        Self { organisation: organisation.clone(), left, from: Vec::new() }
    }

    /// The next ones that are old.
    fn portion(&mut self, tree: &sled::Tree, most: usize) -> Result<Vec<Found>> {
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
                    found.push(((self.organisation.clone(), id), before));
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

/// Removes those that are still old: a job may have been run again meanwhile.
fn remove(work: &mut Work, found: Vec<Found>) -> Result<usize> {
    let mut removed = 0;
    for (place, before) in found {
        let Some(job) = work.load(&place)? else {
            work.quarantine_entries(&place)?;
            continue;
        };
        if job.finished_at.is_some_and(|ended| ended < before) {
            removed += usize::from(purge(work, &place)? == Some(true));
        }
    }
    Ok(removed)
}

fn made(id: JobId) -> Timestamp {
    Timestamp(i64::try_from(id.0.as_u128() >> 80).unwrap_or(i64::MAX))
}

async fn forget_fired(store: &SledStore, before: Timestamp) -> Result<()> {
    loop {
        let look = move |tree: &sled::Tree| fired(tree, before);
        let found = reader::read(&store.shared, &store.committer, Scope::All, look).await?;
        if found.is_empty() {
            return Ok(());
        }
        let forget = move |work: &mut Work| {
            for key in found {
                work.records.remove(key);
            }
            Ok(())
        };
        store.committer.commit(forget).await?;
    }
}

/// Times before this one at which schedules fired, up to a portion of them. Leaps over the later ones of each schedule.
fn fired(tree: &sled::Tree, before: Timestamp) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    let mut from = vec![keys::ONCE];
    while found.len() < SCAN {
        let next = tree.range(from.clone()..vec![keys::ONCE + 1]).next();
        let Some((key, _)) = next.transpose().map_err(|error| broken("read what schedules fired", error))? else {
            break;
        };
        from = key.to_vec();
        match key.split_last_chunk::<8>() {
            Some((_, at)) if i64::from_be_bytes(*at) < before.0 => {
                found.push(key.to_vec());
                from.push(0);
            }
            // Past every time of this schedule: a time is never followed by anything.
            Some((schedule, _)) => {
                from.truncate(schedule.len());
                from.extend([u8::MAX; 9]);
            }
            None => from.push(0),
        }
    }
    Ok(found)
}
