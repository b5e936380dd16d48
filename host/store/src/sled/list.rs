//! Lists jobs, newest first, by the index that leaves least to look at.
//!
//! The other conditions are tried on index keys where there are any, and on the job itself only at the end.

use std::collections::BinaryHeap;
use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use uuid::Uuid;

use super::envelope::Find;
use super::keys::{self, Class};
use super::{broken, job_record};
use crate::{Counts, ListQuery, Page, Result, StoreError};

/// An id is made at most so long before or after the job's `created_at`. Ids tell where in time to look; the job itself
/// decides.
const SLACK_MS: u64 = 60_000;

/// A page, and what could not be read.
pub(super) type Listed = (Page, Vec<JobId>);

/// Index entries of a job, of which all must be there.
struct Wanted {
    prefixes: Vec<Vec<u8>>,
    /// The one whose entries are walked; several for a provider, one for each of its models.
    walked: Vec<Vec<u8>>,
}

fn wanted(tree: &sled::Tree, organisation: &Organisation, query: &ListQuery, counts: Counts) -> Result<Wanted> {
    let class = query.status.map(Class::of);
    let state = class.map(|class| keys::states(organisation, class));
    let tag = query.tag.as_ref().map(|(tag, value)| keys::tag_jobs(organisation, tag, value));
    let models = match (&query.provider, &query.model) {
        (Some(provider), Some(model)) => Some(vec![keys::model_jobs(organisation, provider, model)]),
        (Some(provider), None) => Some(model_indexes(tree, &keys::provider_jobs(organisation, provider))?),
        (None, _) => None,
    };
    let in_class = match class {
        Some(Class::Live) => counts.queued + counts.running,
        Some(Class::Completed) => counts.completed,
        Some(Class::Failed) => counts.failed,
        Some(Class::Cancelled) => counts.cancelled,
        None => u64::MAX,
    };
    // A state that fits in one page leaves nothing to wish for. Else a tag or a model says more than a state.
    let few = in_class <= query.scan as u64;
    let walked = match (state.clone(), tag.clone(), models.clone()) {
        (Some(state), _, _) if few => vec![state],
        (_, Some(tag), _) => vec![tag],
        (_, None, Some(models)) => models,
        (Some(state), None, None) => vec![state],
        (None, None, None) => vec![keys::jobs(organisation)],
    };
    let model = models.filter(|_| query.model.is_some()).unwrap_or_default();
    let prefixes = state.into_iter().chain(tag).chain(model).filter(|prefix| !walked.contains(prefix)).collect();
    Ok(Wanted { prefixes, walked })
}

/// The index of each model of a provider, found by leaping from one to the next.
fn model_indexes(tree: &sled::Tree, provider: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut indexes = Vec::new();
    let mut from = provider.to_vec();
    loop {
        let next = tree.range(from..).next().transpose().map_err(|error| broken("read an index", error))?;
        let Some(model) = next.as_ref().and_then(|(key, _)| keys::name_after(key, provider)) else {
            return Ok(indexes);
        };
        let mut index = provider.to_vec();
        index.extend_from_slice(model);
        index.push(0);
        from = keys::with_id(index.clone(), JobId(Uuid::max()));
        from.push(0);
        indexes.push(index);
    }
}

/// The newest id that a job created before this can have.
fn before(time: Timestamp) -> JobId {
    let ms = u64::try_from(time.plus_ms(SLACK_MS).0).unwrap_or(0).min((1 << 48) - 1);
    JobId(Uuid::from_u128(u128::from(ms) << 80))
}

/// Whether this job, and so every one before it, was created too early.
fn too_early(id: JobId, query: &ListQuery) -> bool {
    let made = i64::try_from(id.0.as_u128() >> 80).unwrap_or(i64::MAX);
    query.created_after.is_some_and(|after| Timestamp(made).plus_ms(SLACK_MS) < after)
}

/// One page.
pub(super) fn page(
    tree: &sled::Tree,
    organisation: &Organisation,
    query: &ListQuery,
    counts: Counts,
) -> Result<Listed> {
    let Wanted { prefixes, walked } = wanted(tree, organisation, query, counts)?;
    let below = match (query.after, query.created_before.map(before)) {
        (Some(after), Some(before)) => Some(after.min(before)),
        (after, before) => after.or(before),
    };
    let mut walks: Vec<_> = walked.iter().map(|prefix| walk(tree, prefix, below)).collect();
    // The newest id of each walk; the newest of these comes next.
    let mut heads = BinaryHeap::new();
    for (place, walk) in walks.iter_mut().enumerate() {
        heads.extend(walk.next().transpose()?.map(|id| (id, place)));
    }
    let mut page = Page::default();
    let mut damaged = Vec::new();
    let mut looked = 0;
    let mut last = None;
    while let Some((id, place)) = heads.pop() {
        if too_early(id, query) {
            return Ok((page, damaged));
        }
        if page.jobs.len() >= query.limit.max(1) || looked >= query.scan.max(1) {
            page.next = last;
            return Ok((page, damaged));
        }
        if let Some(walk) = walks.get_mut(place) {
            heads.extend(walk.next().transpose()?.map(|id| (id, place)));
        }
        looked += 1;
        last = Some(id);
        match look_at(tree, organisation, id, &prefixes, query) {
            Ok(Some(job)) => page.jobs.push(Arc::new(job)),
            Ok(None) => {}
            Err(StoreError::Damaged { .. }) => damaged.push(id),
            Err(error) => return Err(error),
        }
    }
    Ok((page, damaged))
}

fn walk(tree: &sled::Tree, prefix: &[u8], below: Option<JobId>) -> impl Iterator<Item = Result<JobId>> + use<> {
    let first = keys::with_id(prefix.to_vec(), JobId(Uuid::nil()));
    let length = first.len();
    let entries = match below {
        Some(below) => tree.range(first..keys::with_id(prefix.to_vec(), below)),
        None => tree.range(first..=keys::with_id(prefix.to_vec(), JobId(Uuid::max()))),
    };
    entries.rev().filter_map(move |entry| match entry {
        Ok((key, _)) if key.len() == length => keys::id_at_end(&key).map(Ok),
        Ok(_) => None,
        Err(error) => Some(Err(broken("read an index", error))),
    })
}

fn look_at(
    tree: &sled::Tree,
    organisation: &Organisation,
    id: JobId,
    prefixes: &[Vec<u8>],
    query: &ListQuery,
) -> Result<Option<Job>> {
    for prefix in prefixes {
        if tree.find(&keys::with_id(prefix.clone(), id))?.is_none() {
            return Ok(None);
        }
    }
    let job = job_record::read(tree, organisation, id)?;
    Ok(job.filter(|job| matches(job, query)))
}

/// Whether a job fulfils every condition.
fn matches(job: &Job, query: &ListQuery) -> bool {
    let task = job.tasks.first();
    query.status.is_none_or(|status| job.status == status)
        && query.provider.as_ref().is_none_or(|provider| task.is_some_and(|task| task.provider == *provider))
        && query.model.as_ref().is_none_or(|model| task.is_some_and(|task| task.model == *model))
        && query.tag.as_ref().is_none_or(|(tag, value)| job.tags.get(tag) == Some(value))
        && query.created_after.is_none_or(|after| job.created_at >= after)
        && query.created_before.is_none_or(|before| job.created_at < before)
}
