//! A part of a list in an order that no index has.
//!
//! Everything that matches has to be looked at. Of it only the keys by which it is sorted are kept, and only of as many
//! as come before the end of the part that is wanted; the jobs of that part are then read again. One that was changed
//! so that it no longer matches, or was removed in between, is left out.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::{JobId, Organisation};
use analyte_core::query::{Sort, SortKey};

use crate::sled::format::job_record::{self, Raw};
use crate::sled::read::read_admission::{ReadKind, ReadRequest};
use crate::sled::read::reader::{Look, Reader};
use crate::sled::read::search::Search;
use crate::sled::state::unconfirmed::Scope;
use crate::{ListQuery, Result, StoreError};

/// How many jobs to read under one hold of the lock.
const PORTION: usize = 256;

/// A list on its way.
pub(crate) struct SortedList {
    search: Search,
    sorts: Arc<[Sort]>,
    skip: usize,
    /// As many index entries are too many.
    most: usize,
    /// The first ones found so far, the last of them on top.
    first: BinaryHeap<Standing>,
    found: usize,
    /// Those of the part that are still to be read; set when all are known.
    page: Option<VecDeque<JobId>>,
    raw: Vec<(JobId, Raw)>,
    jobs: Vec<Arc<Job>>,
}

/// Where a job stands; of equal ones the newest first.
type Standing = (SortKey, Reverse<JobId>);

/// What was found.
#[derive(Debug)]
pub(crate) struct SortedListed {
    /// `None`: too many, or too costly.
    pub(crate) page: Option<(Vec<Arc<Job>>, bool)>,
    /// Jobs that could not be read.
    pub(crate) damaged: Vec<JobId>,
}

impl SortedList {
    pub(crate) fn new(search: Search, sorts: Arc<[Sort]>, skip: usize, most: usize) -> Self {
        let (first, found) = (BinaryHeap::new(), 0);
        // One more than may be there says that there are more.
        let most = most.saturating_add(1);
        Self { search, sorts, skip, most, first, found, page: None, raw: Vec::new(), jobs: Vec::new() }
    }

    fn end(&self) -> usize {
        self.skip.saturating_add(self.search.query.limit.max(1))
    }

    fn listed(&mut self, page: Option<(Vec<Arc<Job>>, bool)>) -> SortedListed {
        SortedListed { page, damaged: std::mem::take(&mut self.search.damaged) }
    }

    /// Notes where the fetched jobs stand; an answer where there are too many.
    fn look(&mut self) -> Result<Option<SortedListed>> {
        while let Some(job) = self.search.next()? {
            self.found += 1;
            self.first.push((SortKey::of(&*job, &self.sorts), Reverse(job.id)));
            if self.first.len() > self.end() {
                self.first.pop();
            }
        }
        if self.search.ended() {
            let all = std::mem::take(&mut self.first).into_sorted_vec();
            self.page = Some(all.into_iter().skip(self.skip).map(|(_, Reverse(id))| id).collect());
        } else if self.search.looked >= self.most {
            return Ok(Some(self.listed(None)));
        }
        Ok(None)
    }
}

impl Look for SortedList {
    type Answer = SortedListed;

    fn scope(&self) -> Scope {
        Scope::Organisation(self.search.organisation.clone())
    }

    fn fetch(&mut self, tree: &sled::Tree) -> Result<()> {
        let Some(page) = &mut self.page else {
            return self.search.fetch(tree, PORTION, self.most);
        };
        for id in page.drain(..PORTION.min(page.len())) {
            match job_record::fetch(tree, &self.search.organisation, id) {
                Ok(raw) => self.raw.extend(raw.map(|raw| (id, raw))),
                Err(StoreError::Damaged { .. }) => self.search.damaged.push(id),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn prepare(&mut self) {
        self.search.prepare();
    }

    fn out_of_time(&mut self) -> SortedListed {
        self.listed(None)
    }

    fn digest(&mut self) -> Result<Option<SortedListed>> {
        if self.page.is_none() {
            return self.look();
        }
        for (id, raw) in self.raw.drain(..) {
            match raw.decode(&self.search.organisation, id) {
                Ok(job) if self.search.query.matches(&job) => self.jobs.push(Arc::new(job)),
                Ok(_) => {}
                Err(StoreError::Damaged { .. }) => self.search.damaged.push(id),
                Err(error) => return Err(error),
            }
        }
        if self.page.as_ref().is_some_and(|page| !page.is_empty()) {
            return Ok(None);
        }
        let (jobs, more) = (std::mem::take(&mut self.jobs), self.found > self.end());
        Ok(Some(self.listed(Some((jobs, more)))))
    }
}

/// Part of a list in the order of `sorts`.
pub(crate) async fn sorted_list(
    reader: &Reader,
    organisation: &Organisation,
    mut query: ListQuery,
    sorts: Arc<[Sort]>,
    skip: usize,
    most: usize,
) -> Result<SortedListed> {
    query.after = None;
    query.oldest_first = false;
    let begin = || {
        let search = Search::new(&reader.shared, organisation.clone(), query.clone());
        SortedList::new(search, Arc::clone(&sorts), skip, most)
    };
    reader.read_long(ReadRequest { kind: ReadKind::Sort, organisation }, begin).await
}
