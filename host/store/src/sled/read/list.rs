//! One page of a list, newest or oldest first.

use analyte_core::names::{JobId, Organisation};

use crate::sled::read::read_admission::{ReadKind, ReadRequest};
use crate::sled::read::reader::{Look, Reader};
use crate::sled::read::search::Search;
use crate::sled::state::unconfirmed::Scope;
use crate::{ListQuery, Page, Result};

/// A page on its way.
pub(crate) struct List {
    search: Search,
    page: Page,
    /// How many jobs to read next: more and more, where few of them match.
    jobs: usize,
}

/// A page, and what is not for the caller.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) page: Page,
    /// Jobs that could not be read.
    pub(crate) damaged: Vec<JobId>,
    /// Index entries that were looked at.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests say how few that are"))]
    pub(crate) looked: usize,
}

impl List {
    pub(crate) fn new(search: Search) -> Self {
        // One more than asked for says whether there are more.
        let jobs = search.query.limit.max(1).saturating_add(1);
        Self { search, page: Page::default(), jobs }
    }

    fn listed(&mut self, next: Option<JobId>) -> Listed {
        let mut page = std::mem::take(&mut self.page);
        page.next = next;
        Listed { page, damaged: std::mem::take(&mut self.search.damaged), looked: self.search.looked }
    }
}

impl Look for List {
    type Answer = Listed;

    fn scope(&self) -> Scope {
        Scope::Organisation(self.search.organisation.clone())
    }

    fn fetch(&mut self, tree: &sled::Tree) -> Result<()> {
        let scan = self.search.query.scan.max(1);
        if self.page.jobs.len() >= self.search.query.limit.max(1) {
            return self.search.fetch(tree, 1, scan);
        }
        let jobs = self.jobs;
        self.jobs = jobs.saturating_mul(2);
        self.search.fetch(tree, jobs, scan)
    }

    fn prepare(&mut self) {
        self.search.prepare();
    }

    /// A short page: what was fetched has been digested, and the next page goes on from there.
    fn out_of_time(&mut self) -> Listed {
        let next = self.search.cursor();
        self.listed(next)
    }

    fn digest(&mut self) -> Result<Option<Listed>> {
        let limit = self.search.query.limit.max(1);
        loop {
            if self.page.jobs.len() >= limit && self.search.waiting() > 0 {
                // What follows may not match; the next page finds out.
                let last = self.page.jobs.last().map(|job| job.id);
                return Ok(Some(self.listed(last)));
            }
            match self.search.next()? {
                Some(job) => self.page.jobs.push(job),
                None => break,
            }
        }
        if self.search.ended() {
            return Ok(Some(self.listed(None)));
        }
        if self.search.looked >= self.search.query.scan.max(1) {
            let next = self.search.cursor();
            return Ok(Some(self.listed(next)));
        }
        Ok(None)
    }
}

/// One page of a list.
pub(crate) async fn list(reader: &Reader, organisation: &Organisation, query: ListQuery) -> Result<Listed> {
    let begin = || List::new(Search::new(&reader.shared, organisation.clone(), query.clone()));
    let kind = if query.filter.is_some() { ReadKind::Query } else { ReadKind::List };
    reader.read_long(ReadRequest { kind, organisation }, begin).await
}
