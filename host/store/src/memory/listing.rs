//! Lists: newest or oldest first, and in other orders.

use std::cmp::Reverse;
use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::Organisation;
use analyte_core::query::{Sort, SortKey};

use crate::memory::data::Data;
use crate::{ListQuery, Page, Sorted};

/// One page, newest or oldest first.
pub(super) fn page(data: &Data, organisation: &Organisation, query: &ListQuery) -> Page {
    let all = data.jobs_of(organisation);
    let all: Box<dyn Iterator<Item = &Arc<Job>>> = if query.oldest_first { Box::new(all) } else { Box::new(all.rev()) };
    let beyond = |job: &&Arc<Job>| match query.after {
        Some(after) if query.oldest_first => job.id > after,
        Some(after) => job.id < after,
        None => true,
    };
    let mut rest = all.filter(beyond).peekable();
    let mut page = Page::default();
    let mut looked = 0;
    while let Some(job) = rest.next() {
        looked += 1;
        if query.matches(job) {
            page.jobs.push(Arc::clone(job));
        }
        let enough = page.jobs.len() >= query.limit.max(1) || looked >= query.scan.max(1);
        if enough && rest.peek().is_some() {
            page.next = Some(job.id);
            break;
        }
    }
    page
}

/// Part of a list in the order of `sorts`; of jobs that are equal in it the newest first.
pub(super) fn sorted(
    data: &Data,
    organisation: &Organisation,
    query: &ListQuery,
    sorts: &[Sort],
    skip: usize,
    most: usize,
) -> Sorted {
    if data.jobs_of(organisation).count() > most {
        return Sorted::TooMany;
    }
    let mut jobs: Vec<&Arc<Job>> = data.jobs_of(organisation).filter(|job| query.matches(job)).collect();
    jobs.sort_by_cached_key(|job| (SortKey::of(&***job, sorts), Reverse(job.id)));
    let limit = query.limit.max(1);
    let more = jobs.len() > skip.saturating_add(limit);
    Sorted::Page { jobs: jobs.into_iter().skip(skip).take(limit).cloned().collect(), more }
}
