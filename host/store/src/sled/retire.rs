//! Removes what is old: jobs that ended long ago, and what schedules fired long ago.
//!
//! What is old is looked for beside the committer, in portions; each portion is then removed in an operation of its own,
//! which looks again. So nobody waits long for the store, however much there is to remove.

use std::ops::Bound;

use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use uuid::Uuid;

use super::doubt::Scope;
use super::keys::{self, Class};
use super::purge::purge;
use super::work::{Place, Work};
use super::{SledStore, broken, reader};
use crate::{Age, Before, Result};

/// Jobs removed in one operation, and entries of other kinds.
const PORTION: usize = 64;
/// Index entries looked at in one go.
const SCAN: usize = 4_096;
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
        all.flat_map(|before| [before.completed, before.failed, before.cancelled]).max().unwrap_or(Timestamp(i64::MIN))
    }
}

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
            retired += store.committer.commit(move |work| remove(work, found, before)).await?;
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
        // What cannot be read is looked at where the job is.
        let ended = ended.as_ref().try_into().map(i64::from_be_bytes);
        if ended.map_or(true, |ended| Timestamp(ended) < before) {
            found.push((organisation.clone(), id));
        }
        if found.len() >= most || looked >= SCAN {
            return Ok((found, Some(id)));
        }
    }
    Ok((found, None))
}

/// Removes those that are still old: a job may have been run again meanwhile.
fn remove(work: &mut Work, found: Vec<Place>, before: Timestamp) -> Result<usize> {
    let mut removed = 0;
    for place in found {
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
