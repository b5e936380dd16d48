//! Finding jobs: lists by index, and queries in the grammar that the surfaces share.
//!
//! A query in the order of submission is answered in pages that each look at a bounded part of the indexes. Any other
//! order needs every match at once, and is refused where that would be too many.

use std::sync::Arc;

use analyte_core::names::{JobId, Organisation};
use analyte_core::query::{Filter, Query, Sort};
use analyte_store::{ListQuery, Page, Sorted};

use crate::error::JobsError;
use crate::manager::Manager;
use crate::view::read::JobView;

/// What one page of a query may cost: jobs looked at, times the weight of the filter. An ordinary filter does not come
/// near it within `scan_items`; one made to be costly looks at fewer jobs a page.
const PAGE_COST: u64 = 4_000_000;
/// Jobs of one page where the caller asks for no number.
const USUAL: usize = 50;

/// Where a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoOn {
    /// After this job, which need not exist any more.
    After(JobId),
    /// After this many jobs, in an order of the query's own. A job that changed meanwhile may be seen twice or not
    /// at all.
    Skip(u64),
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobPage {
    /// May be fewer than asked for even where there are more.
    pub jobs: Vec<JobView>,
    /// Where to go on; `None` at the end.
    pub next: Option<GoOn>,
}

/// In which order the indexes can be walked, if in any.
fn oldest_first(sorts: &[Sort]) -> Option<bool> {
    match sorts {
        [] => Some(false),
        // Ids are made in the order of submission, so further sorts have nothing left to say.
        [first, ..] if first.field == "created_at" || first.field == "id" => Some(first.ascending),
        _ => None,
    }
}

impl Manager {
    /// A page of the jobs of one organisation, newest first.
    pub async fn list(&self, organisation: &Organisation, query: ListQuery) -> Result<JobPage, JobsError> {
        let page = self.page(organisation, query).await?;
        Ok(JobPage { jobs: self.views(organisation, page.jobs).await?, next: page.next.map(GoOn::After) })
    }

    /// A page of the jobs of one organisation as they are stored, without what is known of them beside their records. It may
    /// have fewer jobs than asked for even where there are more.
    pub async fn page(&self, organisation: &Organisation, mut query: ListQuery) -> Result<Page, JobsError> {
        query.limit = self.page_length(Some(query.limit));
        query.scan = self.scan(query.filter.as_deref());
        Ok(self.inner.store.jobs(organisation, query).await?)
    }

    /// A page of the jobs that a query selects. Without sorts newest first.
    pub async fn query(
        &self,
        organisation: &Organisation,
        query: Query,
        limit: Option<usize>,
        go_on: Option<GoOn>,
    ) -> Result<JobPage, JobsError> {
        let Query { filter, sorts } = query;
        let mut wanted =
            ListQuery { filter: filter.map(Arc::new), limit: self.page_length(limit), ..ListQuery::default() };
        let (skip, wrong) = match (oldest_first(&sorts), go_on) {
            (Some(oldest_first), None | Some(GoOn::After(_))) => {
                wanted.oldest_first = oldest_first;
                wanted.after = match go_on {
                    Some(GoOn::After(id)) => Some(id),
                    _ => None,
                };
                return self.list(organisation, wanted).await;
            }
            (None, None) => (0, false),
            (None, Some(GoOn::Skip(skip))) => (skip, false),
            _ => (0, true),
        };
        if wrong {
            return Err(JobsError::invalid("the cursor belongs to a query with another order"));
        }
        let limit = wanted.limit;
        let cost = wanted.filter.as_ref().map_or(1, |filter| filter.weight()).max(1);
        // As many pages' cost as an ordinary filter has.
        let pages = (self.inner.limits.sort_items / self.inner.limits.scan_items.max(1)).max(1);
        let sort_items = self.inner.limits.sort_items.min((PAGE_COST.saturating_mul(pages) / cost).max(1));
        let sorted = self.inner.store.sorted(organisation, wanted, sorts.into(), most(skip), most(sort_items)).await?;
        match sorted {
            Sorted::Page { jobs, more } => {
                let next = more.then(|| GoOn::Skip(skip.saturating_add(jobs.len().min(limit) as u64)));
                Ok(JobPage { jobs: self.views(organisation, jobs).await?, next })
            }
            Sorted::TooMany => Err(JobsError::invalid(format!(
                "this order needs every match at once, and more than {sort_items} jobs would have to be looked at (limit \
                 sort_items, less for a costly filter; and it may take no longer than a few seconds); narrow the filter by status, provider, model, tag or created_at, or sort by created_at"
            ))),
        }
    }

    /// Index entries that one page may look at.
    pub(crate) fn scan(&self, filter: Option<&Filter>) -> usize {
        let weight = filter.map_or(1, Filter::weight).max(1);
        most(self.inner.limits.scan_items.min((PAGE_COST / weight).max(1)))
    }

    fn page_length(&self, asked: Option<usize>) -> usize {
        let longest = most(self.inner.limits.page_items).max(1);
        asked.unwrap_or(USUAL).clamp(1, longest)
    }
}

fn most(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
